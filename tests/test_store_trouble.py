"""What goes wrong with a database is told in a sentence, without the password; the app goes on."""

import errno
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from clarifai_chat.config import ROOT
from clarifai_chat.history.store import open_store, opening, postgresql, trouble
from clarifai_chat.history.store.address import read_address
from clarifai_chat.history.store.trouble import (
    StoreAddress,
    StoreBusy,
    StoreDamaged,
    StoreFull,
    StoreLogin,
    StoreMissing,
    StoreNewer,
    StoreReadOnly,
    StoreRefused,
    StoreTrouble,
    StoreUnreachable,
)
from tests.canary import CANARY, assert_no_canary
from tests.patience import PATIENCE_S
from tests.postgres import GUARDED, pooled, pooler
from tests.relay import relaying
from tests.test_store import ADA, a_chat, ask, saved

pytest_plugins = ["tests.postgres"]


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'chats.db'}"
    return request.getfixturevalue("postgres").database()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "chats.db"


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(opening, "BUSY_S", 0.05)


def told(kind, action, *arguments):
    """The trouble, which is of this kind, and has a sentence to read and nothing to hide."""
    with pytest.raises(StoreTrouble) as caught:
        action(*arguments)
    error = caught.value
    assert type(error) is kind, repr(error)
    assert kind.what in str(error)
    assert kind.advice in str(error)
    assert error.problem()["kind"] == kind.__name__
    shown = "".join(traceback.format_exception(error))
    assert "During handling" not in shown
    assert_no_canary("the error", shown)
    assert_no_canary("what it came from", f"{error.__context__!r} {error.__context__}")
    return str(error)


def opened(address):
    store = open_store(address)
    store.close()


# --- Opening ----------------------------------------------------------------------------------


def test_a_folder_that_is_missing_is_made_and_only_the_owner_may_look(tmp_path):
    file = tmp_path / "a" / "b" / "chats.db"

    opened(f"sqlite:///{file}")

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("in_the_way", ["folder", "file"])
def test_a_path_that_cannot_be_a_file_is_reported(tmp_path, in_the_way):
    file = tmp_path / "chats.db"
    if in_the_way == "folder":
        file.mkdir()
    else:
        (tmp_path / "x").write_text("")
        file = tmp_path / "x" / "chats.db"

    assert str(file) in told(StoreReadOnly, open_store, f"sqlite:///{file}")


@pytest.mark.parametrize(
    "content", [b"Dear diary, " * 500, b"SQLite format 3\x00" + b"\xff" * 5000]
)
def test_a_file_that_is_not_a_database_is_reported_and_left_alone(file, content):
    file.write_bytes(content)

    told(StoreDamaged, open_store, f"sqlite:///{file}")

    assert file.read_bytes() == content


def test_a_database_of_something_else_is_not_touched(file):
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE recipes (name)")

    told(StoreDamaged, open_store, f"sqlite:///{file}")

    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("recipes",)]


def test_a_stopped_app_leaves_one_whole_file(file, tmp_path):
    store = open_store(f"sqlite:///{file}")
    reader = sqlite3.connect(file)
    chat = saved(store, a_chat("One"))
    assert reader.execute("SELECT count(*) FROM chats").fetchone() == (1,)  # its log has to stay

    store.close()
    copy = tmp_path / "copy.db"
    copy.write_bytes(file.read_bytes())
    reader.close()

    copied = open_store(f"sqlite:///{copy}")
    assert copied.load(ADA, chat["id"]) == chat
    copied.close()


def test_a_copy_without_its_log_is_pointed_out(file, tmp_path, caplog):
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.close()

    open_store(f"sqlite:///{file}").close()
    assert f"The database file {file} has no tables" in caplog.text
    caplog.clear()
    open_store(f"sqlite:///{file}").close()
    open_store(f"sqlite:///{tmp_path / 'new.db'}").close()
    assert not caplog.text


def test_tables_that_are_missing_are_named(file):
    open_store(f"sqlite:///{file}").close()
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TABLE turns")
        connection.execute("DROP TABLE presets")
    connection.close()

    with pytest.raises(StoreDamaged) as caught:
        open_store(f"sqlite:///{file}")
    assert f"({file}: presets and turns are missing)" in str(caught.value)


def test_a_read_only_database_is_reported(file):
    opened(f"sqlite:///{file}")

    told(StoreReadOnly, open_store, f"sqlite:///file:{file}?mode=ro&uri=true")


def run(address, *statements):
    """Do something to the database, past the store."""
    engine = create_engine(read_address(address), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def test_a_database_newer_than_the_app_is_reported_and_left_alone(address):
    opened(address)
    run(address, "UPDATE clarifai_chat_version SET version_num = '9999'")

    told(StoreNewer, open_store, address)
    told(StoreNewer, open_store, address)

    newest = max(file.stem[:4] for file in (ROOT / "migrations/versions").glob("0*.py"))
    run(address, f"UPDATE clarifai_chat_version SET version_num = '{newest}'")  # noqa: S608
    opened(address)


def test_a_locked_database_is_reported(file, impatient):
    opened(f"sqlite:///{file}")
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")

    told(StoreBusy, open_store, f"sqlite:///{file}")

    holder.close()
    opened(f"sqlite:///{file}")


def test_an_upgrade_that_hangs_elsewhere_is_reported(postgres, monkeypatch):
    monkeypatch.setattr(opening, "BUSY_S", 1)
    address = postgres.database()
    engine = create_engine(read_address(address))
    with engine.connect() as holder:
        holder.execute(text(f"SELECT pg_advisory_lock({opening.LOCK})"))

        told(StoreBusy, open_store, address)

    engine.dispose()
    opened(address)


def test_a_full_disk_is_reported_when_tables_are_created(file):
    def limit(connection, record):
        connection.execute("PRAGMA max_page_count = 3")

    event.listen(Engine, "connect", limit)
    try:
        told(StoreFull, open_store, f"sqlite:///{file}")
    finally:
        event.remove(Engine, "connect", limit)

    opened(f"sqlite:///{file}")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "chats.db",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        f"mysql://ada:{CANARY}@db/chats",
        f"postgresql//ada:{CANARY}@db",
        f"postgresql://ada:{CANARY}@db:port/chats",
    ],
    ids=["none", "file", "memory", "no file", "named memory", "MySQL", "no colon", "odd port"],
)
def test_an_unusable_address_is_reported(address):
    told(StoreAddress, open_store, address)


@pytest.mark.parametrize("kind", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_every_usual_form_of_address_is_understood(postgres, kind):
    opened(postgres.database().replace("postgresql", kind, 1))


def test_a_missing_server_is_reported(monkeypatch):
    monkeypatch.setattr(postgresql, "CONNECT_S", 2)
    words = told(StoreRefused, open_store, f"postgresql://ada:{CANARY}@127.0.0.1:9/chats")

    assert "(127.0.0.1, chats)" in words


def test_an_unknown_database_or_user_is_reported(postgres):
    told(StoreMissing, open_store, postgres.url("nowhere"))
    told(StoreLogin, open_store, postgres.url().replace("tests:", "stranger:"))


def test_a_wrong_password_is_reported(postgres):
    run(postgres.url(), "DROP ROLE IF EXISTS guarded", "CREATE ROLE guarded LOGIN PASSWORD 'other'")

    told(StoreLogin, open_store, postgres.url().replace("tests:", f"{GUARDED}:"))


def test_a_role_that_may_not_create_tables_is_reported(postgres):
    address = postgres.database()
    run(address, "DROP ROLE IF EXISTS weak", "CREATE ROLE weak LOGIN")

    told(StoreReadOnly, open_store, address.replace("tests:", "weak:"))


def test_a_role_that_may_not_add_extensions_has_slower_searches_and_nothing_else(postgres):
    address = postgres.database()
    run(address, "DROP ROLE IF EXISTS plain", "CREATE ROLE plain LOGIN")
    run(address, "GRANT CREATE ON SCHEMA public TO plain")
    store = open_store(address.replace("tests:", "plain:"))

    saved(store, a_chat("A needle"))

    assert len(store.listing(ADA, "NEEDLE")) == 1
    store.close()


def test_an_sqlite_without_full_text_search_has_slower_searches_and_nothing_else(file):
    def without(connection, cursor, statement, parameters, *_):
        return statement.replace("USING fts5", "USING fts_of_the_future"), parameters

    event.listen(Engine, "before_cursor_execute", without, retval=True)
    try:
        store = open_store(f"sqlite:///{file}")
    finally:
        event.remove(Engine, "before_cursor_execute", without)

    chat = saved(store, a_chat("A needle"))
    assert len(store.listing(ADA, "NEEDLE")) == len(store.listing(ADA, "n")) == 1
    store.purge(ADA, chat["id"])
    assert store.listing(ADA, "needle") == []
    store.close()


# --- In use -----------------------------------------------------------------------------------

EVERYTHING = {
    "save_chat": lambda s, c: s.save_chat(ADA, {**c, "title": "New"}),
    "save_turn": lambda s, c: s.save_turn(ADA, c["id"], {**c["turns"][0], "feedback": "up"}, 0),
    "merge": lambda s, c: s.merge(ADA, c),
    "load": lambda s, c: s.load(ADA, c["id"]),
    "chats": lambda s, c: [*s.chats(ADA)],
    "listing": lambda s, c: s.listing(ADA, "one"),
    "delete": lambda s, c: s.delete(ADA, c["id"]),
    "undelete": lambda s, c: s.undelete(ADA, c["id"]),
    "purge": lambda s, c: s.purge(ADA, c["id"]),
    "delete_all": lambda s, c: s.delete_all(ADA),
    "expire": lambda s, c: s.expire(1),
    "note_use": lambda s, c: s.note_use(ADA, c["id"]),
    "load_attachment": lambda s, c: s.load_attachment(ADA, "x"),
    "save_preset": lambda s, c: s.save_preset(ADA, "x", {}),
    "presets": lambda s, c: s.presets(ADA),
    "delete_preset": lambda s, c: s.delete_preset(ADA, "x"),
}


def test_every_method_reports_trouble_in_a_sentence(address):
    store = open_store(address)
    chat = saved(store, a_chat("One"))
    tables = ("attachment_uses", "turns", "chats", "attachments", "presets")
    run(address, *(f"DROP TABLE {table}" for table in tables))

    for action in EVERYTHING.values():
        told(StoreTrouble, action, store, chat)

    store.close()


def test_a_full_disk_leaves_what_was_there_and_the_app_goes_on(file):
    store = open_store(f"sqlite:///{file}")
    chat = saved(store, a_chat("One", title="T"))
    kept = store.load(ADA, chat["id"])
    limited = [True]

    def limit(connection, record, proxy):
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages if limited[0] else 1_000_000}")

    event.listen(store._engine, "checkout", limit)
    ask(chat, "Two", "long " * 50_000)

    told(StoreFull, store.save_chat, ADA, chat)
    told(StoreFull, store.save_turn, ADA, chat["id"], chat["turns"][1], 1)
    assert store.load(ADA, chat["id"]) == kept
    assert len(store.listing(ADA, "one")) == 1

    limited[0] = False
    saved(store, chat)
    assert store.load(ADA, chat["id"]) == chat
    store.close()


def test_a_lock_stops_writing_and_not_reading_and_the_app_goes_on(file, impatient):
    store = open_store(f"sqlite:///{file}")
    chat = saved(store, a_chat("One"))
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    told(StoreBusy, store.save_chat, ADA, chat)
    assert store.load(ADA, chat["id"]) == chat

    holder.close()
    assert saved(store, chat)["revision"] == 2
    store.close()


def test_a_server_that_was_started_again_is_found_again(postgres):
    address = postgres.database()
    store = open_store(address)
    chat = saved(store, a_chat("One"))
    others = "FROM pg_stat_activity WHERE datname LIKE 'd%'"
    run(postgres.url(), "SELECT pg_terminate_backend(pid) " + others)

    assert store.load(ADA, chat["id"]) == chat
    assert saved(store, chat)["revision"] == 2
    store.close()


def test_eight_visitors_share_two_connections_of_a_pooler_also_after_a_restart(postgres):
    if pooler() is None:
        pytest.skip("There is no PgBouncer on this machine (Debian: apt-get install pgbouncer).")
    with pooled(postgres, postgres.database()) as address, ThreadPoolExecutor(8) as visitors:
        store = open_store(address)
        chats = [*visitors.map(lambda n: saved(store, a_chat(f"Question {n}")), range(8))]

        others = "FROM pg_stat_activity WHERE datname LIKE 'd%'"
        run(postgres.url(), "SELECT pg_terminate_backend(pid) " + others)
        chats.append(saved(store, a_chat("The ninth")))

        assert [*visitors.map(lambda chat: store.load(ADA, chat["id"]), chats)] == chats
        store.close()


def test_a_database_that_goes_in_use_is_reported(postgres):
    address = postgres.database()
    store = open_store(address)
    name = address.partition("/d")[2].partition("?")[0]
    run(postgres.url(), f"DROP DATABASE d{name} WITH (FORCE)")

    told(StoreMissing, store.listing, ADA)
    store.close()


@pytest.fixture
def frozen_at_once(monkeypatch):
    """Nobody waits seconds in a test."""
    monkeypatch.setattr(postgresql, "PING_S", 0.05)
    with postgresql.patience(0.1):
        yield


def test_a_server_that_hangs_is_out_of_reach_and_is_used_again_afterwards(postgres, frozen_at_once):
    with relaying(postgres) as (relay, address), postgresql.patience(5):
        store = open_store(address)
        chat = saved(store, a_chat("One"))  # leaves a connection in the pool
        relay.frozen.set()

        told(StoreUnreachable, store.load, ADA, chat["id"])

        relay.frozen.clear()
        assert store.load(ADA, chat["id"]) == chat
        store.close()


def test_a_server_that_hangs_in_the_middle_of_something_is_out_of_reach(postgres, frozen_at_once):
    with relaying(postgres) as (relay, address):
        with postgresql.patience(5):
            store = open_store(address)
            chat = saved(store, a_chat("One"))

        def freeze(*_):
            relay.frozen.set()

        event.listen(store._engine, "before_cursor_execute", freeze)
        told(StoreUnreachable, store.save_chat, ADA, {**chat, "title": "New"})
        event.remove(store._engine, "before_cursor_execute", freeze)

        relay.frozen.clear()
        with postgresql.patience(5):
            assert store.load(ADA, chat["id"]) == chat
            store.close()


def network_of_its_own():
    """The command for a process with a network of its own; None where that cannot be had."""
    if not hasattr(os, "geteuid") or os.geteuid() or not all(map(shutil.which, ("unshare", "ip"))):
        return None
    command = ["unshare", "--net"]
    done = subprocess.run([*command, "true"], capture_output=True, check=False)
    return command if done.returncode == 0 else None


@pytest.mark.slow
def test_a_network_that_drops_every_packet_is_an_outage(postgres):
    alone = network_of_its_own()
    if alone is None:
        pytest.skip("A network that drops packets needs root, unshare and ip (Linux).")

    program = [sys.executable, "-m", "tests.dropped_packets"]
    command = [*alone, *program, postgres.database(), str(postgres.folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "a connection from the pool": "StoreUnreachable",
        "a new connection": "StoreUnreachable",
        "afterwards": True,
        "in the middle of a save": "StoreUnreachable",
        "after that": True,
    }


def test_a_name_server_that_does_not_answer_is_waited_for_no_longer(monkeypatch):
    answers, closed = threading.Event(), threading.Event()

    def connect(*arguments, **options):
        assert answers.wait(PATIENCE_S)
        return SimpleNamespace(close=closed.set)

    monkeypatch.setattr(postgresql.ImpatientConnection, "connect", connect)
    with postgresql.patience(0.05):
        told(StoreUnreachable, open_store, "postgresql://somewhere.test/base")

    answers.set()
    assert closed.wait(PATIENCE_S), "What came too late is not left open."


def test_a_server_that_lives_says_that_it_is_busy(postgres, monkeypatch):
    monkeypatch.setattr(postgresql, "STATEMENT_S", 0.05)
    store = open_store(postgres.database())
    chat = saved(store, a_chat("One"))
    with store._engine.begin() as other:
        other.exec_driver_sql("LOCK TABLE chats")

        told(StoreBusy, store.save_chat, ADA, chat)

    assert saved(store, chat)["revision"] == 2
    store.close()


def test_a_read_only_server_is_reported(postgres):
    address = postgres.database()
    store = open_store(address)
    name = address.partition("/d")[2].partition("?")[0]
    run(address, f"ALTER DATABASE d{name} SET default_transaction_read_only = on")
    store.close()

    told(StoreReadOnly, store.save_chat, ADA, a_chat("One"))
    store.close()


def test_a_file_damaged_in_use_is_reported(file):
    store = open_store(f"sqlite:///{file}")
    for _ in range(20):
        saved(store, a_chat("word " * 2000))
    store.close()
    size = file.stat().st_size
    with file.open("r+b") as raw:
        raw.seek(4096)
        raw.write(os.urandom(size - 8192))

    told(StoreDamaged, lambda: [*open_store(f"sqlite:///{file}").chats(ADA)])


def of_postgres(code):
    error = psycopg.errors.lookup(code)("gone")
    return OperationalError("SELECT", {}, error)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(errno.ENOSPC, "full"), StoreFull),
        (PermissionError(errno.EACCES, "no"), StoreReadOnly),
        (PoolTimeout("too many"), StoreBusy),
        (of_postgres("53100"), StoreFull),
        (of_postgres("53300"), StoreBusy),
        (of_postgres("40P01"), StoreBusy),
        (of_postgres("57014"), StoreBusy),
        (of_postgres("57P01"), StoreUnreachable),
        (of_postgres("28P01"), StoreLogin),
        (of_postgres("3D000"), StoreMissing),
        (of_postgres("25006"), StoreReadOnly),
        (of_postgres("XX001"), StoreDamaged),
        (of_postgres("42P01"), StoreTrouble),
    ],
    ids=lambda value: getattr(value, "__name__", None) or str(value)[:40],
)
def test_errors_of_the_database_and_the_disk_have_a_meaning(error, kind):
    assert trouble.meaning(error) is kind


def test_neither_the_store_nor_its_log_reveals_the_address(postgres, caplog):
    caplog.set_level("DEBUG")
    address = postgres.database()
    store = open_store(address)
    chat = saved(store, a_chat(f"My token is {CANARY}"))
    run(address, "DROP TABLE attachment_uses, turns")

    told(StoreTrouble, store.save_turn, ADA, chat["id"], chat["turns"][0], 0)

    assert_no_canary("the store", f"{store!r} {store._engine!r} {vars(store)!r}")
    assert "StoreTrouble: UndefinedTable 42P01" in caplog.text
    store.close()
