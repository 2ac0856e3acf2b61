"""Pages that visitors share under an address that nobody can guess."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "shared_pages",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("sources", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.Column("page", sa.LargeBinary, nullable=False),
        sa.Column("copy", sa.LargeBinary, nullable=False),
    )
    op.create_index("shared_pages_of_owner", "shared_pages", ["owner", "created_at"])


def downgrade() -> None:
    op.drop_table("shared_pages")
