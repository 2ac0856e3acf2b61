"""Draw a line for each tool that is about to be imported, with what changed in it."""

from collections import Counter

import streamlit as st

from clarifai_chat.markdown.sanitize import as_code, escaped
from components.state.playground_slots import IncomingTool

MANY, MANY_MORE = 6, 30  # more than these fold; more are folded at first


def show(tools: list[IncomingTool]) -> None:
    """List the tools, with what changed in each; what is true of all is said once."""
    shared = _shared(tools)
    if any(shared):
        st.markdown(f"Each of the {len(tools)} tools: {_said(*shared)}")
    lines = "\n".join(_line(tool, shared) for tool in tools) or "No tools yet."
    if len(tools) > MANY:
        with st.expander(f"The {len(tools)} tools, one by one", expanded=len(tools) <= MANY_MORE):
            st.markdown(lines)
    else:
        st.markdown(lines)


def _shared(tools: list[IncomingTool]) -> tuple[list[str], list[str]]:
    """Return what changed and what is lost in every tool."""
    changed = Counter(what for tool in tools for what in tool["changed"])
    lost = Counter(what for tool in tools for what in tool["lost"])
    every = len(tools)
    return (
        [what for what, count in changed.items() if count == every and every > 1],
        [what for what, count in lost.items() if count == every and every > 1],
    )


def _line(tool: IncomingTool, shared: tuple[list[str], list[str]]) -> str:
    name = tool["spec"]["function"].get("name")
    line = f"- **{as_code(name) if isinstance(name, str) and name else 'a tool without a name'}**"
    if tool["label"]:
        line += f" · {escaped(tool['label'])}"
    said = _said(
        [what for what in tool["changed"] if what not in shared[0]],
        [what for what in tool["lost"] if what not in shared[1]],
    )
    return f"{line} · {said}" if said else line


def _said(changed: list[str], lost: list[str]) -> str:
    parts = [marked(what) for what in changed]
    if lost:
        parts.append(f":orange[not carried over: {', '.join(marked(what) for what in lost)}]")
    return " · ".join(parts)


def marked(text: str) -> str:
    """Return a sentence with its code marked, and everything else as plain text."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        return escaped(text)
    return "".join(
        as_code(piece) if number % 2 else escaped(piece) for number, piece in enumerate(pieces)
    )
