"""Boxes of a form: they show what a text says, or what was typed and refused, and why."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from clarifai_chat.markdown.sanitize import as_code, escaped
from clarifai_chat.text import listed
from clarifai_chat.tools.form.boxes import BadInput
from clarifai_chat.tools.form.spans import GONE
from clarifai_chat.tools.text.diagnostics import Path
from components.playground import tool_text
from components.state.session import session
from components.state.slots import has_widget, set_widget, widget


def place(path: Path) -> str:
    """Return a path as the end of a widget's key."""
    return "/".join(str(step).replace("~", "~0").replace("/", "~1") for step in path)


def put(key: str, value: Any) -> None:
    """Let a box show `value`, or what was typed into it and refused.

    A box that shows it already is left alone: something may be typed in it by now.
    """
    refused = session.form_refused.get(key)
    shown = refused[0] if refused else value
    if not has_widget(key) or widget(key) != shown:
        set_widget(key, shown)


def refuse(key: str, typed: Any, why: str) -> None:
    session.form_refused = {**session.form_refused, key: [typed, why]}


def accept(key: str) -> None:
    session.form_refused = {k: refused for k, refused in session.form_refused.items() if k != key}


def accept_all(prefix: str) -> None:
    """Forget what was refused in the boxes whose keys start with a prefix."""
    refused = session.form_refused.items()
    session.form_refused = {key: why for key, why in refused if not key.startswith(prefix)}


def say_refused(*keys: str) -> None:
    """Say why what was typed into these boxes cannot be used."""
    for key in keys:
        if refused := session.form_refused.get(key):
            st.markdown(f":red[:material/error:] {escaped(refused[1])}")


def show_left(left: Sequence[str]) -> None:
    """Name what no box shows."""
    if left:
        names = listed([as_code(name) for name in left])
        st.caption(f":material/code: Only in JSON, and left as written: {names}.")


def change(key: str, typed: Any, path: Path, make: Callable[[str, Path], str]) -> bool:
    """Change the text at `path`, or keep what was typed in the box with the reason. For callbacks.

    Returns whether it was used.
    """
    if session.form_gen != session.tools["gen"]:  # something else changed it with the same click
        st.toast(GONE, icon=":material/info:")
        return False
    accept(key)
    try:
        new = make(session.tools["text"], moved(path))
    except BadInput as why:
        refuse(key, typed, str(why))
        return False
    if new != session.tools["text"]:
        tool_text.change(new)
        session.form_gen = session.tools["gen"]
    return True


def moved(path: Path) -> Path:
    """Return where a path leads after what was renamed since the form was drawn."""
    for old, new in session.form_moves:
        if path[: len(old)] == old:
            path = new + path[len(old) :]
    return path
