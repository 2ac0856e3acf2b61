"""Convert a request body of Anthropic's Messages API."""

from typing import Any

from clarifai_chat.playground.body_parts import (
    Lost,
    as_dict,
    as_list,
    call,
    data_url,
    dicts,
    image_part,
    named_choice,
    result,
    said,
    schema_format,
    text_part,
)

_MARKS = ("system", "stop_sequences", "thinking", "anthropic_version", "anthropic_beta")
_BLOCKS = ("tool_use", "tool_result", "image", "document", "thinking", "redacted_thinking")
_CHOICES = {"auto": "auto", "any": "required", "none": "none"}
_KNOWN = (
    "model", "messages", "system", "tools", "tool_choice", "max_tokens", "temperature", "top_p",
    "stop_sequences", "stream", "output_format", "output_config",
)  # fmt: skip


def is_one(body: dict[str, Any]) -> bool:
    if not isinstance(body.get("messages"), list):
        return False
    blocks = (
        block for message in dicts(body["messages"]) for block in dicts(message.get("content"))
    )
    return (
        any(name in body for name in _MARKS)
        or any("input_schema" in tool for tool in dicts(body.get("tools")))
        or as_dict(body.get("tool_choice")).get("type") in ("auto", "any", "tool", "none")
        or any(block.get("type") in _BLOCKS for block in blocks)
    )


def converted(body: dict[str, Any], lost: Lost) -> dict[str, Any]:
    lost.keys_of(body, *_KNOWN)
    messages: list[Any] = []
    if system := _system(body.get("system"), lost):
        messages.append({"role": "system", "content": system})
    for message in as_list(body["messages"]):
        messages += _message(message, lost) if isinstance(message, dict) else [message]
    made = {
        "model": body.get("model"),
        "messages": messages,
        "tools": body.get("tools"),
        "max_completion_tokens": body.get("max_tokens"),
        "temperature": body.get("temperature"),
        "top_p": body.get("top_p"),
        "stop": body.get("stop_sequences"),
        "stream": body.get("stream"),
        **_choice(as_dict(body.get("tool_choice"))),
    }
    config = as_dict(body.get("output_config"))
    lost.keys_of(config, "format")
    form = as_dict(body.get("output_format") or config.get("format"))
    if isinstance(form.get("schema"), dict):
        made["response_format"] = schema_format(form["schema"])
    return made


def _choice(choice: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if choice.get("type") == "tool":
        made["tool_choice"] = named_choice(choice.get("name"))
    elif choice.get("type") in _CHOICES:
        made["tool_choice"] = _CHOICES[choice["type"]]
    if isinstance(choice.get("disable_parallel_tool_use"), bool):
        made["parallel_tool_calls"] = not choice["disable_parallel_tool_use"]
    return made


def _system(found: Any, lost: Lost) -> str:
    if isinstance(found, str):
        return found
    blocks = [*dicts(found)]
    _note_cache(blocks, lost)
    return "\n\n".join(str(block["text"]) for block in blocks if "text" in block)


def _message(message: dict[str, Any], lost: Lost) -> list[dict[str, Any]]:
    """Return the messages for one of Anthropic's, whose results of tools are the user's."""
    role, content = str(message.get("role", "")), message.get("content")
    if not isinstance(content, list):
        return [{"role": role, "content": content}]
    results, parts, calls = [], [], []
    _note_cache([*dicts(content)], lost)
    for block in dicts(content):
        kind = block.get("type")
        if kind == "tool_result":
            results.append(result(block.get("tool_use_id"), _result(block, lost)))
        elif kind == "tool_use":
            calls.append(call(block.get("id"), block.get("name"), block.get("input", {})))
        elif part := _part(block, lost):
            parts.append(part)
    return [*results, *([said(role, parts, calls)] if parts or calls else [])]


def _part(block: dict[str, Any], lost: Lost) -> dict[str, Any] | None:
    kind, source = block.get("type"), as_dict(block.get("source"))
    if kind == "text":
        return text_part(block.get("text", ""))
    if kind == "image":
        url = source.get("url") or data_url(source.get("media_type"), source.get("data"))
        if isinstance(url, str) and url:
            return image_part(url)
        lost.add("an image that only Anthropic has")
    elif kind == "document" and source.get("type") == "text":
        return text_part(source.get("data", ""))
    elif kind == "document":
        lost.add(f"the document {block['title']}" if block.get("title") else "a document")
    else:
        lost.add(f"`{kind}`")
    return None


def _result(block: dict[str, Any], lost: Lost) -> Any:
    if block.get("is_error"):
        lost.add("`is_error` of a result")
    content = block.get("content", "")
    if not isinstance(content, list):
        return content
    for inner in dicts(content):
        if inner.get("type") != "text":
            lost.add(f"`{inner.get('type')}` in the result of a tool")
    return "\n\n".join(str(inner["text"]) for inner in dicts(content) if "text" in inner)


def _note_cache(blocks: list[dict[str, Any]], lost: Lost) -> None:
    if any("cache_control" in block for block in blocks):
        lost.add("`cache_control`")
