"""Suggest a built-in for a tool by its name and parameters."""

import re
from collections.abc import Callable, Set

from clarifai_chat.messages import ToolSpec
from clarifai_chat.tools.builtins import calculator, clock, products, units
from clarifai_chat.tools.builtins.given import plain


def suggested(tool: ToolSpec) -> str:
    """Return the id of the built-in that fits a tool's name and parameters, or "".

    A built-in fits if it understands everything that the tool requires: `calculate` with an
    expression, but not `calculate_shipping` with a weight.
    """
    function = tool.get("function", tool)
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        return ""
    schema = function.get("parameters")
    schema = schema if isinstance(schema, dict) else {}
    properties, required = schema.get("properties"), schema.get("required")
    taken = {plain(name) for name in properties} if isinstance(properties, dict) else set()
    needed = {plain(str(name)) for name in required} if isinstance(required, list) else set()
    words = set(_words(function["name"]))
    return next((id for id, fits in _FITS.items() if fits(words, taken, needed)), "")


def _words(name: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ")
    return re.findall(r"[^\W_]+", spaced.lower())


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_CALCULATES = _listed("calculate calculator calc compute evaluate eval math arithmetic")
_CONVERTS = _listed("convert converter conversion unit units")
_MEASURES = _listed("""
    unit units temperature length distance weight mass volume speed area
    fromunit tounit unitfrom unitto sourceunit targetunit
""")
_MONEY = _listed("currency currencies money exchange crypto price")
_SELLS = _listed("product products catalog catalogue inventory shop store")
# Words in the name of a tool that changes the shop instead of querying it.
_CHANGES = _listed("""
    add book buy cancel create delete order place remove reserve send set submit update
""")
_TELLS_TIME = _listed("time clock now datetime")
# The only words in the name of a clock: `get_current_time`, but not `time_entry` or `timer`.
_CLOCK_WORDS = _TELLS_TIME | _listed("""
    get current local world date and in for at by zone timezone city the what is it tell show check
    fetch read
""")


def _calculates(words: Set[str], taken: Set[str], needed: Set[str]) -> bool:
    expression, operation = set(calculator.EXPRESSION), set(calculator.OPERATION)
    operands = {*calculator.LEFT, *calculator.RIGHT, *calculator.SEVERAL}
    has_task = taken & expression or (taken & operation and taken & operands)
    return bool(words & _CALCULATES and has_task and needed <= expression | operation | operands)


def _converts(words: Set[str], taken: Set[str], needed: Set[str]) -> bool:
    is_of_units = words & _CONVERTS and (words | taken) & _MEASURES and not words & _MONEY
    has_both = taken & {*units.FROM} and taken & {*units.TO}
    return bool(is_of_units and has_both and needed <= {*units.VALUE, *units.FROM, *units.TO})


def _sells(words: Set[str], taken: Set[str], needed: Set[str]) -> bool:
    can_search = taken & {*products.ALL} and needed <= {*products.ALL}
    return bool(words & _SELLS and not words & _CHANGES and can_search)


def _tells_time(words: Set[str], taken: Set[str], needed: Set[str]) -> bool:
    is_clock = words & _TELLS_TIME and words <= _CLOCK_WORDS
    return bool(is_clock and needed <= {*clock.PLACE, "format"})


_FITS: dict[str, Callable[[Set[str], Set[str], Set[str]], bool]] = {
    "calculator": _calculates,
    "units": _converts,
    "products": _sells,
    "time": _tells_time,
}
