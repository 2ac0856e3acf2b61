"""Mocks as they are typed: what the boxes of a form hold, and the mock that it makes."""

import json
from typing import Any, TypedDict, cast

from clarifai_chat import json_text
from clarifai_chat.tools.mocks import FAULTS, KINDS, MAX_CHARS, MAX_DELAY_S, Kind, Mock, Row

MAX_SEED = 999_999
ARROW, BETWEEN = "=>", "---"  # within a row; the line between two answers of a sequence


class Draft(TypedDict):
    """What is typed for one tool; fields of other kinds stay, for the way back."""

    kind: Kind
    answer: str
    answers: str  # of a sequence, with a line BETWEEN them
    rows: str  # of a table, a line each: `{"place": "Oslo"} => 12`
    chars: int
    percent: int  # of the calls that get the fault
    seed: int  # which ones
    usual: str  # what the others get
    delay_s: float


class BadMock(ValueError):
    """What is typed is no mock. Its text is a sentence for the reader."""


def new_draft() -> Draft:
    return {
        "kind": "fixed",
        "answer": "",
        "answers": "",
        "rows": "",
        "chars": 200_000,
        "percent": 100,
        "seed": 1,
        "usual": "",
        "delay_s": 0.0,
    }


def draft_of(found: Any) -> Draft:
    """Return the draft in saved data, with a new one's fields where it does not fit."""
    made: dict[str, Any] = {**new_draft()}
    for name, usual in made.items():
        value: Any = found.get(name) if isinstance(found, dict) else None
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if isinstance(usual, str) and isinstance(value, str):
            made[name] = value
        elif isinstance(usual, int | float) and is_number and value == value:  # not NaN
            low, high = LIMITS[name]
            made[name] = type(usual)(min(high, max(low, value)))
    if made["kind"] not in KINDS:
        made["kind"] = "fixed"
    return cast(Draft, made)


LIMITS: dict[str, tuple[int, int]] = {
    "chars": (1, MAX_CHARS),
    "percent": (0, 100),
    "seed": (0, MAX_SEED),
    "delay_s": (0, int(MAX_DELAY_S)),
}


def mock_of(draft: Draft) -> Mock:
    """Return the mock that a draft makes. Raises `BadMock`."""
    kind = draft["kind"]
    mock: Mock = {"kind": kind}
    if kind == "sequence":
        mock["answers"] = answers_in(draft["answers"])
    else:
        mock["answer"] = draft["answer"]
    if kind == "table":
        mock["rows"] = rows_in(draft["rows"])
    if kind == "huge":
        mock["chars"] = draft["chars"]
    if kind in FAULTS and draft["percent"] < 100:
        mock |= {"share": draft["percent"] / 100, "seed": draft["seed"], "usual": draft["usual"]}
    if draft["delay_s"]:
        mock["delay_s"] = draft["delay_s"]
    return mock


def typed(mock: Mock) -> Draft:
    """Return a mock as it would be typed."""
    rows = (
        f"{json.dumps(r['when'], ensure_ascii=False)} {ARROW} {r['answer']}"
        for r in mock.get("rows", [])
    )
    return draft_of(
        {
            **mock,
            "answers": f"\n{BETWEEN}\n".join(mock.get("answers", [])),
            "rows": "\n".join(rows),
            "percent": round(mock.get("share", 1.0) * 100),
        }
    )


def draft_from(answers: list[str], draft: Draft) -> Draft:
    """Return a draft that gives these answers, one after another."""
    if len(answers) == 1:
        return {**draft, "kind": "fixed", "answer": answers[0]}
    return {**draft, "kind": "sequence", "answers": f"\n{BETWEEN}\n".join(answers)}


def answers_in(text: str) -> list[str]:
    """Return the answers of a sequence; always at least one."""
    found: list[list[str]] = [[]]
    for line in text.split("\n"):
        if line.strip() == BETWEEN:
            found.append([])
        else:
            found[-1].append(line)
    return ["\n".join(lines) for lines in found]


def rows_in(text: str) -> list[Row]:
    """Return the rows of a table. Raises `BadMock`."""
    lines = enumerate(text.split("\n"), 1)
    return [_row(line, number) for number, line in lines if line.strip()]


def _row(line: str, number: int) -> Row:
    parts = line.split(ARROW)
    for end in range(1, len(parts)):  # a text in the arguments may have an arrow in it
        try:
            when = json_text.read(ARROW.join(parts[:end]))
        except (ValueError, RecursionError):
            continue
        if isinstance(when, dict):
            return {"when": when, "answer": ARROW.join(parts[end:]).strip()}
    raise BadMock(
        f"Line {number} of the table is not read: write arguments as a JSON object, then"
        f' {ARROW} and the answer, such as {{"location": "Paris"}} {ARROW} 18 degrees.'
    )
