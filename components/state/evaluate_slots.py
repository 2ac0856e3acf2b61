"""Keep what a tab remembers about the page that measures models."""

from typing import Literal, TypedDict

from components.state.slots import Slot

Tools = Literal["own", "playground", "two"]


class Side(TypedDict):
    """One of two sets of tools that are compared."""

    source: str  # OWN, PLAYGROUND or the id of a set of the playground
    system: str | None  # the system prompt as typed; None is the source's own


OWN, PLAYGROUND = "own", "playground"


class Plan(TypedDict):
    """How the next experiment is to be made, as its widgets show it."""

    cases: str  # "shipped" or "mine"
    topics: list[str]  # of shipped cases; [] is all
    models: list[str]  # addresses; [] lets the page choose
    tools: Tools
    sides: list[Side]  # the two, where `tools` is "two"
    repeats: int
    temperature: float | None
    is_strict: bool
    at_once: int
    max_usd: float | None
    max_minutes: float | None


def new_plan() -> Plan:
    return {
        "cases": "shipped",
        "topics": [],
        "models": [],
        "tools": "own",
        "sides": [{"source": OWN, "system": None}, {"source": PLAYGROUND, "system": None}],
        "repeats": 3,
        "temperature": None,
        "is_strict": False,
        "at_once": 2,
        "max_usd": 1.0,
        "max_minutes": None,
    }


class EvaluateSlots:
    """The next experiment, the open one, and the visitor's own cases."""

    plan = Slot[Plan](new_plan)
    open_experiment = Slot(str)  # id, or "" while the next one is prepared
    is_running_looked_for = Slot(bool)  # an experiment under way of an earlier session
    deleted_experiment = Slot[list[str]](list)  # deleted last, for Undo: its id and its name
    proposals_read = Slot[list[str]](list)  # proposed cases that were kept or left out
    case_refused = Slot(str)  # why the file of cases that was opened last was not taken
    case_uploads = Slot(int)  # how many files were taken: each time the uploader begins again
