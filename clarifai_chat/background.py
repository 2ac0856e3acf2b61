"""Run jobs that a page does not wait for: the outcome lands in a plain dict."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Literal, TypedDict

from clarifai_chat.errors import AppFault, ChatError, Problem

log = logging.getLogger(__name__)


class Job(TypedDict):
    """One piece of work. `state` is set last: once it changes, the rest is complete."""

    state: Literal["running", "done", "failed"]
    result: Any
    problem: Problem | None
    at: float  # Unix time at which it ended; before that, at which it began


def start(work: Callable[[], Any], earlier: Any = None) -> Job:
    """Run `work` in a thread; until it is done, the result is that of an `earlier` job.

    The job alone holds the result: drop one to discard the other.
    """
    job: Job = {"state": "running", "result": earlier, "problem": None, "at": time.time()}
    threading.Thread(target=_run, args=(job, work), name="background", daemon=True).start()
    return job


def _run(job: Job, work: Callable[[], Any]) -> None:
    state: Literal["done", "failed"] = "failed"
    try:
        job["result"] = work()
        state = "done"
    except ChatError as error:
        job["problem"] = error.problem()
    except Exception as error:  # noqa: BLE001 - a mistake of ours must not leave a page waiting
        log.error("%s in the background", type(error).__name__)
        job["problem"] = AppFault().problem()
    job["at"] = time.time()
    job["state"] = state
