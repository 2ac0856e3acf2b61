"""Answer an orchestrator's probes: alive, warm, and ready for visitors.

`/livez`: the process answers. `/healthz`: the first attempt to load the model library is over.
`/readyz`: the library is loaded, the database can be written, memory is left, and it does not stop.
"""

import logging
import threading
import time
from collections.abc import Callable

from anyio import move_on_after, to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from clarifai_chat import memory
from clarifai_chat.chat import replies
from clarifai_chat.config import settings
from clarifai_chat.history import database

log = logging.getLogger(__name__)

DATABASE_S = 6.0  # a little more than the database's own limits
AGAIN_S = 2.0  # probes in between get the last result
OK = "ok"
STOPPING = "The app is about to stop."
SILENT = "The database does not answer."


def routes(warm_up: Callable[[], str], base: str = "") -> list[Route]:
    """Return the routes, below `base`; `warm_up()` is "loading", "ready" or "failed"."""

    async def livez(request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def healthz(request: Request) -> JSONResponse:
        state = warm_up()
        status = {"loading": "starting", "ready": "ok", "failed": "degraded"}[state]
        return JSONResponse({"status": status}, status_code=503 if state == "loading" else 200)

    async def readyz(request: Request) -> JSONResponse:
        state = warm_up()
        parts = {
            "warm_up": OK if state == "ready" else state,
            "database": await _database(),
            "memory": _memory(),
            "questions": STOPPING if replies.refuses_new() else OK,
        }
        ready = all(said in (OK, "off") for said in parts.values())
        status = {"status": "ready" if ready else "not ready"}
        return JSONResponse(status | parts, status_code=200 if ready else 503)

    return [Route(f"{base}/{each.__name__}", each) for each in (livez, healthz, readyz)]


def _memory() -> str:
    limit = memory.limit_mb()
    if limit and (used := memory.used_mb()) > limit:
        return f"{used:.0f} MB are used, more than the limit of {limit:.0f} MB"
    return OK


async def _database() -> str:
    if not settings().history:
        return "off"
    with move_on_after(DATABASE_S):
        return await to_thread.run_sync(_look.now, abandon_on_cancel=True)
    return SILENT


class _Look:
    """A look at the database, one at a time: probes must not pile up behind a frozen one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at, self._said = float("-inf"), SILENT

    def now(self) -> str:
        """Return "ok", or a sentence without an address; the last one while a look takes long."""
        if time.monotonic() - self._at <= AGAIN_S or not self._lock.acquire(blocking=False):
            return self._said
        try:
            said = database.why_unwritable() or OK
            if said != OK and said != self._said:
                log.warning("Not ready: %s", said)
            elif said == OK and self._said not in (OK, SILENT):
                log.warning("Conversations can be saved again.")
            self._said, self._at = said, time.monotonic()
        finally:
            self._lock.release()
        return self._said


_look = _Look()
