"""Load the model library after the first page, so that the import does not delay it."""

import threading
from collections.abc import Callable

from clarifai_chat import llm


class WarmUp:
    """Loads once, in a thread: when the first page is drawn, or when no visitor comes."""

    def __init__(self, idle_s: float = 1.0, longest_s: float = 10.0) -> None:
        self._idle_s = idle_s  # without a visitor
        self._longest_s = longest_s  # for a page that is never drawn to its end
        self._begun = threading.Event()
        self._drawn = threading.Event()
        self._once = threading.Lock()

    def start(self, load: Callable[[], None] = llm.warm_up) -> None:
        """Call `load` when its time has come. Only the first call of all counts."""
        if not llm.is_ready() and self._once.acquire(blocking=False):
            threading.Thread(target=self._run, args=(load,), name="warm-up", daemon=True).start()

    def page_begins(self) -> None:
        """Note that a visitor waits for a page."""
        self._begun.set()
        self.start()

    def page_is_drawn(self) -> None:
        """Note that a page can be used."""
        self._drawn.set()

    def _run(self, load: Callable[[], None]) -> None:
        if self._begun.wait(self._idle_s):
            self._drawn.wait(self._longest_s)
        load()


warm_up = WarmUp()  # this process's
