"""Keep where each presentation of this process is, so that its notes stay in step with it.

Strangers share the process: a presentation is found by its own long random id, or by its visitor,
and never by the name of its demo.
"""

import secrets
import threading
import time
from typing import TypedDict

MAX_KEPT = 1000
MAX_AGE_S = 24 * 3600.0


class Place(TypedDict):
    """Where a presentation is."""

    id: str
    owner: str  # the visitor's; "" if it is not known
    demo: str
    step: int  # from 0
    began_at: float  # Unix time of the first step; 0 before


_lock = threading.Lock()
_places: dict[str, Place] = {}  # the one that moved last is the last


def begin(demo: str, owner: str = "") -> str:
    """Return the id of a new presentation."""
    id = secrets.token_hex(16)
    with _lock:
        _places[id] = {"id": id, "owner": owner, "demo": demo, "step": 0, "began_at": 0.0}
        while len(_places) > MAX_KEPT:
            del _places[next(iter(_places))]
    return id


def move(id: str, step: int) -> None:
    """Note that a presentation is at a step; it begins with the first."""
    with _lock:
        place = _places.pop(id, None)
        if place:
            _places[id] = {**place, "step": step, "began_at": place["began_at"] or time.time()}


def find(id: str, demo: str, owner: str = "") -> Place | None:
    """Return where a presentation is: the one of this id, or the visitor's latest of this demo.

    A reload begins another presentation of the same visitor: the id of the first finds it too.
    """
    with _lock:
        places = [*_places.values()]
    found = [place for place in places if id and place["id"] == id]
    if found:
        owner, demo = found[0]["owner"], found[0]["demo"]
    if owner and (found or not id):
        found = [p for p in places if p["owner"] == owner and p["demo"] == demo]
    place = found[-1] if found else None
    is_old = place and place["began_at"] and time.time() - place["began_at"] > MAX_AGE_S
    return None if place is None or is_old else place
