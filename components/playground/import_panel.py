"""Draw the one door for tools from elsewhere: paste or open anything, look at it, use it."""

from collections.abc import Sequence
from dataclasses import asdict

import streamlit as st

from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.playground import door
from clarifai_chat.tools.formats.tool_import import FoundTool, NotTools
from components.playground import (
    described_source,
    run_files,
    run_history,
    server_source,
    tool_lines,
    tool_text,
)
from components.state.playground_slots import Incoming, IncomingTool
from components.state.session import session
from components.state.slots import forget_widgets, seed, set_widget, widget
from components.state.streamlit_patches import uninterrupted

PASTE, FILE, CHOICE = "paste_tools", "open_tools", "choose_operations"
USE = {
    "tools": "Use these tools",
    "request": "Use this request",
    "set": "Open this set",
    "run": "Open this run",
}
ACCEPTED = (
    "Tools of OpenAI, Anthropic, MCP, Gemini, Bedrock or LangChain; JSON Schema; OpenAPI and"
    " Swagger; Python functions and models; a request or a curl command; a set or a run saved here."
    " As JSON, YAML, Python or JavaScript. Nothing is run or sent."
)


def show() -> None:
    """Draw the panel while it is open."""
    if not session.importing:
        return
    if listed := server_source.taken():
        _take(*listed)
    if written := described_source.taken():
        _take_written(written)
    with st.container(border=True):
        if session.incoming:
            _show_preview(session.incoming)
            _show_error()
        else:
            _show_sources()


@uninterrupted()
def toggle() -> None:
    """Open or close the panel."""
    is_open = session.importing
    close()
    session.importing = not is_open


@uninterrupted()
def close() -> None:
    session.importing = False
    session.incoming = None
    session.import_error = session.import_text = ""
    server_source.leave()
    described_source.leave()
    forget_widgets(PASTE, FILE, CHOICE)


@uninterrupted()
def convert() -> None:
    """Show what the editor's text becomes, in another form, before it is used."""
    text = tool_text.latest()
    close()
    session.importing = True
    _take(text)


# --- Where from -----------------------------------------------------------------------------------


def _show_sources() -> None:
    seed(PASTE, session.import_text)
    st.text_area(
        "Paste anything that holds tools",
        key=PASTE,
        height=140,
        placeholder='{"tools": […]}, curl …, openapi: 3.1.0, def get_weather(city: str): …',
        help=ACCEPTED,
        on_change=_paste,
    )
    st.file_uploader(
        "Or open a file",
        key=FILE,
        help=ACCEPTED,
        max_upload_size=door.MAX_FILE // 1_000_000,
        on_change=_open_file,
    )
    described_source.show()
    server_source.show()
    _show_error()
    with st.container(horizontal=True):
        # What was pasted is read when the box loses the focus, as it does by this click.
        st.button("Preview", key="preview_import", icon=":material/preview:", on_click=_preview)
        st.button("Cancel", key="leave_import", on_click=close)


def _show_error() -> None:
    if session.import_error:
        st.error(escaped(session.import_error), icon=":material/content_paste_off:")


@uninterrupted()
def _paste() -> None:
    session.import_text = str(widget(PASTE) or "")
    if session.import_text.strip():
        _take(session.import_text)


@uninterrupted()
def _preview() -> None:
    if session.incoming is None and not session.import_error:
        _take(str(widget(PASTE) or ""))


@uninterrupted()
def _open_file() -> None:
    if upload := widget(FILE):
        _take(upload.getvalue())


def _take(source: str | bytes, server: str = "", notes: Sequence[str] = ()) -> None:
    try:
        found = door.opened(source)
    except NotTools as why:
        session.import_error = str(why)
        return
    session.import_error = session.import_text = ""
    session.incoming = {
        "kind": found.kind,
        "what": found.what,
        "tools": [_plain(tool) for tool in found.tools],
        "notes": [*notes, *found.notes],
        "toolset": found.toolset,
        "run": found.run,
        "text": found.text,
        "menu": list(found.menu),
        "document": found.document,
    }
    if server:
        session.incoming["server"] = server
    forget_widgets(PASTE, FILE, CHOICE)  # a curl command usually holds a key


def _take_written(text: str) -> None:
    """Preview tools that a model wrote; what cannot be read as tools goes into the box."""
    _take(text)
    if session.import_error:
        session.import_text = text
        set_widget(PASTE, text)
    elif session.incoming:
        session.incoming = {**session.incoming, "is_written": True}


def _plain(tool: FoundTool) -> IncomingTool:
    found = asdict(tool)
    return {
        "spec": found["spec"],
        "changed": list(tool.changed),
        "lost": list(tool.lost),
        "label": tool.label,
        "answers": tool.answers,
    }


# --- What it is -----------------------------------------------------------------------------------


def _show_preview(found: Incoming) -> None:
    st.markdown(f"**This is {escaped(found['what'])}.**")
    for note in found["notes"]:
        st.caption(tool_lines.marked(note))
    if found["document"] is not None:
        _show_menu(found)
    names = {
        "tools": "Replaces the tools in the editor and keeps the prompt and all settings.",
        "request": "Replaces tools, prompt and settings.",
        "set": "Replaces tools, prompt and settings.",
        "run": "Replaces tools, prompt and settings, and shows the run's calls and answers.",
    }
    st.caption(f"{names[found['kind']]} Undo restores what was there.")
    with st.container(horizontal=True):
        st.button(
            USE[found["kind"]],
            key="use_import",
            icon=":material/check:",
            disabled=found["kind"] == "tools" and not found["tools"],
            on_click=_use,
        )
        st.button("Cancel", key="leave_import", on_click=close)
    if found.get("is_written"):
        described_source.show_findings(door.as_text(FoundTool(t["spec"]) for t in found["tools"]))
    tool_lines.show(found["tools"])


def _show_menu(found: Incoming) -> None:
    """Let operations of an API be chosen."""
    seed(CHOICE, [tool["label"] for tool in found["tools"]])
    st.multiselect(
        "Operations",
        found["menu"],
        key=CHOICE,
        placeholder="Choose the operations that become tools",
        on_change=_choose,
    )


@uninterrupted()
def _choose() -> None:
    found = session.incoming
    if found and found["document"] is not None:
        labels = list(widget(CHOICE) or [])
        tools = door.chosen(found["document"], labels)
        session.incoming = {**found, "tools": [_plain(tool) for tool in tools]}


# --- Use it ---------------------------------------------------------------------------------------


@uninterrupted()
def _use() -> None:
    found = session.incoming
    close()
    if found is None:
        return
    tool_text.latest()
    if found["toolset"] is not None:
        tool_text.open_set(found["toolset"])
    elif found["tools"]:
        tools = [FoundTool(tool["spec"]) for tool in found["tools"]]
        tool_text.change(found["text"] or door.as_text(tools))
    if found["kind"] == "tools":
        names = [tool["spec"]["function"].get("name") for tool in found["tools"]]
        others = {n: s for n, s in session.answer_schemas.items() if n not in names}
        typed = zip(names, (tool["answers"] for tool in found["tools"]), strict=True)
        session.answer_schemas = others | {n: s for n, s in typed if s is not None}
        server_source.remember(
            [str(tool["spec"]["function"].get("name")) for tool in found["tools"]],
            found.get("server", ""),
        )
    if found["run"] is not None:
        run_history.add(found["run"])
        run_files.reopen(found["run"])
