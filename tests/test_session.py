"""What a tab remembers is changed whole, whatever else is clicked; a new connection sees it all."""

import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
import streamlit as st
from streamlit import net_util
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime import Runtime, app_session
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.scriptrunner import StopException
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType
from streamlit.runtime.session_manager import ActiveSessionInfo
from streamlit.runtime.state import SafeSessionState, SessionState
from streamlit.runtime.state.common import WidgetMetadata
from streamlit.web.server import server_util

from clarifai_chat.config import ROOT
from components.state import streamlit_patches, widget_values
from components.state.bootstrap import bootstrap
from components.state.streamlit_patches import uninterrupted


@pytest.fixture(scope="module", autouse=True)
def started():
    bootstrap()


@pytest.fixture
def overtaken(monkeypatch):
    """A run that a newer one waits for: each look at session state would end it."""

    def end_run():
        raise StopException

    state = SafeSessionState(SessionState(), end_run)
    context = SimpleNamespace(session_state=state)
    monkeypatch.setattr(streamlit_patches, "get_script_run_ctx", lambda: context)
    return state


def test_a_callback_is_done_whole_although_a_newer_run_waits(overtaken):
    with uninterrupted():
        overtaken["prompt"] = "Hi"
        assert overtaken["prompt"] == "Hi"


def test_after_the_callback_the_newer_run_takes_over(overtaken):
    with uninterrupted():
        pass
    with pytest.raises(StopException):
        overtaken["prompt"] = "Hi"


def test_a_callback_that_fails_lets_the_newer_run_take_over_too(overtaken):
    with pytest.raises(ValueError, match="a mistake"), uninterrupted():
        raise ValueError("a mistake")
    with pytest.raises(StopException):
        overtaken["prompt"] = "Hi"


# --- Repairs of Streamlit ---------------------------------------------------------------------


BOX = "$$ID-0-prompt"


@pytest.fixture
def box(overtaken):
    """What a box on the page holds, for the next run's callbacks. A newer request waits already."""
    state = overtaken._state
    state._new_widget_state.set_widget_metadata(
        WidgetMetadata(
            id=BOX,
            deserializer=lambda value: value,
            serializer=lambda value: value,
            value_type="string_trigger_value",
        )
    )
    return lambda: BOX in state and state[BOX]


def question(text):
    states = WidgetStates()
    states.widgets.add(id=BOX).string_trigger_value.data = text
    return states


def test_a_question_is_taken_in_although_a_newer_request_waits(overtaken, box):
    overtaken.on_script_will_rerun(question("Hi"))

    assert box() == "Hi"
    with pytest.raises(StopException):  # and then the newer one has its turn
        overtaken["prompt"] = "Hi"


def test_without_the_repair_the_question_would_be_lost(overtaken, box):
    unrepaired = SafeSessionState.on_script_will_rerun.__wrapped__
    with pytest.raises(StopException):
        unrepaired(overtaken, question("Hi"))

    assert not box()


def test_a_callback_that_fails_leaves_the_look_for_newer_requests_as_it_was(overtaken):
    with pytest.raises(AttributeError):
        overtaken.on_script_will_rerun("no states at all")
    with pytest.raises(StopException):
        overtaken["prompt"] = "Hi"


WORDS = WidgetMetadata(
    id="$$ID-0-words",
    deserializer=lambda value: value or "",
    serializer=lambda value: value,
    value_type="string_value",
)

QUESTION = replace(WORDS, id="$$ID-1-words", value_type="chat_input_value")


class Tab:
    """A session whose page has one text box, into which the app puts "hello"."""

    def __init__(self, monkeypatch, box=WORDS):
        self._box = box
        self._state = SafeSessionState(SessionState(), lambda: None)
        self._browser_queue = ForwardMsgQueue()
        monkeypatch.setattr(widget_values, "session_of_this_run", lambda: self)
        self._state["words"] = "hello"

    def run(self, typed=None, register=None):
        """Draw the page, after what the browser says; what it is sent of the box's value."""
        if typed is not None:
            states = WidgetStates()
            states.widgets.add(id=self._box.id).string_value = typed
            self._state.on_script_will_rerun(states)
        register = register or SafeSessionState.register_widget
        result = register(self._state, self._box, "words")
        message = ForwardMsg()
        element = message.delta.new_element
        drawn = element.chat_input if self._box is QUESTION else element.text_input
        drawn.id = self._box.id
        drawn.set_value = result.value_changed
        self._browser_queue.enqueue(message)
        return result.value if result.value_changed else None

    def is_clicked(self, words, *others):
        """Something else is clicked on a page with these words; what the app then holds."""
        states = WidgetStates()
        states.widgets.add(id=self._box.id).string_value = words
        for other in others:
            states.widgets.add(id=other).trigger_value = True
        asked = ClientState(widget_states=states)
        widget_values.and_hear_what_is_chosen_again(lambda *_: None)(self, asked)
        self._state.on_script_will_rerun(states)
        return self._state.filtered_state.get("words")

    def is_overtaken(self):
        """A newer run begins before the browser has what this one drew."""
        self._browser_queue.clear(retain_lifecycle_msgs=True)
        self._state.on_script_will_rerun(WidgetStates())

    def is_drawn(self, words="hello"):
        """The browser has drawn this run, and reports its box with the next request."""
        self._states(words)

    def is_drawn_late(self):
        """All is sent, but a newer run began before the browser drew any of it."""
        AppSession.flush_browser_queue(self)
        self._states()

    def _states(self, *values):
        states = WidgetStates()
        for value in values:
            states.widgets.add(id=self._box.id).string_value = value
        self._state.on_script_will_rerun(states)


def test_what_the_app_put_into_a_box_is_sent_until_the_browser_has_it(monkeypatch):
    tab = Tab(monkeypatch)
    assert tab.run() == "hello"

    tab.is_overtaken()
    assert tab.run() == "hello"
    tab.is_drawn_late()
    assert tab.run() == "hello"

    tab.is_drawn()
    assert tab.run() is None
    tab.is_overtaken()
    assert tab.run() is None


def test_a_question_in_the_box_is_sent_until_it_is_on_its_way(monkeypatch):
    tab = Tab(monkeypatch, QUESTION)
    assert tab.run() == "hello"

    tab._state.on_script_finished({QUESTION.id})
    tab.is_overtaken()
    assert tab.run() == "hello"

    tab.is_drawn_late()
    assert tab.run() is None


def test_a_box_that_was_away_and_is_empty_again_stays_empty(monkeypatch):
    tab = Tab(monkeypatch)
    tab.run()
    tab.is_drawn_late()
    tab._state["words"] = ""
    tab.run()
    tab.is_drawn("")

    assert tab.run() is None


def test_without_the_repair_the_box_would_stay_empty(monkeypatch):
    tab = Tab(monkeypatch)
    unrepaired = SafeSessionState.register_widget.__wrapped__
    tab.run(register=unrepaired)

    tab.is_overtaken()

    assert tab.run(register=unrepaired) is None


def test_what_was_typed_into_a_box_is_not_replaced(monkeypatch):
    tab = Tab(monkeypatch)
    tab.run()
    tab.is_overtaken()

    assert tab.run(typed="mine") is None
    tab.is_overtaken()
    assert tab.run() is None


@pytest.mark.parametrize("way", ["set", "set before it is drawn", "removed"])
def test_a_click_on_a_page_that_shows_the_old_words_does_not_bring_them_back(monkeypatch, way):
    tab = Tab(monkeypatch)
    tab.run()
    tab.is_drawn()
    tab.run()
    if way == "removed":
        del tab._state["words"]
        assert tab.is_clicked("hello", "$$ID-2-run") is None
        tab._state["words"] = "new"
    else:
        tab._state["words"] = "new"
        if way == "set":
            tab.run()
        assert tab.is_clicked("hello", "$$ID-2-run") == "new"

    assert tab.run() == "new"
    assert tab.is_clicked("hello", "$$ID-2-run") == "new"
    assert tab.run() == "new"
    assert tab.is_clicked("new", "$$ID-2-run") == "new"
    assert tab.run() is None


def test_without_the_repair_the_old_words_would_come_back(monkeypatch):
    tab = Tab(monkeypatch)
    tab.run()
    tab.is_drawn()
    tab.run()
    tab._state["words"] = "new"
    unrepaired = SafeSessionState.on_script_will_rerun.__wrapped__
    monkeypatch.setattr(SafeSessionState, "on_script_will_rerun", unrepaired)

    assert tab.is_clicked("hello", "$$ID-2-run") == "hello"


@pytest.mark.parametrize("words", ["hello", "mine"])
def test_what_is_chosen_after_the_app_has_set_it_is_kept(monkeypatch, words):
    tab = Tab(monkeypatch)
    tab.run()
    tab.is_drawn()
    tab.run()
    tab._state["words"] = "new"
    tab.run()

    assert tab.is_clicked(words) == words, "Nothing else was clicked."
    assert tab.run() is None
    assert tab.is_clicked(words, "$$ID-2-run") == words


class Connection:
    def __init__(self):
        self.got = []

    def write_forward_msg(self, message):
        self.got.append(message)


def reconnected(lost, now):
    """A runtime whose loop still holds the lost connection of a session that has a new one."""
    session = SimpleNamespace(id="ada")
    active = now and ActiveSessionInfo(now, session)
    manager = SimpleNamespace(get_active_session_info={"ada": active}.get)
    return SimpleNamespace(_session_mgr=manager), ActiveSessionInfo(lost, session)


def test_what_is_drawn_for_a_reconnection_does_not_go_to_the_lost_connection():
    lost, now = Connection(), Connection()
    runtime, stale = reconnected(lost, now)

    Runtime._send_message(runtime, stale, ForwardMsg(script_finished=0))

    assert (len(lost.got), len(now.got)) == (0, 1)


def test_without_a_new_connection_the_lost_one_is_tried():
    lost = Connection()
    runtime, stale = reconnected(lost, None)

    Runtime._send_message(runtime, stale, ForwardMsg())

    assert len(lost.got) == 1


def test_without_the_repair_the_lost_connection_would_get_it_all():
    lost, now = Connection(), Connection()
    runtime, stale = reconnected(lost, now)

    Runtime._send_message.__wrapped__(runtime, stale, ForwardMsg())

    assert (len(lost.got), len(now.got)) == (1, 0)


class Clock:
    """An event loop whose timers go off when a test says so."""

    def __init__(self):
        self.waiting = []

    def call_later(self, _, act, *arguments):
        self.waiting.append(lambda: act(*arguments))
        return MagicMock()

    def ring(self):
        self.waiting.pop(0)()


def asked_for(page, *typed):
    states = WidgetStates()
    for text in typed:
        states.widgets.add(id=text, string_value=text)
    return ClientState(page_script_hash=page, widget_states=states)


def test_a_page_is_requested_again_only_when_a_run_has_taken_the_late_text():
    requested = []
    runner = MagicMock()
    session = SimpleNamespace(
        _client_state=ClientState(page_script_hash="chat"),
        _event_loop=Clock(),
        _scriptrunner=runner,
    )

    def request_rerun(session, asked):
        requested.append(asked.page_script_hash)
        session._client_state.page_script_hash = asked.page_script_hash

    repaired = streamlit_patches._to_the_page_that_was_asked_for(request_rerun)
    repaired(session, asked_for("models"))
    repaired(session, asked_for("chat", "typed"))
    runner._requests._state = ScriptRequestType.RERUN  # a busy machine: the text still waits
    session._event_loop.ring()
    session._event_loop.ring()
    assert requested == ["models", "chat"]

    runner._requests._state = ScriptRequestType.CONTINUE
    session._event_loop.ring()
    assert requested == ["models", "chat", "models"]
    assert not session._event_loop.waiting


@pytest.mark.parametrize(
    ("shown", "is_left_again"),
    [("models", True), ("chat", False)],  # the page asked for; the app went back by itself
)
def test_text_may_arrive_long_after_the_page_change(monkeypatch, shown, is_left_again):
    now = [0.0]
    monkeypatch.setattr(streamlit_patches.time, "monotonic", lambda: now[0])
    session = SimpleNamespace(
        _client_state=ClientState(page_script_hash="chat"),
        _event_loop=Clock(),
        _scriptrunner=None,
    )
    repaired = streamlit_patches._to_the_page_that_was_asked_for(lambda *_: None)
    repaired(session, asked_for("models"))
    session._client_state.page_script_hash = shown
    now[0] = 60.0

    repaired(session, asked_for("chat", "typed"))

    assert bool(session._event_loop.waiting) is is_left_again


@pytest.mark.parametrize(("watcher", "times"), [("none", 0), ("auto", 1)])
def test_files_are_watched_for_a_session_that_comes_back_only_if_they_shall_be(
    monkeypatch, watcher, times
):
    calls = []
    session = SimpleNamespace(_local_sources_watcher=SimpleNamespace())
    session._local_sources_watcher.register_file_change_callback = calls.append
    session._on_source_file_changed = session._on_secrets_file_changed = lambda *_: None
    monkeypatch.setattr(st, "get_option", {"server.fileWatcherType": watcher}.get)
    monkeypatch.setattr(app_session.config, "on_config_parsed", lambda *_, **__: None)
    monkeypatch.setattr(app_session, "secrets_singleton", MagicMock())

    AppSession.register_file_watchers(session)

    assert len(calls) == times


def test_an_outsiders_origin_is_refused_without_asking_the_internet(monkeypatch):
    asked = []
    monkeypatch.setattr(net_util, "_make_blocking_http_get", lambda url, timeout: asked.append(url))

    assert not server_util.is_url_from_allowed_origins("https://evil.test")
    assert asked == []

    server_util.net_util.get_external_ip.__wrapped__()
    assert asked, "Without the replacement, Streamlit asks."


@pytest.mark.slow
def test_importing_the_session_changes_nothing():
    code = (
        "import gc, threading, components.state.session;"
        "from streamlit.runtime.app_session import AppSession;"
        "print(gc.isenabled(), threading.active_count(),"
        " hasattr(AppSession.request_rerun, '__wrapped__'))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert told.stdout.split() == ["True", "1", "False"]


def test_repairs_are_made_once_however_often_the_module_is_imported():
    def repaired():
        register = AppSession.register_file_watchers
        return SafeSessionState.on_script_will_rerun, Runtime._send_message, register

    before = repaired()
    streamlit_patches.apply()

    assert repaired() == before
