"""Store the chats, attachments, presets and choices of visitors, visible to their owners only.

Any method may raise `StoreTrouble`; then nothing has changed. All may be called from any thread.
While one writes, others wait: only statements run then, and all else before (`preparing`).
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Executable, delete, not_, select, update

from clarifai_chat.attachments.attachment import Attachment
from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.settings import ChatSettings
from clarifai_chat.chat.turn import Turn
from clarifai_chat.history.store import (
    choosing,
    cleaning,
    preparing,
    reading,
    rows,
    searching,
    statements,
)
from clarifai_chat.history.store.experiments import ExperimentStore
from clarifai_chat.history.store.opening import checkpoint
from clarifai_chat.history.store.overview import Overview
from clarifai_chat.history.store.playground import PlaygroundStore
from clarifai_chat.history.store.preparing import Prepared
from clarifai_chat.history.store.probing import Probe
from clarifai_chat.history.store.rows import Stored
from clarifai_chat.history.store.running import RunningStore
from clarifai_chat.history.store.searching import Summary
from clarifai_chat.history.store.shared import SharedStore
from clarifai_chat.history.store.tables import (
    attachments,
    chats,
    choices,
    experiments,
    playground,
    presets,
    shared_pages,
    spending,
)
from clarifai_chat.history.store.token_uses import TokenUses
from clarifai_chat.history.store.trouble import StoreBusy, StoreTrouble, in_plain_words

T = TypeVar("T")
TRIES = 20  # each one that fails means that somebody else saved the same chat in between


class Store:
    """Conversations in one database. `owner` is the SHA-256, in hex, of a visitor's id."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._dialect = engine.dialect.name
        self._writer = engine.execution_options(writes=True)  # the same pool of connections
        self.probe = Probe(engine)
        self.overview = Overview(self._reading)
        self.playground = PlaygroundStore(self._reading, self._writing)
        self.experiments = ExperimentStore(self._reading, self._writing, self._dialect)
        self.running = RunningStore(self._dialect, self._reading, self._writing)
        self.token_uses = TokenUses(self._dialect, self._reading, self._writing)
        self.shared = SharedStore(self._reading, self._writing)

    def close(self) -> None:
        """Close every connection; an SQLite file is then whole, and can be copied."""
        if self._dialect == "sqlite":
            with suppress(StoreTrouble), in_plain_words():
                checkpoint(self._engine)
        self._engine.dispose()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with in_plain_words(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with in_plain_words(), self._writer.begin() as connection:
            yield connection

    def _execute(self, *prepared: Executable) -> None:
        if prepared:
            with self._writing() as connection:
                for statement in prepared:
                    connection.execute(statement)

    def _save(
        self,
        owner: str,
        chat_id: str,
        prepare: Callable[[Stored], Prepared[T]],
        only: str | None = None,
    ) -> T:
        """Write what `prepare` makes of the stored rows; again if they have changed meanwhile."""
        for _ in range(TRIES):
            with self._reading() as connection:
                stored = rows.stored(connection, owner, chat_id, only)
            prepared = prepare(stored)
            if not prepared.statements:
                return prepared.result
            first, *others = prepared.statements
            with self._writing() as connection:
                is_still = rows.is_still(connection, owner, chat_id, stored)
                if is_still and connection.execute(first).rowcount:
                    for statement in others:
                        connection.execute(statement)
                    return prepared.result
        raise StoreBusy

    def save_chat(self, owner: str, chat: Chat) -> int:
        """Save the whole chat; return its new revision, which the caller puts into `chat`.

        Stored turns that `chat` lacks are removed. Raises `Conflict` if the store has changes that
        `chat` lacks: then call `merge`.
        """
        with self._reading() as connection:
            stored = rows.stored(connection, owner, chat["id"]) if not chat["revision"] else None
        if stored:
            for part in preparing.parts(self._dialect, owner, chat, stored):
                self._execute(*part)
        prepare = partial(preparing.whole_chat, self._dialect, owner, chat)
        return self._save(owner, chat["id"], prepare)

    def save_turn(self, owner: str, chat_id: str, turn: Turn, number: int) -> str:
        """Save one turn, new or changed; return the id under which it is saved.

        The id is new if somebody else continued the same turn: the two become siblings. It is "" if
        the chat or the turn has been removed: then nothing is saved.
        """
        prepare = partial(preparing.one_turn, self._dialect, owner, chat_id, turn, number)
        saved = self._save(owner, chat_id, prepare, only=turn["id"])
        return saved if saved is not None else self._save(owner, chat_id, prepare) or ""

    def merge(self, owner: str, chat: Chat) -> Chat | None:
        """Save `chat` merged with the changes of others; return the whole result.

        Turns taken from `chat` are the same objects, because a worker may be filling them. Returns
        `None` if the chat has been deleted.
        """
        prepare = partial(preparing.merged_chat, self._dialect, owner, chat)
        return self._save(owner, chat["id"], prepare)

    def load(self, owner: str, chat_id: str) -> Chat | None:
        """Return the chat; None if it is missing, deleted, or another owner's."""
        with self._reading() as connection:
            stored = rows.stored(connection, owner, chat_id)
        if stored.chat is None or stored.chat.deleted_at is not None:
            return None
        return rows.chat_of(stored.chat, [*stored.bodies().values()])

    def chats(self, owner: str) -> Iterator[Chat]:
        """Yield every chat of the owner, newest first."""
        ids = select(chats.c.id).where(chats.c.owner == owner, chats.c.deleted_at.is_(None))
        with self._reading() as connection:
            found = connection.scalars(ids.order_by(chats.c.updated_at.desc(), chats.c.id)).all()
        for one in found:
            chat = self.load(owner, one)
            if chat is not None:
                yield chat

    def listing(
        self, owner: str, query: str = "", limit: int = 50, offset: int = 0
    ) -> list[Summary]:
        """Return chats, pinned first, then newest; with a query, those that contain it.

        Searches titles and turns, ignoring case in any script. No character of the query has a
        special meaning.
        """
        with self._reading() as connection:
            return searching.find(connection, owner, query, limit, offset)

    def read_some(self, most: int = 50) -> int:
        """Read turns of any owner that searches see as they were sent; return how many."""
        with self._reading() as connection:
            found = reading.unread(connection, most)
        self._execute(*(turn.as_read() for turn in found))
        return len(found)

    def delete(self, owner: str, chat_id: str) -> bool:
        """Hide the chat until `undelete` or `expire`; return whether there was one.

        Pages that were made of it are not shared any more, whatever follows.
        """
        return self._mark(owner, chat_id, time.time(), was_deleted=False)

    def undelete(self, owner: str, chat_id: str) -> bool:
        """Restore a deleted chat; return whether it was still there."""
        return self._mark(owner, chat_id, None, was_deleted=True)

    def _mark(self, owner: str, chat_id: str, at: float | None, *, was_deleted: bool) -> bool:
        is_deleted = chats.c.deleted_at.is_not(None)
        with self._writing() as connection:
            done = connection.execute(
                update(chats)
                .where(chats.c.owner == owner, chats.c.id == chat_id)
                .where(is_deleted if was_deleted else not_(is_deleted))
                .values(
                    deleted_at=at, saved_at=time.time(), expired_at=None, writes=chats.c.writes + 1
                )
            )
            if at is not None:
                connection.execute(cleaning.unshared(owner, chat_id))
            return done.rowcount > 0

    def purge(self, owner: str, chat_id: str) -> bool:
        """Remove the chat for good, with its attachments; return whether it existed.

        Attachments that a turn of another chat uses stay.
        """
        with self._writing() as connection:
            return cleaning.purge(connection, owner, chat_id)

    def delete_all(self, owner: str) -> int:
        """Remove all data of the owner for good; return how many chats there were."""
        with self._writing() as connection:
            gone: int = connection.execute(delete(chats).where(chats.c.owner == owner)).rowcount
            for table in (attachments, presets, choices, playground, experiments, shared_pages):
                connection.execute(delete(table).where(table.c.owner == owner))
            return gone

    def note_use(self, owner: str, chat_id: str) -> None:
        """Note that somebody opened the chat, so that it does not expire."""
        self._execute(statements.used_chat(owner, chat_id))

    def expire(self, days: float = 0, awake_s: float | None = None) -> int:
        """Remove chats that expired a day ago, of every owner; return how many.

        A chat expires if it is not pinned, and was neither saved nor opened for `days`; 0 days keep
        them all. Deleted chats and unused attachments go after a day. Nothing goes for a day after
        the clock has jumped; `awake_s` is the time since the last call, None for the first.
        """
        now, gone = time.time(), 0
        with self._writing() as connection:
            is_safe = cleaning.trusts_clock(connection, now, awake_s)
            cleaning.mark_expired(connection, now, days)
        if not is_safe:
            return 0
        is_gone = cleaning.is_gone(now)
        with self._reading() as connection:
            old = connection.execute(select(chats.c.owner, chats.c.id).where(is_gone)).all()
        for owner, chat_id in old:  # one by one, so that no writer waits for all of them
            with self._writing() as connection:
                if rows.lock(connection, owner, chat_id, is_gone):  # not used in the meantime
                    gone += cleaning.purge(connection, owner, chat_id)
        with self._writing() as connection:
            cleaning.forget_unused(connection, now)
        self._execute(*choosing.unused(now, days))
        self.running.forget(cleaning.DAY_S)
        return gone

    def save_attachment(self, owner: str, chat_id: str, about: Attachment, data: bytes) -> None:
        """Save an attachment's content. Its chat need not be saved yet."""
        values = {
            "chat_id": chat_id,
            **{name: about[name] for name in ("name", "kind", "mime", "size", "sha256")},
            "created_at": time.time(),
            "data": data,
        }
        key = {"owner": owner, "id": about["id"]}
        self._execute(statements.upsert(self._dialect, attachments, key, values))

    def load_attachment(self, owner: str, attachment_id: str) -> bytes | None:
        """Return an attachment's content; `None` if the owner has none with this id."""
        wanted = select(attachments.c.data).where(
            attachments.c.owner == owner, attachments.c.id == attachment_id
        )
        with self._reading() as connection:
            data = connection.scalar(wanted)
            return None if data is None else bytes(data)

    def save_preset(self, owner: str, name: str, body: Mapping[str, Any]) -> None:
        """Save settings under a name, replacing any preset of that name."""
        key = {"owner": owner, "name": name}
        self._execute(statements.upsert(self._dialect, presets, key, {"body": body}))

    def presets(self, owner: str) -> dict[str, ChatSettings]:
        """Return every preset of the owner, in alphabetical order of names."""
        wanted = select(presets.c.name, presets.c.body).where(presets.c.owner == owner)
        with self._reading() as connection:
            found = {row.name: row.body for row in connection.execute(wanted)}
        return dict(sorted(found.items(), key=lambda item: searching.plain(item[0]).casefold()))

    def delete_preset(self, owner: str, name: str) -> bool:
        """Remove a preset for good; return whether there was one."""
        one = delete(presets).where(presets.c.owner == owner, presets.c.name == name)
        with self._writing() as connection:
            return bool(connection.execute(one).rowcount)

    def spend(self, day: str, micro_usd: int, most: int | None) -> bool:
        """Add to what the operator's token spent in a day if that is below `most`; return whether.

        Exact for any number of processes at once.
        """
        first = {"day": day, "micro_usd": 0}
        new = statements.insert_if_missing(self._dialect, spending, first)
        one = update(spending).where(spending.c.day == day)
        if most is not None:
            one = one.where(spending.c.micro_usd < most)
        more = one.values(micro_usd=spending.c.micro_usd + micro_usd)
        with self._writing() as connection:
            connection.execute(new)
            return bool(connection.execute(more).rowcount)

    def choices(self, owner: str) -> Mapping[str, Any]:
        """Return what the owner chose, {} if nothing yet; notes that it is in use."""
        with self._reading() as connection:
            text, is_old = choosing.read(connection, owner)
        if is_old:
            self._execute(choosing.used(owner))
        return choosing.body_of(text)

    def change_choices(self, owner: str, by: Callable[[Any], Mapping[str, Any]]) -> Any:
        """Replace what the owner chose by what `by` makes of it; return that."""
        for _ in range(TRIES):
            with self._reading() as connection:
                text, _is_old = choosing.read(connection, owner)
            body = by(choosing.body_of(text))
            statement = choosing.changed(self._dialect, owner, body, text)
            with self._writing() as connection:
                if connection.execute(statement).rowcount:
                    return body
        raise StoreBusy
