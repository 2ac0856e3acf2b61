"""Read cases: a prompt, the tools, how they answer, and what the model should do."""

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import cache
from typing import Any, Literal, NotRequired, TypedDict, cast

from clarifai_chat import json_text
from clarifai_chat.chat.turn import ModelRef
from clarifai_chat.config import ROOT
from clarifai_chat.evidence import bfcl, from_promptfoo
from clarifai_chat.evidence.rule_check import check_rule
from clarifai_chat.evidence.rules import BadRule
from clarifai_chat.messages import Sendable, ToolSpec
from clarifai_chat.playground import runs
from clarifai_chat.playground.runs import MAX_STEPS, Run, RunSettings
from clarifai_chat.text import counted
from clarifai_chat.tools.builtins import suggested
from clarifai_chat.tools.mocks import Mock, mock_of
from clarifai_chat.tools.templates import TEMPLATES

SHIPPED = ROOT / "clarifai_chat" / "data" / "cases.json"
KIND = "clarifai-chat-cases"
MAX_CASES = 200
MAX_CHARS = 2_000_000  # of a file
MAX_ID_CHARS = 80


class ExpectedCall(TypedDict):
    tool: str
    arguments: dict[str, Any]  # name → a value or a rule


class Expect(TypedDict):
    """What the model should do. Either `calls` or `asks` is there."""

    calls: NotRequired[list[ExpectedCall]]  # all of them; [] is "answer without a call"
    order: NotRequired[Literal["any", "given"]]
    asks: NotRequired[list[str]]  # ask for what is missing, with one of these words in it
    says: NotRequired[list[str]]  # all of these are in the last answer
    never: NotRequired[list[str]]  # none of these is in any answer


class Case(TypedDict):
    id: str
    topic: str
    prompt: str
    expect: Expect
    about: str  # why only one answer is right
    system: NotRequired[str]
    messages: NotRequired[list[Sendable]]  # before the prompt
    template: NotRequired[str]  # id of the shipped tools that the case is for
    tools: NotRequired[list[ToolSpec]]  # or its own tools
    mocks: NotRequired[dict[str, Mock]]  # tool → how its calls are answered
    steps: NotRequired[int]  # requests at most; 1 judges the first reply alone


class BadCases(ValueError):
    """A file of cases that cannot be read. Its text is a sentence for the reader."""


@cache
def shipped() -> tuple[Case, ...]:
    """Return the cases that come with the app."""
    return tuple(read(SHIPPED.read_text("utf-8")))


def read(text: str) -> list[Case]:
    """Return the cases in a file: ours, BFCL's entries, or promptfoo's tests. Raises `BadCases`."""
    if len(text) > MAX_CHARS:
        raise BadCases(f"The file is too large: at most {MAX_CHARS:,} characters can be read.")
    try:
        if (found := from_promptfoo.cases_of(text)) is None:
            found = json_text.read(text)
    except from_promptfoo.NotRead as why:
        raise BadCases(str(why)) from None
    except (ValueError, RecursionError) as why:
        raise BadCases(f"The file is not JSON, nor tests of promptfoo: {why}.") from None
    found = found.get("cases") if isinstance(found, dict) else found
    if not isinstance(found, list) or not found:
        raise BadCases("The file has no list of cases.")
    if len(found) > MAX_CASES:
        raise BadCases(f"The file has {len(found)} cases; at most {MAX_CASES} can be read.")
    cases = [_case(_as_ours(each, number), number) for number, each in enumerate(found, 1)]
    ids = [case["id"] for case in cases]
    if twice := next((id for id in ids if ids.count(id) > 1), ""):
        raise BadCases(f"Two cases have the id {twice}.")
    return cases


def to_json(cases: Sequence[Case]) -> str:
    """Return cases as the text of a file."""
    return json.dumps({"kind": KIND, "cases": list(cases)}, ensure_ascii=False, indent=2)


def tools_of(case: Case) -> list[ToolSpec]:
    """Return the tools that a case brings: its own, or those of its template."""
    if "tools" in case:
        return deepcopy(case["tools"])
    named = next((t for t in TEMPLATES if t.id == case.get("template")), None)
    return [deepcopy(tool) for tool in named.tools] if named else []


def missing_tool(case: Case, tools: Sequence[ToolSpec]) -> str:
    """Return the first tool that the case expects and `tools` lacks; "" if it can be asked."""
    names = {tool["function"]["name"] for tool in tools}
    wanted = [call["tool"] for call in case["expect"].get("calls", [])]
    return next((name for name in wanted if name not in names), "")


def with_mocks(case: Case, mocks: Mapping[str, Mock]) -> Case:
    """Return a case whose tools are answered by these mocks where it has none of its own."""
    return {**case, "mocks": {**mocks, **case.get("mocks", {})}} if mocks else case


def run_of(
    case: Case, model: ModelRef, tools: Sequence[ToolSpec], settings: RunSettings | None = None
) -> Run:
    """Return a run that asks the case once; `settings` are those that cases share."""
    asked = deepcopy(settings) if settings else runs.default_settings()
    steps = case.get("steps", 1)
    asked |= {"answers": "automatic" if steps > 1 else "by hand", "max_steps": steps}
    if system := case.get("system", ""):
        asked["system"] = f"{system}\n\n{asked['system']}".strip()
    asked["messages"] = [*case.get("messages", [])]
    mocks = case.get("mocks", {})
    names = {tool["function"]["name"]: tool for tool in tools}
    answerers = {n: runs.MOCKED if n in mocks else suggested(t) for n, t in names.items()}
    answerers = {name: by for name, by in answerers.items() if by}
    run = runs.new_run(case["prompt"], model, tools, asked, answerers, {})
    run["mocks"] = {name: mock for name, mock in mocks.items() if name in names}
    return run


# --- Reading -------------------------------------------------------------------------------------


def _as_ours(found: Any, number: int) -> Any:
    """Return an entry of BFCL in the shape of a case, and anything else as it is."""
    if not bfcl.is_entry(found):
        return found
    try:
        return bfcl.case_of(found)
    except (TypeError, ValueError, AttributeError, KeyError):
        raise BadCases(f"Case {number} is not a BFCL entry that can be read.") from None


def _case(found: Any, number: int) -> Case:
    label = f"Case {number}"
    if not isinstance(found, dict):
        raise BadCases(f"{label} is not an object.")
    id = found.get("id")
    if not isinstance(id, str) or not id.strip() or len(id) > MAX_ID_CHARS:
        raise BadCases(f"{label} has no id: a text of at most {MAX_ID_CHARS} characters.")
    label = f"Case {id}"
    if unknown := sorted(found.keys() - Case.__annotations__.keys()):
        raise BadCases(f"{label} has an unknown field: {unknown[0]}.")
    case: Case = {
        "id": id,
        "topic": _text(found, "topic", label) or "other",
        "prompt": _text(found, "prompt", label),
        "expect": _expect(found.get("expect"), label),
        "about": _text(found, "about", label),
    }
    if system := _text(found, "system", label):
        case["system"] = system
    messages = _list(found, "messages", label)
    if messages:
        case["messages"] = cast(list[Sendable], messages)
    if not case["prompt"] and not messages:
        raise BadCases(f"{label} has neither a prompt nor messages.")
    if template := _text(found, "template", label):
        if template not in {each.id for each in TEMPLATES}:
            raise BadCases(f"{label}: there is no template {template}.")
        case["template"] = template
    if tools := _list(found, "tools", label):
        if not all(_is_tool(tool) for tool in tools):
            raise BadCases(f"{label}: a tool needs a function with a name.")
        case["tools"] = cast(list[ToolSpec], [{**tool, "type": "function"} for tool in tools])
    _take_run(case, found, label)
    if tools_of(case) and (lacks := missing_tool(case, tools_of(case))):
        raise BadCases(f"{label} expects a call of {lacks}, which is not among its tools.")
    return case


def _take_run(case: Case, found: dict[str, Any], label: str) -> None:
    steps = found.get("steps", 1)
    if type(steps) is not int or not 1 <= steps <= MAX_STEPS:
        raise BadCases(f"{label}: steps is a number from 1 to {MAX_STEPS}.")
    if steps > 1:
        case["steps"] = steps
    mocks = found.get("mocks", {})
    if not isinstance(mocks, dict):
        raise BadCases(f"{label}: mocks is an object of tools and their answers.")
    try:
        if mocks:
            case["mocks"] = {str(name): mock_of(mock) for name, mock in mocks.items()}
    except ValueError as why:
        raise BadCases(f"{label}: {why}.") from None


def _expect(found: Any, label: str) -> Expect:
    if not isinstance(found, dict) or ("calls" in found) == ("asks" in found):
        raise BadCases(f"{label}: expect has either calls or asks.")
    if unknown := sorted(found.keys() - Expect.__annotations__.keys()):
        raise BadCases(f"{label}: expect has an unknown field: {unknown[0]}.")
    made: Expect = {}
    if "calls" in found:
        calls = [_call(call, label) for call in _list(found, "calls", label)]
        made["calls"] = calls
        if found.get("order", "any") not in ("any", "given"):
            raise BadCases(f"{label}: order is any or given.")
        if found.get("order") == "given":
            made["order"] = "given"
    for name in ("asks", "says", "never"):
        if name in found:
            texts = _list(found, name, label)
            if not all(isinstance(text, str) and text for text in texts):
                raise BadCases(f"{label}: {name} is a list of texts.")
            made[name] = texts
    return made


def _call(found: Any, label: str) -> ExpectedCall:
    if not isinstance(found, dict) or not isinstance(found.get("tool"), str):
        raise BadCases(f"{label}: an expected call has a tool and arguments.")
    arguments = found.get("arguments", {})
    if not isinstance(arguments, dict):
        raise BadCases(f"{label}: the arguments of a call are an object.")
    try:
        check_rule(arguments)
    except BadRule as why:
        raise BadCases(f"{label}, {found['tool']}: {why}") from None
    return {"tool": found["tool"], "arguments": arguments}


def _text(found: dict[str, Any], name: str, label: str) -> str:
    value = found.get(name, "")
    if not isinstance(value, str):
        raise BadCases(f"{label}: {name} is not a text.")
    return value


def _list(found: dict[str, Any], name: str, label: str) -> list[Any]:
    value = found.get(name, [])
    if not isinstance(value, list):
        raise BadCases(f"{label}: {name} is not a list.")
    return value


def _is_tool(tool: Any) -> bool:
    function = tool.get("function") if isinstance(tool, dict) else None
    return isinstance(function, dict) and isinstance(function.get("name"), str)


def summary(case: Case) -> str:
    """Return in a few words what the case expects: "get_weather", "no call", "asks back"."""
    if "asks" in case["expect"]:
        return "asks back"
    calls = [call["tool"] for call in case["expect"].get("calls", [])]
    if not calls:
        return "no call"
    return calls[0] if len(calls) == 1 else f"{counted(len(calls), 'call')}: {', '.join(calls)}"
