"""The chat page: pick a model, ask, watch the answer arrive."""

import streamlit as st

from components.chat import address, attachment_input, chat_list, chat_pane, settings_box
from components.code import dialog as code_dialog
from components.frame import shell
from components.reply import live
from components.state.session import session

pending = shell.begin_page("Chat")
address.read_url()
pending += attachment_input.ask_when_read()

pane = chat_pane.ChatPane(session.turns)
pane.draw_live_reply()  # first, so that its first word does not wait for the rest of the page
pane.draw_box()
shell.show_sidebar()
with st.sidebar:
    settings_box.show()
    chat_list.show()
address.write()
pane.draw(pending)
code_dialog.show()
live.watch(pane.views, has_news=lambda: shell.has_news(pending), when_over=pane.draw_end)
shell.wait_for_jobs(pending)
