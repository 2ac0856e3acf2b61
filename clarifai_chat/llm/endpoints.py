"""Find the server and the key for a model."""

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TypedDict

from clarifai_chat import demo
from clarifai_chat.catalog import local, server_of
from clarifai_chat.config import Settings, settings
from clarifai_chat.errors import NoKey, NoPat, NoServer, SharedPatSpent
from clarifai_chat.text import times


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenAI-compatible base URL, and the key for it alone."""

    api_base: str
    key: str = field(repr=False)
    elsewhere: bool = False  # not Clarifai, nor the Demo, which speaks as Clarifai does


def base_of(model_url: str) -> str:
    """Return the base URL for a model in code outside the app, where the Demo does not exist."""
    return settings().local_base if server_of(model_url) == "local" else settings().openai_base


class SharedUse(TypedDict):
    """A count of one session's uses of the operator's token."""

    used: int


def endpoint_for(model_url: str, pat: str, shared: SharedUse | None) -> Endpoint:
    """Return the endpoint of a model. A visitor's own `pat` wins over the operator's.

    Both are for `settings().openai_base` and go nowhere else: the Demo and a local server are sent
    a word that is no secret. `shared` is this session's count where it may use the operator's key;
    the request that follows is counted. Raises `NoPat`, `NoKey`, `NoServer` or `SharedPatSpent`.
    """
    server = server_of(model_url)
    if server == "demo":
        return Endpoint(demo.start(), demo.KEY)
    if server == "local":
        if not settings().local_base:
            raise NoServer
        return Endpoint(settings().local_base, local.KEY, elsewhere=True)
    elsewhere = server == "other"
    if pat:
        return Endpoint(settings().openai_base, pat, elsewhere)
    if shared is None:
        raise NoKey if elsewhere else NoPat
    _take(shared, settings())
    return Endpoint(settings().openai_base, settings().shared_key, elsewhere)


_lock = threading.Lock()
_last_hour: deque[float] = deque()  # when the operator's token was used, by anybody


def _take(shared: SharedUse, limits: Settings) -> None:
    with _lock:
        while _last_hour and time.monotonic() - _last_hour[0] > 3600:
            _last_hour.popleft()
        session, hour = limits.shared_pat_session_limit, limits.shared_pat_hour_limit
        if shared["used"] >= session:
            raise SharedPatSpent(more=f"One visit may ask {times(session)} at the operator's cost.")
        if len(_last_hour) >= hour:
            raise SharedPatSpent(
                more=f"All visitors together may ask {times(hour)} an hour at the operator's cost."
            )
        shared["used"] += 1
        _last_hour.append(time.monotonic())
