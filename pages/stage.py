"""Stage: open a recording and play it again, without a token and a network."""

import streamlit as st

from components.code import dialog as code_dialog
from components.frame import shell
from components.replay import opening
from components.replay.player import Player
from components.reply import live
from components.state.session import session

pending = shell.open_page("Stage", wide=True)
st.title("Stage", anchor=False)
opening.show()
player = Player(session.recording) if session.recording else None
if player:
    player.draw()
code_dialog.show()
live.watch(player.views if player else [], has_news=lambda: shell.has_news(pending))
if player and player.is_outdated():
    st.rerun()  # to show Play instead of Pause
shell.wait_for_jobs(pending)
