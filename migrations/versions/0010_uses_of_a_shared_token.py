"""Make room for who used the operator's token in the last hour."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "token_uses",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("used_at", sa.Double, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("token_uses")
