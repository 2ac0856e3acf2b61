"""Measure by three runs whether a model calls tools: freely, when it must, and there and back."""

import json
import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import TypedDict

from clarifai_chat.chat.turn import ModelRef
from clarifai_chat.evidence import cases
from clarifai_chat.evidence.asking import ask
from clarifai_chat.evidence.cases import Case
from clarifai_chat.llm.endpoints import Endpoint
from clarifai_chat.llm.transport import InFlight
from clarifai_chat.playground.runs import Run

REQUESTS = 4  # at most: the third run needs two


class Measured(TypedDict):
    """What three runs told; those that failed for the provider's reasons are not in `of`."""

    at: float  # Unix time
    passed: int
    of: int
    whys: list[str]  # a sentence for each run that did not pass


@cache
def _cases() -> Sequence[Case]:
    call = {
        "tool": "get_weather",
        "arguments": {"location": {"$contains": "Paris"}, "$others": True},
    }
    common = {"template": "weather", "about": "One place, and one tool."}
    return cases.read(json.dumps([
        {**common, "id": "auto", "prompt": "What is the weather in Paris now?",
         "expect": {"calls": [call]}},
        {**common, "id": "required", "prompt": "I am in Paris.", "expect": {"calls": [call]}},
        {**common, "id": "round trip", "prompt": "What is the weather in Paris now?", "steps": 2,
         "expect": {"calls": [call], "says": ["17"]},
         "mocks": {"get_weather": '{"degrees": 17, "sky": "clear"}'}},
    ]))  # fmt: skip


def measure(model: ModelRef, endpoint: Callable[[], Endpoint]) -> Measured:
    """Ask a model three times, one after the other. Takes as long as it takes; for a thread.

    Raises the `ChatError` of the first run if nothing could be judged.
    """
    passed, judged, whys, first = 0, 0, [], None
    for case in _cases():
        asked = ask(_run(case, model), case, "loose", endpoint, InFlight())
        outcome = asked.outcome()
        first = first or asked.error
        passed += outcome.status == "pass"
        judged += outcome.status in ("pass", "fail")
        if outcome.status != "pass":
            whys.append(f"{case['id']}: {outcome.cause}")
    if not judged and first:
        raise first
    return {"at": time.time(), "passed": passed, "of": judged, "whys": whys}


def _run(case: Case, model: ModelRef) -> Run:
    run = cases.run_of(case, model, cases.tools_of(case))
    if case["id"] == "required":
        run["settings"]["tool_choice"] = "required"
    return run


def said(found: Measured) -> str:
    """Return what was measured in a few words: "3 of 3 on 2026-11-03"."""
    day = time.strftime("%Y-%m-%d", time.gmtime(found["at"]))
    return f"{found['passed']} of {found['of']} on {day}"
