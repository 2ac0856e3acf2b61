"""Write cases as a file of tests for pytest, and ask one case for such a test."""

import json
from collections.abc import Sequence
from typing import Any

from clarifai_chat import catalog
from clarifai_chat.chat.turn import asked_of
from clarifai_chat.config import settings
from clarifai_chat.evidence import cases as cases_
from clarifai_chat.evidence.asking import ask
from clarifai_chat.evidence.cases import Case
from clarifai_chat.evidence.causes import Strings
from clarifai_chat.evidence.checker import Outcome
from clarifai_chat.llm.endpoints import endpoint_for
from clarifai_chat.llm.transport import InFlight
from clarifai_chat.messages import ToolSpec

_FILE = '''"""Whether a model calls tools as it should: one test for each case.

Run it in the folder of Clarifai Chat: `CLARIFAI_PAT=… python -m pytest this_file.py`
What fails for the provider's reasons is skipped. The rules are docs/EVIDENCE.md.
"""

import json

import pytest

from clarifai_chat.evidence.pytest_file import ask_case

MODEL = {model}
STRINGS = {strings}  # or "strict": texts are compared to the letter
CASES = json.loads(
{cases}
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_the_model_does_as_asked(case):
    outcome = ask_case(case, MODEL, STRINGS)
    if outcome.status not in ("pass", "fail"):
        pytest.skip(outcome.cause)
    assert outcome.status == "pass", f"{{outcome.cause}}: {{outcome.said}}"
'''


def as_pytest(
    asked: Sequence[tuple[Case, Sequence[ToolSpec]]], model_url: str, strings: str
) -> str:
    """Return a file that asks each case once, with its tools written into it."""
    whole = [{**case, "tools": [*tools]} for case, tools in asked]
    for case in whole:
        case.pop("template", None)
    lines = json.dumps(whole, indent=1).splitlines(keepends=True)
    text = "\n".join(f"    {line!r}" for line in lines)
    return _FILE.format(model=json.dumps(model_url), strings=json.dumps(strings), cases=text)


def ask_case(case: Any, model_url: str, strings: Strings = "loose") -> Outcome:
    """Ask a case once, with the token of the settings; return what came of it.

    Raises `BadCases` if it is no case.
    """
    [read] = cases_.read(json.dumps([case]))
    model = asked_of(catalog.describe(catalog.merge(catalog.shipped(), ()), model_url))
    run = cases_.run_of(read, model, cases_.tools_of(read))
    pat = settings().shared_key
    return ask(run, read, strings, lambda: endpoint_for(model_url, pat, None), InFlight()).outcome()
