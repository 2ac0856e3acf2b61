"""Turn the tree of messages of an export into a tree of turns."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, groupby
from typing import Any

from clarifai_chat.chat.chats import Chat, auto_title, new_chat
from clarifai_chat.chat.settings import ChatSettings
from clarifai_chat.chat.turn import Turn
from clarifai_chat.transfer.imports.entries import Entry, as_string, joined, replies, time
from clarifai_chat.transfer.imports.ours import checked
from clarifai_chat.transfer.imports.parts import NO_QUESTION, finish_turn, turn
from clarifai_chat.transfer.imports.reading import Notes

# Branches share earlier messages, but turns copy them: a small file could grow without limit.
MAX_COPIES = 100_000


@dataclass(frozen=True, slots=True)
class Node:
    """A message in its tree; `entry` is None if it has nothing for a reader."""

    parent: Any
    entry: Entry | None
    children: Any = None  # their ids in order, if the export lists them


@dataclass(frozen=True, slots=True)
class About:
    """What an export says of a conversation besides its messages, as found."""

    title: Any = None
    created_at: Any = None
    updated_at: Any = None
    model: Any = None
    leaf: Any = None  # id of the last message that was shown
    pinned: Any = None
    settings: ChatSettings | None = None


@dataclass(slots=True)
class _Segment:
    """A question and its replies up to one message; becomes a turn if it ends there."""

    after: Turn | None  # the turn before the question
    question: Entry | None
    before: "_Segment | None" = None  # the same without the last message
    reply: Entry | None = None
    turn: Turn | None = None


def from_list(messages: Iterable[tuple[Any, Any, Entry | None]]) -> dict[str, Node]:
    """Return a list of (id, parent, entry) as a tree; without any parents it is one line."""
    rows = list(messages)
    is_tree = any(parent is not None for _, parent, _ in rows)
    nodes: dict[str, Node] = {}
    before = None
    for id, parent, entry in rows:
        key = id if isinstance(id, str) and id not in nodes else uuid.uuid4().hex
        nodes[key] = Node(parent if is_tree else before, entry)
        before = key
    return nodes


def in_a_line(entries: Iterable[Entry | None]) -> dict[str, Node]:
    """Return messages without branches as a tree; neighbours of one role become one message."""
    found: list[Entry] = []
    for role, alike in groupby(filter(None, entries), key=lambda entry: entry.role):
        each = list(alike)
        found.append(
            Entry(
                role,
                joined(*(entry.text for entry in each)),
                [step for entry in each for step in entry.steps],
                files=[file for entry in each for file in entry.files],
            )
        )
    return {str(n): Node(str(n - 1) if n else None, entry) for n, entry in enumerate(found)}


def chat(nodes: Mapping[str, Node], about: About, notes: Notes, now: float) -> Chat | None:
    """Return the conversation, walked from its roots into every branch; None if it is empty."""
    return _Tree(nodes, about, notes, now).chat()


class _Tree:
    def __init__(self, nodes: Mapping[str, Node], about: About, notes: Notes, now: float) -> None:
        self._nodes = nodes
        self._about = about
        self._notes = notes
        self._chat = new_chat()
        self._chat["created_at"] = time(about.created_at) or now
        self._systems: list[str] = []
        self._copies = 0
        self._calls = count(1)

    def chat(self) -> Chat | None:
        chat, about = self._chat, self._about
        segments = self._walk(*_children(self._nodes))
        if len(segments) < len(self._nodes):
            lost = len(self._nodes) - len(segments)
            self._notes.left_out("a message that is not connected to the others", lost)
        if not chat["turns"] and not self._systems:
            return None
        chat["settings"] = about.settings or {}
        systems = [chat["settings"].get("system", ""), *self._systems]
        if system := joined(*dict.fromkeys(systems)):
            chat["settings"]["system"] = system
        if all(each["asked_at"] is not None for each in chat["turns"]):
            chat["turns"].sort(key=lambda each: each["asked_at"] or 0)
        first = chat["turns"][0]["prompt"] if chat["turns"] else ""
        chat["title"] = as_string(about.title).strip() or auto_title(first)
        shown = segments.get(about.leaf) if isinstance(about.leaf, str) else None
        chat["leaf"] = shown.turn["id"] if shown and shown.turn else ""
        chat["updated_at"] = time(about.updated_at) or chat["created_at"]
        chat["pinned"] = about.pinned is True
        return checked(chat, self._notes)

    def _walk(
        self, roots: Sequence[str], children: Mapping[str, Sequence[str]]
    ) -> dict[str, _Segment]:
        """Return the segment that ends at each message, by the message's id."""
        segments: dict[str, _Segment] = {}
        ahead = [(root, _Segment(None, None)) for root in reversed(roots)]
        while ahead:
            id, segment = ahead.pop()
            entry = self._nodes[id].entry
            if entry and entry.role == "system":
                self._systems.append(entry.text)
            elif entry and entry.role == "user":
                segment = _Segment(self._ended(segment), entry)
            elif entry:
                segment = _Segment(segment.after, segment.question, segment, entry)
            segments[id] = segment
            if not children[id]:
                self._ended(segment)
            ahead += [(child, segment) for child in reversed(children[id])]
        return segments

    def _ended(self, segment: _Segment) -> Turn | None:
        """Make the segment a turn, and return it; if it is empty, return the turn before it."""
        if not segment.question and not segment.reply:
            return segment.after
        if segment.turn is None:
            segment.turn = self._turn(segment)
        return segment.turn or segment.after

    def _turn(self, segment: _Segment) -> Turn | None:
        answers: list[Entry] = []
        at: _Segment | None = segment
        while at and at.reply:
            answers.append(at.reply)
            at = at.before
        self._copies += 1 + len(answers)
        if self._copies > MAX_COPIES:
            self._notes.left_out("a branch of a conversation that has too many")
            return None
        answers.reverse()
        question = segment.question or Entry("user", NO_QUESTION)
        models = [answer.model for answer in (question, *answers) if answer.model]
        made = turn(question.text, models[-1] if models else self._about.model, question.at)
        made["replies"] = replies(answers, self._calls)
        if question.files:
            made["attachments"] = [file.copy() for file in question.files]
        for answer in answers:
            if answer.feedback:
                made["feedback"] = answer.feedback
        ends = [each.at for each in (question, *answers) if each.at is not None]
        made["parent"] = segment.after["id"] if segment.after else ""
        self._chat["turns"].append(
            finish_turn(made, ends[-1] if ends else self._chat["created_at"])
        )
        return made


def _children(nodes: Mapping[str, Node]) -> tuple[list[str], dict[str, list[str]]]:
    """Return the ids of the roots, and of each message's children, ordered as it lists them."""
    roots: list[str] = []
    children: dict[str, list[str]] = {id: [] for id in nodes}
    for id, node in nodes.items():
        if isinstance(node.parent, str) and node.parent in nodes and node.parent != id:
            children[node.parent].append(id)
        else:
            roots.append(id)
    for id, found in children.items():
        listed = nodes[id].children
        if len(found) > 1 and isinstance(listed, list):
            order = {child: n for n, child in enumerate(listed) if isinstance(child, str)}
            found.sort(key=lambda child, order=order: order.get(child, len(order)))  # type: ignore[misc]
    return roots, children
