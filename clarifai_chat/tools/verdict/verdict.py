"""Judge a tool call by its schema, argument by argument, in words."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import islice
from typing import Any, Literal

from jsonschema.exceptions import ValidationError

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


_QUIRKS: dict[str, str] = {
    "shared_index": "It arrived merged with another call on one index, and was split off.",
    "from_text": "The model wrote it as text; it was recovered and is not a native call.",
    "no_id": "It arrived without an id; one was made up for it.",
    "same_id": "It arrived with the id of another call, and was given its own.",
    "object": "Its arguments arrived as an object; the API requires a string.",
    "not_text": "Its arguments did not arrive as a string, which the API requires.",
    "legacy": "It arrived in the API's older form, function_call.",
    "changing_id": "Its id changed from fragment to fragment; the first one is kept.",
    "placeholder": "Empty arguments arrived before the real ones, and were dropped.",
    "repeated": "The server repeated the arguments from their start in each fragment.",
}


def judge_call(call: ToolCall, tools: Sequence[ToolSpec], *, is_over: bool = True) -> Verdict:
    """Return the verdict on `call` as a call of one of `tools`. Never raises.

    While the reply is arriving (`is_over` is False), arguments that may still become JSON are
    "incomplete".
    """
    name, text = call["function"]["name"], call["function"]["arguments"]
    if not isinstance(text, str):
        text = json.dumps(text, default=str)
    read = read_arguments(text)
    if not is_over and (read.is_cut or not text.strip()):
        return Verdict(call["id"], name, "incomplete", summary="Its arguments are still arriving.")
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
        summary=_summary(read.value, errors),
    )


def _allowed(rows: Sequence[Argument]) -> list[str]:
    names = [row.path for row in rows if row.ok and row.expected == UNNAMED]
    if not names:
        return []
    return [f"{few_of(names)} {are(len(names))} not in the schema; the schema allows it."]


def _summary(value: Any, errors: Sequence[ValidationError]) -> str:
    told = [] if isinstance(value, dict) else [f"the arguments are {got(value)}, not an object"]
    told += [_told(error) for error in errors]
    told = list(dict.fromkeys(told))
    if told:
        more = f"; and {len(told) - _TOLD} more" if len(told) > _TOLD else ""
        more = "; and many more" if len(errors) > MAX_ERRORS else more
        return f"Invalid: {'; '.join(told[:_TOLD])}{more}."
    if not value:
        return "Valid: no arguments, and none is required."
    match = counted(len(value), "argument matches", "arguments match")
    return f"Valid: {match} the schema."


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
) -> tuple[str, ...]:
    """Return what is odd about a reply to this request, one sentence each."""
    calls = message.get("tool_calls", [])
    said = [
        *_chosen([call["function"]["name"] for call in calls], tools, tool_choice),
        *_finished(calls, finish_reason),
    ]
    if parallel is False and len(calls) > 1:
        said.append(f"Parallel calls were switched off, but {len(calls)} calls arrived.")
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
