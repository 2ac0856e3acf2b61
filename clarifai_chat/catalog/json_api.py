"""Ask a server's HTTP API for JSON with a key that no other server sees, and read it with care."""

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from clarifai_chat.access_token import sendable
from clarifai_chat.errors import (
    BadReply,
    ChatError,
    NoKey,
    NoPat,
    OddPat,
    TimedOut,
    meaning,
    parse,
    read_error,
)
from clarifai_chat.network import Routes, unreachable
from clarifai_chat.text import whole_data

TIMEOUT_S = 10.0
SUCCESS = 10000  # Clarifai's status code


def ask(
    http: httpx.Client, method: str, url: str, key: str, *, scheme: str = "Key", **request: Any
) -> dict[str, Any]:
    """Return the JSON object that a server answers with. Raises a `ChatError` that holds no key.

    The `scheme` is Clarifai's "Key", or "Bearer" for every other server.
    """
    elsewhere = scheme != "Key"
    if not key:
        raise NoKey if elsewhere else NoPat
    if not sendable(key):
        raise OddPat
    answer = _send(http, method, url, f"{scheme} {key}", **request)
    if isinstance(answer, ChatError):
        raise answer
    if answer.is_redirect:
        raise BadReply("The server sends requests elsewhere; the access token is not sent there.")
    body = whole_data(parse(answer.text))
    code, _, _ = read_error(body)
    if answer.is_success and isinstance(body, dict) and code in (SUCCESS, None):
        return body
    if answer.is_success and code is None:
        raise BadReply
    raise meaning(
        500 if answer.is_success else answer.status_code,  # a code it does not know: their fault
        body,
        pat=key,
        request_id=answer.headers.get("x-request-id", ""),
        retry_after_s=number_of(answer.headers.get("retry-after")),
        elsewhere=elsewhere,
    )


def _send(
    http: httpx.Client, method: str, url: str, authorization: str, **request: Any
) -> httpx.Response | ChatError:
    """Return the answer, or the error to raise: httpx's own holds the request, and so the key."""
    headers = {"Authorization": authorization, "Accept": "application/json"}
    try:
        return http.request(method, url, headers=headers, follow_redirects=False, **request)
    except httpx.ConnectTimeout as error:
        return unreachable(error, url)
    except httpx.TimeoutException:
        return TimedOut()
    except (httpx.TransportError, httpx.InvalidURL) as error:
        return unreachable(error, url)
    except httpx.HTTPError:  # a body that cannot be decoded
        return BadReply()


@contextmanager
def session(
    client: httpx.Client | None = None, timeout_s: float = TIMEOUT_S
) -> Iterator[httpx.Client]:
    """Lend `client`, or one of its own."""
    if client:
        yield client
        return
    with new_client(timeout_s) as own:
        yield own


def new_client(timeout_s: float = TIMEOUT_S) -> httpx.Client:
    """Return a client that follows no redirect: another host must never see the key."""
    return httpx.Client(
        timeout=timeout_s, follow_redirects=False, transport=Routes(), trust_env=False
    )


def dict_of(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def number_of(value: Any) -> float | None:
    """Return a finite number, sent as one or as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def first_whole(facts: dict[str, Any], names: Iterable[str]) -> int | None:
    """Return the first of the named facts that is a number of at least 1."""
    numbers = (number_of(facts.get(name)) for name in names)
    return next((int(number) for number in numbers if number and number >= 1), None)
