"""Answer with the results of the tools that the Demo model called."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from clarifai_chat.demo.shapes import Json, text_of
from clarifai_chat.text import listed


def about_results(messages: Sequence[Json]) -> str:
    """Return a sentence for each tool result at the end of the conversation."""
    names = {
        call.get("id"): call.get("function", {}).get("name")
        for message in messages
        for call in message.get("tool_calls") or ()
    }
    results: list[Json] = []
    for message in reversed(messages):
        if message.get("role") != "tool":
            break
        results.insert(0, message)
    said = [_sentence(names.get(m.get("tool_call_id")) or "tool", text_of(m)) for m in results]
    answer = said[0] if len(said) == 1 else "\n".join(f"- {sentence}" for sentence in said)
    return f"{answer}\n\n*The result is the tool's own; only the words around it are scripted.*\n"


def _sentence(name: str, result: str) -> str:
    try:
        value = json.loads(result)
    except ValueError:
        value = result
    if isinstance(value, Mapping) and value.get("error"):
        return f"`{name}` could not do it: {_in_words(value['error']).removesuffix('.')}."
    told = _in_words(value).strip() or "nothing"
    return f"According to `{name}`: {told}{'' if told.endswith(('.', '!', '?')) else '.'}"


def _in_words(value: Any) -> str:
    if isinstance(value, Mapping):
        return listed([_named(str(key).replace("_", " "), part) for key, part in value.items()])
    if isinstance(value, list):
        return listed([_in_words(item) for item in value])
    if value is None or isinstance(value, bool):
        return {None: "not known", True: "yes", False: "no"}[value]
    return str(value)


def _named(name: str, value: Any) -> str:
    told = _in_words(value)
    return f"{name} ({told})" if isinstance(value, Mapping) else f"{name} is {told}"
