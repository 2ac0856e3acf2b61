"""Draw a schema as a form: its parameters, one a line, each opened by its button."""

from typing import Any

import streamlit as st

from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.text import cut
from clarifai_chat.tools.form import changes
from clarifai_chat.tools.form.schema_view import TYPES, Box, Keyword, Parameter, SchemaView, view
from clarifai_chat.tools.schema.describe import described
from clarifai_chat.tools.text.diagnostics import Path
from clarifai_chat.tools.text.parse import Document
from components.playground import boxes
from components.playground.boxes import place
from components.state.session import session
from components.state.slots import set_widget, widget
from components.state.streamlit_patches import uninterrupted

SMALL_PX = 144  # a box for a number; two fit side by side at 1280 px
MAX_SUMMARY = 80  # characters


def show(document: Document, shown: SchemaView, root: Any) -> None:
    """Draw what is in the schema of an object or a list, and what else it says."""
    if shown.parameters is not None:
        _show_parameters(document, shown, root)
    if shown.has_items_box:
        _show_items(document, shown, root)
    boxes.show_left(shown.left)


def _show_parameters(document: Document, shown: SchemaView, root: Any) -> None:
    for parameter in shown.parameters or ():
        required = ", required" if parameter.is_required else ""
        label = parameter.name or "a parameter without a name"
        summary = f"{parameter.summary}{required}"
        if _show_line(label, summary, parameter.path):
            with st.container(border=True):
                _show_name(parameter)
                _show_schema(document, parameter.path, root)
                st.button(
                    "Delete",
                    key=f"form_delete:{place(parameter.path)}",
                    icon=":material/delete:",
                    type="tertiary",
                    on_click=_delete,
                    args=(parameter.path,),
                )
    show_new(shown.path)
    if shown.allows_others is not None and shown.parameters:
        key = f"form_others:{place(shown.path)}"
        boxes.put(key, shown.allows_others)
        st.checkbox(
            "Allow other parameters",
            key=key,
            help="additionalProperties: whether a call may have parameters that are not listed",
            on_change=_keep_others,
            args=(key, shown.path),
        )


def _show_items(document: Document, shown: SchemaView, root: Any) -> None:
    if shown.items:
        items = document.node(shown.items)
        summary = described(items.value, root) if items else ""
        if _show_line("Items", f"each {summary}", shown.items):
            with st.container(border=True):
                _show_schema(document, shown.items, root)
        return
    key = f"form_items:{place(shown.path)}"
    boxes.put(key, None)
    st.selectbox(
        "Items are of type",
        TYPES,
        index=None,
        key=key,
        placeholder="Choose a type",
        on_change=_keep_items,
        args=(key, shown.path),
    )


def _show_line(label: str, summary: str, path: Path) -> bool:
    """Draw the button that opens a schema, and what it asks for; return whether it is open."""
    is_open = path in session.form_open
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            escaped(label),
            key=f"form_open:{place(path)}",
            icon=":material/expand_more:" if is_open else ":material/chevron_right:",
            type="tertiary",
            on_click=_toggle,
            args=(path,),
        )
        st.caption(escaped(cut(summary, MAX_SUMMARY)))
    return is_open


def _show_name(parameter: Parameter) -> None:
    key = f"form_name:{place(parameter.path)}"
    boxes.put(key, parameter.name)
    st.text_input("Name", key=key, on_change=_rename, args=(key, parameter.path))
    boxes.say_refused(key)


def _show_schema(document: Document, path: Path, root: Any) -> None:
    """Draw the boxes of a schema, and the schemas in it."""
    shown = view(document, path, root)
    if shown is None:
        st.caption(":material/code: Only in JSON, and left as written: this is not an object.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _show_type(shown)
        _show_null(shown)
        _show_required(document, path)
    boxes.say_refused(f"form_null:{place(path)}", f"form_required:{place(path)}")
    small = []
    for box in shown.boxes:
        if box.keyword.kind in ("text", "values"):
            _show_box(path, box)
        else:
            small.append(box)
    if small:
        with st.container(horizontal=True):
            for box in small:
                _show_box(path, box)
        boxes.say_refused(*(_key(path, box.keyword) for box in small))
    show(document, shown, root)


def _show_type(shown: SchemaView) -> None:
    if shown.type is None:
        return
    key = f"form_type:{place(shown.path)}"
    boxes.put(key, shown.type)
    st.selectbox(
        "Type",
        ("", *TYPES),
        key=key,
        format_func=lambda name: name or "not named",
        width=SMALL_PX,
        on_change=_keep_type,
        args=(key, shown.path),
    )


def _show_null(shown: SchemaView) -> None:
    if not shown.type:
        return
    key = f"form_null:{place(shown.path)}"
    boxes.put(key, shown.or_null)
    st.checkbox("Or null", key=key, on_change=_keep_null, args=(key, shown.path))


def _show_required(document: Document, path: Path) -> None:
    """Draw whether a property is required, unless that cannot be told."""
    parent = document.node(path[:-2])
    if path[-2] != "properties" or parent is None:
        return
    required = parent.value.get("required", [])
    if not isinstance(required, list):
        return
    key = f"form_required:{place(path)}"
    boxes.put(key, path[-1] in required)
    st.checkbox("Required", key=key, on_change=_keep_required, args=(key, path))


def _key(path: Path, keyword: Keyword) -> str:
    return f"form_{keyword.name}:{place(path)}"


def _show_box(path: Path, box: Box) -> None:
    keyword, key = box.keyword, _key(path, box.keyword)
    boxes.put(key, box.text)
    kept: dict[str, Any] = {
        "key": key,
        "on_change": _keep_box,
        "args": (key, path, keyword, box.of_type),
    }
    if keyword.kind == "flag" or (keyword.kind == "value" and box.of_type == "boolean"):
        options = ("", "true", "false")
        st.selectbox(keyword.label, options, format_func=_or_not_set, width=SMALL_PX, **kept)
    elif keyword.kind in ("text", "values"):
        st.text_area(keyword.label, placeholder=keyword.example, height=90, **kept)
        boxes.say_refused(key)
    else:
        width: Any = "stretch" if keyword.name == "pattern" else SMALL_PX
        st.text_input(
            keyword.label,
            placeholder=keyword.example,
            help=keyword.help or None,
            width=width,
            **kept,
        )


def _or_not_set(text: str) -> str:
    return text or "not set"


def show_new(path: Path) -> None:
    """Draw the box that adds a parameter to the object at `path`; Enter adds it."""
    key = f"form_new:{place(path)}"
    boxes.put(key, "")
    with (
        st.form(f"form_add:{place(path)}", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        st.text_input("New parameter", key=key, placeholder="Its name", width=220)
        st.form_submit_button(label="Add", icon=":material/add:", on_click=_add, args=(key, path))
    boxes.say_refused(key)


# --- Changes --------------------------------------------------------------------------------------


@uninterrupted()
def _toggle(path: Path) -> None:
    path = boxes.moved(path)
    others = [each for each in session.form_open if each != path]
    session.form_open = others if len(others) < len(session.form_open) else [*others, path]


@uninterrupted()
def _rename(key: str, path: Path) -> None:
    typed = widget(key) or ""
    if boxes.change(
        key, typed, path, lambda text, path: changes.rename_parameter(text, path, typed)
    ):
        old = boxes.moved(path)
        session.form_moves = [*session.form_moves, (old, (*old[:-1], typed))]
        session.form_open = [boxes.moved(each) for each in session.form_open]


@uninterrupted()
def _delete(path: Path) -> None:
    boxes.change("", "", path, changes.remove_parameter)


@uninterrupted()
def _add(key: str, path: Path) -> None:
    typed = widget(key) or ""
    if boxes.change(key, typed, path, lambda text, path: changes.add_parameter(text, path, typed)):
        set_widget(key, "")
        new = (*boxes.moved(path), "properties", typed.strip())
        session.form_open = [*session.form_open, new]


@uninterrupted()
def _keep_others(key: str, path: Path) -> None:
    is_allowed = bool(widget(key))
    boxes.change(
        key, is_allowed, path, lambda text, path: changes.allow_others(text, path, is_allowed)
    )


@uninterrupted()
def _keep_items(key: str, path: Path) -> None:
    if of_type := widget(key):
        boxes.change(key, "", path, lambda text, path: changes.describe_items(text, path, of_type))


@uninterrupted()
def _keep_type(key: str, path: Path) -> None:
    of_type = widget(key) or ""
    boxes.change(key, of_type, path, lambda text, path: changes.set_type(text, path, of_type))


@uninterrupted()
def _keep_null(key: str, path: Path) -> None:
    is_allowed = bool(widget(key))
    boxes.change(
        key, is_allowed, path, lambda text, path: changes.allow_null(text, path, is_allowed)
    )


@uninterrupted()
def _keep_required(key: str, path: Path) -> None:
    is_required = bool(widget(key))
    boxes.change(
        key, is_required, path, lambda text, path: changes.require(text, path, is_required)
    )


@uninterrupted()
def _keep_box(key: str, path: Path, keyword: Keyword, of_type: str) -> None:
    typed = widget(key) or ""
    boxes.change(
        key,
        typed,
        path,
        lambda text, path: changes.set_keyword(text, path, keyword, of_type, typed),
    )
