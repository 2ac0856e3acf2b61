"""Define the tables, and types that store any Python text without loss.

`migrations/` creates them; a test compares. The key of what an import can bring begins with the
owner, so that two visitors who import the same file do not conflict.
"""

import json
import re
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    and_,
    not_,
)
from sqlalchemy.types import TypeDecorator

# What databases refuse: NUL (PostgreSQL), half a surrogate pair (both). The backslash escapes them.
_ODD = re.compile(r"[\\\x00\ud800-\udfff]")
_ESCAPED = re.compile(r"\\u([0-9a-f]{4})")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def dumped(value: Any) -> str:
    """Return `value` as JSON text that every database stores without loss.

    One call of C code, so a worker that fills `value` cannot change it in between.
    """
    return _SURROGATE.sub(_escape, json.dumps(value, ensure_ascii=False, separators=(",", ":")))


class Words(TypeDecorator[str]):
    """Any text, including characters that databases refuse."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _ODD.sub(_escape, value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value)


class Json(TypeDecorator[Any]):
    """Plain data as text: PostgreSQL's own jsonb refuses NUL, and keeps neither order nor NaN."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        return dumped(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


metadata = MetaData()

chats = Table(
    "chats",
    metadata,
    Column("owner", Text, primary_key=True),  # SHA-256 of a visitor's id
    Column("id", Words, primary_key=True),
    Column("title", Words, nullable=False),
    Column("title_folded", Text, nullable=False),  # what searches look at
    Column("is_named", Boolean, nullable=False),
    Column("pinned", Boolean, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),  # as the visitor sees it
    Column("saved_at", Double, nullable=False),  # or opened, by our clock; decides when it expires
    Column("revision", Integer, nullable=False),
    # How often the chat or a turn of it was written: by it, a save knows that nobody came between.
    Column("writes", Integer, nullable=False, server_default="0"),
    Column("changed", Json, nullable=False),  # field → the revision that last changed it
    Column("model", Words, nullable=False),
    Column("settings", Json, nullable=False),
    Column("leaf", Words, nullable=False),
    Column("deleted_at", Double),
    Column("expired_at", Double),  # when it was found to have expired; it goes a day later
)
Index("chats_in_order", chats.c.owner, chats.c.pinned, chats.c.updated_at, chats.c.id)

turns = Table(
    "turns",
    metadata,
    # The search index refers to rows by this number; SQLite's rowid can change with VACUUM.
    Column("serial", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("owner", Text, nullable=False),
    Column("chat_id", Words, nullable=False),
    Column("id", Words, nullable=False),
    Column("parent", Words, nullable=False),
    Column("number", Integer, nullable=False),
    Column("revision", Integer, nullable=False),  # of the chat, when the turn was added or removed
    Column("updated_at", Double, nullable=False),
    Column("removed_at", Double),  # then the body is empty, and the rest informs a stale tab
    Column("is_over", Boolean, nullable=False),  # only finished turns are in the search index
    Column("text", Text, nullable=False),  # what searches look at
    Column("body", Text, nullable=False),  # `dumped` JSON of the whole Turn
    Column("words", Words),  # as a reader sees them; null until `Store.read_some` has read it
    UniqueConstraint("owner", "chat_id", "id", name="turns_by_id"),
    ForeignKeyConstraint(["owner", "chat_id"], ["chats.owner", "chats.id"], ondelete="CASCADE"),
)
Index(
    "turns_running",
    turns.c.owner,
    sqlite_where=not_(turns.c.is_over),
    postgresql_where=not_(turns.c.is_over),
)
_UNREAD = and_(turns.c.words.is_(None), turns.c.is_over)
Index("turns_unread", turns.c.serial, sqlite_where=_UNREAD, postgresql_where=_UNREAD)

attachments = Table(
    "attachments",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("id", Words, primary_key=True),
    Column("chat_id", Words, nullable=False),  # not a foreign key, because it may never be saved
    Column("name", Words, nullable=False),
    Column("kind", Words, nullable=False),
    Column("mime", Words, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Words, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("data", LargeBinary, nullable=False),
)
Index("attachments_by_chat", attachments.c.owner, attachments.c.chat_id)

# A fork's turns use the attachments of the chat that it came from.
uses = Table(
    "attachment_uses",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("attachment_id", Words, primary_key=True),
    Column("chat_id", Words, primary_key=True),
    Column("turn_id", Words, primary_key=True),
    ForeignKeyConstraint(
        ["owner", "chat_id", "turn_id"],
        ["turns.owner", "turns.chat_id", "turns.id"],
        ondelete="CASCADE",
    ),
)
Index("attachment_uses_by_turn", uses.c.owner, uses.c.chat_id, uses.c.turn_id)

presets = Table(
    "presets",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("name", Words, primary_key=True),
    Column("body", Json, nullable=False),
)

EVERYONE = "everyone"  # in place of an owner, which is a hash: what the operator tells all

# Which models a visitor chose.
choices = Table(
    "choices",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("body", Json, nullable=False),
    Column("used_at", Double, nullable=False),  # decides when they expire
)

# What a visitor has in the tool playground: sets of tools with prompt and settings, and runs.
playground = Table(
    "playground",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("id", Words, primary_key=True),
    Column("kind", Text, nullable=False),  # "set" or "run"
    Column("name", Words, nullable=False),  # of a set; "" if it has none
    Column("about", Words, nullable=False),  # a few words of it, for a list
    Column("revision", Integer, nullable=False),
    Column("size", Integer, nullable=False),  # characters of the body
    Column("created_at", Double, nullable=False),  # of a run: when it was asked
    Column("saved_at", Double, nullable=False),  # or opened; decides when it expires
    Column("deleted_at", Double),
    Column("expired_at", Double),
    Column("body", Text, nullable=False),  # `dumped` JSON
)
Index("playground_in_order", playground.c.owner, playground.c.kind, playground.c.created_at)

# What a visitor measures: cases, models and sets of tools; `id` is random.
experiments = Table(
    "experiments",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("id", Words, primary_key=True),
    Column("name", Words, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("saved_at", Double, nullable=False),  # or opened; decides when it expires
    Column("deleted_at", Double),
    Column("expired_at", Double),
    Column("body", Text, nullable=False),  # `dumped` JSON
)

# The runs that were asked, or are about to be.
experiment_runs = Table(
    "experiment_runs",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("experiment_id", Words, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("status", Text, nullable=False),  # "asked" until there is a result
    Column("asked_at", Double, nullable=False),
    Column("result", Json, nullable=False),  # figures and verdict
    Column("body", Text, nullable=False),  # `dumped` JSON of what was said; "" before
    ForeignKeyConstraint(
        ["owner", "experiment_id"],
        ["experiments.owner", "experiments.id"],
        ondelete="CASCADE",
    ),
)

# One row: what the clock said when expired chats were last looked for.
clock = Table(
    "clock",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("looked_at", Double, nullable=False),
    Column("trusted_from", Double, nullable=False),  # nothing is removed before
)

# What the operator's token spent in each day, by the estimate of what runs.
spending = Table(
    "spending",
    metadata,
    Column("day", Text, primary_key=True),  # of UTC, as 2026-11-29
    Column("micro_usd", BigInteger, nullable=False),
)

# The replies that wait or run, and which process of ours ("replica") looks after each.
running = Table(
    "running",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("chat_id", Words, primary_key=True),
    Column("turn_id", Words, primary_key=True),
    Column("replica", Text, nullable=False),
    Column("beat_at", Double, nullable=False),  # this and the next by one clock for all
    Column("watched_at", Double, nullable=False),  # from another replica; 0 if it never was
    Column("is_to_stop", Boolean, nullable=False),
)
Index("running_by_replica", running.c.replica)

# The uses of the operator's token in the last hour.
token_uses = Table(
    "token_uses",
    metadata,
    Column("name", Text, primary_key=True),  # a hash, of a visitor, an address or all
    Column("id", Text, primary_key=True),
    Column("used_at", Double, nullable=False),
)

# Pages that a visitor shares. Whoever knows the random id can read one.
shared_pages = Table(
    "shared_pages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("sources", Words, nullable=False),  # ids of its conversations, with spaces between
    Column("kind", Text, nullable=False),  # "chat", "run" or "comparison"
    Column("title", Words, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("page", LargeBinary, nullable=False),  # HTML, compressed
    Column("copy", LargeBinary, nullable=False),  # to continue from, JSON, compressed; b"" if none
)
Index("shared_pages_of_owner", shared_pages.c.owner, shared_pages.c.created_at)
