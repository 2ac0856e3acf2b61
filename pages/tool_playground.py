"""Tool playground: edit tools, watch a model call them, see whether the calls are valid."""

import streamlit as st

from components.code import dialog as code_dialog
from components.frame import shell
from components.playground import (
    chat_link,
    described_source,
    server_source,
    tool_editor,
    tool_text,
    toolset_box,
)
from components.playground.run_panel import RunPanel
from components.reply import live
from components.state import kept_playground

pending = shell.open_page("Tool playground", wide=True)
kept_playground.restore()
if chat_link.take() or toolset_box.take_address():
    st.rerun()  # the sidebar still shows the model from before
tool_text.begin()
kept_playground.note()

st.title("Tool playground", anchor=False)
chat_link.show()
left, right = st.columns([5, 6], gap="large")
with left:
    checked = tool_editor.show()
pending += [*server_source.pending(), *described_source.pending()]
with right:
    panel = RunPanel(checked)

code_dialog.show()
live.watch(panel.views, has_news=lambda: panel.is_outdated() or shell.has_news(pending))
if panel.is_outdated():
    st.rerun()  # to show Run instead of Stop, and the outcome in the list of runs
if kept_playground.settle():
    st.rerun()  # to say what became of it
shell.wait_for_jobs(pending)
