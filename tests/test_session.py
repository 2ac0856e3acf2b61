"""What a tab remembers is changed whole, whatever else is clicked meanwhile."""

from types import SimpleNamespace

import pytest
from streamlit.runtime.scriptrunner import StopException
from streamlit.runtime.state import SafeSessionState, SessionState

from components import session as keeper


@pytest.fixture
def overtaken(monkeypatch):
    """A run that a newer one waits for: each look at session state would end it."""

    def end_run():
        raise StopException

    state = SafeSessionState(SessionState(), end_run)
    context = SimpleNamespace(session_state=state)
    monkeypatch.setattr(keeper, "get_script_run_ctx", lambda: context)
    return state


def test_a_callback_is_done_whole_although_a_newer_run_waits(overtaken):
    with keeper.uninterrupted():
        overtaken["prompt"] = "Hi"
        assert overtaken["prompt"] == "Hi"


def test_after_the_callback_the_newer_run_takes_over(overtaken):
    with keeper.uninterrupted():
        pass
    with pytest.raises(StopException):
        overtaken["prompt"] = "Hi"


def test_a_callback_that_fails_lets_the_newer_run_take_over_too(overtaken):
    with pytest.raises(ValueError, match="a mistake"), keeper.uninterrupted():
        raise ValueError("a mistake")
    with pytest.raises(StopException):
        overtaken["prompt"] = "Hi"
