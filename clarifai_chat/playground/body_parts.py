"""Read what the request bodies of other APIs have in common: parts, calls, images."""

import json
from collections.abc import Iterator
from typing import Any


class Lost(dict[str, None]):
    """What cannot be carried over, each once, in order."""

    def add(self, what: str) -> None:
        self[what] = None

    def keys_of(self, found: dict[str, Any], *known: str) -> None:
        """Add the keys of an object that are set and not among the known ones."""
        for name, value in found.items():
            if name not in known and value is not None:
                self.add(f"`{name}`")


def as_list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


def as_dict(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}


def dicts(found: Any) -> Iterator[dict[str, Any]]:
    return (each for each in as_list(found) if isinstance(each, dict))


def text_part(text: Any) -> dict[str, Any]:
    return {"type": "text", "text": str(text)}


def image_part(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def data_url(mime: Any, data: Any) -> str:
    """Return a picture as a URL; "" if it is not one."""
    is_image = isinstance(mime, str) and mime.startswith("image/") and isinstance(data, str)
    return f"data:{mime};base64,{data}" if is_image else ""


def content_of(parts: list[dict[str, Any]]) -> Any:
    """Return a message's content: its text if that is all, else its parts."""
    if len(parts) == 1 and parts[0]["type"] == "text":
        return parts[0]["text"]
    return parts


def words_of(parts: list[dict[str, Any]]) -> str | None:
    """Return the texts of an assistant's message together; None if there are none."""
    return "\n\n".join(part["text"] for part in parts if part["type"] == "text") or None


def call(id: Any, name: Any, arguments: Any) -> dict[str, Any]:
    """Return a call; arguments that are not text yet are written as JSON."""
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return {
        "id": str(id or ""),
        "type": "function",
        "function": {"name": str(name or ""), "arguments": text},
    }


def said(role: str, parts: list[dict[str, Any]], calls: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a message of the user or the assistant."""
    if role != "assistant":
        return {"role": role, "content": content_of(parts)}
    more = {"tool_calls": calls} if calls else {}
    return {"role": role, "content": words_of(parts), **more}


def result(id: Any, content: Any) -> dict[str, Any]:
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    return {"role": "tool", "tool_call_id": str(id or ""), "content": text}


def named_choice(name: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": str(name)}}


def schema_format(schema: Any, name: Any = None, strict: Any = None) -> dict[str, Any]:
    """Return OpenAI's `response_format` for a schema."""
    inner: dict[str, Any] = {"name": str(name or "answer"), "schema": schema}
    if isinstance(strict, bool):
        inner["strict"] = strict
    return {"type": "json_schema", "json_schema": inner}
