"""Make tools of the operations in an OpenAPI 3 or Swagger 2 document."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from clarifai_chat.text import counted
from clarifai_chat.tools.formats.dialects import Notes
from clarifai_chat.tools.formats.openapi_schemas import Schemas, is_plain_object
from clarifai_chat.tools.formats.tool_import import (
    Found,
    FoundTool,
    NotTools,
    code,
    tool_of,
    valid_name,
    with_valid_names,
)

MAX_OPERATIONS = 2000
MAX_AT_ONCE = 64  # operations that are converted without a choice
MAX_DESCRIPTION_CHARS = 1024
MAX_ANSWER_CHARS = 50_000  # of the schema of an operation's answers
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_PLACES = {"path": "path", "query": "query", "header": "header", "cookie": "cookie"}
_IGNORED_HEADERS = ("authorization", "accept", "content-type")  # OpenAPI says so
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_NOT_SCHEMA = {
    "name", "in", "required", "description", "schema", "content", "style", "explode",
    "allowReserved", "allowEmptyValue", "example", "examples", "deprecated", "collectionFormat",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document."""

    label: str  # "GET /pets/{id}"
    item: dict[str, Any]  # its path's object: parameters of all its operations
    own: dict[str, Any]
    method: str
    path: str


def is_document(value: dict[str, Any]) -> bool:
    """Return whether an object is an OpenAPI or Swagger document."""
    if isinstance(value.get("openapi", value.get("swagger")), str | int | float):
        return True
    paths = value.get("paths")
    return isinstance(paths, dict) and any(str(path).startswith("/") for path in paths)


def read(document: dict[str, Any]) -> Found:
    """Return the tools of a document; none yet if a person should choose. Raises `NotTools`."""
    found = operations(document)
    if not found:
        raise NotTools("This OpenAPI document has no operations in its `paths`.")
    name = "Swagger" if "swagger" in document else "OpenAPI"
    version = code(document.get("openapi", document.get("swagger", "")), 20)
    form = f"an API with {counted(len(found), 'operation')}, in {name} {version}".rstrip()
    tools = chosen(document, [op.label for op in found]) if len(found) <= MAX_AT_ONCE else ()
    note = "A tool does not say where its values go (path, query, header or body), nor who calls."
    return Found(form, tools, (note,), document)


def operations(document: dict[str, Any]) -> list[Operation]:
    """Return the operations of a document, in its order."""
    paths = document.get("paths")
    schemas = Schemas(document)
    found: list[Operation] = []
    for path, item in paths.items() if isinstance(paths, dict) else ():
        item = schemas.resolved(item)
        for method in METHODS:
            own = item.get(method)
            if isinstance(own, dict) and len(found) < MAX_OPERATIONS:
                label = f"{method.upper()} {path}"
                found.append(Operation(label, item, own, method, str(path)))
    return found


def chosen(document: dict[str, Any], labels: Collection[str]) -> tuple[FoundTool, ...]:
    """Return a tool for each operation with one of these labels."""
    wanted = set(labels)
    found = [op for op in operations(document) if op.label in wanted]
    return with_valid_names(_tool(document, operation) for operation in found)


def _tool(document: dict[str, Any], operation: Operation) -> FoundTool:
    notes = Notes()
    schemas = Schemas(document, notes)
    made = _Parameters(notes)
    for parameter in _parameters(operation, schemas):
        _add_parameter(made, parameter, schemas)
    _add_body(made, operation, schemas)
    root: dict[str, Any] = {"type": "object", "properties": made.properties}
    if made.required:
        root["required"] = made.required
    if defs := schemas.definitions():
        root["$defs"] = defs
    function: dict[str, Any] = {"name": _name(operation), "parameters": root}
    if description := _description(operation, notes):
        function = {"name": function["name"], "description": description, "parameters": root}
    answers = _answers(document, operation)
    return tool_of(function, notes.changed, notes.lost, operation.label, answers)


def _answers(document: dict[str, Any], operation: Operation) -> Any:
    """Return the schema of what an operation answers if all goes well; None if it has none."""
    schemas = Schemas(document)
    held = operation.own.get("responses")
    good = [v for k, v in held.items() if str(k)[:1] == "2"] if isinstance(held, dict) else []
    for response in map(schemas.resolved, good):
        content = response.get("content")
        content = content if isinstance(content, dict) and all(map(_text, content)) else {}
        media = content[_media_type(list(content))] if content else {}
        for holder in (response, schemas.resolved(media)):  # Swagger 2 has it in the response
            if isinstance(holder.get("schema"), dict):
                made = schemas.converted(holder["schema"])
                defs = schemas.definitions()
                whole = {**made, "$defs": defs} if defs and isinstance(made, dict) else made
                return whole if len(json.dumps(whole)) <= MAX_ANSWER_CHARS else None
    return None


def _name(operation: Operation) -> str:
    own = operation.own.get("operationId")
    if isinstance(own, str) and own.strip():
        return own
    return valid_name(f"{operation.method}_{operation.path.strip('/')}").replace("__", "_")


def _description(operation: Operation, notes: Notes) -> str:
    summary, more = (_text(operation.own.get(key)) for key in ("summary", "description"))
    if summary and more and not more.startswith(summary.rstrip(".")):
        text = f"{summary.rstrip('.')}. {more}"
    else:
        text = more or summary or _text(operation.item.get("summary"))
    if len(text) > MAX_DESCRIPTION_CHARS:
        notes.lose(f"the description beyond {MAX_DESCRIPTION_CHARS:,} characters")
        text = f"{text[: MAX_DESCRIPTION_CHARS - 1]}…"
    return text


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


class _Parameters:
    """The properties of one tool, from all places of a request, under different names."""

    def __init__(self, notes: Notes) -> None:
        self.properties: dict[str, Any] = {}
        self.required: list[str] = []
        self.notes = notes

    def add(self, name: str, schema: Any, place: str, *, is_required: bool) -> None:
        new = name
        number = 1
        while new in self.properties:
            new = f"{place}_{name}" + (f"_{number}" if number > 1 else "")
            number += 1
        if new != name:
            self.notes.change(f"`{code(name)}` in the {place} is called `{code(new)}`")
        self.properties[new] = schema
        if is_required:
            self.required.append(new)


def _parameters(operation: Operation, schemas: Schemas) -> Iterator[dict[str, Any]]:
    """Yield the parameters; those of the operation replace the path's of the same name."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for holder in (operation.item, operation.own):
        held = holder.get("parameters")
        for each in held if isinstance(held, list) else ():
            parameter = schemas.resolved(each)
            if isinstance(parameter.get("name"), str):
                found[str(parameter.get("in")), parameter["name"]] = parameter
    yield from found.values()


def _add_parameter(made: _Parameters, parameter: dict[str, Any], schemas: Schemas) -> None:
    name, place = parameter["name"], str(parameter.get("in"))
    if place == "header" and name.lower() in _IGNORED_HEADERS:
        made.notes.lose(f"the header `{code(name)}`, which OpenAPI leaves to security")
        return
    is_required = parameter.get("required") is True or place == "path"
    if place == "body":  # Swagger 2
        _add_object(made, parameter.get("schema", {}), parameter, schemas, is_required=is_required)
        return
    content = parameter.get("content")
    if isinstance(content, dict):
        held = (c.get("schema") for c in content.values() if isinstance(c, dict))
        schema: Any = next(held, {})
    elif isinstance(parameter.get("schema"), dict):
        schema = parameter["schema"]
    else:
        schema = {k: v for k, v in parameter.items() if k not in _NOT_SCHEMA}
    converted = schemas.converted(schema)
    if isinstance(converted, dict) and _text(parameter.get("description")):
        converted = {**converted, "description": _text(parameter["description"])}
    if parameter.get("deprecated") is True and isinstance(converted, dict):
        converted = {**converted, "deprecated": True}
    made.add(name, converted, _PLACES.get(place, "form"), is_required=is_required)


def _add_body(made: _Parameters, operation: Operation, schemas: Schemas) -> None:
    body = schemas.resolved(operation.own.get("requestBody"))
    content = body.get("content")
    if not isinstance(content, dict) or not content:
        return
    kind = _media_type(list(content))
    if len(content) > 1:
        made.notes.lose(f"the body in other types than `{code(kind)}`")
    media = schemas.resolved(content[kind])
    if "json" not in kind.lower() and kind not in _FORMS:
        made.notes.change(f"the body is `{code(kind)}`")
    _add_object(
        made, media.get("schema", {}), body, schemas, is_required=body.get("required") is True
    )


def _media_type(kinds: list[str]) -> str:
    for wanted in ("application/json", "json", *_FORMS):
        for kind in kinds:
            if wanted in kind.lower():
                return kind
    return kinds[0]


def _add_object(
    made: _Parameters,
    schema: Any,
    holder: dict[str, Any],
    schemas: Schemas,
    *,
    is_required: bool,
) -> None:
    """Add a body: the properties of a plain object one by one, anything else as `body`."""
    converted = schemas.converted(schema, is_request=True)
    description = _text(holder.get("description"))
    if not is_plain_object(converted):
        if description and isinstance(converted, dict):
            converted = {**converted, "description": description}
        made.add("body", converted, "request", is_required=is_required)
        return
    if said := description or _text(converted.get("description")):
        made.notes.lose(f"what the body is: “{code(said, 80)}”")
    required = converted.get("required", [])
    if required and not is_required:
        made.notes.change("the body is optional, so nothing in it is required")
    for name, inner in converted["properties"].items():
        made.add(name, inner, "body", is_required=is_required and name in required)
