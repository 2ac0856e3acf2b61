"""Make room for the words of a turn as they are read. The app fills it while it runs."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("turns", sa.Column("words", sa.Text))
    op.create_index(
        "turns_unread",
        "turns",
        ["serial"],
        sqlite_where=sa.text("words IS NULL AND is_over = 1"),
        postgresql_where=sa.text("words IS NULL AND is_over"),
    )
