"""Read the plan of a demo: what is asked, step by step, and what the presenter says.

A plan is YAML, or JSON, which is YAML too. docs/PRESENTING.md describes it.
"""

from collections.abc import Mapping
from typing import Any, TypedDict, cast

from clarifai_chat.catalog import parse_address
from clarifai_chat.messages import ToolSpec
from clarifai_chat.text import size
from clarifai_chat.tools.formats import yaml_text
from clarifai_chat.tools.formats.yaml_text import NotYaml
from clarifai_chat.tools.templates import TEMPLATES

CHOSEN = "chosen"  # a model: the one that the presenter has chosen on the page
MAX_BYTES = 200_000
MAX_STEPS = 30
MAX_MODELS = 4  # side by side
MAX_ASKS, MAX_USD = 200, 100.0  # what a plan may set; a presenter pays
USUAL_ASKS, USUAL_USD = 40, 0.50
MAX_CHARS = 20_000  # of a prompt or of notes
PLAN_FIELDS = {"title", "about", "max_usd", "max_asks", "steps"}
STEP_FIELDS = {"title", "prompt", "model", "recording", "system", "tools", "notes"}


class Step(TypedDict):
    title: str
    prompt: str
    models: list[str]  # addresses, or CHOSEN; [] if there is only a recording, or only notes
    recording: str  # the name of a file; "" without
    system: str
    tools: list[ToolSpec]
    results: dict[str, str]  # tool → the answer to its calls, where no built-in answers them
    notes: str  # for the speaker


class Plan(TypedDict):
    name: str
    title: str
    about: str
    max_usd: float
    max_asks: int
    steps: list[Step]


class BadPlan(ValueError):
    """A plan that cannot be presented. Its text tells its author why."""


def read(data: bytes, name: str) -> Plan:
    """Return the plan in a file. Raises `BadPlan`."""
    if len(data) > MAX_BYTES:
        raise BadPlan(f"it is too large: at most {size(MAX_BYTES)} are read")
    try:
        documents = yaml_text.read(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadPlan("it is not text in UTF-8") from None
    except NotYaml as error:
        raise BadPlan(f"it is not YAML: {error}") from None
    found = documents[0] if len(documents) == 1 else None
    if not isinstance(found, dict):
        raise BadPlan("it has to be one mapping with a title and steps")
    _check_fields(found, PLAN_FIELDS, "")
    rows = found.get("steps")
    if not isinstance(rows, list) or not 0 < len(rows) <= MAX_STEPS:
        raise BadPlan(f"steps has to be a list of 1 to {MAX_STEPS}")
    return {
        "name": name,
        "title": _text(found, "title", "") or name,
        "about": _text(found, "about", ""),
        "max_usd": _number(found, "max_usd", USUAL_USD, MAX_USD),
        "max_asks": int(_number(found, "max_asks", USUAL_ASKS, MAX_ASKS)),
        "steps": [_step(row, f"step {number}: ") for number, row in enumerate(rows, 1)],
    }


def _step(found: Any, where: str) -> Step:
    if not isinstance(found, dict):
        raise BadPlan(f"{where}it has to be a mapping with a title")
    _check_fields(found, STEP_FIELDS, where)
    tools, results = _tools(found.get("tools"), where)
    step: Step = {
        "title": _text(found, "title", where),
        "prompt": _text(found, "prompt", where),
        "models": _models(found, where),
        "recording": _text(found, "recording", where),
        "system": _text(found, "system", where),
        "tools": tools,
        "results": results,
        "notes": _text(found, "notes", where),
    }
    if not step["title"]:
        raise BadPlan(f"{where}title is missing")
    if step["prompt"] and not step["models"] and not step["recording"]:
        step["models"] = [CHOSEN]
    if step["models"] and not step["prompt"]:
        raise BadPlan(f"{where}prompt is missing: a model is named, and nothing is asked")
    if len(step["models"]) > 1 and tools:
        raise BadPlan(f"{where}tools go with one model, not with several")
    return step


def _check_fields(found: Mapping[Any, Any], known: set[str], where: str) -> None:
    for name in found:
        if name not in known:
            raise BadPlan(f"{where}{str(name)[:40]} is not a field: {', '.join(sorted(known))} are")


def _text(found: Mapping[str, Any], name: str, where: str) -> str:
    text = found.get(name)
    if text is None:
        return ""
    if not isinstance(text, str) or len(text) > MAX_CHARS:
        raise BadPlan(f"{where}{name} has to be text of at most {MAX_CHARS:,} characters")
    return text.strip()


def _number(found: Mapping[str, Any], name: str, usual: float, most: float) -> float:
    value = found.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise BadPlan(f"{name} has to be a number from 0 to {most:g}")
    return float(value)


def _models(found: Mapping[str, Any], where: str) -> list[str]:
    asked = found.get("model")
    named = asked if isinstance(asked, list) else [] if asked is None else [asked]
    if len(named) > MAX_MODELS:
        raise BadPlan(f"{where}model has to be one model, or a list of 2 to {MAX_MODELS}")
    urls = [each if each == CHOSEN else _address(each) for each in named]
    if None in urls:
        raise BadPlan(f"{where}model has to be {CHOSEN}, demo or an address from the Models page")
    return cast(list[str], urls)


def _address(named: Any) -> str | None:
    return parse_address(named) if isinstance(named, str) else None


def _tools(asked: Any, where: str) -> tuple[list[ToolSpec], dict[str, str]]:
    if asked is None:
        return [], {}
    if isinstance(asked, str):
        template = next((each for each in TEMPLATES if each.id == asked), None)
        if template is None:
            known = ", ".join(each.id for each in TEMPLATES)
            raise BadPlan(f"{where}tools has to be a list of tools, or one of {known}")
        return [*template.tools], dict(template.results)
    tools = asked if isinstance(asked, list) else []
    are_tools = all(isinstance(t, dict) and isinstance(t.get("function"), dict) for t in tools)
    if not tools or not are_tools:
        raise BadPlan(f"{where}tools has to be a list of tools as OpenAI's API has them")
    return [cast(ToolSpec, {**tool, "type": "function"}) for tool in tools], {}
