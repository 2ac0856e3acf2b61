"""Draw what was found in the tools' text, and a fix before it is applied."""

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from clarifai_chat.markdown.contained import fenced
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.tools.lint import edits
from clarifai_chat.tools.text import diagnostics
from clarifai_chat.tools.text.diagnostics import Diagnostic
from components.playground import tool_text
from components.reply.answer_view import AnswerView
from components.state.session import session
from components.state.streamlit_patches import uninterrupted

MAX_FINDINGS = 12  # shown at once
ICONS = {
    "error": ":red[:material/error:]",
    "warning": ":orange[:material/warning:]",
    "hint": ":gray[:material/lightbulb:]",
}


def show(found: Sequence[Diagnostic], place: str = "fix") -> None:
    """Draw a line for each finding; `place` begins the keys of its buttons."""
    alike = Counter(finding.code for finding in found if finding.fix)
    for number, finding in enumerate(found[:MAX_FINDINGS]):
        where = "" if finding.message.startswith("Line ") else f"**Line {finding.line}** "
        text = f"{ICONS[finding.level]} {where}{escaped(finding.message)}"
        if not finding.fix:
            st.markdown(text)
            continue
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            st.markdown(text, width="stretch")
            st.button(
                "Fix",
                key=f"{place}:{number}",
                help=finding.fix.label,
                on_click=_look_at_fix,
                args=(finding,),
            )
        if session.fixing == _place(finding):
            _show_fix(finding, alike[finding.code])
    if len(found) > MAX_FINDINGS:
        st.caption(f"And {len(found) - MAX_FINDINGS} more, marked in the text.")


def _place(finding: Diagnostic) -> list[str]:
    return [finding.code, repr(finding.path)]


def _show_fix(finding: Diagnostic, alike: int) -> None:
    """Draw what a fix would change, before it is applied."""
    if finding.fix is None:
        return
    text = session.tools["text"]
    with st.container(border=True):
        st.markdown(f"**{escaped(finding.fix.label)}**")
        _show_changes(text, diagnostics.apply(text, finding.fix))
        if alike > 1:
            label = f"What all {alike} fixes of this kind change"
            fold = st.expander(label, type="compact", key="all_fixes", on_change="rerun")
            if fold.open:
                with fold:
                    _show_changes(text, edits.all_fixed(text, finding.code))
        with st.container(horizontal=True):
            st.button(
                "Apply",
                key="apply_fix",
                on_click=_apply_fix,
                args=(finding, text),
            )
            if alike > 1:
                st.button(
                    f"Fix all {alike} of this kind",
                    key="apply_fixes",
                    on_click=_apply_fixes,
                    args=(finding, text),
                )
            st.button("Cancel", key="leave_fix", on_click=_leave_fix)


def _show_changes(text: str, fixed: str) -> None:
    changes = diagnostics.diff(text, fixed)
    # Not st.code: the grey of its unchanged lines has too little contrast.
    AnswerView(st.container(), f"fix:{changes}").draw(fenced(changes, "diff"), over=True)


@uninterrupted()
def _look_at_fix(finding: Diagnostic) -> None:
    tool_text.latest()
    place = _place(finding)
    session.fixing = [] if session.fixing == place else place


@uninterrupted()
def _apply_fix(finding: Diagnostic, seen: str) -> None:
    text = tool_text.latest()
    session.fixing = []
    if finding.fix and text == seen:  # else the text has changed, and the fix's positions are wrong
        tool_text.change(diagnostics.apply(text, finding.fix))


@uninterrupted()
def _apply_fixes(finding: Diagnostic, seen: str) -> None:
    text = tool_text.latest()
    session.fixing = []
    if text == seen:
        tool_text.change(edits.all_fixed(text, finding.code))


@uninterrupted()
def _leave_fix() -> None:
    session.fixing = []
