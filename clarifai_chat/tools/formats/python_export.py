"""Write tools as Python: function stubs with types, or pydantic models."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from clarifai_chat.tools.formats import docstrings
from clarifai_chat.tools.formats.python_hints import Hint, Hints, call, is_identifier

_INDENT = "    "
_INSTALLED = ("pydantic", "typing_extensions")  # imported after Python's own
# Names that a field must not have: its class uses them, or BaseModel does.
_USED = {
    "str", "int", "float", "bool", "list", "dict", "set", "date", "datetime", "time", "timedelta",
    "UUID", "Any", "Literal", "Annotated", "Field", "BaseModel", "ConfigDict", "TypedDict",
    "NotRequired", "json", "schema", "copy", "construct", "validate", "fields", "parse_obj",
    "parse_raw", "parse_file", "from_orm", "schema_json", "update_forward_refs", "self", "cls",
}  # fmt: skip


def stubs(specs: Sequence[dict[str, Any]]) -> str:
    """Return a function without a body for each tool."""
    hints = Hints(_typed_dict)
    functions = [_function(spec["function"], hints, specs) for spec in specs]
    return _file(hints, functions)


def models(specs: Sequence[dict[str, Any]]) -> str:
    """Return a pydantic model for each tool."""
    hints = Hints(_model)
    for spec in specs:
        function = spec["function"]
        root = _schema_of(function)
        hints.begin(root)
        name = _name_of(function)
        title = {} if "name" not in function else {"title": name}
        said = {k: v for k, v in root.items() if k != "$defs"}
        if isinstance(function.get("description"), str):
            said = {"description": function["description"], **said}
        _model(hints.class_name(name), said, hints, title)
    return _file(hints, [])


def _file(hints: Hints, functions: Sequence[str]) -> str:
    modules = sorted({module for module, _ in hints.imports}, key=lambda m: (m in _INSTALLED, m))
    imports = [
        f"from {module} import {', '.join(sorted(n for m, n in hints.imports if m == module))}"
        for module in modules
    ]
    head = ["from __future__ import annotations", "\n".join(imports)]
    return (
        "\n\n".join([*filter(None, head), ""])
        + "\n"
        + "\n\n\n".join([*hints.classes, *functions])
        + "\n"
    )


def _name_of(function: dict[str, Any]) -> str:
    name = function.get("name")
    return name if isinstance(name, str) else "tool"


def _schema_of(function: dict[str, Any]) -> dict[str, Any]:
    found = function.get("parameters")
    return found if isinstance(found, dict) else {}


# --- Functions -----------------------------------------------------------------------------------


class _Argument(NamedTuple):
    """One argument of a function."""

    name: str  # in the schema
    written: str  # in Python
    hint: Hint
    default: str

    def source(self, *, is_described: bool) -> str:
        field = dict(self.hint.field)
        if is_described:
            field.pop("description", None)
        return f"{self.written}: {Hint(self.hint.type, field).written}{self.default}"


def _function(function: dict[str, Any], hints: Hints, specs: Sequence[dict[str, Any]]) -> str:
    root = _schema_of(function)
    hints.begin(root)
    name = _name_of(function)
    arguments = _arguments(root, hints)
    described = {each.written: each.hint.field.get("description", "") for each in arguments}
    text = function.get("description")
    text = text if isinstance(text, str) else ""
    docstring = _docstring(text, {n: said for n, said in described.items() if said})
    # Words that look like a section of a docstring stay beside the types.
    wanted = docstrings.Docstring(text, {n: said for n, said in described.items() if said})
    is_described = docstrings.read(docstring) == wanted
    written = [each.source(is_described=is_described) for each in arguments]
    written += _others(root, hints)
    docstring = docstring if is_described else text
    lines = []
    if not all(_is_public(_name_of(spec["function"])) for spec in specs):
        lines.append(f"@tool({name!r})")
    lines.append(f"def {_identifier(name)}({_joined(written)}) -> str:")
    lines += _quoted(docstring) if docstring else []
    lines.append(f"{_INDENT}...")
    return "\n".join(lines)


def _is_public(name: str) -> bool:
    return is_identifier(name) and not name.startswith("_")


def _arguments(root: dict[str, Any], hints: Hints) -> list[_Argument]:
    found: list[_Argument] = []
    for name, schema in _properties(root).items():
        hint = hints.hint(schema, name)
        field = dict(hint.field)
        written = _free(_identifier(name), [each.written for each in found])
        if written != name:
            field["alias"] = name
        default = _default(name, schema, root, field)
        if field:
            hints.use("typing", "Annotated")
            hints.use("pydantic", "Field")
        found.append(_Argument(name, written, Hint(hint.type, field), default))
    return found


def _others(root: dict[str, Any], hints: Hints) -> list[str]:
    """Return the argument for all that the schema does not list."""
    more = root.get("additionalProperties")
    if more is None:
        return ["**kwargs"]
    return [] if more is False else [f"**kwargs: {hints.hint(more, 'kwargs').written}"]


def _joined(arguments: Sequence[str]) -> str:
    if not arguments:
        return ""
    if not arguments[0].startswith("**"):
        arguments = ["*", *arguments]  # so that those without a default may follow others
    inner = "".join(f"\n{_INDENT}{argument}," for argument in arguments)
    return f"{inner}\n"


def _identifier(name: str) -> str:
    """Return a name for Python, near to `name`."""
    if is_identifier(name) and name not in ("self", "cls"):
        return name
    new = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "value"
    new = f"n{new}" if new[0].isdigit() else new
    return new if is_identifier(new) and new not in ("self", "cls") else f"{new}_"


def _free(name: str, taken: Iterable[str]) -> str:
    new, number = name, 2
    while new in taken:
        new, number = f"{name}_{number}", number + 1
    return new


def _default(name: str, schema: Any, root: dict[str, Any], field: dict[str, Any]) -> str:
    """Return " = …" for what may be left out."""
    has_default = isinstance(schema, dict) and "default" in schema
    if name in _required(root):
        if has_default:
            field["json_schema_extra"] = {
                **field.get("json_schema_extra", {}),
                "default": schema["default"],
            }
        return ""
    return f" = {schema['default']!r}" if has_default else " = ..."


def _docstring(text: str, described: dict[str, str]) -> str:
    if not described:
        return text
    lines = [f"{_INDENT}{name}: {said}" for name, said in described.items()]
    return "\n".join([*([text, ""] if text else []), "Args:", *lines])


def _quoted(docstring: str) -> list[str]:
    """Return a docstring as lines of source."""
    text = docstring.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    text = re.sub(r"[\x00-\x09\x0b-\x1f\x7f]", lambda match: f"\\x{ord(match[0]):02x}", text)
    lines = text.split("\n")
    if len(lines) == 1:
        end = " " if text.endswith('"') else ""
        return [f'{_INDENT}"""{text}{end}"""']
    return [
        f'{_INDENT}"""{lines[0]}',
        *(f"{_INDENT}{line}" if line.strip() else "" for line in lines[1:]),
        f'{_INDENT}"""',
    ]


# --- Classes -------------------------------------------------------------------------------------


def _typed_dict(name: str, schema: dict[str, Any], hints: Hints) -> None:
    """Write a TypedDict before whatever uses it."""
    hints.use("typing_extensions", "TypedDict")
    lines: list[str] = []
    required = _required(schema)
    for property_name, inner, hint in _hinted(schema, hints):
        field = dict(hint.field)
        if isinstance(inner, dict) and "default" in inner:
            field["json_schema_extra"] = {
                **field.get("json_schema_extra", {}),
                "default": inner["default"],
            }
        new = _field_name(property_name, lines)
        if new != property_name:
            field["alias"] = property_name
        if field:
            hints.use("typing", "Annotated")
            hints.use("pydantic", "Field")
        written = Hint(hint.type, field).written
        if property_name not in required:
            hints.use("typing_extensions", "NotRequired")
            written = f"NotRequired[{written}]"
        lines.append(f"{_INDENT}{new}: {written}")
    more = schema.get("additionalProperties")
    closed = f", closed={not more}" if isinstance(more, bool) else ""
    _add(name, f"TypedDict{closed}", schema, lines, hints)


def _model(
    name: str, schema: dict[str, Any], hints: Hints, config: dict[str, Any] | None = None
) -> None:
    """Write a pydantic model before whatever uses it."""
    hints.use("pydantic", "BaseModel")
    config = dict(config or {})
    known = ("type", "properties", "required", "description", "$defs")
    more = {k: v for k, v in schema.items() if k not in known}
    if isinstance(more.get("additionalProperties"), bool):
        config["extra"] = "allow" if more.pop("additionalProperties") else "forbid"
    if more:
        config["json_schema_extra"] = more
    lines: list[str] = []
    if config:
        hints.use("pydantic", "ConfigDict")
        lines.append(f"{_INDENT}model_config = {call('ConfigDict', config)}")
    required = _required(schema)
    for property_name, inner, hint in _hinted(schema, hints):
        field = dict(hint.field)
        new = _field_name(property_name, lines)
        if new != property_name:
            field["alias"] = property_name
        default = isinstance(inner, dict) and "default" in inner
        if property_name in required:
            if default:
                extra = field.get("json_schema_extra", {})
                field["json_schema_extra"] = {**extra, "default": inner["default"]}
            value = f" = {call('Field', field)}" if field else ""
        else:
            first = {"default": inner["default"] if default else None}
            value = f" = {call('Field', {**first, **field})}"
        if value:
            hints.use("pydantic", "Field")
        lines.append(f"{_INDENT}{new}: {hint.type}{value}")
    _add(name, "BaseModel", schema, lines, hints)


def _hinted(schema: dict[str, Any], hints: Hints) -> list[tuple[str, Any, Hint]]:
    return [(n, inner, hints.hint(inner, n)) for n, inner in _properties(schema).items()]


def _add(name: str, base: str, schema: dict[str, Any], lines: Sequence[str], hints: Hints) -> None:
    description = schema.get("description")
    doc = _quoted(description) if isinstance(description, str) and description else []
    body = [*doc, *lines] or [f"{_INDENT}pass"]
    hints.classes.append("\n".join([f"class {name}({base}):", *body]))


def _field_name(name: str, lines: Sequence[str]) -> str:
    taken = [line.strip().partition(":")[0] for line in lines]
    is_free = is_identifier(name) and name not in _USED
    if is_free and not name.startswith(("_", "model_")) and not name[0].isupper():
        return _free(name, taken)
    new = _identifier(name).lstrip("_") or "value"
    new = new if new not in _USED and not new[0].isupper() else f"{new}_"
    return _free(f"{new}_" if new.startswith("model_") else new, taken)


def _properties(schema: dict[str, Any]) -> dict[str, Any]:
    found = schema.get("properties")
    return found if isinstance(found, dict) else {}


def _required(schema: dict[str, Any]) -> list[Any]:
    found = schema.get("required")
    return found if isinstance(found, list) else []
