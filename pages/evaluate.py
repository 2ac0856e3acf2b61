"""Evaluate: ask cases many times, and see whether a model may be trusted with a tool."""

import streamlit as st

from components.evaluate import acts, earlier, setup
from components.evaluate.results import Results
from components.frame import shell
from components.state import kept_playground

pending = shell.open_page("Evaluate", wide=True)
kept_playground.restore()
kept_playground.note()
st.title("Evaluate tool calls", anchor=False)
runner = acts.runner()
results = Results(runner) if runner else None
if results is None:
    setup.show()
    earlier.show()
if results and results.watch():
    st.rerun()  # to show Go on and Export instead of Stop
shell.wait_for_jobs(pending)
