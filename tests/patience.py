"""How tests wait, far longer than it takes on any healthy machine; how they run coroutines."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

PATIENCE_S = 120
LONGEST_PAUSE_S = 0.05  # looking takes time from what is waited for


def until(is_so: Callable[[], object]) -> None:
    """Wait until `is_so()`, for something that another thread or process does."""
    deadline, pause_s = time.monotonic() + PATIENCE_S, 0.002
    while not is_so():
        assert time.monotonic() < deadline, "It did not happen."
        time.sleep(pause_s)
        pause_s = min(1.2 * pause_s, LONGEST_PAUSE_S)


T = TypeVar("T")


def run_apart(story: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a thread of its own: Playwright's loop runs in the tests' thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, story).result()
