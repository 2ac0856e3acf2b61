"""Identify a visitor by a random number in a cookie. Only its hash is ever stored.

Whoever knows the number can read its owner's data, so no log, page or database contains it.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Iterable

COOKIE = "clarifai_chat_visitor"
ID_BYTES = 32  # 256 bits cannot be guessed
KEPT_S = 365 * 24 * 3600  # from the last visit
_ID = re.compile(r"[0-9a-f]{64}")


def new_id() -> str:
    return secrets.token_hex(ID_BYTES)


def is_valid(visitor_id: str) -> bool:
    """Return whether `visitor_id` has the form of our ids."""
    return _ID.fullmatch(visitor_id) is not None


def owner_of(visitor_id: str) -> str:
    """Return the owner for a visitor's id: its hash, in 64 hex digits."""
    return hashlib.sha256(visitor_id.encode()).hexdigest()


def owner_of_account(issuer: str, subject: str) -> str:
    """Return the owner for an account: a hash that no visitor's id has."""
    return owner_of(json.dumps(["account", issuer, subject]))


def id_in(headers: Iterable[str]) -> str | None:
    """Return the visitor's id in the Cookie headers of a request; None if it is not ours.

    The last of several counts, as for the websocket's cookies: both must agree.
    """
    found = None
    for header in headers:
        for pair in header.split(";"):
            name, equals, value = pair.partition("=")
            if equals and name.strip() == COOKIE:
                found = value.strip().strip('"')
    return found if found is not None and is_valid(found) else None


def cookie(visitor_id: str, *, secure: bool) -> str:
    """Return the Set-Cookie header that gives a browser its id, or renews it for a year.

    No script can read the cookie, and no other site's form or frame sends it.
    """
    attributes = f"Path=/; Max-Age={KEPT_S}; HttpOnly; SameSite=Lax"
    return f"{COOKIE}={visitor_id}; {attributes}{'; Secure' if secure else ''}"
