"""Mocks of tools on the page Tools: typed, tried, kept with the set, used by Evaluate."""

import json

from clarifai_chat.catalog import DEMO
from clarifai_chat.cli import evaluating, tool_runs
from clarifai_chat.playground import run_file, saved_run
from clarifai_chat.playground.runs import MOCKED, default_settings
from components.state.evaluate_slots import new_plan
from tests.canary import CANARY
from tests.conftest import MODEL
from tests.fake_clarifai import calls, says
from tests.pages import page
from tests.patience import until
from tests.test_chat_list_page import ada, come_as, kept
from tests.test_evaluate_page import PARIS, forget_experiments
from tests.test_kept_playground_page import slots
from tests.test_tool_playground_page import kept_runs, run, with_prompt

__all__ = ["ada", "come_as", "forget_experiments", "kept"]  # fixtures
PAGE = "pages/tool_playground.py"
CALL = calls(arguments='{"location": "Paris"}')


def with_mock(open_app, kind, **fields):
    """Open the playground, let a mock answer the calls, and type what it gives."""
    app = open_app(PAGE, pat=CANARY, **with_prompt())
    app.main.segmented_control(key="answers").set_value("automatic").run()
    app.selectbox(key="answerer:get_weather").set_value(MOCKED).run()
    app.selectbox(key="mock:kind:get_weather").set_value(kind).run()
    for field, value in fields.items():
        box = app.number_input if isinstance(value, int | float) else app.text_area
        box(key=f"mock:{field}:get_weather").set_value(value).run()
    return app


def results(fake):
    return [m["content"] for m in fake.chats[-1].body["messages"] if m["role"] == "tool"]


def test_a_mock_answers_with_the_arguments_of_the_call(open_app, fake):
    app = with_mock(open_app, "fixed", answer="18 degrees in {{location}}")
    fake.next(CALL, says("It is 18."))

    run(app)

    assert results(fake) == ["18 degrees in Paris"]
    assert "Answered by a mock:" in page(app)


def test_mocks_go_with_an_exported_set_and_come_back_with_it(open_app, fake, downloads, tmp_path):
    app = with_mock(open_app, "table", rows='{"location": "Paris"} => 18')
    app.open("toolset")
    file = downloads("save_tools")
    (mock,) = json.loads(file)["mocks"].values()
    assert mock["rows"] == [{"when": {"location": "Paris"}, "answer": "18"}]

    again = open_app(PAGE, pat=CANARY)
    again.session_state["session.answerers"] = again.session_state["session.mocks"] = {}
    again.click("import_tools")
    again.text_area(key="paste_tools").set_value(file).run()
    assert "Mocks answer the calls of get_weather." in page(again)
    again.click("use_import")
    fake.next(CALL, says("18."))
    run(again)
    assert results(fake) == ["18"]

    again.click("undo_tools")
    assert MOCKED not in again.session_state["session.answerers"].values()
    (tmp_path / "set.json").write_text(file, "utf-8")
    found = tool_runs.opened(tmp_path / "set.json")
    made = tool_runs.new_run(found, DEMO, "Weather?")
    assert (made["answerers"]["get_weather"], [*made["mocks"]]) == (MOCKED, ["get_weather"])
    assert evaluating._tool_set(tmp_path / "set.json")["mocks"] == {"get_weather": mock}


def test_a_table_that_is_not_read_says_why_and_the_reader_answers(open_app, fake):
    app = with_mock(open_app, "table", rows="Paris: 18")
    assert "Line 1 of the table is not read" in page(app)
    fake.next(CALL)
    run(app)
    assert "calls wait for you" in page(app)

    app.text_area(key="mock:rows:get_weather").set_value('{"location": "Paris"} => 18').run()

    assert "is not read" not in page(app)
    fake.next(CALL, says("18."))
    run(app)
    assert results(fake) == ["18"]


def test_what_a_first_call_gets_is_shown_before_anything_is_asked(open_app, fake):
    app = with_mock(open_app, "error", answer="No station in {{location}}")

    assert any("No station in Paris" in code.value for code in app.code)
    assert not app.has("mock:seed:get_weather")
    app.number_input(key="mock:percent:get_weather").set_value(50).run()
    assert app.has("mock:seed:get_weather")
    assert not fake.chats


def test_an_answer_typed_by_hand_is_replayed_by_a_mock(open_app, fake):
    app = with_mock(open_app, "fixed", answer="once")
    fake.next(CALL, says("Done."))
    run(app)
    app.text_area(key="mock:answer:get_weather").set_value("changed").run()

    app.click("mock_replay:get_weather")

    assert app.text_area(key="mock:answer:get_weather").value == "once"


def test_a_mock_is_kept_with_the_set_and_in_the_file_of_a_run(open_app, fake, kept, ada):
    app = with_mock(open_app, "injection", answer="Sunny.")
    fake.next(CALL, says("Sunny."))
    run(app)
    until(lambda: "mocks" in (slots(kept, ada) or {}))

    again = open_app(PAGE, pat=CANARY)

    assert again.selectbox(key="mock:kind:get_weather").value == "injection"
    assert again.text_area(key="mock:answer:get_weather").value == "Sunny."
    saved = json.loads(run_file.as_json(kept_runs(app)[0]))
    assert saved_run.run_in(saved, default_settings())["mocks"] == {
        "get_weather": {"kind": "injection", "answer": "Sunny."}
    }


def test_the_mocks_of_the_playground_answer_in_an_evaluation(open_app, fake):
    app = with_mock(open_app, "error", answer="Down")
    case = {**PARIS[0], "steps": 2, "expect": {**PARIS[0]["expect"], "says": ["down"]}}
    app.session_state["session.my_cases"] = [case]
    plan = {"cases": "mine", "models": [MODEL], "at_once": 1, "repeats": 1, "tools": "playground"}
    app.session_state["session.plan"] = {**new_plan(), **plan}
    app.switch_page("pages/evaluate.py").run()
    fake.next(CALL, says("The station is down."))

    app.click("start_evaluation")

    assert results(fake) == ['{"error": "Down"}']
    assert "1 of 1" in "\n".join(node.proto.body for node in app.get("html"))
