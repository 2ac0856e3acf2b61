"""Help: how models are named, where requests go, tokens, cost, limits, and where to read on."""

import streamlit as st

from components.frame import shell
from components.help import notes

pending = shell.open_page("Help")
st.title("Help", anchor=False)
notes.show_ids()
notes.show_endpoint()
notes.show_token()
notes.show_limits()
notes.show_visitor()
notes.show_answers()
notes.show_links()
shell.wait_for_jobs(pending)
