"""Conversations as stored: a tree of turns, the settings, a title.

Every function copes with any data (a missing parent, a circle, two turns with one id): each turn
has a place in the tree, and none is lost.
"""

import json
import re
import time
import unicodedata
import uuid
from collections.abc import Sequence
from typing import TypedDict, TypeVar, cast

from clarifai_chat.chat import tree
from clarifai_chat.chat.settings import ChatSettings
from clarifai_chat.chat.turn import Turn, rename_left_out

T = TypeVar("T")

MAX_TITLE_CHARS = 60


class Chat(TypedDict):
    """One conversation, with all of its branches."""

    id: str
    title: str
    is_named: bool  # by the visitor; otherwise the title is the first words
    pinned: bool
    created_at: float  # Unix time
    updated_at: float
    revision: int  # 0 if never saved
    model: str  # its address, or "" for the visitor's choice
    settings: ChatSettings
    turns: list[Turn]  # of all branches, in the order asked
    leaf: str  # id of the last turn of the shown branch; "" in an empty conversation


def new_chat() -> Chat:
    """Return an empty conversation."""
    now = time.time()
    return {
        "id": uuid.uuid4().hex,
        "title": "",
        "is_named": False,
        "pinned": False,
        "created_at": now,
        "updated_at": now,
        "revision": 0,
        "model": "",
        "settings": {},
        "turns": [],
        "leaf": "",
    }


def path(chat: Chat) -> list[Turn]:
    """Return the shown branch, from its first turn to its last.

    A leaf that has children by now leads on to its latest descendant. An unknown leaf means the
    latest turn.
    """
    turns = chat["turns"]
    if not turns:
        return []
    parents = tree.parents(turns)
    leaf = tree.place(turns, chat["leaf"])
    last = tree.latest(parents, len(turns) - 1 if leaf is None else leaf)
    return [turns[at] for at in tree.branch(parents, last)]


def siblings(chat: Chat, turn: Turn) -> list[Turn]:
    """Return `turn` and the others with the same parent, in the order asked."""
    at = tree.place_of(chat["turns"], turn)
    if at is None:
        return [turn]
    parents = tree.parents(chat["turns"])
    return [each for each, p in zip(chat["turns"], parents, strict=True) if p == parents[at]]


def show(chat: Chat, turn: Turn) -> None:
    """Show the branch with `turn`, up to its latest descendant."""
    at = tree.place_of(chat["turns"], turn)
    if at is not None:
        _make_explicit(chat)
        chat["leaf"] = chat["turns"][tree.latest(tree.parents(chat["turns"]), at)]["id"]


def add(chat: Chat, turn: Turn, after: Turn | None) -> None:
    """Add `turn` after `after`, or at the beginning, and show it. The first sets the title."""
    _make_explicit(chat)
    turns = chat["turns"]
    if not any(each is turn for each in turns):
        if tree.place(turns, turn["id"]) is not None:
            turn["id"] = uuid.uuid4().hex
        turn["parent"] = after["id"] if after else ""
        turns.append(turn)
    if not chat["title"] and not chat["is_named"]:
        names = ", ".join(file["name"] for file in turn.get("attachments", []))
        chat["title"] = auto_title(turn["prompt"]) or auto_title(names)
    chat["leaf"] = turn["id"]
    chat["updated_at"] = time.time()


def fork(chat: Chat, turn: Turn) -> Chat:
    """Return a new conversation with the branch up to `turn`, inclusive, under new ids.

    Attachments keep their ids, because their content stays where it is.
    """
    forked = new_chat()
    forked["title"], forked["is_named"] = chat["title"], chat["is_named"]
    forked["model"] = chat["model"]
    forked["settings"] = _copy(chat["settings"])
    at = tree.place_of(chat["turns"], turn)
    new: dict[str, str] = {}
    for place in [] if at is None else tree.branch(tree.parents(chat["turns"]), at):
        each = _copy(chat["turns"][place])
        new[each["id"]] = uuid.uuid4().hex
        each["id"], each["parent"] = new[each["id"]], forked["leaf"]
        rename_left_out(each, new)
        each.pop("notice", None)
        forked["turns"].append(each)
        forked["leaf"] = each["id"]
    return forked


def remove(chat: Chat, turn: Turn) -> list[Turn]:
    """Remove `turn` and its descendants; return them, for `restore`.

    If they were shown, shows the previous sibling instead, else the next one, else the parent.
    """
    at = tree.place_of(chat["turns"], turn)
    if at is None:
        return []
    shown = any(each is chat["turns"][at] for each in path(chat))
    _make_explicit(chat)
    turns = chat["turns"]
    parents = tree.parents(turns)
    gone = tree.subtree(parents, at)
    alike = [i for i, parent in enumerate(parents) if parent == parents[at] and i != at]
    removed = [turns[i] for i in sorted(gone)]
    left = [each for i, each in enumerate(turns) if i not in gone]
    chat["updated_at"] = time.time()
    parent = parents[at]
    before = None if parent is None else turns[parent]
    if alike:
        before = turns[max((i for i in alike if i < at), default=alike[0])]
    turns[:] = left  # in place, because others hold this list
    if shown and before:
        show(chat, before)
    elif shown:
        chat["leaf"] = ""
    return removed


def restore(chat: Chat, turns: Sequence[Turn]) -> None:
    """Restore the turns that `remove` returned, in the order asked, and show them."""
    _make_explicit(chat)
    back = [turn for turn in turns if not any(each is turn for each in chat["turns"])]
    for turn in back:
        if (known := tree.place(chat["turns"], turn["id"])) is not None:
            if chat["turns"][known] == turn:  # undone twice, or saved and loaded in between
                continue
            turn["id"] = uuid.uuid4().hex
        asked = _asked_at(turn)
        later = (i for i, each in enumerate(chat["turns"]) if _asked_at(each) > asked)
        chat["turns"].insert(next(later, len(chat["turns"])), turn)
    if back:
        inside = {turn["id"] for turn in back}
        first = next((t for t in back if t.get("parent") not in inside), back[0])
        show(chat, first)
        chat["updated_at"] = time.time()


_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_LINE_START = re.compile(r"^\s*(?:(?:#{1,6}|>|[-+*]|\d{1,3}[.)])\s+|(?:```|~~~).*$)+", re.MULTILINE)
_EMPHASIS = re.compile(r"(?<!\w)[*_]{1,3}(?=\w)|(?<=[^\s*_])[*_]{1,3}(?!\w)|`+|~~")
_TURNS_WORDS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def auto_title(text: str) -> str:
    """Return the first words of a question on one line, without markup; "" if it has none."""
    text = text.strip()[:2000]  # enough, even of a pasted book
    text = _EMPHASIS.sub("", _LINE_START.sub("", _LINK.sub(r"\1", text)))
    seen = (" " if unicodedata.category(sign) in ("Cc", "Cs", "Cn") else sign for sign in text)
    title = " ".join(_TURNS_WORDS.sub("", "".join(seen)).split())
    if len(title) <= MAX_TITLE_CHARS:
        return title
    cut = title[:MAX_TITLE_CHARS]
    words = cut.rpartition(" ")[0]
    return f"{words if len(words) > MAX_TITLE_CHARS // 2 else cut[:-1]}…"


def normalize(chat: Chat) -> None:
    """Repair the tree in place: one parent and one id for each turn, and no circles.

    For imported data: a missing parent counts as no parent.
    """
    _make_explicit(chat)
    turns = chat["turns"]
    shown = path(chat)
    parents = tree.parents(turns)
    for turn, parent in zip(turns, parents, strict=True):
        turn["parent"] = "" if parent is None else turns[parent]["id"]
    chat["leaf"] = shown[-1]["id"] if shown else ""


def _make_explicit(chat: Chat) -> None:
    """Give each turn an id of its own, and a parent if it has none.

    A missing parent is left as it is, because `restore` may bring it back.
    """
    seen = {""}
    before = ""
    for turn in chat["turns"]:
        if turn["id"] in seen:
            turn["id"] = uuid.uuid4().hex
        seen.add(turn["id"])
        if not isinstance(turn.get("parent"), str):
            turn["parent"] = before
        before = turn["id"]


def _asked_at(turn: Turn) -> float:
    """Return when it was asked; a waiting turn counts as the latest."""
    asked = turn["asked_at"]
    return asked if isinstance(asked, int | float) else float("inf")


def _copy(data: T) -> T:
    # Not deepcopy: a worker may be filling the turn, and only this is atomic.
    return cast(T, json.loads(json.dumps(data)))


def replace(chat: Chat, old: Turn, new: Turn) -> None:
    """Replace `old` by `new`, which takes over its children."""
    _make_explicit(chat)
    turns = chat["turns"]
    at = tree.place_of(turns, old)
    if at is None:
        return
    new["parent"] = turns[at].get("parent", "")
    for each in turns:
        if each.get("parent") == old["id"]:
            each["parent"] = new["id"]
    turns[at] = new
    if chat["leaf"] == old["id"]:
        chat["leaf"] = new["id"]
    chat["updated_at"] = time.time()


def splice(chat: Chat, turn: Turn) -> None:
    """Remove one turn only; its parent takes over its children."""
    _make_explicit(chat)
    turns = chat["turns"]
    at = tree.place_of(turns, turn)
    if at is None:
        return
    before = turns[at].get("parent", "")
    for each in turns:
        if each.get("parent") == turn["id"]:
            each["parent"] = before
    del turns[at]
    if chat["leaf"] == turn["id"]:
        chat["leaf"] = before
    chat["updated_at"] = time.time()


def add_beside(chat: Chat, turn: Turn, new: Turn) -> None:
    """Add `new` as a sibling of `turn`, and show it."""
    _make_explicit(chat)
    before = tree.place(chat["turns"], turn.get("parent", ""))
    add(chat, new, None if before is None else chat["turns"][before])


def branches(chat: Chat) -> dict[str, tuple[int, int]]:
    """Return (number from 1, count) among its siblings by turn id, for turns that have some."""
    parents = tree.parents(chat["turns"])
    alike: dict[int | None, list[str]] = {}
    for turn, parent in zip(chat["turns"], parents, strict=True):
        alike.setdefault(parent, []).append(turn["id"])
    several = [ids for ids in alike.values() if len(ids) > 1]
    return {id: (at, len(ids)) for ids in several for at, id in enumerate(ids, 1)}
