"""Put tool calls together from the fragments in which servers send them.

What each rule is for was reported of some server: ids that change with each fragment, several
calls on one index, `{}` before the real arguments, arguments sent again from their beginning. A
rule applies only where the fragments cannot mean anything else, and the call says that it did.
"""

import json
import re
import secrets
import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from clarifai_chat.access_token import GrowingRedactor, redact
from clarifai_chat.events import CallDelta, Kept
from clarifai_chat.llm.kept_fields import merged
from clarifai_chat.messages import Quirk, ToolCall, is_json, opaque
from clarifai_chat.text import whole

_DECODER = json.JSONDecoder()
_NOTHING = ("{}", "[]", "null", '""')  # sent by some servers before the arguments
_ID_LETTERS = string.ascii_letters + string.digits


class GrowingText:
    """A text that comes in pieces, without the access token, halves of characters joined."""

    def __init__(self, pat: str) -> None:
        self._half = ""
        self._redactor = GrowingRedactor(pat)

    def join(self, text: str) -> str:
        """Return what can be shown; a first half at the end waits for the second."""
        if not text:
            return ""
        text, self._half = self._half + text, ""
        if "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return self._redactor.add(whole(text))

    def shown(self) -> str:
        """Return what waits because it may become the token: something else comes first."""
        return self._redactor.rest()

    def rest(self) -> str:
        """Return all that still waits: nothing follows."""
        half, self._half = self._half, ""
        return self._redactor.add(whole(half)) + self._redactor.rest()


@dataclass
class _Call:
    number: int
    shown: GrowingText
    id: str = ""
    name: str = ""
    quirks: list[Quirk] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)  # of its arguments, as sent
    held: str = ""  # what may only stand for arguments that are still to come
    repeats: bool = True  # each piece so far begins with the one before
    extra: dict[str, Any] = field(default_factory=dict)  # `extra_content`, as it came

    @property
    def text(self) -> str:
        """The arguments so far."""
        joined = "".join(self.pieces)
        if self.held or len(self.pieces) < 2 or not self.repeats or is_json(joined):
            return self.held + joined
        return self.pieces[-1]

    @property
    def is_complete(self) -> bool:
        # Asked for each fragment with a name: most are in the middle, which their end tells.
        if len(self.pieces) > 5 and self.pieces[-1].rstrip()[-1:] not in ("}", "]", '"', ""):
            return False
        return is_json(self.text)

    @property
    def is_empty(self) -> bool:
        """Whether only empty arguments have come."""
        few = self.pieces[:5]
        return len(few) < 5 and (self.held + "".join(few)).strip() in _NOTHING

    def note(self, quirk: Quirk) -> None:
        if quirk not in self.quirks:
            self.quirks.append(quirk)

    def add(self, piece: str) -> str:
        """Add a piece of the arguments; return what is new in them, as it can be shown."""
        if self.is_empty and piece.lstrip()[:1] == "{":
            self.note("placeholder")
            self.held, self.pieces = "", []
        if not self.pieces:
            piece = self.held + piece
            if piece.strip() in ("", *_NOTHING):
                self.held = piece
                return ""
            self.held = ""
        if not piece:
            return ""
        new = piece
        if self.pieces and self.repeats:
            last = self.pieces[-1]
            self.repeats = last[:1] == "{" and piece.startswith(last)
            if self.repeats:
                new = piece[len(last) :]
        self.pieces.append(piece)
        return self.shown.join(new)

    def rest(self) -> str:
        return self.shown.join(self.held) + self.shown.rest()

    def finished(self) -> ToolCall:
        if len(self.pieces) > 1 and self.text != "".join(self.pieces):
            self.note("repeated")
        call: ToolCall = {
            "id": self.id,
            "type": "function",
            "function": {"name": self.name, "arguments": whole(self.text)},
        }
        if self.quirks:
            call["quirks"] = [*self.quirks]
        if self.extra:
            call["extra_content"] = self.extra
        return call

    def keep(self, extra: Any) -> bool:
        """Add to what goes back as it came; return whether there is more of it."""
        if not extra or not isinstance(extra, dict):
            return False
        kept = opaque(merged(self.extra, extra))
        if kept is None:
            self.note("not_kept")
        if kept is None or kept == self.extra:
            return False
        self.extra = kept
        return True


class CallFragments:
    """The calls of one reply, by their fragments; falsy as long as there is none."""

    def __init__(self, pat: str = "") -> None:
        self._pat = pat
        self._calls: list[_Call] = []
        self._latest: dict[int | None, _Call] = {}  # by the index of the last fragment
        self._known: dict[tuple[int | None, str], _Call] = {}  # by index and id

    def __len__(self) -> int:
        return len(self._calls)

    def add(self, part: dict[str, Any], quirk: Quirk | None = None) -> Iterator[CallDelta | Kept]:
        """Add a fragment to the call it belongs to; yield what is new in that call."""
        function = part["function"]
        call_id = redact(whole(str(part.get("id") or "")), self._pat)
        name = redact(whole(str(function.get("name") or "")), self._pat)
        arguments, shape = _as_text(function.get("arguments"))
        call = self._call_of(part, call_id, name, arguments)
        for each in (quirk, shape):
            if each:
                call.note(each)
        # Ids and names may be repeated in each piece, or come in pieces themselves.
        new_id = "" if call.id else call_id
        new_name = "" if name == call.name else name
        call.id += new_id
        call.name += new_name
        new_arguments = call.add(arguments)
        if new_id or new_name or new_arguments:
            yield CallDelta(call.number, new_id, new_name, new_arguments)
        if call.keep(part.get("extra_content")):
            yield Kept(redact({"extra_content": call.extra}, self._pat), call.number)

    def _call_of(self, part: dict[str, Any], call_id: str, name: str, arguments: str) -> _Call:
        index = index_of(part.get("index", 0))
        if self._calls and not (call_id or name or arguments) and part.get("extra_content"):
            # Nothing but a signature, which may come after its call and without an index.
            return self._latest.get(index, self._calls[-1])
        if index is None and self._calls and "index" in part:
            last = self._calls[-1]  # the index went missing
            index = next((i for i, each in self._latest.items() if each is last), None)
        known = self._known.get((index, call_id)) if call_id else None
        other = known or self._latest.get(index)
        if other is None and self._calls and not call_id and not name:
            last = self._calls[-1]  # the index came late
            other = None if last.is_complete else last
        if not other or (not known and _starts_another(other, part, call_id, name, arguments)):
            call = _Call(len(self._calls), GrowingText(self._pat))
            self._calls.append(call)
            # Without an index each part is a call of its own, as in whole bodies.
            if other and "index" in part:
                other.note("shared_index")
                call.note("shared_index")
        else:
            call = other
            if call_id and call.id and call_id != call.id:
                call.note("changing_id")
        self._latest[index] = call
        if call_id:
            self._known[index, call_id] = call
        return call

    def rest(self) -> Iterator[CallDelta]:
        """Yield what was held back."""
        for call in self._calls:
            if rest := call.rest():
                yield CallDelta(call.number, "", "", rest)

    def finished(self) -> list[ToolCall]:
        """Return the calls of a whole reply."""
        # Redacted once more: an id or a name may have come in pieces.
        calls = redact([call.finished() for call in self._calls], self._pat)
        return [one for call in calls for one in _taken_apart(call)]


def with_ids(calls: list[ToolCall]) -> list[ToolCall]:
    """Give an id to each call that has none of its own: results refer to their calls by id.

    Nine letters and digits, which is all that Mistral's templates accept
    (https://github.com/anomalyco/opencode/issues/1680).
    """
    ids: set[str] = set()
    for call in calls:
        if not call["id"] or call["id"] in ids:
            if "from_text" not in call.get("quirks", []):
                _note(call, "same_id" if call["id"] else "no_id")
            call["id"] = "".join(secrets.choice(_ID_LETTERS) for _ in range(9))
        ids.add(call["id"])
    return calls


def _starts_another(
    call: _Call, part: dict[str, Any], call_id: str, name: str, arguments: str
) -> bool:
    """Return whether a fragment with an id that is new begins a call after `call`."""
    begins = arguments.lstrip()[:1]
    if call_id and call.id:  # they differ
        if not name:  # an id that changes, or a call that names no tool
            return begins == "{" and not call.is_empty and call.is_complete
        if begins not in ("", "{") and not call.is_complete:
            return False  # the middle of arguments
        return bool(call.text.strip()) or not begins or name != call.name
    if not name or not call.is_complete:
        return False
    # `{}` and then the arguments, beside the name once more
    return not (call.is_empty and name == call.name and begins == "{" and "index" in part)


def _as_text(arguments: Any) -> tuple[str, Quirk | None]:
    """Return arguments as the text that they should be, and what they were instead."""
    if arguments is None or isinstance(arguments, str):
        return arguments or "", None
    text = whole(json.dumps(arguments, ensure_ascii=False))
    return text, "object" if isinstance(arguments, dict) else "not_text"


def _note(call: ToolCall, quirk: Quirk) -> None:
    if quirk not in call.setdefault("quirks", []):
        call["quirks"].append(quirk)


def _taken_apart(call: ToolCall) -> list[ToolCall]:
    """Split a call whose arguments were merged as `{…}{…}`; return any other call alone."""
    text, objects, at = call["function"]["arguments"].strip(), [], 0
    while at < len(text):
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            return [call]
        if not isinstance(value, dict):
            return [call]
        objects.append(text[at:end])
        at = re.compile(r"\s*").match(text, end).end()  # type: ignore[union-attr]
    if len(objects) < 2:
        return [call]
    calls: list[ToolCall] = []
    for number, arguments in enumerate(objects):
        one: ToolCall = {
            "id": "" if number else call["id"],
            "type": "function",
            "function": {"name": call["function"]["name"], "arguments": arguments},
            "quirks": [*call.get("quirks", [])],
        }
        _note(one, "shared_index")
        calls.append(one)
    return calls


def index_of(value: Any) -> int | None:
    """Return an index as a number, also if it was sent as text; None if it is not one."""
    if isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value):
        return int(value)
    return value if isinstance(value, int) else None
