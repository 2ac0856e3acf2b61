"""Turn what an MCP server answers into text for the model."""

import json
from typing import Any

from clarifai_chat.text import cut, size

MAX_CHARS = 100_000  # of one result, as the model gets it


def text_of(result: dict[str, Any]) -> tuple[str, list[str]]:
    """Return a result of `tools/call` as text, and a sentence for each thing left out.

    Structured content is added unless the text is the same JSON. Pictures and sounds are named.
    """
    notes: list[str] = []
    parts = [_part(each, notes) for each in result.get("content") or ()]
    structured = result.get("structuredContent")
    if structured is not None and not any(_is_same(part, structured) for part in parts):
        parts.append(json.dumps(structured, ensure_ascii=False))
    text = "\n".join(part for part in parts if part)
    if result.get("isError"):
        text = f"Error: {text or 'the tool failed without saying why.'}"
    if len(text) > MAX_CHARS:
        notes.append(f"Only the first {MAX_CHARS:,} of its {len(text):,} characters are sent.")
        text = cut(text, MAX_CHARS)
    return text, notes


def _part(found: dict[str, Any], notes: list[str]) -> str:
    match found:
        case {"type": "text", "text": str(text)}:
            return text
        case {"type": "image" | "audio" as kind, "data": str(data)}:
            what = f"{found.get('mimeType') or kind}, {size(len(data) * 3 // 4)}"
            notes.append(f"Named to the model, and not sent: {what}.")
            return f"[{what}: not sent]"
        case {"type": "resource", "resource": {"text": str(text)}}:
            return text
        case {"type": "resource", "resource": dict(resource)}:
            notes.append(f"Named to the model, and not sent: {resource.get('uri')}.")
            return f"[file {resource.get('uri')}: not sent]"
        case {"type": "resource_link"}:
            return f"[link to {found.get('name')}: {found.get('uri')}]"
    return ""


def _is_same(text: str, value: dict[str, Any]) -> bool:
    try:
        # FastMCP puts what is no object into {"result": …}.
        return json.loads(text) in (value, value.get("result", value))
    except (ValueError, RecursionError):
        return False
