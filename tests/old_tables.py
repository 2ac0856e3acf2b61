"""Make a database one of an older version of the app."""

from clarifai_chat.history.store.tables import metadata

FIRST = {"chats", "turns", "attachments", "attachment_uses", "presets"}  # tables of version 0001


def go_back(execute, version):
    """Undo what came after `version`, 0001 to 0003; `execute` runs one statement of SQL."""
    execute("ALTER TABLE chats DROP COLUMN expired_at")
    for newer in sorted(set(metadata.tables) - FIRST):
        execute(f"DROP TABLE {newer}")
    if version < "0003":
        execute("DROP INDEX turns_unread")
        execute("ALTER TABLE turns DROP COLUMN words")
    execute(f"UPDATE clarifai_chat_version SET version_num = '{version}'")  # noqa: S608 - ours
