"""The Stage page: recordings are opened and played by the code that drew the original."""

import json
import re

import pytest

from clarifai_chat.chat import chats, replies
from clarifai_chat.playground import run_file
from clarifai_chat.playground.runs import default_settings
from clarifai_chat.recordings import files
from clarifai_chat.recordings.recording import of_answer, of_comparison
from tests.canary import CANARY, assert_no_canary
from tests.conftest import MODEL
from tests.fake_clarifai import calls, cut, malformed_arguments, says, think_tags
from tests.pages import Gate, answers, ask, drawn, markdown_of, page, reply_of, texts
from tests.recorded import sent_again
from tests.test_compare_page import OTHER, by_model
from tests.test_compare_page import ask as ask_all
from tests.test_tool_playground_page import draft, tool

READ = ("answer", "markdown", "caption", "code", "alert", "error", "status", "image")
PAGE = "pages/stage.py"
BUTTONS = ("Send the answer",)


def read_in(app):
    """What can be read of the conversation: its elements without their ids and buttons."""
    return [(kind, re.sub(r"[0-9a-f]{32}", "", text)) for kind, text in drawn(app) if kind in READ]


def offered(app):
    """The file that the menu of the last answer offers."""
    turn = app.turns[-1]
    app.main.menu_button(key=f"turn:{turn['id']}").click("Save a recording").run()
    assert app.has("save_recording")
    recording = of_answer(turn, app.session_state["session.chat"]["settings"])
    return files.as_json(recording, app.session_state["session.access"]["pat"])


def stage(open_app, text, **session):
    """The page with this recording open."""
    return open_app(PAGE, recording=files.read(text.encode()), **session)


@pytest.mark.parametrize(
    "behaviour",
    [
        says("Three ", "words ", "here."),
        think_tags("Let me think.", "# Yes\n\n- one\n- two"),
        cut("Half an ", "answer"),
    ],
    ids=["words", "thoughts", "failure"],
)
def test_a_recorded_answer_is_drawn_as_the_original_was(open_app, fake, behaviour):
    fake.next(behaviour)
    app = ask(open_app(pat=CANARY, chosen=MODEL), "Why?")
    text = offered(app)
    assert_no_canary("a recording", text)
    asked = len(fake.journal)

    replayed = stage(open_app, text)
    assert read_in(replayed) == []
    replayed.click("replay_play")

    assert read_in(replayed) == read_in(app) != []
    assert "with gpt-4.1. Nothing is sent." in page(replayed)
    assert len(fake.journal) == asked


def test_a_recorded_run_is_drawn_as_the_original_was(open_app, fake):
    fake.next(malformed_arguments(), calls(), says("Sun."))
    app = open_app(
        "pages/tool_playground.py",
        pat=CANARY,
        chosen=MODEL,
        tools=draft(tool()),
        run_prompt="Weather?",
        run_settings={**default_settings(), "system": f"Never say {CANARY[:5]}."},
    )
    app.click("run")
    while app.has(f"send_answers:{app.session_state['session.runs'][-1]['turn']['id']}"):
        app.click(f"send_answers:{app.session_state['session.runs'][-1]['turn']['id']}")
    run = app.session_state["session.runs"][-1]
    assert len(run["turn"]["before"]) == 2
    text = run_file.as_json(run, CANARY)
    assert_no_canary("a recording", text)

    replayed = stage(open_app, text)
    replayed.click("replay_play")

    assert steps_of(replayed) == steps_of(app)
    assert not any("send_answers" in str(button.key) for button in replayed.button)


def steps_of(app):
    """What can be read of a run, from its prompt on, without its buttons."""
    lines = texts(app.main)
    first = next(at for at, line in enumerate(lines) if line.startswith("You asked"))
    shown = [line for line in lines[first:] if line not in BUTTONS]
    return shown, markdown_of(app.main), [each.value for each in app.main.code]


def test_a_run_that_waits_for_answers_offers_nothing_to_send(open_app, fake):
    fake.next(calls())
    app = open_app(
        "pages/tool_playground.py",
        pat=CANARY,
        chosen=MODEL,
        tools=draft(tool()),
        run_prompt="Weather?",
    )
    app.click("run")

    replayed = stage(open_app, run_file.as_json(app.session_state["session.runs"][-1], CANARY))
    replayed.click("replay_play")

    assert "Call `get_weather` :green-badge[valid]" in page(replayed)
    assert not replayed.text_area
    assert not [b for b in replayed.button if str(b.key).startswith(("send_answers", "go_on"))]


def test_what_a_server_sent_in_a_recorded_run_can_be_sent_again_by_a_test(open_app, fake):
    fake.next(calls())
    state = {"tools": draft(tool()), "run_prompt": "Weather?", "pat": CANARY, "chosen": MODEL}
    first = open_app("pages/tool_playground.py", **state).click("run")
    text = run_file.as_json(first.session_state["session.runs"][-1], CANARY)

    fake.next(*sent_again(files.read(text.encode())["run"]))
    again = open_app("pages/tool_playground.py", **state).click("run")

    assert steps_of(again)[1:] == steps_of(first)[1:]


def test_a_recorded_comparison_plays_each_question_in_its_columns(open_app, fake):
    one = by_model(gpt_4_1=says("From ", "GPT."), Kimi_K2_6=says("From ", "Kimi."))
    more = by_model(gpt_4_1=says("More."), Kimi_K2_6=says("And more."))
    fake.next(one, one, more, more)
    app = open_app("pages/compare.py", pat=CANARY, to_compare=[MODEL, OTHER])
    ask_all(app, "Who are you?")
    ask_all(app, "And what else?")
    assert app.has("record_comparison")

    columns = [
        {"settings": chat["settings"], "turns": chats.path(chat)}
        for chat in app.session_state["session.compared"]
    ]
    replayed = stage(open_app, files.as_json(of_comparison(columns), CANARY))

    replayed.click("replay_play")
    assert [reply_of(each).split("\n")[0] for each in answers(replayed)] == [
        "From GPT.",
        "From Kimi.",
    ]
    replayed.click("replay_play")

    assert read_in(replayed) == read_in(app)
    assert replayed.button(key="replay_play").label == "Play again"


def test_steps_show_a_part_at_a_time_and_start_over_begins_again(open_app, fake):
    fake.next(think_tags("Let me think.", "One.\n\nTwo."))
    text = with_pace(
        offered(ask(open_app(pat=CANARY, chosen=MODEL), "Why?")),
        "9q0n1r6c0a0 9r13 9c5 9c10",
    )
    app = stage(open_app, text)

    app.click("replay_step")
    assert "Let me think." in page(app)
    assert "One." not in page(app)
    app.click("replay_step")
    assert "One." in page(app)
    assert "Two." not in page(app)
    while not app.button(key="replay_step").disabled:
        app.click("replay_step")
    assert "tokens in" in page(app)

    app.click("replay_restart")
    assert not app.chat_message
    app.click("replay_all")
    assert "tokens in" in page(app)


def test_a_pause_keeps_what_was_shown_and_play_goes_on(open_app, fake, at_a_glance):
    fake.next(says(*["word "] * 40))
    text = files.as_json(of_answer(turn_of(open_app, fake), {}))
    app = stage(open_app, with_pace(text, "10q0n1r0c5a0 90000c200"))

    app.click("replay_play")
    (playing,) = app.session_state["session.playing"]
    assert replies.get(playing)
    app.click("replay_play")

    (paused,) = app.session_state["session.playing"]
    assert not replies.get(playing)
    assert not paused["ending"]
    assert app.button(key="replay_play").label == "Play"
    app.click("replay_all")
    assert "tokens in" in page(app)


def with_pace(text, pace):
    """The same recording, played at another pace."""
    found = json.loads(text)
    found["columns"][0]["turns"][0]["pace"] = pace
    return json.dumps(found)


def turn_of(open_app, fake):
    gate = Gate()
    gate.open()
    app = open_app(pat=CANARY, chosen=MODEL)
    ask(app, "Why?")
    for _ in range(200):
        if app.turns[-1]["ended_at"]:
            break
        app.run()
    return app.turns[-1]


def test_a_file_that_is_no_recording_is_refused_in_a_sentence(open_app):
    app = open_app(PAGE)

    app.file_uploader(key="open_recording").upload("x.json", b"{", "application/json").run()

    assert "The file is not JSON." in page(app)


def test_the_ribbon_of_a_stranger_is_text(open_app, fake):
    fake.next(says("Yes."))
    found = json.loads(offered(ask(open_app(pat=CANARY, chosen=MODEL), "Why?")))
    found["columns"][0]["turns"][0]["model"]["name"] = "![x](http://evil.example/x.png)"

    app = stage(open_app, json.dumps(found))

    (ribbon,) = app.info
    assert "![x](" not in ribbon.value
