"""Read Claude's export: messages of content blocks, with the parent of each in newer files."""

from collections.abc import Iterator
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
    joined,
    said,
    time,
)
from clarifai_chat.transfer.imports.message_tree import About, from_list
from clarifai_chat.transfer.imports.parts import Files, named_file, words
from clarifai_chat.transfer.imports.reading import Notes

_SENDERS = {"human": "user", "user": "user", "assistant": "assistant"}
_SILENT = ("token_budget", "flag")  # what Claude's own page counts and marks


def chat(row: dict[str, Any], notes: Notes, contents: dict[str, bytes], now: float) -> Chat | None:
    messages = [
        (
            message.get("uuid"),
            message.get("parent_message_uuid"),
            _entry(message, notes, contents),
        )
        for message in map(as_dict, as_list(row.get("chat_messages")))
    ]
    about = About(
        title=row.get("name"),
        created_at=row.get("created_at"),
        updated_at=row.get("updated_at"),
        model=row.get("model"),
        leaf=row.get("current_leaf_message_uuid"),
        pinned=row.get("is_starred"),
    )
    return message_tree.chat(from_list(messages), about, notes, now)


def _entry(message: dict[str, Any], notes: Notes, contents: dict[str, bytes]) -> Entry | None:
    role = _SENDERS.get(as_string(message.get("sender")))
    if role is None:
        notes.left_out("a message without a known role")
        return None
    at = time(message.get("created_at"))
    blocks = as_list(message.get("content"))
    text = as_string(message.get("text"))
    if role == "assistant":
        steps = [step for block in blocks for step in _steps(as_dict(block), notes)]
        return Entry("assistant", steps=steps or said(text), at=at)
    files = Files(contents)
    names = _files(message, files, notes)
    written = [step.text for block in blocks for step in _steps(as_dict(block), notes)]
    asked = joined(joined(*written) or text, *names)
    return Entry("user", asked, at=at, files=files.attachments)


def _steps(block: dict[str, Any], notes: Notes) -> Iterator[Step]:
    kind, id, name = block.get("type"), as_string(block.get("id")), as_string(block.get("name"))
    if kind in ("text", "voice_note"):
        text = as_string(block.get("text"))
        yield from [Step("text", text)] if text.strip() else []
    elif kind == "thinking":
        thoughts = words(block.get("thinking")) or words(block.get("summaries"))
        yield from [Step("thoughts", thoughts)] if thoughts else []
    elif kind in ("tool_use", "server_tool_use", "mcp_tool_use"):
        yield Step("call", arguments(block.get("input"), notes), name, id)
    elif isinstance(kind, str) and kind.endswith("tool_result"):
        yield Step("result", _result(block, notes), name, as_string(block.get("tool_use_id")))
    elif kind == "redacted_thinking":
        notes.left_out("thoughts that Claude has encrypted")
    elif kind not in _SILENT:
        notes.left_out("a part of a message that is not text, such as a picture")


def _result(block: dict[str, Any], notes: Notes) -> str:
    content = block.get("content")
    if not isinstance(content, list):
        return words(content)
    found = []
    for part in content:
        text = words(part)
        if isinstance(part, dict) and isinstance(url := part.get("url"), str):
            text = joined(joined(as_string(part.get("title")), url).replace("\n\n", "\n"), text)
        if not text:
            notes.left_out("a part of a tool's result that is not text, such as a picture")
        found.append(text)
    return joined(*found)


def _files(message: dict[str, Any], files: Files, notes: Notes) -> Iterator[str]:
    """Yield the names of files that the export lacks; the text of others goes into `files`."""
    for file in map(as_dict, as_list(message.get("attachments"))):
        name, content = as_string(file.get("file_name")), file.get("extracted_content")
        if isinstance(content, str) and content:
            files.add("text", "text/plain", content.encode("utf-8", "replace"), name)
        else:
            yield named_file(name or "without a name", notes)
    seen = set()
    for file in map(as_dict, [*as_list(message.get("files")), *as_list(message.get("files_v2"))]):
        id = as_string(file.get("file_uuid"))
        if id not in seen:
            yield named_file(as_string(file.get("file_name")) or "without a name", notes)
        seen.add(id) if id else None
