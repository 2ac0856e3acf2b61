"""Note when a chat was found to have expired, and what the clock said then."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("chats", sa.Column("expired_at", sa.Double))
    op.create_table(
        "clock",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("looked_at", sa.Double, nullable=False),
        sa.Column("trusted_from", sa.Double, nullable=False),
    )
