"""Try a call by hand, and the list of many tools: what a person does and sees."""

import json

from clarifai_chat.tools.lint.check import check
from components.playground.tool_list import ROWS
from tests.canary import CANARY
from tests.fake_clarifai import calls, says
from tests.pages import page
from tests.test_tool_playground_page import (
    PAGE,
    arguments,
    code,
    draft,
    kept_runs,
    tool,
    turn_id,
    with_prompt,
)


def trial(open_app, *tools, **session):
    app = open_app(PAGE, **with_prompt("Hi", *tools), **session)
    return app.open("try_call")


def typed(app):
    return json.loads(app.session_state["session.try_texts"]["get_weather"])


def test_arguments_are_typed_and_judged_without_a_model(open_app, fake):
    app = trial(open_app)
    assert "Valid: 1 argument matches the schema." in page(app)

    app.text_input(key="try:location").set_value("Rome").run()
    app.main.pills(key="try_given:").set_value(["location", "days"]).run()
    app.text_input(key="try:days").set_value("many").run()

    assert typed(app) == {"location": "Rome", "days": "many"}
    assert arguments(app)["location"] == ('"Rome"', "string")
    assert 'expected integer, got the string "many"' in arguments(app)["days"][1].replace("\\", "")
    app.text_input(key="try:days").set_value("3").run()
    assert "Valid: 2 arguments match the schema." in page(app)
    app.main.pills(key="try_given:").set_value(["days"]).run()
    assert arguments(app)["location"][0] == ":gray[nothing]"
    assert "location is missing" in page(app)
    assert fake.journal == []


def test_a_pasted_call_is_judged_as_it_is_and_becomes_a_form(open_app):
    app = trial(open_app, tool(), tool("read_sky"))
    app.main.segmented_control(key="try_view").set_value("JSON").run()

    call = {"name": "read_sky", "arguments": json.dumps({"location": "Rome", "moon": True})}
    app.text_area(key="try_text").set_value(json.dumps(call)).run()

    assert "`read_sky` :red-badge[invalid]" in page(app)
    assert "moon is invented" in page(app)
    app.main.segmented_control(key="try_view").set_value("Form").run()
    assert app.selectbox(key="try_tool").value == "read_sky"
    assert app.text_input(key="try:location").value == "Rome"
    assert app.text_area(key="try:moon").value == "true"
    app.text_area(key="try:moon").set_value("tru").run()
    assert "This must be JSON" in page(app)
    assert app.text_area(key="try:moon").value == "tru"


def test_text_that_is_no_json_is_judged_and_kept(open_app):
    app = trial(open_app)
    app.main.segmented_control(key="try_view").set_value("JSON").run()

    app.text_area(key="try_text").set_value('{"location": ').run()
    assert "The arguments are cut off." in page(app)
    app.main.segmented_control(key="try_view").set_value("Form").run()

    assert "change them as JSON" in page(app)
    app.main.segmented_control(key="try_view").set_value("JSON").run()
    assert app.text_area(key="try_text").value == '{"location": '


def test_objects_lists_references_and_branches_are_typed(open_app):
    place = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    odd = tool()
    odd["function"]["parameters"] = {
        "type": "object",
        "$defs": {"place": place},
        "properties": {
            "stops": {"type": "array", "items": {"$ref": "#/$defs/place"}},
            "unit": {"anyOf": [{"enum": ["C", "F"]}, {"type": "null"}]},
        },
        "required": ["stops", "unit"],
    }
    app = trial(open_app, odd)

    app.click("try_add:stops")
    app.text_input(key="try:stops/0/city").set_value("Rome").run()
    app.selectbox(key="try:unit").set_value('"F"').run()
    assert typed(app) == {"stops": [{"city": "Rome"}], "unit": "F"}
    app.selectbox(key="try_branch:unit").set_value(1).run()
    app.click("try_remove:stops/0")

    assert typed(app) == {"stops": [], "unit": None}
    assert "Valid: 2 arguments match the schema." in page(app)


def test_a_built_in_runs_the_call(open_app):
    calculator = tool("calculate")
    calculator["function"]["parameters"] = {
        "type": "object",
        "properties": {"expression": {"type": "string"}},
        "required": ["expression"],
    }
    app = trial(open_app, calculator)

    app.text_input(key="try:expression").set_value("6 * 7").run()
    app.click("try_run:0")
    assert '"result": 42' in code(app)

    app.text_input(key="try:expression").set_value("6 * 8").run()
    assert '"result": 42' not in code(app)


# --- Many tools -----------------------------------------------------------------------------------

MANY = [tool(f"tool_{n}", description=f"Do thing number {n} of a long list.") for n in range(212)]


def many(open_app):
    return open_app(PAGE, **with_prompt() | {"tools": draft(*MANY)})


def elements(app, since):
    return sum(message.HasField("delta") for message in app.sent[since:])


def test_a_switch_among_many_tools_redraws_a_few_lines_and_checks_nothing(open_app):
    app = many(open_app)
    assert f"{ROWS} of 212 shown, 212 switched on" in page(app)
    checks, before = check.cache_info().misses, len(app.sent)

    app.checkbox(key="send:3:tool_3").uncheck().run()

    assert f"{ROWS} of 212 shown, 211 switched on" in page(app)
    assert check.cache_info().misses == checks
    assert elements(app, before) < 3 * ROWS + 120  # the rest of the page; 212 lines would be 636


def test_a_filter_shows_fewer_tools_and_sends_as_many(open_app):
    app = many(open_app)

    app.text_input(key="tool_filter").set_value("TOOL_21 thing").run()
    shown = [box.key for box in app.checkbox if (box.key or "").startswith("send:")]

    assert shown == ["send:21:tool_21", "send:210:tool_210", "send:211:tool_211"]
    assert "3 of 212 shown, 212 switched on" in page(app)
    app.click("no_tools")
    assert "3 of 212 shown, 209 switched on" in page(app)
    assert not app.checkbox(key="send:21:tool_21").value
    app.text_input(key="tool_filter").set_value("").run()
    app.click("no_tools")
    assert "0 switched on" in page(app)
    app.click("all_tools").click("more_tools")
    assert f"{2 * ROWS} of 212 shown, 212 switched on" in page(app)


def test_an_answer_is_typed_into_a_form_made_from_a_schema(open_app, fake):
    sky = {"anyOf": [{"enum": ["sun", "rain"]}, {"$ref": "#/$defs/cloud"}]}
    schema = {
        "type": "object",
        "$defs": {"cloud": {"type": "object", "properties": {"oktas": {"type": "integer"}}}},
        "properties": {"sky": sky, "days": {"type": "array", "items": {"type": "number"}}},
        "required": ["sky"],
    }
    fake.next(calls("get_weather", '{"location": "Rome"}'), says("Rain."))
    app = open_app(PAGE, pat=CANARY, **with_prompt("Hi")).click("run")
    place = f"{turn_id(app)}:0:call_1"
    app.text_area(key=f"answer_schema:{place}").set_value("[").run()
    assert "A schema is a JSON object" in page(app)
    app.text_area(key=f"answer_schema:{place}").set_value(json.dumps(schema)).run()
    app.main.segmented_control(key=f"answer_view:{place}").set_value("Form").run()

    app.selectbox(key=f"answer_part:{place}:sky").set_value('"rain"').run()
    app.main.pills(key=f"answer_part:{place}_given:").set_value(["sky", "days"]).run()
    app.click(f"answer_part:{place}_add:days")
    app.text_input(key=f"answer_part:{place}:days/0").set_value("2.50").run()
    assert "Valid: the answer matches the schema." in page(app)
    app.selectbox(key=f"answer_part:{place}_branch:sky").set_value(1).run()
    app.main.pills(key=f"answer_part:{place}_given:sky").set_value(["oktas"]).run()
    app.text_input(key=f"answer_part:{place}:sky/oktas").set_value("many").run()
    assert "Invalid: " in page(app)
    app.text_input(key=f"answer_part:{place}:sky/oktas").set_value("8").run()
    app.main.segmented_control(key=f"answer_view:{place}").set_value("Text").run()
    text = app.text_area(key=f"answer:{place}").value
    assert json.loads(text) == {"sky": {"oktas": 8}, "days": [2.5]}
    assert "2.50" in text
    app.click(f"send_answers:{turn_id(app)}")

    assert fake.chats[1].body["messages"][-1]["content"] == text


def test_an_answer_without_a_schema_is_a_form_like_the_last_one(open_app, fake):
    fake.next(calls("get_weather", '{"location": "Rome"}'))
    last = {"results": {"get_weather": '{"sky": "sun"}'}, "answer_form": True}
    app = open_app(PAGE, pat=CANARY, **with_prompt("Hi", **last)).click("run")
    place = f"{turn_id(app)}:0:call_1"

    app.text_input(key=f"answer_part:{place}:sky").set_value("rain").run()
    assert kept_runs(app)[0]["drafts"]["call_1"] == '{"sky": "rain"}'
    app.main.segmented_control(key=f"answer_view:{place}").set_value("Text").run()
    app.text_area(key=f"answer:{place}").set_value("It rains.").run()
    app.main.segmented_control(key=f"answer_view:{place}").set_value("Form").run()
    assert "not JSON that a form can show" in page(app)
    assert kept_runs(app)[0]["drafts"]["call_1"] == "It rains."
