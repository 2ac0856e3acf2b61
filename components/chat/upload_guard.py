"""Hold a question back as long as one of its files could not be uploaded, and say why.

The app never sees an upload that fails on its way: a proxy's limit of size, a browser without
cookies, another instance. Streamlit then sends the question without the file. The browser's half is
frontend/src/uploads.js.
"""

from functools import cache

import streamlit as st

from clarifai_chat.config import settings
from components.state import uploads
from components.state.frontend import BUILT, draw_component

KEY = "upload_failures"
# Without this, a gap is above the box as long as there is nothing to say.
STYLE = f"<style>.st-key-{KEY}:not(:has([role=alert])) {{ position: absolute; height: 0 }}</style>"
REASONS = {
    "400": "the app refused this upload (HTTP 400), as it does if it does not know the page any"
    " more. If trying again does not help, copy your question and reload the page.",
    "403": "the upload was refused (HTTP 403), as it is if the browser blocks this site's cookies."
    " If trying again does not help, copy your question and reload the page.",
    "413": "more than the server, or a proxy in front of it, accepts (HTTP 413): it is too large,"
    " or more than {files} files or {most} MB wait to be sent. Send a smaller file, send or remove"
    " the others first, or tell the operator of this app.",
    "507": "this app holds as many files as it can at the moment (HTTP 507). Try again in a few"
    " minutes. Questions without files are answered.",
    "none": "the connection failed before the file had arrived.",
    "other": "the upload was answered with HTTP {status}.",
}
ADVICE = (
    "Nothing is sent without it: your question stays in the box. Click the file to try again, or"
    " remove it."
)


def show() -> None:
    """Watch the files of the box. Nothing is visible until one fails."""
    st.html(STYLE)
    limits = {"files": f"{uploads.MAX_FILES}", "most": f"{settings().max_session_uploads_mb:,}"}
    too_much = REASONS["413"].format(**limits)
    data = {"reasons": {**REASONS, "413": too_much}, "advice": ADVICE}
    draw_component(st.empty(), f"$$ID-{KEY}-{KEY}", script=_script(), data=data)


@cache
def _script() -> str:
    return (BUILT / "uploads.js").read_text(encoding="utf-8")
