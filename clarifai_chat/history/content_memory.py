"""Keep the contents of attachments in memory, within bounds."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from clarifai_chat import memory as process
from clarifai_chat.attachments.limits import MB

SHARE = 1 / 16  # of the memory that the operator allows this process
MAX_BYTES, MIN_BYTES = 256 * MB, 32 * MB


@dataclass(slots=True)
class Held:
    content: bytes
    is_safe: bool  # in the database, or can be made again


class Memory:
    """The contents in memory, the least recently used first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[str, str], Held] = OrderedDict()
        self._size = 0

    def get(self, owner: str | None, id: str, *, is_use: bool = True) -> Held | None:
        key = (owner or "", id)
        with self._lock:
            if is_use and key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def put(self, owner: str | None, id: str, content: bytes, *, is_safe: bool) -> None:
        key = (owner or "", id)
        with self._lock:
            self._drop(key)
            self._held[key] = Held(content, is_safe)
            self._size += len(content)
            while self._size > most_bytes() and len(self._held) > 1:
                others = [other for other in self._held if other != key]
                self._drop(next((k for k in others if self._held[k].is_safe), others[0]))

    def forget(self, owner: str) -> None:
        with self._lock:
            for key in [key for key in self._held if key[0] == owner]:
                self._drop(key)

    def _drop(self, key: tuple[str, str]) -> None:
        if gone := self._held.pop(key, None):
            self._size -= len(gone.content)


def most_bytes() -> float:
    """Return how many bytes may be in memory, by what the operator allows this process."""
    allowed = process.limit_mb() * SHARE * MB or MAX_BYTES
    return max(MIN_BYTES, min(allowed, MAX_BYTES))


memory = Memory()
