"""Stage: present a demo, or play a recording, without a token and a network if need be."""

import streamlit as st

from components.code import dialog as code_dialog
from components.frame import shell
from components.presenter import address, notes
from components.presenter.lobby import Lobby
from components.presenter.view import Presenter
from components.reply import live
from components.state.session import session

frame = shell.begin_page("Stage", wide=True)
if notes.is_wanted():
    notes.show()
    st.stop()
address.read()
is_presenting = session.demo_plan is not None and session.step_at >= 0
if not is_presenting:
    shell.show_frame(frame)
stage = Presenter() if is_presenting else Lobby()
address.write()
stage.draw()
code_dialog.show()
live.watch(stage.views, has_news=lambda: shell.has_news(frame.pending))
if stage.is_outdated():
    st.rerun()  # to show what may be pressed next
shell.wait_for_jobs(frame.pending)
