"""A demo on stage: opened, moved through, asked or played, and its notes in another window."""

import pytest

from clarifai_chat.chat import replies
from clarifai_chat.presenting import plans
from components.actions import replaying
from tests.canary import CANARY
from tests.conftest import MODEL
from tests.fake_clarifai import calls, says, status
from tests.pages import Gate, answers, page, reply
from tests.test_stage_page import PAGE

PLAN = """
title: Ours
max_usd: 1
steps:
- title: Ask
  prompt: Why?
  model: chosen
  recording: thinking.json
  notes: Breathe **slowly**.
- title: Tools
  prompt: What is 2 + 2?
  model: chosen
  tools: calculator
- title: Goodbye
"""


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """Recordings are played a hundred times as fast."""
    monkeypatch.setitem(replaying.SPEEDS, replaying.USUAL_SPEED, 100.0)


@pytest.fixture
def ours(set_up, tmp_path):
    """A folder of the operator's with a demo `ours`."""
    (tmp_path / "ours.yaml").write_text(PLAN)
    set_up(DEMOS_DIR=tmp_path)
    return tmp_path


@pytest.fixture
def present(open_app, fake, ours):
    """Open the demo, and begin it."""

    def present(name="ours", **session):
        app = open_app(PAGE, query={"demo": name}, **{"pat": CANARY, "chosen": MODEL, **session})
        return app.click("stage_begin")

    return present


def test_a_link_opens_the_start_of_a_demo_and_sends_nothing(open_app, fake, ours):
    app = open_app(PAGE, query={"demo": "ours", "step": "1"}, pat=CANARY, chosen=MODEL)

    assert "1 of 3" in page(app)
    assert not fake.chats
    assert not answers(app)


def test_the_start_says_what_each_step_will_show(open_app, fake, ours):
    with_token = open_app(PAGE, query={"demo": "ours"}, pat=CANARY, chosen=MODEL)
    assert "| Ask | gpt-4.1, live |" in page(with_token)

    without = open_app(PAGE, query={"demo": "ours"})
    assert "| Ask | Recording. No access token is here" in page(without)


def test_the_address_of_the_chat_page_leads_to_the_stage(open_app, ours):
    app = open_app(query={"demo": "ours"})

    assert app.has("stage_begin")


def test_a_question_goes_out_when_the_presenter_presses_and_only_then(present, fake):
    fake.next(says("Because."))
    app = present()
    app.click("stage_next").click("stage_back")
    assert not fake.chats
    assert "Asks gpt-4.1: at most $" in page(app)

    app.click("stage_press")

    assert "Because." in reply(app)
    (chat,) = fake.chats
    assert chat.body["messages"][-1]["content"] == "Why?"
    assert chat.body["max_completion_tokens"] == 2000


def test_a_step_stays_as_it_was_left_until_the_demo_starts_over(present, fake):
    fake.next(says("Because."))
    app = present().click("stage_press")

    app.click("stage_next")
    assert "Because." not in page(app)
    app.click("stage_back")
    assert "Because." in page(app)
    app.click("stage_restart")

    assert "Because." not in page(app)
    assert "1 of 3" in page(app)
    assert len(fake.chats) == 1


def test_a_step_with_tools_is_run_and_its_calls_are_answered(present, fake):
    fake.next(calls("calculate", '{"expression": "2 + 2"}'), says("It is 4."))
    app = present().click("stage_next")

    app.click("stage_press")

    assert "Call `calculate` :green-badge[valid]" in page(app)
    assert "It is 4." in page(app)
    assert not [b for b in app.button if str(b.key).startswith(("send_answers", "go_on"))]


def test_without_a_token_the_recording_is_played_and_that_is_said(present, fake):
    app = present(pat="", chosen="")
    assert "No access token is here" in page(app)
    assert "This step plays its recording." in page(app)

    app.click("stage_press")

    assert "9.9 is larger." in page(app)
    assert "with Demo: scripted, not an LLM. Nothing is sent." in page(app)
    assert not fake.chats


def test_after_a_failure_of_the_network_the_recording_is_played(present, fake, waits):
    waits(None)
    fake.stop()
    app = present()

    app.click("stage_press")

    assert "9.9 is larger." in page(app)
    assert "The network did not answer. This step plays its recording." in page(app)
    app.click("stage_next")
    assert "The network did not answer. This step has no recording." in page(app)
    assert app.button(key="stage_press").disabled


def test_a_failure_of_the_model_is_shown_as_it_is(present, fake, waits):
    waits(None)
    fake.next(status(429))
    app = present().click("stage_press")

    assert app.error
    assert app.button(key="stage_press").label == "Ask again"


def test_recordings_can_be_wished_for(present, fake):
    app = present()

    app.toggle(key="stage_recordings").set_value(True).run()
    app.click("stage_press")

    assert "9.9 is larger." in page(app)
    assert not fake.chats


def test_beyond_its_limit_a_demo_plays_its_recordings(present, fake, ours):
    (ours / "ours.yaml").write_text(PLAN.replace("max_usd: 1", "max_usd: 0.000001"))

    app = present().click("stage_press")

    assert "The limit of this demo is under $0.0001" in page(app)
    assert not fake.chats


def test_an_answer_can_be_stopped(present, fake, at_a_glance):
    gate = Gate()
    fake.next(gate)
    app = present().click("stage_press")
    while "Half an" not in page(app):
        app.run()
    assert app.button(key="stage_press").label == "Stop"

    app.click("stage_press").run()

    assert "Stopped" in reply(app)
    assert not replies.running()


def test_the_notes_are_in_step_with_the_presentation_and_not_on_its_page(present, open_app):
    app = present()
    id = app.session_state["session.presentation"]
    assert "Breathe" not in page(app)

    notes = open_app(PAGE, query={"demo": "ours", "notes": id})
    assert "Breathe **slowly**." in page(notes)
    assert "Next: Tools" in page(notes)
    app.click("stage_next")
    notes.run()

    assert "What is 2 + 2?" in page(notes)
    assert "Breathe" not in page(notes)


def test_strangers_do_not_see_where_a_presentation_is(present, open_app):
    present()

    for guess in ("", "0" * 32, "ours"):
        notes = open_app(PAGE, query={"demo": "ours", "notes": guess})
        assert "No presentation is in progress here." in page(notes)


def test_a_demo_that_does_not_exist_is_named_in_a_sentence(open_app):
    app = open_app(PAGE, query={"demo": "../../etc/passwd"})

    assert "There is no demo of this name here." in page(app)
    assert app.has("open_demo:first-look")


@pytest.mark.parametrize("name", ["first-look", "side-by-side", "tool-calls"])
def test_a_shipped_demo_can_be_given_offline_from_its_first_step_to_its_last(open_app, fake, name):
    fake.stop()
    app = open_app(PAGE).click(f"open_demo:{name}").click("stage_begin")
    steps = plans.load(name)["steps"]

    for number, step in enumerate(steps):
        assert step["title"] in page(app)
        if not step["prompt"]:
            continue
        app.click("stage_press")
        if step["tools"]:
            assert "-badge[" in page(app)
        else:
            assert len(answers(app)) == max(1, len(step["models"]))
            assert all(reply(app, n).strip() for n in range(len(answers(app))))
        if number + 1 < len(steps):
            app.click("stage_next")
    assert app.button(key="stage_next").disabled
    assert not fake.journal
