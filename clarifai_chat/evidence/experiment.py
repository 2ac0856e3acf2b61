"""Plan an experiment: cases, repeats, models and sets of tools; number its runs, estimate them."""

import json
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict, cast

from clarifai_chat.catalog import server_of
from clarifai_chat.chat.turn import ModelRef
from clarifai_chat.evidence import cases as cases_
from clarifai_chat.evidence.cases import Case
from clarifai_chat.evidence.causes import Strings
from clarifai_chat.llm.spending import prompt_tokens
from clarifai_chat.messages import ToolSpec
from clarifai_chat.playground import runs
from clarifai_chat.playground.runs import Run, RunSettings
from clarifai_chat.tools.mocks import Mock, reseeded

MAX_REPEATS = 50
MAX_MODELS = 4
MAX_SETS = 2
MAX_RUNS = 20_000
MAX_AT_ONCE = 8
ANSWER_TOKENS = 150  # of a short answer with a call, for an estimate


class ToolSet(TypedDict):
    """Tools for all cases; None are those that each case brings."""

    name: str
    tools: list[ToolSpec] | None
    system: str  # added to the case's own system prompt
    mocks: NotRequired[dict[str, Mock]]  # of tools that the case has no mock for


class Experiment(TypedDict):
    id: str
    name: str
    created_at: float
    cases: list[Case]
    models: list[ModelRef]
    sets: list[ToolSet]
    repeats: int
    strings: Strings
    temperature: float | None
    at_once: int  # requests to one model
    max_usd: float | None
    max_s: float | None
    note: NotRequired[str]


@dataclass(frozen=True, slots=True)
class Task:
    """One run of an experiment. `number` stands for it in the database."""

    number: int
    repeat: int
    case: int  # places in the experiment's lists
    model: int
    set: int

    @property
    def column(self) -> tuple[int, int]:
        return self.model, self.set


OWN_TOOLS: ToolSet = {"name": "each case's tools", "tools": None, "system": ""}


def new_experiment(
    name: str,
    cases: Sequence[Case],
    models: Sequence[ModelRef],
    sets: Sequence[ToolSet] = (OWN_TOOLS,),
    **options: Any,
) -> Experiment:
    """Return an experiment with usual options; `options` are other fields."""
    made: dict[str, Any] = {
        "id": uuid.uuid4().hex,
        "name": name,
        "created_at": time.time(),
        "cases": [*cases],
        "models": [*models][:MAX_MODELS],
        "sets": [*sets][:MAX_SETS],
        "repeats": 3,
        "strings": "loose",
        "temperature": None,
        "at_once": 2,
        "max_usd": None,
        "max_s": None,
    }
    return cast(Experiment, made | options)


def size(experiment: Experiment) -> int:
    """Return how many numbers the experiment has, those of cases that cannot be asked included."""
    columns = len(experiment["models"]) * len(experiment["sets"])
    return experiment["repeats"] * len(experiment["cases"]) * columns


def task(experiment: Experiment, number: int) -> Task:
    """Return the run with this number. All cases come once, of each column, before any repeat."""
    rest, set_ = divmod(number, len(experiment["sets"]))
    rest, model = divmod(rest, len(experiment["models"]))
    repeat, case = divmod(rest, len(experiment["cases"]))
    return Task(number, repeat, case, model, set_)


def tasks(experiment: Experiment) -> Iterator[Task]:
    """Yield all runs that can be asked, in order."""
    usable = {
        (number, place)
        for number, case in enumerate(experiment["cases"])
        for place, _ in enumerate(experiment["sets"])
        if not unusable(experiment, number, place)
    }
    for number in range(size(experiment)):
        found = task(experiment, number)
        if (found.case, found.set) in usable:
            yield found


def tools_for(experiment: Experiment, case: int, set_: int) -> list[ToolSpec]:
    """Return the tools that a case is asked with."""
    tools = experiment["sets"][set_]["tools"]
    return cases_.tools_of(experiment["cases"][case]) if tools is None else tools


def unusable(experiment: Experiment, case: int, set_: int) -> str:
    """Return why a case cannot be asked with a set of tools, in a sentence; "" if it can."""
    asked, tools = experiment["cases"][case], tools_for(experiment, case, set_)
    if not tools:
        return f"{asked['id']} brings no tools."
    if lacks := cases_.missing_tool(asked, tools):
        return f"{asked['id']} expects {lacks}, which {experiment['sets'][set_]['name']} lacks."
    return ""


def run_for(experiment: Experiment, of: Task) -> Run:
    """Return the run of a task, ready to be asked."""
    settings: RunSettings = {
        **runs.default_settings(),
        "temperature": experiment["temperature"],
        "system": experiment["sets"][of.set]["system"],
    }
    tools = tools_for(experiment, of.case, of.set)
    set_ = experiment["sets"][of.set]
    case = cases_.with_mocks(experiment["cases"][of.case], set_.get("mocks", {}))
    run = cases_.run_of(case, experiment["models"][of.model], tools, settings)
    if "mocks" in run:  # where a share of the calls gets a fault, it is others in each repeat
        run["mocks"] = {tool: reseeded(mock, of.repeat) for tool, mock in run["mocks"].items()}
    return run


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an experiment may take; `usd` is None where no price is known."""

    runs: int
    requests: int  # at most
    tokens_in: int
    tokens_out: int
    usd: float | None
    unpriced: tuple[str, ...]  # names of models whose price is not known
    left_out: tuple[str, ...]  # sentences about cases that cannot be asked


def estimate(experiment: Experiment) -> Estimate:
    """Return what the experiment may take, rather too much than too little. Sends nothing."""
    sent: dict[tuple[int, int], tuple[int, int]] = {}  # case and set → requests, tokens
    left_out = []
    for case, asked in enumerate(experiment["cases"]):
        for set_, _ in enumerate(experiment["sets"]):
            if why := unusable(experiment, case, set_):
                left_out.append(why)
                continue
            steps = asked.get("steps", 1)
            run = run_for(experiment, Task(0, 0, case, 0, set_))
            first = prompt_tokens(runs.request(run))
            later = (steps - 1) * ANSWER_TOKENS * steps  # of earlier replies and results
            sent[case, set_] = steps, first * steps + later
    repeats, models = experiment["repeats"], experiment["models"]
    requests = repeats * sum(steps for steps, _ in sent.values())
    tokens_in = repeats * sum(tokens for _, tokens in sent.values())
    tokens_out = requests * ANSWER_TOKENS
    usd, unpriced = 0.0, []
    for model in models:
        prices = model["input_price"], model["output_price"]
        if server_of(model["url"]) in ("demo", "local"):
            continue
        if prices[0] is None or prices[1] is None:
            unpriced.append(model["name"])
        else:
            usd += (prices[0] * tokens_in + prices[1] * tokens_out) / 1_000_000
    return Estimate(
        runs=repeats * len(sent) * len(models),
        requests=requests * len(models),
        tokens_in=tokens_in * len(models),
        tokens_out=tokens_out * len(models),
        usd=usd if len(unpriced) < len(models) else None,
        unpriced=tuple(unpriced),
        left_out=tuple(left_out),
    )


def from_text(text: str) -> Experiment:
    """Return an experiment that was written as JSON by this app."""
    return cast(Experiment, json.loads(text))


def columns(experiment: Experiment) -> list[tuple[int, int]]:
    """Return the columns of the grid: the places of a model and a set of tools."""
    models, sets = len(experiment["models"]), len(experiment["sets"])
    return [(model, set_) for model in range(models) for set_ in range(sets)]


def column_name(experiment: Experiment, model: int, set_: int) -> str:
    """Return the name of a column: the model, or the set of tools, or both where both differ."""
    name, tools = experiment["models"][model]["name"], experiment["sets"][set_]["name"]
    if len(experiment["sets"]) == 1:
        return name
    return tools if len(experiment["models"]) == 1 else f"{name}, {tools}"
