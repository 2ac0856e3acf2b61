"""Draw what was sent and received for one request: as JSON or by chunk, to copy and save."""

from functools import partial

import streamlit as st

from clarifai_chat.chat.usage import seconds
from clarifai_chat.llm.exchange import Exchange
from clarifai_chat.markdown.sanitize import as_code, escaped
from clarifai_chat.playground import run_file, runs
from clarifai_chat.playground.runs import Run, Step
from components.actions import code
from components.state.session import session

VIEWS = ("Request", "Response", "Stream")
MAX_LINES = 200  # of a stream; the saved file has all of them
MAX_CHARS = 40_000  # of a body
SHORT_LINES = 15  # more than these scroll


def show(run: Run, step: Step) -> None:
    """Offer the step's exchanges; draw their request, response or stream when chosen."""
    if not step.exchanges:
        return
    key = f"{run['turn']['id']}:{step.number}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        wanted = st.segmented_control(
            "Over the wire", VIEWS, key=f"wire:{key}", label_visibility="collapsed"
        )
        st.download_button(
            "Save",
            partial(run_file.exchanges_as_json, step.exchanges, session.pat),
            file_name=f"request-{step.number + 1}.json",
            mime="application/json",
            key=f"save_wire:{key}",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
            help="Everything sent and received for this reply, as JSON",
        )
        st.button(
            "Get code",
            key=f"code:{key}",
            icon=":material/code:",
            type="tertiary",
            help="Python, curl, JavaScript and LiteLLM Proxy for this request",
            on_click=code.of_step,
            args=(run, step),
        )
    for number, exchange in enumerate(step.exchanges):
        if wanted and len(step.exchanges) > 1:
            st.caption(f"Attempt {number + 1} of {len(step.exchanges)}")
        if wanted == "Request":
            _show_request(exchange, run, step)
        elif wanted == "Response":
            _show_response(exchange, step)
        elif wanted == "Stream":
            _show_stream(exchange)


def _show_request(exchange: Exchange, run: Run, step: Step) -> None:
    # Not a caption: an address becomes a link there, and code too pale.
    request = as_code(f"{exchange['method']} {exchange['url']}")
    st.markdown(f"{request}, exactly as sent; the access token is replaced.")
    body = run_file.loaded(exchange["request"])
    if said := runs.sent_back_text(run, step, body):
        st.caption(escaped(said))
    _show_code(run_file.pretty(body))
    _show_headers(exchange["headers"])


def _show_response(exchange: Exchange, step: Step) -> None:
    if exchange["status"] is None:
        st.caption("No response arrived.")
        return
    took = exchange["responded_s"]
    line = f"HTTP {exchange['status']}"
    line += f", headers after {seconds(took)}" if took is not None else ""
    if exchange["chunks"]:
        st.caption(f"{line}. A stream of {len(exchange['chunks'])} events, combined:")
        _show_code(run_file.pretty(step.message or {}))
    else:
        st.caption(f"{line}.")
        _show_code(run_file.pretty(run_file.loaded(exchange["body"])))
    _show_headers(exchange["response_headers"])


def _show_stream(exchange: Exchange) -> None:
    chunks = exchange["chunks"]
    if not chunks:
        st.caption("The answer was not a stream.")
        return
    lines = [f"{after_s:8.3f} s  {data}" for after_s, data in chunks[:MAX_LINES]]
    if len(chunks) > MAX_LINES:
        lines.append(f"and {len(chunks) - MAX_LINES} more, which are in the file")
    if exchange["left_out"]:
        lines.append(f"{exchange['left_out']:,} characters over the limit were not kept")
    st.caption("Seconds since the request was sent, and what arrived.")
    _show_text("\n".join(lines), language=None, is_long=len(lines) > SHORT_LINES)


def _show_headers(headers: dict[str, str]) -> None:
    lines = "\n".join(f"{name}: {value}" for name, value in headers.items())
    _show_text(lines, language=None, is_long=False)


def _show_code(text: str) -> None:
    if len(text) > MAX_CHARS:
        st.caption(
            f"The first {MAX_CHARS:,} of {len(text):,} characters; the file has all of them."
        )
    _show_text(text[:MAX_CHARS], language="json", is_long=text.count("\n") >= SHORT_LINES)


def _show_text(text: str, *, language: str | None, is_long: bool) -> None:
    # The container scrolls, not the code: keys scroll only an element with something focusable in
    # it, here the copy button.
    with st.container(height=320 if is_long else "content", border=False):
        st.code(text, language=language, wrap_lines=True)
