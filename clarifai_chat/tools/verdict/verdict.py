"""Judge a tool call by its schema, argument by argument, in words."""

import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import islice
from typing import Any, Literal

from jsonschema.exceptions import ValidationError

from clarifai_chat import json_text
from clarifai_chat.messages import FunctionSpec, Message, ToolCall, ToolSpec
from clarifai_chat.text import are, counted
from clarifai_chat.tools.schema.budget import SchemaTrouble
from clarifai_chat.tools.schema.explain import INVENTED, problem
from clarifai_chat.tools.schema.formats import format_notes
from clarifai_chat.tools.schema.keywords import MAX_ERRORS
from clarifai_chat.tools.schema.validator import errors_in
from clarifai_chat.tools.schema.wording import few_of, got, name_text, path_text
from clarifai_chat.tools.verdict.argument_rows import UNNAMED, Argument, rows_of
from clarifai_chat.tools.verdict.arguments import ParsedArguments, read_arguments
from clarifai_chat.tools.verdict.text_calls import written_form

__all__ = ["Argument", "Status", "Verdict", "judge_call", "judge_reply"]

MAX_ROWS = 200
_TOLD = 3  # problems in a summary

Status = Literal["valid", "invalid", "not_json", "unknown_tool", "incomplete", "undecided"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a call. Arguments that are not JSON are never repaired: they are None."""

    call_id: str
    name: str
    status: Status
    arguments: Any = None
    rows: tuple[Argument, ...] = ()
    notes: tuple[str, ...] = ()
    summary: str = ""


_MARK = re.compile(r"<[|\uff5c]")  # begins a mark of a model's template
# What a model may wrap the arguments in.
_WRAPPERS = ("arguments", "parameters", "properties", "input", "args", "kwargs")

_QUIRKS: dict[str, str] = {
    "shared_index": "It arrived merged with another call on one index, and was split off.",
    "from_text": "The model wrote it as text; it was recovered and is not a native call.",
    "converted": "It was not written as JSON; its arguments were converted.",
    "no_id": "It arrived without an id; one was made up for it.",
    "same_id": "It arrived with the id of another call, and was given its own.",
    "object": "Its arguments arrived as an object; the API requires a string.",
    "not_text": "Its arguments did not arrive as a string, which the API requires.",
    "legacy": "It arrived in the API's older form, function_call.",
    "changing_id": "Its id changed from fragment to fragment; the first one is kept.",
    "placeholder": "Empty arguments arrived before the real ones, and were dropped.",
    "repeated": "The server repeated the arguments from their start in each fragment.",
    "not_kept": "Its extra_content was too large to keep, so it is not sent back.",
}


def judge_call(
    call: ToolCall, tools: Sequence[ToolSpec], *, is_over: bool = True, is_cut_off: bool = False
) -> Verdict:
    """Return the verdict on `call` as a call of one of `tools`. Never raises.

    While the reply is arriving (`is_over` is False), and for the last call of a reply that the
    token limit cut off (`is_cut_off`), arguments that could still become JSON are "incomplete".
    """
    name, text = call["function"]["name"], call["function"]["arguments"]
    if not isinstance(text, str):
        text = json.dumps(text, default=str)
    read = read_arguments(text)
    if (is_cut_off or not is_over) and (read.is_cut or not text.strip()):
        why = "Its arguments are still arriving."
        if is_over:
            why = "The token limit cut the reply off before its arguments were complete."
        return Verdict(call["id"], name, "incomplete", summary=why)
    notes = tuple(_QUIRKS[quirk] for quirk in call.get("quirks", []) if quirk in _QUIRKS)
    verdict = Verdict(call["id"], name, "undecided", read.value, notes=notes + read.notes)
    function = _function(name, tools)
    if function is None:
        return replace(verdict, status="unknown_tool", summary=_unknown(name, tools))
    if read.is_too_deep:
        return replace(verdict, summary=f"Not judged: {read.problem}")
    if read.problem:
        return replace(verdict, status="not_json", summary=read.problem)
    return _judged(verdict, function, read)


def _function(name: str, tools: Sequence[ToolSpec]) -> FunctionSpec | None:
    functions = (tool.get("function") for tool in tools if isinstance(tool, dict))
    named = (f for f in functions if isinstance(f, dict) and f.get("name") == name)
    return next(named, None)


def _unknown(name: str, tools: Sequence[ToolSpec]) -> str:
    if not name:
        return "The call names no tool."
    functions = [tool.get("function") for tool in tools if isinstance(tool, dict)]
    found = [f.get("name") for f in functions if isinstance(f, dict)]
    names = [one for one in found if isinstance(one, str)]
    said = f"There is no tool {name_text(name)}."
    clean = _MARK.split(name)[0]
    if clean != name and clean in names:
        return f"{said} Without the mark that the model left in it, it is {name_text(clean)}."
    if near := get_close_matches(name[:100], names, 1):
        return f"{said} Perhaps {name_text(near[0])} was meant."
    return f"{said} Known: {few_of([name_text(one) for one in names])}." if names else said


def _judged(verdict: Verdict, function: FunctionSpec, read: ParsedArguments) -> Verdict:
    schema = function.get("parameters")
    if schema is None:
        schema = {"type": "object"}
        if read.value:
            said = "The tool declares no parameters, but the call sends some."
            verdict = replace(verdict, notes=(*verdict.notes, said))
    elif not isinstance(schema, dict | bool):
        return replace(verdict, summary="Not judged: the tool's parameters are not a JSON Schema.")
    try:
        errors = errors_in(read.value, schema)
        formats = format_notes(read.value, schema)
    except SchemaTrouble as trouble:
        return replace(verdict, summary=f"Not judged: {trouble}")
    rows = tuple(islice(rows_of(read.value, schema, errors), MAX_ROWS + 1))
    notes = [*verdict.notes, *formats, *_allowed(rows)]
    if len(errors) > MAX_ERRORS:
        notes.append(f"The first {MAX_ERRORS} problems are listed; there are more.")
    elif len(rows) > MAX_ROWS:
        notes.append(f"The first {MAX_ROWS} rows are listed; there are more.")
    is_object = isinstance(read.value, dict)
    return replace(
        verdict,
        status="invalid" if errors or not is_object else "valid",
        rows=rows[:MAX_ROWS],
        notes=tuple(notes),
        summary=_summary(read.value, schema, errors),
    )


def _allowed(rows: Sequence[Argument]) -> list[str]:
    names = [row.path for row in rows if row.ok and row.expected == UNNAMED]
    if not names:
        return []
    return [f"{few_of(names)} {are(len(names))} not in the schema; the schema allows it."]


def _summary(value: Any, schema: Any, errors: Sequence[ValidationError]) -> str:
    if why := _one_level_off(value, schema, errors):
        return f"Invalid: {why}."
    told = [] if isinstance(value, dict) else [f"the arguments are {got(value)}, not an object"]
    if told or errors:
        return f"Invalid: {problems_text(errors, told)}."
    if not value:
        return "Valid: no arguments, and none is required."
    match = counted(len(value), "argument matches", "arguments match")
    return f"Valid: {match} the schema."


def _one_level_off(value: Any, schema: Any, errors: Sequence[ValidationError]) -> str:
    """Return how the arguments are encoded twice or wrapped, if they would be valid without it."""
    if not errors and isinstance(value, dict):
        return ""
    if isinstance(value, str):
        try:
            inner, where = json_text.read(value), "decoded once more, they match the schema"
        except (ValueError, RecursionError):
            return ""
        why = "the arguments are JSON within JSON"
    else:
        own = schema.get("properties") if isinstance(schema, dict) else None
        wrappers = [key for key in value if key in _WRAPPERS] if isinstance(value, dict) else []
        if len(wrappers) != 1 or wrappers[0] in (own or {}) or set(value) - {"name", *wrappers}:
            return ""
        inner, where = value[wrappers[0]], f"within {wrappers[0]} they match the schema"
        why = "the arguments are one level too deep"
    if not isinstance(inner, dict):
        return ""
    try:
        return why if errors_in(inner, schema) else f"{why}: {where}"
    except SchemaTrouble:
        return why


def problems_text(errors: Sequence[ValidationError], before: Sequence[str] = ()) -> str:
    """Return the first few problems in a line, after others about the whole value."""
    told = list(dict.fromkeys([*before, *map(_told, errors)]))
    more = f"; and {len(told) - _TOLD} more" if len(told) > _TOLD else ""
    more = "; and many more" if len(errors) > MAX_ERRORS else more
    return f"{'; '.join(told[:_TOLD])}{more}"


def _told(error: ValidationError) -> str:
    path, said = path_text(tuple(error.absolute_path)), problem(error)
    if not path:
        return said
    if said == "missing":
        return f"{path} is missing"
    return f"{path} is invented" if said == INVENTED else f"{path}: {said}"


# The reply as a whole.


def judge_reply(
    message: Message,
    *,
    tools: Sequence[ToolSpec],
    tool_choice: Any = None,
    parallel: bool | None = None,
    finish_reason: str = "",
    earlier_ids: Collection[str] = (),
) -> tuple[str, ...]:
    """Return what is odd about a reply to this request, one sentence each.

    `earlier_ids` are those of the calls in earlier replies.
    """
    calls = message.get("tool_calls", [])
    said = [
        *_chosen([call["function"]["name"] for call in calls], tools, tool_choice),
        *_finished(calls, finish_reason),
        *_written(message, calls, tools),
    ]
    if parallel is False and len(calls) > 1:
        said.append(f"Parallel calls were switched off, but {len(calls)} calls arrived.")
    if again := [name_text(call["id"]) for call in calls if call["id"] in earlier_ids]:
        said.append(f"An earlier call had the id {few_of(again, 'and')} too; both are sent back.")
    return tuple(said)


def _chosen(called: list[str], tools: Sequence[ToolSpec], choice: Any) -> list[str]:
    if called and not tools:
        return ["No tools were offered, but the model called one."]
    if choice == "none":
        return ["Tool choice was none, but the model called a tool."] if called else []
    if choice == "required" and not called:
        return ["A call was required, but the model answered without one."]
    function = choice.get("function") if isinstance(choice, dict) else None
    wanted = function.get("name") if isinstance(function, dict) else None
    if not isinstance(wanted, str):
        return []
    if not called:
        return [f"A call of {name_text(wanted)} was required, but the model answered without one."]
    others = list(dict.fromkeys(name_text(name) for name in called if name != wanted))
    if not others:
        return []
    return [f"A call of {name_text(wanted)} was required, but the model called {few_of(others)}."]


def _written(message: Message, calls: list[ToolCall], tools: Sequence[ToolSpec]) -> Iterator[str]:
    """Yield what there is to say about calls that are written as text."""
    functions = [tool.get("function") for tool in tools if isinstance(tool, dict)]
    names = [str(f["name"]) for f in functions if isinstance(f, dict) and f.get("name")]
    form = written_form(message.get("content") or "", names)
    if any("from_text" in call.get("quirks", []) for call in calls):
        yield f"The server left the call in the text ({form or 'JSON'})."
    elif calls:
        return
    elif form:
        yield f"The answer has what looks like a call, as text ({form}). It is not counted as one."
    elif form := written_form(message.get("reasoning_content") or "", names):
        yield f"The thoughts have what looks like a call ({form}). It is not counted as one."


def _finished(calls: list[ToolCall], reason: str) -> list[str]:
    if reason in ("tool_calls", "function_call") and not calls:
        return [f"The reply ended with {reason}, but has no call in it."]
    if reason == "stop" and calls:
        return ["The reply ended with stop; with calls in it, it should end with tool_calls."]
    if reason == "length" and calls:
        read = read_arguments(calls[-1]["function"]["arguments"])
        if read.is_cut or not calls[-1]["function"]["arguments"].strip():
            return ["The token limit cut the reply off in the middle of a call."]
        return ["The token limit cut the reply off; calls may be missing."]
    return []
