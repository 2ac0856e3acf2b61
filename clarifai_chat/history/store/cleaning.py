"""Delete for good what has expired or is unused."""

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, false, or_, select

from clarifai_chat.history.store.tables import attachments, chats, turns, uses

UNDO_S = 24 * 3600.0  # how long a deletion can be undone


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
    one = delete(chats).where(chats.c.owner == owner, chats.c.id == chat_id)
    return connection.execute(one).rowcount > 0


def is_old(now: float, days: float) -> ColumnElement[bool]:
    """Return the condition that a chat has expired."""
    unused = chats.c.saved_at < now - days * 24 * 3600 if days > 0 else false()
    return or_(unused, chats.c.deleted_at < now - UNDO_S)


def forget_unused(connection: Connection, now: float) -> None:
    """Remove attachments that no turn uses, once their turns cannot be restored."""
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
    connection.execute(delete(attachments).where(attachments.c.created_at < now - UNDO_S, ~used))
