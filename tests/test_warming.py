import threading

import pytest

from clarifai_chat import llm
from components.state.warming import WarmUp
from tests.canary import CANARY
from tests.patience import PATIENCE_S, until

FOREVER_S = 10 * PATIENCE_S


@pytest.fixture
def loaded(monkeypatch):
    """Is set when the library was loaded."""
    monkeypatch.setattr(llm, "is_ready", lambda: False)
    return threading.Event()


def test_the_library_waits_for_the_first_page_to_be_drawn(loaded):
    seen = []
    warm_up = WarmUp(FOREVER_S, FOREVER_S)
    warm_up.start(loaded.set)
    seen.append(loaded.is_set())
    warm_up.page_begins()
    seen.append(loaded.wait(0.05))

    warm_up.page_is_drawn()

    assert loaded.wait(PATIENCE_S)
    assert seen == [False, False]


def test_the_library_is_loaded_when_no_visitor_comes(loaded):
    WarmUp(0.01, FOREVER_S).start(loaded.set)

    assert loaded.wait(PATIENCE_S)


def test_a_page_that_is_never_finished_does_not_hold_the_library_up(loaded):
    warm_up = WarmUp(FOREVER_S, 0.01)
    warm_up.start(loaded.set)

    warm_up.page_begins()

    assert loaded.wait(PATIENCE_S)


def test_a_load_that_failed_is_reported_and_tried_again(loaded, caplog):
    warm_up = WarmUp(0, 0, waits_s=(0, 0))
    failures = [FileNotFoundError(f"No folder {CANARY}"), ImportError("half")]
    states = []

    def load():
        states.append(warm_up.state)
        if failures:
            raise failures.pop(0)
        loaded.set()

    warm_up.start(load)
    assert loaded.wait(PATIENCE_S)
    until(lambda: warm_up.state == "ready")

    assert states == ["loading", "failed", "failed"]
    assert "could not be loaded (FileNotFoundError)" in caplog.text
    assert "could not be loaded (ImportError)" in caplog.text


def test_the_library_is_loaded_once(loaded):
    loads = []
    warm_up = WarmUp(0, 0)
    warm_up.start(lambda: (loads.append(1), loaded.set()))
    assert loaded.wait(PATIENCE_S)

    for _ in range(3):
        warm_up.page_begins()
        warm_up.start(lambda: loads.append(2))

    for thread in threading.enumerate():
        if thread.name == "warm-up":
            thread.join(PATIENCE_S)
    assert loads == [1]
