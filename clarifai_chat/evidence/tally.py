"""Add up the results of an experiment, cell by cell: figures without the runs themselves."""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from clarifai_chat.chat.turn import INTERRUPTED
from clarifai_chat.evidence.checker import Outcome, Status
from clarifai_chat.evidence.experiment import Experiment, size, task
from clarifai_chat.evidence.statistics import Pairs, pass_all
from clarifai_chat.intervals import wilson

ASKED = "asked"  # claimed in the database, without a result


@dataclass(slots=True)
class Cell:
    """What came of one case with one model and one set of tools, or of several such."""

    passed: int = 0
    failed: int = 0
    provider: int = 0  # failed for reasons that are not the model's: not counted
    unjudged: int = 0
    recovered: int = 0  # runs with a call that was recovered from text
    causes: Counter[str] = field(default_factory=Counter)
    other_causes: Counter[str] = field(default_factory=Counter)  # of what is not counted
    quirks: Counter[str] = field(default_factory=Counter)
    arguments: set[tuple[int, str]] = field(default_factory=set)  # case, hash of its calls
    seconds: list[float] = field(default_factory=list)
    requests: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float = 0.0
    uncounted: int = 0  # runs whose tokens or price are not known

    @property
    def judged(self) -> int:
        return self.passed + self.failed

    @property
    def asked(self) -> int:
        return self.judged + self.provider + self.unjudged

    @property
    def rate(self) -> float | None:
        return self.passed / self.judged if self.judged else None

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.passed, self.judged)

    def add(self, case: int, status: str, result: dict[str, Any]) -> None:
        """Count one run."""
        cause = str(result.get("cause", ""))
        match status:
            case "pass":
                self.passed += 1
            case "fail":
                self.failed += 1
                self.causes[cause] += 1
            case "provider":
                self.provider += 1
                self.other_causes[cause] += 1
            case _:
                self.unjudged += 1
                self.other_causes[cause or INTERRUPTED] += 1
        self.quirks.update(result.get("quirks", ()))
        self.recovered += bool(result.get("recovered"))
        if status in ("pass", "fail"):
            self.arguments.add((case, str(result.get("arguments", ""))))
            if (took := result.get("seconds")) is not None:
                self.seconds.append(took)
        self.requests += result.get("requests", 0)
        self.tokens_in += result.get("tokens_in") or 0
        self.tokens_out += result.get("tokens_out") or 0
        self.usd += result.get("usd") or 0.0
        self.uncounted += status != ASKED and result.get("usd") is None

    def merge(self, other: "Cell") -> None:
        """Count another cell's runs too."""
        for name in ("passed", "failed", "provider", "unjudged", "recovered", "requests"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("tokens_in", "tokens_out", "usd", "uncounted"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("causes", "other_causes", "quirks"):
            getattr(self, name).update(getattr(other, name))
        self.arguments |= other.arguments
        self.seconds += other.seconds


class Tally:
    """The cells of an experiment. Callers see to it that one thread writes at a time."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.cells: dict[tuple[int, int, int], Cell] = {}  # model, set, case
        self.outcomes = bytearray(size(experiment))  # number → 0, or one of _CODES

    def add(self, number: int, status: str, result: dict[str, Any]) -> None:
        of = task(self.experiment, number)
        cell = self.cells.setdefault((of.model, of.set, of.case), Cell())
        cell.add(of.case, status, result)
        self.outcomes[number] = _CODES.get(status, 3)

    def grow(self) -> None:
        """Make room for repeats that were added to the experiment."""
        self.outcomes.extend(bytes(size(self.experiment) - len(self.outcomes)))

    def cell(self, model: int, set_: int, case: int) -> Cell:
        return self.cells.get((model, set_, case), Cell())

    def column(self, model: int, set_: int) -> Cell:
        """Return the sum of all cases."""
        total = Cell()
        for (m, s, _), cell in [*self.cells.items()]:
            if (m, s) == (model, set_):
                total.merge(cell)
        return total

    def total(self) -> Cell:
        total = Cell()
        for cell in [*self.cells.values()]:
            total.merge(cell)
        return total

    def pass_all(self, model: int, set_: int, k: int) -> float | None:
        """Return pass^k of a column: the mean of its cases that were judged k times."""
        cells = [c for (m, s, _), c in [*self.cells.items()] if (m, s) == (model, set_)]
        found = [pass_all(cell.passed, cell.judged, k) for cell in cells]
        known = [share for share in found if share is not None]
        return sum(known) / len(known) if known else None

    def pairs(self, first: tuple[int, int], second: tuple[int, int]) -> Pairs:
        """Return how two columns (model, set) did on the same cases and repeats."""
        counts: Counter[tuple[int, int]] = Counter()
        seen: dict[tuple[int, int], dict[tuple[int, int], int]] = {}
        for number, code in enumerate(self.outcomes):
            of = task(self.experiment, number)
            if code in (1, 2) and of.column in (first, second):
                seen.setdefault((of.repeat, of.case), {})[of.column] = code
        for codes in seen.values():
            if len(codes) == 2:
                counts[codes[first], codes[second]] += 1
        return Pairs(counts[1, 1], counts[1, 2], counts[2, 1], counts[2, 2])

    def is_done(self, number: int) -> bool:
        return self.outcomes[number] != 0

    def numbers(self, statuses: Iterable[str]) -> list[int]:
        """Return the runs that ended so."""
        codes = {_CODES[status] for status in statuses}
        return [number for number, code in enumerate(self.outcomes) if code in codes]

    def numbers_of(self, model: int, set_: int, case: int) -> list[tuple[int, Status]]:
        """Return the runs of a cell, each with what came of it."""
        names: dict[int, Status] = {1: "pass", 2: "fail", 4: "provider", 3: "unjudged"}
        found = []
        columns = len(self.experiment["models"]) * len(self.experiment["sets"])
        start = (case * len(self.experiment["models"]) + model) * len(
            self.experiment["sets"]
        ) + set_
        for number in range(start, len(self.outcomes), columns * len(self.experiment["cases"])):
            if code := self.outcomes[number]:
                found.append((number, names[code]))
        return found


_CODES = {"pass": 1, "fail": 2, "unjudged": 3, "provider": 4}


def percentile(values: list[float], share: float) -> float | None:
    """Return the value that a share of all do not exceed, by nearest rank; None without values."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def as_result(outcome: Outcome, figures: dict[str, Any]) -> dict[str, Any]:
    """Return what the database keeps of a run, beside its status."""
    return {
        "cause": outcome.cause,
        "said": outcome.said,
        "quirks": [*outcome.quirks],
        "recovered": outcome.is_recovered,
        "arguments": hashlib.sha256(outcome.arguments.encode(errors="replace")).hexdigest()[:12],
        **figures,
    }
