"""Keep what came of an experiment's runs: in the database for its visitor, or in memory."""

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from clarifai_chat.history import database

if TYPE_CHECKING:
    from clarifai_chat.history.store.experiments import StoredResult

# Before a busy database is tried again: an experiment of an hour must not end with a second's lock.
PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0, 15.0)
MAX_BODIES = 1_000  # runs whose words are kept in memory; figures are kept of all
Row = tuple[int, str, dict[str, Any]]  # number, status, result


class NotKept(Exception):
    """The database failed; the message is a sentence for the reader."""


class Record(Protocol):
    """Where results are kept. Each method may raise `NotKept`, and is called from any thread."""

    def claim(self, number: int) -> bool:
        """Note that a run is about to be asked; return False if it was before."""

    def finish(self, number: int, status: str, result: dict[str, Any], body: str) -> None:
        """Keep what came of a run."""

    def release(self, numbers: Iterable[int]) -> None:
        """Forget runs, so that they are asked again."""

    def results(self) -> Iterator[Row]:
        """Yield all claimed runs."""

    def body(self, number: int) -> str:
        """Return a run as it was kept, "" if it was not."""


class InMemory:
    """For visitors whose data is not saved, and for the command line."""

    def __init__(self) -> None:
        self._rows: dict[int, tuple[str, dict[str, Any], str]] = {}
        self._with_body: deque[int] = deque()

    def claim(self, number: int) -> bool:
        if number in self._rows:
            return False
        self._rows[number] = ("asked", {}, "")
        return True

    def finish(self, number: int, status: str, result: dict[str, Any], body: str) -> None:
        self._rows[number] = (status, result, body)
        self._with_body.append(number)
        if len(self._with_body) > MAX_BODIES:
            oldest = self._with_body.popleft()
            if oldest in self._rows:
                self._rows[oldest] = (*self._rows[oldest][:2], "")

    def release(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self._rows.pop(number, None)

    def results(self) -> Iterator[Row]:
        for number, (status, result, _) in sorted(self._rows.items()):
            yield number, status, result

    def body(self, number: int) -> str:
        return self._rows.get(number, ("", {}, ""))[2]


class InDatabase:
    """In the app's database, for one visitor."""

    def __init__(self, owner: str, id: str) -> None:
        self._owner, self._id = owner, id
        self._one = threading.Lock()  # else our own threads wait for each other in the database

    def claim(self, number: int) -> bool:
        return bool(self._do(lambda s: s.experiments.claim(self._owner, self._id, number)))

    def finish(self, number: int, status: str, result: dict[str, Any], body: str) -> None:
        self._do(
            lambda s: s.experiments.finish(self._owner, self._id, number, status, result, body)
        )

    def release(self, numbers: Iterable[int]) -> None:
        gone = [*numbers]
        self._do(lambda s: s.experiments.release(self._owner, self._id, gone))

    def results(self) -> Iterator[Row]:
        def read(store: Any) -> "list[StoredResult]":
            return list(store.experiments.results(self._owner, self._id))

        for row in self._do(read):
            yield row.number, row.status, row.result

    def body(self, number: int) -> str:
        return str(self._do(lambda s: s.experiments.body(self._owner, self._id, number)))

    def _do(self, action: Any) -> Any:
        for pause_s in (*PAUSES_S, None):
            with self._one:
                found, why = database.attempt(action)
            if not why:
                return found
            if pause_s is None:
                break
            time.sleep(pause_s)
        raise NotKept(why)
