"""A JSON editor that never loses what is typed: CodeMirror, mounted without an iframe.

The browser's half, and the protocol between the two, is in frontend/src/mount.js. A page that
offers a plain box instead draws its own `st.text_area`, and passes its text to `replace`.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Literal, TypedDict

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from components.state.draft import Draft, one_kind_of_line_end
from components.state.frontend import BUILT
from components.state.slots import widget
from components.state.streamlit_patches import uninterrupted

HELP = (
    "Tab leaves the editor. Enter indents; Control and right bracket indents more, Control and left"
    " bracket less. Control F searches. F8 goes to the next mark, Control Shift M lists them."
    " Control Enter sends the text, and may run it."
)


# What a page shows above the editor and right below it: title, buttons, what was found.
AROUND_PX = 380


class Mark(TypedDict):
    """Something found in the text. Lines and columns count from 1; the end is exclusive."""

    from_line: int
    from_column: int
    to_line: int
    to_column: int
    level: Literal["error", "warning", "hint"]
    message: str


def replace(draft: Draft, text: str) -> None:
    """Replace the text, for a template or a fix. Undo in the editor restores the old text.

    Make `text` from `latest()`, not from `draft["text"]`.
    """
    draft["text"] = one_kind_of_line_end(text)
    draft["gen"] += 1


def latest(draft: Draft, key: str) -> str:
    """Return the text with what was typed last, for callbacks that run before the editor's."""
    _take(draft, key)
    return draft["text"]


def show(
    draft: Draft,
    *,
    key: str,
    label: str,
    marks: Sequence[Mark] = (),
    around_px: int = AROUND_PX,
    on_change: Callable[[], object] | None = None,
) -> None:
    """Draw the editor. What is typed is in `draft` before `on_change` is called.

    `marks` refer to `draft["text"]`. The editor grows with its text to the window's
    height without `around_px`, which the page's other parts need, then it scrolls.
    """

    @uninterrupted()
    def typed() -> None:
        if _take(draft, key) and on_change:
            on_change()

    editor, codemirror = _components()
    with st.container(gap=None):
        editor(
            key=key,
            data={
                **draft,
                "marks": list(marks),
                "label": label,
                "help": HELP,
                "around_px": around_px,
                "key": key,
            },
            on_typed_change=typed,
        )
        # Streamlit sends a component's code again whenever its data changes, which would be 0.4 MB
        # at each pause in typing. This component has no data, so its code is sent once.
        codemirror(key=f"codemirror:{key}")


def _take(draft: Draft, key: str) -> bool:
    """Copy newly typed text into the draft; return whether there was any."""
    typed = (widget(key) or {}).get("typed")
    if not isinstance(typed, dict) or typed.get("gen") != draft["gen"]:
        return False
    text = typed.get("text")
    if not isinstance(text, str) or text == draft["text"]:
        return False
    draft["text"] = text
    return True


@cache
def _components() -> tuple[ComponentRenderer, ComponentRenderer]:
    def built(name: str) -> ComponentRenderer:
        code = (BUILT / f"{name}.js").read_text(encoding="utf-8")
        return st.components.v2.component(f"code_editor_{name}", js=code)

    return built("mount"), built("codemirror")
