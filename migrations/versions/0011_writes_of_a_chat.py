"""Count the writes of a chat: a save then knows by one number that nobody came between."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("chats", sa.Column("writes", sa.Integer, nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("chats", "writes")
