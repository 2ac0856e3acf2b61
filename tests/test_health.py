"""What an orchestrator's probes are told: alive, warm, ready."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx
import pytest
from starlette.applications import Starlette

from clarifai_chat import memory
from clarifai_chat.chat import replies
from clarifai_chat.chat.chats import new_chat
from clarifai_chat.config import ROOT
from clarifai_chat.history import saving
from clarifai_chat.history.store import open_store, probing
from clarifai_chat.history.store.address import read_address
from clarifai_chat.serving import health
from tests.test_store_trouble import run

pytest_plugins = ["tests.postgres"]
Usage = type(shutil.disk_usage("."))


@pytest.fixture
def probe(set_up, tmp_path, monkeypatch):
    """`probe("/readyz", "ready")`: the status and JSON, with the warm-up in this state."""
    monkeypatch.setattr(health, "_look", health._Look())
    monkeypatch.setattr(health, "AGAIN_S", 0)
    set_up(DATABASE_URL=f"sqlite:///{tmp_path / 'history.db'}")
    saving.forget_store()

    def probe(path, state="ready"):
        app = Starlette(routes=health.routes(lambda: state))

        async def ask():
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
                return await client.get(path)

        with ThreadPoolExecutor(1) as pool:
            response = pool.submit(asyncio.run, ask()).result()
        return response.status_code, response.json()

    yield probe
    saving.forget_store()


@pytest.mark.parametrize("state", ["loading", "ready", "failed"])
def test_a_process_that_answers_is_alive(probe, state):
    assert probe("/livez", state) == (200, {"status": "ok"})


@pytest.mark.parametrize(
    ("state", "status", "said"),
    [("loading", 503, "starting"), ("ready", 200, "ok"), ("failed", 200, "degraded")],
)
def test_health_does_not_stay_bad_because_a_warm_up_failed(probe, state, status, said):
    assert probe("/healthz", state) == (status, {"status": said})


def test_an_app_with_everything_is_ready(probe):
    parts = {"warm_up": "ok", "database": "ok", "memory": "ok", "questions": "ok"}
    assert probe("/readyz") == (200, {"status": "ready", **parts})


@pytest.mark.parametrize("state", ["loading", "failed"])
def test_an_app_that_is_not_warm_is_not_ready(probe, state):
    status, said = probe("/readyz", state)

    assert (status, said["status"], said["warm_up"]) == (503, "not ready", state)


def test_an_app_without_its_database_is_not_ready_and_says_why(probe, set_up, tmp_path):
    (tmp_path / "in the way").write_text("")
    set_up(DATABASE_URL=f"sqlite:///{tmp_path}/in the way/x.db")
    saving.forget_store()  # another test's thread may have opened the one before

    status, said = probe("/readyz")

    assert status == 503
    assert said["database"].startswith("The database of conversations cannot be written.")
    assert said["memory"] == said["warm_up"] == "ok"
    assert str(tmp_path) not in str(said)


@pytest.fixture
def file(probe, tmp_path):
    """The database of an app that has been ready."""
    assert probe("/readyz")[0] == 200
    return tmp_path / "history.db"


def database(probe):
    status, said = probe("/readyz")
    assert (status == 200) == (said["database"] == "ok")
    return said["database"]


@pytest.fixture
def read_only(monkeypatch):
    """`read_only(True)`: files cannot be opened for writing from now on, also not by root."""
    connect = sqlite3.connect

    def reads(address, **options):
        return connect(str(address).replace("mode=rw", "mode=ro"), **options)

    return lambda is_so: monkeypatch.setattr(
        probing.sqlite3, "connect", reads if is_so else connect
    )


def test_a_file_that_became_read_only_is_reported_until_it_can_be_written(
    probe, file, read_only, caplog
):
    read_only(True)
    said = database(probe)
    assert said.startswith("The database of conversations cannot be written.")
    assert str(file.parent) not in said
    assert database(probe) == said

    read_only(False)
    assert database(probe) == "ok"
    assert database(probe) == "ok"
    told = [record.message for record in caplog.records if record.name == health.__name__]
    assert told == [f"Not ready: {said}", "Conversations can be saved again."]


# Root may write every file: the child is a user who owns this folder and may read all.
CHILD = """
import sys
from pathlib import Path
from clarifai_chat.history import database
file = Path(sys.argv[1])
for mode in (0o600, 0o400, 0o600):
    file.chmod(mode)
    print(database.why_unwritable() or "ok")
"""
NOBODY = 23456
CAN_READ = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *CAN_READ)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_a_file_without_the_right_to_write_is_reported(tmp_path):
    file = tmp_path / "history.db"
    open_store(f"sqlite:///{file}").close()
    is_root = os.geteuid() == 0
    for each in (tmp_path, *tmp_path.iterdir()) if is_root else ():
        os.chown(each, NOBODY, NOBODY)

    done = subprocess.run(
        [*(AS_NOBODY if is_root else ()), sys.executable, "-c", CHILD, file],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": f"sqlite:///{file}"},
        capture_output=True,
        text=True,
        check=True,
    )

    before, without, after = done.stdout.splitlines()
    assert (before, after) == ("ok", "ok")
    assert without.startswith("The database of conversations cannot be written.")
    assert str(tmp_path) not in without


def test_a_disk_that_filled_up_is_reported_until_there_is_room(probe, file, monkeypatch):
    total, used, free = shutil.disk_usage(file.parent)
    monkeypatch.setattr(probing.shutil, "disk_usage", lambda _: Usage(total, total, 4096))
    assert database(probe).startswith("The disk that holds the conversations is full.")

    monkeypatch.setattr(probing.shutil, "disk_usage", lambda _: Usage(0, 0, 0))
    assert database(probe) == "ok", "A drive that does not know its size is not full."
    monkeypatch.setattr(probing.shutil, "disk_usage", lambda _: Usage(total, used, free))
    assert database(probe) == "ok"


def test_a_file_that_is_gone_is_reported_until_it_is_back_or_the_app_starts_again(probe, file):
    away = file.rename(file.with_suffix(".away"))
    assert "moved, replaced or deleted" in database(probe)
    assert not file.exists(), "A probe makes no file."

    away.rename(file)
    assert database(probe) == "ok"

    file.unlink()
    assert "moved, replaced or deleted" in database(probe)
    saving.forget_store()
    assert database(probe) == "ok"


def test_a_file_that_another_program_holds_is_reported(probe, file, monkeypatch):
    monkeypatch.setattr(probing, "BUSY_S", 0.05)
    with closing(sqlite3.connect(file, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        assert "is busy with something else" in database(probe)

    assert database(probe) == "ok"


def test_a_probe_leaves_saving_to_those_who_still_can(probe, file, read_only):
    read_only(True)
    assert database(probe) != "ok"

    assert saving.save("a" * 64, new_chat())
    assert saving.trouble() == ""


def test_probing_changes_nothing(probe, file):
    with closing(sqlite3.connect(file)) as reader:
        before = [*reader.iterdump()], reader.execute("PRAGMA user_version").fetchone()
        assert database(probe) == "ok"
        assert ([*reader.iterdump()], reader.execute("PRAGMA user_version").fetchone()) == before


def test_a_database_server_that_became_read_only_is_reported(probe, set_up, postgres):
    address = postgres.database()
    set_up(DATABASE_URL=address)
    saving.forget_store()
    assert database(probe) == "ok"
    name = read_address(address).database
    ends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'd%'"

    run(postgres.url(), f"ALTER DATABASE {name} SET default_transaction_read_only = on", ends)
    assert "cannot be written" in database(probe)

    run(postgres.url(), f"ALTER DATABASE {name} RESET default_transaction_read_only", ends)
    assert database(probe) == "ok"


def test_an_app_that_saves_nothing_needs_no_database(probe, set_up):
    set_up(HISTORY="false")

    status, said = probe("/readyz")

    assert (status, said["database"]) == (200, "off")


def test_a_process_that_is_not_ready_is_alive_all_the_same(probe, set_up, monkeypatch):
    set_up(DATABASE_URL="sqlite:////dev/null/x.db", MAX_MEMORY_MB=1)
    saving.forget_store()

    assert probe("/readyz", "loading")[0] == 503
    assert probe("/livez", "loading")[0] == 200, "A restart would help nobody."


def test_an_app_at_its_limit_of_memory_is_not_ready(probe, set_up, monkeypatch):
    set_up(MAX_MEMORY_MB=100)
    monkeypatch.setattr(memory, "used_mb", lambda: 120.4)

    status, said = probe("/readyz")

    assert status == 503
    assert said["memory"] == "120 MB are used, more than the limit of 100 MB"


def test_an_app_that_is_about_to_stop_is_not_ready(probe, monkeypatch):
    monkeypatch.setattr(replies._kept, "is_stopping", True, raising=False)

    status, said = probe("/readyz", "ready")

    assert (status, said["questions"]) == (503, "The app is about to stop.")
    assert probe("/livez", "ready")[0] == 200
