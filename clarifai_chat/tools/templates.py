"""Tools to start from: each template has one or more, with a prompt and sample results."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from clarifai_chat.config import ROOT
from clarifai_chat.messages import ToolSpec

SHIPPED = ROOT / "clarifai_chat" / "data" / "tools.json"


@dataclass(frozen=True, slots=True)
class Template:
    """One template. `prompt` makes a model call the tools; `results` is JSON text by tool name."""

    id: str
    title: str
    what: str
    tools: tuple[ToolSpec, ...]
    prompt: str
    system: str = ""
    results: Mapping[str, str] = field(default_factory=dict)


def text_of(template: Template) -> str:
    """Return the template's tools as text to edit: a JSON list, indented by two spaces."""
    return json.dumps(list(template.tools), indent=2, ensure_ascii=False)


def _template(entry: dict[str, Any]) -> Template:
    results = {n: json.dumps(r, ensure_ascii=False) for n, r in entry["results"].items()}
    return Template(**{**entry, "tools": tuple(entry["tools"]), "results": results})


def _shipped() -> tuple[Template, ...]:
    return tuple(_template(entry) for entry in json.loads(SHIPPED.read_text("utf-8")))


TEMPLATES: tuple[Template, ...] = _shipped()
