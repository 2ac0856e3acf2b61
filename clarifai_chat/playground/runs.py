"""A playground run: a prompt, tools and settings, and every step that came of them.

A run is a turn like the chat's, so replies, Stop and drawing are the same; what a developer wants
to know beyond it stands beside it: the tools as they were sent, and what went over the wire. There
is no state but that: whether calls are open is read off the messages.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Literal, TypedDict, get_args

from clarifai_chat import llm
from clarifai_chat.chat.replies import turn_size
from clarifai_chat.chat.request import to_messages
from clarifai_chat.chat.turn import (
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
from clarifai_chat.llm.transport import InFlight
from clarifai_chat.messages import Message, ToolCall, ToolSpec, is_json
from clarifai_chat.tools import builtins
from clarifai_chat.tools.verdict.verdict import Verdict, judge_call, judge_reply

# Who answers calls: the reader; the reader, who approves what a built-in says; built-ins alone.
Answers = Literal["by hand", "approve", "automatic"]

ANSWERS: tuple[Answers, ...] = get_args(Answers)

TYPED = "typed"  # an answerer: what was typed last for the tool
MAX_RUNS = 20  # kept in a session
MAX_CHARS = 10_000_000  # of all of them
MAX_STEPS = 20  # of an automatic run; each is a request that may cost something
CHOICES = ("auto", "required", "none")  # of `tool_choice`, beside a tool's name
BROKEN_OFF = (STOPPED, UNWATCHED, INTERRUPTED, "")  # endings that are not the model's own


class RunSettings(TypedDict):
    """The settings of a run. None is not sent: the server decides."""

    system: str
    tool_choice: str  # one of CHOICES, or a tool's name
    parallel: bool | None
    strict: bool | None  # None leaves each tool as it is written
    temperature: float | None
    max_tokens: int | None
    stream: bool
    answers: Answers
    max_steps: int  # requests in all, where answers are automatic


class Run(TypedDict):
    turn: Turn
    tools: list[ToolSpec]  # as they are sent
    settings: RunSettings
    answerers: dict[str, str]  # tool → TYPED, or the built-in that answers its calls
    results: dict[str, str]  # tool → what TYPED answers
    exchanges: list[Exchange]
    answered_by: dict[str, str]  # `place` of a call → its answerer
    drafts: dict[str, str]  # call → the answer as it is being typed


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a run, and what came back for it."""

    number: int  # from 0
    figures: RequestMetrics
    exchanges: tuple[Exchange, ...]  # more than one where it was tried again
    message: Message | None  # None while nothing has come
    judged: tuple[tuple[ToolCall, Verdict], ...]  # its calls, each with its verdict
    notes: tuple[str, ...]  # what is to be said of the reply as a whole
    answers: Mapping[str, str]  # call id → what it was answered with
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
    }


def new_run(
    prompt: str,
    model: ModelRef,
    tools: Sequence[ToolSpec],
    settings: RunSettings,
    answerers: Mapping[str, str],
    results: Mapping[str, str],
) -> Run:
    return {
        "turn": new_turn(prompt, model),
        "tools": [_with_strict(tool, settings["strict"]) for tool in tools],
        "settings": settings.copy(),
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
    """Return what is sent beside the messages and the tools."""
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
    return sent


def request(run: Run) -> ChatRequest:
    """Build the request for the run's next reply."""
    turn, settings = run["turn"], run["settings"]
    return ChatRequest(
        model=turn["model"]["url"],
        messages=tuple(to_messages((), turn, settings["system"])),
        tools=tuple(run["tools"]),
        params=params(run),
        stream=settings["stream"],
    )


def events(
    run: Run, endpoint: Callable[[], Endpoint], in_flight: InFlight
) -> Iterator[StreamEvent]:
    """Ask for the run's next reply; where it may, answer its calls and ask on. In a worker.

    `endpoint` is asked for each request. `run["turn"]` has to be folded up to date with each event
    before the next is taken.
    """
    turn = run["turn"]
    while True:
        in_flight.recorder = Recorder(run["exchanges"], step=len(turn["before"]))
        last = Finished("not reported")
        for event in llm.events(request(run), endpoint(), in_flight):
            if isinstance(event, Finished):
                last = event
            else:
                yield event
        answers = {} if in_flight.is_cut else automatic_answers(run)
        if not answers:
            yield last
            return
        yield StepEnded(last.reason, last.request_id)
        for open_call in pending_calls(turn):
            note_answerer(run, open_call)
            yield ToolResult(open_call["id"], answers[open_call["id"]])


def automatic_answers(run: Run) -> dict[str, str]:
    """Call id → answer, where all open calls can be answered without anybody; else nothing."""
    settings, calls = run["settings"], pending_calls(run["turn"])
    if (
        settings["answers"] != "automatic"
        or len(run["turn"]["before"]) + 1 >= settings["max_steps"]
    ):
        return {}
    answers = {call["id"]: ready_answer(run, call) for call in calls}
    return {} if None in answers.values() else {k: v for k, v in answers.items() if v is not None}


def ready_answer(run: Run, call: ToolCall) -> str | None:
    """Return what the answerer of the call's tool says; None where a person has to answer."""
    tool = call["function"]["name"]
    answerer = run["answerers"].get(tool)
    if answerer == TYPED:
        return run["results"].get(tool)
    return builtins.answer(answerer, call["function"]["arguments"]) if answerer else None


def note_answerer(run: Run, call: ToolCall) -> None:
    """Remember who answers this open call."""
    run["answered_by"][place(run, call)] = run["answerers"][call["function"]["name"]]


def place(run: Run, call: ToolCall, reply: int | None = None) -> str:
    """Names a call of the run, of the last reply or of another one.

    Its id alone does not: some servers give the calls of each reply the same ids again.
    """
    number = last_reply(run["turn"]) if reply is None else reply
    return f"{number}:{call['id']}"


def size(run: Run) -> int:
    """Return about how many characters the run holds."""
    bodies = sum(
        len(e["request"]) + len(e["body"]) + sum(len(data) for _, data in e["chunks"])
        for e in run["exchanges"]
    )
    return bodies + turn_size(run["turn"])


def latest(runs: Sequence[Run]) -> list[Run]:
    """Return the last of them that a session keeps: a few, and no more than MAX_CHARS; one at
    least."""
    kept: list[Run] = []
    room = MAX_CHARS
    for run in reversed(runs[-MAX_RUNS:]):
        room -= size(run)
        if kept and room < 0:
            break
        kept.insert(0, run)
    return kept


def wants_answers(run: Run) -> bool:
    """Return whether the run waits for somebody to answer its calls."""
    return is_over(run["turn"]) and bool(open_calls(run))


def open_calls(run: Run) -> list[ToolCall]:
    """Return the calls of the last reply that can be answered; one that was cut off cannot."""
    broken = run["turn"]["ending"] in BROKEN_OFF
    return [
        call
        for call in pending_calls(run["turn"])
        if not broken or is_json(call["function"]["arguments"] or "{}")
    ]


def can_go_on(run: Run) -> bool:
    """Return whether a request that failed or was ended can be made again, with what there is so
    far."""
    turn = run["turn"]
    if not is_over(turn) or wants_answers(run):
        return False
    return turn["problem"]["can_retry"] if turn["problem"] else turn["ending"] in BROKEN_OFF


def answer(run: Run, answers: Mapping[str, str]) -> None:
    """Add the answers and make the run ready for its next request, if any call is open."""
    if not wants_answers(run):  # a second click must not reset the request that the first began
        return
    turn = run["turn"]
    for call in open_calls(run):
        content = answers.get(call["id"], "")
        turn["replies"].append({"role": "tool", "tool_call_id": call["id"], "content": content})
        run["drafts"].pop(call["id"], None)  # the next reply's calls may have the same ids
    resume(turn)


def _is_answering(turn: Turn, requests: Sequence[RequestMetrics]) -> bool:
    """Return whether the worker is about to answer the last reply's calls, before it asks on."""
    *before, now = requests
    is_whole = bool(before) and before[-1].get("ending") not in BROKEN_OFF
    return is_whole and "reply" not in now and bool(pending_calls(turn))


def steps(run: Run, first: int = 0) -> list[Step]:
    """Return the run's requests from `first` on, each with its reply judged against the tools as
    sent."""
    turn, settings = run["turn"], run["settings"]
    found = []
    # Read once, in this order: the worker goes on meanwhile.
    is_ended, before = is_over(turn), turn["before"]
    requests = [*before, turn["figures"]]
    done = len(before) - (not is_ended and _is_answering(turn, requests))
    for number, figures in enumerate(requests[first:], first):
        place = figures.get("reply")
        message = None if place is None else turn["replies"][place]
        over = is_ended or number < done
        is_whole = over and figures.get("ending") not in BROKEN_OFF
        exchanges = tuple(e for e in run["exchanges"] if e["step"] == number)
        if message is None and not exchanges and number:
            continue  # not sent yet
        calls = message.get("tool_calls", []) if message else []
        answered = turn["replies"][place + 1 :] if place is not None else []
        answers: dict[str, str] = {}
        for reply in answered:
            if reply["role"] != "tool":
                break
            answers[reply["tool_call_id"]] = reply["content"]
        found.append(
            Step(
                number=number,
                figures=figures,
                exchanges=exchanges,
                message=message,
                judged=tuple((c, judge_call(c, run["tools"], is_over=is_whole)) for c in calls),
                notes=judge_reply(
                    message,
                    tools=run["tools"],
                    tool_choice=params(run).get("tool_choice"),
                    parallel=settings["parallel"],
                    finish_reason=figures.get("ending", ""),
                )
                if message and is_whole
                else (),
                answers=answers,
                is_over=over,
            )
        )
    return found
