"""Ask an MCP server for its tools, and remember which server each tool came from."""

import json
from collections.abc import Sequence
from typing import Any

import streamlit as st

from clarifai_chat import background
from clarifai_chat.access_token import clean, sendable
from clarifai_chat.background import Job
from clarifai_chat.config import server_name
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.mcp import client, hosts
from clarifai_chat.network.guarded import Refused
from clarifai_chat.text import listed
from components.state.session import session
from components.state.slots import forget_widgets, seed, widget
from components.state.streamlit_patches import uninterrupted

ADDRESS, TOKEN = "mcp_address", "mcp_token"


def show() -> None:
    """Draw the fields for a server, where the operator allows one."""
    if not hosts.allowed():
        st.caption(
            "To ask an MCP server for its tools here, this app's operator names its host in the"
            " setting `MCP_HOSTS`."
        )
        return
    seed(ADDRESS, session.server_address)
    st.text_input(
        "Or ask an MCP server",
        key=ADDRESS,
        placeholder="https://tools.example.com/mcp",
        max_chars=hosts.MAX_ADDRESS_CHARS,
        help=f"Over streamable HTTP. Allowed hosts: {escaped(listed(hosts.allowed()))}. The address"
        " is kept with the run, so keep secrets out of it.",
    )
    st.text_input(
        "The server's token, if it needs one",
        key=TOKEN,
        type="password",
        autocomplete="off",
        placeholder="Bearer token",
        help="Stays in the memory of this session and goes to this server only, over https",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        is_asking = bool(pending())
        st.button(
            "List its tools",
            key="mcp_list",
            icon=":material/dns:",
            disabled=is_asking,
            on_click=_ask,
        )
        if is_asking:
            st.markdown(f":shimmer[Asking {escaped(server_name(session.server_address))}]")
        elif session.server_tokens:
            st.button("Forget the token", key="mcp_forget", type="tertiary", on_click=_forget)


def pending() -> list[Job]:
    """Return the job whose list is not taken yet, for the page to wait for.

    It may have ended since the panel was drawn: then the page draws it again at once.
    """
    return [session.server_listing] if session.server_listing else []


def taken() -> tuple[str, str, list[str]] | None:
    """Return a list that has come since: its text, its server, and sentences about it."""
    job = session.server_listing
    if job is None or job["state"] == "running":
        return None
    session.server_listing = None
    found: dict[str, Any] = job["result"] or {"error": "Something went wrong in this app."}
    if error := found.get("error"):
        session.import_error = str(error)
        return None
    if not found["tools"]:
        session.import_error = f"{server_name(session.server_address)} has no tools."
        return None
    return json.dumps({"tools": found["tools"]}), session.server_address, found["notes"]


def leave() -> None:
    """Drop a list that is still asked for. For callbacks."""
    session.server_listing = None
    forget_widgets(TOKEN)


def remember(tools: Sequence[str], server: str) -> None:
    """Note which server the tools came from; "" for another source. For callbacks."""
    before = session.tool_servers
    changed = [name for name in tools if server or name in before]
    others = {name: by for name, by in before.items() if name not in changed}
    session.tool_servers = {**others, **(dict.fromkeys(changed, server) if server else {})}
    session.answerers = {n: by for n, by in session.answerers.items() if n not in changed}
    forget_widgets("answerer:")
    if server and session.run_settings["answers"] == "by hand":
        session.run_settings["answers"] = "approve"
        forget_widgets("answers")


@uninterrupted()
def _ask() -> None:
    if pending():
        return
    session.import_error = ""
    session.server_address = str(widget(ADDRESS) or "").strip()
    token = clean(str(widget(TOKEN) or ""))
    try:
        address = hosts.checked(session.server_address)
    except Refused as why:
        session.import_error = str(why)
        return
    if token and not sendable(token):
        session.import_error = "The server's token has characters that no request can carry."
        return
    if token:
        session.server_tokens[address] = token
        forget_widgets(TOKEN)
    session.server_address = address
    forget_widgets(ADDRESS)
    token = session.server_tokens.get(address, "")
    session.server_listing = background.start(lambda: _listed(address, token))


def _listed(address: str, token: str) -> dict[str, Any]:
    try:
        tools, notes = client.list_tools(address, token)
    except client.McpTrouble as why:
        return {"error": str(why)}
    return {"tools": tools, "notes": notes}


@uninterrupted()
def _forget() -> None:
    session.server_tokens.clear()
    forget_widgets(TOKEN)
