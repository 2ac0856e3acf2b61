"""Read requests and answers of OpenAI's Responses API."""

from collections.abc import Iterator, Sequence
from typing import Any

from clarifai_chat.chat.chats import Chat
from clarifai_chat.transfer.imports import message_tree
from clarifai_chat.transfer.imports.entries import (
    Entry,
    Step,
    arguments,
    as_dict,
    as_list,
    as_string,
)
from clarifai_chat.transfer.imports.message_tree import About, in_a_line
from clarifai_chat.transfer.imports.openai_messages import settings_of
from clarifai_chat.transfer.imports.parts import Files, text, thoughts, words
from clarifai_chat.transfer.imports.reading import Notes

_ITEMS = ("message", "reasoning", "function_call", "function_call_output", "custom_tool_call")
# The steps of the API's own tools, and where their arguments and results are.
_GIVEN = ("arguments", "input", "action", "code", "queries")
_CAME = ("output", "outputs", "results", "logs", "error")
_SILENT = ("mcp_list_tools", "item_reference", "compaction")


def is_one(row: dict[str, Any]) -> bool:
    """Return whether it is a request or an answer of this API."""
    given, came = row.get("input"), as_list(row.get("output"))
    is_answer = row.get("object") == "response" or any(map(is_item, came))
    return is_answer or isinstance(given, list) or (isinstance(given, str) and "model" in row)


def is_item(found: Any) -> bool:
    """Return whether it is an item of a request or an answer."""
    return as_dict(found).get("type") in _ITEMS


def chat(row: dict[str, Any], notes: Notes, contents: dict[str, bytes], now: float) -> Chat | None:
    given = row.get("input")
    asked = [{"role": "user", "content": given}] if isinstance(given, str) else as_list(given)
    items = [*asked, *as_list(row.get("output"))]
    if row.get("previous_response_id"):
        notes.left_out("the turns before a request, which its file only refers to")
    form = as_dict(as_dict(row.get("text")).get("format"))
    body = {
        **row,
        "max_tokens": row.get("max_output_tokens"),
        "reasoning_effort": as_dict(row.get("reasoning")).get("effort"),
        "response_format": {"type": form.get("type"), "json_schema": form},
    }
    about = About(
        created_at=row.get("created_at"),
        model=row.get("model"),
        settings=settings_of(body, [_instructions(row, notes)], notes),
    )
    entries = (_entry(as_dict(item), notes, contents) for item in items)
    return message_tree.chat(in_a_line(entries), about, notes, now)


def _instructions(row: dict[str, Any], notes: Notes) -> str:
    found = row.get("instructions")
    if isinstance(found, list):
        return "\n\n".join(text(as_dict(item).get("content"), notes) for item in found)
    return as_string(found)


def _entry(item: dict[str, Any], notes: Notes, contents: dict[str, bytes]) -> Entry | None:
    role = item.get("role")
    if role in ("system", "developer"):
        return Entry("system", text(item.get("content"), notes))
    if role == "user":
        files = Files(contents)
        return Entry("user", text(item.get("content"), notes, files), files=files.attachments)
    steps = list(_steps(item, notes))
    return Entry("assistant", steps=steps) if steps else None


def steps(items: Sequence[Any], notes: Notes) -> list[Step]:
    """Return the steps of an answer's items."""
    return [step for item in items for step in _steps(as_dict(item), notes)]


def _steps(item: dict[str, Any], notes: Notes) -> Iterator[Step]:
    kind = as_string(item.get("type"))
    id = as_string(item.get("call_id")) or as_string(item.get("id"))
    if kind == "message" or (not kind and item.get("role") == "assistant"):
        found = [Step("thoughts", thoughts(item)), Step("text", text(item.get("content"), notes))]
        yield from (step for step in found if step.text)
    elif kind == "reasoning":
        if thought := words(item.get("content")) or words(item.get("summary")):
            yield Step("thoughts", thought)
        elif item.get("encrypted_content"):
            notes.left_out("thoughts that the API has encrypted")
    elif kind.endswith("_call_output"):
        yield Step("result", text(item.get("output"), notes), id=id)
    elif kind.endswith("_call"):
        yield from _call(item, kind, id, notes)
    elif kind not in _SILENT:
        notes.left_out("a message without a known role")


def _call(item: dict[str, Any], kind: str, id: str, notes: Notes) -> Iterator[Step]:
    name = as_string(item.get("name")) or kind.removesuffix("_call")
    given = next((item[key] for key in _GIVEN if item.get(key) is not None), None)
    yield Step("call", arguments(given, notes), name, id)
    if kind == "image_generation_call":
        notes.left_out("a picture that a tool made")
        return
    came = [item.get(key) for key in _CAME]
    if result := next(filter(None, (words(each) or _logs(each) for each in came)), ""):
        yield Step("result", result, name, id)


def _logs(found: Any) -> str:
    return words([as_dict(each).get("logs") for each in as_list(found)])
