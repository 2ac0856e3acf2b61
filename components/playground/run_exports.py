"""Draw what can be taken from a run that is over: its diagram, its files, a case."""

from functools import partial

import streamlit as st

from clarifai_chat.chat.turn import files_of
from clarifai_chat.history import attachment_contents
from clarifai_chat.playground import run_file, run_report
from clarifai_chat.playground.runs import Run
from clarifai_chat.transfer import exports
from components.playground import keep_case
from components.reply.answer_view import AnswerView
from components.share import dialog as share_dialog
from components.state import persistence
from components.state.app_address import app_address
from components.state.session import session


def show(run: Run) -> None:
    turn_id = run["turn"]["id"]
    with st.container(horizontal=True, vertical_alignment="center"):
        wanted = st.toggle("Sequence diagram", key=f"diagram:{turn_id}")
        st.download_button(
            "Export this run",
            partial(run_file.as_json, run, session.pat),
            file_name="run.json",
            mime="application/json",
            key=f"save_run:{turn_id}",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
            help="Prompt, tools, settings, and everything sent and received, without the token",
        )
        st.download_button(
            "Save as a page",
            partial(_page, run, persistence.owner(), session.pat, app_address()),
            file_name=exports.run_file_name(run, secret=session.pat),
            mime="text/html",
            key=f"page_run:{turn_id}",
            icon=":material/description:",
            type="tertiary",
            on_click="ignore",
            help="Timeline, verdicts and wire as one HTML file, to read offline, print or pass on,"
            " without the token",
        )
        share_dialog.button({"kind": "run", "run": turn_id})
        keep_case.show(run)
    if wanted:
        diagram = run_report.diagram(run)
        # Drawn as in an answer: it scrolls where Streamlit's would become too small to read.
        drawn = AnswerView(st.container(), f"{turn_id}:diagram")
        drawn.draw(f"```mermaid\n{diagram}\n```", over=True)
        with st.expander("Diagram source", type="compact"):
            st.code(diagram, language=None, wrap_lines=True)


def _page(run: Run, owner: str | None, secret: str, app: str) -> str:
    contents, _ = attachment_contents.find(owner, files_of(run["turn"]), hold=False)
    return exports.run_to_html(run, secret=secret, contents=contents, app=app)
