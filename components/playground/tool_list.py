"""Draw a line for each tool: sent or not, duplicate, delete."""

from collections.abc import Callable

import streamlit as st

from clarifai_chat.markdown.sanitize import as_code
from clarifai_chat.tools.lint import edits
from clarifai_chat.tools.lint.check import CheckResult, check
from components.playground import tool_text
from components.state.session import session
from components.state.slots import seed, widget
from components.state.streamlit_patches import uninterrupted

MANY = 5  # more than these scroll


def show(checked: CheckResult) -> None:
    if not checked.tools:
        return
    many = len(checked.tools) > MANY
    with st.container(height=240 if many else "content", border=False, gap=None):
        for index, tool in enumerate(checked.tools):
            with st.container(horizontal=True, vertical_alignment="center"):
                key = f"send:{index}:{tool.name}"
                seed(key, tool.name not in session.tools_off)
                st.checkbox(
                    as_code(tool.name) if tool.name else "a tool without a name",
                    key=key,
                    help="Send with the request",
                    on_change=_switch_tool,
                    args=(index, tool.name),
                    width="stretch",
                )
                st.menu_button(
                    "Edit",
                    ["Duplicate", "Delete"],
                    key=f"tool:{index}:{tool.name}",
                    type="tertiary",
                    icon=":material/more_vert:",
                    on_click=_change_tool,
                    args=(index, tool.name),
                )


@uninterrupted()
def _switch_tool(index: int, name: str) -> None:
    tool_text.latest()
    others = [off for off in session.tools_off if off != name]
    session.tools_off = others if widget(f"send:{index}:{name}") else [*others, name]


@uninterrupted()
def _change_tool(index: int, name: str) -> None:
    text = tool_text.latest()
    tools = check(text).tools
    if index >= len(tools) or tools[index].name != name:
        return  # the text has changed since this was drawn
    actions: dict[str, Callable[[str, int], str]] = {
        "Duplicate": edits.duplicated,
        "Delete": edits.without,
    }
    if action := actions.get(widget(f"tool:{index}:{name}")):
        tool_text.change(action(text, index))
