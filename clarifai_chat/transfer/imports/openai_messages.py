"""Read OpenAI-style messages: a list, the body of a request, or a line of training data."""

import uuid
from typing import Any, cast

from clarifai_chat.chat.chats import Chat, auto_title, new_chat
from clarifai_chat.chat.settings import ANY_JSON, ChatSettings
from clarifai_chat.chat.turn import Turn
from clarifai_chat.messages import Message
from clarifai_chat.playground import chat_tools
from clarifai_chat.transfer.imports.ours import checked
from clarifai_chat.transfer.imports.parts import (
    NO_QUESTION,
    Files,
    as_text,
    calls,
    finish_turn,
    text,
    thoughts,
    turn,
)
from clarifai_chat.transfer.imports.reading import Notes


def chat(body: dict[str, Any], notes: Notes, contents: dict[str, bytes], now: float) -> Chat | None:
    messages = body.get("messages")
    if not isinstance(messages, list):
        return None
    systems: list[str] = []
    turns: list[Turn] = []
    for message in messages:
        role = message.get("role") if isinstance(message, dict) else None
        if role in ("system", "developer"):
            systems.append(text(message.get("content"), notes))
            if turns:
                notes.left_out("the place of a system message; its words are in the system prompt")
        elif role == "user":
            _ask(turns, message, body.get("model"), notes, contents)
        elif role in ("assistant", "tool", "function"):
            if not turns:
                turns.append(turn(NO_QUESTION, body.get("model"), None))
            turns[-1]["replies"].append(_reply(turns[-1], message, notes))
        else:
            notes.left_out("a message without a known role")
    made = new_chat()
    for each in turns:
        each["parent"], made["leaf"] = made["leaf"], each["id"]
        made["turns"].append(finish_turn(each, now))
    made["title"] = auto_title(turns[0]["prompt"]) if turns else ""
    made["settings"] = settings_of(body, systems, notes)
    if offered := made["settings"].get("tools"):
        for each in turns:
            each["tools"] = chat_tools.used(offered)
    made["model"] = turns[-1]["model"]["url"] if turns else ""
    made["created_at"] = made["updated_at"] = now
    return checked(made, notes) if turns or systems else None


def _ask(
    turns: list[Turn], message: dict[str, Any], model: Any, notes: Notes, contents: dict[str, bytes]
) -> None:
    files = Files(contents)
    prompt = text(message.get("content"), notes, files)
    if turns and not turns[-1]["replies"]:  # joined: unanswered questions are not sent
        turns[-1]["prompt"] += f"\n\n{prompt}"
        if files.attachments:
            turns[-1].setdefault("attachments", []).extend(files.attachments)
    else:
        turns.append(turn(prompt, model, None, files))


def _reply(asked: Turn, message: dict[str, Any], notes: Notes) -> Message:
    content = text(message.get("content"), notes)
    if message["role"] == "assistant":
        reply: Message = {"role": "assistant", "content": content}
        if isinstance(refusal := message.get("refusal"), str) and not content:
            reply["content"] = refusal
        if thought := thoughts(message):
            reply["reasoning_content"] = thought
        if made := calls(message, notes):
            reply["tool_calls"] = made
        return reply
    id = message.get("tool_call_id")
    if not isinstance(id, str):  # the API's older form answers the last call by name
        before = [call["id"] for m in asked["replies"] for call in m.get("tool_calls", [])]
        id = before[-1] if before else uuid.uuid4().hex
    return {"role": "tool", "tool_call_id": id, "content": content}


def settings_of(body: dict[str, Any], systems: list[str], notes: Notes) -> ChatSettings:
    """Return the settings in the body of a request."""
    names = [name for name in ChatSettings.__optional_keys__ if name in body]
    settings = {
        name: body[name] for name in names if name not in ("system", "json_schema", "tools")
    }
    if "max_completion_tokens" in body:
        settings["max_tokens"] = body["max_completion_tokens"]
    if isinstance(body.get("stop"), str):
        settings["stop"] = [body["stop"]]
    settings = {name: value for name, value in settings.items() if value is not None}
    if system := "\n\n".join(filter(None, systems)):
        settings["system"] = system
    schema = body.get("response_format")
    if isinstance(schema, dict) and schema.get("type") == "json_object":
        settings["json_schema"] = ANY_JSON
    for name in ("json_schema", "schema"):
        schema = schema.get(name) if isinstance(schema, dict) else None
    if isinstance(schema, dict):
        settings["json_schema"] = as_text(schema, notes)
    if isinstance(body.get("tools"), list) and (offered := chat_tools.of_request(body["tools"])):
        settings["tools"] = offered
    elif body.get("tools") or body.get("functions"):
        notes.left_out("the tools of a request, which are in another form than this API's")
    return cast(ChatSettings, settings)
