"""Draw the conversation's Settings in the sidebar.

They are kept with the conversation, and count from the next question on. What is empty is not sent.
"""

from typing import Any

import streamlit as st

from clarifai_chat.access_token import may_hold
from clarifai_chat.chat import links
from clarifai_chat.chat.settings import EFFORTS, ChatSettings, given, is_any_json, stop_lines
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.playground.compatibility import chat_cautions
from clarifai_chat.transfer.validate import MAX_NUMBER
from components.actions import code
from components.chat import preset_box, tools_box
from components.state import chat_settings
from components.state.chat_settings import ANY, NOT_SENT, OFF, PREFIX, SCHEMA
from components.state.session import session
from components.state.slots import forget_widgets, has_widget, seed, widget
from components.state.streamlit_patches import uninterrupted

NAMES = {
    "system": "system prompt",
    "temperature": "temperature",
    "top_p": "top p",
    "max_tokens": "max tokens",
    "stop": "stop sequences",
    "seed": "seed",
    "presence_penalty": "presence penalty",
    "frequency_penalty": "frequency penalty",
    "reasoning_effort": "reasoning effort",
    "json_schema": "JSON answers",
    "tools": "tools",
}
LINK_HELP = "Whoever opens it gets the model and the system prompt. It sends nothing."


def show() -> None:
    """Draw it: closed, a line; and what may not work as it is set, whether closed or open."""
    settings = session.chat["settings"]
    # Its label stays the same: to Streamlit another label is another expander, and what is being
    # typed in the old one would be lost.
    box = st.expander(
        "Settings",
        key="chat_settings",
        type="compact",
        icon=":material/tune:",
        on_change="rerun",
    )
    if box.open:
        with box:
            _show_fields(settings)
            _show_whole(settings)
    else:
        forget_widgets(PREFIX)  # a run that was cut short leaves what they held
    if found := given(settings):
        st.caption(f"{len(found)} set: {', '.join(NAMES[name] for name in found)}")
    if why := schema_problem(settings):
        said = f"Questions are not sent: the JSON schema is invalid. {why}"
        st.caption(f":red[:material/error:] {escaped(said)}")
    for caution in chat_cautions(session.model, settings):
        st.caption(f":orange[:material/warning:] {escaped(caution)}")


def schema_problem(settings: ChatSettings) -> str:
    """Return what is wrong with the schema of answers; "" if it can be sent."""
    text = settings.get("json_schema")
    if text is None or is_any_json(text):
        return ""
    if text not in session.checked_schema:  # a large one takes a while, and each run asks
        from clarifai_chat.chat.json_schema import problem  # few need it, and it is slow to load

        session.checked_schema = {text: problem(text)}
    return session.checked_schema[text]


# --- The fields -----------------------------------------------------------------------------------


def _show_fields(settings: ChatSettings) -> None:
    _seed("set_system", settings.get("system", ""))
    st.text_area(
        "System prompt",
        key="set_system",
        height=100,
        placeholder=NOT_SENT,
        on_change=_keep,
    )
    tools_box.show()
    _show_number("Temperature", "temperature", 0.0, 2.0, 0.1)
    _show_number("Max tokens", "max_tokens", 1, 1_000_000, 100)
    _show_number("Top p", "top_p", 0.0, 1.0, 0.05)
    _show_number("Seed", "seed", -MAX_NUMBER, MAX_NUMBER, 1)
    _show_number(
        "Presence penalty",
        "presence_penalty",
        -2.0,
        2.0,
        0.1,
        help="Above 0, the model turns to new topics more often; below 0, less.",
    )
    _show_number(
        "Frequency penalty",
        "frequency_penalty",
        -2.0,
        2.0,
        0.1,
        help="Above 0, the model repeats the same words less; below 0, more.",
    )
    _show_effort(settings.get("reasoning_effort", ""))
    _seed("set_stop", stop_lines(settings.get("stop", [])))
    st.text_area(
        "Stop sequences, one in a line",
        key="set_stop",
        height=70,
        placeholder=NOT_SENT,
        help=r"The answer ends before one of them. A line break in one is written \\n.",
        on_change=_keep,
    )
    _show_json(settings)


def _show_number(
    label: str, name: str, low: float, high: float, step: float, help: str | None = None
) -> None:
    value: Any = session.chat["settings"].get(name)
    if value is not None:  # of the type that the others have, and within: the widget insists
        value = min(high, max(low, type(step)(value)))
    _seed(f"{PREFIX}{name}", value)
    st.number_input(
        label,
        min_value=low,
        max_value=high,
        value=None,
        step=step,
        key=f"{PREFIX}{name}",
        placeholder=NOT_SENT,
        help=help,
        on_change=_keep,
    )


def _show_effort(effort: str) -> None:
    others = [effort] if effort and effort not in EFFORTS else []
    _seed("set_effort", effort or NOT_SENT)
    st.selectbox(
        "Reasoning effort",
        [NOT_SENT, *EFFORTS, *others],
        key="set_effort",
        on_change=_keep,
    )


def _show_json(settings: ChatSettings) -> None:
    mode = chat_settings.mode(settings)
    _seed("set_json", mode)
    st.selectbox("JSON answers", [OFF, ANY, SCHEMA], key="set_json", on_change=_keep)
    if mode != SCHEMA:
        forget_widgets("set_schema")
        return
    _seed("set_schema", settings["json_schema"])
    st.text_area("JSON schema", key="set_schema", height=200, on_change=_keep)


def _seed(key: str, value: Any) -> None:
    """Let a widget show what the conversation has: it may have changed elsewhere."""
    if has_widget(key) and widget(key) != value:
        forget_widgets(key)
    seed(key, value)


# --- All of them at once --------------------------------------------------------------------------


def _show_whole(settings: ChatSettings) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        preset_box.show()
        _show_link(settings.get("system", ""))
        st.button(
            "Get code", key="next_code", icon=":material/code:", on_click=code.of_next_question
        )
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.button(
            "Clear all",
            key="clear_settings",
            type="tertiary",
            disabled=not settings,
            on_click=_clear,
        )
        if session.former_settings and session.former_settings != settings:
            st.button(
                "Undo",
                key="undo_settings",
                icon=":material/undo:",
                type="tertiary",
                on_click=_undo,
            )


def _show_link(system: str) -> None:
    with st.popover("Link", icon=":material/link:", key="chat_link", on_change="rerun") as popover:
        if not popover.open:
            return
        page = (st.context.url or "").split("?")[0]
        if not system and not session.chosen:
            st.caption("Choose a model or write a system prompt first: a link carries these.")
        elif may_hold(system, session.pat):
            st.caption("No link: something in the system prompt looks like an access token.")
        elif address := links.to(page, {"model": session.chosen, "system": system}):
            st.caption(LINK_HELP)
            is_long = len(address) > 500
            st.code(address, language=None, wrap_lines=True, height=200 if is_long else "content")
        else:
            st.caption("The system prompt is too long for a link. Save it as a preset instead.")


# --- What a click does ----------------------------------------------------------------------------


@uninterrupted()
def _keep() -> None:
    if typed := chat_settings.read_widgets():
        chat_settings.save(typed)


@uninterrupted()
def _clear() -> None:
    chat_settings.replace({})


@uninterrupted()
def _undo() -> None:
    chat_settings.undo()
