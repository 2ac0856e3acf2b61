"""What a person does and sees when tools come from elsewhere, or go there."""

import json

from clarifai_chat.playground import run_file, runs
from tests.canary import CANARY
from tests.conftest import MODEL
from tests.fake_clarifai import calls, says, status
from tests.pages import page
from tests.test_tool_playground_page import (
    PAGE,
    answer,
    kept_runs,
    run,
    text_in_editor,
    tool,
    type_tools,
    with_prompt,
    with_settings,
)


def mcp_tool(name, **parts):
    schema = {"type": "object", "properties": {"bed": {"type": "string"}}, "required": ["bed"]}
    return {"name": name, "description": f"Waters {name}.", "inputSchema": schema, **parts}


MCP = {"tools": [mcp_tool("roses", annotations={"readOnlyHint": True}), mcp_tool("ferns")]}
API = {
    "openapi": "3.1.0",
    "paths": {
        "/beds": {"get": {"operationId": "list_beds"}},
        "/beds/{id}": {
            "delete": {
                "operationId": "delete_bed",
                "parameters": [{"name": "id", "in": "path", "schema": {"type": "integer"}}],
            }
        },
    },
}


def names_in_editor(app):
    return [each["function"]["name"] for each in json.loads(text_in_editor(app))]


def paste(app, text):
    app.click("import_tools")
    app.text_area(key="paste_tools").set_value(text).run()
    return app


def test_a_pasted_list_is_previewed_used_and_undone(open_app, fake):
    fake.next(calls("roses", '{"bed": "B4"}'))
    app = open_app(PAGE, pat=CANARY, **with_prompt("Water B4", run_settings=with_settings()))

    paste(app, json.dumps(MCP))

    assert "This is 2 tools in MCP's form." in page(app)
    assert "Each of the 2 tools: inputSchema became parameters" in page(app).replace("`", "")
    assert "not carried over: annotations" in page(app).replace("`", "")
    assert json.loads(text_in_editor(app)) == [tool()]  # nothing has changed yet
    app.click("use_import")
    assert names_in_editor(app) == ["roses", "ferns"]
    assert app.text_area(key="run_prompt").value == "Water B4"
    assert not app.has("use_import")
    run(app)
    assert fake.chats[0].body["tools"][0]["function"]["parameters"]["required"] == ["bed"]
    assert "called roses: valid" in page(app)
    app.click("undo_tools")
    assert json.loads(text_in_editor(app)) == [tool()]


def test_tools_of_another_form_in_the_editor_are_named_and_converted(open_app):
    app = open_app(PAGE, **with_prompt())

    type_tools(app, json.dumps(MCP))

    assert "This is 2 tools in MCP's form. It is not sent like this." in page(app)
    assert "no errors" not in page(app)
    assert app.button(key="run").disabled
    app.click("convert_tools").click("use_import")
    assert names_in_editor(app) == ["roses", "ferns"]
    assert not app.button(key="run").disabled
    assert "2 tools · no errors" in page(app)


def test_an_mcp_configuration_in_the_editor_is_said_to_name_servers(open_app):
    app = open_app(PAGE, **with_prompt())

    type_tools(app, '{"mcpServers": {"garden": {"command": "uvx"}}}')

    assert "This is an MCP configuration: it names" in page(app)
    assert not app.has("convert_tools")


def test_operations_of_an_api_are_chosen(open_app):
    app = paste(open_app(PAGE, **with_prompt()), json.dumps(API))
    assert "an API with 2 operations, in OpenAPI 3.1.0" in page(app)

    app.multiselect(key="choose_operations").set_value(["DELETE /beds/{id}"]).run()
    app.click("use_import")

    assert names_in_editor(app) == ["delete_bed"]


def test_a_file_takes_the_same_door_as_a_paste(open_app):
    app = open_app(PAGE, **with_prompt("My prompt")).click("import_tools")
    text = f"// the garden's tools\n[{json.dumps(tool('water'))},]"

    upload = ("tools.txt", text.encode("utf-16"), "text/plain")
    app.main.file_uploader(key="open_tools").set_value(upload).run()
    app.click("use_import")

    assert names_in_editor(app) == ["water"]
    assert app.text_area(key="run_prompt").value == "My prompt"


def test_a_text_without_tools_stays_in_the_box_with_the_reason(open_app):
    app = paste(open_app(PAGE, **with_prompt()), "Hello")

    assert "No tools were found in this text." in page(app)
    assert app.text_area(key="paste_tools").value == "Hello"
    app.switch_page("pages/models.py").run()
    app.switch_page(PAGE).run()
    assert app.text_area(key="paste_tools").value == "Hello"  # not lost on another page
    app.click("leave_import")
    assert not app.has("paste_tools")
    assert "No tools were found" not in page(app)


def test_a_preview_of_nothing_asks_for_a_text(open_app):
    app = open_app(PAGE, **with_prompt()).click("import_tools").click("preview_import")

    assert "There is no text to read." in page(app)


def test_a_saved_run_opens_with_its_calls_and_answers(open_app, fake):
    fake.next(calls(), says("It rains."))
    app = open_app(PAGE, pat=CANARY, **with_prompt(run_settings=with_settings(temperature=0.5)))
    run(app)
    answer(app, call_1="rain")
    (saved,) = kept_runs(app)
    assert len(runs.steps(saved)) == 2

    other = paste(open_app(PAGE), run_file.as_json(saved))
    assert "This is a saved run: 1 tool, 2 replies." in page(other)
    other.click("use_import")

    assert names_in_editor(other) == ["get_weather"]
    assert other.text_area(key="run_prompt").value == saved["turn"]["prompt"]
    assert other.number_input(key="run_temperature").value == 0.5
    assert "It rains." in page(other)
    assert "Reply 1" in page(other)
    (opened,) = kept_runs(other)
    assert [step.message for step in runs.steps(opened)] == [
        step.message for step in runs.steps(saved)
    ]
    assert runs.steps(opened)[0].answers == runs.steps(saved)[0].answers
    assert runs.steps(opened)[0].judged == runs.steps(saved)[0].judged


def test_tools_are_exported_in_another_form_with_what_is_lost(open_app):
    app = open_app(PAGE, **with_prompt("Hi", tool(strict=True))).open("toolset")

    app.selectbox(key="export_as").set_value("mcp").run()

    shown = next(each.value for each in app.main.code if "inputSchema" in each.value)
    assert json.loads(shown)["tools"][0]["name"] == "get_weather"
    assert "get_weather: strict is lost." in page(app).replace("`", "")
    assert app.has("save_export")


def test_tools_that_are_switched_off_are_not_exported(open_app):
    app = open_app(PAGE, **with_prompt("Hi", tool(), tool("get_time")), tools_off=["get_time"])

    app.open("toolset")

    assert not any("get_time" in each.value for each in app.main.code if "function" in each.value)


# --- Written by a model ---------------------------------------------------------------------------

SPARE = [{"type": "function", "function": {"name": "find_table", "parameters": {
    "type": "object", "properties": {"day": {"type": "string"}}}}}]  # fmt: skip


def described(open_app, words="Find a free table by day."):
    app = open_app(PAGE, pat=CANARY, chosen=MODEL)
    app.click("import_tools")
    app.text_area(key="describe_tools").set_value(words).run()
    return app


def test_tools_written_by_a_model_are_judged_before_they_are_used(open_app, fake):
    whole = json.loads(json.dumps(SPARE))
    whole[0]["function"] |= {"description": "Finds a free table in the restaurant on a day."}
    whole[0]["function"]["parameters"] |= {
        "properties": {"day": {"type": "string", "description": "The day, as 2026-11-03."}},
        "required": ["day"],
        "additionalProperties": False,
    }
    fake.next(says(f"Here they are:\n\n```json\n{json.dumps(SPARE)}\n```\n"))
    fake.next(says(json.dumps(whole)))
    app = described(open_app)
    before = text_in_editor(app)

    app.click("write_tools").run()

    assert "This is one tool in OpenAI's form." in page(app)
    assert "Found in them: 1 warning and 2 hints." in page(app)
    assert json.loads(app.code[0].value) == SPARE
    assert "has no description" in page(app)
    assert text_in_editor(app) == before
    app.click("write_again").run()
    asked = [chat.body["messages"][-1]["content"] for chat in fake.chats]
    assert ["Find a free table by day." in each for each in asked] == [True, True]
    assert ["has no description" in each for each in asked] == [False, True]
    assert "Nothing to improve was found" in page(app)
    app.click("use_import")
    assert names_in_editor(app) == ["find_table"]
    app.click("undo_tools")
    assert text_in_editor(app) == before


def test_what_a_model_writes_instead_of_tools_is_shown_and_not_lost(open_app, fake):
    fake.next(says("I would rather not."), status(429, 11005))
    app = described(open_app).click("write_tools").run()

    assert app.text_area(key="paste_tools").value == "I would rather not."
    assert app.main.error
    app.click("write_tools").run()
    assert app.text_area(key="describe_tools").value == "Find a free table by day."


def test_nothing_is_asked_without_a_description_or_with_the_token_in_it(open_app, fake):
    app = described(open_app, " ").click("write_tools")
    assert "There is no description yet" in page(app)

    app.text_area(key="describe_tools").set_value(f"Call it with {CANARY}").run()
    app.click("write_tools")

    assert "Your access token is in the description" in page(app)
    assert fake.chats == []
