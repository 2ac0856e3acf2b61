"""Share running runs of the playground among processes, as `history/replicas.py` does replies."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from clarifai_chat.chat import replies
from clarifai_chat.chat.turn import Turn, is_over
from clarifai_chat.history import replicas
from clarifai_chat.playground import keeping
from clarifai_chat.playground.kept_data import KeptRun, mark_of
from clarifai_chat.playground.runs import Run

STAYS = ("turn", "tools", "settings")  # of a run; a turn is the same object for all who show it


@dataclass(frozen=True, slots=True)
class _Saver:
    owner: str

    def followed(self) -> Mapping[str, object]:
        return keeping.followed()

    def save_now(self, turn: Turn) -> None:
        keeping.flush(self.owner)


@contextmanager
def claiming(
    owner: str, run: Run, kept: KeptRun, holds_token: Callable[[object], bool] = lambda _: False
) -> Iterator[bool]:
    """Claim a run, to be asked within the block, and save it then.

    False if another process is asking it: then the run is followed from there.
    """
    from clarifai_chat.history.store.running import RUNS

    turn = run["turn"]
    kept["id"] = kept["id"] or turn["id"]
    with replicas.claiming(owner, RUNS, turn, id=kept["id"], saver=_Saver(owner)) as is_free:
        yield is_free
        if is_free:
            keeping.follow(owner, run, kept, holds_token)
    if not is_free:
        catch_up(owner, run, kept)


def catch_up(owner: str, run: Run, kept: KeptRun) -> None:
    """Follow a run that another process asks, until it is over; interrupt one that none asks."""
    handle = replies.get(run["turn"])
    if isinstance(handle, _RunFollowed):
        run["turn"] = handle.turn  # another tab follows it
        handle.also(run, kept)
    elif handle is None and not is_over(run["turn"]):
        reply = _RunFollowed(owner, run, kept)
        if reply.look():
            replies.adopt(reply)


class _RunFollowed(replicas.Followed):
    def __init__(self, owner: str, run: Run, kept: KeptRun) -> None:
        from clarifai_chat.history.store.running import RUNS, Place

        super().__init__(Place(owner, RUNS, kept["id"]), run["turn"], run["turn"]["id"])
        self._owner = owner
        self._shown = [(run, kept)]

    def also(self, run: Run, kept: KeptRun) -> None:
        """Show it in another tab too."""
        if all(run is not each for each, _ in self._shown):
            first = {name: v for name, v in self._shown[0][0].items() if name not in STAYS}
            cast(dict[str, Any], run).update(first)
            kept.update(self._shown[0][1])
            self._shown = [*self._shown, (run, kept)]

    def take_over(self, stored: Any, news: Any) -> None:
        turn = {**stored["turn"], "id": self.turn["id"]}
        stored = {name: each for name, each in stored.items() if name not in STAYS}
        for run, kept in self._shown:
            cast(dict[str, Any], run).update(stored)
            kept["revision"] = int(news.changed_at)
        self.show(cast(Any, turn))
        for run, kept in self._shown:
            kept["mark"] = mark_of(run)

    def save(self) -> None:
        keeping.follow(self._owner, *self._shown[0], lambda _: False)
