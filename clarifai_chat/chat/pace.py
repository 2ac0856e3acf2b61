"""Note how fast a reply arrives, in a few bytes beside its text; say what of it was there when.

A pace is text such as `340n1r5 50r17 900c4`: milliseconds after the moment before, then the sizes
that changed. `q` is how many requests of the turn are over, `n` how many replies have begun; of
the last of these replies, `r` counts the characters of its thoughts, `c` of its words, `a` of its
calls.
"""

import re
from typing import Any, NamedTuple

from clarifai_chat.chat.turn import Turn, no_figures
from clarifai_chat.messages import Message, ToolCall

TICK_MS = 50  # what arrives within is one moment
PER_TICK = 1000  # so many moments later a tick is longer, so that a long answer has few
MAX_CHARS = 60_000
MAX_GAP_MS = 120_000  # a file cannot make a replay wait longer
CHARS_PER_TOKEN = 4.0  # of English, roughly
USUAL_CHARS_PER_S = 160.0  # of a reply whose speed is not known either
USUAL_FIRST_MS = 500
_MOMENT = re.compile(r"(\d{1,9})((?:[qnrca]\d{1,9}){1,5})(?: |$)")
_SIZE = re.compile(r"([qnrca])(\d+)")


class Sizes(NamedTuple):
    """How much of a turn is there."""

    q: int = 0
    n: int = 0
    r: int = 0
    c: int = 0
    a: int = 0


class Moment(NamedTuple):
    """How much of a turn is there, so many milliseconds after the moment before."""

    wait_ms: int
    sizes: Sizes


class Pacer:
    """Writes the pace of one request, and of those that follow it at once."""

    def __init__(self) -> None:
        self._earlier = ""  # the pace before the latest moment
        self._base: Sizes | None = None  # the sizes before it
        self._sizes: Sizes | None = None  # of the latest moment
        self._wait_ms = self._at_ms = self._moments = 0

    def note(self, turn: Turn, after_s: float) -> None:
        """Note what the turn holds, so many seconds after the request was sent."""
        sizes, pace = sizes_of(turn), turn.get("pace", "")
        if sizes == self._sizes or sizes == Sizes() or len(pace) > MAX_CHARS:
            return
        at_ms = round(after_s * 1000)
        tick_ms = TICK_MS * (1 + self._moments // PER_TICK)
        is_alike = self._sizes is not None and sizes[:2] == self._sizes[:2]
        if not is_alike or at_ms - self._at_ms >= tick_ms:
            self._earlier = f"{pace} " if pace else ""
            self._base, self._wait_ms = self._sizes, max(0, at_ms - self._at_ms)
            self._at_ms = at_ms
            self._moments += 1
        self._sizes = sizes
        turn["pace"] = self._earlier + _written(self._wait_ms, self._base, sizes)


def _written(wait_ms: int, before: Sizes | None, sizes: Sizes) -> str:
    changed = (
        f"{name}{size}"
        for name, size in sizes._asdict().items()
        if before is None or size != getattr(before, name)
    )
    return f"{wait_ms}{''.join(changed)}"


def sizes_of(turn: Turn) -> Sizes:
    """Return how much of the turn is there."""
    replies = turn["replies"]
    if not replies:
        return Sizes(len(turn["before"]))
    last = replies[-1]
    thought = len(last.get("reasoning_content", ""))
    thought += sum(len(later["text"]) for later in last.get("later_thoughts", ()))
    calls = sum(_call_size(call) for call in last.get("tool_calls", ()))
    return Sizes(len(turn["before"]), len(replies), thought, len(last["content"]), calls)


def _call_size(call: ToolCall) -> int:
    return len(call["function"]["name"]) + len(call["function"]["arguments"])


def is_measured(turn: Turn) -> bool:
    """Return whether it is known when the parts of the reply arrived."""
    return bool(turn.get("pace")) or not turn["replies"]


def moments(turn: Turn) -> list[Moment]:
    """Return the moments of a reply, as measured; made up from its tokens/s if they were not."""
    if is_measured(turn):
        return _read(turn.get("pace", ""))
    return _made_up(turn)


def _read(pace: str) -> list[Moment]:
    found, sizes = [], Sizes()
    for wait, changed in _MOMENT.findall(pace[: 2 * MAX_CHARS]):
        sizes = sizes._replace(**{name: int(size) for name, size in _SIZE.findall(changed)})
        found.append(Moment(min(int(wait), MAX_GAP_MS), sizes))
    return found


def _made_up(turn: Turn) -> list[Moment]:
    found: list[Moment] = []
    done = -1  # which reply has been shown
    for number, figures in enumerate((*turn["before"], turn["figures"])):
        place = figures.get("reply", _next_reply(turn, done))
        if place is None or not done < place < len(turn["replies"]):
            continue
        if done >= 0:  # its calls were answered
            found.append(Moment(0, Sizes(number, place)))
        done, message = place, turn["replies"][place]
        whole = sizes_of({**turn, "replies": [message]})
        count = whole.r + whole.c + whole.a
        wait_ms = _ms(figures["first_token_s"], USUAL_FIRST_MS)
        took_ms = _ms(figures["total_s"], 0) - wait_ms
        if took_ms <= 0:
            tokens = figures["completion_tokens"] or 0
            took_ms = 1000 * max(count, round(tokens * CHARS_PER_TOKEN)) / USUAL_CHARS_PER_S
        ticks = max(1, min(PER_TICK, round(took_ms / TICK_MS)))
        for tick in range(1, ticks + 1):
            there = count * tick // ticks
            r, rest = min(there, whole.r), max(0, there - whole.r)
            c, a = min(rest, whole.c), max(0, rest - whole.c)
            found.append(Moment(round(wait_ms), Sizes(number, place + 1, r, c, a)))
            wait_ms = took_ms / ticks
    return found


def _next_reply(turn: Turn, done: int) -> int | None:
    later = range(done + 1, len(turn["replies"]))
    return next((n for n in later if turn["replies"][n]["role"] == "assistant"), None)


def _ms(seconds: float | None, usual: int) -> float:
    return float(usual) if seconds is None else min(max(0.0, seconds * 1000), MAX_GAP_MS)


def at(turn: Turn, sizes: Sizes) -> dict[str, Any]:
    """Return what the turn held at a moment: fields of it, in the order to replace them in."""
    whole, requests = turn["replies"], [*turn["before"], turn["figures"]]
    n = min(sizes.n, len(whole))
    number = min(sizes.q, len(requests) - 1)
    figures, current = no_figures(), requests[number]
    if "began_s" in current:
        figures["began_s"] = current["began_s"]
    reply = current.get("reply", None if number else n - 1)
    if n and whole[n - 1]["role"] == "assistant" and reply == n - 1:
        figures["first_token_s"], figures["reply"] = current["first_token_s"], n - 1
        if sizes.c:
            figures["thought_s"] = current["thought_s"]
    replies = [*whole[: n - 1], _cut(whole[n - 1], sizes)] if n else []
    return {"replies": replies, "figures": figures, "before": requests[:number]}


def _cut(message: Message, sizes: Sizes) -> Message:
    """Return what of the last message was there."""
    if message["role"] != "assistant":
        return message
    made: Message = {"role": "assistant", "content": message["content"][: sizes.c]}
    thought = message.get("reasoning_content", "")
    if there := thought[: sizes.r]:
        made["reasoning_content"] = there
    left = sizes.r - len(thought)
    for later in message.get("later_thoughts", ()):
        if left > 0:
            shown = made.setdefault("later_thoughts", [])
            shown.append({"after": later["after"], "text": later["text"][:left]})
        left -= len(later["text"])
    left = sizes.a
    for call in message.get("tool_calls", ()):
        if left > 0:
            made.setdefault("tool_calls", []).append(_cut_call(call, left))
        left -= _call_size(call)
    return made


def _cut_call(call: ToolCall, left: int) -> ToolCall:
    name, arguments = call["function"]["name"], call["function"]["arguments"]
    there = max(0, left - len(name))
    return {**call, "function": {"name": name[:left], "arguments": arguments[:there]}}
