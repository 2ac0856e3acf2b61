"""On a narrow screen, show one column of several, and a switch."""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from clarifai_chat.markdown.sanitize import escaped
from components.actions.comparing import letter

NARROW = 640  # pixels: below, Streamlit puts columns below each other


def columns(names: Sequence[str]) -> list[DeltaGenerator]:
    """Draw a column for each model, below its name, and return them."""
    show_switch(names)
    found = []
    for at, place in enumerate(st.columns(len(names))):
        with place:
            column = st.container(key=f"column_{letter(at)}")
        column.subheader(f"{letter(at)} · {escaped(names[at])}", anchor=False)
        found.append(column)
    return found


def show_switch(names: Sequence[str]) -> None:
    """Draw the switch, which only a narrow screen shows; columns are keyed `column_A` and on."""
    letters = [letter(at) for at in range(len(names))]
    with st.container(key="narrow_switch"):
        shown = st.segmented_control(
            "Shown model",
            letters,
            default="A",
            format_func=lambda each: names[letters.index(each)],
            key="shown_column",
            required=True,
            label_visibility="collapsed",
        )
    hidden = ", ".join(
        f'[data-testid="stColumn"]:has(.st-key-column_{each})'
        for each in letters
        if each != (shown or "A")
    )
    st.html(
        f"<style>@media (max-width: {NARROW}px) {{ {hidden} {{ display: none }} }}"
        f"@media (min-width: {NARROW + 1}px) {{ .st-key-narrow_switch {{ display: none }} }}"
        # A column is narrow, and its head says who answers.
        '[class*="st-key-column_"] [data-testid^="stChatMessageAvatar"] { display: none }'
        "</style>"
    )
