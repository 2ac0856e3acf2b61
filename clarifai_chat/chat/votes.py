"""Count which model's answer people liked best, of several that they could not tell apart."""

import csv
import io
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypedDict

from clarifai_chat.intervals import wilson


class Vote(TypedDict):
    """One vote. `winner` is "" where the voter found them equally good."""

    at: float  # Unix time
    models: list[str]  # names of those that were compared
    winner: str
    blind: bool  # the names were hidden until the vote


def new_vote(models: Iterable[str], winner: str, *, blind: bool) -> Vote:
    return {"at": time.time(), "models": [*models], "winner": winner, "blind": blind}


@dataclass(frozen=True, slots=True)
class Score:
    """How often a model won, of the votes in which it took part."""

    model: str
    won: int
    votes: int
    low: float  # Wilson's interval, from 0 to 1
    high: float


def tally(votes: Iterable[Vote]) -> list[Score]:
    """Return each model's score, best first; a vote for none counts as not won for all."""
    won: dict[str, int] = {}
    total: dict[str, int] = {}
    for vote in votes:
        for model in dict.fromkeys(vote["models"]):
            total[model] = total.get(model, 0) + 1
            won[model] = won.get(model, 0) + (model == vote["winner"])
    scores = [Score(m, won[m], total[m], *wilson(won[m], total[m])) for m in total]
    return sorted(scores, key=lambda score: (-score.won / score.votes, -score.votes, score.model))


def as_csv(votes: Iterable[Vote]) -> str:
    """Return one line for each vote; cells that a spreadsheet would compute are quoted."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerow(["time (UTC)", "winner", "blind", "models"])
    for vote in votes:
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(vote["at"]))
        cells = [vote["winner"] or "tie", *vote["models"]]
        winner, *models = ["'" + cell if cell[:1] in "=+-@\t\r" else cell for cell in cells]
        writer.writerow([at, winner, "yes" if vote["blind"] else "no", *models])
    return lines.getvalue()
