"""Export the playground's tools, prompt and settings: a link, a file, or another format."""

from collections.abc import Sequence

import streamlit as st

from clarifai_chat.access_token import holds
from clarifai_chat.playground import toolset
from clarifai_chat.playground.toolset import BadToolSet
from clarifai_chat.tools.formats.exports import FORMATS, exported
from clarifai_chat.tools.lint.check import check
from components.playground import tool_text
from components.playground.tool_lines import marked
from components.state import kept_playground
from components.state.session import session
from components.state.slots import seed

MANY = 3  # more losses than these fold
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
        found = toolset.from_parameter(asked)
    except BadToolSet as error:
        st.toast(str(error), icon=":material/link_off:")
        return False
    tool_text.open_set(found)
    kept_playground.leave_set()
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
    _show_formats()
    st.download_button(
        "Export as a file",
        toolset.to_json(current),
        file_name="tools.json",
        mime="application/json",
        key="save_tools",
        icon=":material/download:",
        help="Tools, prompt, model, settings and mocks, to open here again",
        on_click="ignore",
    )
    parameter = toolset.to_parameter(current)
    if parameter is None:
        st.caption(TOO_LARGE)
    else:
        st.caption(
            "A link with tools, prompt, model, settings and mocks. Opening it sends nothing."
        )
        address = (st.context.url or "").split("?")[0]
        st.code(f"{address}?tools={parameter}", language=None, wrap_lines=True)


def _show_formats() -> None:
    """Show the tools in another format, and what it cannot hold."""
    specs = [dict(tool) for tool in tool_text.sent(check(session.tools["text"]))]
    if not specs:
        return
    seed("export_as", "openai")
    kind = st.selectbox(
        "Tools as",
        list(FORMATS),
        key="export_as",
        format_func=lambda kind: FORMATS[kind].label,
        help="The tools that are switched on, without prompt and settings",
    )
    form = FORMATS[kind]
    found = exported(kind, specs)
    if form.note:
        st.caption(marked(form.note))
    if found.lost:
        _show_lost(found.lost)
    with st.container(height=260, border=False):
        st.code(found.text, language=form.language, wrap_lines=True)
    st.download_button(
        f"Save {form.filename}",
        found.text,
        file_name=form.filename,
        mime="text/plain",
        key="save_export",
        icon=":material/download:",
        on_click="ignore",
    )


def _show_lost(lost: Sequence[str]) -> None:
    lines = "\n".join(f"- {marked(sentence)}" for sentence in lost)
    if len(lost) > MANY:
        with st.expander(f"{len(lost)} tools are not whole in this format"):
            st.markdown(lines)
    else:
        st.markdown(f"Not whole in this format:\n{lines}")
