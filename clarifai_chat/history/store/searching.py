"""Search conversations for words: without regard to case and accents, in any script and order.

What is found is what is read: answers are searched without their markup. A turn is saved as it was
sent, and read a moment later by `read_some`, like those that an older version has saved.

Text and query are folded here and not by the database, whose `lower()` knows less or depends on its
locale. A word is found inside longer ones, so that scripts without spaces are searched too. Quotes
around words keep them together; no other character of a query has a special meaning.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    String,
    and_,
    case,
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
MAX_WORDS = 20  # of a query; a longer one is a passage, and searched as it is
MAX_PIECES = 200
# More common words are found soon by scanning the newest chats.
RARE = 1000  # turns of the owner that contain the query
CANDIDATES = 5000  # turns of all owners that may contain it, by SQLite's index
PADDING = "\n\n"  # after a text, so that its last characters begin a trigram too
STRIDE = 1000
BEFORE, AROUND = 40, 160  # characters of a snippet: before the hit, and in total

_UNFIT = re.compile(r"[\x00\ud800-\udfff]")
_QUERY = re.compile(r'(?<!\S)(?:"([^"]+)"|“([^“”]+)”)(?!\S)|(\S+)')


def _is_accent(char: str) -> bool:
    """Return whether it is an accent or a vowel point, and not a vowel or a part of a letter.

    By its class: classes between are those of India, Japan, Thailand, Laos and Tibet.
    """
    return 10 <= unicodedata.combining(char) <= 36 or unicodedata.combining(char) >= 200


_ACCENTS = "".join(filter(_is_accent, map(chr, [*range(0x300, 0x3100), *range(0xFE20, 0xFE30)])))
_ACCENT = re.compile(f"[{_ACCENTS}]")
# Letters that Unicode does not take apart, but readers do.
_LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ħ": "h", "ŧ": "t"}
    | {"\N{LATIN SMALL LETTER DOTLESS I}": "i"}
)


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
    """Return `words` as they are compared: composed, without case, accents and ligatures.

    What is stored was folded so: a change needs a migration.
    """
    return " ".join(_bare(plain(words)).split())


def _bare(words: str) -> str:
    folded = words.casefold()
    if folded.isascii():
        return folded
    apart = _ACCENT.sub("", unicodedata.normalize("NFKD", folded))
    return unicodedata.normalize("NFKC", apart.translate(_LETTERS))


def terms_of(query: str) -> list[str]:
    """Return the folded words and quoted phrases of a query, all of which have to be found."""
    query = plain(query[:MAX_QUERY_CHARS])
    found = [next(filter(None, groups)) for groups in _QUERY.findall(query)]
    if len(found) > MAX_WORDS:
        found = [query]
    # An accent alone is in no folded text, and finds nothing.
    terms = dict.fromkeys(fold(words) or words for words in found if words.strip())
    return [term for term in terms if not any(term in each for each in terms if each != term)]


def searched(words: str) -> str:
    """Return the words of a turn as searches look at them."""
    return fold(words) + PADDING


def words_of(turn: Turn, read: Callable[[str], str] = str) -> str:
    """Return the text of a turn to search: question, answers, file names.

    `read` is applied to each answer.
    """
    files = [each["name"] for each in turn.get("attachments", [])]
    attempts = [turn, *turn.get("earlier", [])]
    answers = [m for attempt in attempts for m in attempt.get("replies", []) if m["role"] != "tool"]
    said = [read(message["content"]) for message in answers]
    return "\n".join(part for part in (turn.get("prompt", ""), *files, *said) if part)


def snippet(words: str, terms: Sequence[str]) -> str:
    """Return the part of `words` around the first of the terms, or around all if they stand so."""
    line = plain(words)
    folded = fold(line)
    found = folded.find(" ".join(terms))
    if found < 0:
        found = min((place for term in terms if (place := folded.find(term)) >= 0), default=0)
    start = max(0, _place(line, found) - BEFORE)
    piece = line[start : start + AROUND]
    return ("…" if start else "") + piece + ("…" if start + AROUND < len(line) else "")


def _place(line: str, folded_place: int) -> int:
    """Return the place in `line` of the character folded to `folded_place`; "ß" becomes two."""
    if line.isascii():
        return folded_place
    length = start = 0
    # Many at once: a text may have a million characters.
    while start < len(line) and length + (more := _length(line, start)) <= folded_place:
        length, start = length + more, start + STRIDE
    lengths = (len(_bare(char)) for char in line[start : start + STRIDE])
    ends = enumerate(accumulate(lengths, initial=length), start - 1)
    return next((place for place, end in ends if end > folded_place), 0)


def _length(line: str, start: int) -> int:
    return len(_bare(line[start : start + STRIDE]))


def find(connection: Connection, owner: str, query: str, limit: int, offset: int) -> list[Summary]:
    """Return the owner's chats, pinned first, then newest; with a query, those that match."""
    listed = (
        select(chats.c.id, chats.c.title, chats.c.pinned, chats.c.updated_at)
        .where(chats.c.owner == owner, chats.c.deleted_at.is_(None))
        .order_by(chats.c.pinned.desc(), chats.c.updated_at.desc(), chats.c.id.desc())
        .limit(limit)
        .offset(offset)
    )
    terms = terms_of(query)
    if not terms:
        return [Summary(*row) for row in connection.execute(listed)]
    lookup = _Lookup(connection, owner, terms)
    rows = connection.execute(listed.where(or_(*lookup.conditions()))).all()
    snippets = lookup.snippets([row.id for row in rows])
    return [Summary(*row, snippets.get(row.id, "")) for row in rows]


class _Lookup:
    """A query for one kind of database."""

    def __init__(self, connection: Connection, owner: str, terms: Sequence[str]) -> None:
        self.connection, self.owner, self.terms = connection, owner, terms
        self.is_sqlite = connection.dialect.name == "sqlite"
        self.in_title = [self._is_in(chats.c.title_folded, term) for term in terms]
        self.in_text = [self._is_in(turns.c.text, term) for term in terms]

    def conditions(self) -> Sequence[ColumnElement[bool]]:
        """Return conditions of which a chat that contains all terms meets at least one."""
        in_title = and_(*self.in_title)
        hits = self._hits()
        if hits is not None:
            found = self.connection.scalars(hits.limit(RARE + 1)).all()
            if len(found) <= RARE:
                by_index = chats.c.id.in_(set(found))
                if len(self.terms) == 1:
                    return [in_title, by_index]
                return [in_title, by_index, and_(or_(*self.in_title), self._is_in_a_turn())]
        return [in_title, self._is_in_a_turn()]

    def _is_in_a_turn(self) -> ColumnElement[bool]:
        """Return the condition that the chat has a turn with the terms that its title lacks."""
        # A scalar with a limit: for an EXISTS, PostgreSQL would look up all turns first.
        one = select(turns.c.serial).where(turns.c.chat_id == chats.c.id, *self._are_here())
        return (
            one.where(*self._in_either()).limit(1).correlate(chats).scalar_subquery().is_not(None)
        )

    def _in_either(self) -> Sequence[ColumnElement[bool]]:
        if len(self.terms) == 1:
            return self.in_text
        return [or_(*each) for each in zip(self.in_title, self.in_text, strict=True)]

    def _shows_hit(self) -> ColumnElement[bool]:
        """Return the condition for turns to show; a title with all terms speaks for itself."""
        whole, is_titled = and_(*self.in_text), and_(*self.in_title)
        return or_(whole, and_(not_(is_titled), *self._in_either()))

    def _is_in(self, where: ColumnElement[str], term: str) -> ColumnElement[bool]:
        if self.is_sqlite:  # its LIKE has a length limit
            return func.instr(where, term) > 0
        escaped = re.sub(r"([\\%_])", r"\\\1", term)
        return where.like(literal(f"%{escaped}%", String), escape="\\")

    def _are_here(self) -> Sequence[ColumnElement[bool]]:
        return turns.c.owner == self.owner, turns.c.removed_at.is_(None)

    def _hits(self) -> CompoundSelect[Any] | None:
        """Select the chat of each turn that matches by the index; `None` if that does not help.

        Turns still being written are not in the index.
        """
        hits = select(turns.c.chat_id).where(*self._are_here(), *self.in_text)
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
        return union_all(indexed.where(*self.in_text), running)

    def _match(self) -> str:
        """Return the query for SQLite's index: all of the trigrams.

        Terms that are shorter begin some trigrams, any of which will do.
        """
        starts = [(term, at) for term in self.terms for at in range(len(term) - 2)]
        pieces = list(dict.fromkeys(term[at : at + 3] for term, at in starts))
        joint = " AND "
        if not pieces:
            longest = max(self.terms, key=len)
            terms = text(
                "SELECT term FROM turns_terms WHERE term >= :low AND term < :high LIMIT :n"
            )
            span = {"low": longest, "high": longest + "\U0010ffff", "n": MAX_PIECES + 1}
            pieces = list(self.connection.scalars(terms, span))
            if len(pieces) > MAX_PIECES:
                return ""
            joint, pieces = " OR ", pieces or [(longest + PADDING)[:3]]
        return joint.join('"' + piece.replace('"', '""') + '"' for piece in pieces[:MAX_PIECES])

    def _by_number(self) -> Sequence[ColumnElement[bool]]:
        """Return the condition for what counts among the turns with these numbers."""
        # The plus keeps SQLite from reading all turns of the owner instead.
        name = "+turns.owner" if self.is_sqlite else "turns.owner"
        owner: ColumnElement[str] = literal_column(name)
        return owner == self.owner, *self._are_here()[1:]

    def snippets(self, ids: Sequence[str]) -> dict[str, str]:
        """Return the text around the first hit in its turns, by chat id."""
        of_chat = and_(chats.c.owner == turns.c.owner, chats.c.id == turns.c.chat_id)
        first = select(func.min(turns.c.serial)).select_from(turns.join(chats, of_chat))
        first = first.where(turns.c.chat_id.in_(ids), *self._are_here(), self._shows_hit())
        numbers = first.group_by(turns.c.chat_id)
        body = case((turns.c.words.is_(None), turns.c.body), else_="{}")
        wanted = select(turns.c.chat_id, turns.c.words, body.label("body"))
        wanted = wanted.where(turns.c.serial.in_(numbers), *self._by_number())
        return {
            row.chat_id: snippet(row.words or words_of(json.loads(row.body)), self.terms)
            for row in self.connection.execute(wanted)
        }
