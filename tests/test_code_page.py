"""Get code: from a page to code that sends the same request."""

import io
import json
import zipfile

from clarifai_chat.catalog import DEFAULT_URL, DEMO
from clarifai_chat.config import settings
from clarifai_chat.llm.code import KINDS, snippets
from clarifai_chat.llm.request import request_from_body
from components.code import dialog
from tests.canary import CANARY
from tests.fake_clarifai import calls, says
from tests.pages import ask, page
from tests.some_chats import turn
from tests.test_tool_playground_page import PAGE, run, turn_id, with_prompt


def chosen(app):
    """Return the JSON body of the request that is to be shown as code."""
    return app.session_state["session.code"]["body"]


def code_on(app):
    return [block.value for block in app.get("code")]


def assert_shows(app, body):
    """Assert that the dialog has each kind of code for `body`, each with its button to save it."""
    for snippet in snippets(request_from_body(body), settings().openai_base):
        assert snippet.text.strip() in code_on(app), snippet.kind
    keys = [button.key for button in app.get("download_button")]
    assert {f"save_code:{kind}" for kind in KINDS} <= set(keys)


def choose(app, turn, entry):
    app.main.menu_button(key=f"turn:{turn['id']}").click(entry).run()


def test_an_answers_menu_shows_the_request_that_asks_its_question(open_app, fake):
    fake.next(says("Hello"))
    app = open_app(pat=CANARY, turns=[turn("Earlier", "Answer")])
    ask(app, "Hi")

    choose(app, app.turns[-1], "Get code")

    assert chosen(app) == json.loads(fake.chats[0].raw)
    assert_shows(app, chosen(app))
    assert "This question after the conversation before it" in page(app)
    assert len(fake.chats) == 1


def test_the_settings_show_the_request_of_the_next_question(open_app):
    app = open_app(pat=CANARY, turns=[turn("Earlier", "Answer")])
    app.session_state["session.chat"]["settings"] = {"system": "Be kind.", "seed": 7}
    app.open("chat_settings")

    app.button(key="next_code").click().run()

    messages = chosen(app)["messages"]
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert messages[-1]["content"] == "Your question"
    assert chosen(app)["seed"] == 7
    assert_shows(app, chosen(app))


def test_a_step_of_a_run_shows_the_request_that_was_sent(open_app, fake):
    fake.next(calls("get_weather"))
    app = run(open_app(PAGE, pat=CANARY, **with_prompt()))

    app.button(key=f"code:{turn_id(app)}:0").click().run()

    assert chosen(app) == json.loads(fake.chats[0].raw)
    assert_shows(app, chosen(app))


def test_the_playground_shows_the_request_that_run_would_send(open_app, fake):
    app = open_app(PAGE, pat=CANARY, **with_prompt("And in Rome?"))

    app.button(key="run_code").click().run()

    body = chosen(app)
    assert_shows(app, body)
    assert not fake.chats
    fake.next(says("Sunny."))
    run(app)
    assert json.loads(fake.chats[0].raw) == body


def test_a_request_without_a_prompt_has_a_place_for_one(open_app):
    app = open_app(PAGE, **with_prompt(""))

    app.button(key="run_code").click().run()

    assert chosen(app)["messages"][-1]["content"] == "Your question"


def test_the_demos_code_asks_a_model_that_exists(open_app):
    app = open_app()
    ask(app, "Hello")

    choose(app, app.turns[-1], "Get code")

    assert chosen(app)["model"] == DEMO.url
    assert_shows(app, {**chosen(app), "model": DEFAULT_URL})
    assert "The Demo exists only in this app." in page(app)


def test_a_token_in_a_question_is_not_in_the_code(open_app):
    token = "the-visitors-own-token"
    asked = turn(f"Is {token} a token?", "Yes")
    app = open_app(pat=token, turns=[asked])

    choose(app, asked, "Get code")

    shown = "\n".join(code_on(app))
    assert token not in shown
    assert "Is YOUR_TOKEN a token?" in shown


def test_a_request_that_cannot_be_made_is_explained(open_app):
    app = open_app()
    app.session_state["session.chat"]["settings"] = {"json_schema": "{"}
    app.open("chat_settings")

    app.button(key="next_code").click().run()

    assert app.session_state["session.code"] is None
    assert "There is no request to show." in app.toast[0].value


def test_files_beside_the_code_are_saved_together():
    request = request_from_body(
        {"model": DEFAULT_URL, "messages": [{"role": "user", "content": "Hi"}]}
    )
    found = next(each for each in snippets(request, settings().openai_base) if each.files)

    packed = dialog.zipped(found)

    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            found.filename: found.text.encode(),
            **found.files,
        }
