"""Judge a run by its case: rules 14 to 25 of docs/EVIDENCE.md."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from clarifai_chat.chat.turn import ERROR, INTERRUPTED, STOPPED, UNWATCHED, answer_text, is_over
from clarifai_chat.errors import CAUSES
from clarifai_chat.evidence.cases import Case, ExpectedCall
from clarifai_chat.evidence.causes import Strings, has_text, schema_cause
from clarifai_chat.evidence.matching import matched
from clarifai_chat.evidence.rules import BadRule, Mismatch, mismatch
from clarifai_chat.messages import ToolCall, ToolSpec
from clarifai_chat.playground.runs import Run, Step, steps
from clarifai_chat.text import counted, cut
from clarifai_chat.tools.schema.budget import SchemaTrouble
from clarifai_chat.tools.schema.validator import errors_in
from clarifai_chat.tools.schema.wording import name_text
from clarifai_chat.tools.verdict.text_calls import written_form
from clarifai_chat.tools.verdict.verdict import Verdict

Status = Literal["pass", "fail", "provider", "unjudged"]

MAX_SAID = 400
# An answer that asks has a question mark, or one of these.
_ASKING = re.compile(
    r"\?|\b(?:please (?:provide|tell|specify|share|give|let)|could you|can you (?:tell|provide)"
    r"|let me know|i(?:'ll| will)? need (?:to know|the|your|a|an|more)|which\b.{0,60}\bdo you)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of asking a case once.

    "provider": it failed for reasons that are not the model's, and does not count. "unjudged": it
    was stopped. `cause` is the same for all failures of its kind; `said` is about this one.
    """

    status: Status
    cause: str = ""
    said: str = ""
    quirks: tuple[str, ...] = ()  # of its calls, each once
    arguments: str = ""  # all calls as text, to count how many different sets there are

    @property
    def is_recovered(self) -> bool:
        """Return whether a call was written as text, and recovered by this app."""
        return "from_text" in self.quirks


def check(run: Run, case: Case, strings: Strings = "loose") -> Outcome:
    """Return what came of a run that is over. Never raises."""
    turn = run["turn"]
    if turn["problem"]:
        problem = turn["problem"]
        cause = f"{problem['what'].rstrip('.')} ({CAUSES[problem['side']]})"
        return Outcome("provider", cause, problem["detail"] or problem["what"])
    if not is_over(turn) or turn["ending"] in (STOPPED, UNWATCHED, INTERRUPTED, ""):
        return Outcome("unjudged", "stopped", "It was stopped before its end.")
    done = steps(run)
    judged = [pair for step in done for pair in step.judged]
    quirks = tuple(dict.fromkeys(q for call, _ in judged for q in call.get("quirks", [])))
    told = "; ".join(_as_text(call, verdict) for call, verdict in judged)
    if turn["ending"] == ERROR:
        said = "The server ended the answer with an error, without a reason."
        return Outcome("provider", "The server broke the answer off", said, quirks, told)
    try:
        found = _judged(run, case, done, strings)
    except BadRule as why:
        return Outcome("unjudged", "cannot be judged", str(why), quirks, told)
    if found is None:
        return Outcome("pass", quirks=quirks, arguments=told)
    return Outcome("fail", found.cause, cut(found.said, MAX_SAID), quirks, told)


def _as_text(call: ToolCall, verdict: Verdict) -> str:
    function = call["function"]
    if verdict.arguments is None:
        return f"{function['name']}({cut(function['arguments'], 500)})"
    return f"{function['name']}({json.dumps(verdict.arguments, sort_keys=True)})"


def _judged(run: Run, case: Case, done: list[Step], strings: Strings) -> Mismatch | None:
    expect = case["expect"]
    judged = [pair for step in done for pair in step.judged]
    if "asks" in expect:
        found = _asked(run, judged, expect["asks"], strings)
    else:
        found = _called(run, judged, expect.get("calls", []), expect.get("order", "any"), strings)
    if found:
        return found
    if case.get("steps", 1) > 1 and done and done[-1].judged:
        said = f"After {counted(len(done), 'request')}, the model still called tools."
        return Mismatch("too many steps", said)
    answer = answer_text(run["turn"])
    for text in expect.get("never", []):
        if has_text(answer, text, strings):
            return Mismatch("says what it must not", f"The answer has “{text}” in it.")
    last = done[-1].message["content"] if done and done[-1].message else ""
    for text in expect.get("says", []):
        if not has_text(last, text, strings):
            return Mismatch("answer lacks a fact", f"The last answer lacks “{text}”.")
    return None


def _asked(
    run: Run, judged: Sequence[tuple[ToolCall, Verdict]], words: list[str], strings: Strings
) -> Mismatch | None:
    if judged:
        said = f"The model called {_names(judged)}, though a value that it needs is missing."
        return Mismatch("called instead of asking back", said)
    answer = answer_text(run["turn"])
    if found := _written(run, answer):
        return found
    if not answer.strip():
        return Mismatch("no answer", "The model ended without words and without a call.")
    if not _ASKING.search(answer):
        return Mismatch("answered without asking", f"It said: “{cut(answer.strip(), 200)}”")
    if words and not any(has_text(answer, word, strings) for word in words):
        said = f"None of these is in the question: {', '.join(words)}."
        return Mismatch("asked about something else", said)
    return None


def _called(
    run: Run,
    judged: Sequence[tuple[ToolCall, Verdict]],
    wanted: list[ExpectedCall],
    order: str,
    strings: Strings,
) -> Mismatch | None:
    tools = run["tools"]
    if not judged:
        if found := _written(run, answer_text(run["turn"])):
            return found
        if not wanted:
            is_empty = not answer_text(run["turn"]).strip()
            said = "The model ended without words and without a call."
            return Mismatch("no answer", said) if is_empty else None
        answer = answer_text(run["turn"]).strip()
        said = f"Instead of a call, it said: “{cut(answer, 200)}”" if answer else "It said nothing."
        return Mismatch("no call", said)
    if not wanted:
        return Mismatch("called where no tool fits", f"The model called {_names(judged)}.")
    for call, verdict in judged:
        if verdict.status != "valid":
            return _invalid(call, verdict, tools)
    names, called = [each["tool"] for each in wanted], [verdict.name for _, verdict in judged]
    if any(name not in names for name in called):
        is_extra = all(called.count(name) >= names.count(name) for name in names)
        said = f"Expected {', '.join(names)}, got {', '.join(called)}."
        return Mismatch("call beyond those expected" if is_extra else "wrong tool", said)
    if len(called) < len(names):
        said = f"Expected {counted(len(names), 'call')}, got {len(called)}."
        return Mismatch("too few calls", said)
    if len(called) > len(names):
        said = f"Expected {counted(len(names), 'call')}, got {len(called)}: {', '.join(called)}."
        return Mismatch("call beyond those expected", said)
    return _paired(wanted, [verdict for _, verdict in judged], order, strings)


def _paired(
    wanted: list[ExpectedCall], verdicts: list[Verdict], order: str, strings: Strings
) -> Mismatch | None:
    """Return why calls, as many as were expected, are not those that were expected."""

    def why(one: ExpectedCall, verdict: Verdict) -> Mismatch | None:
        if one["tool"] != verdict.name:
            said = f"Expected {one['tool']}, got {verdict.name}."
            return Mismatch("wrong tool", said)
        return mismatch(one["arguments"], verdict.arguments, strings)

    if order == "given":
        found = (why(one, verdict) for one, verdict in zip(wanted, verdicts, strict=True))
        first = next(filter(None, found), None)
        if first and matched(wanted, verdicts, lambda o, v: why(o, v) is None) is not None:
            said = f"Expected {', '.join(w['tool'] for w in wanted)}, in this order."
            return Mismatch("wrong order", said)
        return first
    if matched(wanted, verdicts, lambda one, verdict: why(one, verdict) is None) is not None:
        return None
    for one in wanted:
        reasons = [why(one, verdict) for verdict in verdicts]
        if None not in reasons:
            own = [r for r, v in zip(reasons, verdicts, strict=True) if v.name == one["tool"]]
            return (own or reasons)[0]
    return Mismatch("one call twice", "Two expected calls were answered by the same one.")


def _invalid(call: ToolCall, verdict: Verdict, tools: Sequence[ToolSpec]) -> Mismatch:
    said = f"{verdict.name}: {verdict.summary}"
    words = {
        "not_json": "arguments are not JSON",
        "unknown_tool": "tool that does not exist",
        "incomplete": "cut off by the token limit",
    }
    if verdict.status == "undecided":
        raise BadRule(said)
    if verdict.status != "invalid":
        return Mismatch(words[verdict.status], said)
    if not isinstance(verdict.arguments, dict):
        return Mismatch("arguments are not an object", said)
    schema = next(
        (t["function"].get("parameters") for t in tools if t["function"]["name"] == verdict.name),
        None,
    )
    try:
        errors: list[Any] = errors_in(verdict.arguments, schema) if schema else []
    except SchemaTrouble:
        errors = []
    return Mismatch(schema_cause(errors[0]) if errors else "against the schema", said)


def _written(run: Run, answer: str) -> Mismatch | None:
    names = [tool["function"]["name"] for tool in run["tools"]]
    form = written_form(answer, names)
    if not form:
        return None
    said = f"The answer has what looks like a call in it, as text ({form})."
    return Mismatch("call written as text", said)


def _names(judged: Sequence[tuple[ToolCall, Verdict]]) -> str:
    names = dict.fromkeys(name_text(verdict.name) for _, verdict in judged)
    return ", ".join(names)
