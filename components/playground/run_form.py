"""Draw the form for a run: prompt, settings, who answers the calls."""

import json
from collections.abc import Callable, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from clarifai_chat.llm import sent_back
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.messages import ToolSpec
from clarifai_chat.playground import clarifai_servers
from clarifai_chat.playground.compatibility import cautions
from clarifai_chat.playground.runs import ANSWERS, CHOICES, MAX_STEPS, TYPED, Run
from clarifai_chat.text import counted, cut, listed
from clarifai_chat.tools.builtins import BUILTINS
from clarifai_chat.tools.builtins.suggest import suggested
from clarifai_chat.tools.lint.check import CheckResult
from components.actions import code
from components.playground import servers_field
from components.state.session import session
from components.state.slots import seed, widget
from components.state.streamlit_patches import uninterrupted

SWITCH = {"not sent": None, "on": True, "off": False}
STRICT = {"as written": None, "on": True, "off": False}
ANSWER_WORDS = {
    "by hand": "I type them",
    "approve": "I approve them",
    "automatic": "Automatically",
}


MAX_PASTED = 300  # characters of the line about a pasted request
# Widgets that take their values from the session again once they are forgotten.
KEYS = (
    "run_prompt",
    "run_system",
    "tool_choice",
    "run_parallel",
    "run_strict",
    "run_temperature",
    "run_max_tokens",
    "run_stream",
    "run_sent_back",
    "answers",
    "max_steps",
    servers_field.KEY,
)


def show(tools: Sequence[ToolSpec], added_tokens: int | None) -> None:
    """Draw the form, without the button that starts the run."""
    seed("run_prompt", session.run_prompt)
    st.text_area(
        "Prompt",
        key="run_prompt",
        height=90,
        placeholder="Ask something that your tools can help with",
        on_change=_keep_prompt,
    )
    servers_field.show()
    with st.expander("System prompt and settings", type="compact", key="run_settings"):
        _show_settings(tools)
    _show_pasted()
    if tools:
        with st.expander("Who answers the calls", type="compact", key="run_answers"):
            _show_answerers(tools)
    settings, sent = clarifai_servers.asked(session.model, session.run_settings, tools)
    found = cautions(session.model, settings, sent, answerers(sent), added_tokens if sent else None)
    for caution in found:
        st.caption(f":orange[:material/warning:] {escaped(caution)}")


def show_buttons(
    place: DeltaGenerator,
    start: Callable[[], None],
    build: Callable[[], Run],
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
            on_click=code.of_run,
            args=(build,),
        )


def show_stop(place: DeltaGenerator, stop: Callable[[Run], None], run: Run) -> None:
    place.button("Stop", key="stop", icon=":material/stop_circle:", on_click=stop, args=(run,))


def latest_prompt() -> str:
    """Return the prompt with what was typed last. For callbacks."""
    _keep_prompt()
    return session.run_prompt


@uninterrupted()
def _keep_prompt() -> None:
    typed = widget("run_prompt")
    if isinstance(typed, str):
        session.run_prompt = typed


def _show_settings(tools: Sequence[ToolSpec]) -> None:
    settings = session.run_settings
    seed("run_system", settings["system"])
    st.text_area(
        "System prompt",
        key="run_system",
        height=70,
        placeholder="Not sent",
        on_change=_keep,
        args=("system", "run_system"),
    )
    names = [str(tool["function"].get("name", "")) for tool in tools]
    choices = [*CHOICES, *(name for name in dict.fromkeys(names) if name and name not in CHOICES)]
    if settings["tool_choice"] not in choices:
        choices.append(settings["tool_choice"])
    left, right = st.columns(2)
    with left:
        seed("tool_choice", settings["tool_choice"])
        st.selectbox(
            "Tool choice",
            choices,
            key="tool_choice",
            help="auto: the model decides. required: it must call. none: it must not. A name: this"
            " tool must be called.",
            on_change=_keep,
            args=("tool_choice", "tool_choice"),
        )
        _switch("Parallel calls", "parallel", SWITCH)
        _switch("Strict", "strict", STRICT)
    with right:
        seed("run_temperature", settings["temperature"])
        st.number_input(
            "Temperature",
            min_value=0.0,
            max_value=2.0,
            value=None,
            step=0.1,
            key="run_temperature",
            placeholder="Not sent",
            on_change=_keep,
            args=("temperature", "run_temperature"),
        )
        seed("run_max_tokens", settings["max_tokens"])
        st.number_input(
            "Max tokens per reply",
            min_value=1,
            max_value=1_000_000,
            value=None,
            step=100,
            key="run_max_tokens",
            placeholder="Not sent",
            on_change=_keep,
            args=("max_tokens", "run_max_tokens"),
        )
        seed("run_stream", settings["stream"])
        st.toggle(
            "Streaming",
            key="run_stream",
            help="Clarifai itself tests tool calls only without streaming",
            on_change=_keep,
            args=("stream", "run_stream"),
        )
    seed("run_sent_back", settings["sent_back"])
    # The labels stay: with other ones, Streamlit takes a change of the model for one of the choice.
    st.selectbox(
        "Sent back with tool results",
        sent_back.CHOICES,
        format_func=sent_back.label,
        key="run_sent_back",
        help="What goes back to the model of its earlier replies. Gemini refuses results without"
        " its thought signatures, some models think on from their thoughts, and others refuse such"
        " fields. Automatic follows what the model's maker asks for, which is not verified on"
        " Clarifai.",
        on_change=_keep,
        args=("sent_back", "run_sent_back"),
    )
    if settings["sent_back"] == "automatic":
        st.caption(f"Automatic for this model: {sent_back.rule(session.model.url)}.")


def _show_pasted() -> None:
    """Say what of a pasted request is sent and has no field, and let it be removed."""
    settings = session.run_settings
    parts = [f"{name} {json.dumps(value)}" for name, value in settings["extra"].items()]
    if settings["messages"]:
        parts.insert(0, f"{counted(len(settings['messages']), 'message')} before the prompt")
    if parts:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(escaped(cut(f"Also sent: {listed(parts)}.", MAX_PASTED)))
            st.button("Remove", key="drop_pasted", type="tertiary", on_click=_drop_pasted)


@uninterrupted()
def _drop_pasted() -> None:
    session.run_settings["messages"] = []
    session.run_settings["extra"] = {}


def _switch(label: str, name: str, options: dict[str, bool | None]) -> None:
    now = session.run_settings[name]  # type: ignore[literal-required]  # a key of the TypedDict
    seed(f"run_{name}", next(word for word, value in options.items() if value is now))
    st.segmented_control(
        label,
        list(options),
        required=True,
        key=f"run_{name}",
        on_change=_keep_switch,
        args=(name, options),
    )


@uninterrupted()
def _keep(name: str, key: str) -> None:
    value = widget(key)
    session.run_settings[name] = "" if value is None and name == "system" else value  # type: ignore[literal-required]  # a key of the TypedDict


@uninterrupted()
def _keep_switch(name: str, options: dict[str, bool | None]) -> None:
    session.run_settings[name] = options.get(widget(f"run_{name}"))  # type: ignore[literal-required]  # a key of the TypedDict


# --- Who answers ----------------------------------------------------------------------------------


def answerers(tools: Sequence[ToolSpec]) -> dict[str, str]:
    """Return tool → its answerer, a built-in or TYPED, without tools answered by hand."""
    found = {}
    for tool in tools:
        name = str(tool["function"].get("name", ""))
        usual = suggested(tool) or (TYPED if name in session.results else "")
        if answerer := session.answerers.get(name, usual):
            found[name] = answerer
    return found


def _show_answerers(tools: Sequence[ToolSpec]) -> None:
    settings = session.run_settings
    seed("answers", settings["answers"])
    st.segmented_control(
        "Answers",
        ANSWERS,
        required=True,
        format_func=ANSWER_WORDS.__getitem__,
        key="answers",
        help="Automatically: calls are answered and the model is asked again until it answers in"
        " words, or until the number of requests below is reached.",
        on_change=_keep,
        args=("answers", "answers"),
    )
    if settings["answers"] == "automatic":
        seed("max_steps", settings["max_steps"])
        st.number_input(
            "Maximum requests",
            min_value=1,
            max_value=MAX_STEPS,
            key="max_steps",
            on_change=_keep,
            args=("max_steps", "max_steps"),
        )
    if settings["answers"] == "by hand":
        return
    now = answerers(tools)
    options = ["", TYPED, *BUILTINS]
    for tool in tools:
        name = str(tool["function"].get("name", ""))
        seed(f"answerer:{name}", now.get(name, ""))
        st.selectbox(
            f"{name or 'a tool without a name'} is answered by",
            options,
            format_func=_answerer_words,
            key=f"answerer:{name}",
            help="; ".join(f"{b.label}: {b.description}" for b in BUILTINS.values()),
            on_change=_keep_answerer,
            args=(name,),
        )


def _answerer_words(answerer: str) -> str:
    if answerer in BUILTINS:
        return f"{BUILTINS[answerer].label} (built in)"
    return "my last answer" if answerer == TYPED else "me"


@uninterrupted()
def _keep_answerer(name: str) -> None:
    session.answerers = {**session.answerers, name: widget(f"answerer:{name}") or ""}
