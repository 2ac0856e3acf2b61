"""The file for promptfoo runs: a real promptfoo asks the same server, and judges as our checker.

From an environment of its own: `make test-promptfoo` makes it and runs this.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from clarifai_chat.evidence import cases
from clarifai_chat.evidence.experiment import new_experiment
from clarifai_chat.evidence.promptfoo_file import as_promptfoo, left_out
from clarifai_chat.evidence.record import InMemory
from clarifai_chat.evidence.runner import Runner
from clarifai_chat.llm.endpoints import Endpoint
from tests.canary import CANARY
from tests.conftest import MODEL
from tests.fake_clarifai import calls, says
from tests.patience import until

pytestmark = [pytest.mark.promptfoo, pytest.mark.slow]

PROMPTFOO = Path(os.environ.get("PROMPTFOO", ".promptfoo")).resolve()
PROGRAM = PROMPTFOO / "node_modules" / ".bin" / "promptfoo"
SILENT = {
    "PROMPTFOO_DISABLE_TELEMETRY": "1",
    "PROMPTFOO_DISABLE_UPDATE": "1",
    "PROMPTFOO_DISABLE_REMOTE_GENERATION": "true",
    "PROMPTFOO_DISABLE_SHARING": "1",
}
GPT = {"url": MODEL, "name": "GPT", "input_price": None, "output_price": None}


def judged_by_promptfoo(found, folder):
    """Case → whether promptfoo passes it; it asks one after the other."""
    config, results = folder / "promptfooconfig.yaml", folder / "results.json"
    asked = [(case, cases.tools_of(case), "") for case in found]
    config.write_text(as_promptfoo(asked, MODEL, "loose"), "utf-8")
    if not PROGRAM.exists():
        pytest.skip(f"There is no promptfoo in {PROMPTFOO}: `make test-promptfoo` installs it")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "CLARIFAI_PAT": CANARY,
        "NO_PROXY": "127.0.0.1",
        **SILENT,
    }
    done = subprocess.run(
        [PROGRAM, "eval", "-c", config, "-o", results, "-j", "1", "--no-cache", "--no-table"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert results.exists(), done.stdout + done.stderr
    rows = json.loads(results.read_text("utf-8"))["results"]["results"]
    errors = [row["error"] for row in rows if row.get("failureReason") == 2]  # not the model's
    assert errors == []
    assert done.returncode == (0 if all(row["success"] for row in rows) else 100)
    return {row["testCase"]["description"]: row["success"] for row in rows}


def judged_here(found, fake):
    """Case → whether our checker passes it."""
    experiment = new_experiment("Test", found, [GPT], at_once=1, repeats=1)
    runner = Runner(experiment, InMemory(), lambda model: Endpoint(fake.api_base, CANARY))
    runner.start()
    until(lambda: not runner.is_running)
    rows = [*runner.record.results()]
    assert {status for _, status, _ in rows} <= {"pass", "fail"}
    return {found[number]["id"]: status == "pass" for number, status, _ in rows}


def test_promptfoo_asks_the_exported_cases_and_judges_as_our_checker(fake, tmp_path):
    found = [case for case in cases.shipped() if not left_out(case)]

    theirs = judged_by_promptfoo(found, tmp_path)  # of the Demo behind the fake, as ours
    asked, fake.journal[:] = [sent(chat.body) for chat in fake.chats], []
    ours = judged_here(found, fake)

    assert theirs == ours
    assert len(set(ours.values())) == 2  # some pass, some fail
    assert asked == [sent(chat.body) for chat in fake.chats]


def sent(body):
    return body["messages"], [tool["function"]["name"] for tool in body.get("tools", [])]


def test_promptfoo_finds_each_planted_fault_and_none_beside(fake, tmp_path):
    paris = {"tool": "get_weather", "arguments": {"location": "Paris"}}
    case = {"prompt": "Weather in Paris?", "template": "weather", "expect": {"calls": [paris]}}
    planted = [
        ("right", calls(), True),
        ("another place", calls(arguments='{"location": "Rome"}'), False),
        ("cut", calls(arguments='{"location": "Par'), False),
        ("words", says("It is sunny."), False),
    ]
    found = cases.read(json.dumps([{**case, "id": name} for name, *_ in planted]))
    fake.next(*(behaviour for _, behaviour, _ in planted))

    assert judged_by_promptfoo(found, tmp_path) == {name: good for name, _, good in planted}
