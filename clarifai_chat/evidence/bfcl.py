"""Read test entries as the Berkeley Function Calling Leaderboard (BFCL) writes them, as cases.

An entry has `id`, `question` (messages, in one or more lists), `function` (tools) and
`ground_truth`: a list of calls, each parameter with a list of the values that pass; "" among them
means that it may be left out. An empty list, or none, is "no call". Source: the data files and
`ast_checker.py` of github.com/ShishirPatil/gorilla.
"""

import re
from typing import Any

TYPES = {"dict": "object", "float": "number", "tuple": "array"}  # "any" has no type at all


def is_entry(found: Any) -> bool:
    """Return whether an object looks like an entry of BFCL."""
    return isinstance(found, dict) and "function" in found and "question" in found


def case_of(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry in the shape of a case, to be checked like any other file's."""
    functions = entry["function"] if isinstance(entry["function"], list) else [entry["function"]]
    *earlier, last = _messages(entry["question"])
    case: dict[str, Any] = {
        "id": str(entry.get("id", "")),
        "topic": re.sub(r"_\d.*$", "", str(entry.get("id", ""))) or "BFCL",
        "prompt": str(last.get("content", "")),
        "tools": [_tool(each) for each in functions if isinstance(each, dict)],
        "expect": {"calls": [_call(each) for each in entry.get("ground_truth") or []]},
        "about": "From BFCL; read it before you rely on it: some of its answers are disputed.",
    }
    if earlier:
        case["messages"] = earlier
    return case


def _messages(question: Any) -> list[dict[str, Any]]:
    if isinstance(question, str):
        return [{"content": question}]
    flat = [each for part in question for each in (part if isinstance(part, list) else [part])]
    return [each for each in flat if isinstance(each, dict)] or [{"content": ""}]


def _name(name: Any) -> str:
    return str(name).replace(".", "_")  # APIs forbid dots in names


def _tool(function: dict[str, Any]) -> dict[str, Any]:
    made = {**function, "name": _name(function.get("name", ""))}
    if isinstance(parameters := function.get("parameters"), dict):
        made["parameters"] = _schema(parameters)
    made.pop("response", None)
    return {"type": "function", "function": made}


def _schema(schema: dict[str, Any]) -> dict[str, Any]:
    made = dict(schema)
    kind = made.get("type")
    if kind == "any":
        del made["type"]
    elif isinstance(kind, str):
        made["type"] = TYPES.get(kind, kind)
    if isinstance(properties := made.get("properties"), dict):
        made["properties"] = {
            name: _schema(each) if isinstance(each, dict) else each
            for name, each in properties.items()
        }
    if isinstance(items := made.get("items"), dict):
        made["items"] = _schema(items)
    return made


def _call(call: dict[str, Any]) -> dict[str, Any]:
    [(name, arguments)] = call.items()
    return {"tool": _name(name), "arguments": _arguments(arguments)}


def _arguments(arguments: dict[str, Any]) -> dict[str, Any]:
    return {name: _one_of(values) for name, values in arguments.items()}


def _one_of(values: list[Any]) -> dict[str, Any]:
    """Return the rule for a parameter: one of the values, and optional where "" is among them."""
    rule = {"$one_of": [_value(each) for each in values if each != ""]}
    return {"$optional": rule} if "" in values else rule


def _value(value: Any) -> Any:
    if isinstance(value, dict):  # its parameters have lists of values, too
        return {
            name: _one_of(each) if isinstance(each, list) else each for name, each in value.items()
        }
    return [_value(each) for each in value] if isinstance(value, list) else value
