"""Write tools in the formats of other programs, and name what a format cannot hold.

What is lost is found by reading the text back: nothing has to be known about a format for that.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from clarifai_chat.text import counted, listed
from clarifai_chat.tools.formats import differences, gemini, python_export, reading
from clarifai_chat.tools.formats.tool_import import NotTools, code

Kind = Literal["openai", "responses", "anthropic", "gemini", "mcp", "schema", "python", "pydantic"]
Specs = Sequence[dict[str, Any]]
MAX_LOSSES = 6  # named for one tool


@dataclass(frozen=True, slots=True)
class Format:
    """A format to export to."""

    label: str
    filename: str
    write: Callable[[Specs], str]
    note: str = ""

    @property
    def language(self) -> str:
        return "python" if self.filename.endswith(".py") else "json"


@dataclass(frozen=True, slots=True)
class Exported:
    """Tools in a format; `lost` has a sentence for each tool that is not whole in it."""

    text: str
    lost: tuple[str, ...]


def exported(kind: Kind, specs: Specs) -> Exported:
    """Return tools in a format, with what the format cannot hold of them."""
    return _exported(kind, json.dumps(list(specs)))


@lru_cache(maxsize=4)  # a page asks with each of its runs
def _exported(kind: Kind, text: str) -> Exported:
    specs: Specs = json.loads(text)
    write = FORMATS[kind].write
    lost: list[str] = []
    for spec in specs:
        if clauses := _lost(write, spec):
            name = spec["function"].get("name")
            what = f"`{code(name)}`" if isinstance(name, str) and name else "A tool without a name"
            lost.append(f"{what}: {listed(clauses, most=MAX_LOSSES)}.")
    names = Counter(str(spec["function"].get("name")) for spec in specs)
    lost += [
        f"{counted(count, 'tool')} are called `{code(name)}`: only one of them can be used."
        for name, count in names.items()
        if count > 1
    ]
    return Exported(write(specs), tuple(lost))


# --- Writers -------------------------------------------------------------------------------------


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _openai(specs: Specs) -> str:
    return _json(list(specs))


def _responses(specs: Specs) -> str:
    return _json([{**spec["function"], "type": "function"} for spec in specs])


def _anthropic(specs: Specs) -> str:
    return _json([_renamed(spec, "input_schema", "strict") for spec in specs])


def _mcp(specs: Specs) -> str:
    return _json({"tools": [_renamed(spec, "inputSchema") for spec in specs]})


def _renamed(spec: dict[str, Any], key: str, *more: str) -> dict[str, Any]:
    """Return a function with its schema, which must be there, under another key."""
    function = spec["function"]
    made = {name: function[name] for name in ("name", "description") if name in function}
    made[key] = function.get("parameters", {"type": "object", "properties": {}})
    return made | {name: function[name] for name in more if name in function}


def _gemini(specs: Specs) -> str:
    return _json([{"functionDeclarations": [gemini.declaration(s["function"]) for s in specs]}])


def _schema(specs: Specs) -> str:
    made = []
    for spec in specs:
        function = spec["function"]
        parameters = function.get("parameters")
        parameters = parameters if isinstance(parameters, dict) else {}
        named = {"title": function.get("name"), "description": function.get("description")}
        said = {key: value for key, value in named.items() if value is not None}
        made.append({**said, "type": "object", **{k: v for k, v in parameters.items()
                                                  if k not in said}})  # fmt: skip
    return _json(made[0] if len(made) == 1 else made)


FORMATS: dict[Kind, Format] = {
    "openai": Format("OpenAI, chat completions", "tools.json", _openai),
    "responses": Format("OpenAI, Responses API", "tools-responses.json", _responses),
    "anthropic": Format("Anthropic", "tools-anthropic.json", _anthropic),
    "gemini": Format(
        "Gemini",
        "tools-gemini.json",
        _gemini,
        "A schema that Gemini's `parameters` cannot hold is under `parametersJsonSchema`.",
    ),
    "mcp": Format("MCP", "tools-mcp.json", _mcp),
    "schema": Format("JSON Schema alone", "schemas.json", _schema),
    "python": Format("Python functions", "tools.py", python_export.stubs),
    "pydantic": Format("pydantic models", "models.py", python_export.models),
}


def _lost(write: Callable[[Specs], str], spec: dict[str, Any]) -> list[str]:
    """Return a clause for each difference between a tool and what is read back of it."""
    try:
        found = reading.read(write([spec])).tools
    except NotTools:
        return ["it cannot be read back"]
    if len(found) != 1:
        return ["it cannot be read back as one tool"]
    return list(differences.between(spec, found[0].spec))
