"""What a person does and sees on the tool playground: editing tools, runs, verdicts, failures."""

import base64
import json
import random
import threading
import zlib

import pytest

from clarifai_chat import catalog
from clarifai_chat.chat import replies
from clarifai_chat.llm.exchange import TOKEN
from clarifai_chat.llm.transport import InFlight
from clarifai_chat.playground import runs
from clarifai_chat.playground.runs import default_settings
from clarifai_chat.playground.toolset import to_json, to_parameter
from clarifai_chat.tools.templates import TEMPLATES, text_of
from components.playground import run_history
from components.reply import live
from tests import fake_clarifai
from tests.canary import CANARY, leaks_in
from tests.conftest import NOWHERE
from tests.fake_clarifai import (
    arguments_as_object,
    call_as_text,
    call_in_fragments_then_cut,
    call_without_id,
    calls,
    chunk,
    cut,
    legacy_function_call,
    malformed_arguments,
    parallel_calls,
    says,
    signed_calls,
    status,
    two_calls_on_one_index,
    wants_signature,
    words_instead_of_a_call,
)
from tests.pages import Gate, head, page, passed_by
from tests.patience import until
from tests.some_chats import PNG
from tests.test_attachments_page import pictures

PAGE = "pages/tool_playground.py"
BY_ID = {template.id: template for template in TEMPLATES}
WEATHER, CALCULATOR = BY_ID["weather"], BY_ID["calculator"]
ASKED = "/v2/ext/openai/v1/chat/completions"


def tool(name="get_weather", **parts):
    """Return a tool with a required argument and an optional number."""
    schema = {
        "type": "object",
        "properties": {
            "location": {"type": "string", "description": "City and country."},
            "days": {"type": "integer", "description": "How many days ahead, from 0 to 7."},
        },
        "required": ["location"],
        "additionalProperties": False,
    }
    function = {"name": name, "description": "Get the weather in a place.", "parameters": schema}
    return {"type": "function", "function": function | parts}


def draft(*tools, text=None):
    return {"text": json.dumps(tools, indent=2) if text is None else text, "gen": 1}


def with_prompt(prompt="What is the weather in Paris?", *tools, **session):
    """Return the session state of a playground with tools and a prompt."""
    return {"tools": draft(*(tools or (tool(),))), "run_prompt": prompt, **session}


def with_settings(**settings):
    return {**default_settings(), **settings}


def kept_runs(app):
    return app.session_state["session.runs"]


def turn_id(app, number=-1):
    return kept_runs(app)[number]["turn"]["id"]


def text_in_editor(app):
    return app.session_state["session.tools"]["text"]


def type_tools(app, text):
    """Type into the plain text box instead of the editor."""
    if not app.has("tools_plain"):
        app.toggle(key="plain_editor").set_value(True).run()
    app.text_area(key="tools_plain").set_value(text).run()
    return app


def choose_from(app, key, option):
    app.main.menu_button(key=key).click(option).run()
    return app


def run(app, prompt=None):
    if prompt is not None:
        app.text_area(key="run_prompt").set_value(prompt)
    return app.click("run")


def answer_box(app, call_id):
    """Return the answer box of one of the last run's open calls."""
    return app.text_area(key=f"answer:{place_of(app, call_id)}")


def place_of(app, call_id):
    """Return the suffix of the keys that belong to a call."""
    return f"{turn_id(app)}:{runs.place(kept_runs(app)[-1], {'id': call_id})}"


def answer(app, **by_call):
    """Type the answers of the last run's open calls, and send them."""
    for call_id, text in by_call.items():
        answer_box(app, call_id).set_value(text)
    return app.click(f"send_answers:{turn_id(app)}")


def arguments(app):
    """Return the table under a call: argument → (given, expected)."""
    rows = [row for table in app.main.table for row in table.value.to_dict("records")]
    return {row["Argument"]: (row["Given"], row["Expected"]) for row in rows}


def code(app):
    """Return all code blocks: raw arguments, answers, a diff, requests and responses."""
    return "\n".join(element.value for element in app.main.code)


def look_at(app, view, step=0):
    app.main.segmented_control(key=f"wire:{turn_id(app)}:{step}").set_value(view).run()
    return code(app)


def sent(fake, number=-1):
    return fake.chats[number].body


# --- The first run -----------------------------------------------------------------------------


def test_one_click_shows_a_valid_call_and_an_answer_brings_the_final_text(open_app, set_up, fake):
    set_up(CLARIFAI_API_BASE=NOWHERE)
    app = open_app(PAGE)
    assert text_in_editor(app) == text_of(WEATHER)
    assert "1 tool · no errors" in page(app)

    run(app)

    assert "Call `get_weather` :green-badge[valid]" in page(app)
    assert "Valid: 2 arguments match the schema." in page(app)
    assert arguments(app)["location"][0] == '"Paris"'
    answer(app)
    assert "**Reply 2: an answer in words**" in page(app)
    assert kept_runs(app)[0]["turn"]["replies"][-1]["content"] in page(app)
    assert kept_runs(app)[0]["turn"]["replies"][1]["content"] == WEATHER.results["get_weather"]
    assert fake.journal == []


def test_a_run_sends_the_tools_as_written_to_the_chosen_model(open_app, fake):
    fake.next(calls(arguments='{"location": "Paris"}'), says("It is ", "**sunny**."))
    app = open_app(PAGE, pat=CANARY, **with_prompt("Weather in Paris?"))

    answer(run(app), call_1='{"sky": "clear"}')

    first, second = (chat.body for chat in fake.chats)
    assert first["model"] == catalog.DEFAULT_URL
    assert first["tools"] == [tool()]
    assert first["messages"] == [{"role": "user", "content": "Weather in Paris?"}]
    assert second["messages"][2] == {
        "role": "tool",
        "tool_call_id": "call_1",
        "content": '{"sky": "clear"}',
    }
    assert second["tools"] == [tool()]
    assert "It is **sunny**." in page(app)
    assert "called get_weather: valid · 2 requests · 22 tokens in, 14 out" in page(app)


def test_an_empty_prompt_is_not_sent(open_app, fake):
    app = open_app(PAGE, pat=CANARY, **with_prompt())

    run(app, "  ")

    assert "Type a prompt first" in app.toast[0].value
    assert kept_runs(app) == []
    assert fake.chats == []


def test_a_picture_that_the_model_made_is_shown_under_its_run(open_app, fake):
    url = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    fake.next(fake_clarifai.deltas({"images": [{"image_url": {"url": url}}]}))
    app = run(open_app(PAGE, pat=CANARY, **with_prompt("Draw a square.")))

    assert [image.alt for image in pictures(app)] == ["Picture 1"]
    assert any("Reply 1: a picture" in each.label for each in app.main.get("status"))
    assert url in json.dumps(kept_runs(app)[-1]["exchanges"])  # and so in its export


def test_a_run_without_tools_is_a_plain_question(open_app, fake):
    fake.next(says("Hello."))
    app = type_tools(open_app(PAGE, pat=CANARY), "")

    run(app, "Hi")

    assert {"tools", "tool_choice"}.isdisjoint(sent(fake))
    assert "with no tools" in page(app)
    assert "Hello." in page(app)


# --- The text ----------------------------------------------------------------------------------


def test_what_is_typed_is_what_is_sent(open_app, fake):
    fake.next(says("Hello."))
    app = open_app(PAGE, pat=CANARY)

    type_tools(app, json.dumps([tool("read_sky")]))
    run(app, "Is it clear?")

    assert sent(fake)["tools"] == [tool("read_sky")]
    assert "Tools: read_sky." in page(app)


def test_fields_that_the_api_does_not_have_are_sent_as_typed(open_app, fake):
    fake.next(calls(arguments='{"location": "Paris"}'), says("Sunny."))
    own = {"x-owner": ["me", None, 1.5], "description": 5, "strict": None}
    odd = {**tool(**own), "cache_control": {"type": "ephemeral"}}
    nameless = {"type": "function", "function": {"parameters": {"x": []}}}
    app = open_app(PAGE, pat=CANARY, **with_prompt("Weather in Paris?", odd, nameless))

    answer(run(app), call_1="Sunny")

    assert [chat.body["tools"] for chat in fake.chats] == [[odd, nameless]] * 2


def test_typing_and_a_click_on_run_at_once_send_what_was_typed(open_app, fake):
    fake.next(says("Hello."))
    app = open_app(PAGE, pat=CANARY, plain_editor=True, **with_prompt())

    app.text_area(key="tools_plain").set_value(json.dumps([tool("read_sky")]))
    run(app, "Is it clear?")  # both are handled in one run

    assert sent(fake)["tools"] == [tool("read_sky")]
    assert sent(fake)["messages"][0]["content"] == "Is it clear?"


def test_all_slips_of_a_kind_are_fixed_at_once_and_undone_at_once(open_app):
    app = open_app(PAGE, **with_prompt())
    right = json.dumps([tool()], indent=2)
    text = right.replace('"description": "City', '"desciption": "City')
    text = text.replace('"description": "How', '"desciption": "How')

    type_tools(app, text)
    assert ":green[:material/check_circle:]" not in page(app)  # it would have no effect
    first = next(button for button in app.button if (button.key or "").startswith("fix:"))
    first.click().run()
    app.open("all_fixes")
    shown = page(app).splitlines()
    assert sum(line.startswith("-") and '"desciption"' in line for line in shown) == 1 + 2
    app.button(key="apply_fixes").click().run()

    assert app.session_state["session.tools"]["text"] == right
    app.button(key="undo_tools").click().run()
    assert app.session_state["session.tools"]["text"] == text


def test_what_other_models_refuse_is_told_apart(open_app):
    app = open_app(PAGE, **with_prompt())
    bare = {"name": "list_beds", "description": "List all beds there are.", "parameters": {}}
    bare["parameters"] = {"type": "object"}

    type_tools(app, json.dumps([{"type": "function", "function": bare}]))

    assert [each.label for each in app.expander if "other models" in each.label] == [
        "For other models: 1"
    ]


def test_broken_json_disables_run_and_says_where(open_app):
    app = open_app(PAGE, **with_prompt())
    text = json.dumps([tool()], indent=2)
    comma = text.index(",")  # at the end of line 3

    type_tools(app, text[:comma] + text[comma + 1 :])

    assert app.button(key="run").disabled
    assert "the marked line" in app.button(key="run").help
    assert "Line 4, column 5" in page(app)
    assert "1 error" in page(app)
    type_tools(app, text)
    assert not app.button(key="run").disabled
    assert "no errors" in page(app)


def test_an_error_in_one_tool_does_not_prevent_a_run(open_app, fake):
    fake.next(says("Hello."))
    app = open_app(PAGE, pat=CANARY, **with_prompt("Hi", tool("get weather!")))
    assert "1 error" in page(app)

    run(app)

    assert sent(fake)["tools"] == [tool("get weather!")]


def test_nothing_typed_is_lost_by_a_change_of_page(open_app):
    app = open_app(PAGE)
    type_tools(app, '[{"half": ')
    app.text_area(key="run_prompt").set_value("A prompt").run()
    app.text_area(key="run_system").set_value("A system prompt").run()
    app.selectbox(key="tool_choice").set_value("required").run()
    app.number_input(key="run_temperature").set_value(0.2).run()
    app.main.segmented_control(key="run_strict").set_value("on").run()

    app.switch_page("pages/models.py").run()
    app.switch_page(PAGE).run()

    assert app.toggle(key="plain_editor").value
    assert app.text_area(key="tools_plain").value == '[{"half": '
    assert app.text_area(key="run_prompt").value == "A prompt"
    assert app.text_area(key="run_system").value == "A system prompt"
    assert app.selectbox(key="tool_choice").value == "required"
    assert app.number_input(key="run_temperature").value == 0.2
    assert app.main.segmented_control(key="run_strict").value == "on"


def test_a_half_typed_answer_is_not_lost_by_a_change_of_page(open_app, fake):
    fake.next(calls(), says("Done."))
    app = run(open_app(PAGE, pat=CANARY, **with_prompt()))
    answer_box(app, "call_1").set_value('{"sky": "half a th').run()

    app.switch_page("pages/models.py").run()
    app.switch_page(PAGE).run()

    assert answer_box(app, "call_1").value == '{"sky": "half a th'
    answer(app)
    assert sent(fake)["messages"][-1]["content"] == '{"sky": "half a th'


def test_both_editors_show_the_same_text(open_app):
    app = open_app(PAGE)
    type_tools(app, json.dumps([tool("read_sky")]))

    app.toggle(key="plain_editor").set_value(False).run()

    assert not app.has("tools_plain")
    editor = next(node for node in app.main if getattr(node, "key", None) == "tools")
    assert "read_sky" in editor.proto.json
    assert app.has("send:0:read_sky")


def test_format_formats_the_text_and_undo_restores_it(open_app):
    written = json.dumps([tool()])
    app = open_app(PAGE, **with_prompt() | {"tools": draft(text=written)})

    app.click("format_tools")
    assert text_in_editor(app) == json.dumps([tool()], indent=2)

    app.click("undo_tools")
    assert text_in_editor(app) == written
    assert app.button(key="undo_tools").disabled


# --- Findings ----------------------------------------------------------------------------------


def test_a_fix_is_shown_before_it_is_applied_and_can_be_undone(open_app):
    app = open_app(PAGE, **with_prompt("Hi", tool("get weather!")))
    before = text_in_editor(app)
    assert "**Line 5**" in page(app)

    app.click("fix:0")

    assert text_in_editor(app) == before
    shown = [line for line in page(app).splitlines() if line[:1] in "+-" and line[1:2] == " "]
    assert shown == ['-      "name": "get weather!",', '+      "name": "get_weather",']
    app.click("apply_fix")
    assert text_in_editor(app) == before.replace("get weather!", "get_weather")
    assert not app.has("apply_fix")
    assert not app.has("fix:0")
    app.click("undo_tools")
    assert text_in_editor(app) == before


def test_a_fix_can_be_cancelled(open_app):
    app = open_app(PAGE, **with_prompt("Hi", tool("get weather!")))
    before = text_in_editor(app)

    app.click("fix:0").click("leave_fix")

    assert not app.has("apply_fix")
    assert app.has("fix:0")
    assert text_in_editor(app) == before


def test_a_fix_changes_nothing_if_the_text_has_changed(open_app):
    app = open_app(PAGE, plain_editor=True, **with_prompt("Hi", tool("get weather!")))
    app.click("fix:0")
    typed = "\n\n" + text_in_editor(app)

    app.text_area(key="tools_plain").set_value(typed)
    app.click("apply_fix")

    assert text_in_editor(app) == typed


def test_broken_json_has_a_fix_too(open_app):
    text = json.dumps([tool()], indent=2)
    app = open_app(PAGE, tools=draft(text=text.replace('"location"\n', '"location",\n')))
    assert app.button(key="run").disabled

    app.click("fix:0").click("apply_fix")

    assert json.loads(text_in_editor(app)) == [tool()]
    assert not app.button(key="run").disabled


def below_the_head(app):
    """What the page says below the model and the access."""
    return page(app).partition("Tool playground\nStart from")[2]


# --- Tools in and out --------------------------------------------------------------------------


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.id)
def test_each_template_runs_on_the_demo_and_its_calls_are_valid(open_app, template):
    app = choose_from(open_app(PAGE), "template", template.title)
    assert text_in_editor(app) == text_of(template)
    assert app.text_area(key="run_prompt").value == template.prompt
    assert app.text_area(key="run_system").value == template.system

    run(app)

    below = below_the_head(app)
    assert below.count(":green-badge[valid]") == len(template.tools)
    assert below.count("-badge[") == len(template.tools)
    assert app.has(f"send_answers:{turn_id(app)}")


def test_a_template_replaces_everything_and_undo_restores_it(open_app):
    app = open_app(
        PAGE,
        **with_prompt("My prompt"),
        run_settings=with_settings(system="My system prompt", temperature=0.5),
    )

    choose_from(app, "template", CALCULATOR.title)
    assert app.text_area(key="run_prompt").value == CALCULATOR.prompt
    assert app.number_input(key="run_temperature").value is None

    app.click("undo_tools")
    assert json.loads(text_in_editor(app)) == [tool()]
    assert app.text_area(key="run_prompt").value == "My prompt"
    assert app.text_area(key="run_system").value == "My system prompt"
    assert app.number_input(key="run_temperature").value == 0.5


def test_adding_a_template_keeps_the_other_tools(open_app):
    app = open_app(PAGE, **with_prompt("My prompt"))

    choose_from(app, "add_tool", CALCULATOR.title)

    assert json.loads(text_in_editor(app)) == [tool(), *CALCULATOR.tools]
    assert app.text_area(key="run_prompt").value == "My prompt"
    assert "2 tools" in page(app)
    app.click("undo_tools")
    assert json.loads(text_in_editor(app)) == [tool()]


def test_a_tool_that_is_switched_off_is_not_sent(open_app, fake):
    fake.next(says("One."), says("Two."))
    app = open_app(PAGE, pat=CANARY, **with_prompt("Hi", tool(), tool("read_sky")))

    app.checkbox(key="send:0:get_weather").uncheck().run()
    assert "2 tools, 1 of them sent" in page(app)
    run(app)
    assert [each["function"]["name"] for each in sent(fake)["tools"]] == ["read_sky"]

    app.checkbox(key="send:0:get_weather").check().run()
    run(app)
    assert [each["function"]["name"] for each in sent(fake)["tools"]] == ["get_weather", "read_sky"]


def test_a_tool_is_duplicated_and_deleted_and_both_are_undone(open_app):
    app = open_app(PAGE, **with_prompt())
    before = text_in_editor(app)

    choose_from(app, "tool:0:get_weather", "Duplicate")
    names = [each["function"]["name"] for each in json.loads(text_in_editor(app))]
    assert names[0] == "get_weather"
    assert len(set(names)) == 2

    choose_from(app, "tool:0:get_weather", "Delete")
    assert [each["function"]["name"] for each in json.loads(text_in_editor(app))] == names[1:]

    app.click("undo_tools").click("undo_tools")
    assert text_in_editor(app) == before


# --- Settings ----------------------------------------------------------------------------------


def test_unset_settings_are_not_sent(open_app, fake):
    fake.next(says("Hello."))

    run(open_app(PAGE, pat=CANARY, **with_prompt()))

    assert sent(fake).keys() == {
        "model",
        "messages",
        "tools",
        "tool_choice",
        "stream",
        "stream_options",
    }
    assert sent(fake)["tool_choice"] == "auto"


@pytest.mark.parametrize("choice", ["auto", "required", "none"])
def test_tool_choice_is_sent_as_chosen(open_app, fake, choice):
    fake.next(says("Hello."))
    app = open_app(PAGE, pat=CANARY, **with_prompt())

    app.selectbox(key="tool_choice").set_value(choice).run()
    run(app)

    assert sent(fake)["tool_choice"] == choice


def test_a_named_tool_is_sent_as_an_object(open_app, fake):
    fake.next(says("Hello."))
    app = open_app(PAGE, pat=CANARY, **with_prompt("Hi", tool(), tool("read_sky")))

    app.selectbox(key="tool_choice").set_value("read_sky").run()
    run(app)

    assert sent(fake)["tool_choice"] == {"type": "function", "function": {"name": "read_sky"}}


@pytest.mark.parametrize(("word", "value"), [("on", True), ("off", False)])
def test_parallel_and_strict_are_sent_once_they_are_set(open_app, fake, word, value):
    fake.next(says("Hello."))
    app = open_app(PAGE, pat=CANARY, **with_prompt())

    app.main.segmented_control(key="run_parallel").set_value(word).run()
    app.main.segmented_control(key="run_strict").set_value(word).run()
    run(app)

    assert sent(fake)["parallel_tool_calls"] is value
    assert sent(fake)["tools"][0]["function"]["strict"] is value
    assert json.loads(text_in_editor(app)) == [tool()]  # the text stays as it was written


def test_what_goes_back_with_results_is_chosen_and_shown(open_app, fake):
    fake.next(signed_calls(), wants_signature(says("It rains.")))
    app = open_app(PAGE, pat=CANARY, **with_prompt())
    choice = app.selectbox(key="run_sent_back")
    assert "Automatic for this model: thoughts (gpt-oss)." in page(app)

    choice.set_value("signatures").run()
    answer(run(app), call_1="{}")
    look_at(app, "Request", step=1)

    assert "It rains." in page(app)
    assert "Sent back from earlier replies: 1 thought signature and tool names" in page(app)
    assert "sent back: thought signatures and tool names" in page(app)


def test_numbers_and_the_system_prompt_are_sent_once_they_are_set(open_app, fake):
    fake.next(says("Hello."), says("Hello."))
    app = open_app(PAGE, pat=CANARY, **with_prompt())

    app.number_input(key="run_temperature").set_value(0.3).run()
    app.number_input(key="run_max_tokens").set_value(50).run()
    app.text_area(key="run_system").set_value("Be brief.").run()
    run(app)

    assert sent(fake)["temperature"] == 0.3
    assert sent(fake).get("max_completion_tokens", sent(fake).get("max_tokens")) == 50
    assert sent(fake)["messages"][0] == {"role": "system", "content": "Be brief."}
    assert "temperature 0.3, at most 50 tokens" in page(app)

    app.number_input(key="run_temperature").set_value(None).run()
    run(app)
    assert "temperature" not in sent(fake)


def test_streaming_can_be_switched_off(open_app, fake):
    fake.next(calls(), says("It is sunny."))
    app = open_app(PAGE, pat=CANARY, **with_prompt())

    app.toggle(key="run_stream").set_value(False).run()
    answer(run(app), call_1="{}")

    assert [bool(chat.body.get("stream")) for chat in fake.chats] == [False, False]
    assert "called get_weather: valid" in page(app)
    assert "It is sunny." in page(app)
    assert "not streaming" in page(app)


def test_a_caution_about_the_model_is_shown_before_the_run(open_app):
    unknown = "https://clarifai.com/ada/mine/models/my-own-model"
    app = open_app(
        PAGE,
        chosen=unknown,
        **with_prompt(),
        run_settings=with_settings(parallel=False, tool_choice="gone"),
    )

    assert "It is not known whether" in page(app)
    assert "Clarifai does not document parallel tool calls on or off" in page(app)
    assert "Tool choice names gone, which is not among the tools that are sent." in page(app)
    assert not app.button(key="run").disabled


# --- Verdicts ----------------------------------------------------------------------------------


def asked_once(open_app, fake, *behaviours, tools=(), **settings):
    fake.next(*behaviours)
    session = with_prompt("What is the weather?", *tools)
    return run(open_app(PAGE, pat=CANARY, **session, run_settings=with_settings(**settings)))


def test_malformed_arguments_are_shown_raw_and_never_repaired(open_app, fake):
    app = asked_once(open_app, fake, malformed_arguments())

    assert ":red-badge[not JSON]" in page(app)
    assert '{"location": "Paris",' in code(app).splitlines()
    assert not app.main.table
    assert "called get_weather: not JSON" in page(app)


def test_a_call_of_an_unknown_tool_is_labelled_so(open_app, fake):
    app = asked_once(open_app, fake, calls("get_wether"))

    assert "Call `get_wether` :red-badge[unknown tool]" in page(app)
    assert "There is no tool get_wether. Perhaps get_weather was meant." in page(app)


def test_each_argument_has_its_own_verdict(open_app, fake):
    app = asked_once(open_app, fake, calls(arguments='{"days": "3", "mood": "cheerful"}'))

    rows = arguments(app)
    assert ":red-badge[invalid]" in page(app)
    assert rows["location"] == (":gray[nothing]", "**missing**; expected string")
    assert rows["days"][0] == '"3"'
    assert "expected integer" in rows["days"][1]
    assert "invented" in rows["mood"][1]
    assert "Invalid: " in page(app)


def test_a_text_answer_is_noted_if_a_call_was_required(open_app, fake):
    app = asked_once(open_app, fake, words_instead_of_a_call(), tool_choice="required")

    assert "A call was required, but the model answered without one." in page(app)
    assert "no call" in page(app)
    assert not app.has(f"send_answers:{turn_id(app)}")


def test_two_calls_are_noted_if_parallel_calls_are_off(open_app, fake):
    app = asked_once(open_app, fake, parallel_calls(), parallel=False)

    assert "Parallel calls were switched off, but 2 calls arrived." in page(app)
    assert "2 calls: 2 valid" in page(app)


def test_a_call_written_as_text_is_labelled_and_not_counted_as_native(open_app, fake):
    app = asked_once(open_app, fake, call_as_text())

    assert ":green-badge[valid (recovered from text)]" in page(app)
    assert "is not a native call" in page(app)
    assert "called get_weather: valid (recovered from text)" in page(app)
    assert "called get_weather: valid ·" not in page(app)


def test_two_calls_with_the_same_index_are_split_with_a_note(open_app, fake):
    app = asked_once(open_app, fake, two_calls_on_one_index())

    assert page(app).count(":green-badge[valid]") == 2
    assert "merged with another call on one index" in page(app)
    assert '{"location": "Paris"}' in code(app)
    assert '{"location": "Tokyo"}' in code(app)


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (call_without_id(), "It arrived without an id; one was made up for it."),
        (arguments_as_object(), "Its arguments arrived as an object; the API requires a string."),
        (legacy_function_call(), "It arrived in the API's older form, function_call."),
        (calls(finish="stop"), "The reply ended with stop; with calls in it"),
    ],
    ids=["no id", "an object", "function_call", "finish reason stop"],
)
def test_a_deviation_from_the_api_is_noted_and_the_call_is_still_judged(
    open_app, fake, behaviour, said
):
    app = asked_once(open_app, fake, behaviour)

    assert said in page(app)
    assert ":green-badge[valid]" in page(app)
    assert app.has(f"send_answers:{turn_id(app)}")


# --- Answers -----------------------------------------------------------------------------------


def test_each_call_is_answered_under_its_own_id(open_app, fake):
    app = asked_once(open_app, fake, parallel_calls(), says("Sun here, rain there."))
    assert "Send the 2 answers" in page(app)

    answer(app, call_1='{"sky": "clear"}', call_2='{"sky": "rain"}')

    told = [
        (m["tool_call_id"], m["content"]) for m in sent(fake)["messages"] if m["role"] == "tool"
    ]
    assert told == [("call_1", '{"sky": "clear"}'), ("call_2", '{"sky": "rain"}')]
    assert "Sun here, rain there." in page(app)


def test_built_ins_answer_every_call_up_to_the_final_text(open_app, fake):
    wanted = calls("calculate", '{"expression": "15 / 100 * 249 + 12"}')
    app = asked_once(
        open_app, fake, wanted, says("It is 49.35."), tools=CALCULATOR.tools, answers="automatic"
    )

    assert len(fake.chats) == 2
    assert "49.35" in sent(fake)["messages"][-1]["content"]
    assert "Answered by the built-in calculator:" in page(app)
    assert "It is 49.35." in page(app)
    assert not app.has(f"send_answers:{turn_id(app)}")


def test_automatic_answers_stop_at_the_request_limit(open_app, fake):
    wanted = [calls("calculate", '{"expression": "1 + 1"}', id=f"call_{n}") for n in range(5)]
    app = asked_once(
        open_app, fake, *wanted, tools=CALCULATOR.tools, answers="automatic", max_steps=3
    )

    assert len(fake.chats) == 3
    assert "The limit of requests is reached" in page(app)
    fake.clear()
    fake.next(says("It is 2."))
    answer(app)
    assert len(fake.chats) == 1
    assert "It is 2." in page(app)


def test_calls_that_no_built_in_answers_wait_for_a_person(open_app, fake):
    app = asked_once(open_app, fake, calls(), answers="automatic")

    assert len(fake.chats) == 1
    assert "No automatic answer for get_weather" in page(app)
    assert "Not every call has a built-in that answers it, so the calls wait for you." in page(app)


def test_a_call_that_is_not_approved_is_answered_with_a_refusal(open_app, fake):
    wanted = parallel_calls(
        ("calculate", '{"expression": "6 * 7"}'), ("calculate", '{"expression": "1 + 1"}')
    )
    app = asked_once(open_app, fake, wanted, says("42."), tools=CALCULATOR.tools, answers="approve")
    assert len(fake.chats) == 1  # nothing is sent before approval
    assert "42" in answer_box(app, "call_1").value

    app.checkbox(key=f"approve:{place_of(app, 'call_2')}").uncheck()
    answer(app)

    first, second = (m["content"] for m in sent(fake)["messages"] if m["role"] == "tool")
    assert "42" in first
    assert json.loads(second) == {"error": "The user did not approve this call."}
    assert page(app).count("Answered by the built-in calculator:") == 1


def test_who_answers_can_be_chosen_for_each_tool(open_app, fake):
    fake.next(calls(), says("Noon."))
    app = open_app(PAGE, pat=CANARY, **with_prompt())
    app.main.segmented_control(key="answers").set_value("automatic").run()

    app.selectbox(key="answerer:get_weather").set_value("time").run()
    run(app)

    assert len(fake.chats) == 2
    assert [*kept_runs(app)[0]["answered_by"].values()] == ["time"]


def test_an_answer_is_remembered_for_the_next_run(open_app, fake):
    fake.next(calls(), says("One."), calls(id="call_2"))
    app = open_app(PAGE, pat=CANARY, **with_prompt())
    answer(run(app), call_1='{"sky": "my own"}')

    run(app)

    assert answer_box(app, "call_2").value == '{"sky": "my own"}'


# --- While it runs -----------------------------------------------------------------------------


class HalfACall:
    """A call that pauses in the middle of its arguments until it is released."""

    def __init__(self):
        self._opened = threading.Event()

    def open(self):
        self._opened.set()

    def __call__(self, handler, body):
        handler.open_stream("fake-half")
        opening = {"name": "get_weather", "arguments": '{"location": "Pa'}
        call = {"index": 0, "id": "call_1", "type": "function", "function": opening}
        handler.send_event(chunk(body, {"tool_calls": [call]}))
        handler.wait_for(self._opened)
        rest = {"index": 0, "function": {"arguments": 'ris"}'}}
        handler.send_event(chunk(body, {"tool_calls": [rest]}, "tool_calls"))
        handler.send_event("[DONE]")
        handler.close_stream()


def until_half(app):
    """Wait until half a call has arrived, draw the page, and return the run."""
    (run_now,) = kept_runs(app)
    until(lambda: [r for r in run_now["turn"]["replies"] if r.get("tool_calls")])
    app.run()
    return run_now


def test_arguments_are_shown_while_they_are_still_incomplete(open_app, fake, at_a_glance):
    gate = HalfACall()
    fake.next(gate)
    app = run(open_app(PAGE, pat=CANARY, **with_prompt()))

    now = until_half(app)

    assert "Calling `get_weather`" in page(app)
    assert '{"location": "Pa' in code(app)
    assert "-badge[" not in below_the_head(app)  # no verdict before the call is complete
    assert app.has("stop")
    assert not app.has("run")
    gate.open()
    until(lambda: replies.get(now["turn"]) is None)
    app.run()
    assert ":green-badge[valid]" in page(app)
    assert app.has("run")


def test_stop_during_a_call_keeps_what_arrived_and_a_new_run_works(open_app, fake, at_a_glance):
    fake.next(HalfACall(), says("Now it is whole."))
    app = run(open_app(PAGE, pat=CANARY, **with_prompt()))
    now = until_half(app)

    app.click("stop")
    until(lambda: replies.get(now["turn"]) is None)
    app.run()

    assert fake.was_left()
    assert "Stopped. The text up to here is kept." in page(app)
    assert "finish reason" not in page(app)  # no server said one
    assert '{"location": "Pa' in code(app)
    run(app)
    until(lambda: replies.get(kept_runs(app)[1]["turn"]) is None)
    app.run()
    assert "Now it is whole." in page(app)
    assert len(fake.chats) == 2


def test_a_second_click_on_run_sends_nothing_twice(open_app, fake, at_a_glance):
    gate = HalfACall()
    fake.next(gate, says("Asked again."))
    app = open_app(PAGE, pat=CANARY, **with_prompt())
    button = app.button(key="run")
    run(app)
    until_half(app)

    button.click().run()  # from a page that did not show Stop yet

    assert len(kept_runs(app)) == 1
    assert len(fake.chats) == 1
    gate.open()


def test_the_tools_can_be_edited_during_a_run(open_app, fake, at_a_glance):
    gate = HalfACall()
    fake.next(gate)
    app = run(open_app(PAGE, pat=CANARY, **with_prompt(), plain_editor=True))
    now = until_half(app)

    type_tools(app, json.dumps([tool("another")]))
    app.text_area(key="run_prompt").set_value("Another prompt").run()
    gate.open()
    until(lambda: replies.get(now["turn"]) is None)
    app.run()

    assert "called get_weather: valid" in page(app)  # judged against the tools that were sent
    assert app.text_area(key="tools_plain").value == json.dumps([tool("another")])
    assert app.text_area(key="run_prompt").value == "Another prompt"


def test_a_run_continues_while_another_page_is_open(open_app, fake, at_a_glance):
    gate = HalfACall()
    fake.next(gate)
    app = run(open_app(PAGE, pat=CANARY, **with_prompt()))
    now = until_half(app)

    app.switch_page("pages/models.py").run()
    gate.open()
    until(lambda: replies.get(now["turn"]) is None)
    app.switch_page(PAGE).run()

    assert ":green-badge[valid]" in page(app)
    assert app.has(f"send_answers:{turn_id(app)}")


# --- Failures ----------------------------------------------------------------------------------


def test_a_refused_token_is_reported_and_nothing_is_lost(open_app, fake):
    app = asked_once(open_app, fake, status(401, 11008))

    assert "Clarifai does not accept this access token." in app.main.error[0].value.replace(
        "\\", ""
    )
    assert json.loads(text_in_editor(app)) == [tool()]
    assert app.text_area(key="run_prompt").value == "What is the weather?"
    fake.next(calls())
    run(app)
    assert ":green-badge[valid]" in page(app)


def test_a_rate_limit_is_retried_and_both_attempts_are_kept(open_app, fake, monkeypatch):
    class SeenInFlight(InFlight):
        """Waits before its next attempt until the page has announced it."""

        def __init__(self):
            super().__init__()
            is_said = lambda: any("Trying again in" in text for text in passed_by(app))  # noqa: E731
            self.ended.wait = lambda seconds: until(is_said)

    monkeypatch.setattr(replies, "InFlight", SeenInFlight)
    fake.next(status(429, 11005), calls())
    app = open_app(PAGE, pat=CANARY, **with_prompt())

    run(app)

    assert ":green-badge[valid]" in page(app)
    assert "2 requests" in page(app)
    shown = look_at(app, "Response")
    assert "Attempt 1 of 2" in page(app)
    assert "HTTP 429" in page(app)
    assert "11005" in shown


def test_a_stream_that_is_cut_during_a_call_keeps_what_arrived(open_app, fake):
    app = asked_once(open_app, fake, call_in_fragments_then_cut())

    assert "The connection was lost in the middle of the answer." in app.main.error[
        0
    ].value.replace("\\", "")
    assert '{"location": "Par' in code(app)
    assert ":green-badge[valid]" not in page(app)
    assert json.loads(text_in_editor(app)) == [tool()]


def test_a_failure_after_an_answer_keeps_the_call_and_the_answer(open_app, fake):
    app = asked_once(open_app, fake, calls(), cut("It is "))

    answer(app, call_1='{"sky": "clear"}')

    assert "The connection was lost in the middle of the answer." in app.main.error[
        0
    ].value.replace("\\", "")
    assert "It is" in page(app)
    assert ":green-badge[valid]" in page(app)
    assert '{"sky": "clear"}' in code(app)


def test_a_failed_request_can_be_retried_with_what_has_arrived(open_app, fake):
    app = asked_once(open_app, fake, calls(), cut("It is "), says("clear."))
    answer(app, call_1='{"sky": "clear"}')

    app.click(f"go_on:{turn_id(app)}")

    assert [message["role"] for message in fake.chats[-1].body["messages"]] == [
        "user",
        "assistant",
        "tool",
        "assistant",
        "user",
    ]
    assert "It is clear." in page(app)
    assert not app.has(f"go_on:{turn_id(app)}")


def test_half_a_call_needs_no_answer_and_its_run_can_continue(open_app, fake):
    app = asked_once(open_app, fake, call_in_fragments_then_cut(), says("Rain."))
    assert not app.has(f"send_answers:{turn_id(app)}")

    app.click(f"go_on:{turn_id(app)}")

    assert [message["role"] for message in fake.chats[-1].body["messages"]] == ["user"]
    assert "Rain." in page(app)


# --- The last runs -----------------------------------------------------------------------------


def two_runs(open_app, fake):
    fake.next(calls(), says("I would rather talk."))
    app = open_app(PAGE, pat=CANARY, **with_prompt())
    run(app, "First")
    return run(app, "Second")


def test_an_earlier_run_can_be_opened(open_app, fake):
    app = two_runs(open_app, fake)
    assert "I would rather talk." in page(app)
    assert ":green-badge[valid]" not in page(app)

    app.selectbox(key="opened_run").set_value(turn_id(app, 0)).run()

    assert ":green-badge[valid]" in page(app)
    assert "I would rather talk." not in page(app)
    labels = app.selectbox(key="opened_run").options
    assert [label.split(" · ")[:2] for label in labels] == [
        ["2", "no call"],
        ["1", "called get_weather: valid"],
    ]


def test_two_runs_are_compared_with_differences_first(open_app, fake):
    app = two_runs(open_app, fake)

    app.selectbox(key="compared_run").set_value(turn_id(app, 0)).run()

    rows = app.main.table[0].value.to_dict("records")
    compared = {row["What"].strip("*"): (row["Run shown"], row["Compared with"]) for row in rows}
    assert compared["Prompt"] == ("Second", "First")
    assert compared["Outcome"] == ("no call", r"called get\_weather\: valid")
    assert compared["Tools"][1] == ":gray[the same]"
    same = [row["Compared with"] == ":gray[the same]" for row in rows]
    assert same == sorted(same)


def outcomes(app):
    """Return each run's outcome in the list of runs, newest first."""
    return [label.split(" · ")[1] for label in app.selectbox(key="opened_run").options]


def test_a_run_that_ends_while_the_page_is_drawn_is_listed_with_its_outcome(
    open_app, fake, monkeypatch
):
    gate, show = Gate(), run_history.show
    fake.next(says("One."), gate)
    app = run(open_app(PAGE, pat=CANARY, **with_prompt()), "First")

    def show_and_let_it_end():
        shown = show()
        gate.open()
        until(lambda: not replies.running())
        return shown

    monkeypatch.setattr(run_history, "show", show_and_let_it_end)
    run(app, "Second")

    assert outcomes(app) == ["no call", "no call"]
    assert app.has("run")
    assert "Half an answer." in page(app)
    assert "Half an answer." in page(app.run())


def test_a_run_in_progress_is_listed_with_its_outcome_while_another_is_shown(
    open_app, fake, monkeypatch
):
    gate = Gate()
    fake.next(says("One."), gate)
    app = run(open_app(PAGE, pat=CANARY, **with_prompt()), "First")
    with monkeypatch.context() as at_a_glance:
        at_a_glance.setattr(live, "watch", lambda *_, **__: None)
        run(app, "Second")
    before = len(app.sent)

    def open_the_gate_once_it_is_listed():
        until(lambda: any("2 · running" in str(message) for message in app.sent[before:]))
        gate.open()

    threading.Thread(target=open_the_gate_once_it_is_listed, daemon=True).start()
    app.selectbox(key="opened_run").set_value(turn_id(app, 0)).run()

    assert outcomes(app) == ["no call", "no call"]
    assert "One." in page(app)
    assert "Half an answer." not in page(app)


@pytest.mark.usefixtures("at_a_glance")
def test_a_run_stays_open_when_its_outcome_changes(open_app, fake):
    gate = Gate()
    fake.next(cut("Half an "), says("Two."), gate)
    app = run(open_app(PAGE, pat=CANARY, **with_prompt()), "First")
    until(lambda: not replies.running())
    run(app.run(), "Second")
    until(lambda: not replies.running())
    first = turn_id(app, 0)
    app.run().selectbox(key="opened_run").set_value(first).run()

    app.click(f"go_on:{first}")
    assert outcomes(app) == ["no call", "running"]
    gate.open()
    until(lambda: not replies.running())
    app.run()

    assert outcomes(app) == ["no call", "no call"]
    assert app.selectbox(key="opened_run").value == first
    assert "Half an Half an answer." in page(app)


def test_the_last_twenty_runs_are_kept(open_app, fake):
    fake.next(*(says(f"Answer {n}.") for n in range(22)))
    app = open_app(PAGE, pat=CANARY, **with_prompt())

    for number in range(22):
        run(app, f"Prompt {number}")

    prompts = [kept["turn"]["prompt"] for kept in kept_runs(app)]
    assert prompts == [f"Prompt {number}" for number in range(2, 22)]
    assert len(app.selectbox(key="opened_run").options) == 20
    assert "Answer 21." in page(app)


def test_a_run_can_be_seen_as_a_diagram(open_app, fake):
    app = asked_once(open_app, fake, calls(), says("It is sunny."))
    answer(app, call_1='{"sky": "clear"}')

    app.toggle(key=f"diagram:{turn_id(app)}").set_value(True).run()

    assert "sequenceDiagram" in page(app)
    assert "participant T0 as get_weather" in page(app)
    assert "Model-->>You: It is sunny." in page(app)


# --- Over the wire -----------------------------------------------------------------------------


def test_the_wire_views_show_what_was_sent_except_the_token(open_app, fake):
    app = asked_once(open_app, fake, calls())

    request = look_at(app, "Request")
    assert f"{ASKED}`, exactly as sent" in page(app)
    assert f"Bearer {TOKEN}" in request
    shown = next(e.value for e in app.main.code if '"messages"' in e.value)
    assert json.loads(shown) == sent(fake)

    response = look_at(app, "Response")
    assert "HTTP 200" in page(app)
    assert "A stream of" in page(app)
    assert '"tool_calls"' in response

    stream = look_at(app, "Stream")
    assert stream.count("tool_calls") > 3  # each fragment, and the finish reason
    assert " s  [DONE]" in stream


def test_an_answer_without_streaming_is_shown_whole(open_app, fake):
    app = asked_once(open_app, fake, calls(), stream=False)

    shown = look_at(app, "Response")
    assert '"object": "chat.completion"' in shown
    look_at(app, "Stream")
    assert "The answer was not a stream." in page(app)


def test_the_token_is_not_shown_even_if_the_server_repeats_it(open_app, fake):
    app = asked_once(open_app, fake, fake_clarifai.echo_token(), fake_clarifai.echo_token(200))
    for view in ("Request", "Response", "Stream"):
        look_at(app, view)
    run(app)
    for view in ("Request", "Response", "Stream"):
        look_at(app, view)
    app.open("toolset")

    assert len(fake.chats) == 2
    assert not leaks_in(page(app))
    assert not leaks_in(json.dumps(kept_runs(app)))
    assert not leaks_in(
        "".join(message.SerializeToString().decode("latin-1") for message in app.sent)
    )
    assert not leaks_in(str(dict(app.query_params)))


# --- Links and files ---------------------------------------------------------------------------


def a_set(**parts):
    return {
        "tools": text_of(CALCULATOR),
        "prompt": "What is 6 * 7?",
        "model": "",
        "settings": default_settings(),
    } | parts


def packed(value):
    """Return any JSON, encoded as in a URL."""
    data = zlib.compress(json.dumps(value).encode())
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_a_link_fills_in_and_never_sends(open_app, fake):
    kimi = "https://clarifai.com/moonshotai/chat-completion/models/Kimi-K2_6"
    linked = a_set(model=kimi, settings=with_settings(temperature=0.4, answers="automatic"))

    app = open_app(PAGE, pat=CANARY, query={"tools": to_parameter(linked)})

    assert json.loads(text_in_editor(app)) == list(CALCULATOR.tools)
    assert app.text_area(key="run_prompt").value == "What is 6 * 7?"
    assert app.number_input(key="run_temperature").value == 0.4
    assert "Kimi K2.6" in head(app)
    assert kept_runs(app) == []
    assert fake.chats == []
    type_tools(app, "[]")
    assert text_in_editor(app) == "[]"  # taken once, not again with each run


@pytest.mark.parametrize("bad", ["%%%", "abc", "a" * 5000, packed([1])[:-6]])
def test_a_link_that_cannot_be_read_says_so(open_app, bad):
    app = open_app(PAGE, query={"tools": bad})

    assert "The tools in this page's address" in app.toast[0].value
    assert text_in_editor(app) == text_of(WEATHER)


def test_a_link_sets_no_token_and_no_server(open_app, fake):
    fake.next(says("Hello."))
    settings = {"pat": "f" * 32, "api_base": "http://127.0.0.1:9", "api_key": "f" * 32}
    evil = {**a_set(), **settings, "settings": {**settings, "extra_headers": {"X": "1"}}}

    app = open_app(PAGE, pat=CANARY, query={"tools": packed(evil)})
    run(app)

    (chat,) = fake.chats
    assert chat.headers["authorization"] == f"Bearer {CANARY}"
    assert "x" not in chat.headers
    assert "f" * 32 not in json.dumps(chat.body)
    assert app.session_state["session.run_settings"] == default_settings()


def test_the_link_and_the_file_restore_the_set(open_app):
    app = open_app(
        PAGE, **with_prompt("My prompt"), run_settings=with_settings(tool_choice="required")
    )

    app.open("toolset")

    link = next(e.value for e in app.main.code if "?tools=" in e.value)
    assert app.has("save_tools")
    other = open_app(PAGE, query={"tools": link.split("?tools=")[1]})
    assert text_in_editor(other) == text_in_editor(app)
    assert other.text_area(key="run_prompt").value == "My prompt"
    assert other.selectbox(key="tool_choice").value == "required"


def test_a_file_is_imported_and_undo_restores_the_tools_before(open_app):
    app = open_app(PAGE, **with_prompt("My prompt")).click("import_tools")

    upload = ("tools.json", to_json(a_set()).encode(), "application/json")
    app.main.file_uploader(key="open_tools").set_value(upload).run()
    app.click("use_import")

    assert json.loads(text_in_editor(app)) == list(CALCULATOR.tools)
    assert app.text_area(key="run_prompt").value == "What is 6 * 7?"
    app.click("undo_tools")
    assert json.loads(text_in_editor(app)) == [tool()]
    assert app.text_area(key="run_prompt").value == "My prompt"


def test_a_file_without_tools_is_refused_and_changes_nothing(open_app):
    app = open_app(PAGE, **with_prompt("My prompt")).click("import_tools")

    upload = ("tools.json", b"hello", "application/json")
    app.main.file_uploader(key="open_tools").set_value(upload).run()

    assert "No tools were found in this text." in page(app)
    assert json.loads(text_in_editor(app)) == [tool()]


@pytest.mark.parametrize("where", ["prompt", "system", "tools"])
def test_a_set_that_contains_the_visitors_token_is_not_exported(open_app, fake, where):
    own = "abcdefabcdefabcdefabcdefabcdef01"  # not the canary: what is typed is on the page
    session = with_prompt(own if where == "prompt" else "Hi", tool(description=own))
    if where != "tools":
        session["tools"] = draft(tool())
    session["run_settings"] = with_settings(system=own if where == "system" else "")

    app = open_app(PAGE, pat=own, **session).open("toolset")

    assert "The tools or a prompt contain your access token. Remove it" in page(app)
    assert not app.has("save_tools")
    assert "?tools=" not in code(app)


def test_a_set_that_is_too_large_for_a_link_is_offered_as_a_file(open_app):
    noise = random.Random(1)  # noqa: S311 - text that does not compress
    many = [tool(f"tool_{n}", description=noise.randbytes(60).hex()) for n in range(60)]

    app = open_app(PAGE, **with_prompt("Hi", *many)).open("toolset")

    assert "too many tools for a link" in page(app)
    assert "?tools=" not in code(app)
    assert app.has("save_tools")
