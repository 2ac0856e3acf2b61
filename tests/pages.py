"""The app's pages as a person meets them: opened, driven and read, a loopback Clarifai behind them.

A plugin of pytest (conftest.py names it). Each run of a page is looked through: nothing went wrong
unseen, and nothing that a browser would have been sent holds an access token.

A run lasts until no reply is under way. To see a page in the middle of one, take the fixture
`at_a_glance`: then each run draws what there is, and ends.
"""

import json
import logging
import pickle
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from itertools import count
from typing import Any

import pytest
import streamlit
from streamlit import logger as streamlit_logger
from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.components.v2.component_manager import BidiComponentManager
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.context import ContextProxy, StreamlitHeaders
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block, ButtonGroup, ChatMessage, Element

from clarifai_chat import config, demo, errors, llm
from clarifai_chat.chat import chats, replies
from clarifai_chat.chat.turn import Turn
from clarifai_chat.config import ROOT
from clarifai_chat.llm import endpoints
from components.chat import turn_footer
from components.reply import live
from components.state.session import Session
from components.state.slots import Slot
from tests.canary import assert_no_canary
from tests.fake_clarifai import Behaviour, FakeClarifai, FakeHandler, chunk
from tests.patience import PATIENCE_S

HOST = "localhost:8501"
WORD_S = 0.05

Open = Callable[..., "Page"]


@cache
def _components() -> BidiComponentManager:
    """What AppTest makes again for each page: a look through all packages, for 0.1 s."""
    manager = BidiComponentManager()
    manager.discover_and_register_components(start_file_watching=False)
    return manager


class Page(AppTest):
    """One tab of a browser. `sent` is every message that it was sent, in order."""

    def __init__(self, tokens: Iterable[str]) -> None:
        super().__init__(ROOT / "app.py", default_timeout=PATIENCE_S)
        self.sent: list[ForwardMsg] = []
        self._bidi_component_manager = _components()
        self._tokens = list(tokens)
        self._clicked = ""  # the key of what is being opened

    def _run(self, widget_state: Any = None, timeout: float | None = None) -> "Page":
        seen = len(self.sent)
        ForwardMsgQueue.on_before_enqueue_msg(self._take)
        try:
            super()._run(self._with_what_is_open(widget_state), timeout)
        finally:
            ForwardMsgQueue.on_before_enqueue_msg(None)
        assert not self.exception, self.exception[0].message
        for slot in (each for group in Session.__mro__ for each in vars(group).values()):
            if isinstance(slot, Slot):
                with suppress(KeyError):  # not `in`, which lists the whole state each time
                    pickle.dumps(self.session_state[slot.key])  # plain data at rest
        for message in self.sent[seen:]:
            data = message.SerializeToString().decode("latin-1")  # each byte stays a character
            assert_no_canary("what a browser was sent", data)
            if any(token in data for token in self._tokens):
                raise AssertionError("An access token is in what a browser was sent.")
        return self

    def _take(self, message: ForwardMsg) -> None:
        copy = ForwardMsg()
        copy.CopyFrom(message)
        self.sent.append(copy)

    @property
    def turns(self) -> list[Turn]:
        return chats.path(self.session_state["session.chat"])

    def has(self, key: str) -> bool:
        """Whether something with this key is on the page."""
        return any(getattr(node, "key", None) == key for node in self._tree)

    def click(self, key: str) -> "Page":
        """Click a button; of the access box, which is opened first."""
        if key in ("verify", "forget"):
            open_access(self)
        self.button(key=key).click().run()
        return self

    def open(self, key: str) -> "Page":
        """Open a popover or an expander by a click."""
        self._clicked = key
        return self.run()

    def _with_what_is_open(self, states: Any) -> Any:
        """A browser sends what is open with each run; AppTest does not."""
        states = states or self._tree.get_widget_states()
        for node in self._tree:
            if isinstance(node, Block) and node.type in ("popover", "expander"):
                proto = node.proto.popover if node.type == "popover" else node.proto
                is_open = proto.open if node.type == "popover" else proto.expanded
                if proto.id:
                    states.widgets.add(id=proto.id, bool_value=is_open or node.key == self._clicked)
        self._clicked = ""
        return states

    def send(self, widget_id: str, text: str) -> "Page":
        """Send what AppTest cannot click: one widget's text, as a browser sends it."""
        states = self._tree.get_widget_states()
        states.widgets.add(id=widget_id).string_trigger_value.data = text
        return self._run(states)


# --- Driving and reading ---------------------------------------------------------------------


def ask(app: Page, text: str) -> Page:
    """Type a question into the box, and send it."""
    app.chat_input(key="prompt").set_value(text).run()
    return app


def type_token(app: Page, text: str) -> Page:
    """Type into the box for the access token, and wait for what that starts."""
    open_access(app)
    app.text_input(key="pat").set_value(text).run()
    return app


def open_access(app: Page) -> Page:
    """Open the popover with the access token, unless it is open."""
    is_open = app.get_by_key("access").proto.popover.open
    return app if is_open else app.open("access")


def open_picker(app: Page) -> Page:
    """Open the popover in which models are chosen."""
    return app.open("model_picker")


def search_models(app: Page, text: str) -> Page:
    """Type into the picker's search."""
    app.text_input(key="model").set_value(text).run()
    return app


def listed(app: Page) -> list[str]:
    """The titles of the conversations in the list, from top to bottom."""
    return [chat["title"] for chat in _chats(app)]


def grouped(app: Page) -> dict[str, list[str]]:
    """The titles of the conversations under each heading of the list."""
    groups = _list_of_chats(app)["groups"]
    return {group["heading"]: [chat["title"] for chat in group["chats"]] for group in groups}


def act(app: Page, act: str, id: str, **more: str) -> Page:
    """Do something with a conversation of the list: open, rename, pin, export or delete it."""
    return send_act(app, {"act": act, "id": id, **more})


def send_act(app: Page, value: Any) -> Page:
    """Send what the browser's half of the list sends."""
    component = app.get_by_key("chats").proto.id
    states = app._tree.get_widget_states()
    events = [{"event": "act", "value": value}]
    name = _make_trigger_id(component, "events")
    states.widgets.add(id=name, json_trigger_value=json.dumps(events))
    return app._run(states)


def open_listed(app: Page, title: str) -> Page:
    """Open the first conversation of the list with this title."""
    return act(app, "open", next(chat["id"] for chat in _chats(app) if chat["title"] == title))


def marked(app: Page) -> str | None:
    """The title that the list marks as open."""
    here = _list_of_chats(app)["open"]
    return next((chat["title"] for chat in _chats(app) if chat["id"] == here), None)


def snippets(app: Page) -> list[str]:
    """What the list shows below each title."""
    return [chat["snippet"] for chat in _chats(app)]


def _chats(app: Page) -> list[dict[str, Any]]:
    return [chat for group in _list_of_chats(app)["groups"] for chat in group["chats"]]


def _list_of_chats(app: Page) -> dict[str, Any]:
    """What the browser's half of the list is given."""
    found = next((node for node in app.get("bidi_component") if node.key == "chats"), None)
    given: dict[str, Any] = json.loads(found.proto.json) if found else {"groups": [], "open": ""}
    return given


def answers(app: Page) -> list[ChatMessage]:
    return [message for message in app.chat_message if message.name == "assistant"]


def questions(app: Page) -> list[str]:
    return [reply_of(message) for message in app.chat_message if message.name == "user"]


def reply(app: Page, number: int = -1) -> str:
    """All that can be read in one answer: text, thoughts, notes, buttons."""
    return reply_of(answers(app)[number])


def reply_of(message: Block) -> str:
    return "\n".join(texts(message))


def sidebar(app: Page) -> str:
    return "\n".join(texts(app.sidebar))


def head(app: Page) -> str:
    """All that can be read above the page: the model, and the access, which is opened for that."""
    open_access(app)
    places = [app.get_by_key(key) for key in ("head", "facts")]
    return "\n".join(text for place in places for text in texts(place))


def page(app: Page) -> str:
    return "\n".join(texts(app._tree))


def texts(place: Block) -> list[str]:
    """All that can be read in a place, top to bottom, without Markdown's backslashes."""
    found: list[str] = []
    for node in _in_order(place):
        if piece := _piece(node):
            if piece["at"]:
                found[-1] += piece["text"]
            elif piece["text"]:  # otherwise its words are still to come
                found.append(piece["text"])
        else:
            found += [_ESCAPED.sub(r"\1", text) for text in _readable(node) if text]
    return found


def markdown_of(place: Block) -> list[str]:
    """The Markdown of each answer, or of its thoughts, in a place."""
    found: list[str] = []
    for piece in filter(None, map(_piece, _in_order(place))):
        if piece["at"]:
            found[-1] += piece["text"]
        else:
            found.append(piece["text"])
    return found


def _piece(node: Any) -> dict[str, Any]:
    """What the browser's half of an answer is given; {} for anything else."""
    if node.type != "bidi_component" or not node.proto.id.startswith("answer:"):
        return {}
    piece: dict[str, Any] = json.loads(node.proto.json)
    return piece


def drawn(app: Page) -> list[tuple[str, str]]:
    """Each element of the conversation: its type, and its whole content; answers in one piece."""
    found: list[tuple[str, str]] = []
    for node in (each for message in app.chat_message for each in _in_order(message)):
        piece = _piece(node)
        if piece and piece["at"]:
            found[-1] = ("answer", found[-1][1] + piece["text"])
        elif piece:
            found.append(("answer", piece["text"]))
        elif node.type != "chat_message":
            found.append((node.type, str(node.proto)))
    return found


def passed_by(app: Page) -> list[str]:
    """The Markdown that was shown at some moment, in the order in which it came."""
    elements = [message.delta.new_element for message in app.sent if message.HasField("delta")]
    return [
        json.loads(each.bidi_component.json)["text"]
        if each.bidi_component.id.startswith("answer:")
        else _ESCAPED.sub(r"\1", each.markdown.body)
        for each in elements
        if each.HasField("markdown") or each.bidi_component.id.startswith("answer:")
    ]


_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|<>~$:&^])")


def _in_order(place: Block) -> Iterator[Any]:
    yield place
    for _, child in sorted(place.children.items()):
        if isinstance(child, Block):
            yield from _in_order(child)
        else:
            yield child


def _readable(node: Block | Element) -> list[str]:
    if isinstance(node, Block):
        labels = [getattr(node, "label", "")]
        if node.type == "popover":
            labels.append(node.proto.popover.label)
        return labels
    if isinstance(node, ButtonGroup):
        return [option.content for option in node.proto.options]
    if (
        node.type == "empty"
        or (getattr(node, "key", None) or "").partition(":")[0] in turn_footer.ICONS
    ):
        return []
    fields = ("body", "label", "placeholder", "message")
    return [text for f in fields if isinstance(text := getattr(node.proto, f, ""), str)]


class Gate:
    """An answer that stops in the middle until it is let go on: `fake.next(gate)`."""

    def __init__(self, before: str = "Half an ", after: str = "answer.") -> None:
        self._before, self._after = before, after
        self._opened = threading.Event()

    def open(self) -> None:
        self._opened.set()

    def __call__(self, handler: FakeHandler, body: dict[str, Any]) -> None:
        handler.open_stream("fake-gate")
        handler.send_event(chunk(body, {"content": self._before}))
        handler.wait_for(self._opened)
        handler.send_event(chunk(body, {"content": self._after}, "stop"))
        handler.send_event("[DONE]")
        handler.close_stream()


class Talker(Gate):
    """An answer that goes on, word by word, until it is let come to its end."""

    def __call__(self, handler: FakeHandler, body: dict[str, Any]) -> None:
        handler.open_stream("fake-talker")
        handler.send_event(chunk(body, {"content": self._before}))
        for number in count():
            handler.send_event(chunk(body, {"content": f"word{number} "}))
            handler.pause(WORD_S)
            if self._opened.is_set():
                break
        handler.send_event(chunk(body, {"content": self._after}, "stop"))
        handler.send_event("[DONE]")
        handler.close_stream()


# --- Fixtures --------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def _warm() -> None:
    """litellm, imported once: else the first test that asks would be seconds slower than others."""
    llm.warm_up()
    llm.count_tokens("")


@pytest.fixture(scope="session")
def _quick_demo() -> Iterator[demo.DemoServer]:
    with demo.DemoServer(pause_s=0, slow_s=0, silent_s=0) as server:
        yield server


@pytest.fixture
def open_app(
    fake: FakeClarifai,
    monkeypatch: pytest.MonkeyPatch,
    _warm: None,
    _quick_demo: demo.DemoServer,
) -> Iterator[Open]:
    """Open a page: `open_app("pages/models.py", pat=PAT, query={"model": …}, turns=[…])`.

    A `pat` is there as if it had been typed and never verified. What else is named is what the
    session remembers.
    """
    monkeypatch.setattr(demo, "_server", _quick_demo)
    monkeypatch.setattr(config, "_listening", [])
    monkeypatch.setattr(live, "QUIET_S", 0.0)
    # Each test counts for itself: all of them share one database.
    monkeypatch.setattr(endpoints, "_uses", endpoints._Uses())
    monkeypatch.setattr(endpoints, "keep_in", lambda register: None)
    headers = StreamlitHeaders([("Host", HOST)])
    monkeypatch.setattr(ContextProxy, "headers", property(lambda context: headers))
    monkeypatch.setattr(ContextProxy, "ip_address", property(lambda context: None))
    _quiet_streamlit()

    def open_app(
        page: str = "app.py",
        pat: str = "",
        query: dict[str, str] | None = None,
        turns: Sequence[Turn] = (),
        **session: Any,
    ) -> Page:
        app = Page(fake.users)
        if turns:
            session["chat"] = chats.new_chat()
            for before, turn in zip([None, *turns], turns, strict=False):
                chats.add(session["chat"], turn, before)
        for name, value in session.items():
            assert hasattr(Session, name)
            app.session_state[f"session.{name}"] = value
        if pat:
            app.session_state["session.access"] = {"pat": pat, "visit": "a visit"}
        app.query_params.update(query or {})
        if page != "app.py":
            app.switch_page(page)
        return app.run()

    yield open_app
    for handle in list(replies._replies.values()):
        handle.stop()


class _Stderr:
    """Whatever stderr is at the moment: pytest closes the one that a handler was made with."""

    def write(self, text: str) -> None:
        sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def _quiet_streamlit() -> None:
    """The canary guard sets every logger to DEBUG; Streamlit's handlers must not print that."""
    for log in streamlit_logger._loggers.values():
        handler = getattr(log, "streamlit_console_handler", None)
        if handler is not None:
            handler.stream = _Stderr()
            handler.setLevel(logging.ERROR)


@pytest.fixture
def at_a_glance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each run draws replies as far as they are, and does not wait for their end."""

    def look(views: list[Any], *, when_over: Callable[[], object] = lambda: None, **_: Any) -> None:
        for view in views:
            view.draw()
        if not any(replies.get(view.turn) for view in views):
            when_over()

    monkeypatch.setattr(live, "watch", look)


@pytest.fixture
def downloads(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Return what each download button offers, by its key."""
    found: dict[str, Any] = {}
    draw = streamlit.download_button

    def download_button(label: str, data: Any, *more: Any, **options: Any) -> bool:
        found[options["key"]] = data
        return draw(label, data, *more, **options)

    monkeypatch.setattr(streamlit, "download_button", download_button)
    return lambda key: found[key]() if callable(found[key]) else found[key]


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Automatic retries are as many as ever, and do not wait."""
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, errors.ChatError) and kind.waits:
            monkeypatch.setattr(kind, "waits", (0.01,) * len(kind.waits))


def always(behaviour: Behaviour) -> list[Behaviour]:
    """As many of a behaviour as one question can meet, retries included."""
    return [behaviour] * llm.MAX_ATTEMPTS
