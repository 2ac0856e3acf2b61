"""Treat a list of turns as a tree of places in it. Any list is a valid tree."""

from collections.abc import Sequence

from clarifai_chat.chat.turn import Turn


def parents(turns: Sequence[Turn]) -> list[int | None]:
    """Return the place of each turn's parent; None for a turn that begins a conversation.

    Without a stored parent, it is the previous turn; a missing parent is None. In a circle, the
    earliest turn begins.
    """
    places: dict[str, int] = {}
    for at, turn in enumerate(turns):
        places.setdefault(turn["id"], at)
    places.pop("", None)  # as a parent, "" means none
    found: list[int | None] = []
    for at, turn in enumerate(turns):
        named = turn.get("parent")
        before = at - 1 if at else None
        found.append(places.get(named) if isinstance(named, str) else before)
    return _without_circles(found)


def _without_circles(parents: list[int | None]) -> list[int | None]:
    sound: set[int] = set()
    for start in range(len(parents)):
        walk: dict[int, None] = {}
        at: int | None = start
        while at is not None and at not in sound and at not in walk:
            walk[at] = None
            at = parents[at]
        if at is not None and at in walk:
            order = list(walk)
            parents[min(order[order.index(at) :])] = None
        sound.update(walk)
    return parents


def subtree(parents: Sequence[int | None], at: int) -> set[int]:
    """Return the places of a turn and its descendants."""
    children = _children(parents)
    found, ahead = set(), [at]
    while ahead:
        at = ahead.pop()
        found.add(at)
        ahead += children[at]
    return found


def latest(parents: Sequence[int | None], at: int) -> int:
    """Return the latest leaf among the descendants of `at`, or `at` itself if it is a leaf."""
    answered = set(parents)
    return max(each for each in subtree(parents, at) if each not in answered)


def branch(parents: Sequence[int | None], leaf: int) -> list[int]:
    """Return the path from the first turn to `leaf`."""
    way = []
    at: int | None = leaf
    while at is not None:
        way.append(at)
        at = parents[at]
    return way[::-1]


def place(turns: Sequence[Turn], id: str) -> int | None:
    """Return the place of the first turn with this id."""
    return next((at for at, turn in enumerate(turns) if turn["id"] == id), None)


def place_of(turns: Sequence[Turn], turn: Turn) -> int | None:
    """Return the place of `turn` by identity, else by its id."""
    very = next((at for at, each in enumerate(turns) if each is turn), None)
    return place(turns, turn["id"]) if very is None else very


def _children(parents: Sequence[int | None]) -> list[list[int]]:
    children: list[list[int]] = [[] for _ in parents]
    for at, parent in enumerate(parents):
        if parent is not None:
            children[parent].append(at)
    return children
