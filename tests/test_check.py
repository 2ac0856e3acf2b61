"""The `check` command: what the operator learns before a deployment, and its exit code."""

import json
import socket
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner

from clarifai_chat import config, network
from clarifai_chat.cli.commands import app
from clarifai_chat.history import saving
from clarifai_chat.history.store import open_store
from tests.canary import CANARY, assert_no_canary
from tests.conftest import NOWHERE
from tests.old_tables import go_back
from tests.test_store import ADA, a_chat, saved


@pytest.fixture
def check(set_up, tmp_path, monkeypatch):
    """`check("--json", PORT=…)`: exit code and output, in an environment of its own."""
    for name in [n for n in config.os.environ if n.startswith(("SSL_", "REQUESTS_"))]:
        monkeypatch.delenv(name)

    def check(*options, **settings):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        database = f"sqlite:///{tmp_path / 'history.db'}"
        set_up(**{"DATABASE_URL": database, "PORT": port, **settings})
        network.trusted.cache_clear()
        network.proxy_rules.cache_clear()
        result = CliRunner().invoke(app, ["check", *options])
        assert_no_canary("the output", result.output)
        return result.exit_code, result.output

    yield check
    network.trusted.cache_clear()
    network.proxy_rules.cache_clear()
    saving.forget_store()


def test_all_is_well(check, tmp_path):
    code, said = check()

    assert code == 0
    assert "is not there yet; the app creates it." in said
    assert {line.split()[0] for line in said.splitlines()} == {"ok"}
    assert not (tmp_path / "history.db").exists()


def test_a_database_that_is_there_is_looked_at(check, tmp_path):
    open_store(f"sqlite:///{tmp_path / 'history.db'}").close()

    assert "is up to date." in check()[1]


def test_an_upgrade_is_announced_and_happens_when_the_app_starts(check, tmp_path):
    file = tmp_path / "history.db"
    before = open_store(f"sqlite:///{file}")
    chat = saved(before, a_chat("One"))
    before.close()
    with closing(sqlite3.connect(file)) as connection:
        go_back(connection.execute, "0003")
        connection.commit()

    for _ in range(2):
        assert "of an earlier version; the app updates it when it starts." in check()[1]

    after = open_store(f"sqlite:///{file}")
    assert after.load(ADA, chat["id"]) == chat
    after.close()
    assert "is up to date." in check()[1]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"CLARIFAI_API_KEY": CANARY}, "Did you mean CLARIFAI_PAT?"),
        ({"SSL_CERT_FILE": "/gone.pem"}, "SSL_CERT_FILE=/gone.pem is not there"),
        ({"ALL_PROXY": f"socks4://me:{CANARY}@p:1"}, "ALL_PROXY is not the address of a proxy"),
        (
            {"DATABASE_URL": "sqlite:////dev/null/x.db"},
            "database of conversations cannot be written",
        ),
    ],
)
def test_what_the_app_goes_without_is_a_warning(check, settings, said):
    code, told = check(**settings)

    assert code == 1
    (line,) = [line for line in told.splitlines() if line.startswith("warning")]
    assert said in line


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"MAX_REPLIES": "many"}, "MAX_REPLIES must be a whole number"),
        ({"HOST": "x86_64-conda-linux-gnu.invalid"}, "is not an address of this machine"),
    ],
)
def test_what_keeps_the_app_from_starting_fails(check, settings, said, monkeypatch):
    def getaddrinfo(*_, **__):
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    code, told = check(**settings)

    assert code == 2
    assert said in told


def test_a_program_reads_json(check):
    code, said = check("--json", MAX_REPLIES="many", CLARIFAI_PAT=CANARY)

    told = json.loads(said)
    assert told["exit_code"] == code == 2
    assert [each["level"] for each in told["findings"]] == ["fails"]


@pytest.mark.slow
def test_the_models_server_is_asked_if_the_operator_wants(check, fake):
    code, said = check("--online", CLARIFAI_API_BASE=fake.base, CLARIFAI_PAT=CANARY)
    assert code == 0
    assert "answers, with HTTP status" in said
    assert [seen.headers.get("authorization") for seen in fake.journal] == [None]

    code, said = check("--online", CLARIFAI_API_BASE=NOWHERE)
    assert code == 1
    assert "127.0.0.1:9: The model's server refused the connection" in said
