"""Draw the dialog "Get code": the request in each language, to copy and to save."""

import io
import zipfile

import streamlit as st

from clarifai_chat.access_token import redact
from clarifai_chat.catalog import DEFAULT_URL, server_of
from clarifai_chat.config import settings
from clarifai_chat.llm.code import Snippet, snippets
from clarifai_chat.llm.endpoints import base_of
from clarifai_chat.llm.request import request_from_body
from clarifai_chat.markdown.sanitize import escaped
from components.actions import code
from components.state.session import session

MARK = "YOUR_TOKEN"  # in place of the visitor's token, if a message contains it
MAX_LINES = 24  # more than these scroll


def show() -> None:
    """Draw the dialog while a request is to be shown as code."""
    if session.code:
        _dialog(session.code)


@st.dialog("Get code", width="large", icon=":material/code:", on_dismiss=code.close)
def _dialog(shown: code.CodeRequest) -> None:
    st.caption(shown["about"])
    address = shown["model"]
    if server_of(address) == "demo":
        address = _in_place_of_the_demo()
        st.caption(
            ":material/theater_comedy: The Demo exists only in this app. The code asks"
            f" {escaped(address.rpartition('/')[2])} instead; put any other model in its place."
        )
    body = redact(shown["body"], session.pat, MARK) | {"model": address}
    found = snippets(request_from_body(body), base_of(address))
    for tab, snippet in zip(st.tabs([each.label for each in found]), found, strict=True):
        with tab:
            _show(snippet)


def _in_place_of_the_demo() -> str:
    if not settings().other_base:
        return DEFAULT_URL
    return next((model.url for model in session.models if model.tier == "listed"), "MODEL")


def _show(snippet: Snippet) -> None:
    for note in snippet.notes:
        st.markdown(f":small[{note}]")
    _show_text(snippet.text, snippet.language)
    for name, content in snippet.files.items():
        if (language := _language(name)) and len(content) < 20_000:
            st.markdown(f"`{name}`")
            _show_text(content.decode(), language)
    is_one = not snippet.files
    st.download_button(
        f"Save {snippet.filename}" if is_one else "Save all files (zip)",
        snippet.text if is_one else zipped(snippet),
        file_name=snippet.filename if is_one else f"{snippet.kind}.zip",
        mime="text/plain" if is_one else "application/zip",
        key=f"save_code:{snippet.kind}",
        icon=":material/download:",
        on_click="ignore",
    )


def _show_text(text: str, language: str) -> None:
    # The container scrolls, not the code: then keys scroll it too.
    with st.container(height=440 if text.count("\n") > MAX_LINES else "content", border=False):
        st.code(text, language=language)


def _language(name: str) -> str:
    """Return the language of a file that people read; "" for data."""
    endings = {"py": "python", "sh": "bash", "mjs": "javascript", "yaml": "yaml"}
    return endings.get(name.rpartition(".")[2], "")


def zipped(snippet: Snippet) -> bytes:
    """Return the code and what belongs beside it as one zip file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {snippet.filename: snippet.text.encode(), **snippet.files}.items():
            archive.writestr(name, content)
    return packed.getvalue()
