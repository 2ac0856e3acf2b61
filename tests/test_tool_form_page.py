"""The form of a tool on the page: what a person who writes no JSON does and sees."""

import json

from clarifai_chat.tools.templates import text_of
from tests.canary import CANARY
from tests.fake_clarifai import says
from tests.pages import page
from tests.test_tool_playground_page import (
    BY_ID,
    PAGE,
    draft,
    run,
    sent,
    text_in_editor,
    tool,
    type_tools,
    with_prompt,
)

ROOT = "0/function/parameters"
LOCATION = f"{ROOT}/properties/location"


def form(open_app, *tools, text=None, **session):
    """Open the playground with its form."""
    app = open_app(
        PAGE, **with_prompt() | {"tools": draft(*(tools or (tool(),)), text=text)}, **session
    )
    app.main.segmented_control(key="tool_view").set_value("Form").run()
    return app


def opened(app, *places):
    for place in places:
        app.click(f"form_open:{place}")
    return app


def function(app, index=0):
    return json.loads(text_in_editor(app))[index]["function"]


def test_a_tool_is_changed_without_json_and_sent_like_that(open_app, fake):
    fake.next(says("Hello."))
    app = form(open_app, pat=CANARY)
    assert "location" in page(app)
    assert "string, required" in page(app)

    app.text_input(key="form_name:0/function").set_value("read_sky").run()
    app.text_area(key="form_description:0/function").set_value("Tell whether it is clear.").run()
    opened(app, f"{ROOT}/properties/days")
    app.text_input(key=f"form_maximum:{ROOT}/properties/days").set_value("7").run()
    app.checkbox(key=f"form_required:{ROOT}/properties/days").check().run()
    run(app, "Is it clear?")

    expected = tool("read_sky", description="Tell whether it is clear.")
    expected["function"]["parameters"]["properties"]["days"]["maximum"] = 7
    expected["function"]["parameters"]["required"] = ["location", "days"]
    assert sent(fake)["tools"] == [expected]
    assert text_in_editor(app) == json.dumps([expected], indent=2)


def test_each_change_is_undone_alone_and_the_prompt_stays(open_app):
    app = form(open_app)
    before = text_in_editor(app)
    app.text_input(key="form_name:0/function").set_value("read_sky").run()
    app.text_area(key="run_prompt").set_value("Another prompt").run()
    app.text_area(key="form_description:0/function").set_value("Look up.").run()

    app.click("undo_tools")
    assert function(app)["name"] == "read_sky"
    assert app.text_area(key="form_description:0/function").value == "Get the weather in a place."
    app.click("undo_tools")

    assert text_in_editor(app) == before
    assert app.text_input(key="form_name:0/function").value == "get_weather"
    assert app.text_area(key="run_prompt").value == "Another prompt"


def test_the_form_and_the_text_edit_the_same_tool(open_app):
    app = form(open_app)

    app.main.segmented_control(key="tool_view").set_value("JSON").run()
    type_tools(app, json.dumps([tool("read_sky")]))
    app.main.segmented_control(key="tool_view").set_value("Form").run()

    assert app.text_input(key="form_name:0/function").value == "read_sky"
    assert not app.has("tools_plain")
    app.text_input(key="form_name:0/function").set_value("read_stars").run()
    app.main.segmented_control(key="tool_view").set_value("JSON").run()
    assert app.text_area(key="tools_plain").value == json.dumps([tool("read_stars")])


def test_to_look_at_every_parameter_changes_no_byte(open_app):
    text = text_of(BY_ID["order"]).replace('"type": "string"', '"type" :  "string"')
    app = form(open_app, text=text)

    for _ in range(4):  # levels
        closed = [b for b in app.button if (b.key or "").startswith("form_open:")]
        for button in closed:
            if json.dumps(button.key) not in str(app.session_state["session.form_open"]):
                app.button(key=button.key).click()
        app.run()

    assert text_in_editor(app) == text
    assert not app.session_state["session.set_aside"]


def test_a_parameter_is_added_named_typed_limited_and_deleted(open_app):
    app = form(open_app)

    app.text_input(key=f"form_new:{ROOT}").set_value("units")
    app.button(key=f"FormSubmitter:form_add:{ROOT}-Add").click().run()
    units = f"{ROOT}/properties/units"
    app.text_area(key=f"form_description:{units}").set_value("How to write it.").run()
    app.text_area(key=f"form_enum:{units}").set_value("metric\n\nimperial").run()
    app.text_input(key=f"form_default:{units}").set_value("metric").run()
    app.text_input(key=f"form_name:{units}").set_value("system").run()

    system = {
        "type": "string",
        "description": "How to write it.",
        "enum": ["metric", "imperial"],
        "default": "metric",
    }
    properties = function(app)["parameters"]["properties"]
    assert list(properties) == ["location", "days", "system"]
    assert properties["system"] == system
    assert app.text_input(key=f"form_new:{ROOT}").value == ""
    place = f"{ROOT}/properties/system"
    assert app.text_input(key=f"form_default:{place}").value == "metric"  # it stays open

    app.click(f"form_delete:{place}")
    assert list(function(app)["parameters"]["properties"]) == ["location", "days"]
    assert not app.has(f"form_name:{place}")


def test_a_rename_and_another_change_in_one_run_are_both_made(open_app):
    app = opened(form(open_app), LOCATION)

    app.text_input(key=f"form_name:{LOCATION}").set_value("place")
    app.text_area(key=f"form_description:{LOCATION}").set_value("A town.").run()

    parameters = function(app)["parameters"]
    assert parameters["properties"]["place"] == {"type": "string", "description": "A town."}
    assert parameters["required"] == ["place"]


def test_what_cannot_be_used_is_explained_and_stays_in_its_box(open_app):
    days = f"{ROOT}/properties/days"
    app = opened(form(open_app), LOCATION, days)
    before = text_in_editor(app)

    app.text_input(key=f"form_minimum:{days}").set_value("many").run()
    app.text_input(key=f"form_name:{LOCATION}").set_value("days").run()
    app.text_input(key="form_name:0/function").set_value(" ").run()

    assert "Minimum must be a number" in page(app)
    assert 'There is already a parameter named "days".' in page(app)
    assert "A tool needs a name" in page(app)
    assert app.text_input(key=f"form_minimum:{days}").value == "many"
    app.switch_page("pages/models.py").run()
    app.switch_page(PAGE).run()
    assert app.text_input(key=f"form_minimum:{days}").value == "many"
    assert app.text_input(key=f"form_name:{LOCATION}").value == "days"
    assert text_in_editor(app) == before
    app.text_input(key=f"form_minimum:{days}").set_value("0").run()
    assert "Minimum must be a number" not in page(app)
    assert function(app)["parameters"]["properties"]["days"]["minimum"] == 0


def test_nested_objects_and_lists_are_built_and_opened(open_app):
    app = opened(form(open_app), LOCATION)

    app.selectbox(key=f"form_type:{LOCATION}").set_value("array").run()
    app.selectbox(key=f"form_items:{LOCATION}").set_value("object").run()
    items = f"{LOCATION}/items"
    opened(app, items)
    app.text_input(key=f"form_new:{items}").set_value("city")
    app.button(key=f"FormSubmitter:form_add:{items}-Add").click().run()
    app.checkbox(key=f"form_required:{items}/properties/city").check().run()
    app.checkbox(key=f"form_null:{items}/properties/city").check().run()

    city = {"type": ["string", "null"]}
    expected = {"type": "object", "properties": {"city": city}, "required": ["city"]}
    assert function(app)["parameters"]["properties"]["location"] == {
        "type": "array",
        "description": "City and country.",
        "items": expected,
    }


def test_what_the_form_cannot_show_is_named_and_left(open_app):
    odd = tool(examples=[1])
    odd["function"]["parameters"]["properties"]["days"] |= {"anyOf": [{}], "if": {}}
    app = opened(form(open_app, odd), f"{ROOT}/properties/days")

    assert "Only in JSON, and left as written: `anyOf` and `if`." in page(app)
    assert "Only in JSON, and left as written: `examples`." in page(app)
    app.text_input(key=f"form_minimum:{ROOT}/properties/days").set_value("1").run()
    days = function(app)["parameters"]["properties"]["days"]
    assert (days["anyOf"], days["if"], days["minimum"]) == ([{}], {}, 1)


def test_a_text_that_is_not_json_is_said_with_its_place_and_a_way_to_it(open_app):
    text = json.dumps([tool()], indent=2)
    app = form(open_app, text=text.replace('"function",', '"function"', 1), plain_editor=True)

    assert "The text is not JSON yet" in page(app)
    assert "Line 4, column 5" in page(app)
    app.click("form_to_json")

    assert app.main.segmented_control(key="tool_view").value == "JSON"
    assert app.has("tools_plain")


def test_a_key_that_is_there_twice_is_left_to_json(open_app):
    text = (
        json.dumps([tool()])
        .replace('"strict"', "x")
        .replace('"type": "integer"', '"type": "integer", "type": "number"')
    )
    app = form(open_app, text=text)

    assert "appears a second time" in page(app)
    assert app.has("form_to_json")
    assert not app.has("form_name:0/function")


def test_a_tool_begins_in_an_empty_form(open_app):
    app = form(open_app, text="[]")

    app.click("form_new_tool").click("form_new_tool")

    assert [each["function"]["name"] for each in json.loads(text_in_editor(app))] == [
        "new_tool",
        "new_tool_2",
    ]
    assert app.selectbox(key="form_tool").value == 1
    app.text_input(key="form_name:1/function").set_value("new_tool").run()
    assert 'Another tool is already named "new_tool".' in page(app)
    app.selectbox(key="form_tool").set_value(0).run()
    assert app.text_input(key="form_name:0/function").value == "new_tool"


def test_a_renamed_tool_that_is_switched_off_stays_off(open_app):
    app = form(open_app, tool(), tool("read_sky"), tools_off=["read_sky"])
    app.selectbox(key="form_tool").set_value(1).run()

    app.text_input(key="form_name:1/function").set_value("read_stars").run()

    assert not app.checkbox(key="send:1:read_stars").value
    assert "2 tools, 1 of them sent" in page(app)


def test_a_tool_without_parameters_gets_some(open_app):
    bare = {"name": "now", "description": "Tell the time."}
    app = form(open_app, text=json.dumps([bare]))
    assert "No parameters yet." in page(app)

    app.text_input(key="form_new:0/parameters").set_value("zone")
    app.button(key="FormSubmitter:form_add:0/parameters-Add").click().run()
    app.checkbox(key="form_strict:0").check().run()

    (now,) = json.loads(text_in_editor(app))
    assert now["parameters"]["properties"] == {"zone": {"type": "string"}}
    assert now["strict"] is True
