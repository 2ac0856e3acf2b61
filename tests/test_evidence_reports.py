"""What an experiment says afterwards: words, JSON, CSV, JUnit, and the command `evaluate`."""

import csv
import io
import json
from collections import Counter
from xml.etree import ElementTree

import pytest
import yaml
from click.testing import CliRunner

from clarifai_chat.catalog import DEFAULT_URL
from clarifai_chat.cli import commands
from clarifai_chat.config import ROOT
from clarifai_chat.evidence import cases, reports, words
from clarifai_chat.evidence.experiment import new_experiment
from clarifai_chat.evidence.html_report import as_html, interval_bar
from clarifai_chat.evidence.pytest_file import as_pytest
from clarifai_chat.evidence.record import InMemory
from clarifai_chat.evidence.tally import Cell, Tally
from clarifai_chat.evidence.workflow_file import as_asked, as_workflow, threshold
from clarifai_chat.tools.templates import TEMPLATES
from tests.canary import CANARY, assert_no_canary
from tests.conftest import MODEL
from tests.fake_clarifai import calls, says, status

GPT = {"url": "m", "name": "GPT\x00", "input_price": None, "output_price": None}


def cell(passed, failed, **more):
    return Cell(passed=passed, failed=failed, **more)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (cell(7, 3), "7 of 10: 70 % (40 to 89 %)"),
        (cell(999, 1), "999 of 1000: 99 % (99 to 99 %)"),
        (cell(0, 3), "0 of 3: 0 % (0 to 56 %)"),
        (cell(0, 0), "not judged yet"),
    ],
)
def test_a_rate_comes_with_its_interval(found, said):
    assert words.rate(found) == said


@pytest.mark.parametrize(
    ("found", "begins"),
    [
        (cell(0, 0), "Nothing is known yet"),
        (cell(100, 0), "Reliable on these cases"),
        (cell(3, 0), "Not decided"),
        (cell(50, 8), "Mostly right"),
        (cell(10, 40), "Not reliable on these cases"),
    ],
)
def test_a_stranger_reads_what_one_may_rely_on(found, begins):
    assert words.trust(found).startswith(begins)


def test_what_is_not_counted_and_what_is_odd_is_said():
    found = cell(3, 0, provider=2, unjudged=1, recovered=1, quirks=Counter(from_text=1, no_id=2))

    assert words.uncounted(found) == (
        "2 failures of the provider, not counted; 1 run stopped or interrupted, not counted;"
        " 1 run with a call recovered from text; quirks: no_id 2"
    )
    assert words.causes(Counter({"date as text": 7, "no call": 5}), 12) == [
        "date as text: 7 of 12",
        "no call: 5 of 12",
    ]


@pytest.fixture
def tallied():
    """Two repeats of two cases: passed, failed, not counted, and asked without an answer."""
    made = new_experiment("=1+1", cases.shipped()[:2], [GPT], repeats=2)
    record, tally = InMemory(), Tally(made)
    rows = [
        ("pass", {"seconds": 0.5, "usd": 0.1, "quirks": ["no_id"]}),
        ("fail", {"cause": "no call", "said": "=cmd()\x01 <&>"}),
        ("provider", {"cause": "Busy"}),
    ]
    for number, (outcome, result) in enumerate(rows):
        record.claim(number)
        record.finish(number, outcome, result, "")
        tally.add(number, outcome, result)
    record.claim(3)
    tally.add(3, "asked", {})
    return tally, record


def test_json_has_figures_cases_and_runs(tallied):
    found = json.loads(reports.as_json(*tallied))

    [column] = found["columns"]
    assert (column["passed"], column["failed"], column["provider_failures"]) == (1, 1, 1)
    assert (column["not_judged"], column["usd"]) == (1, None)
    assert column["low"] < 0.5 < column["high"]
    assert [run["status"] for run in found["runs"]] == ["pass", "fail", "provider", "unjudged"]
    assert [case["id"] for case in found["cases"]] == [c["id"] for c in cases.shipped()[:2]]


def test_csv_has_a_line_for_each_run_and_no_formula(tallied):
    tally, record = tallied
    lines = [*csv.reader(io.StringIO(reports.as_csv(tally.experiment, record)))]

    assert len(lines) == 5
    assert lines[2][lines[0].index("said")].startswith("'=cmd()")
    assert lines[1][-1] == "loose"


def test_junit_tells_failures_from_what_is_not_counted(tallied):
    root = ElementTree.fromstring(reports.as_junit(*tallied))  # noqa: S314 - ours

    [suite] = root
    counts = {name: suite.get(name) for name in ("tests", "failures", "skipped")}
    assert counts == {"tests": "4", "failures": "1", "skipped": "2"}
    [failure] = root.iter("failure")
    assert (failure.get("message"), failure.text) == ("no call", "=cmd()\ufffd <&>")


def test_the_html_report_is_whole_and_runs_nothing(tallied):
    made = as_html(*tallied)

    assert made.startswith("<!doctype html>")
    assert "default-src 'none'" in made
    assert "<script" not in made
    assert "&lt;&amp;&gt;" in made  # what a model said is text
    assert 'aria-label="Passed 1 of 2: 50 % (9 to 91 %)"' in made
    assert made.count("<tr>") > 6


def test_a_bar_is_shown_once_something_is_known():
    assert interval_bar(cell(0, 0)) == ""
    assert "left: calc(100.0% - 2px)" in interval_bar(cell(3, 0))


def test_cases_become_a_file_for_pytest_that_runs(fake, set_up):
    set_up(CLARIFAI_API_BASE=fake.base, CLARIFAI_PAT=CANARY)
    asked = [(case, cases.tools_of(case)) for case in cases.shipped()[:2]]
    source = as_pytest(asked, MODEL, "loose")
    found = {}
    exec(compile(source, "test_evaluation.py", "exec"), found)  # noqa: S102 - ours
    test, (first, second) = found["test_the_model_does_as_asked"], found["CASES"]

    fake.next(calls(arguments='{"location": "Madrid", "unit": "celsius"}'), says("Warm."))
    test(first)
    with pytest.raises(AssertionError, match="no call: Instead of a call"):
        test(second)
    fake.next(status(401, 11008))
    with pytest.raises(pytest.skip.Exception):
        test(first)

    assert CANARY not in source
    assert "test_the_model_does_as_asked" in source
    assert len(fake.chats) == 3


def test_the_workflow_in_the_docs_is_the_one_that_the_page_exports():
    docs = (ROOT / "docs" / "EVIDENCE.md").read_text("utf-8")
    models = [{**GPT, "url": url} for url in (DEFAULT_URL, MODEL)]
    sets = [{"name": "mine", "tools": [*TEMPLATES[0].tools], "system": "Be brief."}]
    experiment = new_experiment("", cases.shipped(), models, sets, max_usd=1.0, max_s=1800.0)

    text = as_workflow(experiment, threshold(0.91))

    assert f"```yaml\n{text}```" in docs
    assert yaml.safe_load(text)["jobs"]["evaluate"]["runs-on"] == "ubuntu-latest"
    asked = as_asked(experiment)
    assert 0 < len(asked) < len(cases.shipped())  # those that these tools fit
    assert all(case["tools"] == sets[0]["tools"] for case in asked)
    assert all(case["system"].endswith("Be brief.") for case in asked)


# --- evaluate ------------------------------------------------------------------------------------


@pytest.fixture
def evaluate(set_up):
    def evaluate(*arguments, pat=""):
        if pat:
            set_up(CLARIFAI_PAT=pat)
        result = CliRunner().invoke(commands.app, ["evaluate", *map(str, arguments)])
        assert_no_canary("what evaluate wrote", result.output)
        assert "Traceback" not in result.output
        return result

    return evaluate


@pytest.mark.slow  # asks the Demo's server
def test_the_demo_is_evaluated_offline_and_judged_by_the_intervals_lower_end(evaluate, tmp_path):
    files = {kind: tmp_path / f"out.{kind}" for kind in ("json", "csv", "junit", "html")}
    options = [part for kind, path in files.items() for part in (f"--{kind}", path)]
    asked = ["-m", "demo", "--only", "enum-celsius", "--only", "missing-place"]

    good = evaluate(*asked[:4], "--repeat", 2, "--at-least", 30, *options)
    assert (good.exit_code, "2 of 2: 100 %" in good.output) == (0, True)
    assert "free" in good.output
    assert json.loads(files["json"].read_text())["columns"][0]["passed"] == 2
    assert len(files["csv"].read_text().splitlines()) == 3
    assert files["junit"].read_text().count("<testcase") == 2
    assert "2 of 2" in files["html"].read_text()

    bad = evaluate(*asked, "--repeat", 1, "--at-least", 30)
    assert bad.exit_code == 1
    assert "missing-place: 1 of 1 failed, called instead of asking back" in bad.output
    assert "the lower end of the interval is 9.5 %, below 30 %." in bad.output


def test_a_file_of_cases_is_asked_of_clarifai(evaluate, fake, tmp_path, waits):
    waits(None)
    file = tmp_path / "mine.json"
    case = {"id": "a", "prompt": "Weather in Paris?", "template": "weather"}
    expect = {"calls": [{"tool": "get_weather", "arguments": {"location": "Paris"}}]}
    file.write_text(json.dumps([{**case, "expect": expect}]))
    fake.next(calls(), says("Sunny."), status(500, 99999))

    found = evaluate(file, "-m", "gpt-oss-120b", "--at-once", 1, "--at-least", 5, pat=CANARY)

    assert "1 of 2: 50 %" in found.output
    assert "1 failure of the provider, not counted" in found.output
    assert found.exit_code == 0
    assert len(fake.chats) == 3


def test_a_killed_command_goes_on_with_its_file_and_asks_nothing_twice(evaluate, fake, tmp_path):
    file, kept = tmp_path / "mine.json", tmp_path / "kept.jsonl"
    case = {"id": "a", "prompt": "Weather in Paris?", "template": "weather"}
    expect = {"calls": [{"tool": "get_weather", "arguments": {"location": "Paris"}}]}
    file.write_text(json.dumps([{**case, "expect": expect}]))
    asked = [file, "-m", "gpt-oss-120b", "--at-once", 1, "--resume", kept]
    fake.next(calls(), calls(), calls())
    assert "3 of 3" in evaluate(*asked, pat=CANARY).output
    begun, *rows = kept.read_text().splitlines(keepends=True)
    assert [*map(json.loads, rows[::2])] == [{"claimed": number} for number in range(3)]
    kept.write_text(begun + "".join(rows[:3]) + rows[3][:20])  # killed at the second answer

    fake.next(calls())
    again = evaluate(*asked, pat=CANARY)

    assert "2 of 3 are in " in again.output
    assert "2 of 2" in again.output  # the run under way is not counted
    assert len(fake.chats) == 4
    assert "3 of 3 are in " in evaluate(*asked, pat=CANARY).output
    assert len(fake.chats) == 4
    other = evaluate(*asked, "--repeat", 5, pat=CANARY)
    assert (other.exit_code, "is not of these cases" in other.output) == (2, True)
    assert CANARY not in kept.read_text()


@pytest.mark.parametrize(
    ("content", "said"),
    [("[", "not JSON"), ("[]", "no list of cases"), ('[{"id": "a"}]', "either calls or asks")],
)
def test_a_file_that_cannot_be_used_ends_with_a_sentence(evaluate, tmp_path, content, said):
    file = tmp_path / "bad.json"
    file.write_text(content)

    found = evaluate(file, "-m", "demo")

    assert (found.exit_code, said in found.output) == (2, True)


def test_without_a_token_nothing_is_asked_and_the_cause_is_said(evaluate):
    found = evaluate("-m", "gpt-oss-120b", "--only", "enum-celsius")

    assert found.exit_code == 3
    assert "needs a Clarifai access token" in found.output


def test_cases_with_the_token_in_them_are_refused(evaluate, fake, tmp_path):
    file = tmp_path / "mine.json"
    file.write_text(
        json.dumps(
            [
                {
                    "id": "a",
                    "prompt": f"Is {CANARY} good?",
                    "template": "weather",
                    "expect": {"calls": []},
                }
            ]
        )
    )

    found = evaluate(file, "-m", "gpt-oss-120b", pat=CANARY)

    assert (found.exit_code, fake.chats) == (3, [])
