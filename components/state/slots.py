"""Read and write Streamlit's session state: typed slots, and the values of widgets.

The only module that does so. Values are plain (str, dict, list): Streamlit re-imports edited
modules, and an instance of a class that was re-imported no longer passes `isinstance`.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import streamlit as st

T = TypeVar("T")

LOOK_S = 0.04  # how often a loop looks for news: the longest that a click waits


class Slot(Generic[T]):
    """A typed attribute that lives in `st.session_state`, made on first use by `default`.

    `kept` is read by kept_playground.py: of the playground's slots, all but those with False are
    saved with the visitor.
    """

    def __init__(self, default: Callable[[], T], *, kept: bool = True) -> None:
        self.default = default
        self.kept = kept

    def __set_name__(self, owner: type, name: str) -> None:
        self.key = f"session.{name}"

    def __get__(self, instance: Any, owner: type) -> T:
        if self.key not in st.session_state:
            st.session_state[self.key] = self.default()
        value: T = st.session_state[self.key]
        return value

    def __set__(self, instance: Any, value: T) -> None:
        st.session_state[self.key] = value


def widget(key: str) -> Any:
    """Return the value of the widget with this key, or None. For callbacks."""
    return st.session_state.get(key)


def has_widget(key: str) -> bool:
    """Return whether the widget with this key is drawn; its value may be None."""
    return key in st.session_state


def set_widget(key: str, value: Any) -> None:
    """Set a widget's value, in a callback or before the widget is drawn."""
    st.session_state[key] = value


def seed(key: str, value: Any) -> None:
    """Set a widget's value if it has none: on its first run, and after a page change.

    A widget's own default would be ignored once it was shown, and lost with a page change.
    """
    if key not in st.session_state:
        st.session_state[key] = value


def forget_widgets(*prefixes: str) -> None:
    """Reset the widgets whose keys start with a prefix, so that `seed` works. For callbacks."""
    for key in list(st.session_state):
        if str(key).startswith(prefixes):
            del st.session_state[key]


def pause_point() -> None:
    """Let Streamlit end this run here if a newer one has begun."""
    _ = "session.chat" in st.session_state
