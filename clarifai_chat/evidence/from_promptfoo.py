"""Read tests of tool calls as promptfoo's configurations have them, as cases.

Expectations are read from the assertions that name a tool or an argument. Source: promptfoo's
config-schema.json and its example openai-tools-call.
"""

import json
import re
from typing import Any

from clarifai_chat import json_text
from clarifai_chat.tools.formats import yaml_text

_VALUE = r"""(?P<value>'[^']*'|"[^"]*"|-?\d+(?:\.\d+)?|true|false|null)"""
_NAME = re.compile(rf"output\[0\]\.function\.name\s*={{2,3}}\s*{_VALUE};?")
_ARGUMENT = re.compile(
    r"JSON\.parse\(output\[0\]\.function\.arguments\)\.(?P<name>\w+)\s*={2,3}\s*" + _VALUE + ";?"
)
_TRANSFORM = "output[0].function.name"
_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


class NotRead(ValueError):
    """A configuration that cannot be read as cases. Its text is a sentence for the reader."""


def cases_of(text: str) -> list[dict[str, Any]] | None:
    """Return the tests of a configuration in the shape of cases; None for any other.

    Raises `NotRead`, which names the first test that says nothing of calls.
    """
    if "tests" not in text:  # all that YAML reads, JSON included, takes longer than JSON
        return None
    try:
        documents = yaml_text.read(text)
    except (yaml_text.NotYaml, RecursionError):
        return None
    whole = documents[0] if len(documents) == 1 else None
    if not isinstance(whole, dict) or not isinstance(whole.get("tests"), list):
        return None
    tests = [each if isinstance(each, dict) else {} for each in whole["tests"]]
    return [_case(whole, test, number) for number, test in enumerate(tests, 1)]


def _case(whole: dict[str, Any], test: dict[str, Any], number: int) -> dict[str, Any]:
    variables, options = _object(test.get("vars")), _object(test.get("options"))
    tools = options.get("tools") or _provider(whole).get("tools") or []
    if not isinstance(tools, list):
        raise NotRead(f"Test {number}: its tools are not in the file itself.")
    metadata = _object(test.get("metadata"))
    case: dict[str, Any] = {
        "id": str(test.get("description") or f"promptfoo-{number}")[:80],
        "topic": str(metadata.get("topic") or "promptfoo"),
        "about": str(metadata.get("about", "From promptfoo.")),
        "tools": tools,
    }
    case |= _asked(_prompt(whole, number), variables, number)
    if isinstance(ours := variables.get("expect"), str):
        expect = _parsed(ours)
        if expect is not None:
            return {**case, "expect": expect}
    return {**case, "expect": _expect(test, options, tools, number)}


def _prompt(whole: dict[str, Any], number: int) -> Any:
    prompts = whole.get("prompts")
    first = prompts[0] if isinstance(prompts, list) and prompts else prompts
    if isinstance(first, str) and not first.startswith("file://"):
        return first
    raise NotRead(f"Test {number}: its prompt is not in the file itself.")


def _provider(whole: dict[str, Any]) -> dict[str, Any]:
    providers = whole.get("providers")
    first = providers[0] if isinstance(providers, list) and providers else providers
    return _object(_object(first).get("config"))


def _asked(prompt: str, variables: dict[str, Any], number: int) -> dict[str, Any]:
    """Return the prompt, and the messages before it, with the variables filled."""

    def value(found: re.Match[str]) -> str:
        if not isinstance(filled := variables.get(found[1]), str | int | float):
            raise NotRead(f"Test {number}: its variable {found[1]} has no single value.")
        return str(filled)

    text = _VARIABLE.sub(value, prompt)
    messages = _parsed(text) if text.lstrip().startswith("[") else None
    if not isinstance(messages, list) or not all(isinstance(m, dict) for m in messages):
        return {"prompt": text}
    made: dict[str, Any] = {"prompt": ""}
    if messages and messages[0].get("role") == "system":
        made["system"] = str(messages.pop(0).get("content", ""))
    if messages and messages[-1].get("role") == "user":
        made["prompt"] = str(messages.pop().get("content", ""))
    return {**made, "messages": messages} if messages else made


def _expect(
    test: dict[str, Any], options: dict[str, Any], tools: list[Any], number: int
) -> dict[str, Any]:
    tool, arguments, is_call = "", {}, False
    asserts = test.get("assert")
    for each in asserts if isinstance(asserts, list) else []:
        kind, value = _object(each).get("type"), str(_object(each).get("value", "")).strip()
        transform = str(_object(each).get("transform") or options.get("transform") or "").strip()
        if kind in ("is-valid-openai-tools-call", "is-json"):
            is_call = True
        elif kind == "equals" and transform == _TRANSFORM:
            tool = value
        elif kind == "javascript" and (found := _NAME.fullmatch(value)):
            tool = str(_literal(found["value"]))
        elif kind == "javascript" and (found := _ARGUMENT.fullmatch(value)):
            arguments[found["name"]] = _literal(found["value"])
        else:
            raise NotRead(
                f"Test {number} asserts what cannot be read as a call: {kind}. Remove it, or write"
                " it as a case, and open the file again."
            )
    names = [str(_object(_object(each).get("function")).get("name", "")) for each in tools]
    if not tool and (is_call or arguments) and len(names) == 1:
        tool = names[0]
    if not tool:
        raise NotRead(f"Test {number} does not say which tool is to be called.")
    return {"calls": [{"tool": tool, "arguments": {**arguments, "$others": True}}]}


def _literal(text: str) -> Any:
    return text[1:-1] if text[0] in "'\"" else json.loads(text)


def _object(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}


def _parsed(text: str) -> Any:
    try:
        return json_text.read(text)
    except (ValueError, RecursionError):
        return None
