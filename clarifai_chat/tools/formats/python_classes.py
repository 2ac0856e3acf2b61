"""Make schemas of the classes in a Python source: models, dataclasses, TypedDicts, enums."""

import ast
from collections.abc import Iterator
from typing import Any, NamedTuple

from clarifai_chat.tools.formats import docstrings, python_values
from clarifai_chat.tools.formats.python_names import Names, last_name
from clarifai_chat.tools.formats.python_types import Types
from clarifai_chat.tools.formats.python_words import enumeration
from clarifai_chat.tools.formats.tool_import import code

_VALIDATORS = {
    "validator", "field_validator", "model_validator", "root_validator", "computed_field",
    "field_serializer", "model_serializer",
}  # fmt: skip
_MODELS = {"BaseModel", "TypedDict", "NamedTuple", "SQLModel", "Struct", "BaseSettings", "Schema"}
_DECORATORS = {"dataclass", "define", "attrs", "frozen", "mutable", "s", "dataclasses"}


class Field(NamedTuple):
    """One field of a class."""

    name: str
    hint: ast.expr
    default: ast.expr | None
    doc: str  # the string below it


def is_data(name: str, names: Names) -> bool:
    """Return whether a class describes data: a model, a dataclass, a TypedDict."""
    node = names.classes[name]
    decorators = {names.real(last_name(_called(each))) for each in node.decorator_list}
    return bool(_MODELS & set(names.bases(name)) or _DECORATORS & decorators)


def schema_of(name: str, types: Types) -> dict[str, Any]:
    """Return the schema of a class of the source."""
    names = types.names
    node = names.classes[name]
    if names.is_enum(name):
        values = list(names.members(name).values())
        if not values or any(value is python_values.UNKNOWN for value in values):
            types.notes.lose(f"the values of `{code(name)}`")
            return {}
        return enumeration(values)
    if not is_data(name, names):
        types.notes.lose(f"the type `{code(name)}`, a class without fields")
        return {}
    doc = docstrings.read(ast.get_docstring(node))
    schema: dict[str, Any] = {"type": "object"}
    if doc.text:
        schema["description"] = doc.text
    schema["properties"] = {}
    required: list[str] = []
    for owner in _lineage(name, names):
        is_total = _option(names.classes[owner], "total") is not False
        said = docstrings.read(ast.get_docstring(names.classes[owner])).parameters
        for field in _fields(names.classes[owner]):
            property_name, inner, is_required = _property(field, types, is_total=is_total)
            inner.setdefault("description", said.get(field.name) or field.doc)
            if not inner["description"]:
                del inner["description"]
            schema["properties"][property_name] = inner
            if property_name in required:
                required.remove(property_name)
            if is_required:
                required.append(property_name)
        _lose_validators(names.classes[owner], types)
    if required:
        schema["required"] = required
    schema |= _configured(node, types)
    return schema


def title_of(name: str, names: Names) -> str:
    """Return the name that a model has in its schema: its own, or that of its config."""
    for key, value in _config(names.classes[name]):
        if key == "title" and (title := python_values.text(value)):
            return title
    return name


def _lineage(name: str, names: Names) -> list[str]:
    """Return a class and those of the source that it inherits from, the oldest first."""
    return [*(base for base in reversed(names.bases(name)) if base in names.classes), name]


def _fields(node: ast.ClassDef) -> Iterator[Field]:
    for number, statement in enumerate(node.body):
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        name, hint = statement.target.id, statement.annotation
        if (
            name.startswith("_")
            or name == "model_config"
            or _outer(hint) in ("ClassVar", "KW_ONLY")
        ):
            continue
        after = node.body[number + 1] if number + 1 < len(node.body) else None
        doc = python_values.text(after.value) if isinstance(after, ast.Expr) else ""
        yield Field(name, hint, statement.value, " ".join(doc.split()))


def _property(field: Field, types: Types, *, is_total: bool) -> tuple[str, dict[str, Any], bool]:
    """Return the name, the schema and whether a value is required, of one field."""
    names, name = types.names, field.name
    schema = dict(types.schema(field.hint))
    default = field.default
    for call in (*beside(field.hint), default):
        if not isinstance(call, ast.Call) or names.real(last_name(call.func)) not in (
            "Field", "field", "attrib", "ib",
        ):  # fmt: skip
            continue
        types.refine(schema, call)
        given = {each.arg: each.value for each in call.keywords if each.arg}
        for alias in ("validation_alias", "alias"):
            if new := python_values.text(given.get(alias)):
                types.notes.change(f"`{code(name)}` is called `{code(new)}`, its alias")
                name = new
                break
        if isinstance(metadata := given.get("metadata"), ast.Dict):
            said = names.value(metadata)
            if isinstance(said, dict) and isinstance(said.get("description"), str):
                schema["description"] = said["description"]
        inner = call.args[0] if call.args and last_name(call.func) != "field" else None
        inner = given.get("default", inner)
        if (factory := given.get("default_factory", given.get("factory"))) is not None:
            inner = _made(factory)
        if call is default or inner is not None:
            default = inner
    is_optional = _has_default(default)
    if isinstance(default, ast.expr) and is_optional:
        put_default(schema, name, default, types)
    outer = _outer(field.hint)
    is_required = not is_optional and (is_total or outer == "Required") and outer != "NotRequired"
    return name, schema, is_required


def _has_default(default: ast.expr | None) -> bool:
    return default is not None and not (isinstance(default, ast.Constant) and default.value is ...)


def put_default(schema: dict[str, Any], name: str, default: ast.expr, types: Types) -> None:
    """Add a default that JSON can hold; None only where null is allowed."""
    value = types.names.value(default)
    if value is python_values.UNKNOWN:
        if not isinstance(default, ast.Constant):
            types.notes.lose(f"the default of `{code(name)}`, which is computed")
    elif value is not None or _takes_null(schema):
        schema["default"] = value


def _takes_null(schema: dict[str, Any]) -> bool:
    if "anyOf" in schema:
        return {"type": "null"} in schema["anyOf"]
    named = schema.get("type")
    return named == "null" or (isinstance(named, list) and "null" in named)


def _made(factory: ast.expr) -> ast.expr:
    """Return what a factory makes: [] of list, {} of dict, the constant of a lambda."""
    if isinstance(factory, ast.Lambda):
        return factory.body
    empty: dict[str, ast.expr] = {
        "list": ast.List([], ast.Load()), "dict": ast.Dict([], []), "set": ast.List([], ast.Load()),
        "str": ast.Constant(""), "tuple": ast.List([], ast.Load()),
    }  # fmt: skip
    return empty.get(last_name(factory), factory)


def beside(hint: ast.expr | None) -> list[ast.Call]:
    """Return the calls beside the type in `Annotated[type, …]`, inside `Required[…]` too."""
    while isinstance(hint, ast.Subscript) and last_name(hint.value) in ("Required", "NotRequired"):
        hint = hint.slice
    if isinstance(hint, ast.Subscript) and last_name(hint.value) == "Annotated":
        parts = hint.slice.elts[1:] if isinstance(hint.slice, ast.Tuple) else []
        return [part for part in parts if isinstance(part, ast.Call)]
    return []


def _outer(hint: ast.expr) -> str:
    return last_name(hint.value if isinstance(hint, ast.Subscript) else hint)


def _called(node: ast.expr) -> ast.expr:
    return node.func if isinstance(node, ast.Call) else node


def _option(node: ast.ClassDef, name: str) -> Any:
    """Return a keyword of the class statement: `total=False`."""
    found = next((each.value for each in node.keywords if each.arg == name), None)
    return python_values.value(found) if found else None


def _config(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    """Yield the settings of `model_config = ConfigDict(…)`, of a dict, or of `class Config`."""
    for statement in node.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="model_config")], value=ast.Call() as call):
                yield from ((each.arg, each.value) for each in call.keywords if each.arg)
            case ast.Assign(targets=[ast.Name(id="model_config")], value=ast.Dict() as given):
                for key, value in zip(given.keys, given.values, strict=True):
                    yield python_values.text(key), value
            case ast.ClassDef(name="Config", body=body):
                for each in body:
                    if isinstance(each, ast.Assign):
                        yield last_name(each.targets[0]), each.value


def _configured(node: ast.ClassDef, types: Types) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if (is_closed := _option(node, "closed")) is not None:
        found["additionalProperties"] = not is_closed
    for key, value in _config(node):
        setting = types.names.value(value)
        if key == "extra" and setting in ("forbid", "allow"):
            found["additionalProperties"] = setting == "allow"
        elif key == "json_schema_extra" and isinstance(setting, dict):
            found |= setting
        elif key == "alias_generator":
            types.notes.lose("`alias_generator`")
    return found


def _lose_validators(node: ast.ClassDef, types: Types) -> None:
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef):
            decorators = {last_name(_called(each)) for each in statement.decorator_list}
            if decorators & _VALIDATORS:
                types.notes.lose(f"the checks of `{code(statement.name)}`")
