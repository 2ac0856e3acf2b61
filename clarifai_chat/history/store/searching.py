"""Search conversations for words: case-insensitive, in any script.

Text and query are folded here and not by the database, whose `lower()` knows less or depends on its
locale. A query is plain text: no character in it has a special meaning.
"""

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    String,
    column,
    func,
    inspect,
    literal,
    literal_column,
    not_,
    or_,
    select,
    table,
    text,
    union_all,
)

from clarifai_chat.chat.turn import Turn
from clarifai_chat.history.store.tables import chats, turns

MAX_QUERY_CHARS = 500
MAX_PIECES = 200
# More common words are found soon by scanning the newest chats.
RARE = 1000  # turns of the owner that contain the query
CANDIDATES = 5000  # turns of all owners that may contain it, by SQLite's index
PADDING = "\n\n"  # after a text, so that its last characters begin a trigram too
BEFORE, AROUND = 40, 160  # characters of a snippet: before the hit, and in total

_UNFIT = re.compile(r"[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Summary:
    """A chat as lists show it. `snippet` is the text around the first hit in its turns."""

    id: str
    title: str
    pinned: bool
    updated_at: float
    snippet: str = ""


def plain(words: str) -> str:
    """Return `words` on one line and composed, as a snippet shows them."""
    return " ".join(unicodedata.normalize("NFKC", _UNFIT.sub("\ufffd", words)).split())


def fold(words: str) -> str:
    """Return `words` as they are compared: composed and without case."""
    return plain(words).casefold()


def searched(turn: Turn) -> str:
    """Return the folded text of a turn that searches look at."""
    return fold(words_of(turn)) + PADDING


def words_of(turn: Turn) -> str:
    """Return the text of a turn to search: question, answers, file names."""
    files = [each["name"] for each in turn.get("attachments", [])]
    attempts = [turn, *turn.get("earlier", [])]
    answers = [m for attempt in attempts for m in attempt.get("replies", []) if m["role"] != "tool"]
    said = [message["content"] for message in answers]
    return "\n".join(part for part in (turn.get("prompt", ""), *files, *said) if part)


def snippet(words: str, folded: str) -> str:
    """Return the part of `words` around the first match of `folded`."""
    line = plain(words)
    at = _place(line, line.casefold().find(folded))
    start = max(0, at - BEFORE)
    piece = line[start : start + AROUND]
    return ("…" if start else "") + piece + ("…" if start + AROUND < len(line) else "")


def _place(line: str, folded_place: int) -> int:
    """Return the place in `line` of the character folded to `folded_place`; "ß" becomes two."""
    length = 0
    for place, char in enumerate(line):
        if length >= folded_place:
            return place
        length += len(char.casefold())
    return 0


def find(connection: Connection, owner: str, query: str, limit: int, offset: int) -> list[Summary]:
    """Return the owner's chats, pinned first, then newest; with a query, those that match."""
    listed = (
        select(chats.c.id, chats.c.title, chats.c.pinned, chats.c.updated_at)
        .where(chats.c.owner == owner, chats.c.deleted_at.is_(None))
        .order_by(chats.c.pinned.desc(), chats.c.updated_at.desc(), chats.c.id.desc())
        .limit(limit)
        .offset(offset)
    )
    folded = fold(query[:MAX_QUERY_CHARS])
    if not folded:
        return [Summary(*row) for row in connection.execute(listed)]
    lookup = _Lookup(connection, owner, folded)
    rows = connection.execute(listed.where(or_(*lookup.conditions()))).all()
    snippets = lookup.snippets([row.id for row in rows])
    return [Summary(*row, snippets.get(row.id, "")) for row in rows]


class _Lookup:
    """A query for one kind of database."""

    def __init__(self, connection: Connection, owner: str, folded: str) -> None:
        self.connection, self.owner, self.folded = connection, owner, folded
        self.is_sqlite = connection.dialect.name == "sqlite"

    def conditions(self) -> Sequence[ColumnElement[bool]]:
        """Return conditions of which a chat that contains the query meets at least one."""
        in_title = self._is_in(chats.c.title_folded)
        hits = self._hits()
        if hits is not None:
            found = self.connection.scalars(hits.limit(RARE + 1)).all()
            if len(found) <= RARE:
                return [in_title, chats.c.id.in_(set(found))]
        # A scalar with a limit: for an EXISTS, PostgreSQL would look up all turns first.
        one = select(turns.c.serial).where(turns.c.chat_id == chats.c.id, *self._are_hits())
        return [in_title, one.limit(1).correlate(chats).scalar_subquery().is_not(None)]

    def _is_in(self, where: ColumnElement[str]) -> ColumnElement[bool]:
        if self.is_sqlite:  # its LIKE has a length limit
            return func.instr(where, self.folded) > 0
        escaped = re.sub(r"([\\%_])", r"\\\1", self.folded)
        return where.like(literal(f"%{escaped}%", String), escape="\\")

    def _are_hits(self) -> Sequence[ColumnElement[bool]]:
        return turns.c.owner == self.owner, turns.c.removed_at.is_(None), self._is_in(turns.c.text)

    def _hits(self) -> CompoundSelect[Any] | None:
        """Select the chat of each turn that matches by the index; `None` if that does not help.

        Turns still being written are not in the index.
        """
        hits = select(turns.c.chat_id).where(*self._are_hits())
        running = hits.where(not_(turns.c.is_over))
        if not self.is_sqlite:
            return union_all(hits.where(turns.c.is_over), running)
        match = self._match() if inspect(self.connection).has_table("turns_index") else ""
        if not match:
            return None
        index = table("turns_index", column("rowid"))
        fits = text("turns_index MATCH :match").bindparams(match=match)
        candidates = select(index.c.rowid).where(fits)
        numbers = self.connection.scalars(candidates.limit(CANDIDATES + 1)).all()
        if len(numbers) > CANDIDATES:
            return None
        indexed = select(turns.c.chat_id).where(turns.c.serial.in_(numbers), *self._by_number())
        return union_all(indexed, running)

    def _match(self) -> str:
        """Return the query for SQLite's index: all of the trigrams.

        A shorter query begins some trigrams, any of which will do.
        """
        pieces = list(dict.fromkeys(self.folded[i : i + 3] for i in range(len(self.folded) - 2)))
        joint = " AND "
        if not pieces:
            terms = text(
                "SELECT term FROM turns_terms WHERE term >= :low AND term < :high LIMIT :n"
            )
            span = {"low": self.folded, "high": self.folded + "\U0010ffff", "n": MAX_PIECES + 1}
            pieces = list(self.connection.scalars(terms, span))
            if len(pieces) > MAX_PIECES:
                return ""
            joint, pieces = " OR ", pieces or [(self.folded + PADDING)[:3]]
        return joint.join('"' + piece.replace('"', '""') + '"' for piece in pieces[:MAX_PIECES])

    def _by_number(self) -> Sequence[ColumnElement[bool]]:
        """Return the condition for hits among the turns with these numbers."""
        # The plus keeps SQLite from reading all turns of the owner instead.
        name = "+turns.owner" if self.is_sqlite else "turns.owner"
        owner: ColumnElement[str] = literal_column(name)
        return owner == self.owner, *self._are_hits()[1:]

    def snippets(self, ids: Sequence[str]) -> dict[str, str]:
        """Return the text around the first hit in its turns, by chat id."""
        first = select(func.min(turns.c.serial)).where(turns.c.chat_id.in_(ids), *self._are_hits())
        numbers = first.group_by(turns.c.chat_id)
        wanted = select(turns.c.chat_id, turns.c.body).where(turns.c.serial.in_(numbers))
        told = self.connection.execute(wanted.where(*self._by_number()))
        return {row.chat_id: snippet(words_of(json.loads(row.body)), self.folded) for row in told}
