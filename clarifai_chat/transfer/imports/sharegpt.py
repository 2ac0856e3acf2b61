"""Read ShareGPT's form of conversations, in which much training data is published."""

from collections.abc import Iterator
from typing import Any

from clarifai_chat import json_text
from clarifai_chat.chat.chats import Chat
from clarifai_chat.transfer.imports import message_tree, openai_messages
from clarifai_chat.transfer.imports.entries import (
    Entry,
    Step,
    arguments,
    as_dict,
    as_list,
    as_string,
    said,
)
from clarifai_chat.transfer.imports.message_tree import About, in_a_line
from clarifai_chat.transfer.imports.openai_messages import settings_of
from clarifai_chat.transfer.imports.reading import Notes

_USERS = ("human", "user")
_MODELS = ("gpt", "assistant", "chatgpt", "bot", "bing", "bard", "model")
_RESULTS = ("observation", "tool", "tool_response", "function_response")


def rows_of(row: dict[str, Any]) -> list[Any]:
    """Return the messages of a conversation in this form; [] if it is another."""
    for name in ("conversations", "conversation", "items"):
        rows = as_list(row.get(name))
        if rows and isinstance(rows[0], dict) and ("from" in rows[0] or "role" in rows[0]):
            return rows
    return []


def chat(row: dict[str, Any], notes: Notes, contents: dict[str, bytes], now: float) -> Chat | None:
    rows = rows_of(row)
    if "role" in rows[0]:
        if row.get("system"):
            rows = [{"role": "system", "content": row["system"]}, *rows]
        return openai_messages.chat({**row, "messages": rows}, notes, contents, now)
    system = as_string(row.get("system")) or as_string(row.get("system_prompt"))
    about = About(
        title=row.get("title"),
        created_at=row.get("created_at"),
        model=row.get("model"),
        settings=settings_of({"tools": row.get("tools")}, [system], notes),
    )
    entries = (_entry(as_dict(each), notes) for each in rows)
    return message_tree.chat(in_a_line(entries), about, notes, now)


def _entry(message: dict[str, Any], notes: Notes) -> Entry | None:
    sender = as_string(message.get("from")).lower()
    text = as_string(message.get("value")) or as_string(message.get("text"))
    if sender == "system":
        return Entry("system", text)
    if sender in _USERS:
        return Entry("user", text)
    if sender in _MODELS:
        return Entry("assistant", steps=said(text))
    if sender in _RESULTS:
        return Entry("assistant", steps=[Step("result", text)])
    if sender in ("function_call", "tool_call"):
        return Entry("assistant", steps=list(_calls(text, notes)))
    notes.left_out("a message without a known role")
    return None


def _calls(text: str, notes: Notes) -> Iterator[Step]:
    try:
        found = json_text.read(text)
    except (ValueError, RecursionError):
        found = None
    for call in found if isinstance(found, list) else [found]:
        if isinstance(call, dict) and isinstance(call.get("name"), str):
            yield Step("call", arguments(call.get("arguments"), notes), call["name"])
        else:
            notes.left_out("an invalid tool call")
