"""Collect garbage between bytecodes, on Python 3.11 too.

Before 3.12 any allocation could begin a collection, in the middle of C code. Finalizers then
interrupt half-finished code: a `ContextVar` that is being set loses its variables, and the process
crashes some time later (https://github.com/python/cpython/issues/148891; never fixed in 3.11).
docs/decisions/0012-garbage-between-bytecodes.md describes how it was found.
"""

import gc
import sys
import threading
import time

EVERY_S = 0.1
FULL_EVERY_S = 30.0

NAME = "garbage"  # of the thread: finds one started before the app's code was edited

_begin = threading.Lock()


def collect_between_bytecodes() -> None:
    """Collect garbage in a thread of its own. Does nothing from Python 3.12 on."""
    if sys.version_info >= (3, 12):
        return
    with _begin:
        if any(thread.name == NAME for thread in threading.enumerate()):
            return
        gc.disable()
        threading.Thread(target=_collect, name=NAME, daemon=True).start()


def _collect() -> None:
    full_at = time.monotonic()
    while True:
        time.sleep(EVERY_S)
        young, middle, _ = gc.get_count()
        most_young, most_middle, _ = gc.get_threshold()
        if time.monotonic() - full_at >= FULL_EVERY_S:
            gc.collect()
            full_at = time.monotonic()
        elif middle > most_middle:
            gc.collect(1)
        elif young > most_young:
            gc.collect(0)
