"""Check the schema that answers must match, as a tool's parameters are checked."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from clarifai_chat.messages import ToolSpec
from clarifai_chat.tools.lint import slips, strict
from clarifai_chat.tools.lint.tool_context import ToolContext
from clarifai_chat.tools.schema.validator import schema_problems
from clarifai_chat.tools.schema.wording import path_text
from clarifai_chat.tools.text import patch
from clarifai_chat.tools.text.diagnostics import Diagnostic, Path, kind
from clarifai_chat.tools.text.parse import Tool, json_document

MAX_FINDINGS = 50


@dataclass(frozen=True, slots=True)
class CheckedSchema:
    """The schema in a text, None if it is not an object, and what is wrong or could be better."""

    schema: dict[str, Any] | None
    findings: tuple[Diagnostic, ...]


class _AnswerSchema(ToolContext):
    """A schema that is the whole document: its root is where a tool's parameters would be."""

    @property
    def schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = self.function["parameters"]
        return schema

    def inside(self, path: Path) -> Path:
        return path


@lru_cache(maxsize=16)
def check_answer_schema(text: str, *, is_strict: bool = False) -> CheckedSchema:
    """Return the schema in a text with findings, errors first. Never raises.

    `is_strict`: it goes out with `"strict": true`, so OpenAI's subset applies.
    """
    document = json_document(text)
    if document.root is None:
        if document.findings:
            return CheckedSchema(None, document.findings)
        empty = document.finding("error", "schema.empty", "There is no schema yet.", ())
        return CheckedSchema(None, (empty,))
    schema = document.root.value
    if not isinstance(schema, dict):
        sentence = f"A schema is an object, {{…}}, not {kind(schema)}."
        return CheckedSchema(None, (document.finding("error", "schema.root", sentence, ()),))
    function: dict[str, Any] = {"parameters": schema, "strict": is_strict}
    spec: ToolSpec = {"type": "function", "function": {"name": ""}}
    tool = Tool(spec, function, "", False, (), document.root.start, document.root.end)
    subject = _AnswerSchema(document, tool)
    found = list(document.findings)
    for problem in schema_problems(schema):
        said, label, edits = slips.in_words(subject, problem) or (problem.message, "", ())
        where = path_text(problem.path)
        sentence = f"No valid schema{f' at {where}' * bool(where)}: {said.rstrip('.')}."
        found.append(
            subject.finding(
                "error", "schema.keyword", sentence, problem.path, label=label, edits=edits
            )
        )
    if schema.get("type") != "object":
        edits = patch.set_key(document, (), "type", "object") if "type" not in schema else ()
        sentence = 'OpenAI\'s API asks for "type": "object" at the root of an answer\'s schema.'
        found.append(
            subject.finding(
                "error" if is_strict else "warning",
                "schema.root",
                sentence,
                ("type",),
                label='Add "type": "object"',
                edits=edits,
            )
        )
    found += [*slips.problems(subject), *strict.problems(subject)]
    rank = {"error": 0, "warning": 1, "hint": 2}
    found.sort(key=lambda each: (rank[each.level], each.line, each.column, each.code))
    return CheckedSchema(schema, tuple(found[:MAX_FINDINGS]))
