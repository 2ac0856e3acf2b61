"""Keep what one browser tab remembers. Nothing else reads or writes session state.

Values are plain (str, dict, list): Streamlit re-imports edited modules, and an instance of a class
that was re-imported no longer passes `isinstance`.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, Generic, TypedDict, TypeVar

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from clarifai_chat import catalog
from clarifai_chat.attachments.attachment import Attachment
from clarifai_chat.background import Job
from clarifai_chat.catalog import Model
from clarifai_chat.chat import chats
from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.settings import ChatSettings
from clarifai_chat.chat.token_counts import TokenCounts
from clarifai_chat.chat.turn import ModelRef, Turn
from clarifai_chat.config import announced, host_of, is_loopback, settings
from clarifai_chat.llm.endpoints import Endpoint, SharedUse, endpoint_for
from clarifai_chat.playground.runs import Run, RunSettings, default_settings
from clarifai_chat.playground.toolset import ToolSet
from clarifai_chat.transfer.presets import Preset
from components.state.draft import Draft, new_draft

T = TypeVar("T")

RECENT_MODELS = 5
LOOK_S = 0.04  # how long a loop waits between two looks for news; a click is heeded within it


class Slot(Generic[T]):
    """A typed attribute that lives in `st.session_state`, made on first use by `default`."""

    def __init__(self, default: Callable[[], T]) -> None:
        self.default = default

    def __set_name__(self, owner: type, name: str) -> None:
        self.key = f"session.{name}"

    def __get__(self, instance: Any, owner: type) -> T:
        if self.key not in st.session_state:
            st.session_state[self.key] = self.default()
        value: T = st.session_state[self.key]
        return value

    def __set__(self, instance: Any, value: T) -> None:
        st.session_state[self.key] = value


class Access(TypedDict):
    """The access of this session's requests. Waiting questions hold this dict, not the token, so
    that a forgotten token is gone for them too."""

    pat: str
    shared: SharedUse


class CopyRequest(TypedDict):
    """A text on its way into the visitor's clipboard."""

    id: str  # of this one click
    turn: str  # id of the turn whose answer it is
    text: str
    sent_at: float | None  # Unix time; None before


class PendingUpload(TypedDict):
    """A question whose files are being read. It is asked when they are."""

    chat: str  # the id of the conversation in which it was asked
    prompt: str
    names: list[str]
    job: Job  # of clarifai_chat.history.attachment_contents.take


class Session:
    access = Slot[Access](lambda: {"pat": "", "shared": {"used": 0}})
    account = Slot[Job | None](lambda: None)  # whose token it is: a job of clarifai.who_am_i
    listing = Slot[Job | None](lambda: None)  # the live catalog: a job whose result is the models

    chosen = Slot(str)  # the model's address; "" lets the app choose
    address_model = Slot(str)  # the ?model= that was taken from the address already
    notice = Slot(str)  # one sentence about the last thing typed, shown once
    favourites = Slot[list[str]](list)
    recent = Slot[list[str]](list)
    opened = Slot[dict[str, int]](dict)  # list → how often "Show more" was asked of it

    chat = Slot[Chat](chats.new_chat)  # the conversation that is shown; its id names its line
    is_temporary = Slot(bool)  # the visitor's wish that this one is not kept
    deleted_chat = Slot(str)  # id of the one that was deleted last, for Undo
    removed_turns = Slot[list[Turn]](list)  # what was deleted last in this conversation, for Undo
    editing = Slot(str)  # id of the turn whose question is being edited
    reading = Slot[list[PendingUpload]](list)  # questions on their way, in order
    waiting = Slot[list[Attachment]](list)  # files that go with the next question
    refused = Slot[list[str]](list)  # a sentence for each file that could not go with the last one
    to_copy = Slot[CopyRequest | None](lambda: None)  # what was copied last
    uncopied = Slot(str)  # id of the turn whose answer the browser would not copy
    counted = Slot[TokenCounts](dict)  # tokens of this conversation's turns, each counted once
    counting = Slot[Job | None](lambda: None)  # of those that take longer to count
    leave_out = Slot[int | None](lambda: None)  # so many of the oldest; None is what does not fit
    chat_query = Slot(str)
    listed_chats = Slot(lambda: 30)  # how many are listed
    address_chat = Slot(str)  # the ?chat= that was taken from the address already
    address_texts = Slot[dict[str, str]](dict)  # the ?system= and ?q= that were taken already
    linked_system = Slot(str)  # the system prompt that a link set in this conversation
    former_settings = Slot[ChatSettings](ChatSettings)  # what the app replaced in it, for Undo
    former_schema = Slot(str)  # what was typed before JSON answers were switched
    checked_schema = Slot[dict[str, str]](dict)  # the schema checked last → what is wrong with it
    presets = Slot[dict[str, Preset]](dict)  # where they are not saved
    former_presets = Slot[dict[str, Preset]](dict)  # deleted or replaced last, for Undo
    shown_turns = Slot(lambda: 0)  # how many more than usual are drawn
    drawn_turns = Slot(lambda: 0)  # how many the last run drew

    tools = Slot[Draft](new_draft)  # the playground's tools, as text
    tools_off = Slot[list[str]](list)  # names of those that are not sent
    set_aside = Slot[list[ToolSet]](list)  # what the app replaced, the latest last
    fixing = Slot[list[str]](list)  # the finding whose fix is looked at: its code and its place
    plain_editor = Slot(bool)
    run_prompt = Slot(str)
    run_settings = Slot[RunSettings](default_settings)
    answerers = Slot[dict[str, str]](dict)  # tool → built-in, "" is by hand; others as suggested
    results = Slot[dict[str, str]](dict)  # tool → what it was answered with last
    runs = Slot[list[Run]](list)  # the latest last
    opened_run = Slot(str)  # id of the turn of the run that is shown
    compared_run = Slot(str)
    drawn_run = Slot(str)
    address_tools = Slot(str)  # the ?tools= that was taken from the address already

    @property
    def pat(self) -> str:
        return self.access["pat"]

    @property
    def may_share(self) -> bool:
        """Whether this visitor may use the operator's token."""
        return bool(settings().shared_pat) and (settings().allow_shared_pat or self._is_at_home)

    @property
    def _is_at_home(self) -> bool:
        """Whether the app listens on this machine alone, and was asked for by such a name.

        The name matters too: a proxy in front of a loopback address is asked by its public one.
        """
        asked_for = st.context.headers.get("Host") or "localhost"
        return is_loopback(listening_on()) and is_loopback(host_of(asked_for))

    def endpoint(self, turn: Turn) -> Callable[[], Endpoint]:
        """Return what finds the endpoint for the turn's model when its request goes out.

        It may be called from any thread, and uses the token that the session has by then.
        """
        url, access = turn["model"]["url"], self.access
        may_share = self.may_share
        return lambda: endpoint_for(url, access["pat"], access["shared"] if may_share else None)

    @property
    def models(self) -> tuple[Model, ...]:
        """The catalog: the live list where there is one, else the shipped one."""
        listing = self.listing
        if listing and listing["result"]:
            models: tuple[Model, ...] = listing["result"]
            return models
        return _shipped()

    @property
    def model(self) -> Model:
        """The model that the next question goes to."""
        if self.chosen:
            return catalog.describe(self.models, self.chosen)
        if self.pat or self.may_share:
            return catalog.describe(self.models, catalog.DEFAULT_URL)
        return catalog.DEMO

    @property
    def asked_model(self) -> ModelRef:
        return asked_of(self.model)

    def choose(self, url: str) -> None:
        self.chosen = url
        self.recent = [url, *(u for u in self.recent if u != url)][:RECENT_MODELS]

    @property
    def turns(self) -> list[Turn]:
        """The branch of the conversation that is shown, from its first turn to its last."""
        return chats.path(self.chat)

    def open_chat(self, chat: Chat) -> None:
        """Show this conversation; replies of the one before it go on."""
        self.chat = chat
        self.shown_turns = 0
        self.editing = self.uncopied = ""
        self.removed_turns = []
        self.former_settings, self.former_schema, self.linked_system = {}, "", ""
        self.checked_schema = {}
        self.counted, self.counting, self.leave_out = {}, None, None
        if chat["model"]:
            self.choose(chat["model"])

    def forget_access(self) -> None:
        """Drop the token and all that was fetched with it."""
        self.access["pat"] = ""  # in place: questions that wait share this dict
        self.account = None
        self.listing = None


def asked_of(model: Model) -> ModelRef:
    """Return a model as a turn keeps it."""
    return {
        "url": model.url,
        "name": model.label if model.is_demo else model.name,
        "input_price": model.input_price,
        "output_price": model.output_price,
    }


@cache
def _shipped() -> tuple[Model, ...]:
    return catalog.merge(catalog.shipped(), ())


session = Session()


def widget(key: str) -> Any:
    """Return what the widget with this key holds now; for use in its callback."""
    return st.session_state.get(key)


def has_widget(key: str) -> bool:
    """Return whether the widget with this key was drawn last; what it holds may be None."""
    return key in st.session_state


def set_widget(key: str, value: Any) -> None:
    """Change what a widget holds; in a callback, or before the widget is drawn."""
    st.session_state[key] = value


def seed(key: str, value: Any) -> None:
    """Give a widget its value, where it has none: on its first run, and after a change of page.

    A widget's own default would be ignored once it was shown, and lost with a change of page.
    """
    if key not in st.session_state:
        st.session_state[key] = value


def forget_widgets(*prefixes: str) -> None:
    """Let widgets whose keys begin so take their values from the session again. For callbacks."""
    for key in list(st.session_state):
        if str(key).startswith(prefixes):
            del st.session_state[key]


def pause_point() -> None:
    """Let Streamlit end this run here if a newer one has begun."""
    _ = "session.chat" in st.session_state


def is_here() -> Callable[[], bool]:
    """Return a function that tells, from any thread, whether this session's page is still
    connected."""
    context = get_script_run_ctx()
    session_id = context.session_id if context else ""

    def connected() -> bool:
        return runtime.exists() and runtime.get_instance().is_active_session(session_id)

    return connected


def listening_on() -> str:
    """Return the address that the server listens on; "" is all of them, or unknown."""
    return announced() or str(st.get_option("server.address") or "")
