"""Export the playground's tools, prompt and settings, as a link or a file."""

import streamlit as st

from clarifai_chat.access_token import holds
from clarifai_chat.playground import toolset
from clarifai_chat.playground.toolset import BadToolSet
from components.playground import tool_text
from components.state.session import session

TOO_LARGE = "There are too many tools for a link. Export them as a file instead."
REMOVE_IT = (
    "The tools or a prompt contain your access token. Remove it: links and files get passed on."
)


def take_address() -> bool:
    """Fill the playground from `?tools=`, once; return whether this call did."""
    asked = str(st.query_params.get("tools", ""))
    if not asked or asked == session.address_tools:
        return False
    session.address_tools = asked
    try:
        tool_text.open_set(toolset.from_parameter(asked))
    except BadToolSet as error:
        st.toast(str(error), icon=":material/link_off:")
        return False
    return True


def show() -> None:
    with st.popover("Export", icon=":material/download:", key="toolset", on_change="rerun") as box:
        if not box.open:
            return
        current = tool_text.current()
        if holds(current, session.pat):
            st.warning(REMOVE_IT)
        else:
            _show_exports(current)


def _show_exports(current: toolset.ToolSet) -> None:
    parameter = toolset.to_parameter(current)
    if parameter is None:
        st.caption(TOO_LARGE)
    else:
        st.caption("A link with tools, prompt, model and settings. Opening it sends nothing.")
        address = (st.context.url or "").split("?")[0]
        st.code(f"{address}?tools={parameter}", language=None, wrap_lines=True)
    st.download_button(
        "Export as a file",
        toolset.to_json(current),
        file_name="tools.json",
        mime="application/json",
        key="save_tools",
        icon=":material/download:",
        on_click="ignore",
    )
