"""Tools that really run: a calculator, a clock, a unit converter and a product search.

They answer a model's call in place of a person. Every call gets JSON text: a result, or
`{"error": "a sentence"}`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from clarifai_chat import json_text
from clarifai_chat.tools.builtins import calculator, clock, products, units
from clarifai_chat.tools.builtins.given import BadArguments
from clarifai_chat.tools.builtins.suggest import suggested

__all__ = ["BUILTINS", "Builtin", "answer", "suggested"]

_MAX_ARGUMENTS = 100_000


@dataclass(frozen=True, slots=True)
class Builtin:
    """One built-in. `run` takes a call's arguments; it raises `BadArguments` with a sentence."""

    id: str
    label: str
    description: str
    run: Callable[[dict[str, Any]], Any]


BUILTINS: dict[str, Builtin] = {
    builtin.id: builtin
    for builtin in (
        Builtin(
            "calculator",
            "Calculator",
            'Works out an expression such as "15% of 80", or an operation on two numbers.',
            calculator.calculate,
        ),
        Builtin(
            "time",
            "Current time",
            "Tells the time in a time zone or a city.",
            clock.current_time,
        ),
        Builtin(
            "units",
            "Unit converter",
            "Converts length, mass, temperature, volume, speed, area, data and time.",
            units.convert,
        ),
        Builtin(
            "products",
            "Product search",
            "Searches a small shop by words, category, price and stock.",
            products.products,
        ),
    )
}


def answer(builtin_id: str, arguments_text: str) -> str:
    """Return a built-in's answer to a call, as JSON text.

    A failure is `{"error": "a sentence"}`.
    """
    try:
        builtin = BUILTINS.get(builtin_id)
        if builtin is None:
            raise BadArguments(f"There is no built-in named {builtin_id}.")
        result = builtin.run(_arguments(arguments_text))
    except BadArguments as refusal:
        result = {"error": str(refusal)}
    return json.dumps(result, ensure_ascii=False, allow_nan=False)


def _arguments(text: str) -> dict[str, Any]:
    if len(text) > _MAX_ARGUMENTS:
        raise BadArguments("The arguments are too long.")
    try:
        given = json_text.read(text or "{}")
    except (ValueError, RecursionError):
        raise BadArguments("The arguments are not JSON.") from None
    if not isinstance(given, dict):
        raise BadArguments("The arguments must be a JSON object.")
    return given
