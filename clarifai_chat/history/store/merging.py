"""Merge two diverged copies of a turn or a chat, so that nothing is lost.

A turn only grows: of two copies, the one that contains the other is kept. If neither does, the
stored one stays, and the other becomes a sibling with a new id.
"""

import json
import uuid
from collections.abc import Iterable, Mapping
from typing import Any, cast

from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.turn import Attempt, Turn, is_over
from clarifai_chat.messages import Message

# The parts of a chat that are merged one by one; each setting is a part of its own.
FIELDS = ("title", "is_named", "pinned", "model", "settings")
_SETTING = "settings."  # prefix of a setting's name in the list of changes


def holds(big: Turn, small: Turn) -> bool:
    """Return whether `big` contains everything in `small`."""
    if big.get("prompt") != small.get("prompt"):
        return False
    if big.get("asked_at") is not None and big.get("asked_at") == small.get("asked_at"):
        # One worker wrote both. It repairs calls on the way, so the later copy need not begin like
        # the earlier one.
        return _progress(big) >= _progress(small)
    if not _begins_with(big.get("earlier", []), small.get("earlier", [])):
        return False
    if not _replies_hold(big.get("replies", []), small.get("replies", [])):
        return False
    if big.get("replies", []) != small.get("replies", []):
        return True
    return _stage(big) >= _stage(small)


def _progress(turn: Attempt) -> tuple[bool, int, int]:
    replies = turn.get("replies", [])
    return turn.get("ended_at") is not None, len(replies), sum(len(str(m)) for m in replies)


def _stage(turn: Attempt) -> tuple[int, bool]:
    return len(turn.get("before", [])), turn.get("ended_at") is not None


def _begins_with(long: list[Any], short: list[Any]) -> bool:
    return long[: len(short)] == short


def _replies_hold(big: list[Message], small: list[Message]) -> bool:
    if not small:
        return True
    last = len(small) - 1
    if len(big) <= last or big[:last] != small[:last]:
        return False
    return _message_holds(big[last], small[last])


def _message_holds(big: Message, small: Message) -> bool:
    if (big["role"], big.get("tool_call_id")) != (small["role"], small.get("tool_call_id")):
        return False
    if not big["content"].startswith(small["content"]):
        return False
    if not big.get("reasoning_content", "").startswith(small.get("reasoning_content", "")):
        return False
    later, fewer_later = big.get("later_thoughts", []), small.get("later_thoughts", [])
    if len(later) < len(fewer_later) or not all(
        thought["after"] == part["after"] and thought["text"].startswith(part["text"])
        for thought, part in zip(later, fewer_later, strict=False)
    ):
        return False
    calls, fewer = big.get("tool_calls", []), small.get("tool_calls", [])
    return len(calls) >= len(fewer) and all(
        call["function"]["name"].startswith(part["function"]["name"])
        and call["function"]["arguments"].startswith(part["function"]["arguments"])
        for call, part in zip(calls, fewer, strict=False)
    )


def merge_turn(mine: Turn, stored: Turn, *, is_current: bool) -> Turn | None:
    """Return the turn to keep under the shared id; `None` if both must be kept.

    `is_current`: the stored one is unchanged since mine was read, so mine wins.
    """
    if mine == stored:
        return mine
    feedback = stored.get("feedback")
    if holds(mine, stored) and (is_current or not holds(stored, mine)):
        if feedback and not is_current and "feedback" not in mine:
            mine = {**mine, "feedback": feedback}
        return mine
    if holds(stored, mine):
        if "feedback" in mine and (is_current or not feedback):
            return {**stored, "feedback": mine["feedback"]}
        return stored
    return None


def sibling(turn: Turn) -> Turn:
    """Return a copy with a new id, always the same one, so that saving twice adds no third."""
    of = json.dumps([turn["id"], turn.get("asked_at"), turn.get("prompt")])
    return {**turn, "id": uuid.uuid5(uuid.NAMESPACE_OID, of).hex}


def settle_all(mine: Turn, stored: Mapping[str, Turn], *, is_current: bool) -> list[Turn]:
    """Return the turns to keep for `mine` and the stored turn with its id: one, or siblings."""
    kept: list[Turn] = []
    while mine["id"] in stored:
        one = merge_turn(mine, stored[mine["id"]], is_current=is_current)
        if one is not None:
            return [*kept, one]
        kept.append(stored[mine["id"]])
        mine = sibling(mine)
    return [*kept, mine]


def changes(now: Mapping[str, Any], before: Mapping[str, Any]) -> list[str]:
    """Return the names of the fields and settings that have changed."""
    new, old = now["settings"], before["settings"]
    named = [_SETTING + name for name in {**old, **new} if new.get(name) != old.get(name)]
    return [field for field in FIELDS if now[field] != before[field]] + named


def merge_fields(mine: Chat, stored: Chat, changed: Mapping[str, int]) -> Chat:
    """Return `mine` with the fields and settings that others changed since it was read."""
    merged: dict[str, Any] = dict(mine)
    theirs = {name for name, revision in changed.items() if revision > mine["revision"]}
    for field in theirs.intersection(FIELDS) - {"settings"}:
        merged[field] = stored[field]  # type: ignore[literal-required] # one of FIELDS
    pairs = [
        (name, value)
        for chat, is_theirs in ((mine, False), (stored, True))
        for name, value in chat["settings"].items()
        if (_SETTING + name in theirs) == is_theirs
    ]
    merged["settings"] = dict(pairs)
    merged["updated_at"] = max(mine["updated_at"], stored["updated_at"])
    merged["created_at"] = stored["created_at"]
    return cast(Chat, merged)


def merge_turns(
    mine: Chat,
    stored: Mapping[str, Turn],
    came: Mapping[str, int],
    removed: Mapping[str, tuple[int, float]],
) -> list[Turn]:
    """Return all turns of both copies: first the stored ones, then those only `mine` has.

    A turn that one side removed is gone, unless the other side changed it or continued after it.
    `came` has the revision in which a stored turn was added; `removed` the revision and time of its
    removal.
    """
    seen = mine["revision"]
    here = {turn["id"]: turn for turn in mine["turns"]}
    everything = {**stored, **here}
    kept: dict[str, list[Turn]] = {}
    for one in stored:
        if one in here:
            kept[one] = settle_all(here[one], stored, is_current=came[one] <= seen)
        elif came[one] > seen:
            kept[one] = [stored[one]]
    for one, turn in here.items():
        if one not in stored and not _is_gone(turn, removed.get(one), seen):
            kept[one] = [turn]
    for one in list(kept):
        for before in _ancestors(one, everything):
            kept.setdefault(before, [everything[before]])
    order = [*stored, *(one for one in here if one not in stored)]
    merged = {turn["id"]: turn for one in order if one in kept for turn in kept[one]}
    return list(merged.values())


def _is_gone(turn: Turn, removed: tuple[int, float] | None, seen: int) -> bool:
    if removed is None or removed[0] <= seen or not is_over(turn):
        return False
    return (turn["ended_at"] or 0.0) <= removed[1]


def _ancestors(one: str, everything: Mapping[str, Turn]) -> Iterable[str]:
    passed: set[str] = set()
    while (one := everything[one].get("parent", "")) in everything and one not in passed:
        passed.add(one)
        yield one
