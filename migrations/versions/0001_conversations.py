"""Create conversations, their turns and attachments, presets, and a word index.

There is no downgrade: the app refuses a database newer than itself.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import DBAPIError

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "chats",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("title_folded", sa.Text, nullable=False),
        sa.Column("is_named", sa.Boolean, nullable=False),
        sa.Column("pinned", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
        sa.Column("saved_at", sa.Double, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("changed", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("leaf", sa.Text, nullable=False),
        sa.Column("deleted_at", sa.Double),
    )
    op.create_index("chats_in_order", "chats", ["owner", "pinned", "updated_at", "id"])
    op.create_table(
        "turns",
        sa.Column("serial", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("chat_id", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("parent", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
        sa.Column("removed_at", sa.Double),
        sa.Column("is_over", sa.Boolean, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.UniqueConstraint("owner", "chat_id", "id", name="turns_by_id"),
        sa.ForeignKeyConstraint(
            ["owner", "chat_id"], ["chats.owner", "chats.id"], ondelete="CASCADE"
        ),
    )
    op.create_index(
        "turns_running",
        "turns",
        ["owner"],
        sqlite_where=sa.text("is_over = 0"),
        postgresql_where=sa.text("NOT is_over"),
    )
    op.create_table(
        "attachments",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("chat_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("mime", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_index("attachments_by_chat", "attachments", ["owner", "chat_id"])
    op.create_table(
        "attachment_uses",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("attachment_id", sa.Text, primary_key=True),
        sa.Column("chat_id", sa.Text, primary_key=True),
        sa.Column("turn_id", sa.Text, primary_key=True),
        sa.ForeignKeyConstraint(
            ["owner", "chat_id", "turn_id"],
            ["turns.owner", "turns.chat_id", "turns.id"],
            ondelete="CASCADE",
        ),
    )
    op.create_index("attachment_uses_by_turn", "attachment_uses", ["owner", "chat_id", "turn_id"])
    op.create_table(
        "presets",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
    )
    _index_words()


# Without the index, searches read every turn: slower, same results. Searches check its hits in the
# text, so it keeps no positions.
_SQLITE = (
    """CREATE VIRTUAL TABLE turns_index USING fts5(
        text, content='turns', content_rowid='serial', detail='none', columnsize=0,
        tokenize='trigram case_sensitive 1')""",
    "CREATE VIRTUAL TABLE turns_terms USING fts5vocab('turns_index', 'row')",
    """CREATE TRIGGER turns_added AFTER INSERT ON turns WHEN new.is_over BEGIN
        INSERT INTO turns_index(rowid, text) VALUES (new.serial, new.text);
    END""",
    """CREATE TRIGGER turns_gone AFTER DELETE ON turns WHEN old.is_over BEGIN
        INSERT INTO turns_index(turns_index, rowid, text)
            VALUES ('delete', old.serial, old.text);
    END""",
    """CREATE TRIGGER turns_changed AFTER UPDATE OF text, is_over ON turns
    WHEN old.text IS NOT new.text OR old.is_over IS NOT new.is_over BEGIN
        INSERT INTO turns_index(turns_index, rowid, text)
            SELECT 'delete', old.serial, old.text WHERE old.is_over;
        INSERT INTO turns_index(rowid, text) SELECT new.serial, new.text WHERE new.is_over;
    END""",
)
_POSTGRESQL = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX turns_index ON turns USING gin (text gin_trgm_ops) WHERE is_over",
)


def _index_words() -> None:
    connection = op.get_bind()
    statements = _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL
    try:
        with connection.begin_nested():
            for statement in statements:
                connection.exec_driver_sql(statement)
    except DBAPIError as error:
        if not _is_missing(error):
            raise


def _is_missing(error: DBAPIError) -> bool:
    """Return whether the database lacks trigrams: an old or bare SQLite, a forbidden extension."""
    if getattr(error.orig, "sqlstate", None) in ("42501", "58P01", "0A000"):
        return True
    return any(words in str(error.orig) for words in ("no such module", "tokenizer"))
