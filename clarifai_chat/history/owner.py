"""Identify a visitor by a random number in a cookie. Only its hash is ever stored.

Whoever knows the number can read its owner's data, so no log, page or database contains it.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Iterable, Mapping

COOKIE = "clarifai_chat_visitor"
# What a browser takes only over https, and from no other site: nobody can plant such a cookie.
_NAMES = (f"__Host-{COOKIE}", f"__Secure-{COOKIE}", COOKIE)  # the first that there is counts
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
    return id_of(cookies_in(headers))


def cookies_in(headers: Iterable[str]) -> dict[str, str]:
    """Return the cookies in the Cookie headers of a request."""
    pairs = [pair.partition("=") for header in headers for pair in header.split(";")]
    return {name.strip(): value.strip().strip('"') for name, equals, value in pairs if equals}


def id_of(cookies: Mapping[str, str]) -> str | None:
    """Return the visitor's id among a browser's cookies, whatever name it was given under."""
    found = str(next((cookies[name] for name in _NAMES if name in cookies), ""))
    return found if is_valid(found) else None


def name_of(*, secure: bool, path: str = "/") -> str:
    """Return the cookie's name. `secure`: the browser came over https; `path`: the app's own."""
    if not secure:
        return COOKIE
    return f"__Host-{COOKIE}" if path == "/" else f"__Secure-{COOKIE}"


def cookie(visitor_id: str, *, secure: bool, path: str = "/") -> str:
    """Return the Set-Cookie header that gives a browser its id, or renews it for a year.

    No script can read the cookie, and no other site's form or frame sends it.
    """
    attributes = f"Path={path}; Max-Age={KEPT_S}; HttpOnly; SameSite=Lax"
    name = name_of(secure=secure, path=path)
    return f"{name}={visitor_id}; {attributes}{'; Secure' if secure else ''}"


def former_cookies(cookies: Iterable[str], *, secure: bool, path: str = "/") -> list[str]:
    """Return the Set-Cookie headers that delete this browser's id under a weaker name.

    Its id goes on under the other name: anybody could plant another one under this.
    """
    name = name_of(secure=secure, path=path)
    weaker = _NAMES[_NAMES.index(name) + 1 :]
    ended = f"; Path={path}; Max-Age=0; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"
    return [f"{each}={ended}" for each in weaker if each in cookies]
