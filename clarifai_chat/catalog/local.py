"""Know the models of the operator's own server, LOCAL_API_BASE, without a page waiting for it."""

import threading
import time
from functools import partial

from clarifai_chat import background
from clarifai_chat.background import Job
from clarifai_chat.catalog import openai_server
from clarifai_chat.catalog.models import Model
from clarifai_chat.config import settings

KEY = "local"  # the bearer that it is sent: it is no secret
TIMEOUT_S = 2.0  # for each step of asking it: it is near
AGAIN_S = 60.0  # a list is that old at most, where somebody looks at it
DOWN_AGAIN_S = 10.0

_jobs: dict[str, Job] = {}  # base → what it was asked last
_lock = threading.Lock()


def listing(*, now: bool = False) -> Job | None:
    """Return what was last learned, or is being asked; None where the operator has no such server.

    Asks in the background where that is old, or at once for `now`. The job's result is a list of
    models: until it is done, those known before; None only before the first outcome.
    """
    base = settings().local_base
    if not base:
        return None
    with _lock:
        job = _jobs.get(base)
        if job is None or (job["state"] != "running" and (now or _is_old(job))):
            known = (job["result"] or []) if job else None
            job = background.start(partial(_ask, base), known)
            _jobs[base] = job
        return job


def models() -> list[Model]:
    job = listing()
    return (job["result"] or []) if job else []


def _ask(base: str) -> list[Model]:
    return openai_server.list_local(KEY, base, timeout_s=TIMEOUT_S)


def _is_old(job: Job) -> bool:
    return time.time() - job["at"] > (AGAIN_S if job["state"] == "done" else DOWN_AGAIN_S)
