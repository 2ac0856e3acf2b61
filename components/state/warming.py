"""Load the model library after the first page, so that the import does not delay it."""

import logging
import threading
import traceback
from collections.abc import Callable, Sequence
from typing import Literal

from clarifai_chat import llm

log = logging.getLogger(__name__)

WAITS_S = (5.0, 15.0, 60.0)  # before it is tried again; the last one from then on


class WarmUp:
    """Loads once, in a thread: when the first page is drawn, or when no visitor comes.

    `state` is "failed" after an attempt that failed, until another one succeeds.
    """

    def __init__(
        self, idle_s: float = 1.0, longest_s: float = 10.0, waits_s: Sequence[float] = WAITS_S
    ) -> None:
        self.state: Literal["loading", "ready", "failed"] = "loading"
        self._idle_s = idle_s  # without a visitor
        self._longest_s = longest_s  # for a page that is never drawn to its end
        self._waits_s = waits_s
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
        waits = [*self._waits_s]
        while self.state != "ready":
            try:
                load()
                self.state = "ready"
            except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
                self.state = "failed"
                wait_s = waits.pop(0) if len(waits) > 1 else waits[0]
                frames = "".join(traceback.format_tb(error.__traceback__)[-2:])
                log.error(
                    "The model library could not be loaded (%s), so answers may take long or fail."
                    " Trying again in %g s.\n%s",
                    type(error).__name__,
                    wait_s,
                    frames,
                )
                threading.Event().wait(wait_s)


warm_up = WarmUp()  # this process's
