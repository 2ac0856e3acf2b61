"""Run tools in the playground: a prompt, tools and settings, and the steps that follow.

A run has a turn like the chat's, so replies, Stop and drawing are the same. Beside it are the tools
as sent and the exchanges on the wire. There is no other state: whether calls are open follows from
the messages.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import takewhile
from operator import itemgetter
from typing import Any, Literal, NotRequired, TypedDict, cast, get_args

from clarifai_chat import llm
from clarifai_chat.attachments.attachment import Attachment
from clarifai_chat.chat.replies import turn_size
from clarifai_chat.chat.request import check_files, to_messages
from clarifai_chat.chat.turn import (
    ERROR,
    INTERRUPTED,
    STOPPED,
    UNWATCHED,
    ModelRef,
    RequestMetrics,
    Turn,
    is_over,
    last_reply,
    new_turn,
    pending_calls,
    resume,
)
from clarifai_chat.events import Finished, StepEnded, StreamEvent, ToolResult
from clarifai_chat.llm.endpoints import Endpoint
from clarifai_chat.llm.exchange import Exchange, Recorder
from clarifai_chat.llm.request import ChatRequest, Params
from clarifai_chat.llm.sent_back import SentBack, summary
from clarifai_chat.llm.transport import InFlight
from clarifai_chat.messages import Message, Part, Sendable, ToolCall, ToolSpec, is_json
from clarifai_chat.playground import server_calls
from clarifai_chat.playground.server_calls import AskServer, ServerCall
from clarifai_chat.playground.variables import filled
from clarifai_chat.tools import builtins, mocks
from clarifai_chat.tools.mocks import Mock
from clarifai_chat.tools.verdict.answer import judge_answer
from clarifai_chat.tools.verdict.verdict import Verdict, judge_call, judge_reply

Content = Callable[[Turn], str | list[Part]]  # a question with its files, as sent
# Who answers calls: the reader; built-ins, approved by the reader; built-ins alone.
Answers = Literal["by hand", "approve", "automatic"]

ANSWERS: tuple[Answers, ...] = get_args(Answers)

TYPED = "typed"  # an answerer: repeats what was last typed for the tool
MOCKED = "mock"  # an answerer: one of the run's mocks
MAX_RUNS = 20  # runs kept in a session
MAX_CHARS = 10_000_000  # of these runs together
MAX_STEPS = 20  # of an automatic run; each is a request that may cost money
CHOICES = ("auto", "required", "none")  # of `tool_choice`, beside a tool's name
BROKEN_OFF = (STOPPED, UNWATCHED, INTERRUPTED, ERROR, "")  # endings not caused by the model


class RunSettings(TypedDict):
    """The settings of a run. None is not sent, so that the server decides."""

    system: str
    tool_choice: str  # one of CHOICES, or a tool's name
    parallel: bool | None
    strict: bool | None  # None leaves each tool as written
    temperature: float | None
    max_tokens: int | None
    stream: bool
    answers: Answers
    max_steps: int  # requests in all, where answers are automatic
    sent_back: SentBack  # of earlier replies, with the results of their calls
    messages: list[Sendable]  # sent before the prompt, as typed
    extra: dict[str, Any]  # the other parameters of the request, by the API's names
    variables: dict[str, str]  # what fills `{{name}}` in prompt, system prompt and messages
    mcp_servers: list[str]  # on Clarifai, which runs their tools while it answers
    max_calls: int  # that are sent to the visitor's MCP servers, where answers are automatic


class Run(TypedDict):
    turn: Turn
    tools: list[ToolSpec]  # as they are sent
    settings: RunSettings
    # Tool → TYPED, MOCKED, or the built-in or the address of the MCP server.
    answerers: dict[str, str]
    results: dict[str, str]  # tool → the answer for TYPED
    exchanges: list[Exchange]
    answered_by: dict[str, str]  # `place` of a call → its answerer
    drafts: dict[str, str]  # call → the answer being typed
    approved: NotRequired[list[str]]  # `place` of each call that its server is to answer next
    server_calls: NotRequired[dict[str, ServerCall]]  # `place` of a call → what its server did
    mocks: NotRequired[dict[str, Mock]]  # tool → how MOCKED answers


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a run, with its reply."""

    number: int  # from 0
    figures: RequestMetrics
    exchanges: tuple[Exchange, ...]  # more than one after retries
    message: Message | None  # None until something arrives
    judged: tuple[tuple[ToolCall, Verdict], ...]  # its calls, each with its verdict
    answer: Verdict | None  # on its words, if the request asked for JSON
    notes: tuple[str, ...]  # about the reply as a whole
    answers: Mapping[str, str]  # call id → its result
    is_over: bool


def default_settings() -> RunSettings:
    return {
        "system": "",
        "tool_choice": "auto",
        "parallel": None,
        "strict": None,
        "temperature": None,
        "max_tokens": None,
        "stream": True,
        "answers": "by hand",
        "max_steps": 5,
        "sent_back": "automatic",
        "messages": [],
        "extra": {},
        "mcp_servers": [],
        "variables": {},
        "max_calls": 10,
    }


def new_run(
    prompt: str,
    model: ModelRef,
    tools: Sequence[ToolSpec],
    settings: RunSettings,
    answerers: Mapping[str, str],
    results: Mapping[str, str],
    files: Sequence[Attachment] = (),
) -> Run:
    turn = new_turn(prompt, model)
    if files:
        turn["attachments"] = [*files]
    return {
        "turn": turn,
        "tools": [_with_strict(tool, settings["strict"]) for tool in tools],
        "settings": deepcopy(settings),
        "answerers": dict(answerers),
        "results": {tool: text for tool, text in results.items() if tool in answerers},
        "exchanges": [],
        "answered_by": {},
        "drafts": {},
    }


def _with_strict(tool: ToolSpec, strict: bool | None) -> ToolSpec:
    sent = deepcopy(tool)
    if strict is not None:
        sent["function"]["strict"] = strict
    return sent


def params(run: Run) -> Params:
    """Return the parameters sent with the messages and the tools."""
    settings = run["settings"]
    sent: Params = {}
    if run["tools"]:
        choice = settings["tool_choice"]
        sent["tool_choice"] = (
            choice if choice in CHOICES else {"type": "function", "function": {"name": choice}}
        )
        if settings["parallel"] is not None:
            sent["parallel_tool_calls"] = settings["parallel"]
    if settings["temperature"] is not None:
        sent["temperature"] = settings["temperature"]
    if settings["max_tokens"] is not None:
        sent["max_completion_tokens"] = settings["max_tokens"]
    if settings["mcp_servers"]:
        sent["mcp_servers"] = [*settings["mcp_servers"]]
    return cast(Params, {**sent, **settings["extra"]})


def runs_elsewhere(run: Run) -> bool:
    """Return whether Clarifai runs the calls itself, by tools that this app does not see."""
    return bool(params(run).get("mcp_servers")) and not run["tools"]


def prompt(run: Run) -> str:
    """Return the prompt as it is sent, its variables filled."""
    text: str = filled(run["turn"]["prompt"], run["settings"]["variables"])
    return text


def system(run: Run) -> str:
    """Return the system prompt as it is sent, its variables filled."""
    text: str = filled(run["settings"]["system"], run["settings"]["variables"])
    return text


def request(run: Run, content: Content = itemgetter("prompt")) -> ChatRequest:
    """Build the request for the run's next reply; `content` returns a prompt with its files.

    Raises `TooManyFiles`, and whatever `content` raises.
    """
    turn, settings = run["turn"], run["settings"]
    check_files([turn])
    said = system(run)
    asked = cast(Turn, {**turn, "prompt": prompt(run)})
    sent = to_messages((), asked, said, content=content)
    start = 1 if said else 0
    earlier = filled(settings["messages"], settings["variables"])
    has_question = bool(asked["prompt"] or turn.get("attachments")) or not earlier
    return ChatRequest(
        model=turn["model"]["url"],
        messages=(*sent[:start], *earlier, *sent[start + (not has_question) :]),
        tools=tuple(run["tools"]),
        params=params(run),
        stream=settings["stream"],
        typed=range(start, start + len(earlier)),
        sent_back=settings["sent_back"],
    )


def sent_back_text(run: Run, step: Step, body: Any) -> str:
    """Return what a step's request sent back of earlier replies, and what it did not."""
    end = step.figures.get("reply", len(run["turn"]["replies"]))
    replies = run["turn"]["replies"][:end]
    return summary([*run["settings"]["messages"], *replies], body)


def events(
    run: Run,
    endpoint: Callable[[], Endpoint],
    in_flight: InFlight,
    content: Content = itemgetter("prompt"),
    ask_server: AskServer | None = None,
    build: Callable[[], ChatRequest] | None = None,
) -> Iterator[StreamEvent]:
    """Ask for the run's next reply; answer its calls and go on if automatic. For a worker.

    Calls that a person has approved are sent to their servers first. `endpoint` is called for each
    request, and so is `content`, see `request`. The caller folds each event into `run["turn"]`
    before it takes the next one. `build` returns the requests of a turn that is part of a
    conversation; what goes over the wire is then not recorded.
    """
    turn = run["turn"]
    approved = set(run.pop("approved", []))
    yield from _answers(
        run, [c for c in pending_calls(turn) if place(run, c) in approved], in_flight, ask_server
    )
    while True:
        if in_flight.is_cut and pending_calls(turn):
            yield Finished(STOPPED)
            return
        if build is None:
            in_flight.recorder = Recorder(run["exchanges"], step=len(turn["before"]))
        asked = build() if build else request(run, content)
        last = Finished("not reported")
        for event in llm.events(asked, endpoint(), in_flight):
            if isinstance(event, Finished):
                last = event
            else:
                yield event
        if in_flight.is_cut or not answers_itself(run):
            yield last
            return
        yield StepEnded(last.reason, last.request_id)
        yield from _answers(run, pending_calls(turn), in_flight, ask_server)


def _answers(
    run: Run, calls: Sequence[ToolCall], in_flight: InFlight, ask_server: AskServer | None
) -> Iterator[ToolResult]:
    for call in calls:
        server = server_of(run, call)
        if not server:
            note_answerer(run, call)
            if mock := _mock_of(run, call):
                in_flight.ended.wait(mocks.delay_s(mock))
            yield ToolResult(call["id"], ready_answer(run, call) or "")
        elif ask_server and not in_flight.is_cut:
            made = server_calls.answered(server, call, ask_server, in_flight.ended)
            for text, record in made:  # none if it was stopped
                note_answerer(run, call)
                run.setdefault("server_calls", {})[place(run, call)] = record
                yield ToolResult(call["id"], text)


def answers_itself(run: Run) -> bool:
    """Return whether the last reply has calls, and all of them are answered automatically."""
    settings, calls = run["settings"], pending_calls(run["turn"])
    if (
        settings["answers"] != "automatic"
        or runs_elsewhere(run)
        or len(run["turn"]["before"]) + 1 >= settings["max_steps"]
    ):
        return False
    to_servers = [call for call in calls if server_of(run, call)]
    if to_servers and calls_left(run) < len(to_servers):
        return False
    return bool(calls) and all(
        is_sendable(run, call) if server_of(run, call) else ready_answer(run, call) is not None
        for call in calls
    )


def calls_left(run: Run) -> int:
    """Return how many calls may still be sent to servers automatically."""
    return run["settings"]["max_calls"] - len(run.get("server_calls", {}))


def is_sendable(run: Run, call: ToolCall) -> bool:
    """Return whether a call fits its schema, so that its server gets it without a question."""
    is_valid = judge_call(call, run["tools"]).status == "valid"
    return is_valid and server_calls.arguments_of(call) is not None


def server_of(run: Run, call: ToolCall) -> str:
    """Return the address of the MCP server that answers this call; "" if it is not a server."""
    answerer = run["answerers"].get(call["function"]["name"], "")
    is_on = run["settings"]["answers"] != "by hand" and server_calls.is_server(answerer)
    return answerer if is_on else ""


def ready_answer(run: Run, call: ToolCall) -> str | None:
    """Return the automatic answer to a call; None if a person or a server has to answer."""
    tool = call["function"]["name"]
    answerer = run["answerers"].get(tool)
    if answerer == TYPED:
        return run["results"].get(tool)
    if mock := _mock_of(run, call):
        return mocks.answer(mock, call["function"]["arguments"], _calls_before(run, call))
    if not answerer or answerer == MOCKED or server_calls.is_server(answerer):
        return None
    return builtins.answer(answerer, call["function"]["arguments"])


def _mock_of(run: Run, call: ToolCall) -> Mock | None:
    tool = call["function"]["name"]
    return run.get("mocks", {}).get(tool) if run["answerers"].get(tool) == MOCKED else None


def _calls_before(run: Run, call: ToolCall) -> int:
    """Return how many calls of the same tool the run has before this open one."""
    replies = run["turn"]["replies"]
    last = replies[last_reply(run["turn"])].get("tool_calls", [])
    here = next((i for i, each in enumerate(last) if each["id"] == call["id"]), len(last))
    earlier = [each for m in replies[: last_reply(run["turn"])] for each in m.get("tool_calls", [])]
    name = call["function"]["name"]
    return sum(each["function"]["name"] == name for each in [*earlier, *last[:here]])


def note_answerer(run: Run, call: ToolCall) -> None:
    """Record who answers this open call."""
    run["answered_by"][place(run, call)] = run["answerers"][call["function"]["name"]]


def place(run: Run, call: ToolCall, reply: int | None = None) -> str:
    """Return a key for a call of the run, in the last reply or another one.

    Its id is not enough: some servers reuse ids in each reply.
    """
    number = last_reply(run["turn"]) if reply is None else reply
    return f"{number}:{call['id']}"


def size(run: Run) -> int:
    """Return roughly how many characters the run holds."""
    bodies = sum(
        len(e["request"]) + len(e["body"]) + sum(len(data) for _, data in e["chunks"])
        for e in run["exchanges"]
    )
    return bodies + turn_size(run["turn"])


def latest(runs: Sequence[Run]) -> list[Run]:
    """Return the latest runs within MAX_RUNS and MAX_CHARS, but at least one."""
    kept: list[Run] = []
    room = MAX_CHARS
    for run in reversed(runs[-MAX_RUNS:]):
        room -= size(run)
        if kept and room < 0:
            break
        kept.insert(0, run)
    return kept


def wants_answers(run: Run) -> bool:
    """Return whether the run waits for a person to answer its calls."""
    return is_over(run["turn"]) and bool(open_calls(run))


def open_calls(run: Run) -> list[ToolCall]:
    """Return the calls of the last reply that can be answered, not those cut off."""
    if runs_elsewhere(run):
        return []
    broken = run["turn"]["ending"] in BROKEN_OFF
    return [
        call
        for call in pending_calls(run["turn"])
        if not broken or is_json(call["function"]["arguments"] or "{}")
    ]


def can_go_on(run: Run) -> bool:
    """Return whether a failed or stopped request can be repeated from where it was."""
    turn = run["turn"]
    if not is_over(turn) or wants_answers(run):
        return False
    return turn["problem"]["can_retry"] if turn["problem"] else turn["ending"] in BROKEN_OFF


def answer(run: Run, answers: Mapping[str, str], approved: Collection[str] = ()) -> None:
    """If calls are open, add the answers and prepare the run for its next request.

    `approved` are the ids of calls that their servers answer before it.
    """
    if not wants_answers(run):  # a second click must not reset the first one's request
        return
    turn = run["turn"]
    run["approved"] = [place(run, c) for c in open_calls(run) if c["id"] in approved]
    for call in [c for c in open_calls(run) if c["id"] not in approved]:
        content = answers.get(call["id"], "")
        turn["replies"].append({"role": "tool", "tool_call_id": call["id"], "content": content})
    run["drafts"].clear()  # calls of the next reply may have the same ids
    resume(turn)
    # A server was asked, and stopped, before the next request: that is no step of the run.
    number, figures = len(turn["before"]) - 1, turn["before"][-1]
    if "reply" not in figures and not any(e["step"] == number for e in run["exchanges"]):
        turn["before"] = turn["before"][:-1]


def _is_answering(turn: Turn, requests: Sequence[RequestMetrics]) -> bool:
    """Return whether the worker is about to answer the last reply's calls."""
    *before, now = requests
    is_whole = bool(before) and before[-1].get("ending") not in BROKEN_OFF
    return is_whole and "reply" not in now and bool(pending_calls(turn))


def steps(run: Run, first: int = 0) -> list[Step]:
    """Return the run's steps from `first` on, with calls judged against the tools as sent."""
    turn, settings = run["turn"], run["settings"]
    found = []
    is_elsewhere = runs_elsewhere(run)
    # Read once, in this order, because the worker goes on meanwhile.
    is_ended, before = is_over(turn), turn["before"]
    requests = [*before, turn["figures"]]
    done = len(before) - (not is_ended and _is_answering(turn, requests))
    for number, figures in enumerate(requests[first:], first):
        place = figures.get("reply")
        message = None if place is None else turn["replies"][place]
        over = is_ended or number < done
        is_whole = over and figures.get("ending") not in BROKEN_OFF
        reason = figures.get("ending", "")
        exchanges = tuple(e for e in run["exchanges"] if e["step"] == number)
        if message is None and not exchanges and number:
            continue  # not sent yet
        calls = message.get("tool_calls", []) if message else []
        answered = turn["replies"][place + 1 :] if place is not None else []
        answers = results_in(answered)
        found.append(
            Step(
                number=number,
                figures=figures,
                exchanges=exchanges,
                message=message,
                judged=tuple((call, elsewhere_verdict(call)) for call in calls)
                if is_elsewhere
                else judged(calls, run["tools"], is_over=is_whole, reason=reason),
                answer=judge_answer(
                    message["content"],
                    settings["extra"].get("response_format"),
                    is_cut_off=reason == "length",
                )
                if message and is_whole and (is_elsewhere or not calls)
                else None,
                notes=judge_reply(
                    message or {"role": "assistant", "content": ""},
                    tools=run["tools"],
                    tool_choice=params(run).get("tool_choice"),
                    parallel=settings["parallel"],
                    finish_reason=reason,
                    earlier_ids=_call_ids(turn["replies"][:place]),
                )
                if is_whole and reason and not is_elsewhere
                else (),
                answers=answers,
                is_over=over,
            )
        )
    return found


def _call_ids(replies: Sequence[Message]) -> set[str]:
    return {call["id"] for reply in replies for call in reply.get("tool_calls", [])}


def results_in(replies: Sequence[Message]) -> dict[str, str]:
    """Return the results by call with which `replies` begin."""
    results = takewhile(lambda reply: reply["role"] == "tool", replies)
    return {reply.get("tool_call_id", ""): reply["content"] for reply in results}


def elsewhere_verdict(call: ToolCall) -> Verdict:
    """Return the verdict on a call that Clarifai made and answered itself."""
    return Verdict(
        call["id"],
        call["function"]["name"],
        "undecided",
        summary="The server runs the tools: no verdict is possible. Clarifai made this call and"
        " answered it; neither the tool's schema nor its answer is sent here.",
    )


def judged(
    calls: Sequence[ToolCall], tools: Sequence[ToolSpec], *, is_over: bool, reason: str
) -> tuple[tuple[ToolCall, Verdict], ...]:
    """Return each call of a reply with its verdict."""
    last = len(calls) - 1
    return tuple(
        (
            call,
            judge_call(
                call, tools, is_over=is_over, is_cut_off=number == last and reason == "length"
            ),
        )
        for number, call in enumerate(calls)
    )
