"""Measure an ability of a model by three runs: of each, what is asked, and what it takes to pass.

The prompts are made so that a model without the ability rarely passes: a guess is right for one
picture in three at best, and no prompt names the fields of the schema that the answer must have.
"""

import base64
import json
import re
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from struct import pack
from typing import Any, Literal, get_args

from clarifai_chat.chat.turn import ModelRef
from clarifai_chat.errors import ChatError
from clarifai_chat.evidence import cases
from clarifai_chat.evidence.asking import Asked, ask
from clarifai_chat.evidence.cases import Case
from clarifai_chat.evidence.runner import FOR_ALL
from clarifai_chat.history.measured import Measured
from clarifai_chat.llm.endpoints import Endpoint
from clarifai_chat.llm.transport import InFlight
from clarifai_chat.playground.runs import Run, steps
from clarifai_chat.text import listed

Kind = Literal["tools", "parallel", "json", "vision", "reasoning"]
KINDS: tuple[Kind, ...] = get_args(Kind)
NAMES: dict[Kind, str] = {
    "tools": "Tool calls",
    "parallel": "Parallel calls",
    "json": "JSON schema",
    "vision": "Vision",
    "reasoning": "Reasoning",
}
# At most: the last run of the tools is there and back.
REQUESTS: dict[Kind, int] = {"tools": 4, "parallel": 3, "json": 3, "vision": 3, "reasoning": 3}
COLOURS = {"red": (220, 20, 20), "green": (20, 160, 40), "blue": (20, 50, 220)}
_COLOUR_WORDS = {*COLOURS, "yellow", "orange", "purple", "pink", "brown", "black", "white", "grey"}
_SIDE_PX = 64  # of a picture: some models refuse very small ones


@dataclass(frozen=True, slots=True)
class _Probe:
    case: Case
    why_not: Callable[[Run], str] | None = None  # "" if it passed; None: the case's rules decide
    settings: tuple[tuple[str, Any], ...] = ()


def requests(kinds: Iterable[Kind]) -> int:
    """Return how many requests measuring takes at most."""
    return sum(REQUESTS[kind] for kind in kinds)


def measure(
    model: ModelRef, endpoint: Callable[[], Endpoint], kinds: Sequence[Kind] = ("tools",)
) -> dict[Kind, Measured]:
    """Ask a model one run after the other. Takes as long as it takes; for a thread.

    What could not be judged has an `of` of 0 and says why. Raises the first `ChatError` if nothing
    could be judged. After one that all requests would meet, nothing more is asked.
    """
    found: dict[Kind, Measured] = {}
    first: ChatError | None = None
    for kind in kinds:
        found[kind], error = _measured(kind, model, endpoint)
        first = first or error
        if error and type(error).__name__ in FOR_ALL:
            break
    if first and not any(each["of"] for each in found.values()):
        raise first
    return found


def _measured(
    kind: Kind, model: ModelRef, endpoint: Callable[[], Endpoint]
) -> tuple[Measured, ChatError | None]:
    found: Measured = {"at": 0.0, "passed": 0, "of": 0, "whys": []}
    first: ChatError | None = None
    whys: dict[str, list[str]] = {}  # why not → the runs
    for probe in _PROBES[kind]():
        asked = ask(_run(probe, model), probe.case, "loose", endpoint, InFlight())
        first = first or asked.error
        status, why = _outcome(probe, asked)
        found["of"] += status in ("pass", "fail")
        found["passed"] += status == "pass"
        if status != "pass":
            whys.setdefault(why, []).append(probe.case["id"])
        if asked.error and type(asked.error).__name__ in FOR_ALL:
            break
    said = [f"{listed(runs)}: {why}" for why, runs in whys.items()]
    return {**found, "at": time.time(), "whys": said}, first


def _outcome(probe: _Probe, asked: Asked) -> tuple[str, str]:
    outcome = asked.outcome()
    if probe.why_not is None or outcome.status not in ("pass", "fail"):
        return outcome.status, outcome.cause
    why = probe.why_not(asked.run)
    return ("fail", why) if why else ("pass", "")


def _run(probe: _Probe, model: ModelRef) -> Run:
    run = cases.run_of(probe.case, model, cases.tools_of(probe.case))
    run["settings"] |= dict(probe.settings)  # type: ignore[typeddict-item]  # its own fields
    return run


def said(found: Measured) -> str:
    """Return what was measured in a few words: "3 of 3 on 2026-11-03"."""
    return f"{found['passed']} of {found['of']} on {_day(found)}"


def all_said(found: Mapping[str, Measured]) -> str:
    """Return all that was measured: "tool calls 3 of 3, vision 2 of 3 (2026-11-03)"."""
    by_day: dict[str, list[str]] = {}
    for kind, each in ((kind, found[kind]) for kind in KINDS if kind in found):
        name = NAMES[kind][0].lower() + NAMES[kind][1:] if kind != "json" else NAMES[kind]
        by_day.setdefault(_day(each), []).append(f"{name} {each['passed']} of {each['of']}")
    return "; ".join(f"{', '.join(each)} ({day})" for day, each in by_day.items())


def _day(found: Measured) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(found["at"]))


# --- What is asked --------------------------------------------------------------------------------


def _tools() -> Iterable[_Probe]:
    question = "What is the weather in Paris now?"
    yield _Probe(_weather("auto", question, ["Paris"]))
    must = _weather("required", "I am in Paris.", ["Paris"])
    yield _Probe(must, settings=(("tool_choice", "required"),))
    there_and_back = _weather("round trip", question, ["Paris"])
    there_and_back["expect"]["says"] = ["17"]
    answer = {"degrees": 17, "sky": "clear"}
    mocks = {"get_weather": {"kind": "fixed", "answer": json.dumps(answer)}}
    yield _Probe({**there_and_back, "steps": 2, "mocks": mocks})  # type: ignore[typeddict-item]  # a mock


def _parallel() -> Iterable[_Probe]:
    yield _Probe(_weather("two", "What is the weather in Paris and Oslo?", ["Paris", "Oslo"]))
    ask_three = "Tell me the weather in Rome, Lima and Cairo."
    yield _Probe(_weather("three", ask_three, ["Rome", "Lima", "Cairo"]))
    warmer = "Compare the weather in Madrid and Berlin."
    yield _Probe(_weather("to compare", warmer, ["Madrid", "Berlin"]))


def _json() -> Iterable[_Probe]:
    text, number = {"type": "string"}, {"type": "integer"}
    for name, prompt, fields in (
        ("flat", "It is 17 degrees in Paris.", {"place_name": text, "celsius_value": number}),
        (
            "nested",
            "Ann bought 2 apples and 3 pears.",
            {"buyer": text, "bought": {"type": "array", "items": _object(what=text, n=number)}},
        ),
        (
            "enum",
            "Explain in one sentence why the sky is blue.",
            {"gist": text, "for_whom": {"type": "string", "enum": ["novice", "expert"]}},
        ),
    ):
        schema = {"name": "answer", "schema": _object(**fields)}
        extra = {"response_format": {"type": "json_schema", "json_schema": schema}}
        yield _Probe(_words(name, prompt), _why_no_json, (("extra", extra),))


def _vision() -> Iterable[_Probe]:
    for colour, rgb in COLOURS.items():
        url = f"data:image/png;base64,{base64.b64encode(picture(rgb)).decode()}"
        parts = [
            {"type": "text", "text": "What colour is this picture? Answer with one word."},
            {"type": "image_url", "image_url": {"url": url}},
        ]
        shown = (("messages", [{"role": "user", "content": parts}]),)
        yield _Probe(_words(colour, ""), _names_only(colour), shown)


def _reasoning() -> Iterable[_Probe]:
    for name, prompt in (
        ("numbers", "Which is larger, 9.11 or 9.9?"),
        ("price", "A bat and a ball cost 1.10 together; the bat costs 1 more. What is the ball's?"),
        ("letters", "How often is the letter r in strawberry?"),
    ):
        yield _Probe(_words(name, prompt), _why_no_thoughts)


_PROBES: dict[Kind, Callable[[], Iterable[_Probe]]] = {
    "tools": _tools,
    "parallel": _parallel,
    "json": _json,
    "vision": _vision,
    "reasoning": _reasoning,
}


def _weather(id: str, prompt: str, places: Sequence[str]) -> Case:
    arguments = [{"location": {"$contains": place}, "$others": True} for place in places]
    return {
        "id": id,
        "topic": "probe",
        "prompt": prompt,
        "expect": {"calls": [{"tool": "get_weather", "arguments": each} for each in arguments]},
        "about": "",
        "template": "weather",
    }


def _words(id: str, prompt: str) -> Case:
    return {"id": id, "topic": "probe", "prompt": prompt, "expect": {"calls": []}, "about": ""}


def _object(**fields: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": fields,
        "required": [*fields],
        "additionalProperties": False,
    }


def picture(rgb: tuple[int, int, int]) -> bytes:
    """Return a square of one colour as PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + bytes(rgb) * _SIDE_PX) * _SIDE_PX
    head = pack(">IIBBBBB", _SIDE_PX, _SIDE_PX, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


# --- What it takes to pass ------------------------------------------------------------------------


def _answer(run: Run) -> str:
    message = steps(run)[-1].message
    return message["content"] if message else ""


def _why_no_json(run: Run) -> str:
    verdict = steps(run)[-1].answer
    if verdict is None:
        return "no answer"
    return "" if verdict.status == "valid" else verdict.summary.rstrip(".")


def _names_only(colour: str) -> Callable[[Run], str]:
    def why(run: Run) -> str:
        named = _COLOUR_WORDS & {*re.findall(r"[a-z]+", _answer(run).lower())}
        if named == {colour}:
            return ""
        return f"it named {' and '.join(sorted(named)) or 'no colour'}"

    return why


def _why_no_thoughts(run: Run) -> str:
    if any(reply.get("reasoning_content", "").strip() for reply in run["turn"]["replies"]):
        return ""
    counted = run["turn"]["figures"]["reasoning_tokens"]
    return f"{counted:,} tokens of thinking, none shown" if counted else "no thinking came"
