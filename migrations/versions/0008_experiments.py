"""Make room for experiments and their runs."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "experiments",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("saved_at", sa.Double, nullable=False),
        sa.Column("deleted_at", sa.Double),
        sa.Column("expired_at", sa.Double),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "experiment_runs",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("experiment_id", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("asked_at", sa.Double, nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(
            ["owner", "experiment_id"],
            ["experiments.owner", "experiments.id"],
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    op.drop_table("experiment_runs")
    op.drop_table("experiments")
