"""Make a database one of an older version of the app."""

from clarifai_chat.history.store.tables import metadata

# The first version with a table, for those of later versions than 0001.
BEGAN = {"clock": "0004", "spending": "0005", "choices": "0006", "playground": "0007"}
BEGAN |= {"experiments": "0008", "experiment_runs": "0008", "running": "0009"}
BEGAN |= {"token_uses": "0010", "shared_pages": "0012"}
FIRST = {"chats", "turns", "attachments", "attachment_uses", "presets"}
NEWEST = "9999"  # of a table that is not named here


def go_back(execute, version):
    """Undo what came after `version`, 0001 or later; `execute` runs one statement of SQL."""
    for table in sorted(set(metadata.tables) - FIRST):
        if BEGAN.get(table, NEWEST) > version:
            execute(f"DROP TABLE {table}")
    if version < "0011":
        execute("ALTER TABLE chats DROP COLUMN writes")
    if version < "0004":
        execute("ALTER TABLE chats DROP COLUMN expired_at")
    if version < "0003":
        execute("DROP INDEX turns_unread")
        execute("ALTER TABLE turns DROP COLUMN words")
    execute(f"UPDATE clarifai_chat_version SET version_num = '{version}'")  # noqa: S608 - ours
