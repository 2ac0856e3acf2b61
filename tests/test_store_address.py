"""A database's address is understood however it is written, and told without its password."""

import psycopg
import pytest
from sqlalchemy import URL
from sqlalchemy.exc import OperationalError

from clarifai_chat.history.store import place, trouble
from clarifai_chat.history.store.address import place_of, read_address, sqlite_url
from clarifai_chat.history.store.trouble import (
    StoreAddress,
    StoreInsecure,
    StoreLogin,
    StoreMissing,
    StoreNoHost,
    StoreRefused,
    StoreUnreachable,
)

HOST = "db.example.org"


def parts(url):
    return (url.username, url.password, url.host, url.port, url.database)


@pytest.mark.parametrize(
    "kind", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"]
)
def test_every_usual_kind_means_postgresql(kind):
    url = read_address(f" {kind}://ada:pw@{HOST}:5433/chats ")

    assert url.drivername == "postgresql+psycopg"
    assert parts(url) == ("ada", "pw", HOST, 5433, "chats")


@pytest.mark.parametrize(
    "password",
    [
        "p@s/s#w:r%d?&= $x'é",
        "@", "/", "#", ":", "%", "?", "&", "=", "a@b", "a/b@c/d", "a?b=c@d", "x#@y", "[::1]", "://",
        "p@host.test/base?x=1", "p@", "@p", "50%", "%zz", "sec ret", "\\", "a;b", "$(x)", "{y}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", ["/chats", ":5433/chats", "", "/chats?sslmode=require"])
def test_a_password_may_be_written_as_it_is_and_is_never_told(password, end):
    url = read_address(f"postgresql://ada:{password}@{HOST}{end}")

    assert (url.username, url.password, url.host) == ("ada", password, HOST)
    assert place_of(url) == f"({HOST}, {'chats' if 'chats' in end else 'its usual database'})"


def test_a_password_may_be_percent_encoded():
    url = read_address(f"postgresql://ada:p%40s%2Fs%23w%3Ar%25d%3F@{HOST}/chats")

    assert url.password == "p@s/s#w:r%d?"


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ada:se@cret/x y@@/",
        "postgresql://ada:secret@ho st/db",
        "postgresql://ada:secret@host:port/db",
        "postgresql://ada:secret@h1:1,h2:2/db",
        "postgresql:/ada:secret@host/db",
        "postgresql://ada:se@cret@/../x@@@",
        "mysql://ada:secret@host/db",
    ],
)
def test_nothing_of_an_address_that_cannot_be_read_is_told(address):
    try:
        told = place(address)
    except StoreAddress as error:
        told = f"{error} {error.problem()} {error.__cause__}"

    assert "cret" not in told


def test_a_user_without_a_password_may_hold_an_at_sign():
    assert parts(read_address(f"postgresql://ada@azure@{HOST}/chats"))[:3] == (
        "ada@azure", None, HOST,
    )  # fmt: skip
    assert parts(read_address(f"postgresql://ada@azure:p@w@{HOST}/c"))[:2] == ("ada@azure", "p@w")


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ("sslmode=require&application_name=chat", {"sslmode", "application_name"}),
        ("pgbouncer=true", set()),
        ("pgbouncer=true&connection_limit=1&pool_timeout=10&sslmode=require", {"sslmode"}),
        ("schema=public", set()),
        ("schema=chat", {"options"}),
        ("host=/run/postgresql", {"host"}),
    ],
)
def test_options_of_other_programs_are_left_out(options, kept, caplog):
    url = read_address(f"postgresql://ada:pw@{HOST}/chats?{options}")

    assert set(url.query) == kept
    if "schema=chat" in options:
        assert url.query["options"] == "-csearch_path=chat"


def test_an_option_that_is_left_out_is_named(caplog):
    read_address(f"postgresql://ada:pw@{HOST}/chats?prisma_only=1")

    assert "no option prisma_only, so it is left out" in caplog.text


def test_a_file_may_have_any_name(tmp_path):
    url = sqlite_url(tmp_path / "what?x=1#y%20z" / "history.db")

    assert isinstance(url, URL)
    assert read_address(url).database == str(tmp_path / "what?x=1#y%20z" / "history.db")
    assert place(url) == f"SQLite ({tmp_path}/what?x=1#y%20z/history.db)"


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ('FATAL:  password authentication failed for user "ada"', StoreLogin),
        ('FATAL:  role "ada" does not exist', StoreLogin),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "a", database "b"', StoreLogin),
        ("fe_sendauth: no password supplied", StoreLogin),
        ('FATAL:  database "chats" does not exist', StoreMissing),
        ("failed to resolve host 'db': [Errno -2] Name or service not known", StoreNoHost),
        ('could not translate host name "db" to address: …', StoreNoHost),
        ('connection to server at "127.0.0.1", port 9 failed: Connection refused', StoreRefused),
        ('socket "/tmp/x/.s.PGSQL.5432" failed: No such file or directory', StoreRefused),
        ("server does not support SSL, but SSL was required", StoreInsecure),
        ("SSL error: certificate verify failed", StoreInsecure),
        ('root certificate file "/x/root.crt" does not exist', StoreInsecure),
        ("connection timeout expired", StoreUnreachable),
    ],
)
def test_a_connection_that_failed_has_a_cause(words, kind):
    error = OperationalError("", {}, psycopg.OperationalError(f"connection failed: {words}"))

    assert trouble.meaning(error) is kind
