"""Draw a verdict on a call: what is wrong, and each argument beside what was expected."""

from collections.abc import Sequence

import streamlit as st

from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.tools.verdict.verdict import Argument, Verdict

COLORS = {
    "valid": "green",
    "invalid": "red",
    "not_json": "red",
    "unknown_tool": "red",
    "incomplete": "gray",
    "undecided": "orange",
}


def show(verdict: Verdict) -> None:
    st.markdown(escaped(verdict.summary))
    if verdict.rows:
        st.table(rows(verdict.rows), border="horizontal", hide_index=True)
    for note in verdict.notes:
        st.caption(f":material/info: {escaped(note)}")


def rows(arguments: Sequence[Argument]) -> list[dict[str, str]]:
    return [
        {
            "OK": ":green[:material/check:]" if row.ok else ":red[:material/close:]",
            "Argument": escaped(row.path) or "(all arguments)",
            "Given": escaped(row.given) or ":gray[nothing]",
            "Expected": _expected(row),
        }
        for row in arguments
    ]


def _expected(row: Argument) -> str:
    """Return what the schema expects, after what is wrong with the argument, if anything."""
    expected = escaped(row.expected)
    if row.ok:
        return expected
    problem = escaped(row.problem)
    return f"**{problem}**" if expected in problem else f"**{problem}**; expected {expected}"
