"""Make room for the tool playground's sets and runs."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "playground",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("saved_at", sa.Double, nullable=False),
        sa.Column("deleted_at", sa.Double),
        sa.Column("expired_at", sa.Double),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("playground_in_order", "playground", ["owner", "kind", "created_at"])


def downgrade() -> None:
    op.drop_table("playground")
