"""Connect to PostgreSQL, and notice a server that hangs.

A frozen server, or a network that drops packets, gives no error: without limits a page waits for
many minutes. The server's own limits do not help then, so each wait also ends on this side.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import psycopg
from psycopg.abc import RV, PQGen
from sqlalchemy import URL, Connection, Engine, create_engine, event

APPLICATION = "clarifai_chat"  # how a restore recognizes the app's connections
ANSWER_S = 5.0  # of a server that does not answer at all
PING_S = 2  # of a connection from the pool; with CONNECT_S it makes ANSWER_S
CONNECT_S = 3
STATEMENT_S = 4.5  # of one statement; less than ANSWER_S, so that a server that lives can say so
UPGRADE_S = 3600.0

_patience: ContextVar[float] = ContextVar("patience", default=ANSWER_S)


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Wait for each answer of the server as long as this within the block."""
    token = _patience.set(seconds)
    try:
        yield
    finally:
        _patience.reset(token)


class ImpatientConnection(psycopg.Connection[Any]):
    """A connection that closes itself if the server does not answer in time."""

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        limit = _patience.get()
        try:
            return super().wait(gen, interval, limit if timeout is None else min(timeout, limit))
        except psycopg.errors._WaitTimeout:
            self.pgconn.finish()  # SQLAlchemy then drops all connections of the pool
            raise psycopg.OperationalError("the server does not answer") from None


def open_postgresql(url: URL) -> Engine:
    """Return an engine whose every wait ends."""
    engine = create_engine(
        url,
        connect_args={
            "connect_timeout": CONNECT_S,
            "tcp_user_timeout": int(ANSWER_S * 1000),
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "fallback_application_name": APPLICATION,
            # No prepared statements: poolers such as PgBouncer may use another connection next.
            "prepare_threshold": None,
        },
        pool_pre_ping=True,  # reconnects at once to a restarted server
        pool_timeout=ANSWER_S,
        hide_parameters=True,
    )
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "begin", _limit_statements)
    ping = engine.dialect.do_ping

    def do_ping(dbapi_connection: Any) -> bool:
        with patience(PING_S):
            return ping(dbapi_connection)

    engine.dialect.do_ping = do_ping  # type: ignore[method-assign]  # SQLAlchemy has no hook
    return engine


def _connect(dialect: Any, record: Any, arguments: Any, options: Any) -> ImpatientConnection:
    """Connect within a limit of our own: a name server that does not answer blocks libpq."""
    outcome: Future[ImpatientConnection] = Future()

    def connect() -> None:
        try:
            connection = ImpatientConnection.connect(*arguments, **options)
        except Exception as error:  # noqa: BLE001 - raised again by `result`
            outcome.set_exception(error)
            return
        if outcome.set_running_or_notify_cancel():
            outcome.set_result(connection)
        else:  # too late
            connection.close()

    threading.Thread(target=connect, name="connect", daemon=True).start()
    try:
        return outcome.result(min(ANSWER_S, _patience.get()))
    except TimeoutError:
        outcome.cancel()
        raise psycopg.OperationalError("the server cannot be reached in time") from None


def _limit_statements(connection: Connection) -> None:
    # For this transaction only: with PgBouncer, the next one may belong to another program.
    seconds = STATEMENT_S if _patience.get() <= ANSWER_S else 0  # no limit
    connection.exec_driver_sql(f"SET LOCAL statement_timeout = {seconds * 1000:.0f}")
