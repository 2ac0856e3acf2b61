"""Write a playground run as a page: what was asked, the timeline with verdicts, the wire."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from html import escape
from typing import Any

from clarifai_chat.access_token import may_hold
from clarifai_chat.chat.chats import auto_title
from clarifai_chat.chat.turn import INTERRUPTED, STOPPED, UNWATCHED, Turn
from clarifai_chat.chat.usage import seconds
from clarifai_chat.config import server_name
from clarifai_chat.llm.exchange import Exchange
from clarifai_chat.markdown.rendered import code, rendered
from clarifai_chat.messages import ToolCall
from clarifai_chat.playground import run_file, run_report, runs, toolset
from clarifai_chat.playground.runs import MOCKED, TYPED, Run, Step
from clarifai_chat.text import counted
from clarifai_chat.tools.builtins import BUILTINS
from clarifai_chat.transfer.exports import as_html, page, words
from clarifai_chat.transfer.exports.page import Render

UNTITLED = "Run of the tool playground"
MAX_LINES = 200  # of a stream; the run's file has all of them
MAX_CHARS = 40_000  # of a body

Hide = Callable[[str], str]


def title(run: Run) -> str:
    return auto_title(runs.prompt(run)) or UNTITLED


def document(
    run: Run, hide: Hide, contents: Mapping[str, bytes], app: str = "", above: str = ""
) -> str:
    """Return the page of a run that holds no access token; see `as_html.document`."""
    render = partial(rendered, hide=hide, top=4)
    steps = runs.steps(run)
    turn: Turn = {**run["turn"], "prompt": runs.prompt(run)}
    body = [
        f'<h1 dir="auto">{escape(title(run))}</h1>\n',
        page.open_link(_address(run, app)),
        page.facts([run_report.line(run)]),
        *_settings(run),
        "<h2>Timeline</h2>\n",
        *as_html.question(turn, 3, contents),
        *(part for step in steps for part in _step(run, step, render)),
        *(as_html.attached(p, contents.get(p["id"]), "Picture") for p in turn.get("pictures", [])),
        *map(page.remark, words.remarks(turn, {})),
        *_wire(steps, hide),
    ]
    return page.whole(title(run), body, above=above)


def _address(run: Run, app: str) -> str:
    """Return a link that opens the run's tools, prompt, model and settings, if it is short."""
    found: toolset.ToolSet = {
        "tools": run_file.pretty(run["tools"]),
        "prompt": run["turn"]["prompt"],
        "model": run["turn"]["model"]["url"],
        "settings": run["settings"],
    }
    parameter = None if may_hold(json.dumps(found)) else toolset.to_parameter(found)
    where = f"{app}tool_playground" if app else ""
    return f"{where}?tools={parameter}" if where and parameter else where


def _settings(run: Run) -> Iterator[str]:
    turn, settings = run["turn"], run["settings"]
    asked = words.day(turn["asked_at"])
    yield page.facts([f"Asked {asked}" if asked else "", f"Model {turn['model']['url']}"])
    yield page.facts([f"Settings: {run_report.settings_text(run)}"])
    if said := runs.system(run).strip():
        yield page.folded("System prompt", page.typed(said))
    if settings["messages"]:
        text = run_file.pretty(settings["messages"])
        yield page.folded("Messages before the prompt", code(text, "json"))
    for tool in run["tools"]:
        name = tool["function"].get("name") or "without a name"
        yield page.folded(f"Tool {name}", code(run_file.pretty(tool), "json"))


def _step(run: Run, step: Step, render: Render) -> Iterator[str]:
    number = step.number + 1
    yield f'<section class="answer step">\n<h3>Reply {number}</h3>\n'
    yield page.facts(_figures(step))
    if message := step.message:
        thought_s = step.figures["thought_s"]
        thought = "Thinking" if thought_s is None else f"Thought for {seconds(thought_s)}"
        yield from as_html.message_of(message, {}, thought, render, f"reply-{number}")
    else:
        yield page.remark("Nothing came back.")
    for call, verdict in step.judged:
        function, word = call["function"], run_report.word(call, verdict)
        yield page.call(function["name"], function["arguments"], word, verdict, every=True)
        yield from _result(run, call, step)
    if step.answer:
        word = run_report.WORDS[step.answer.status]
        yield f'<p class="call">Answer as JSON {page.badge(word, step.answer.status)}</p>\n'
        yield page.remark(step.answer.summary)
        if step.answer.rows and step.answer.status != "valid":
            yield page.argument_table(step.answer.rows)
        yield from map(page.remark, step.answer.notes)
    yield from map(page.remark, step.notes)
    yield "</section>\n"


def _figures(step: Step) -> Iterator[str]:
    figures = step.figures
    if figures["first_token_s"] is not None:
        yield f"first token {seconds(figures['first_token_s'])}"
    if figures["total_s"] is not None:
        yield seconds(figures["total_s"])
    sent, received = figures["prompt_tokens"], figures["completion_tokens"]
    if sent is None and received is None:
        yield "tokens not reported"
    else:
        counts = ["?" if count is None else f"{count:,}" for count in (sent, received)]
        yield f"{counts[0]} tokens in, {counts[1]} out"
    ending = figures.get("ending")
    if ending and ending not in (STOPPED, UNWATCHED, INTERRUPTED):  # these are ours, not a server's
        yield f"finish reason {ending}"


def _result(run: Run, call: ToolCall, step: Step) -> Iterator[str]:
    if call["id"] not in step.answers:
        yield page.remark("No answer to this call was sent.")
        return
    place = runs.place(run, call, step.figures.get("reply"))
    record = run.get("server_calls", {}).get(place)
    answerer = run["answered_by"].get(place, "")
    who = f"the MCP server {server_name(record['server'])}" if record else _who(answerer)
    yield f'<p class="call">Answered by {escape(who)}</p>\n'
    for note in record["notes"] if record else ():
        yield page.remark(note)
    yield page.code_of(step.answers[call["id"]] or "(empty answer)")


def _who(answerer: str) -> str:
    if builtin := BUILTINS.get(answerer):
        return f"the built-in {builtin.label.lower()}"
    return {TYPED: "the answer typed last for this tool", MOCKED: "a mock"}.get(answerer, "hand")


def _wire(steps: list[Step], hide: Hide) -> Iterator[str]:
    exchanges = [exchange for step in steps for exchange in step.exchanges]
    if not exchanges:
        return
    yield "<h2>Over the wire</h2>\n"
    yield page.facts(["What was sent and received. Access tokens are replaced."])
    for number, exchange in enumerate(exchanges, 1):
        parts = "".join(_exchange(exchange, hide))
        yield page.folded(f"Request {number}: {_summary(exchange)}", parts)


def _summary(exchange: Exchange) -> str:
    parts = [f"{exchange['method']} {exchange['url']}"]
    if exchange["status"] is None:
        return f"{parts[0]}, no response arrived"
    parts.append(f"HTTP {exchange['status']}")
    if exchange["responded_s"] is not None:
        parts.append(f"headers after {seconds(exchange['responded_s'])}")
    if exchange["chunks"]:
        parts.append(counted(len(exchange["chunks"]), "event"))
    return ", ".join(parts)


def _exchange(exchange: Exchange, hide: Hide) -> Iterator[str]:
    yield _part("Sent", _json(exchange["request"], hide), "json")
    yield _part("Headers sent", _lines(exchange["headers"]))
    if exchange["status"] is None:
        return
    if exchange["chunks"]:
        lines = [f"{after_s:8.3f} s  {data}" for after_s, data in exchange["chunks"]]
        left = len(lines) - MAX_LINES
        more = [f"and {left:,} more, which the run's JSON export has"] if left > 0 else []
        yield _part("Received, after so many seconds", "\n".join([*lines[:MAX_LINES], *more]))
    else:
        yield _part("Received", _json(exchange["body"], hide), "json")
    if exchange["left_out"]:
        yield page.remark(f"{exchange['left_out']:,} characters over the limit were not kept.")
    yield _part("Headers received", _lines(exchange["response_headers"]))


def _part(name: str, text: str, language: str = "") -> str:
    cut = f" (the first {MAX_CHARS:,} of {len(text):,} characters)" if len(text) > MAX_CHARS else ""
    return f'<p class="call">{name}{cut}</p>\n{code(text[:MAX_CHARS], language)}'


def _json(text: str, hide: Hide) -> str:
    # Again: a token may be written with escapes that only reading the JSON resolves.
    value: Any = run_file.loaded(text)
    return hide(value if isinstance(value, str) else run_file.pretty(value))


def _lines(headers: Mapping[str, str]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in headers.items())
