"""Play a recorded turn: fill a fresh one in the order and at the pace in which it arrived."""

import time
from collections.abc import Iterator, Sequence
from typing import Any, TypedDict, cast

from clarifai_chat.chat.pace import Moment, Sizes, at, moments
from clarifai_chat.chat.turn import Turn, new_turn
from clarifai_chat.events import Replayed
from clarifai_chat.llm.transport import InFlight

LOOK_S = 0.25  # how often the speed is read during a long wait
# Of an attempt, in this order: a page that reads in between sees that it is over last.
_END = ("replies", "figures", "before", "pictures", "problem", "request_id", "ending", "ended_at")


class Player(TypedDict):
    """How a recording is played. The page changes it while workers read it."""

    speed: float
    places: dict[str, int]  # turn id → how many of its moments have been shown


def fresh(turn: Turn, shown: int = 0) -> Turn:
    """Return a turn to play a recorded one in; `shown` of its moments are there already."""
    made = new_turn(turn["prompt"], turn["model"])
    for name in ("attachments", "left_out", "tools"):
        if name in turn:
            cast(dict[str, Any], made)[name] = cast(dict[str, Any], turn)[name]
    if shown:
        show(made, turn, shown)
    return made


def show(playing: Turn, turn: Turn, shown: int) -> None:
    """Show so many moments of a recorded turn, or all of it if there are no more."""
    found = moments(turn)
    playing["asked_at"] = playing["asked_at"] or time.time()
    fields = at(turn, found[shown - 1].sizes) if 0 < shown <= len(found) else None
    if shown > len(found):
        fields = _end(turn)
    if fields is not None:
        cast(dict[str, Any], playing).update(fields)


def _end(turn: Turn) -> dict[str, Any]:
    fields = {name: cast(dict[str, Any], turn)[name] for name in _END if name in turn}
    return {**fields, "ended_at": time.time()}


def events(
    turn: Turn, playing: Turn, player: Player, in_flight: InFlight, first: int = 0
) -> Iterator[Replayed]:
    """Yield what fills `playing`, from a moment on, each at its time. For a worker."""
    found = moments(turn)
    before = found[first - 1].sizes if first else Sizes()
    for number, moment in enumerate(found[first:], first + 1):
        _wait(moment.wait_ms / 1000, player, in_flight)
        if in_flight.is_cut:
            return
        if moment.sizes.q > before.q and moment.sizes.n > before.n:
            # The request is over before another reply begins: a page may read in between.
            yield Replayed(at(turn, before._replace(q=moment.sizes.q)))
        before = moment.sizes
        player["places"][playing["id"]] = number
        yield Replayed(at(turn, moment.sizes))
    _wait(_rest_s(turn, found), player, in_flight)
    if not in_flight.is_cut:
        player["places"][playing["id"]] = len(found) + 1
        yield Replayed(_end(turn))


def _rest_s(turn: Turn, found: Sequence[Moment]) -> float:
    """Return how long nothing came before the end: a failure may have taken its time."""
    total_s = turn["figures"]["total_s"]
    if total_s is None or turn["before"]:
        return 0.0
    return min(120.0, max(0.0, total_s - sum(moment.wait_ms for moment in found) / 1000))


def _wait(seconds: float, player: Player, in_flight: InFlight) -> None:
    while seconds > 0:
        piece = min(seconds, LOOK_S * player["speed"])
        if in_flight.ended.wait(piece / player["speed"]):
            return
        seconds -= piece


def next_stop(turn: Turn, shown: int) -> int:
    """Return how many moments are shown after one more step.

    A step ends with a paragraph, with thoughts, with a reply, with a request, or with all.
    """
    found = moments(turn)
    for number in range(shown + 1, len(found)):
        this, following = found[number - 1].sizes, found[number].sizes
        if this[:2] != following[:2] or _part(this) != _part(following):
            return number
        text = turn["replies"][this.n - 1]["content"] if this.n <= len(turn["replies"]) else ""
        if _paragraphs(text[: following.c]) > _paragraphs(text[: this.c]):
            return number
    return len(found) if shown < len(found) else len(found) + 1


def _paragraphs(text: str) -> int:
    return text.rstrip().count("\n\n")


def _part(sizes: Sizes) -> int:
    return 2 if sizes.a else 1 if sizes.c else 0


def length(turn: Turn) -> int:
    """Return how many moments are shown once the whole turn is."""
    return len(moments(turn)) + 1
