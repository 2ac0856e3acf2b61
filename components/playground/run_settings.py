"""Draw the system prompt and the settings that most runs need."""

from collections.abc import Sequence

import streamlit as st

from clarifai_chat.llm import sent_back
from clarifai_chat.messages import ToolSpec
from clarifai_chat.playground.runs import CHOICES
from components.playground.run_values import STRICT, SWITCH, keep
from components.state.session import session
from components.state.slots import seed


def show(tools: Sequence[ToolSpec]) -> None:
    settings = session.run_settings
    seed("run_system", settings["system"])
    st.text_area(
        "System prompt",
        key="run_system",
        height=70,
        placeholder="Not sent",
        on_change=keep,
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
            on_change=keep,
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
            on_change=keep,
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
            on_change=keep,
        )
        seed("run_stream", settings["stream"])
        st.toggle(
            "Streaming",
            key="run_stream",
            help="Clarifai itself tests tool calls only without streaming",
            on_change=keep,
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
        on_change=keep,
    )
    if settings["sent_back"] == "automatic":
        st.caption(f"Automatic for this model: {sent_back.rule(session.model.url)}.")


def _switch(label: str, name: str, options: dict[str, bool | None]) -> None:
    now = session.run_settings[name]  # type: ignore[literal-required]  # a key of the TypedDict
    seed(f"run_{name}", next(word for word, value in options.items() if value is now))
    st.segmented_control(
        label,
        list(options),
        required=True,
        key=f"run_{name}",
        on_change=keep,
    )
