"""Find the server and the key for a model."""

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TypedDict

from clarifai_chat import demo
from clarifai_chat.catalog import DEMO
from clarifai_chat.config import Settings, settings
from clarifai_chat.errors import NoPat, SharedPatSpent
from clarifai_chat.text import times


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenAI-compatible base URL, and the key for it alone."""

    api_base: str
    key: str = field(repr=False)


class SharedUse(TypedDict):
    """A count of one session's uses of the operator's token."""

    used: int


def endpoint_for(model_url: str, pat: str, shared: SharedUse | None) -> Endpoint:
    """Return the endpoint of a model. A visitor's own `pat` wins over the operator's.

    `shared` is this session's count where it may use the operator's token; the request that follows
    is counted. Raises `NoPat` or `SharedPatSpent`.
    """
    if model_url == DEMO.url:
        return Endpoint(demo.start(), demo.KEY)
    if pat:
        return Endpoint(settings().openai_base, pat)
    if shared is None:
        raise NoPat
    _take(shared, settings())
    return Endpoint(settings().openai_base, settings().shared_pat)


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
