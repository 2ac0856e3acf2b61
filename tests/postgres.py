"""A PostgreSQL of the tests' own: found on the machine, run in a temporary folder, ended by pid.

It listens on a socket in its folder and nowhere else. Whoever asks is let in, but for one role, so
the password in its addresses is the canary: it has no business anywhere.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from clarifai_chat.history.store.address import read_address
from tests.canary import CANARY

GUARDED = "guarded"  # the one role that is asked for its password
_PLACES = ("/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt")


def binaries() -> Path | None:
    """The folder with `initdb` and `postgres`, the newest; `None` where there is no PostgreSQL."""
    found = [path.parent for place in _PLACES for path in Path(place).glob("*/bin/initdb")]
    on_path = shutil.which("initdb")
    found += [Path(on_path).resolve().parent] if on_path else []
    complete = [folder for folder in found if (folder / "postgres").exists()]
    return max(complete, key=lambda folder: folder.parent.name, default=None)


def _user() -> str | None:
    """Whom to run as: PostgreSQL refuses to be root. `None` is "as we are"."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    return None


class Postgres:
    """A running server, in which everybody may do everything."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://tests:{CANARY}@/{database}?host={self.folder}"

    def database(self) -> str:
        """The address of a new, empty database."""
        name = f"d{uuid.uuid4().hex}"
        engine = create_engine(read_address(self.url()), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        engine.dispose()
        return self.url(name)


@contextmanager
def running(locale: str = "C") -> Iterator[Postgres]:
    """A server for as long as the block lasts.

    The locale knows no letters but ASCII's: what folds case must be the app. The folder's path is
    short: sockets insist on it.
    """
    found = binaries()
    assert found is not None
    user = _user()
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if user is not None:
            shutil.chown(folder, user)
        data = folder / "data"
        options = ("fsync=off", "listen_addresses=", f"unix_socket_directories={folder}")
        init: list[str | Path] = [found / "initdb", "-D", data, "-U", "tests", "-A", "trust"]
        init += ["-E", "UTF8", f"--locale={locale}", "-N"]
        serve: list[str | Path] = [found / "postgres", "-D", data]
        serve += [f"-c{option}" for option in options]
        with (folder / "log").open("wb") as log:
            subprocess.run(init, check=True, user=user, cwd=folder, stdout=log)
            rules = data / "pg_hba.conf"
            rules.write_text(f"local all {GUARDED} scram-sha-256\n{rules.read_text()}")
            server = subprocess.Popen(serve, user=user, cwd=folder, stdout=log, stderr=log)
        try:
            _wait(found, folder, server)
            yield Postgres(folder)
        finally:
            server.send_signal(signal.SIGINT)  # "fast": does not wait for clients
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def pooler() -> str | None:
    """PgBouncer; None where it is not installed."""
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@contextmanager
def pooled(server: Postgres, address: str) -> Iterator[str]:
    """The address of the same database behind PgBouncer: each transaction gets one of two
    connections, whoever had it before."""
    program, user = pooler(), _user()
    assert program is not None
    with tempfile.TemporaryDirectory(prefix="pool-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if user is not None:
            shutil.chown(folder, user)
        settings = folder / "pgbouncer.ini"
        settings.write_text(
            f"[databases]\n* = host={server.folder} user=tests\n[pgbouncer]\n"
            f"listen_addr =\nlisten_port = 5432\nunix_socket_dir = {folder}\n"
            "auth_type = any\npool_mode = transaction\ndefault_pool_size = 2\n"
        )
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([program, settings], user=user, stdout=log, stderr=log)
        try:
            _wait(binaries() or folder, folder, process)
            yield address.replace(str(server.folder), str(folder))
        finally:
            process.terminate()
            process.wait(20)


def _wait(found: Path, folder: Path, server: subprocess.Popen[bytes]) -> None:
    command: list[str | Path] = [found / "pg_isready", "-q", "-t", "1", "-h", folder]
    while subprocess.run(command, check=False).returncode != 0:
        assert server.poll() is None, (folder / "log").read_text("utf-8")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    if binaries() is None:
        pytest.skip("There is no PostgreSQL on this machine (Debian: apt-get install postgresql).")
    with running() as server:
        yield server
