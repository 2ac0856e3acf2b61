"""Keep which models a visitor chose."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "choices",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("used_at", sa.Double, nullable=False),
    )
