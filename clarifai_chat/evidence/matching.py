"""Pair what was wanted with what was found, in any order."""

from collections.abc import Callable, Sequence
from typing import Any


def matched(
    wanted: Sequence[Any], found: Sequence[Any], fits: Callable[[Any, Any], bool]
) -> list[int] | None:
    """Return for each wanted thing the place of its partner in `found`; None if some lack one."""
    partner: dict[int, int] = {}  # place in `found` → place in `wanted`

    def find(number: int, tried: set[int]) -> bool:
        for place, one in enumerate(found):
            if place not in tried and fits(wanted[number], one):
                tried.add(place)
                if place not in partner or find(partner[place], tried):
                    partner[place] = number
                    return True
        return False

    if not all(find(number, set()) for number in range(len(wanted))):
        return None
    places = {number: place for place, number in partner.items()}
    return [places[number] for number in range(len(wanted))]
