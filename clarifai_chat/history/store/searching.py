"""Search conversations for words: case-insensitive, in any script.

Text and query are folded alike, here and not by the database, whose `lower()` knows less or depends
on its locale. A query is a piece of text: no character of it has a meaning of its own.
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
# More common words are soon found by looking through the newest chats.
RARE = 1000  # turns of the owner that hold the query
CANDIDATES = 5000  # turns, of anybody, that may hold it by SQLite's index
PADDING = "\n\n"  # after a text, so that its last characters begin a piece of three as well
BEFORE, AROUND = 40, 160  # characters of a snippet: before the hit, and in all

_UNFIT = re.compile(r"[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Summary:
    """A chat as a list shows it. `snippet` is the text around the first hit of a query in turns."""

    id: str
    title: str
    pinned: bool
    updated_at: float
    snippet: str = ""


def plain(words: str) -> str:
    """`words` in one line and composed, as they are shown in a snippet."""
    return " ".join(unicodedata.normalize("NFKC", _UNFIT.sub("\ufffd", words)).split())


def fold(words: str) -> str:
    """`words` as they are compared."""
    return plain(words).casefold()


def searched(turn: Turn) -> str:
    """Return what searches look at of a turn."""
    return fold(words_of(turn)) + PADDING


def words_of(turn: Turn) -> str:
    """Return what of a turn is searched: the question, the answers, the names of its files."""
    files = [each["name"] for each in turn.get("attachments", [])]
    attempts = [turn, *turn.get("earlier", [])]
    answers = [m for attempt in attempts for m in attempt.get("replies", []) if m["role"] != "tool"]
    said = [message["content"] for message in answers]
    return "\n".join(part for part in (turn.get("prompt", ""), *files, *said) if part)


def snippet(words: str, folded: str) -> str:
    """Return the piece of `words` around the first place that reads `folded`."""
    line = plain(words)
    at = _place(line, line.casefold().find(folded))
    start = max(0, at - BEFORE)
    piece = line[start : start + AROUND]
    return ("…" if start else "") + piece + ("…" if start + AROUND < len(line) else "")


def _place(line: str, folded_place: int) -> int:
    """Return where in `line` the character is that lands at `folded_place`: "ß" folds to two."""
    length = 0
    for place, char in enumerate(line):
        if length >= folded_place:
            return place
        length += len(char.casefold())
    return 0


def find(connection: Connection, owner: str, query: str, limit: int, offset: int) -> list[Summary]:
    """Return the owner's chats, pinned first, then the newest; with a query, those that hold it."""
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
    """One query, as one database looks it up."""

    def __init__(self, connection: Connection, owner: str, folded: str) -> None:
        self.connection, self.owner, self.folded = connection, owner, folded
        self.is_sqlite = connection.dialect.name == "sqlite"

    def conditions(self) -> Sequence[ColumnElement[bool]]:
        """Return what a chat fulfils, one or the other, if it holds the query."""
        in_title = self._is_in(chats.c.title_folded)
        hits = self._hits()
        if hits is not None:
            found = self.connection.scalars(hits.limit(RARE + 1)).all()
            if len(found) <= RARE:
                return [in_title, chats.c.id.in_(set(found))]
        # A scalar with a limit: PostgreSQL would look up all turns first for a mere EXISTS.
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
        """Return the chat of every turn that holds the query, by the index; `None` where that is no
        help.

        What is still being written is not in the index.
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
        """Return what the index of SQLite is asked: for all pieces of three characters.

        A shorter query is the beginning of some pieces, any of which will do.
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
        """Return what a hit fulfils, for turns whose numbers are given."""
        # The plus: SQLite would rather read all that the owner has.
        name = "+turns.owner" if self.is_sqlite else "turns.owner"
        owner: ColumnElement[str] = literal_column(name)
        return owner == self.owner, *self._are_hits()[1:]

    def snippets(self, ids: Sequence[str]) -> dict[str, str]:
        """Chat id → the text around the first hit in its turns."""
        first = select(func.min(turns.c.serial)).where(turns.c.chat_id.in_(ids), *self._are_hits())
        numbers = first.group_by(turns.c.chat_id)
        wanted = select(turns.c.chat_id, turns.c.body).where(turns.c.serial.in_(numbers))
        told = self.connection.execute(wanted.where(*self._by_number()))
        return {row.chat_id: snippet(words_of(json.loads(row.body)), self.folded) for row in told}
