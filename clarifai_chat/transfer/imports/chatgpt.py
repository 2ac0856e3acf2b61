"""Read ChatGPT's export: turn its trees of messages into trees of turns."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clarifai_chat.chat.chats import Chat, auto_title, new_chat
from clarifai_chat.chat.turn import Turn
from clarifai_chat.messages import Message
from clarifai_chat.transfer.imports.chatgpt_message import ParsedMessage, parse_message, time
from clarifai_chat.transfer.imports.ours import checked
from clarifai_chat.transfer.imports.parts import NO_QUESTION, finish_turn, turn
from clarifai_chat.transfer.imports.reading import Notes

# Branches share earlier messages, but turns copy them: a small file could grow without limit.
MAX_COPIES = 100_000


def chats(rows: Sequence[Any], notes: Notes, now: float) -> list[Chat]:
    found = []
    for row in rows:
        mapping = row.get("mapping") if isinstance(row, dict) else None
        chat = _Tree(row, mapping, notes).chat(now) if isinstance(mapping, dict) else None
        if chat is None:
            notes.left_out("a conversation without messages")
        else:
            found.append(chat)
    return found


@dataclass(slots=True)
class _Segment:
    """A question and its replies up to one message; becomes a turn if it ends there."""

    after: Turn | None  # the turn before the question
    question: ParsedMessage | None
    before: "_Segment | None" = None  # the same without the last message
    reply: ParsedMessage | None = None
    turn: Turn | None = None


class _Tree:
    """The messages of one conversation, walked from the root into every branch."""

    def __init__(self, row: dict[str, Any], mapping: Mapping[str, Any], notes: Notes) -> None:
        self._row = row
        self._mapping = mapping
        self._notes = notes
        self._model = row.get("default_model_slug")
        self._chat = new_chat()
        self._systems: list[str] = []
        self._copies = 0
        self._calls = 0

    def chat(self, now: float) -> Chat | None:
        chat = self._chat
        title = self._row.get("title")
        chat["created_at"] = time(self._row.get("create_time")) or now
        segments = self._walk(*_children(self._mapping))
        if len(segments) < len(self._mapping):
            count = len(self._mapping) - len(segments)
            self._notes.left_out("a message that is not connected to the others", count)
        if not chat["turns"] and not self._systems:
            return None
        if self._systems:
            chat["settings"]["system"] = "\n\n".join(dict.fromkeys(self._systems))
        if all(each["asked_at"] is not None for each in chat["turns"]):
            chat["turns"].sort(key=lambda each: each["asked_at"] or 0)
        first = chat["turns"][0]["prompt"] if chat["turns"] else ""
        chat["title"] = title if isinstance(title, str) and title.strip() else auto_title(first)
        current = self._row.get("current_node")
        shown = segments.get(current) if isinstance(current, str) else None
        chat["leaf"] = shown.turn["id"] if shown and shown.turn else ""
        chat["updated_at"] = time(self._row.get("update_time")) or chat["created_at"]
        return checked(chat, self._notes)

    def _walk(
        self, roots: Sequence[str], children: Mapping[str, Sequence[str]]
    ) -> dict[str, _Segment]:
        """Return the segment that ends at each message, by the message's id."""
        segments: dict[str, _Segment] = {}
        ahead = [(root, _Segment(None, None)) for root in reversed(roots)]
        while ahead:
            id, segment = ahead.pop()
            node = self._mapping[id]
            message = (
                parse_message(node.get("message"), self._notes) if isinstance(node, dict) else None
            )
            if message and message.role == "system":
                self._systems.append(message.text)
            elif message and message.role == "user":
                segment = _Segment(self._ended(segment), message)
            elif message:
                segment = _Segment(segment.after, segment.question, segment, message)
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
        replies = []
        at: _Segment | None = segment
        while at and at.reply:
            replies.append(at.reply)
            at = at.before
        self._copies += 1 + len(replies)
        if self._copies > MAX_COPIES:
            self._notes.left_out("a branch of a conversation that has too many")
            return None
        replies.reverse()
        question = segment.question or ParsedMessage("user", NO_QUESTION)
        models = [reply.model for reply in replies if reply.model]
        model = models[-1] if models else self._model
        made = turn(question.text, model, question.at)
        made["replies"] = list(self._replies(replies))
        ends = [each.at for each in (question, *replies) if each.at is not None]
        made["parent"] = segment.after["id"] if segment.after else ""
        self._chat["turns"].append(
            finish_turn(made, ends[-1] if ends else self._chat["created_at"])
        )
        return made

    def _replies(self, found: Sequence[ParsedMessage]) -> Iterator[Message]:
        """Yield a turn's replies: results paired with calls, thoughts with the next answer."""
        open_call = ""
        thoughts: list[str] = []
        for each in found:
            if each.role == "assistant" and not each.name and not each.text:
                thoughts.append(each.thoughts)
                continue
            if each.role == "tool" and not open_call:  # the result of a call that the export hides
                open_call = self._call_id()
                yield ParsedMessage("assistant", "{}", name=each.name or "tool").reply(open_call)
            if each.role == "assistant":
                open_call = self._call_id() if each.name else ""
            reply = each.reply(open_call)
            if each.role == "tool":
                open_call = ""
            elif thoughts:
                reply["reasoning_content"] = "\n\n".join(thoughts)
                thoughts = []
            yield reply
        if thoughts:
            yield ParsedMessage("assistant", thoughts="\n\n".join(thoughts)).reply("")

    def _call_id(self) -> str:
        self._calls += 1
        return f"call_{self._calls}"


def _children(mapping: Mapping[str, Any]) -> tuple[list[str], dict[str, list[str]]]:
    """Return the ids of the roots, and of each message's children, ordered as it lists them."""
    roots: list[str] = []
    children: dict[str, list[str]] = {id: [] for id in mapping}
    for id, node in mapping.items():
        parent = node.get("parent") if isinstance(node, dict) else None
        if isinstance(parent, str) and parent in mapping and parent != id:
            children[parent].append(id)
        else:
            roots.append(id)
    for id, found in children.items():
        node = mapping[id]
        listed = node.get("children") if isinstance(node, dict) else None
        if len(found) > 1 and isinstance(listed, list):
            order = {child: n for n, child in enumerate(listed) if isinstance(child, str)}
            found.sort(key=lambda child, order=order: order.get(child, len(order)))  # type: ignore[misc]
    return roots, children
