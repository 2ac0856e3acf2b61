"""Judge an answer in words by the `response_format` that was asked for."""

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from clarifai_chat.tools.schema.budget import SchemaTrouble
from clarifai_chat.tools.schema.formats import format_notes
from clarifai_chat.tools.schema.keywords import MAX_ERRORS
from clarifai_chat.tools.schema.validator import errors_in
from clarifai_chat.tools.schema.wording import got
from clarifai_chat.tools.verdict.argument_rows import rows_of
from clarifai_chat.tools.verdict.arguments import read_arguments
from clarifai_chat.tools.verdict.verdict import MAX_ROWS, Verdict, problems_text

_FENCED = re.compile(r"\s*```[^\n`]{0,40}\n(.*?)\n?```\s*", re.DOTALL)
_FORMATS = ("json_object", "json_schema")


def judge_answer(text: str, response_format: Any, *, is_cut_off: bool = False) -> Verdict | None:
    """Return the verdict on an answer; None if no JSON was asked for. Never raises.

    The answer must be JSON from its first character to its last. `is_cut_off`: the token limit
    ended it.
    """
    if not isinstance(response_format, Mapping) or response_format.get("type") not in _FORMATS:
        return None
    verdict = Verdict("", "", "undecided")
    if not text.strip():
        return replace(verdict, status="not_json", summary="Not JSON: the answer is empty.")
    read = read_arguments(text)
    if is_cut_off and read.is_cut:
        said = "The token limit cut the answer off before its JSON was complete."
        return replace(verdict, status="incomplete", summary=said)
    if read.is_too_deep:
        return replace(verdict, summary=f"Not judged: {_about_answer(read.problem)}")
    if read.problem:
        notes: tuple[str, ...] = ()
        if (fenced := _FENCED.fullmatch(text)) and not read_arguments(fenced[1]).problem:
            notes = ("Without the code fence around it, it is JSON.",)
        summary = _about_answer(read.problem)
        return replace(verdict, status="not_json", summary=summary, notes=notes)
    verdict = replace(
        verdict, arguments=read.value, notes=tuple(_about_answer(note) for note in read.notes)
    )
    if response_format["type"] == "json_object":
        if isinstance(read.value, dict):
            return replace(verdict, status="valid", summary="Valid: a JSON object.")
        said = f"Invalid: a JSON object was asked for, not {got(read.value)}."
        return replace(verdict, status="invalid", summary=said)
    inner = response_format.get("json_schema")
    return _by_schema(verdict, inner.get("schema") if isinstance(inner, dict) else None)


def _by_schema(verdict: Verdict, schema: Any) -> Verdict:
    if not isinstance(schema, dict | bool):
        return replace(verdict, summary="Not judged: the request has no schema.")
    value = verdict.arguments
    try:
        errors = errors_in(value, schema)
        formats = format_notes(value, schema)
    except SchemaTrouble as trouble:
        return replace(verdict, summary=f"Not judged: {trouble}")
    notes = [*verdict.notes, *formats]
    if len(errors) > MAX_ERRORS:
        notes.append(f"The first {MAX_ERRORS} problems are listed; there are more.")
    # Rows are about the keys of an object; the summary names the places in anything else.
    is_object = isinstance(value, dict)
    rows = tuple(islice(rows_of(value, schema, errors), MAX_ROWS)) if is_object else ()
    said = problems_text(errors)
    return replace(
        verdict,
        status="invalid" if errors else "valid",
        rows=rows,
        notes=tuple(notes),
        summary=f"Invalid: {said}." if errors else "Valid: the answer matches the schema.",
    )


def _about_answer(sentence: str) -> str:
    about = sentence.replace("The arguments are", "The answer is")
    about = about.replace("The arguments have", "The answer has")
    return about.replace("; they are", "; it is")
