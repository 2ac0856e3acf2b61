"""A request of the playground beyond its prompt: messages, variables, formats, parameters."""

import json

from clarifai_chat.history import content_memory
from clarifai_chat.playground import run_file
from tests.canary import CANARY
from tests.conftest import MODEL
from tests.fake_clarifai import says
from tests.pages import page
from tests.some_chats import PNG
from tests.test_tool_playground_page import PAGE, kept_runs, run, with_prompt, with_settings

CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "get_weather", "arguments": '{"location": "Rome"}'},
}
EARLIER = [
    {"role": "user", "content": "And in Rome?", "name": "ada"},
    {"role": "assistant", "content": None, "tool_calls": [CALL], "reasoning_content": "Hm."},
    {"role": "tool", "tool_call_id": "call_1", "content": "31 °C"},
    {"role": "assistant", "content": "Hot."},
]
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
    "additionalProperties": False,
}


def body(fake, number=-1):
    return json.loads(fake.chats[number].raw)


def open_form(open_app, **session):
    """Open the playground with plain boxes, where AppTest can type."""
    return open_app(PAGE, pat=CANARY, **{"plain_editor": True, **with_prompt(), **session})


def type_into(app, name, value):
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
    app.text_area(key=f"text_plain:{name}").set_value(text).run()
    return app


def test_earlier_messages_are_sent_exactly_as_typed(open_app, fake):
    app = open_form(open_app, run_settings=with_settings(system="Be kind."))
    app.open("run_messages")

    type_into(app, "messages", EARLIER)
    run(app)

    asked = {"role": "user", "content": "What is the weather in Paris?"}
    system = {"role": "system", "content": "Be kind."}
    assert body(fake)["messages"] == [system, *EARLIER, asked]
    assert "4 messages before the prompt" in page(app)


def test_a_mistake_in_an_earlier_message_is_named_at_its_line_and_can_be_sent(open_app, fake):
    app = open_form(open_app)
    app.open("run_messages")

    type_into(app, "messages", '[\n {"role": "tool", "tool_call_id": "x", "content": "31"}\n]')

    assert "**Line 2** This result follows no call. OpenAI's API refuses" in page(app)
    run(app)
    assert body(fake)["messages"][0]["tool_call_id"] == "x"


def test_messages_that_are_not_json_are_kept_and_not_sent(open_app, fake):
    app = open_form(open_app)
    app.open("run_messages")

    type_into(app, "messages", '[\n {"role": "user",}\n]')
    run(app)

    assert not fake.chats
    assert "Earlier messages: Line 2" in page(app)
    assert app.text_area(key="text_plain:messages").value == '[\n {"role": "user",}\n]'
    app.click("fix_text:messages:0")
    assert "Earlier messages: Line 2" not in page(app)


def test_a_question_and_an_answer_can_be_added_and_removed(open_app, fake):
    app = open_form(open_app)
    app.open("run_messages")

    app.click("add_pair")
    app.click("add_pair")
    assert "4 messages before the prompt" in page(app)
    app.click("remove_pair")
    run(app)

    roles = [message["role"] for message in body(fake)["messages"]]
    assert roles == ["user", "assistant", "user"]


def test_a_variable_without_a_value_is_not_sent_literally_by_accident(open_app, fake):
    app = open_form(open_app, run_prompt="Weather in {{city}}?")

    run(app)
    assert not fake.chats
    assert "{{city}} has no value" in page(app)

    app.text_input(key="variable:city").set_value("Paris")
    run(app)
    assert body(fake)["messages"] == [{"role": "user", "content": "Weather in Paris?"}]

    app.text_input(key="variable:city").set_value("").run()
    app.click("literal:city")
    run(app)
    assert body(fake)["messages"][0]["content"] == "Weather in {{city}}?"


def test_a_saved_run_opens_with_its_template_and_values(open_app, fake):
    app = open_form(
        open_app,
        run_prompt="Weather in {{city}}?",
        run_settings=with_settings(variables={"city": "Paris"}, messages=[EARLIER[0]]),
    )
    run(app)
    saved = run_file.as_json(kept_runs(app)[0])
    assert "Weather in Paris?" in page(app)

    other = open_form(open_app)
    other.click("import_tools")
    other.text_area(key="paste_tools").set_value(saved).run()
    other.click("use_import")

    assert other.text_area(key="run_prompt").value == "Weather in {{city}}?"
    assert other.text_input(key="variable:city").value == "Paris"
    run(other)
    assert body(fake, 1) == body(fake, 0)


def test_a_schema_is_checked_sent_and_judges_the_answer(open_app, fake):
    fake.next(says('{"city": "Paris", "days": "3"}'))
    app = open_form(open_app)
    app.open("run_more")
    app.selectbox(key="param:format").set_value("json_schema").run()
    app.segmented_control(key="param:schema_strict").set_value("on").run()

    type_into(app, "schema", {**SCHEMA, "required": ["city"]})
    assert 'every property must be in required; "days" is not' in page(app)
    app.click("fix_text:schema:0")
    assert "every property must be" not in page(app)
    run(app)

    sent = body(fake)["response_format"]
    assert sent == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
    }
    assert "days: expected integer" in page(app)
    assert "answer: invalid" in page(app)


def test_another_format_keeps_the_schema_that_was_typed(open_app, fake):
    app = open_form(open_app)
    app.open("run_more")
    app.selectbox(key="param:format").set_value("json_schema").run()
    type_into(app, "schema", SCHEMA)

    app.selectbox(key="param:format").set_value("json_object").run()
    app.selectbox(key="param:format").set_value("json_schema").run()

    assert json.loads(app.text_area(key="text_plain:schema").value) == SCHEMA


def test_every_parameter_has_a_place_and_an_empty_one_is_not_sent(open_app, fake):
    app = open_form(open_app)
    app.open("run_more")
    numbers = {
        "top_p": 0.5,
        "seed": 7,
        "presence_penalty": 1.0,
        "frequency_penalty": -1.0,
        "max_tokens": 9,
    }
    for name, value in numbers.items():
        app.number_input(key=f"param:{name}").set_value(value)
    app.selectbox(key="param:effort").set_value("low")
    app.text_area(key="param:stop").set_value("END\n\\n")
    type_into(app, "extra", {"top_k": 4, "logit_bias": {"1": -100}})
    run(app)

    sent = body(fake)
    assert {name: sent[name] for name in numbers} == numbers
    assert (sent["stop"], sent["reasoning_effort"]) == (["END", "\n"], "low")
    assert (sent["top_k"], sent["logit_bias"]) == (4, {"1": -100})

    app.number_input(key="param:seed").set_value(None)
    app.selectbox(key="param:effort").set_value("Not sent")
    app.text_area(key="param:stop").set_value("")
    type_into(app, "extra", "")
    run(app)
    assert {"seed", "stop", "reasoning_effort", "top_k", "logit_bias"}.isdisjoint(body(fake))


def test_a_parameter_typed_as_json_shows_in_its_field_which_then_wins(open_app, fake):
    app = open_form(open_app)
    app.open("run_more")
    type_into(app, "extra", {"seed": 5, "temperature": 7})
    assert app.number_input(key="param:seed").value == 5

    app.number_input(key="param:seed").set_value(6).run()
    run(app)

    assert body(fake)["seed"] == 6
    assert body(fake)["temperature"] == 7
    assert json.loads(app.text_area(key="text_plain:extra").value) == {"temperature": 7}


def test_what_the_form_sets_elsewhere_is_refused_as_json(open_app, fake):
    app = open_form(open_app)
    app.open("run_more")

    type_into(app, "extra", {"model": MODEL})
    run(app)

    assert not fake.chats
    assert "model is set elsewhere on this page" in page(app)


def test_undo_restores_broken_text_and_parameters(open_app):
    app = open_form(open_app, run_settings=with_settings(extra={"seed": 3}))
    app.open("run_messages")
    type_into(app, "messages", "[{")

    app.click("drop_pasted")
    app.open("run_messages")
    assert app.text_area(key="text_plain:messages").value == ""
    app.click("undo_tools")

    app.open("run_messages")
    assert app.text_area(key="text_plain:messages").value == "[{"
    assert "Also sent: seed 3" in page(app)


def test_get_code_refuses_what_run_refuses(open_app):
    app = open_form(open_app, run_prompt="In {{city}}?")

    app.click("run_code")

    assert "has no value" in app.toast[0].value
    assert app.session_state["session.code"] is None


def test_a_tool_is_not_needed(open_app, fake):
    app = open_form(open_app, tools={"text": "", "gen": 1})
    app.open("run_messages")
    type_into(app, "messages", [EARLIER[0], EARLIER[1], EARLIER[2]])
    app.text_area(key="run_prompt").set_value("")

    run(app)

    assert [m["role"] for m in body(fake)["messages"]] == ["user", "assistant", "tool"]


# --- Files ----------------------------------------------------------------------------------------


def attach(app, name, data, mime=""):
    app.open("run_files_box")
    number = app.session_state["session.run_uploads"]
    app.main.file_uploader(key=f"run_upload:{number}").upload(name, data, mime).run()
    return app


def test_files_go_with_the_prompt_as_in_the_chat(open_app, fake):
    app = open_form(open_app, run_prompt="What is {{it}}?")
    attach(app, "map.png", PNG, "image/png")
    attach(app, "notes.txt", b"Rain.", "text/plain")
    app.text_input(key="variable:it").set_value("this").run()

    run(app)

    text, picture = body(fake)["messages"][-1]["content"]
    assert "Rain." in text["text"]
    assert text["text"].endswith("What is this?")
    assert picture["image_url"]["url"].startswith("data:image/")
    assert "map.png" in page(app)


def test_a_rejected_file_gets_the_chats_sentence_and_others_can_be_removed(open_app, fake):
    app = open_form(open_app)
    attach(app, "film.mp4", b"\0\0\0\x18ftypmp42", "video/mp4")
    assert "film.mp4" in page(app)
    assert not app.session_state["session.run_files"]

    attach(app, "notes.txt", b"Rain.", "text/plain")
    (file,) = app.session_state["session.run_files"]
    app.click(f"drop_run_file:{file['id']}")
    run(app)

    assert body(fake)["messages"][-1]["content"] == "What is the weather in Paris?"


def test_a_saved_run_names_the_files_to_attach_again(open_app, fake, monkeypatch):
    app = attach(open_form(open_app), "notes.txt", b"Rain.", "text/plain")
    run(app)
    saved = run_file.as_json(kept_runs(app)[0])
    assert CANARY not in saved
    monkeypatch.setattr(content_memory, "memory", content_memory.Memory())

    other = open_form(open_app)
    other.click("import_tools")
    other.text_area(key="paste_tools").set_value(saved).run()
    other.click("use_import")

    assert "Attach them again: notes.txt." in page(other)
