"""Convert a request body of OpenAI's Responses API."""

from typing import Any

from clarifai_chat.playground.body_parts import (
    Lost,
    as_dict,
    call,
    content_of,
    image_part,
    named_choice,
    result,
    schema_format,
    text_part,
    words_of,
)

_SAME = ("temperature", "top_p", "stream", "parallel_tool_calls", "seed", "stop")
_KNOWN = (
    "model", "input", "instructions", "tools", "tool_choice", "max_output_tokens", "reasoning",
    "text", "store", *_SAME,
)  # fmt: skip


def is_one(body: dict[str, Any]) -> bool:
    return isinstance(body.get("input"), list | str) and "messages" not in body and "name" not in (
        body
    )  # fmt: skip


def converted(body: dict[str, Any], lost: Lost) -> dict[str, Any]:
    lost.keys_of(body, *_KNOWN)
    reasoning, text = as_dict(body.get("reasoning")), as_dict(body.get("text"))
    lost.keys_of(reasoning, "effort")
    lost.keys_of(text, "format")
    choice = body.get("tool_choice")
    if isinstance(choice, dict):
        is_function = choice.get("type") == "function"
        if not is_function:
            lost.add("`tool_choice`")
        choice = named_choice(choice.get("name")) if is_function else None
    return {
        "model": body.get("model"),
        "messages": _messages(body, lost),
        "tools": body.get("tools"),
        "tool_choice": choice,
        "max_completion_tokens": body.get("max_output_tokens"),
        "reasoning_effort": reasoning.get("effort"),
        "response_format": _format(as_dict(text.get("format"))),
        **{name: body.get(name) for name in _SAME},
    }


def _format(form: dict[str, Any]) -> Any:
    if form.get("type") == "json_schema":
        return schema_format(form.get("schema"), form.get("name"), form.get("strict"))
    return {"type": form["type"]} if form.get("type") == "json_object" else None


def _messages(body: dict[str, Any], lost: Lost) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    if isinstance(body.get("instructions"), str) and body["instructions"]:
        made.append({"role": "system", "content": body["instructions"]})
    given = body["input"]
    if isinstance(given, str):
        return [*made, {"role": "user", "content": given}]
    for item in given:
        _add(made, as_dict(item), lost)
    return made


def _add(made: list[dict[str, Any]], item: dict[str, Any], lost: Lost) -> None:
    """Add an item; the calls of one answer are items of their own here, and one message there."""
    kind = item.get("type", "message" if "role" in item else None)
    if kind == "function_call":
        one = call(item.get("call_id"), item.get("name"), item.get("arguments", "{}"))
        if made and made[-1]["role"] == "assistant":
            made[-1].setdefault("tool_calls", []).append(one)
        else:
            made.append({"role": "assistant", "content": None, "tool_calls": [one]})
    elif kind == "function_call_output":
        output = item.get("output", "")
        if isinstance(output, list):
            output = words_of(_parts(output, lost)) or ""
        made.append(result(item.get("call_id"), output))
    elif kind == "message":
        role, content = str(item.get("role", "user")), item.get("content")
        if isinstance(content, list):
            parts = _parts(content, lost)
            content = words_of(parts) if role == "assistant" else content_of(parts)
        made.append({"role": role, "content": content})
    else:
        lost.add(f"`{kind}`")


def _parts(content: list[Any], lost: Lost) -> list[dict[str, Any]]:
    parts = []
    for found in content:
        part = as_dict(found)
        kind, url = part.get("type"), part.get("image_url")
        if kind in ("input_text", "output_text", "text"):
            parts.append(text_part(part.get("text", "")))
        elif kind == "input_image" and isinstance(url, str):
            parts.append(image_part(url))
        else:
            name = part.get("filename") or part.get("file_id")
            lost.add(f"`{kind}`{f' ({name})' if isinstance(name, str) else ''}")
    return parts
