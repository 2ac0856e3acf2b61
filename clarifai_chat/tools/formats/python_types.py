"""Translate Python's type hints to JSON Schema. Source is parsed and never executed."""

import ast
from collections.abc import Callable
from typing import Any

from clarifai_chat.tools.formats import python_values
from clarifai_chat.tools.formats.dialects import Notes
from clarifai_chat.tools.formats.python_names import PASTED, Names, last_name
from clarifai_chat.tools.formats.python_words import (
    alternatives,
    enumeration,
    length_word,
    nullable,
)
from clarifai_chat.tools.formats.tool_import import code

_MAX_TYPES = 400  # in one tool, before classes go under `$defs`
_MAX_DEPTH = 40
_NAMED: dict[str, dict[str, Any]] = {
    "str": {"type": "string"}, "int": {"type": "integer"}, "float": {"type": "number"},
    "bool": {"type": "boolean"}, "None": {"type": "null"}, "NoneType": {"type": "null"},
    "Any": {}, "object": {}, "JsonValue": {}, "complex": {},
    "list": {"type": "array"}, "List": {"type": "array"}, "tuple": {"type": "array"},
    "Tuple": {"type": "array"}, "Sequence": {"type": "array"}, "Iterable": {"type": "array"},
    "set": {"type": "array", "uniqueItems": True}, "Set": {"type": "array", "uniqueItems": True},
    "frozenset": {"type": "array", "uniqueItems": True},
    "dict": {"type": "object"}, "Dict": {"type": "object"}, "Mapping": {"type": "object"},
    "datetime": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"}, "time": {"type": "string", "format": "time"},
    "timedelta": {"type": "string", "format": "duration"},
    "UUID": {"type": "string", "format": "uuid"}, "Decimal": {"type": "number"},
    "Path": {"type": "string", "format": "path"}, "bytes": {"type": "string", "format": "binary"},
    "EmailStr": {"type": "string", "format": "email"},
    "AnyUrl": {"type": "string", "format": "uri"}, "HttpUrl": {"type": "string", "format": "uri"},
    "IPv4Address": {"type": "string", "format": "ipv4"},
    "IPv6Address": {"type": "string", "format": "ipv6"},
    "PositiveInt": {"type": "integer", "exclusiveMinimum": 0},
    "NegativeInt": {"type": "integer", "exclusiveMaximum": 0},
    "NonNegativeInt": {"type": "integer", "minimum": 0},
    "PositiveFloat": {"type": "number", "exclusiveMinimum": 0},
    "NonNegativeFloat": {"type": "number", "minimum": 0},
    "StrictStr": {"type": "string"}, "StrictInt": {"type": "integer"},
    "StrictFloat": {"type": "number"}, "StrictBool": {"type": "boolean"},
}  # fmt: skip
_LISTS = {
    "list", "List", "Sequence", "Iterable", "Collection", "MutableSequence", "Iterator", "deque",
}  # fmt: skip
_SETS = {"set", "Set", "frozenset", "FrozenSet", "AbstractSet", "MutableSet"}
_MAPS = {"dict", "Dict", "Mapping", "MutableMapping", "OrderedDict", "defaultdict"}
_SAME = {"Required", "NotRequired", "ReadOnly", "Final", "ClassVar", "Type", "Awaitable"}
_CONSTRAINED: dict[str, dict[str, Any]] = {
    "constr": {"type": "string"}, "conint": {"type": "integer"}, "confloat": {"type": "number"},
    "conlist": {"type": "array"}, "condecimal": {"type": "number"},
}  # fmt: skip
FIELD_KEYWORDS = {
    "ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf", "pattern": "pattern", "regex": "pattern",
    "description": "description", "title": "title", "examples": "examples",
    "deprecated": "deprecated",
}  # fmt: skip

ClassSchema = Callable[[str, "Types"], dict[str, Any]]


class Types:
    """The types of one tool. `class_schema` turns a class of the source into a schema."""

    def __init__(self, names: Names, notes: Notes, class_schema: ClassSchema) -> None:
        self._class_schema = class_schema
        self.names = names
        self.notes = notes
        self.above: list[str] = []  # the classes that are being written
        self.definitions: dict[str, Any] = {}
        self.left = _MAX_TYPES
        self.depth = 0

    def schema(self, node: ast.expr | None) -> dict[str, Any]:
        """Return the schema of a type hint; {} if it says nothing that JSON Schema can."""
        self.left -= 1
        if self.depth >= _MAX_DEPTH:
            self.notes.lose("types nested deeper than 40 levels")
            return {}
        self.depth += 1
        try:
            return self._schema(node)
        finally:
            self.depth -= 1

    def _schema(self, node: ast.expr | None) -> dict[str, Any]:
        match node:
            case None:
                return {}
            case ast.Constant(value=None):
                return {"type": "null"}
            case ast.Constant(value=str(text)):
                return self._forward(text)
            case ast.BinOp(op=ast.BitOr()):
                return self._union(alternatives(node))
            case ast.Name() | ast.Attribute():
                return self._name(node)
            case ast.Subscript():
                return self._generic(node)
            case ast.Call():
                return self._constrained(node)
        return self._unknown(node)

    def _forward(self, text: str) -> dict[str, Any]:
        try:
            return self.schema(ast.parse(text.strip(), PASTED, "eval").body)
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            return self._unknown(ast.Constant(text))

    def _unknown(self, node: ast.AST) -> dict[str, Any]:
        self.notes.lose(f"the type `{code(ast.unparse(node))}`")
        return {}

    def _name(self, node: ast.Name | ast.Attribute) -> dict[str, Any]:
        name = self.names.real(last_name(node))
        if isinstance(node, ast.Name) and node.id in self.names.classes:
            return self._class(node.id)
        if isinstance(node, ast.Name) and (alias := self.names.aliases.get(node.id)):
            if node.id in self.above:
                return self._unknown(node)
            self.above.append(node.id)
            try:
                return self.schema(alias)
            finally:
                self.above.pop()
        if name in _NAMED:
            return dict(_NAMED[name])
        return self._unknown(node)

    def _class(self, name: str) -> dict[str, Any]:
        """Return a class in place, or a reference to it if it contains itself."""
        if name in self.above or self.left < 0:
            if name not in self.definitions:
                self.definitions[name] = {}
                above, self.above = self.above, [name]
                self.definitions[name] = self._class_schema(name, self)
                self.above = above
            return {"$ref": f"#/$defs/{name}"}
        self.above.append(name)
        try:
            return self._class_schema(name, self)
        finally:
            self.above.pop()

    def _generic(self, node: ast.Subscript) -> dict[str, Any]:
        name = self.names.real(last_name(node.value))
        inner = node.slice
        parts = list(inner.elts) if isinstance(inner, ast.Tuple) else [inner]
        if name == "Optional":
            return self._union([inner, ast.Constant(None)])
        if name == "Union":
            return self._union(parts)
        if name == "Literal":
            return self._literal(parts)
        if name == "Annotated":
            return self._annotated(parts)
        if name in _SAME:
            return self.schema(parts[0])
        if name in _LISTS:
            return self._list(parts[0])
        if name in _SETS:
            return {**self._list(parts[0]), "uniqueItems": True}
        if name in _MAPS:
            values = self.schema(parts[1]) if len(parts) > 1 else {}
            return {"type": "object", "additionalProperties": values or True}
        if name in ("tuple", "Tuple"):
            return self._tuple(parts)
        return self._unknown(node)

    def _list(self, node: ast.expr) -> dict[str, Any]:
        items = self.schema(node)
        return {"type": "array", "items": items} if items else {"type": "array"}

    def _tuple(self, parts: list[ast.expr]) -> dict[str, Any]:
        if len(parts) == 2 and isinstance(parts[1], ast.Constant) and parts[1].value is ...:
            return self._list(parts[0])
        items = [self.schema(part) for part in parts]
        count = len(items)
        return {
            "type": "array", "prefixItems": items, "items": False,
            "minItems": count, "maxItems": count,
        }  # fmt: skip

    def _literal(self, parts: list[ast.expr]) -> dict[str, Any]:
        values: list[Any] = []
        for part in parts:
            found = self.names.value(part)
            if found is python_values.UNKNOWN:
                return self._unknown(part)
            values.append(found)
        return enumeration(values)

    def _union(self, parts: list[ast.expr]) -> dict[str, Any]:
        schemas: list[dict[str, Any]] = []
        for part in parts:
            schema = self.schema(part)
            if schema not in schemas:
                schemas.append(schema)
        null = {"type": "null"}
        others = [schema for schema in schemas if schema != null]
        if len(others) == len(schemas):
            return others[0] if len(others) == 1 else {"anyOf": others}
        if not others:
            return null
        if len(others) == 1:
            return nullable(others[0])
        return {"anyOf": [*others, null]}

    # --- What is said beside a type --------------------------------------------------------------

    def _annotated(self, parts: list[ast.expr]) -> dict[str, Any]:
        schema = dict(self.schema(parts[0]))
        for more in parts[1:]:
            if isinstance(more, ast.Constant) and isinstance(more.value, str):
                schema["description"] = more.value
            elif isinstance(more, ast.Call):
                self.refine(schema, more)
            else:
                self.notes.lose(f"`{code(ast.unparse(more))}`")
        return schema

    def _constrained(self, node: ast.Call) -> dict[str, Any]:
        base = _CONSTRAINED.get(self.names.real(last_name(node.func)))
        if base is None:
            return self._unknown(node)
        schema: dict[str, Any] = dict(base)
        if base["type"] == "array" and node.args:
            schema["items"] = self.schema(node.args[0])
        self.refine(schema, node)
        return schema

    def refine(self, schema: dict[str, Any], call: ast.Call) -> None:
        """Add what `Field(…)`, `Doc(…)`, `Ge(…)` and the like say to a schema."""
        name = self.names.real(last_name(call.func))
        if name in ("Doc", "Description") and call.args:
            self._put(schema, "description", call.args[0])
        if name in ("Ge", "Gt", "Le", "Lt", "MultipleOf") and call.args:
            word = {"MultipleOf": "multiple_of"}.get(name, name.lower())
            self._put(schema, FIELD_KEYWORDS[word], call.args[0])
        if name in ("MinLen", "MaxLen") and call.args:
            self._put(schema, length_word(f"{name[:3].lower()}_length", schema), call.args[0])
        for keyword in call.keywords:
            key = keyword.arg or ""
            if key in ("min_length", "max_length", "min_items", "max_items"):
                self._put(schema, length_word(key, schema), keyword.value)
            elif key in FIELD_KEYWORDS:
                self._put(schema, FIELD_KEYWORDS[key], keyword.value)
            elif key == "json_schema_extra":
                extra = self.names.value(keyword.value)
                if isinstance(extra, dict):
                    schema.update(extra)
                else:
                    self.notes.lose("`json_schema_extra`, which is computed")

    def _put(self, schema: dict[str, Any], keyword: str, node: ast.expr) -> None:
        value = self.names.value(node)
        if value is python_values.UNKNOWN:
            self.notes.lose(f"`{keyword}`, which is computed")
        elif keyword in ("description", "title", "pattern") and not isinstance(value, str):
            self.notes.lose(f"`{keyword}`, which is not text")
        else:
            schema[keyword] = value
