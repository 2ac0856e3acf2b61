"""Choose which of the offered tools the Demo model calls.

The choice is real: by the words of the question, not by name. `arguments` reads the arguments, and
`results` puts the answer into words.
"""

import json
import re
from collections.abc import Sequence

from clarifai_chat.demo.arguments import PLACE_WORDS, Reader, resolved, schema_of
from clarifai_chat.demo.reading import expression, listed, places, words_of
from clarifai_chat.demo.shapes import Json

_NAME_WORTH, _ENUM_WORTH, _WORD_WORTH, _ENOUGH = 3, 2, 1, 2

# Words with the same meaning, so that "Will it rain?" finds `get_weather`.
_SAME = {
    "weather": "rain sun sunny snow wind windy cloudy forecast temperature cold warm hot umbrella",
    "time": "clock oclock hour timezone date today",
    "calculate": "calculator calc math arithmetic sum plus minus multiply divide expression",
    "search": "find look lookup google browse query",
    "convert": "exchange conversion currency dollar euro",
}
_MEANING = {word: meaning for meaning, words in _SAME.items() for word in words.split()}
_EMPTY_WORDS = listed("""
    a an and any are as at be by can do does for from get give given has have how i in into is
    it its me my of on or please return returns set string tell that the this to use used what
    when where which who will with you your current value text name some all about show write
""")
# Where one question ends and the next begins.
_CLAUSES = r"\band\b|;|,(?= (?:what|how|when|where|which|who|convert|find|tell)\b)"


def offered(body: Json) -> list[Json]:
    """Return the functions that the request offers and that have names."""
    tools = [t.get("function") for t in body.get("tools") or () if isinstance(t, dict)]
    return [tool for tool in tools if isinstance(tool, dict) and tool.get("name")]


def named(tools: Sequence[Json], choice: object) -> Json:
    """Return the tool that `tool_choice` names, or the first one."""
    function = choice.get("function") if isinstance(choice, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    return next((tool for tool in tools if tool["name"] == name), tools[0])


def choose_calls(prompt: str, body: Json) -> tuple[tuple[str, str], ...]:
    """Return the calls of the offered tools to make for `prompt`; () to answer in words."""
    tools = offered(body)
    choice = body.get("tool_choice") or "auto"
    if not tools or choice == "none":
        return ()
    if isinstance(choice, dict):
        return _calls(named(tools, choice), prompt, body)
    clauses = re.split(_CLAUSES, prompt)
    found = [(clause, tool) for clause in clauses if (tool := _best(clause, tools, _ENOUGH))]
    if len({tool["name"] for _, tool in found}) > 1 and body.get("parallel_tool_calls", True):
        return tuple((tool["name"], arguments(tool, clause, prompt)) for clause, tool in found)
    best = _best(prompt, tools, 0 if choice == "required" else _ENOUGH)
    return _calls(best, prompt, body) if best else ()


def arguments(tool: Json, prompt: str, whole: str = "", place: str = "") -> str:
    """Return arguments for `tool` as JSON text; `prompt` is part of the question `whole`."""
    return json.dumps(Reader(prompt, whole or prompt, place).read(tool), ensure_ascii=False)


def _calls(tool: Json, prompt: str, body: Json) -> tuple[tuple[str, str], ...]:
    """Return one call, or one for each place in "Paris and Tokyo" if the tool takes one place."""
    schema = schema_of(tool)
    properties = schema.get("properties") or {}
    for_a_place = any(_is_one_place(n, resolved(s, schema)) for n, s in properties.items())
    found = places(prompt) if for_a_place else []
    if len(found) > 1 and body.get("parallel_tool_calls", True):
        # Each call reads the question with its own place only, so it cannot take another's.
        return tuple((tool["name"], arguments(tool, f"{prompt} in {p}", "", p)) for p in found)
    return ((tool["name"], arguments(tool, prompt, "", found[0] if found else "")),)


def _is_one_place(name: str, schema: Json) -> bool:
    is_text = schema.get("type", "string") == "string" and "properties" not in schema
    return is_text and bool(PLACE_WORDS & set(words_of(name)))


def _meanings(text: str) -> set[str]:
    stems = (re.sub(r"(?<=\w{3})(ing|ed|s)$", "", word) for word in words_of(text))
    return {_MEANING.get(stem, stem) for stem in stems if stem not in _EMPTY_WORDS}


def _best(prompt: str, tools: Sequence[Json], enough: int) -> Json | None:
    worth = {tool["name"]: _worth(tool, prompt) for tool in tools}
    best = max(tools, key=lambda tool: worth[tool["name"]])
    return best if worth[best["name"]] >= enough else None


def _worth(tool: Json, prompt: str) -> int:
    asked, name = _meanings(prompt), _meanings(str(tool["name"]))
    if expression(prompt):
        asked.add("calculate")
    properties = schema_of(tool).get("properties") or {}
    told = " ".join((str(tool.get("description", "")), *properties))
    enums = {
        str(v).lower()
        for s in properties.values()
        if isinstance(s, dict)
        for v in s.get("enum", ())
    }
    return (
        _NAME_WORTH * len(asked & name)
        + _WORD_WORTH * len(asked & (_meanings(told) - name))
        + _ENUM_WORTH * len(enums & set(words_of(prompt)))
    )
