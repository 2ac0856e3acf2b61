"""Draw a JSON text as a form made from a schema: a call's arguments, or what a tool answers."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from clarifai_chat.markdown.sanitize import as_label, escaped
from clarifai_chat.text import cut
from clarifai_chat.tools.form import arguments, spans
from clarifai_chat.tools.form.arguments import Field
from clarifai_chat.tools.form.boxes import BadInput, as_json, written
from clarifai_chat.tools.schema.describe import described
from clarifai_chat.tools.schema.subschemas import required
from clarifai_chat.tools.text.diagnostics import Path
from clarifai_chat.tools.text.parse import Document, read
from components.playground import boxes
from components.playground.boxes import place
from components.state.slots import widget
from components.state.streamlit_patches import uninterrupted

MAX_LABEL = 60  # characters of what a branch asks for


@dataclass(frozen=True, slots=True)
class Edited:
    """The text that a form edits. `key` begins the keys of its boxes."""

    key: str
    text: Callable[[], str]
    put: Callable[[str], None]
    branches: Callable[[], dict[Path, int]]  # the part of an anyOf that was chosen for a value
    choose: Callable[[dict[Path, int]], None]


def show(edited: Edited, schema: Any, label: str, *, is_object: bool = True) -> bool:
    """Draw the form of a text; return False if a form cannot show it. `is_object`: only objects."""
    document = read(edited.text())
    if (
        document.root is None
        or (is_object and not isinstance(document.root.value, dict))
        or any(found.code == "json.duplicate" for found in document.findings)
    ):
        return False
    _show_value(edited, document, (), schema, schema, label)
    return True


def _show_value(
    edited: Edited, document: Document, path: Path, schema: Any, root: Any, label: str
) -> None:
    node = document.node(path)
    if node is None:
        return
    field = arguments.field(node, document.text, path, schema, root, edited.branches())
    if len(field.branches) > 1:
        _show_branches(edited, path, field, root, label)
    if field.control == "object":
        _show_object(edited, document, path, field.schema, root, label)
    elif field.control == "list":
        _show_list(edited, document, path, field.schema, root, label)
    else:
        _show_box(edited, path, field, label)


def _key(edited: Edited, path: Path, what: str = "") -> str:
    return f"{edited.key}{what}:{place(path)}"


def _show_branches(edited: Edited, path: Path, field: Field, root: Any, label: str) -> None:
    key = _key(edited, path, "_branch")
    boxes.put(key, field.branch)
    st.selectbox(
        f"{as_label(label)}: which kind",
        range(len(field.branches)),
        format_func=lambda index: cut(described(field.branches[index], root), MAX_LABEL),
        key=key,
        on_change=_choose_branch,
        args=(edited, key, path, field, root),
    )


def _show_object(
    edited: Edited, document: Document, path: Path, schema: Any, root: Any, label: str
) -> None:
    node = document.node(path)
    value = node.value if node else {}
    names = arguments.names_in(schema, value)
    needed = required(schema) if isinstance(schema, dict) else []
    key = _key(edited, path, "_given")
    with st.container(border=bool(path)):
        if names:
            boxes.put(key, [name for name in names if name in value])
            st.pills(
                f"{as_label(label)}: what is given",
                names,
                selection_mode="multi",
                format_func=lambda name: f"{escaped(name)}{' (required)' * (name in needed)}",
                key=key,
                on_change=_give,
                args=(edited, key, path, schema, root),
            )
        else:
            st.caption(f"{escaped(label)}: the schema names none.")
        for name in names:
            if name in value:
                inner = arguments.part(schema, name)
                _show_value(edited, document, (*path, name), inner, root, name)


def _show_list(
    edited: Edited, document: Document, path: Path, schema: Any, root: Any, label: str
) -> None:
    node = document.node(path)
    count = len(node.value) if node else 0
    items = arguments.part(schema, 0)
    with st.container(border=True):
        st.caption(f"{escaped(label)}: a list")
        for index in range(count):
            with st.container(horizontal=True, vertical_alignment="bottom"):
                with st.container():
                    name = f"{label} {index + 1}"
                    _show_value(edited, document, (*path, index), items, root, name)
                st.button(
                    "Remove",
                    key=_key(edited, (*path, index), "_remove"),
                    type="tertiary",
                    on_click=_remove,
                    args=(edited, (*path, index)),
                )
        st.button(
            f"Add to {escaped(label)}",
            key=_key(edited, path, "_add"),
            icon=":material/add:",
            type="tertiary",
            on_click=_add,
            args=(edited, path, items, root),
        )


def _show_box(edited: Edited, path: Path, field: Field, label: str) -> None:
    key = _key(edited, path)
    boxes.put(key, field.text)
    schema = field.schema if isinstance(field.schema, dict) else {}
    about = schema.get("description")
    kept: dict[str, Any] = {
        "key": key,
        "on_change": _keep,
        "args": (edited, key, path, field.control),
    }
    name = as_label(label)
    if field.control == "choice":
        st.selectbox(name, field.options, format_func=_plain, **kept)
    elif field.control == "json":
        st.text_area(f"{name}, as JSON", height=90, **kept)
    elif "\n" in field.text:
        st.text_area(name, height=90, **kept)
    else:
        st.text_input(name, placeholder=cut(about, 80) if isinstance(about, str) else "", **kept)
    boxes.say_refused(key)


def _plain(option: str) -> str:
    value = json.loads(option)
    return value if isinstance(value, str) else option


# --- Changes --------------------------------------------------------------------------------------


@uninterrupted()
def _keep(edited: Edited, key: str, path: Path, control: arguments.Control) -> None:
    text = widget(key) or ""
    boxes.accept(key)
    try:
        if control in ("choice", "json"):
            new = written("value", "", " ".join(text.split("\n")), "This")
        else:
            new = arguments.typed(control, text)
        edited.put(spans.put(edited.text(), path, new))
    except BadInput as why:
        boxes.refuse(key, text, str(why))


@uninterrupted()
def _give(edited: Edited, key: str, path: Path, schema: Any, root: Any) -> None:
    chosen = widget(key) or []
    text = edited.text()
    node = read(text).node(path)
    value = node.value if node else {}
    for name in arguments.names_in(schema, value):
        if name in chosen and name not in value:
            new = arguments.initial(arguments.part(schema, name), root)
            text = spans.put(text, (*path, name), as_json(new))
        elif name not in chosen and name in value:
            text = spans.drop(text, (*path, name))
    edited.put(text)


@uninterrupted()
def _choose_branch(edited: Edited, key: str, path: Path, field: Field, root: Any) -> None:
    index = widget(key) or 0
    edited.choose({**edited.branches(), path: index})
    new = as_json(arguments.initial(field.branches[index], root))
    text = edited.text()
    edited.put(spans.put(text, path, new) if path else new)


@uninterrupted()
def _add(edited: Edited, path: Path, items: Any, root: Any) -> None:
    new = as_json(arguments.initial(items, root))
    edited.put(spans.append(edited.text(), path, new))


@uninterrupted()
def _remove(edited: Edited, path: Path) -> None:
    edited.put(spans.drop(edited.text(), path))
