"""Read LibreChat's export: a list or a tree of messages, with their parts in newer files."""

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
from clarifai_chat.transfer.imports.openai_messages import settings_of
from clarifai_chat.transfer.imports.parts import named_file, words
from clarifai_chat.transfer.imports.reading import Notes

_NO_MODEL = ("assistant", "chatgpt", "ai")  # senders that do not say which model answered


def is_one(row: dict[str, Any]) -> bool:
    """Return whether it is a conversation of LibreChat."""
    first = next(map(as_dict, as_list(row.get("messages"))), {})
    return "messagesTree" in row or "messageId" in first or "isCreatedByUser" in first


def chat(row: dict[str, Any], notes: Notes, contents: dict[str, bytes], now: float) -> Chat | None:
    found = [
        (message.get("messageId"), parent, _entry(message, notes))
        for message, parent in _unfolded(row.get("messagesTree") or row.get("messages"))
    ]
    options = as_dict(row.get("options"))
    settings = settings_of({**options, "tools": None, "functions": None}, [], notes)
    for name in ("system", "promptPrefix", "instructions"):
        if system := as_string(options.get(name)):
            settings["system"] = system
            break
    times = [entry.at for _, _, entry in found if entry and entry.at is not None]
    about = About(
        title=row.get("title"),
        created_at=row.get("createdAt") or (times[0] if times else None),
        updated_at=row.get("updatedAt") or (times[-1] if times else None),
        model=options.get("model") or row.get("model"),
        settings=settings,
    )
    return message_tree.chat(from_list(found), about, notes, now)


def _unfolded(messages: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    """Yield each message with its parent's id; those inside others follow them."""
    ahead = [(as_dict(message), None) for message in reversed(as_list(messages))]
    while ahead:
        message, outer = ahead.pop()
        yield message, message.get("parentMessageId") if outer is None else outer
        id = message.get("messageId")
        ahead += [(as_dict(each), id) for each in reversed(as_list(message.get("children")))]


def _entry(message: dict[str, Any], notes: Notes) -> Entry | None:
    at = time(message.get("createdAt"))
    text, content = as_string(message.get("text")), as_list(message.get("content"))
    names = [
        named_file(as_string(as_dict(file).get("filename")) or "without a name", notes)
        for name in ("files", "attachments")
        for file in as_list(message.get(name))
    ]
    sender = as_string(message.get("sender"))
    by_user = message.get("isCreatedByUser")
    if by_user is True or (by_user is None and sender.lower() == "user"):
        written = text or joined(*(words(part) for part in content))
        asked = joined(written, *names)
        return Entry("user", asked, at=at) if asked else None
    if message.get("error") is True:
        notes.left_out("an error that a question got instead of an answer")
        return None
    steps = [step for part in content for step in _steps(as_dict(part), notes)] or said(text)
    steps += [Step("text", name) for name in names]
    model = as_string(message.get("model"))
    if not model and sender.lower() not in _NO_MODEL:
        model = sender
    return Entry("assistant", steps=steps, model=model, at=at)


def _steps(part: dict[str, Any], notes: Notes) -> Iterator[Step]:
    kind = part.get("type")
    if kind == "text":
        yield from said(words(part.get("text")))
    elif kind == "think":
        thoughts = words(part.get("think"))
        yield from [Step("thoughts", thoughts)] if thoughts else []
    elif kind == "tool_call":
        yield from _call(as_dict(part.get("tool_call")), notes)
    elif kind == "error":
        notes.left_out("an error that a question got instead of an answer")
    elif kind == "image_file":
        file = as_dict(part.get("image_file"))
        yield Step("text", named_file(as_string(file.get("filename")) or "image", notes))
    elif kind != "agent_update":  # which of several agents goes on
        notes.left_out("a part of a message that is not text")


def _call(call: dict[str, Any], notes: Notes) -> Iterator[Step]:
    """Yield a call in any of three forms, and its result."""
    inner, given = call, call.get("args")
    if isinstance(function := call.get("function"), dict):
        inner, given = function, function.get("arguments")
    elif isinstance(code := call.get("code_interpreter"), dict):
        inner, given = {**code, "name": "code_interpreter"}, {"code": code.get("input")}
    id, name = as_string(call.get("id")), as_string(inner.get("name"))
    yield Step("call", arguments(given, notes), name, id)
    output = words(inner.get("output")) or words(
        [as_dict(each).get("logs") for each in as_list(inner.get("outputs"))]
    )
    if output:
        yield Step("result", output, name, id)
