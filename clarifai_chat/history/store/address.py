"""Read the address of a database, however it is written, and say where it is without secrets."""

import logging
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from psycopg.pq import Conninfo
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from clarifai_chat.history.store.trouble import StoreAddress

log = logging.getLogger(__name__)

# name:password@host:port/database?options, all percent-encoded where it matters.
_STRICT = re.compile(
    r"postgres(?:ql)?(?:\+\w+)?://(?:[^:@/?#\s]*(?::[^@/?#\s]*)?@)?(?:\[[^\]]*\]|[^:@/?#\s]*)(?::\d*)?"
    r"(?:/[^@/?#:]*)?(?:\?[^#@]*)?"
)
# The last "@" with something after it that looks like a host.
_RAW = re.compile(
    r"(?P<kind>postgres(?:ql)?(?:\+\w+)?)://(?P<user>[^:]*?)(?::(?P<password>.*))?@"
    r"(?P<host>\[[^\]]*\]|[\w.-]*)(?::(?P<port>\d+))?(?:/(?P<database>[^/?#@]*))?"
    r"(?:\?(?P<options>[^@]*))?",
    re.DOTALL,
)
_PUBLIC = "public"


def sqlite_url(path: Path) -> URL:
    """Return the address of a file, whatever its name: "?" begins options in a written one."""
    return URL.create("sqlite+pysqlite", database=str(path))


def read_address(address: str | URL) -> URL:
    """Return `address` as SQLAlchemy's URL. Raises `StoreAddress`, which quotes nothing of it.

    A password may be written as it is or percent-encoded. Options that belong to other programs,
    such as Prisma's `pgbouncer` and `schema`, are left out or translated.
    """
    url = address if isinstance(address, URL) else _parsed(address.strip())
    kind = url.drivername.partition("+")[0] if url else ""
    if url and kind in ("postgres", "postgresql"):
        return _with_known_options(url.set(drivername="postgresql+psycopg"))
    if url and kind == "sqlite" and url.database not in (None, "", ":memory:"):
        return url.set(drivername="sqlite+pysqlite")
    raise StoreAddress


def _parsed(address: str) -> URL | None:
    is_plain = _STRICT.fullmatch(address) or not address.startswith("postgres")
    raw = None if is_plain else _RAW.fullmatch(address)
    try:
        if raw is None:
            return make_url(address) if is_plain else None
        bare = make_url(f"{raw['kind']}://h?{raw['options'] or ''}")
        return bare.set(
            username=unquote(raw["user"]),
            password=unquote(raw["password"]) if raw["password"] is not None else None,
            host=raw["host"].strip("[]"),
            port=int(raw["port"]) if raw["port"] else None,
            database=unquote(raw["database"] or "") or None,
        )
    except (ArgumentError, ValueError):
        return None


def _with_known_options(url: URL) -> URL:
    """Leave out options that PostgreSQL's client does not know; it would refuse them all."""
    unknown = sorted(set(url.query) - _options())
    schema = url.query.get("schema")
    url = url.difference_update_query(unknown)
    if isinstance(schema, str) and re.fullmatch(r"\w+", schema) and schema != _PUBLIC:
        url = url.update_query_dict({"options": f"-csearch_path={schema}"})
    if left_out := [name for name in unknown if name != "schema"]:
        _say_once(", ".join(name for name in left_out if re.fullmatch(r"\w{1,40}", name)))
    return url


@cache
def _options() -> set[str]:
    return {option.keyword.decode() for option in Conninfo.get_defaults()}


@cache
def _say_once(names: str) -> None:
    log.warning("DATABASE_URL: PostgreSQL has no option %s, so it is left out.", names or "of that")


def place_of(url: URL) -> str:
    """Return where the database is, for the operator, without name or password."""
    if url.drivername.startswith("sqlite"):
        return f"({url.database})"
    host = url.host or url.query.get("host") or "local"
    return f"({host}, {url.database or 'its usual database'})"
