"""Make room for which process runs which reply."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "running",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("chat_id", sa.Text, primary_key=True),
        sa.Column("turn_id", sa.Text, primary_key=True),
        sa.Column("replica", sa.Text, nullable=False),
        sa.Column("beat_at", sa.Double, nullable=False),
        sa.Column("watched_at", sa.Double, nullable=False),
        sa.Column("is_to_stop", sa.Boolean, nullable=False),
    )
    op.create_index("running_by_replica", "running", ["replica"])


def downgrade() -> None:
    op.drop_table("running")
