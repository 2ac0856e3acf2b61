"""Ask questions: each goes into the conversation first, then to its model.

Nothing here draws.
"""

from collections.abc import Callable, Iterator, Sequence

import streamlit as st

from clarifai_chat import catalog, llm
from clarifai_chat.attachments.attachment import Attachment
from clarifai_chat.catalog import DEMO
from clarifai_chat.chat import chats, replies
from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.request import chat_request
from clarifai_chat.chat.settings import ChatSettings
from clarifai_chat.chat.token_counts import TokenCounter
from clarifai_chat.chat.turn import (
    STOPPED,
    ModelRef,
    Turn,
    asked_of,
    end,
    is_over,
    new_turn,
    note_left_out,
    resume,
)
from clarifai_chat.events import StreamEvent
from clarifai_chat.history import attachment_contents, file_reading
from clarifai_chat.llm.request import ChatRequest
from clarifai_chat.llm.transport import InFlight
from clarifai_chat.playground import chat_tools, runs
from clarifai_chat.playground.runs import Run
from components.actions import tool_servers
from components.state import chat_settings, offered_tools, persistence
from components.state.session import is_here, session
from components.state.streamlit_patches import uninterrupted


@uninterrupted()
def ask(prompt: str, files: Sequence[Attachment] = ()) -> None:
    turn, chat, path = new_turn(prompt, session.asked_model), session.chat, session.turns
    if files:
        turn["attachments"] = [*files]
    chats.add(chat, turn, path[-1] if path else None)
    chat["model"] = turn["model"]["url"]
    _start(turn)


@uninterrupted()
def ask_first(prompt: str) -> None:
    """Start the conversation with a prepared question; a second click does not ask it twice."""
    if not session.chat["turns"]:
        ask(prompt)


@uninterrupted()
def ask_all(prompt: str, columns: Sequence[Chat]) -> None:
    """Ask each conversation's own model the same question, all at once."""
    asked = []
    for chat in columns:
        turn, path = new_turn(prompt, _own_model(chat)), chats.path(chat)
        if not chat["title"]:  # as one of several with the same question
            chat["title"] = f"{chats.auto_title(prompt)} · {turn['model']['name']}"
        chats.add(chat, turn, path[-1] if path else None)
        asked.append(turn)
    for turn in asked:
        _start(turn)


@uninterrupted()
def ask_again(turn: Turn) -> None:
    """Ask the same question again: the model that is selected now, or a compared one itself."""
    chat = session.chat_of(turn)
    model = session.asked_model if chat is session.chat else _own_model(chat)
    ask_beside(turn, turn["prompt"], model)


@uninterrupted()
def ask_demo(turn: Turn) -> None:
    session.choose(DEMO.url)
    ask_again(turn)


def ask_beside(turn: Turn, prompt: str, model: ModelRef) -> None:
    """Ask in place of a turn, with its files.

    If the turn has any reply, or the prompt differs, it stays as another version of the new one.
    """
    chat, fresh = session.chat_of(turn), new_turn(prompt, model)
    if files := turn.get("attachments"):
        fresh["attachments"] = [*files]
    if not any(each["id"] == turn["id"] for each in chat["turns"]):
        return  # deleted in another tab: the answer would not be visible
    if any(_is_asking(each, prompt, model) for each in chats.siblings(chat, turn)):
        return  # the second click of two
    if turn["replies"] or prompt != turn["prompt"]:
        chats.add_beside(chat, turn, fresh)
    else:
        chats.replace(chat, turn, fresh)
    _start(fresh)


def go_on(turn: Turn, run: Run) -> None:
    """Ask the model again with the answers to its calls; `run` is the turn as a run."""
    _start(turn, run)


@uninterrupted()
def carry_on(turn: Turn) -> None:
    """Ask the same model for the rest of an incomplete answer."""
    if not is_over(turn):
        return  # the second click of two
    resume(turn)
    _start(turn)


@uninterrupted()
def remove(turn: Turn) -> None:
    """Remove a question that has not been sent yet."""
    chat = session.chat_of(turn)
    if not replies.withdraw(turn):
        return
    if turn["replies"]:  # it was to continue an answer: keep what has arrived
        end(turn, STOPPED, None)
    else:
        chats.splice(chat, turn)
    persistence.save(chat)


@uninterrupted()
def stop() -> None:
    for turn in session.turns:
        if turn["asked_at"] is not None:
            replies.stop(turn)


def _own_model(chat: Chat) -> ModelRef:
    return asked_of(catalog.describe(session.models, chat["model"]))


def _is_asking(turn: Turn, prompt: str, model: ModelRef) -> bool:
    is_same = turn["prompt"] == prompt and turn["model"]["url"] == model["url"]
    return is_same and replies.get(turn) is not None


def _start(turn: Turn, run: Run | None = None) -> None:
    """Queue the turn's request behind the questions that wait.

    `run` is the turn as a run, if calls of it have just been approved.
    """
    chat = session.chat_of(turn)
    is_open = chat is session.chat
    typed = chat_settings.read_widgets() if is_open else set()
    # Copied before saving, which may merge settings from another tab that are not visible here.
    if not turn["replies"]:
        offered_tools.give(turn, chat)
    settings: ChatSettings = {**chat["settings"]}
    if is_open:
        chat_settings.save(typed)  # before the request is sent
    else:
        persistence.save(chat)
    turns, endpoint, owner = chats.path(chat), session.endpoint(turn), persistence.owner()
    request = _request_of(turn, chat, settings, session.leave_out if is_open else None)
    ask_server = tool_servers.asker()

    def build() -> ChatRequest:
        asked = request()
        note_left_out(turn, asked.left_out)
        return asked

    def events(in_flight: InFlight) -> Iterator[StreamEvent]:
        if "tools" in turn:
            llm.warm_up()
            whole = run or chat_tools.run_of(turn)
            came = runs.events(whole, endpoint, in_flight, ask_server=ask_server, build=build)
        else:
            came = llm.events(build(), endpoint(), in_flight)
        return file_reading.keep_pictures(owner, came)

    with persistence.asking(turn) as is_free:
        if is_free:
            replies.ask(turn, events, queue=chat["id"], is_here=is_here(), turns=turns)
    if not is_free:
        st.toast("This is being answered already, as another tab asked. You see that answer.")


def request_of(turn: Turn, *, leave_out: int | None) -> ChatRequest:
    """Build the request that would ask `turn` now. Raises what `chat_request` raises."""
    chat = session.chat_of(turn)
    return _request_of(turn, chat, chat["settings"], leave_out)()


def _request_of(
    turn: Turn, chat: Chat, settings: ChatSettings, leave_out: int | None
) -> Callable[[], ChatRequest]:
    """Return a function that builds the turn's request, for the worker to call.

    It leaves out the same turns as the context meter shows.
    """
    turns, owner = chats.path(chat), persistence.owner()
    model = catalog.describe(session.models, turn["model"]["url"])
    counted = session.counted

    def build() -> ChatRequest:
        llm.warm_up()
        return chat_request(
            turn,
            turns,
            settings,
            model,
            counter=TokenCounter(llm.count_tokens, counted),
            leave_out=leave_out,
            content=lambda each: attachment_contents.as_sent(owner, each, turns),
            pictures=lambda each: attachment_contents.made_as_sent(owner, each),
        )

    return build
