"""Choose which tools cases are asked with: one set, or two with system prompts, to compare."""

from typing import cast

import streamlit as st

from clarifai_chat.evidence.experiment import OWN_TOOLS, ToolSet
from clarifai_chat.messages import ToolSpec
from clarifai_chat.playground import kept
from clarifai_chat.playground.chat_tools import mocks_in, mocks_of, specs_in
from clarifai_chat.playground.toolset import settings_in
from clarifai_chat.playground.variables import filled
from clarifai_chat.text import unused
from clarifai_chat.tools.lint.check import check
from components.playground import tool_text
from components.state import persistence
from components.state.evaluate_slots import OWN, PLAYGROUND, Side
from components.state.session import session
from components.state.slots import seed, set_widget, widget
from components.state.streamlit_patches import uninterrupted

LETTERS = ("A", "B")
GONE = "a set that is not there any more"


def chosen() -> list[ToolSet]:
    """Return the sets of tools of the next experiment."""
    plan = session.plan
    if plan["tools"] != "two":
        return [_set(plan["tools"])]
    sides = zip(LETTERS, plan["sides"], strict=True)
    return [_side(letter, side) for letter, side in sides]


def problem() -> str:
    """Return why the two cannot be compared, in a sentence; "" if they can."""
    plan = session.plan
    if plan["tools"] != "two":
        return ""
    known = _sources()
    if any(side["source"] not in known for side in plan["sides"]):
        return "A set that you chose is not there any more. Choose another one."
    first, second = chosen()
    if {**first, "name": ""} == {**second, "name": ""}:
        return "A and B are the same. Change the tools or the system prompt of one."
    return ""


def show() -> None:
    """Draw the choice of two sets, each with its system prompt."""
    st.caption(
        "The same cases are asked of both. To compare two wordings, save each as a set in the tool"
        " playground; to compare two system prompts, choose the same tools twice."
    )
    sources = _sources()
    columns = st.columns(2)
    for number, (letter, column) in enumerate(zip(LETTERS, columns, strict=True)):
        side = session.plan["sides"][number]
        with column:
            options = [*sources]
            if side["source"] not in sources:
                options.append(side["source"])
            seed(f"side_tools:{letter}", side["source"])
            st.selectbox(
                f"Tools of {letter}",
                options,
                format_func=lambda id: sources.get(id, GONE),
                key=f"side_tools:{letter}",
                on_change=_keep_source,
                args=(number,),
            )
            seed(f"side_system:{letter}", _side(letter, side)["system"])
            st.text_area(
                f"System prompt of {letter}",
                key=f"side_system:{letter}",
                height=90,
                placeholder="Not sent",
                help="Added to the system prompt of a case that has one",
                on_change=_keep_system,
            )


def _sources() -> dict[str, str]:
    """Return where tools may come from, each with a name of its own."""
    owner = persistence.owner()
    names = {OWN: "Each case's own", PLAYGROUND: "Those of the playground"}
    for each in kept.sets(owner)[0] if owner else ():
        if each.name:
            names[each.id] = unused(each.name, names.values())
    return names


def _set(source: str) -> ToolSet:
    """Return a source's tools, with its own system prompt; no tools if it is not there any more."""
    if source == OWN:
        return OWN_TOOLS
    if source == PLAYGROUND:
        settings, mocks = session.run_settings, mocks_in(session.mocks, session.answerers)
        name, tools = "the playground's tools", tool_text.sent(check(session.tools["text"]))
    else:
        owner = persistence.owner()
        name, slots = (owner and kept.read_set(owner, source)) or (GONE, {})
        settings = settings_in(slots.get("run_settings"))
        tools, mocks = cast(list[ToolSpec], specs_in(slots)), mocks_of(slots)
    system = filled(settings["system"], settings["variables"])
    found: ToolSet = {"name": name, "tools": tools, "system": system}
    return {**found, "mocks": mocks} if mocks else found


def _side(letter: str, side: Side) -> ToolSet:
    found = _set(side["source"])
    system = found["system"] if side["system"] is None else side["system"]
    return {**found, "name": f"{letter} ({found['name']})", "system": system}


@uninterrupted()
def _keep_source(number: int) -> None:
    """Take other tools; the system prompt becomes that of their set, unless one was typed."""
    read()
    letter = LETTERS[number]
    side: Side = {**session.plan["sides"][number], "source": widget(f"side_tools:{letter}") or OWN}
    _change(number, side)
    set_widget(f"side_system:{letter}", _side(letter, side)["system"])


@uninterrupted()
def _keep_system() -> None:
    read()


def read() -> None:
    """Take the system prompts that were typed, in whichever order callbacks run."""
    for number, letter in enumerate(LETTERS):
        side, typed = session.plan["sides"][number], widget(f"side_system:{letter}")
        if typed is not None and typed != _side(letter, side)["system"]:
            _change(number, {**side, "system": typed})


def _change(number: int, side: Side) -> None:
    sides = [*session.plan["sides"]]
    sides[number] = side
    session.plan = {**session.plan, "sides": sides}
