"""Run experiments in the background: a few requests at once to each model, until all are asked.

A run is claimed in its record before it is asked. After a stop, a reload or a kill, `Runner` goes
on with what was never claimed: nothing is asked twice, unless the reader wants it.
"""

import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Literal

from clarifai_chat import llm, memory
from clarifai_chat.chat import replies
from clarifai_chat.chat.turn import ModelRef
from clarifai_chat.config import settings
from clarifai_chat.errors import Side
from clarifai_chat.evidence import experiment as plan
from clarifai_chat.evidence.asking import Asked, ask, kept
from clarifai_chat.evidence.experiment import MAX_AT_ONCE, MAX_REPEATS, Experiment, Task
from clarifai_chat.evidence.record import NotKept, Record
from clarifai_chat.evidence.tally import Tally
from clarifai_chat.llm.endpoints import Endpoint
from clarifai_chat.llm.transport import InFlight

State = Literal["ready", "running", "stopping", "stopped", "done"]
EndpointOf = Callable[[ModelRef], Endpoint]  # may raise a `ChatError`

REFUSED = ("RateLimited", "KeyLimited", "Busy", "Loading", "Deploying")  # ask again after a pause
# What the next request would meet as well, so that asking on would be of no use.
FOR_ALL = (
    "NoPat", "OddPat", "WrongPat", "MissingScope", "NoCredit", "SharedPatSpent",
    "SharedPatElsewhere", "NoKey", "WrongKey", "KeyMayNot", "BudgetSpent", "UnknownName",
    "UnknownModel", "NoAccess", "NotServerless", "DeploymentFailed", "NoServer", "NoSuchHost",
    "Untrusted", "WrongScheme", "ProxyFailed", "RefusedConnection",
)  # fmt: skip
MAX_TRIES = 3  # of a run that the server refused to begin
PAUSE_S = 20.0  # after a refusal that does not say for how long
STOPPING = "The app is about to stop, so no more was asked. Go on when it is back."
MAX_IN_A_ROW = 5  # failures that are not the model's, before a model is left alone


class _Lane:
    """The runs of one model."""

    def __init__(self, tasks: Iterator[Task]) -> None:
        self.tasks = tasks
        self.not_before = 0.0  # monotonic
        self.failed_in_a_row = 0
        self.why = ""  # it asks no more


class Runner:
    """An experiment under way. Its `tally` grows; `version` with each result."""

    def __init__(
        self,
        experiment: Experiment,
        record: Record,
        endpoint_of: EndpointOf,
        is_here: Callable[[], bool] = lambda: True,
    ) -> None:
        self.experiment = experiment
        self.record = record
        self.tally = Tally(experiment)
        self.state: State = "ready"
        self.whys: list[str] = []  # why it stopped before its end
        self.sides: list[Side] = []  # who caused that, where a server refused
        self.version = 0
        self.seen_at = time.monotonic()
        self._endpoint_of, self._is_here = endpoint_of, is_here
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._news = threading.Condition(self._lock)
        self._in_flight: set[InFlight] = set()
        self._threads: list[threading.Thread] = []
        self._spent = 0.0  # since it was started, in US dollars
        self._began = 0.0
        self.total = sum(1 for _ in plan.tasks(experiment))
        for number, status, result in record.results():
            self.tally.add(number, status, result)

    @property
    def asked(self) -> int:
        return len(self.tally.outcomes) - self.tally.outcomes.count(0)

    @property
    def is_running(self) -> bool:
        return self.state in ("running", "stopping")

    def start(self) -> None:
        """Ask what was never claimed. Does nothing while it is running."""
        with self._lock:
            if self.is_running:
                return
            self.state, self.whys, self.sides = "running", [], []
            self._stop.clear()
            self._began, self._spent = time.monotonic(), 0.0
            self.seen_at = time.monotonic()
            at_once = max(1, min(self.experiment["at_once"], MAX_AT_ONCE))
            lanes = [_Lane(self._open_tasks(m)) for m, _ in enumerate(self.experiment["models"])]
            self._threads = [
                threading.Thread(target=self._work, args=(lane,), name="experiment", daemon=True)
                for lane in lanes
                for _ in range(at_once)
            ]
        threading.Thread(target=self._run, args=(lanes,), name="experiment", daemon=True).start()

    def rebind(self, endpoint_of: EndpointOf, is_here: Callable[[], bool]) -> None:
        """Let another session go on with it, with that session's access."""
        with self._lock:
            if not self.is_running:
                self._endpoint_of, self._is_here = endpoint_of, is_here

    def stop(self, *, now: bool = False) -> None:
        """Ask no more; what is under way comes to its end, or is cut off if `now`."""
        with self._lock:
            if self.state == "running":
                self.state = "stopping"
            self._stop.set()
            cut = [*self._in_flight] if now else []
            self._news.notify_all()
        for in_flight in cut:
            in_flight.cut()

    def wait(self, version: int, timeout_s: float) -> None:
        """Wait until there is more than `version`, or it is over; it counts as watched."""
        with self._lock:
            self.seen_at = time.monotonic()
            self._news.wait_for(lambda: self.version != version or not self.is_running, timeout_s)

    def wait_for_end(self, timeout_s: float) -> None:
        """Wait until it is over."""
        with self._lock:
            self._news.wait_for(lambda: not self.is_running, timeout_s)

    def extend(self, repeats: int) -> None:
        """Ask each case `repeats` times in all, from the next start on; what is there stays."""
        with self._lock:
            if self.is_running or repeats <= self.experiment["repeats"]:
                return
            self.experiment["repeats"] = min(repeats, MAX_REPEATS)
            self.tally.grow()
            self.total = sum(1 for _ in plan.tasks(self.experiment))
            self.state = "stopped"

    def ask_again(self) -> int:
        """Forget the runs that are not counted, so that `start` asks them; return how many."""
        numbers = self.tally.numbers(("provider", "unjudged"))
        if self.is_running or not numbers:
            return 0
        self.record.release(numbers)
        fresh = Tally(self.experiment)
        for number, status, result in self.record.results():
            fresh.add(number, status, result)
        self.tally = fresh
        return len(numbers)

    # --- In threads ------------------------------------------------------------------------------

    def _run(self, lanes: list[_Lane]) -> None:
        try:
            llm.warm_up()
            for thread in self._threads:
                thread.start()
            for thread in self._threads:
                thread.join()
        finally:
            with self._lock:
                self.whys += dict.fromkeys(lane.why for lane in lanes if lane.why)
                self.state = "done" if self.asked >= self.total else "stopped"
                self._news.notify_all()

    def _open_tasks(self, model: int) -> Iterator[Task]:
        for task in plan.tasks(self.experiment):
            if task.model == model and not self.tally.is_done(task.number):
                yield task

    def _work(self, lane: _Lane) -> None:
        while not self._stop.is_set() and not lane.why:
            self._pause(lane)
            if why := self._limit():
                self._halt(why)
            if self._stop.is_set() or lane.why:
                return
            with self._lock:
                task = next(lane.tasks, None)
            if task is None:
                return
            try:
                if self.record.claim(task.number):
                    self._ask(lane, task)
            except NotKept as why:
                self._halt(f"Results cannot be saved, so no more is asked. {why}")

    def _ask(self, lane: _Lane, task: Task) -> None:
        key = ""

        def endpoint() -> Endpoint:
            nonlocal key
            found = self._endpoint_of(self.experiment["models"][task.model])
            key = found.key
            return found

        case = self.experiment["cases"][task.case]
        for tries in count(1):
            in_flight = InFlight()
            with self._lock:
                self._in_flight.add(in_flight)
            run = plan.run_for(self.experiment, task)
            asked = ask(
                run,
                case,
                self.experiment["strings"],
                endpoint,
                in_flight,
                lambda wait_s: self._defer(lane, wait_s),
            )
            with self._lock:
                self._in_flight.discard(in_flight)
            refused = _kind(asked) in REFUSED and not asked.has_begun
            if refused and self._stop.is_set():
                self.record.release([task.number])
                return
            if not refused or tries >= MAX_TRIES:
                break
            after_s = asked.error.retry_after_s if asked.error else None
            self._defer(lane, PAUSE_S if after_s is None else after_s)
            self._pause(lane)
            if self._stop.is_set():
                self.record.release([task.number])
                return
        kind = _kind(asked)
        if kind in FOR_ALL and not asked.has_begun:
            self.record.release([task.number])  # it was never answered
            self._leave(lane, task, asked)
            return
        status, result, body = kept(asked, key)
        self.record.finish(task.number, status, result, body)
        with self._lock:
            self.tally.add(task.number, status, result)
            self._spent += result["usd"] or 0.0
            lane.failed_in_a_row = lane.failed_in_a_row + 1 if status == "provider" else 0
            self.version += 1
            self._news.notify_all()
        if lane.failed_in_a_row >= MAX_IN_A_ROW:
            self._leave(lane, task, asked)

    def _leave(self, lane: _Lane, task: Task, asked: Asked) -> None:
        """Ask this model no more."""
        name = self.experiment["models"][task.model]["name"]
        problem = asked.run["turn"]["problem"]
        if problem:
            self.sides.append(problem["side"])
            lane.why = f"{name}: {problem['what']} {problem['advice']}"

    def _defer(self, lane: _Lane, wait_s: float) -> None:
        """Let no request of this model begin before `wait_s` have passed."""
        lane.not_before = max(lane.not_before, time.monotonic() + wait_s)

    def _pause(self, lane: _Lane) -> None:
        while (wait_s := lane.not_before - time.monotonic()) > 0 and not self._stop.wait(wait_s):
            pass

    def _limit(self) -> str:
        """Return why no more may be asked, or ""."""
        if replies.refuses_new():
            return STOPPING
        most_usd, most_s = self.experiment["max_usd"], self.experiment["max_s"]
        if most_usd is not None and self._spent >= most_usd:
            return f"The limit of ${most_usd:,.2f} for one start is reached. Go on to spend more."
        if most_s is not None and time.monotonic() - self._began >= most_s:
            return f"The limit of {most_s:,.0f} s for one start is reached. Go on to take longer."
        if self._is_here():
            self.seen_at = time.monotonic()
        if time.monotonic() - self.seen_at > settings().reply_lease_s:
            return "The page was closed, so no more was asked."
        most_mb = memory.limit_mb()
        if most_mb and memory.used_mb() > most_mb:
            return "This app has no memory left for more at the moment."
        return ""

    def _halt(self, why: str) -> None:
        with self._lock:
            if why not in self.whys:
                self.whys.append(why)
        self.stop()


def _kind(asked: Asked) -> str:
    return type(asked.error).__name__ if asked.error else ""
