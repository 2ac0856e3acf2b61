"""Check the JSON schema for answers, and put it into a request."""

from typing import Any

from clarifai_chat.chat.settings import is_any_json
from clarifai_chat.errors import BadSchema
from clarifai_chat.tools.schema.validator import schema_problems
from clarifai_chat.tools.schema.wording import path_text
from clarifai_chat.tools.text.diagnostics import Diagnostic, Span, kind
from clarifai_chat.tools.text.parse import Document, json_document

MAX_CHARS = 100_000
EXAMPLE = """{
  "type": "object",
  "properties": {
    "answer": {"type": "string"}
  },
  "required": ["answer"],
  "additionalProperties": false
}"""


def response_format(text: str) -> dict[str, Any]:
    """Return OpenAI's `response_format`. Raises `BadSchema` if the text is not a schema.

    `strict` is left to the server: with it, OpenAI refuses many valid schemas.
    """
    if is_any_json(text):
        return {"type": "json_object"}
    if why := problem(text):
        raise BadSchema(more=why)
    root = json_document(text).root
    schema = root.value if root else {}
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}


def problem(text: str) -> str:
    """Return what is wrong with a schema's text, in a sentence; "" if it can be sent."""
    if not text.strip():
        return "There is no schema yet."
    if len(text) > MAX_CHARS:
        return f"The schema has {len(text):,} characters; up to {MAX_CHARS:,} are sent."
    document = json_document(text)
    for finding in document.findings:
        sentence = finding.message
        return sentence if sentence.startswith("Line ") else f"{_place(finding)}: {sentence}"
    if document.root is None or not isinstance(document.root.value, dict):
        found = kind(document.root.value if document.root else None)
        return f"{_place(document.mark(()))}: a schema is an object, {{…}}, not {found}."
    return _against_the_drafts(document, document.root.value)


def _against_the_drafts(document: Document, schema: dict[str, Any]) -> str:
    problems = schema_problems(schema)
    if not problems:
        return ""
    first, *more = problems
    where = path_text(first.path)
    said = f"{_place(document.mark(first.path))}: {f'{where}: ' if where else ''}"
    rest = f" (And {len(more)} more.)" if more else ""
    return f"{said}{first.message.rstrip('.')}.{rest}"


def _place(where: Span | Diagnostic) -> str:
    return f"Line {where.line}, column {where.column}"
