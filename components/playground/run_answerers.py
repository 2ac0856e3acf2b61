"""Draw who answers the calls of a run: the reader, mocks, built-ins or MCP servers."""

from collections.abc import Sequence

import streamlit as st

from clarifai_chat.config import server_name
from clarifai_chat.markdown.sanitize import as_label
from clarifai_chat.messages import ToolSpec
from clarifai_chat.playground.chat_tools import answerers_of, mocks_in
from clarifai_chat.playground.runs import ANSWERS, MAX_STEPS, MOCKED, TYPED
from clarifai_chat.playground.server_calls import MAX_CALLS, is_server
from clarifai_chat.tools.builtins import BUILTINS
from components.playground import mock_form
from components.playground.run_values import keep
from components.state.session import session
from components.state.slots import seed, widget
from components.state.streamlit_patches import uninterrupted

ANSWER_WORDS = {
    "by hand": "I type them",
    "approve": "I approve them",
    "automatic": "Automatically",
}


def answerers(tools: Sequence[ToolSpec]) -> dict[str, str]:
    """Return tool → its answerer, without tools answered by hand or by a mock of no use."""
    chosen = _chosen(tools)
    usable = mocks_in(session.mocks, chosen)
    return {tool: by for tool, by in chosen.items() if by != MOCKED or tool in usable}


def _chosen(tools: Sequence[ToolSpec]) -> dict[str, str]:
    return answerers_of(tools, session.answerers, session.tool_servers, session.results)


def show(tools: Sequence[ToolSpec]) -> None:
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
        on_change=keep,
    )
    if settings["answers"] == "automatic":
        seed("max_steps", settings["max_steps"])
        st.number_input(
            "Maximum requests",
            min_value=1,
            max_value=MAX_STEPS,
            key="max_steps",
            on_change=keep,
        )
    if settings["answers"] == "by hand":
        return
    now = _chosen(tools)
    servers = list(
        dict.fromkeys([*session.tool_servers.values(), *filter(is_server, now.values())])
    )
    if servers and settings["answers"] == "automatic":
        seed("max_calls", settings["max_calls"])
        st.number_input(
            "Maximum calls to MCP servers",
            min_value=1,
            max_value=MAX_CALLS,
            key="max_calls",
            help="Calls that do not fit their schema are never sent automatically.",
            on_change=keep,
        )
    options = ["", TYPED, MOCKED, *BUILTINS, *servers]
    for tool in tools:
        name = str(tool["function"].get("name", ""))
        seed(f"answerer:{name}", now.get(name, ""))
        st.selectbox(
            f"{as_label(name) or 'a tool without a name'} is answered by",
            options,
            format_func=_answerer_words,
            key=f"answerer:{name}",
            help="; ".join(f"{b.label}: {b.description}" for b in BUILTINS.values()),
            on_change=_keep_answerer,
            args=(name,),
        )
        if now.get(name) == MOCKED:
            mock_form.show(tool)


def _answerer_words(answerer: str) -> str:
    if answerer in BUILTINS:
        return f"{BUILTINS[answerer].label} (built in)"
    if is_server(answerer):
        return f"the MCP server {server_name(answerer)}"
    if answerer == MOCKED:
        return "a mock"
    return "my last answer" if answerer == TYPED else "me"


@uninterrupted()
def _keep_answerer(name: str) -> None:
    session.answerers = {**session.answerers, name: widget(f"answerer:{name}") or ""}
