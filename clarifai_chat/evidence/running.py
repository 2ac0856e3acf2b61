"""Find the experiments of this process: those under way, and those that can go on."""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from clarifai_chat.evidence import experiment as plan
from clarifai_chat.evidence.experiment import MAX_REPEATS, Experiment
from clarifai_chat.evidence.record import InDatabase, InMemory, NotKept
from clarifai_chat.evidence.runner import EndpointOf, Runner
from clarifai_chat.history import database

if TYPE_CHECKING:
    from clarifai_chat.history.store.experiments import ExperimentSummary

MAX_AT_HAND = 20  # runners that are over stay at hand, the latest ones
GRACE_S = 3.0  # for answers that are under way when the app stops
MAX_UNDER_WAY = 8  # experiments of all visitors at once: their threads share the process

_lock = threading.Lock()
_runners: dict[tuple[str, str], Runner] = {}  # by owner ("" without one) and experiment


class Busy(Exception):
    """No further experiment can run now; the message is a sentence for the reader."""


def start(owner: str | None, runner: Runner) -> None:
    """Ask what is left of an experiment. Raises `Busy`: a visitor has one under way at a time."""
    _check_room(owner, runner)
    runner.start()


def _check_room(owner: str | None, runner: Runner | None = None) -> None:
    with _lock:
        running = [w for (w, _), one in _runners.items() if one.is_running and one is not runner]
    if owner and owner in running:
        raise Busy("Another of your evaluations is under way. Stop it first, or wait for its end.")
    if len(running) >= MAX_UNDER_WAY:
        raise Busy("This app is busy with the evaluations of others. Try again in a few minutes.")


def begin(
    owner: str | None,
    experiment: Experiment,
    endpoint_of: EndpointOf,
    is_here: Callable[[], bool] = lambda: True,
) -> Runner:
    """Save a new experiment and start it. Raises `NotKept` if it cannot be saved, and `Busy`.

    Without an owner, it is kept in memory, as long as the process lives and has room.
    """
    _check_room(owner)
    record = InDatabase(owner, experiment["id"]) if owner else InMemory()
    if owner:
        _save(owner, experiment)
    runner = Runner(experiment, record, endpoint_of, is_here)
    start(owner, runner)
    return _put(owner, runner)


def extend(owner: str | None, runner: Runner, more: int) -> None:
    """Ask each case `more` times beyond what was planned. Raises `NotKept` and `Busy`."""
    repeats = min(runner.experiment["repeats"] + more, MAX_REPEATS)
    if owner:
        _save(owner, {**runner.experiment, "repeats": repeats})
    runner.extend(repeats)
    start(owner, runner)


def _save(owner: str, experiment: Experiment) -> None:
    from clarifai_chat.history.store.tables import dumped

    id, name, body = experiment["id"], experiment["name"], dumped(experiment)
    _, why = database.attempt(lambda store: store.experiments.save(owner, id, name, body))
    if why:
        raise NotKept(why)


def find(
    owner: str | None, id: str, endpoint_of: EndpointOf, is_here: Callable[[], bool]
) -> Runner | None:
    """Return an experiment of this visitor, under way or over; None if it is not there.

    Nothing is asked for this. Raises `NotKept` if it cannot be read.
    """
    with _lock:
        known = _runners.get((owner or "", id))
    if known:
        known.rebind(endpoint_of, is_here)
        return known
    if not owner:
        return None
    body, why = database.attempt(lambda store: store.experiments.load(owner, id))
    if why:
        raise NotKept(why)
    if body is None:
        return None
    runner = Runner(plan.from_text(body), InDatabase(owner, id), endpoint_of, is_here)
    runner.state = "done" if runner.asked >= runner.total else "stopped"
    return _put(owner, runner)


def under_way(owner: str | None) -> str:
    """Return the id of a visitor's experiment that is running in this process; "" if none is."""
    with _lock:
        running = [id for (whose, id), one in _runners.items() if whose == owner and one.is_running]
    return running[-1] if running else ""


def earlier(owner: str | None) -> "list[ExperimentSummary]":
    """Return a visitor's saved experiments, the newest first; none where nothing is saved."""
    if not owner:
        return []
    found, _ = database.attempt(lambda store: store.experiments.all(owner))
    return found or []


def delete(owner: str | None, id: str) -> None:
    """End an experiment and delete it; `undelete` works for a day if it was saved."""
    _drop(owner or "", id)
    if owner:
        database.attempt(lambda store: store.experiments.delete(owner, id))


def undelete(owner: str, id: str) -> bool:
    return bool(database.attempt(lambda store: store.experiments.undelete(owner, id))[0])


def forget(owner: str) -> None:
    """End all experiments of a visitor, for all their data is about to be deleted."""
    with _lock:
        ids = [id for whose, id in _runners if whose == owner]
    for id in ids:
        _drop(owner, id)


def close() -> None:
    """Ask no more, because the app stops; save the answers that come within a moment.

    What has no answer then stays claimed: it is asked again only if its visitor wants that.
    """
    with _lock:
        running = [one for one in _runners.values() if one.is_running]
    for one in running:
        one.stop()
    until = time.monotonic() + GRACE_S
    for one in running:
        one.wait_for_end(until - time.monotonic())


def _drop(owner: str, id: str) -> None:
    with _lock:
        runner = _runners.pop((owner, id), None)
    if runner:
        runner.stop(now=True)


def _put(owner: str | None, runner: Runner) -> Runner:
    key = owner or "", runner.experiment["id"]
    with _lock:
        found = _runners.setdefault(key, runner)
        over = [each for each, one in _runners.items() if not one.is_running and each != key]
        for old in over[: max(0, len(_runners) - MAX_AT_HAND)]:
            del _runners[old]
    return found
