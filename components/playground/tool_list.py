"""Draw a line for each tool: sent or not, duplicate, delete; many can be filtered."""

from collections.abc import Callable, Sequence

import streamlit as st

from clarifai_chat.markdown.sanitize import as_code
from clarifai_chat.tools.lint import edits
from clarifai_chat.tools.lint.check import CheckResult, check
from clarifai_chat.tools.text.parse import Tool
from components.playground import tool_text
from components.state.session import session
from components.state.slots import forget_widgets, seed, widget
from components.state.streamlit_patches import uninterrupted

MANY = 5  # more than these scroll, and can be filtered
ROWS = 20  # drawn at once: the browser walks each line at each click


def show(checked: CheckResult) -> None:
    tools = checked.tools
    if not tools:
        return
    many = len(tools) > MANY
    found = matching(tools, session.tool_filter) if many else list(enumerate(tools))
    rows = found[: ROWS + session.more_tools]
    off = set(session.tools_off)
    if many:
        _show_filter(tools, found, len(rows))
    with st.container(height=240 if len(rows) > MANY else "content", border=False, gap=None):
        for index, tool in rows:
            _show_row(index, tool, is_on=tool.name not in off)
        if len(rows) < len(found):
            st.button(
                f"Show {min(ROWS, len(found) - len(rows))} more",
                key="more_tools",
                type="tertiary",
                on_click=_more,
            )


def matching(tools: Sequence[Tool], words: str) -> list[tuple[int, Tool]]:
    """Return the tools with each of `words` in name or description, each with its place."""
    wanted = words.casefold().split()
    return [
        (index, tool)
        for index, tool in enumerate(tools)
        if all(word in _text_of(tool) for word in wanted)
    ]


def _text_of(tool: Tool) -> str:
    return f"{tool.name} {tool.function.get('description', '')}".casefold()


def _show_filter(tools: Sequence[Tool], found: Sequence[tuple[int, Tool]], shown: int) -> None:
    seed("tool_filter", session.tool_filter)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input(
            "Filter tools",
            key="tool_filter",
            placeholder="Name or description",
            width=220,
            on_change=_filter,
        )
        names = [tool.name for _, tool in found]
        which = "the tools that match the filter" if session.tool_filter.strip() else "all tools"
        for label, key, is_on in (("All", "all_tools", True), ("None", "no_tools", False)):
            verb = "Send" if is_on else "Do not send"
            st.button(
                label, key=key, help=f"{verb} {which}", on_click=_switch_all, args=(names, is_on)
            )
    on = len(tool_text.sent_of(tools))
    st.caption(f"{shown:,} of {len(tools):,} shown, {on:,} switched on")


def _show_row(index: int, tool: Tool, *, is_on: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        key = f"send:{index}:{tool.name}"
        seed(key, is_on)
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
def _filter() -> None:
    session.tool_filter = widget("tool_filter") or ""
    session.more_tools = 0


@uninterrupted()
def _more() -> None:
    session.more_tools += ROWS


@uninterrupted()
def _switch_all(names: Sequence[str], is_on: bool) -> None:
    others = [off for off in session.tools_off if off not in set(names)]
    session.tools_off = others if is_on else [*others, *dict.fromkeys(names)]
    forget_widgets("send:")


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
