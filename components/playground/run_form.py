"""Draw the form for a run: prompt, what goes with it, and how it is sent."""

from collections.abc import Callable, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.messages import ToolSpec
from clarifai_chat.playground import clarifai_servers, parameters
from clarifai_chat.playground.compatibility import cautions
from clarifai_chat.playground.runs import Run
from clarifai_chat.text import counted, cut, listed
from clarifai_chat.tools.lint.check import CheckResult
from components.playground import (
    mock_form,
    request_text,
    run_answerers,
    run_files,
    run_messages,
    run_more,
    run_settings,
    run_values,
    run_variables,
    servers_field,
    tool_text,
)
from components.state.session import session
from components.state.slots import forget_widgets, seed
from components.state.streamlit_patches import uninterrupted

MAX_PASTED = 300  # characters of the line about what has no open field


def show(tools: Sequence[ToolSpec], added_tokens: int | None) -> None:
    """Draw the form, without the button that starts the run."""
    seed("run_prompt", session.run_prompt)
    st.text_area(
        "Prompt",
        key="run_prompt",
        height=90,
        placeholder="Ask something that your tools can help with",
        help="`{{name}}` becomes a variable, with a box for its value",
        on_change=run_values.keep,
    )
    run_variables.show()
    run_files.show()
    servers_field.show()
    with st.expander("System prompt and settings", type="compact", key="run_settings"):
        run_settings.show(tools)
    run_messages.show(tools)
    run_more.show()
    _show_also_sent()
    if tools:
        with st.expander("Who answers the calls", type="compact", key="run_answers"):
            run_answerers.show(tools)
    for why in problems():
        st.caption(f":red[:material/error:] {escaped(why)}")
    settings, sent = clarifai_servers.asked(session.model, session.run_settings, tools)
    answered = run_answerers.answerers(sent)
    found = cautions(session.model, settings, sent, answered, added_tokens if sent else None)
    for caution in found:
        st.caption(f":orange[:material/warning:] {escaped(caution)}")


def problems() -> list[str]:
    """Return why the request cannot be sent, a sentence each."""
    found = [request_text.problem(name) for name in request_text.NAMES]
    return [why for why in (*found, request_text.undefined()) if why]


def show_buttons(
    place: DeltaGenerator,
    start: Callable[[], None],
    show_code: Callable[[], None],
    checked: CheckResult,
) -> None:
    """Draw Run, and Get code for the request that it would send."""
    with place.container(horizontal=True):
        # Not "primary": its white text is too faint on a colour that suits a dark page.
        st.button(
            "Run",
            key="run",
            icon=":material/play_arrow:",
            shortcut="Ctrl+Enter",
            disabled=checked.is_broken,
            help="No tools can be sent yet: see the marked line, or the message below the editor"
            if checked.is_broken
            else None,
            on_click=start,
        )
        st.button(
            "Get code",
            key="run_code",
            icon=":material/code:",
            disabled=checked.is_broken,
            on_click=show_code,
        )


def show_stop(place: DeltaGenerator, stop: Callable[[Run], None], run: Run) -> None:
    place.button("Stop", key="stop", icon=":material/stop_circle:", on_click=stop, args=(run,))


def latest_prompt() -> str:
    """Return the prompt; all fields then hold what was typed last. For callbacks."""
    run_values.read()
    mock_form.read()
    return session.run_prompt


def _show_also_sent() -> None:
    """Say what is sent besides the fields above, and let it be removed."""
    settings = session.run_settings
    parts = [parameters.said({name: value}) for name, value in settings["extra"].items()]
    if settings["messages"]:
        parts.insert(0, f"{counted(len(settings['messages']), 'message')} before the prompt")
    if parts:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(escaped(cut(f"Also sent: {listed(parts)}.", MAX_PASTED)))
            st.button("Remove", key="drop_pasted", type="tertiary", on_click=_remove)


@uninterrupted()
def _remove() -> None:
    """Remove earlier messages and the parameters under More; Undo restores them."""
    tool_text.put_aside()
    session.run_settings = {**session.run_settings, "messages": [], "extra": {}}
    for name in request_text.NAMES:
        request_text.begin(name, "")
    forget_widgets(run_values.MORE)
