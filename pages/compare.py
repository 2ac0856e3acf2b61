"""Compare models: ask two to four of them the same question at once, side by side."""

import streamlit as st

from components.code import dialog as code_dialog
from components.compare import address, chooser
from components.compare.box import Box
from components.compare.columns import Columns
from components.frame import shell
from components.reply import live
from components.state.session import session

pending = shell.open_page("Compare", wide=True)
address.read()
st.title("Compare models", anchor=False)
chooser.show()
columns = Columns() if session.compared else None
chooser.show_votes()
box = Box()
address.write()
if columns:
    columns.draw()
code_dialog.show()


def end() -> None:
    box.draw_end()
    if columns:
        columns.draw_votes()


views = columns.views if columns else []
live.watch(views, has_news=lambda: shell.has_news(pending), when_over=end)
shell.wait_for_jobs(pending)
