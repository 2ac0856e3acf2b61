"""Calculate: parse an expression, and evaluate nothing in it but arithmetic.

The work is bounded in advance: the length and depth of the expression, the exponent of a power,
the size of every intermediate value.
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from clarifai_chat.tools.builtins.given import BadArguments, as_number, find, first_text, text, tidy

EXPRESSION = (
    "expression", "expr", "formula", "equation", "calculation", "math", "mathexpression", "query",
    "input", "problem", "question",
)  # fmt: skip
OPERATION = ("operation", "operator", "op", "function", "method")
LEFT = ("a", "x", "left", "first", "firstnumber", "number1", "num1", "operand1", "base", "number")
RIGHT = ("b", "y", "right", "second", "secondnumber", "number2", "num2", "operand2", "exponent")
SEVERAL = ("numbers", "operands", "values", "args")

_MAX_CHARS, _MAX_DEPTH, _MAX_BITS = 500, 50, 1024  # 1024 bits: the largest a JSON reader may hold

_SIGNS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_CONSTANTS = {"pi": math.pi, "e": math.e, "π": math.pi}
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "sqrt": math.sqrt,
    "abs": abs,
    "round": lambda value, digits=0: round(value, _few(digits)) if digits else round(value),
    "min": min,
    "max": max,
    "floor": math.floor,
    "ceil": math.ceil,
    "log": math.log,
    "ln": math.log,
    "log10": math.log10,
    "exp": math.exp,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "degrees": math.degrees,
    "radians": math.radians,
}
_OPERATIONS = {
    "+": "add addition plus sum",
    "-": "subtract subtraction minus difference",
    "*": "multiply multiplication times product mul x",
    "/": "divide division div quotient",
    "//": "floordivide integerdivision",
    "%": "modulo mod modulus remainder",
    "**": "power pow exponent exponentiation exponentiate ^",
}
_SIGN_OF = {word: sign for sign, words in _OPERATIONS.items() for word in (sign, *words.split())}
_NEEDS = (
    'The calculator needs an argument expression, such as "17 * 23", or an operation with a and b.'
)


def calculate(given: Mapping[str, Any]) -> dict[str, Any]:
    """Evaluate an expression, or an operation on numbers: `{"expression", "result"}`."""
    operation = text(given, OPERATION).lower()
    expression = text(given, EXPRESSION)
    if not expression and operation:
        expression = _spelled(operation, given)
    expression = expression or first_text(given)
    if not expression:
        raise BadArguments(_NEEDS)
    return {"expression": expression, "result": evaluate(expression)}


def evaluate(expression: str) -> float:
    """Return the value of an arithmetic expression. Raises `BadArguments` if it has none."""
    if len(expression) > _MAX_CHARS:
        raise BadArguments(f"An expression of more than {_MAX_CHARS} characters is too long.")
    try:
        tree = ast.parse(_as_python(expression), mode="eval")
        value = _value(tree.body, 0)
    except (SyntaxError, MemoryError, RecursionError):
        raise BadArguments(
            "The expression could not be read as arithmetic. Write it like 2 * (3 + 4)."
        ) from None
    except ZeroDivisionError:
        raise BadArguments("Division by zero has no result.") from None
    except OverflowError:
        raise BadArguments("The result is too large to calculate.") from None
    except TypeError:
        raise BadArguments("A function in the expression got the wrong number of values.") from None
    except ValueError as problem:
        if isinstance(problem, BadArguments):
            raise
        raise BadArguments("A function in the expression has no value there.") from None
    return tidy(value)


def _spelled(operation: str, given: Mapping[str, Any]) -> str:
    """Return the expression for arguments such as `{"operation": "add", "a": 1, "b": 2}`."""
    several = find(given, SEVERAL)
    if not isinstance(several, list):
        several = [v for names in (LEFT, RIGHT) if (v := find(given, names)) is not None]
    if len(several) > 50:
        raise BadArguments("At most 50 numbers can be combined at once.")
    numbers = [f"({as_number(value, 'number')!r})" for value in several]
    if operation in _FUNCTIONS and numbers:
        return f"{operation}({', '.join(numbers)})"
    if operation not in _SIGN_OF or len(numbers) < 2:
        raise BadArguments(_NEEDS)
    return re.sub(r"\((\d[\d.]*)\)", r"\1", f" {_SIGN_OF[operation]} ".join(numbers))


def _as_python(expression: str) -> str:
    """Return the expression with the signs that people write replaced by Python's."""
    if re.search(r"\w\)?\s*[-+]\s*[\d.]+\s*%\s*$", expression):
        raise BadArguments('It is not clear what the percentage refers to. Write "10% of 200".')
    if not re.search(r"[a-zA-Z]\s*\(", expression):  # in max(1,000) the comma separates two numbers
        expression = re.sub(r"(?<=\d),(?=\d{3}\b)", "", expression)
    for written, sign in (
        (r"\bmath\.", ""),
        (r"\*\*|\^", "**"),
        (r"[\u00d7\u00b7]", "*"),
        (r"\u00f7", "/"),
        (r"[\u2212\u2013]", "-"),
        (r"(\d+(?:\.\d+)?)\s*(?:%|percent)\s*of\b", r"\1/100*"),
        (r"(\d+(?:\.\d+)?)\s*(?:%|percent\b)(?=\s*(?:$|[)*/]))", r"(\1/100)"),
        (r"[=?\s]+$", ""),
    ):
        expression = re.sub(written, sign, expression)
    return " ".join(expression.split())


def _value(node: ast.expr, depth: int) -> Any:
    if depth > _MAX_DEPTH:
        raise BadArguments("The expression is nested too deeply.")
    match node:
        case ast.Constant(value=value) if type(value) in (int, float):
            return _bounded(value)
        case ast.Name(id=name) if name.lower() in _CONSTANTS:
            return _CONSTANTS[name.lower()]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, depth + 1)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand, depth + 1)
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _SIGNS:
            a, b = _value(left, depth + 1), _value(right, depth + 1)
            if isinstance(sign, ast.Pow):
                _check_power(a, b)
            return _bounded(_SIGNS[type(sign)](a, b))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name.lower() in _FUNCTIONS:
            return _bounded(_FUNCTIONS[name.lower()](*(_value(arg, depth + 1) for arg in args)))
        case ast.Call(func=ast.Name(id=name)) | ast.Name(id=name) if name not in _FUNCTIONS:
            known = ", ".join((*_FUNCTIONS, "pi", "e"))
            raise BadArguments(f"The calculator does not know {name[:40]}. It knows {known}.")
    raise BadArguments("Only numbers, + - * / // % **, parentheses and functions are supported.")


def _check_power(base: float, exponent: float) -> None:
    """Raise `BadArguments` for a power that would be too large, before computing it."""
    if not isinstance(base, int) or not isinstance(exponent, int) or abs(base) < 2:
        return  # floats overflow by themselves
    # The exponent may be large itself, so it is compared before it is multiplied.
    if exponent > _MAX_BITS or (base.bit_length() - 1) * exponent > _MAX_BITS:
        raise BadArguments("The power is too large to calculate.")


def _bounded(value: Any) -> Any:
    if isinstance(value, complex):
        raise BadArguments("The result is not a real number.")
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        raise BadArguments("The result is too large to calculate.")
    if not math.isfinite(value):
        raise BadArguments("The result is too large to calculate.")
    return value


def _few(digits: Any) -> int:
    if not isinstance(digits, int) or abs(digits) > 15:
        raise BadArguments("A number can be rounded to at most 15 digits.")
    return digits
