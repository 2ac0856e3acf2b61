"""Draw which of two columns is better: pairs, test, difference, and what would decide."""

import streamlit as st

from clarifai_chat.evidence import words
from clarifai_chat.evidence.experiment import column_name, columns
from clarifai_chat.evidence.runner import Runner
from clarifai_chat.evidence.statistics import conclusion
from clarifai_chat.markdown.sanitize import escaped
from components.evaluate import table


def show(runner: Runner) -> None:
    """Draw a comparison of two columns; nothing if there is only one."""
    experiment = runner.experiment
    found = columns(experiment)
    names = [column_name(experiment, *column) for column in found]
    if len(found) < 2:
        return
    first, second = 0, 1
    if len(found) > 2:
        left, right = st.columns(2)
        with left:
            first = st.selectbox(
                "Compare", range(len(names)), format_func=names.__getitem__, key="compare_first"
            )
        with right:
            others = [place for place in range(len(names)) if place != first]
            second = st.selectbox(
                "with", others, format_func=names.__getitem__, key="compare_second"
            )
    pairs = runner.tally.pairs(found[first], found[second])
    said = conclusion(names[first], names[second], pairs)
    st.markdown(f"**Which is better?** {escaped(said)}")
    rows = words.comparison(names[first], names[second], pairs, len(experiment["cases"]))
    if rows:
        table.show(["Pairs of the same case and try", "Figure"], rows, "Comparison")
    _show_changes(runner, found[first][1], found[second][1])


def _show_changes(runner: Runner, first: int, second: int) -> None:
    """Draw what differs between two sets of tools, line by line."""
    sets = runner.experiment["sets"]
    if first == second:
        return
    fold = st.expander(
        "What differs between the two", type="compact", key="set_changes", on_change="rerun"
    )
    if fold.open:
        fold.code(words.changes(sets[first], sets[second]), language="diff", wrap_lines=True)
