"""Validate data as a conversation: keep every part that has the right type.

The types come from the annotations of `Chat` and its parts, so new fields are read too.
"""

import math
import re
import uuid
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, cast, get_args, get_origin, get_type_hints

from clarifai_chat.attachments import known_mime
from clarifai_chat.catalog import parse_address
from clarifai_chat.chat.chats import Chat, normalize
from clarifai_chat.chat.settings import ChatSettings
from clarifai_chat.chat.turn import INTERRUPTED, Attempt, Turn, files_of, rename_left_out
from clarifai_chat.messages import opaque
from clarifai_chat.playground.chat_tools import sound
from clarifai_chat.text import whole

MAX_NUMBER = 2**53 - 1  # the largest exact integer in JavaScript, and so in many widgets
LATEST = 253_402_300_799  # Unix time of the end of the year 9999
_RANGES: dict[str, tuple[float, float]] = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "presence_penalty": (-2, 2),
    "frequency_penalty": (-2, 2),
    "max_tokens": (1, 1_000_000),
}
DERIVED = ("cost_usd",)  # in exports for other programs; computed again when exported
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NOTHING: Final = object()


def chat(found: Any, odd: list[str]) -> Chat:
    """Return a conversation with the valid parts of `found`; names of others go into `odd`.

    A reply that was still running counts as interrupted.
    """
    made = cast(Chat, _fitted(Chat, found if isinstance(found, dict) else {}, "", odd))
    made["revision"] = 0
    made["model"] = parse_address(made["model"]) or ""
    _keep_in_range(made["settings"], "settings.", odd)
    _keep_sound(made["settings"])
    _rename(made)
    for turn in made["turns"]:
        _repair(turn, made["updated_at"], odd)
    normalize(made)
    return made


def settings(found: Any, odd: list[str]) -> ChatSettings:
    """Return settings with the valid parts of `found`; names of others go into `odd`."""
    found = found if isinstance(found, dict) else {}
    made = cast(ChatSettings, _fitted(ChatSettings, found, "", odd))
    _keep_in_range(made, "", odd)
    _keep_sound(made)
    return made


def plain(text: str) -> str:
    """Replace what files and databases refuse: halves of surrogate pairs, NUL."""
    return whole(text).replace("\0", "\N{REPLACEMENT CHARACTER}")


def _fitted(kind: Any, found: Any, where: str, odd: list[str]) -> Any:
    """Return the parts of `found` that fit `kind`, or `_NOTHING`."""
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        if found is None and NoneType in get_args(kind):
            return None
        return _fitted(next(k for k in get_args(kind) if k is not NoneType), found, where, odd)
    if origin is list:
        if not isinstance(found, list):
            return _odd(where, odd)
        of = get_args(kind)[0]
        items = [_fitted(of, item, f"{where} {n}", odd) for n, item in enumerate(found, 1)]
        return [item for item in items if item is not _NOTHING]
    if origin is dict:
        kept = opaque(found) if isinstance(found, dict) else None
        return _odd(where, odd) if kept is None else kept
    if origin is Literal:
        is_one = isinstance(found, str) and found in get_args(kind)
        return found if is_one else _odd(where, odd)
    if hasattr(kind, "__required_keys__"):
        return _object(kind, found, where, odd) if isinstance(found, dict) else _odd(where, odd)
    if kind is str and isinstance(found, str):
        return plain(found)
    if kind is bool and isinstance(found, bool):
        return found
    if kind in (int, float) and _is_number(found, kind):
        return found
    return _odd(where, odd)


def _object(kind: Any, found: dict[Any, Any], where: str, odd: list[str]) -> Any:
    made: dict[str, Any] = {}
    fields, start = _fields(kind), f"{where}." if where else ""
    odd += [f"{start}{name}" for name in found if name not in fields and name not in DERIVED]
    for name, of in fields.items():
        place = f"{start}{name}"
        value: Any = _fitted(of, found[name], place, odd) if name in found else _NOTHING
        is_time = name.endswith("_at") and isinstance(value, int | float)
        if is_time and not 0 <= value <= LATEST:
            value = _odd(place, odd)
        if value is _NOTHING and name in kind.__required_keys__:
            value = _blank(of)
            if value is _NOTHING:  # a message needs a role
                return _odd(where, odd) if name not in found else _NOTHING
        if value is not _NOTHING:
            made[name] = value
    return made


def _blank(kind: Any) -> Any:
    if get_origin(kind) is list:
        return []
    if NoneType in get_args(kind):
        return None
    if hasattr(kind, "__required_keys__"):
        return _object(kind, {}, "", [])
    return _NOTHING if get_origin(kind) is Literal else kind()


def _odd(where: str, odd: list[str]) -> Any:
    odd.append(where)
    return _NOTHING


def _is_number(found: Any, kind: type) -> bool:
    if isinstance(found, bool) or not isinstance(found, int if kind is int else int | float):
        return False
    return -MAX_NUMBER <= found <= MAX_NUMBER and math.isfinite(found)


@cache
def _fields(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _keep_in_range(settings: ChatSettings, where: str, odd: list[str]) -> None:
    for name, (low, high) in _RANGES.items():
        value = settings.get(name)
        if isinstance(value, int | float) and not low <= value <= high:
            del settings[name]  # type: ignore[misc]  # a key of the TypedDict, from the table
            odd.append(f"{where}{name}")


def _keep_sound(settings: ChatSettings) -> None:
    if "tools" in settings:
        settings["tools"] = sound(settings["tools"])


def _rename(chat: Chat) -> None:
    """Replace invalid ids, and the references to them."""
    new = {turn["id"]: uuid.uuid4().hex for turn in chat["turns"] if not _ID.fullmatch(turn["id"])}
    for turn in chat["turns"]:
        turn["id"] = new.get(turn["id"], turn["id"])
        if turn.get("parent"):
            turn["parent"] = new.get(turn["parent"], turn["parent"])
        rename_left_out(turn, new)
        for attachment in files_of(turn):
            if not _ID.fullmatch(attachment["id"]):
                attachment["id"] = uuid.uuid4().hex
    chat["leaf"] = new.get(chat["leaf"], chat["leaf"])
    if not _ID.fullmatch(chat["id"]):
        chat["id"] = uuid.uuid4().hex


def _repair(turn: Turn, now: float, odd: list[str]) -> None:
    turn["model"]["url"] = parse_address(turn["model"]["url"]) or ""
    turn["model"]["name"] = turn["model"]["name"] or "unknown model"
    for file in files_of(turn):
        file["mime"] = known_mime(file["kind"], file["mime"])
    if "tools" in turn:
        turn["tools"] = sound(turn["tools"])
    attempts: list[Attempt] = [turn, *turn["earlier"]]
    for attempt in attempts:
        attempt.pop("notice", None)
        if attempt["ended_at"] is None:
            attempt["ended_at"] = now if attempt["asked_at"] is None else attempt["asked_at"]
            attempt["ending"] = attempt["ending"] or INTERRUPTED
        replies = [m for m in attempt["replies"] if m["role"] in ("assistant", "tool")]
        if len(replies) < len(attempt["replies"]):
            odd.append("turns.replies.role")
            attempt["replies"] = replies
