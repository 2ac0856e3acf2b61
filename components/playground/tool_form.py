"""Draw a tool as a form. The text stays the one truth: each box changes its own span of it."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.tools.form import changes
from clarifai_chat.tools.form.schema_view import view
from clarifai_chat.tools.text.diagnostics import Path
from clarifai_chat.tools.text.parse import Document, Tool, read
from components.playground import boxes, schema_form
from components.playground.boxes import place
from components.state.session import session
from components.state.slots import set_widget, widget
from components.state.streamlit_patches import uninterrupted


def show() -> None:
    """Draw the form of one tool, and the choice between the tools."""
    if session.form_gen != session.tools["gen"]:  # a template, an import, Undo
        session.form_gen = session.tools["gen"]
        boxes.accept_all("form_")
    session.form_moves = []
    document = read(session.tools["text"])
    if document.root is None and document.findings:
        _show_broken(document)
        return
    tools = document.tools
    tool = tools[min(session.form_tool, len(tools) - 1)] if tools else None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(tools) > 1:
            boxes.put("form_tool", min(session.form_tool, len(tools) - 1))
            st.selectbox(
                "Tool",
                range(len(tools)),
                format_func=lambda index: tools[index].name or "a tool without a name",
                key="form_tool",
                on_change=_choose,
            )
        st.button("New tool", key="form_new_tool", icon=":material/add:", on_click=_add_tool)
    if tool:
        _show_tool(document, tool)


def _show_broken(document: Document) -> None:
    st.warning(
        f"The text is not JSON yet, so there is no form. {escaped(document.findings[0].message)}"
    )
    _show_way_to_json()


def _show_way_to_json() -> None:
    st.button("Edit as JSON", key="form_to_json", icon=":material/code:", on_click=leave)


@uninterrupted()
def leave() -> None:
    """Show the text in place of the form."""
    session.form_view = False
    set_widget("tool_view", "JSON")


def _show_tool(document: Document, tool: Tool) -> None:
    for finding in document.findings:
        if finding.code == "json.duplicate" and finding.path[: len(tool.path)] == tool.path:
            st.warning(
                f"Line {finding.line}: {escaped(finding.message)} Until then there is no form."
            )
            _show_way_to_json()
            return
    path, function = tool.function_path, tool.function
    left = [key for key in function if key not in ("name", "description", "strict", "parameters")]
    if not tool.is_bare:
        left += [key for key in tool.spec if key not in ("type", "function")]
    _show_text(path, "name", "Tool name", function, left, changes.rename_tool)
    _show_text(path, "description", "What it does", function, left, _describe)
    _show_strict(path, function, left)
    parameters = (*path, "parameters")
    shown = view(document, parameters, function.get("parameters"))
    if shown is None and "parameters" in function:
        left.append("parameters")
    elif shown is None:
        st.caption("No parameters yet.")
        schema_form.show_new(parameters)
    else:
        schema_form.show(document, shown, function["parameters"])
    boxes.show_left(left)


def _show_text(
    path: Path, key: str, label: str, function: dict[str, Any], left: list[str], make: Any
) -> None:
    value = function.get(key, "")
    if not isinstance(value, str) or "\r" in value or ("\n" in value and key == "name"):
        left.append(key)
        return
    box = f"form_{key}:{place(path)}"
    boxes.put(box, value)
    draw: Any = st.text_input if key == "name" else st.text_area
    size = {} if key == "name" else {"height": 90}
    draw(label, key=box, on_change=_keep_text, args=(box, path, make, value), **size)
    boxes.say_refused(box)


def _show_strict(path: Path, function: dict[str, Any], left: list[str]) -> None:
    if not isinstance(function.get("strict", False), bool):
        left.append("strict")
        return
    box = f"form_strict:{place(path)}"
    boxes.put(box, function.get("strict", False))
    st.checkbox(
        "Strict",
        key=box,
        help="Asks the server to let the model write only arguments that match the schema",
        on_change=_keep_strict,
        args=(box, path),
    )


@uninterrupted()
def _keep_text(key: str, path: Path, make: Callable[[str, Path, str], str], old: str) -> None:
    typed = widget(key) or ""
    is_used = boxes.change(key, typed, path, lambda text, path: make(text, path, typed))
    if is_used and make is changes.rename_tool:  # one that is not sent is not sent by another name
        session.tools_off = [typed.strip() if off == old else off for off in session.tools_off]


def _describe(text: str, path: Path, typed: str) -> str:
    return changes.set_function(text, path, "description", typed)


@uninterrupted()
def _keep_strict(key: str, path: Path) -> None:
    typed = "true" if widget(key) else "false"
    boxes.change(
        key, typed, path, lambda text, path: changes.set_function(text, path, "strict", typed)
    )


@uninterrupted()
def _choose() -> None:
    session.form_tool = widget("form_tool") or 0
    session.form_open = []


@uninterrupted()
def _add_tool() -> None:
    if boxes.change("form_new_tool", "", (), lambda text, path: changes.add_tool(text)):
        session.form_tool = len(read(session.tools["text"]).tools) - 1
        session.form_open = []
