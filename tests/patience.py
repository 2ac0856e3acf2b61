"""How long tests wait for what must happen: far longer than it takes on any healthy machine."""

import time
from collections.abc import Callable

PATIENCE_S = 120


def until(is_so: Callable[[], object]) -> None:
    """Wait until `is_so()`, for something that another thread or process does."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, "It did not happen."
        time.sleep(0.002)
