"""Backups: everything comes back, in a database of either kind, and nothing else is restored."""

import shutil
import sqlite3
import subprocess

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from clarifai_chat.cli.commands import app
from clarifai_chat.history.store import backup, open_store
from clarifai_chat.history.store.tables import metadata, turns
from clarifai_chat.history.store.trouble import StoreRefused
from tests.canary import assert_no_canary
from tests.old_tables import go_back
from tests.postgres import binaries
from tests.test_store import ADA, ATTACHMENT, BOB, ODD, a_chat, an_attachment, ask, saved

pytest_plugins = ["tests.postgres"]


@pytest.fixture
def new(request, tmp_path):
    """`new(kind)` is the address of a new database."""
    number = iter(range(9))

    def new(kind):
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / f'{next(number)}.db'}"
        return request.getfixturevalue("postgres").database()

    return new


@pytest.fixture
def file(tmp_path):
    return tmp_path / "backup"


@pytest.fixture
def run(set_up):
    """`run(address, "backup", …)` is the command line: its exit code, and all that it says."""

    def run(address, *arguments):
        set_up(DATABASE_URL=address)
        result = CliRunner().invoke(app, [*map(str, arguments)])
        assert "Traceback" not in result.output
        assert_no_canary("the command line", result.output)
        return result.exit_code, result.output

    return run


def filled(address):
    """A store of two visitors, with a bit of everything."""
    store = open_store(address)
    chat = a_chat(*ODD, title="Odd \x00", settings={"b": 1.5, "a": "\ud83d"})
    chat["turns"][0]["attachments"] = [an_attachment(id=ATTACHMENT)]
    saved(store, chat)
    store.save_attachment(ADA, chat["id"], an_attachment(id=ATTACHMENT), b"\x00\xff" * 500)
    chat["turns"].pop()
    chat["leaf"] = chat["turns"][-1]["id"]
    ask(chat, "Still running?", "No", is_over=False)
    saved(store, chat)
    saved(store, a_chat("Bob's", pinned=True), BOB)
    store.delete(BOB, saved(store, a_chat("Deleted"), BOB)["id"])
    store.save_preset(BOB, "Mine", {"system": "S", "temperature": 1})
    store.change_choices(BOB, lambda there: {"model": "M", "favourites": ["M"]})
    a_set = {"name": "Odd \x00", "about": "\ud83d", "body": "{}", "room": 100}
    store.playground.save_set(BOB, "set", 0, **a_set)
    store.playground.save_run(BOB, "run", 0, asked_at=1.0, body="{}", room=100)
    store.experiments.save(BOB, "e", "Odd \x00", "{}")
    store.experiments.claim(BOB, "e", 7)
    return store


def content(store):
    """All rows, but for their numbers."""
    found = {}
    with store._engine.connect() as connection:
        for table in metadata.sorted_tables:
            columns = [column for column in table.c if column is not turns.c.serial]
            rows = connection.execute(select(*columns).order_by(*columns))
            found[table.name] = [tuple(row) for row in rows]
    return found


TOLD = (
    "3 conversations (9 turns), 1 attachment, 1 preset, 2 tool sets and runs and 1 experiment"
    " of 2 visitors"
)


def test_a_dump_of_postgresqls_own_program_is_whole(postgres):
    source, target = postgres.database(), postgres.database()
    store = filled(source)
    found = binaries()

    dump = subprocess.run([found / "pg_dump", source], stdout=subprocess.PIPE, check=True).stdout
    restore = [found / "psql", "-q", "-v", "ON_ERROR_STOP=1", target]
    subprocess.run(restore, input=dump, stdout=subprocess.DEVNULL, check=True)

    other = open_store(target)
    assert content(other) == content(store)
    assert saved(other, a_chat("One more"))["revision"] == 1, "Rows go on being numbered."
    other.close()
    store.close()


@pytest.mark.parametrize("source", ["sqlite", "postgresql"])
@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_everything_moves_while_the_app_runs(new, file, run, source, target):
    old, other = new(source), new(target)
    store = filled(old)  # and open

    assert run(old, "backup", file) == (0, f"Saved {TOLD} in {file} ({size_of(file)}).\n")
    code, said = run(other, "restore", file)

    assert (code, said.startswith(f"Restored {TOLD} from {file}.")) == (0, True)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.glob("*backup*")] == ["backup"]
    restored = open_store(other)
    assert content(restored) == content(store)
    assert restored.listing(ADA, "still") == store.listing(ADA, "still") != []
    saved(restored, a_chat("Goes on"), BOB)
    for each in (store, restored):
        each.close()


def size_of(file):
    return backup.size(file.stat().st_size)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_is_there_is_replaced_only_on_request(new, file, run, kind):
    address, other = new("sqlite"), new(kind)
    filled(address).close()
    run(address, "backup", file)
    store = open_store(other)
    saved(store, a_chat("Here"))
    store.close()

    code, said = run(other, "restore", file)
    assert code == 2
    assert "has 1 conversation (1 turn), 0 attachments and 0 presets of 1 visitor. Add --f" in said
    store = open_store(other)
    assert len(store.listing(ADA, "here")) == 1
    store.close()

    assert run(other, "restore", "--force", file)[0] == 0
    store = open_store(other)
    assert store.listing(ADA, "here") == []
    assert len(store.listing(ADA)) == 1
    store.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_nothing_is_restored_while_the_app_has_the_database_open(new, file, run, kind):
    address = new(kind)
    store = filled(address)
    run(address, "backup", file)
    before = content(store)

    code, said = run(address, "restore", "--force", file)

    assert code == 2
    assert "open. Stop it, then restore." in said
    assert content(store) == before
    store.close()


def test_a_backup_of_an_older_version_is_updated_and_the_file_stays_as_it_is(new, file, run):
    address = new("sqlite")
    filled(address).close()
    run(address, "backup", file)
    with sqlite3.connect(file) as connection:
        go_back(connection.execute, "0003")
    connection.close()
    before = file.read_bytes()

    assert run(new("sqlite"), "restore", file)[0] == 0
    assert file.read_bytes() == before


def spoil(file, how):
    if how == "text":
        file.write_text("Not a database. " * 1000)
    elif how == "empty":
        file.write_bytes(b"")
    elif how == "cut":
        data = file.read_bytes()
        file.write_bytes(data[: len(data) // 2])
    elif how == "damaged":
        data = bytearray(file.read_bytes())
        data[4096 * 2 : 4096 * 9] = b"\xa5" * 4096 * 7
        file.write_bytes(data)
    else:
        statements = {
            "newer": ["UPDATE clarifai_chat_version SET version_num = '9999'"],
            "missing": ["DROP TABLE turns"],
            "foreign": ["DROP TABLE clarifai_chat_version"],
        }
        with sqlite3.connect(file) as connection:
            for statement in statements[how]:
                connection.execute(statement)
        connection.close()


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("text", "is not a backup of this app: it is not an SQLite database."),
        ("empty", "is not a backup of this app: it is not an SQLite database."),
        ("cut", "is cut short: "),
        ("damaged", "is damaged. Use another copy."),
        ("newer", "was made by a newer version of this app. Restore it with that version."),
        ("missing", "is not whole: turns is missing."),
        ("foreign", "is a database, but not of this app."),
    ],
)
def test_a_file_that_cannot_be_restored_is_explained_and_nothing_changes(new, file, run, how, said):
    address, other = new("sqlite"), new("sqlite")
    filled(address).close()
    run(address, "backup", file)
    spoil(file, how)
    store = filled(other)
    before = content(store)
    store.close()

    code, told = run(other, "restore", "--force", file)

    assert code == 2
    assert f"Error: {file} {said}" in told
    store = open_store(other)
    assert content(store) == before
    store.close()


def test_a_copy_of_a_running_apps_file_alone_is_recognized(new, file, run, tmp_path):
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.close()

    code, said = run(new("sqlite"), "restore", file)

    assert code == 2
    assert f"{file} has no tables, as a copy made beside a running app. Make it again" in said


def test_a_copy_with_its_log_can_be_restored(new, run, tmp_path):
    address = new("sqlite")
    store = filled(address)
    copies = tmp_path / "copies"
    copies.mkdir()
    for path in tmp_path.glob("0.db*"):
        shutil.copy(path, copies)
    store.close()

    code, said = run(new("sqlite"), "restore", copies / "0.db")
    assert (code, TOLD in said) == (0, True)


def test_a_backup_replaces_no_file_unasked_and_never_the_database(new, file, run, tmp_path):
    address = new("sqlite")
    filled(address).close()
    file.write_text("Yesterday's")

    code, said = run(address, "backup", file)
    assert (code, file.read_text()) == (2, "Yesterday's")
    assert f"{file} is there already. Name another file, or add --force." in said
    assert run(address, "backup", "--force", file)[0] == 0

    itself = tmp_path / "0.db"
    for command in ("backup", "restore"):
        code, said = run(address, command, "--force", itself)
        assert code == 2
        assert f"{itself} is the database itself." in said
    code, said = run(address, "backup", tmp_path / "missing" / "file")
    assert (code, "There is no folder" in said) == (2, True)


@pytest.mark.parametrize(
    ("kind", "words"),
    [("sqlite", "There is no database at "), ("postgresql", "has no tables of this app.")],
)
def test_a_database_that_is_not_there_is_no_empty_backup(new, file, run, kind, words):
    code, said = run(new(kind), "backup", file)

    assert code == 2
    assert words in said
    assert not file.exists()


def test_a_server_out_of_reach_is_told_without_the_password(file, run, tmp_path):
    from tests.canary import CANARY

    address = f"postgresql://tests:{CANARY}@/base?host={tmp_path}"
    code, said = run(address, "backup", file)

    assert code == 5
    assert StoreRefused.what in said
    assert not file.exists()
