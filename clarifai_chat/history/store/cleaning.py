"""Delete for good what has expired or is unused."""

import logging
from datetime import UTC, datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Table,
    and_,
    delete,
    exists,
    false,
    insert,
    not_,
    or_,
    select,
    update,
)

from clarifai_chat.history.store.tables import (
    attachments,
    chats,
    clock,
    experiments,
    playground,
    shared_pages,
    turns,
    uses,
)

log = logging.getLogger(__name__)

DAY_S = 24 * 3600.0
UNDO_S = DAY_S  # how long a deletion can be undone
MAX_PAUSE_S = 3 * DAY_S  # for which an app that is off or idle is no reason to doubt the clock
SKEW_S = 3600.0  # between the clocks of several processes


def purge(connection: Connection, owner: str, chat_id: str) -> bool:
    """Remove a chat and attachments that no other chat uses; return whether it existed."""
    here = select(uses.c.attachment_id).where(uses.c.owner == owner, uses.c.chat_id == chat_id)
    elsewhere = exists().where(
        uses.c.owner == owner,
        uses.c.attachment_id == attachments.c.id,
        uses.c.chat_id != chat_id,
    )
    connection.execute(
        delete(attachments).where(
            attachments.c.owner == owner,
            or_(attachments.c.chat_id == chat_id, attachments.c.id.in_(here)),
            ~elsewhere,
        )
    )
    connection.execute(unshared(owner, chat_id))
    one = delete(chats).where(chats.c.owner == owner, chats.c.id == chat_id)
    return connection.execute(one).rowcount > 0


def unshared(owner: str, chat_id: str) -> Executable:
    """Revoke the pages that show a chat."""
    shows = shared_pages.c.sources.contains(chat_id, autoescape=True)
    return delete(shared_pages).where(shared_pages.c.owner == owner, shows)


def mark_expired(connection: Connection, now: float, days: float) -> None:
    """Note what has expired, and forget it for what is in use again."""
    for table in (chats, playground, experiments):
        stays = chats.c.pinned if table is chats else false()
        is_old = table.c.saved_at < now - days * DAY_S if days > 0 else false()
        has_expired = and_(not_(stays), is_old)
        is_marked = table.c.expired_at.is_not(None)
        again = update(table).where(is_marked, or_(not_(has_expired), table.c.expired_at > now))
        connection.execute(again.values(expired_at=None))
        new = update(table).where(not_(is_marked), has_expired)
        connection.execute(new.values(expired_at=now))


def is_gone(now: float, table: Table = chats) -> ColumnElement[bool]:
    """Return the condition that something was deleted, or found to have expired, a day ago."""
    return or_(table.c.expired_at < now - DAY_S, table.c.deleted_at < now - UNDO_S)


def trusts_clock(connection: Connection, now: float, awake_s: float | None) -> bool:
    """Return whether something may be removed; False for a day after the clock has jumped.

    `awake_s` is the time since this process last looked, by a clock that cannot be set. All that
    marks anything as expired is forgotten with a jump.
    """
    row = connection.execute(select(clock.c.looked_at, clock.c.trusted_from)).one_or_none()
    if row is None:  # a new database, or one of an older version of this app
        first = {"id": 1, "looked_at": now, "trusted_from": now + DAY_S}
        connection.execute(insert(clock).values(first))
        return False
    passed: float = now - row.looked_at
    low, high = (0.0, MAX_PAUSE_S) if awake_s is None else (0.0, awake_s)
    trusted_from: float = row.trusted_from
    if not low - SKEW_S <= passed <= high + SKEW_S:
        log.warning(
            "The clock says %s, and said %s when this app last looked for expired conversations."
            " Nothing is removed for a day. If the clock is wrong, set it.",
            _date(now),
            _date(row.looked_at),
        )
        for table in (chats, playground, experiments):
            connection.execute(update(table).values(expired_at=None))
        trusted_from = now + DAY_S
    connection.execute(update(clock).values(looked_at=now, trusted_from=trusted_from))
    return trusted_from <= now


def _date(at: float) -> str:
    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return f"{at:.0f} s"


def forget_unused(connection: Connection, now: float) -> None:
    """Remove playgrounds' things and experiments that have gone, and attachments without a use.

    All once they cannot be restored; and shared pages that have expired.
    """
    connection.execute(delete(shared_pages).where(shared_pages.c.expires_at <= now))
    for table in (playground, experiments):
        connection.execute(delete(table).where(is_gone(now, table)))
    removed = exists().where(
        turns.c.owner == uses.c.owner,
        turns.c.chat_id == uses.c.chat_id,
        turns.c.id == uses.c.turn_id,
        turns.c.removed_at < now - UNDO_S,
    )
    connection.execute(delete(uses).where(removed))
    used = exists().where(
        and_(uses.c.owner == attachments.c.owner, uses.c.attachment_id == attachments.c.id)
    )
    of_run = exists().where(
        and_(playground.c.owner == attachments.c.owner, playground.c.id == attachments.c.chat_id)
    )
    is_old = attachments.c.created_at < now - UNDO_S
    connection.execute(delete(attachments).where(is_old, ~used, ~of_run))
