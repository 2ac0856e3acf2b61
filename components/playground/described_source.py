"""Let the chosen model write tools from a description; what it wrote is judged, and never used."""

from collections import Counter

import streamlit as st

from clarifai_chat import background
from clarifai_chat.access_token import holds
from clarifai_chat.background import Job
from clarifai_chat.chat.turn import new_turn
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.playground import written_tools
from clarifai_chat.text import counted, listed
from clarifai_chat.tools.text.diagnostics import Diagnostic
from components.playground.findings_view import ICONS
from components.state.session import session
from components.state.slots import seed, widget
from components.state.streamlit_patches import uninterrupted

BOX = "describe_tools"
MAX_SHOWN = 12


def show() -> None:
    """Draw the box for a description, and the button that asks."""
    seed(BOX, session.described)
    st.text_area(
        "Or describe the tools that you need",
        key=BOX,
        height=90,
        max_chars=written_tools.MAX_CHARS,
        placeholder="Find a free table in a restaurant by day, time and number of people; book it.",
        on_change=_keep,
    )
    model = session.model
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Let the model write them",
            key="write_tools",
            icon=":material/edit_note:",
            disabled=bool(pending()) or model.is_demo,
            help=f"Asks {escaped(model.name)} once. You see what was written, and what is wrong"
            " with it, before you use it.",
            on_click=_ask,
        )
        if pending():
            st.markdown(f":shimmer[{escaped(model.name)} is writing]")
        elif model.is_demo:
            st.caption("The Demo is a script and cannot write tools: choose a model above.")


def show_findings(text: str) -> None:
    """Draw tools that a model wrote, what our lint finds in them, and the button to ask again."""
    with st.expander("Read what was written", type="compact", key="written_tools"):
        st.code(text, language="json", wrap_lines=True)
    found = _found(text)
    if not found:
        st.caption(":green[:material/check_circle:] Nothing to improve was found in them.")
        return
    if pending():
        st.markdown(f":shimmer[{escaped(session.model.name)} is writing them again]")
    levels = Counter(each.level for each in found)
    said = listed([counted(number, level) for level, number in levels.items()])
    st.markdown(f"**Found in them: {said}.** You can also fix them in the editor.")
    lines = [f"- {ICONS[each.level]} {escaped(each.message)}" for each in found[:MAX_SHOWN]]
    more = [f"- And {len(found) - MAX_SHOWN} more."] if len(found) > MAX_SHOWN else []
    st.markdown("\n".join([*lines, *more]))
    st.button(
        "Ask again, with these findings",
        key="write_again",
        icon=":material/replay:",
        disabled=session.model.is_demo or bool(pending()),
        help="One request",
        on_click=_ask,
        args=(text,),
    )


def _found(text: str) -> list[Diagnostic]:
    model = session.model
    return written_tools.findings(text, f"{model.provider} {model.name} {model.url}")


def pending() -> list[Job]:
    """Return the job whose tools are not taken yet, for the page to wait for."""
    return [session.writing] if session.writing else []


def taken() -> str | None:
    """Return the tools that were written since, as text; what is not tools is left in the box."""
    job = session.writing
    if job is None or job["state"] == "running":
        return None
    session.writing = None
    if problem := job["problem"]:
        session.import_error = f"{problem['what']} {problem['advice']}"
        return None
    if not str(job["result"]).strip():
        session.import_error = "The model answered without a word. Ask again, or another model."
        return None
    return written_tools.tools_in(job["result"])


def leave() -> None:
    """Drop an answer that is still asked for. For callbacks."""
    session.writing = None


@uninterrupted()
def _keep() -> None:
    session.described = str(widget(BOX) or "")


@uninterrupted()
def _ask(earlier: str = "") -> None:
    if pending():
        return
    if widget(BOX) is not None:
        session.described = str(widget(BOX))
    session.import_error = ""
    description, asked = session.described, session.asked_model
    if not description.strip():
        session.import_error = "There is no description yet: say what the tools are to do."
        return
    if holds(description, session.pat):
        session.import_error = "Your access token is in the description. Remove it, and ask again."
        return
    endpoint, found = session.endpoint(new_turn("", asked)), _found(earlier) if earlier else []
    session.writing = background.start(
        lambda: written_tools.write(description, asked, endpoint, earlier, found)
    )
