"""One tool as the checks see it: its function, its schema, and findings in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clarifai_chat.tools.text.diagnostics import Diagnostic, Edit, Fix, Path, Severity
from clarifai_chat.tools.text.parse import Document, Tool


@dataclass(frozen=True, slots=True)
class ToolContext:
    """A tool and the document that it is in."""

    document: Document
    tool: Tool

    @property
    def function(self) -> dict[str, Any]:
        return self.tool.function

    @property
    def schema(self) -> dict[str, Any]:
        """Return the schema of the parameters; {} if it is not an object."""
        schema = self.function.get("parameters")
        return schema if isinstance(schema, dict) else {}

    @property
    def is_strict(self) -> bool:
        return self.function.get("strict") is True

    def at(self, *path: str | int) -> Path:
        """Return the path in the document for a path from the function."""
        return (*self.tool.function_path, *path)

    def inside(self, path: Path) -> Path:
        """Return the path in the document for a path from the schema's root."""
        return self.at("parameters", *path)

    def finding(
        self,
        level: Severity,
        code: str,
        message: str,
        path: Path,
        *,
        label: str = "",
        edits: Sequence[Edit] = (),
    ) -> Diagnostic:
        """Return a finding about a place in the document, with a fix if there are edits."""
        fix = Fix(label, tuple(edits)) if edits else None
        return self.document.finding(level, code, message, path, tool=self.tool.name, fix=fix)
