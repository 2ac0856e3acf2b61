"""The chat page: pick a model, ask, watch the answer arrive."""

from components.chat import address, attachment_input, chat_pane, settings_box
from components.code import dialog as code_dialog
from components.frame import shell
from components.presenter import address as stage_address
from components.replay import opening
from components.reply import live
from components.share import dialog as share_dialog
from components.state import persistence
from components.state.session import session

frame = shell.begin_page("Chat")
stage_address.go_to_stage()
pending = frame.pending
shell.follow_to_playground()
address.read_url()
pending += attachment_input.ask_when_read()

persistence.catch_up(session.chat)
pane = chat_pane.ChatPane(session.turns)
address.write()  # before the answer: a reload that follows its first word opens the conversation
pane.draw_live_reply()  # first, so that its first word does not wait for the rest of the page
pane.draw_box()
title = session.chat["title"] or "Chat" if session.turns else ""  # the welcome has its own
frame.show(
    title=title,
    is_chat_page=True,
    in_head=share_dialog.chat_button,
    settings_of_page=settings_box.show,
)
pane.draw(pending)
code_dialog.show()
opening.show_offer()
live.watch(pane.views, has_news=lambda: shell.has_news(pending), when_over=pane.draw_end)
shell.wait_for_jobs(pending)
