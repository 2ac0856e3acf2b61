"""Run by Alembic, which `clarifai_chat/history/store/opening.py` hands a connection that holds the lock."""

from alembic import context

config = context.config
context.configure(
    connection=config.attributes["connection"],
    version_table=config.attributes["version_table"],
)
with context.begin_transaction():
    context.run_migrations()
