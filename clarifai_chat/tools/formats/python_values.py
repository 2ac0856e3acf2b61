"""Read constants in Python's syntax tree. Nothing is computed."""

import ast
import math
from collections.abc import Callable
from typing import Any, Final

UNKNOWN: Final = object()
_MAX_DEPTH = 40


def value(
    node: ast.AST, look_up: Callable[[ast.expr], Any] = lambda _: UNKNOWN, depth: int = 0
) -> Any:
    """Return the JSON value of a constant, or UNKNOWN. `look_up` knows what names stand for."""

    def inner(node: ast.AST) -> Any:
        return value(node, look_up, depth + 1)

    if depth > _MAX_DEPTH:
        return UNKNOWN
    match node:
        case ast.Constant(value=str() | bool() | int() | None as found):
            return found
        case ast.Constant(value=float(found)):
            return found if math.isfinite(found) else UNKNOWN
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
            found = inner(operand)
            if isinstance(found, bool) or not isinstance(found, int | float):
                return UNKNOWN
            return -found if isinstance(sign, ast.USub) else found
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            values = [inner(item) for item in items]
            return UNKNOWN if any(each is UNKNOWN for each in values) else values
        case ast.Dict(keys=keys, values=values_):
            made: dict[str, Any] = {}
            for key, item in zip(keys, values_, strict=True):
                name, found = inner(key) if key else UNKNOWN, inner(item)
                if not isinstance(name, str) or found is UNKNOWN:
                    return UNKNOWN
                made[name] = found
            return made
        case ast.Name() | ast.Attribute():
            return look_up(node)
    return UNKNOWN


def text(node: ast.AST | None) -> str:
    """Return the text of a constant, and "" for anything else."""
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return node.value if is_text else ""  # type: ignore[union-attr]  # checked
