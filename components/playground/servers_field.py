"""Choose the MCP servers on Clarifai that an agentic model uses while it answers."""

import streamlit as st

from clarifai_chat.catalog import clarifai_address
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.playground import clarifai_servers
from clarifai_chat.text import counted, listed
from components.state.session import session
from components.state.slots import forget_widgets, seed, widget
from components.state.streamlit_patches import uninterrupted

KEY = "mcp_servers"


def show() -> None:
    """Draw the field if the model is agentic, and what its servers change."""
    if not session.model.agentic:
        return
    chosen = session.run_settings["mcp_servers"]
    seed(KEY, chosen)
    st.multiselect(
        "MCP servers on Clarifai",
        list(dict.fromkeys([*clarifai_servers.READY, *chosen])),
        key=KEY,
        format_func=_words,
        accept_new_options=True,
        max_selections=clarifai_servers.MAX_SERVERS,
        placeholder="None: choose one, or paste its address on Clarifai",
        help="The servers that Clarifai's documentation names (2026-02), or any other MCP server on"
        " Clarifai, as https://clarifai.com/USER/APP/models/SERVER.",
        on_change=_keep,
    )
    if wrong := clarifai_servers.unknown(chosen):
        st.error(
            f"Not sent: {escaped(listed(wrong))}. An MCP server on Clarifai has an address such as"
            " https://clarifai.com/clarifai/mcp/models/time-mcp-server.",
            icon=":material/link_off:",
        )
    if servers := clarifai_servers.known(chosen):
        st.caption(
            ":material/dns: The server runs the tools: no verdict is possible. Clarifai asks"
            f" {counted(len(servers), 'MCP server')} for tools, calls them, and asks the model"
            " again until it answers, all in one request. Each of these rounds costs tokens, and a"
            " server may cost too. The answer streams, and the tools in the editor are not sent:"
            f" with them, Clarifai would run none. [Source]({clarifai_servers.DOCS}), 2026-02"
        )


def _words(address: str) -> str:
    what = clarifai_servers.READY.get(address)
    return f"{address.rsplit('/', 1)[-1]}: {what}" if what else address


@uninterrupted()
def _keep() -> None:
    typed = [str(each) for each in widget(KEY) or ()]
    chosen = list(dict.fromkeys(clarifai_address(each) or each for each in typed))
    session.run_settings["mcp_servers"] = chosen
    if chosen != typed:
        forget_widgets(KEY)
