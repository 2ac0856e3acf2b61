"""A second click before the page has changed does not repeat the action."""

from collections.abc import Callable

import pytest
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

from clarifai_chat.chat import replies
from components.reply import live
from tests.canary import CANARY
from tests.fake_clarifai import cut
from tests.pages import Gate, ask, page
from tests.patience import until


@pytest.fixture
def click_twice(monkeypatch) -> Callable[..., None]:
    """Click a button, and a second time as soon as `begun()` is true."""

    def click(app, key: str, begun: Callable[[], bool]) -> None:
        app.button(key=key).click()
        states = app._tree.get_widget_states()
        runs = []

        def watch(views, **_):
            runs.append(1)
            if len(runs) == 1:
                until(begun)
                context = get_script_run_ctx()
                again = RerunData(page_script_hash=context.page_script_hash, widget_states=states)
                context.script_requests.request_rerun(again)
                _ = "nothing" in st.session_state  # here the newer run takes over
            for view in views:
                view.draw()

        with monkeypatch.context() as patch:
            patch.setattr(live, "watch", watch)
            app.run()
        assert len(runs) == 2

    return click


@pytest.mark.parametrize("action", ["resume", "retry"])
def test_an_answer_is_asked_for_once(open_app, fake, click_twice, action):
    fake.next(cut("Half an ", "ans"))
    app = ask(open_app(pat=CANARY), "Hi")
    gate = Gate("wer.")
    fake.next(gate)

    key = f"{action}:{app.turns[0]['id']}"
    click_twice(app, key, lambda: len(fake.chats) == 2)

    gate.open()
    until(lambda: not replies.running())
    app.run()
    assert len(fake.chats) == 2
    assert app.turns[-1]["ending"] == "stop"
    assert app.turns[-1]["asked_at"] is not None
    assert "wer." in page(app)


def test_a_prepared_question_is_asked_once(open_app, click_twice):
    app = open_app()

    click_twice(app, "starter:0", lambda: bool(app.session_state["session.chat"]["turns"]))

    until(lambda: not replies.running())
    assert len(app.session_state["session.chat"]["turns"]) == 1
