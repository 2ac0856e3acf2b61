"""The page Evaluate: over the Demo, and over models that misbehave."""

import json
import shlex

import pytest
import yaml
from click.testing import CliRunner

from clarifai_chat.catalog import BRIEF_DEMO, DEMO
from clarifai_chat.cli import commands
from clarifai_chat.evidence import cases, from_run, running
from clarifai_chat.playground import runs
from components.state.evaluate_slots import new_plan
from tests.canary import CANARY
from tests.conftest import MODEL
from tests.fake_clarifai import calls, says, status
from tests.pages import page
from tests.test_runs import WEATHER, go, new_run

__all__ = ["go"]  # a fixture
PARIS = cases.read(
    json.dumps(
        [
            {
                "id": "paris",
                "prompt": "Weather in Paris?",
                "template": "weather",
                "about": "One place.",
                "expect": {"calls": [{"tool": "get_weather", "arguments": {"location": "Paris"}}]},
            }
        ]
    )
)


@pytest.fixture(autouse=True)
def forget_experiments():
    yield
    for runner in [*running._runners.values()]:
        runner.stop(now=True)
    running._runners.clear()


@pytest.fixture
def evaluate(open_app):
    """Open the page, prepared to ask one case of these models."""

    def evaluate(*models, found=PARIS, pat=CANARY, **plan):
        own = {"cases": "mine", "models": [*models], "at_once": 1, "repeats": 2}
        session = {"plan": {**new_plan(), **own, **plan}, "my_cases": found}
        return open_app("pages/evaluate.py", pat=pat, **session)

    return evaluate


def tables(app):
    """What the page's tables hold, as HTML."""
    return "\n".join(node.proto.body for node in app.get("html"))


def test_the_demo_is_evaluated_without_a_token_and_a_stranger_reads_what_that_means(open_app):
    plan = {**new_plan(), "topics": ["missing parameter"], "repeats": 2}
    app = open_app("pages/evaluate.py", plan=plan)
    assert "10 runs, at most 10 requests" in page(app)
    assert "free" in page(app)

    app.click("start_evaluation")

    shown = page(app)
    assert "Not reliable on these cases" in shown
    assert "called instead of asking back: 10 of 10" in shown
    assert "0 of 10: 0 % (0 to 28 %)" in tables(app)
    assert "missing-place" in tables(app)
    assert app.has("new_evaluation")
    assert not app.has("stop_evaluation")


def test_figures_causes_and_what_is_not_counted_are_shown(evaluate, fake, waits):
    waits(None)
    fake.next(calls(), calls(arguments='{"location": 5}'), calls(), status(500, 99999))
    app = evaluate(MODEL, repeats=4)

    app.click("start_evaluation")

    assert "Not decided" in page(app)
    assert "number in place of text: 1 of 1" in page(app)
    assert "1 failure of the provider, not counted" in page(app)
    assert "2 of 3: 67 % (21 to 94 %)" in tables(app)

    fake.next(calls())
    app.click("ask_again")
    assert "3 of 4: 75 % (30 to 95 %)" in tables(app)
    assert not app.has("ask_again")


def test_each_cell_opens_its_runs(evaluate, fake):
    fake.next(calls(), says("It is <b>sunny</b>."))
    app = evaluate(MODEL).click("start_evaluation")

    app.open("open_runs")

    assert "2. Failed: no call" in page(app)
    assert "Instead of a call, it said: “It is <b>sunny</b>.”" in page(app)
    assert 'get_weather({"location": "Paris"})' in [c.value for c in app.code]
    assert "One place." in tables(app)


def test_two_models_are_compared_with_what_may_be_concluded(evaluate):
    app = evaluate(DEMO.url, BRIEF_DEMO.url)

    app.click("start_evaluation")

    assert "Which is better?" in page(app)
    assert "they differ in 0" in page(app)


def test_an_evaluation_stops_goes_on_and_asks_nothing_twice(evaluate, fake):
    fake.next(calls(), status(401, 11008))
    app = evaluate(MODEL, repeats=3).click("start_evaluation")
    assert "does not accept this access token" in page(app)
    assert "1 of 3 runs, stopped" in [p.proto.text for p in app.get("progress")]

    fake.next(calls(), calls())
    app.click("continue_evaluation")

    assert "3 of 3" in tables(app)
    assert len(fake.chats) == 4
    assert not app.has("continue_evaluation")


def test_what_cannot_be_asked_is_refused_before_it_costs(evaluate):
    app = evaluate(MODEL, found=[])
    assert "There is no case to ask" in page(app)
    assert app.button(key="start_evaluation").disabled


def test_cases_with_the_token_in_them_are_not_asked(evaluate, fake):
    token = "t0ken0of0some0length00123456789ab"
    app = evaluate(MODEL, found=[{**PARIS[0], "prompt": f"Is {token} fine?"}], pat=token)

    assert "Your access token is in the cases or tools" in page(app)
    assert app.button(key="start_evaluation").disabled


def test_the_estimate_is_said_before_and_more_settings_are_taken(evaluate, fake):
    app = evaluate(MODEL)
    assert "2 runs, at most 2 requests" in page(app)
    assert "the price of gpt-4.1 is not known" in page(app)

    app.number_input(key="evaluate_repeats").set_value(5).run()
    app.open("evaluate_more")
    app.number_input(key="evaluate_number:temperature").set_value(0.2).run()
    app.toggle(key="evaluate_strict").set_value(True).run()
    assert "5 runs, at most 5 requests" in page(app)
    fake.next(*[calls()] * 5)
    app.click("start_evaluation")

    assert {chat.body["temperature"] for chat in fake.chats} == {0.2}
    assert "texts compared to the letter" in page(app)


def test_the_cases_can_be_read_and_a_file_of_them_added(evaluate):
    app = evaluate(MODEL, found=[])
    more = cases.to_json([{**PARIS[0], "id": "mine"}])

    app.file_uploader(key="case_file:0").upload("mine.json", more.encode(), "application/json")
    app.run()
    app.open("case_list")
    assert "Weather in Paris?" in tables(app)
    app.file_uploader(key="case_file:1").upload("bad.json", b"[1]", "application/json")
    app.run()
    assert "Case 1 is not an object." in page(app)

    app.open("remove_cases")
    app.click("remove_case:mine")
    assert "There is no case to ask" in page(app)


def test_a_deleted_evaluation_is_gone(evaluate, fake):
    fake.next(calls(), calls())
    app = evaluate(MODEL).click("start_evaluation")

    app.click("delete_evaluation")

    assert app.has("start_evaluation")
    assert "a reload loses them" in page(app)


# --- Keep as a case ------------------------------------------------------------------------------


def test_a_run_of_the_playground_is_kept_as_a_case_that_it_passes(go):
    run = new_run(answers="automatic", prompt="What is 6 * 7?", system="Be brief.")
    go(run, calls("calculate", '{"expression": "6 * 7"}'), says("42."))

    found = from_run.case_of(run, ["what-is-6-7"])

    assert (found["id"], found["system"], found["steps"]) == ("what-is-6-7 (2)", "Be brief.", 2)
    assert found["expect"]["calls"] == [{"tool": "calculate", "arguments": {"expression": "6 * 7"}}]
    assert json.loads(found["mocks"]["calculate"]["answer"])["result"] == 42
    assert cases.read(cases.to_json([found])) == [found]


def test_a_run_with_a_call_that_is_not_valid_is_no_case(go):
    run = new_run()
    go(run, calls(arguments='{"location": 5}'))

    assert from_run.case_of(run) is None


def test_keep_as_a_case_takes_the_run_to_the_page_evaluate(open_app, go):
    run = new_run(tools=(WEATHER,))
    go(run, calls())
    assert runs.wants_answers(run)
    app = open_app("pages/tool_playground.py", pat=CANARY, runs=[run], opened_run=run["turn"]["id"])

    app.click(f"keep_case:{run['turn']['id']}")

    [kept] = app.session_state["session.my_cases"]
    assert kept["expect"]["calls"] == [{"tool": "get_weather", "arguments": {"location": "Paris"}}]
    app.switch_page("pages/evaluate.py").run()
    assert "My own (1)" in page(app)


# --- Proposed cases ------------------------------------------------------------------------------


def test_a_proposed_case_is_read_changed_and_kept_and_another_left_out(evaluate, fake):
    app = evaluate(MODEL, found=[])
    app.session_state["session.tools"] = {"text": json.dumps([WEATHER]), "gen": 1}
    app.open("proposals")
    assert "Proposal 1 of 6, usual call" in page(app)
    [box] = [each for each in app.text_area if (each.key or "").startswith("proposed_prompt:")]
    assert "location: Paris" in box.value

    box.set_value("What is the weather in Paris?")
    [expect] = [b for b in app.text_area if (b.key or "").startswith("proposed_expect:")]
    expect.set_value('{"calls": [{"tool": "get_weather"').run()
    assert "What is expected is not JSON" in page(app)
    app.click("keep_proposal")
    assert app.session_state["session.my_cases"] == []
    [expect] = [b for b in app.text_area if (b.key or "").startswith("proposed_expect:")]
    call = {"tool": "get_weather", "arguments": {"location": {"$one_of": ["Paris", "Paname"]}}}
    expect.set_value(json.dumps({"calls": [call]}))
    app.click("keep_proposal")
    assert "Proposal 2 of 6, two at once" in page(app)
    app.click("leave_proposal")

    [kept] = app.session_state["session.my_cases"]
    assert kept["prompt"] == "What is the weather in Paris?"
    assert kept["expect"] == {"calls": [call]}
    assert "Proposal 3 of 6, missing value" in page(app)
    fake.next(*[calls(arguments='{"location": "Paris"}')] * 2)
    app.click("start_evaluation")
    assert "2 of 2" in tables(app)


def test_the_cases_are_exported_for_promptfoo_and_as_a_workflow_that_asks_them(
    evaluate, fake, downloads, set_up, tmp_path, monkeypatch
):
    fake.next(calls(), calls())
    app = evaluate(MODEL).click("start_evaluation")

    app.open("export_evaluation")

    made = downloads("export_evaluation:promptfoo")
    assert cases.read(made)[0]["prompt"] == PARIS[0]["prompt"]
    assert CANARY not in made

    workflow = yaml.safe_load(downloads("export_evaluation:workflow"))
    steps = workflow["jobs"]["evaluate"]["steps"]
    [asking] = [step for step in steps if step.get("name") == "Ask each case"]
    assert asking["env"] == {"CLARIFAI_PAT": "${{ secrets.CLARIFAI_PAT }}"}
    (folder := tmp_path / asking["working-directory"]).mkdir()
    (tmp_path / "cases.json").write_text(downloads("export_evaluation:cases"), "utf-8")
    monkeypatch.chdir(folder)
    set_up(CLARIFAI_API_BASE=fake.base, CLARIFAI_PAT=CANARY)
    fake.next(calls(), calls())
    python, option, module, *arguments = shlex.split(asking["run"])
    assert (python, option, module) == ("python", "-m", "clarifai_chat")

    result = CliRunner().invoke(commands.app, arguments)

    assert result.exit_code == 0, result.output
    assert "--at-least 20" in asking["run"]  # 2 of 2: 34 % at the lower end, less 10
    assert 'tests="2"' in (tmp_path / "report.xml").read_text("utf-8")
    assert len(fake.chats) == 4
