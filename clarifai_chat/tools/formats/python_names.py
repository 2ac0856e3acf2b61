"""Know what the names in a Python source stand for: classes, aliases, constants."""

import ast
import re
import warnings
from collections.abc import Iterator
from typing import Any

from clarifai_chat.tools.formats import python_values

PASTED = "<pasted>"  # the file that Python's parser is told
# It would print a stranger's lines to the log, with its opinion of their escapes.
warnings.filterwarnings("ignore", module=re.escape(PASTED))

_ENUMS = {"Enum", "StrEnum", "IntEnum", "Flag", "IntFlag"}
_HAS_BODY = (ast.If, ast.Try, ast.With)


def last_name(node: ast.expr) -> str:
    """Return the last part of a dotted name: `Optional` in `typing.Optional`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a module, with those inside `if`, `try` and `with`."""
    waiting = list(reversed(body))
    while waiting:
        statement = waiting.pop()
        yield statement
        if isinstance(statement, _HAS_BODY):
            more = [*statement.body, *getattr(statement, "orelse", [])]
            waiting += reversed(more)


class Names:
    """The names that a module defines."""

    def __init__(self, module: ast.Module) -> None:
        self.classes: dict[str, ast.ClassDef] = {}
        self.functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = {}
        self.aliases: dict[str, ast.expr] = {}
        self._imported: dict[str, str] = {}
        for statement in statements(module.body):
            self._take(statement)

    def _take(self, statement: ast.stmt) -> None:
        match statement:
            case ast.ClassDef(name=name):
                self.classes[name] = statement
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                self.functions[name] = statement
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self.aliases[name] = _new_type(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                self.aliases[name] = value
            case ast.ImportFrom(names=names):
                for each in names:
                    if each.asname:
                        self._imported[each.asname] = each.name
        if type(statement).__name__ == "TypeAlias":  # `type X = …`, of Python 3.12
            self.aliases[statement.name.id] = statement.value  # type: ignore[attr-defined]  # newer

    def real(self, name: str) -> str:
        """Return a name as it was before `import … as`."""
        return self._imported.get(name, name)

    def bases(self, name: str) -> list[str]:
        """Return the names of all classes that a class of the source inherits from."""
        found: dict[str, None] = {}
        waiting = [name]
        while waiting:
            known = self.classes.get(waiting.pop())
            for base in known.bases if known else ():
                node = base.value if isinstance(base, ast.Subscript) else base
                if (real := self.real(last_name(node))) not in found:
                    found[real] = None
                    waiting.append(real)
        return list(found)

    def is_enum(self, name: str) -> bool:
        return bool(_ENUMS & set(self.bases(name)))

    def members(self, name: str) -> dict[str, Any]:
        """Return the members of an enumeration, each with its value."""
        found: dict[str, Any] = {}
        is_text = "StrEnum" in self.bases(name) or "str" in self.bases(name)
        for statement in self.classes[name].body:
            if not isinstance(statement, ast.Assign):
                continue
            for target in statement.targets:
                member = last_name(target)
                if not member or member.startswith("_"):
                    continue
                value = python_values.value(statement.value)
                call = statement.value
                if isinstance(call, ast.Call) and last_name(call.func) == "auto":
                    value = member.lower() if is_text else len(found) + 1
                found[member] = value
        return found

    def value(self, node: ast.AST, depth: int = 0) -> Any:
        """Return the constant that an expression stands for, or UNKNOWN."""

        def look_up(name: ast.expr) -> Any:
            if isinstance(name, ast.Attribute):
                owner = last_name(name.value)
                if name.attr == "value":
                    return look_up(name.value)
                if owner in self.classes and self.is_enum(owner):
                    return self.members(owner).get(name.attr, python_values.UNKNOWN)
                return python_values.UNKNOWN
            alias = self.aliases.get(last_name(name))
            if alias is None or depth > 5:
                return python_values.UNKNOWN
            return self.value(alias, depth + 1)

        return python_values.value(node, look_up)


def _new_type(value: ast.expr) -> ast.expr:
    """Return the type inside `NewType("X", T)` and `TypeAliasType("X", T)`."""
    if isinstance(value, ast.Call) and last_name(value.func) in ("NewType", "TypeAliasType"):
        return value.args[1] if len(value.args) > 1 else value
    return value
