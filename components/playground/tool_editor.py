"""Draw the tools: the editor, what was found in the text, and a line for each tool."""

import json
from collections import Counter
from collections.abc import Sequence

import streamlit as st

from clarifai_chat.markdown.contained import fenced
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.playground import door
from clarifai_chat.text import counted
from clarifai_chat.tools.lint import edits, refusals
from clarifai_chat.tools.lint.check import CheckResult, check
from clarifai_chat.tools.templates import TEMPLATES, Template
from clarifai_chat.tools.text import diagnostics as findings
from clarifai_chat.tools.text.diagnostics import Diagnostic
from components.playground import (
    call_trial,
    code_editor,
    import_panel,
    sets_box,
    tool_form,
    tool_list,
    tool_text,
    toolset_box,
)
from components.playground.code_editor import Mark
from components.reply.answer_view import AnswerView
from components.state.session import session
from components.state.slots import forget_widgets, seed, widget
from components.state.streamlit_patches import uninterrupted

MAX_FINDINGS = 12  # shown at once
OUTER = ("json.", "shape.")  # findings about the text's form, not about a tool
ICONS = {
    "error": ":red[:material/error:]",
    "warning": ":orange[:material/warning:]",
    "hint": ":gray[:material/lightbulb:]",
}


def show() -> CheckResult:
    """Draw the editor and what belongs to it; return the result of checking its text."""
    checked = check(session.tools["text"])
    other = _other_form(checked)
    model = f"{session.model.provider} {session.model.name} {session.model.url}"
    told = [found for found in _told(checked, other) if refusals.concerns(found, model)]
    elsewhere = [found for found in checked.findings if not refusals.concerns(found, model)]
    _show_bar()
    sets_box.show_state()
    import_panel.show()
    if session.form_view:
        tool_form.show()
    elif session.plain_editor:
        _show_plain()
    else:
        marks = [_mark(finding) for finding in told]
        code_editor.show(session.tools, key=tool_text.KEY, label="Tools, as JSON", marks=marks)
    _show_other_form(other)
    if checked.tools or not other:
        _show_verdict(checked, told)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _show_helpers(checked)
        toolset_box.show()
    _show_findings(told)
    if elsewhere:
        with st.expander(f"For other models: {len(elsewhere)}", type="compact", key="elsewhere"):
            _show_findings(elsewhere, "other")
    tool_list.show(checked)
    call_trial.show(checked)
    return checked


# --- Above the text -----------------------------------------------------------------------------


def _show_bar() -> None:
    names = {template.title: template for template in TEMPLATES}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for key, label, icon, action in (
            ("template", "Start from", ":material/category:", _use_template),
            ("add_tool", "Add", ":material/add:", _add_template),
        ):
            st.menu_button(label, list(names), key=key, icon=icon, on_click=action, args=(names,))
        st.button(
            "Import",
            key="import_tools",
            icon=":material/upload:",
            help="Paste or open tools in any format",
            on_click=import_panel.toggle,
        )
        st.button(
            "Undo",
            key="undo_tools",
            icon=":material/undo:",
            disabled=not session.set_aside,
            help="Undo the last template, import, fix, deletion or change in the form",
            on_click=_undo,
        )
        sets_box.show()
        seed("tool_view", "Form" if session.form_view else "JSON")
        st.segmented_control(
            "View",
            ("Form", "JSON"),
            key="tool_view",
            required=True,
            label_visibility="collapsed",
            on_change=_switch_view,
        )


@uninterrupted()
def _use_template(names: dict[str, Template]) -> None:
    tool_text.latest()
    if template := names.get(widget("template")):
        tool_text.open_template(template)


@uninterrupted()
def _add_template(names: dict[str, Template]) -> None:
    text = tool_text.latest()
    if template := names.get(widget("add_tool")):
        for tool in template.tools:
            text = edits.added(text, json.dumps(tool, ensure_ascii=False))
        tool_text.change(text)
        session.results = {**session.results, **template.results}
        if not session.run_prompt.strip():
            session.run_prompt = template.prompt
            forget_widgets("run_prompt")


@uninterrupted()
def _undo() -> None:
    tool_text.latest()
    tool_text.undo()


@uninterrupted()
def _format() -> None:
    text = tool_text.latest()
    if (new := edits.formatted(text)) != text:
        tool_text.change(new)


@uninterrupted()
def _switch_editor() -> None:
    tool_text.latest()
    code_editor.replace(session.tools, session.tools["text"])  # both editors show the same text
    session.plain_editor = bool(widget("plain_editor"))


@uninterrupted()
def _switch_view() -> None:
    tool_text.latest()
    forget_widgets(tool_text.PLAIN_KEY)
    session.form_view = widget("tool_view") == "Form"


def _show_helpers(checked: CheckResult) -> None:
    st.button(
        "Format",
        key="format_tools",
        icon=":material/format_align_left:",
        disabled=not session.tools["text"].strip() or checked.is_broken,
        on_click=_format,
    )
    if session.form_view:
        return
    seed("plain_editor", session.plain_editor)
    st.toggle(
        "Plain text",
        key="plain_editor",
        help="Use a plain text box if the editor does not work",
        on_change=_switch_editor,
    )


def _show_plain() -> None:
    seed(tool_text.PLAIN_KEY, session.tools["text"])
    st.text_area(
        "Tools, as JSON",
        key=tool_text.PLAIN_KEY,
        height=420,
        on_change=_typed_plain,
    )


@uninterrupted()
def _typed_plain() -> None:
    session.tools["text"] = widget(tool_text.PLAIN_KEY) or ""


def _mark(finding: Diagnostic) -> Mark:
    return {
        "from_line": finding.line,
        "from_column": finding.column,
        "to_line": finding.end_line,
        "to_column": finding.end_column,
        "level": finding.level,
        "message": finding.message,
    }


# --- Another form ---------------------------------------------------------------------------------


def _other_form(checked: CheckResult) -> door.Named | None:
    """Return what the text is if it is tools, but not as they are sent."""
    text = session.tools["text"]
    outer = [found for found in checked.findings if found.code.startswith(OUTER)]
    if not any(found.level == "error" for found in outer) or any(
        found.fix for found in outer if found.level == "error"
    ):
        return None
    named = door.named(text)
    if named.is_found or any(found.code.startswith("shape.") for found in outer):
        return named
    return None


def _show_other_form(other: door.Named | None) -> None:
    """Say what the text is, and offer its conversion."""
    if other is None:
        return
    if not other.is_found:
        st.warning(escaped(other.what))
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"{ICONS['warning']} This is {escaped(other.what)}. It is not sent like this.",
            width="stretch",
        )
        st.button(
            "Convert",
            key="convert_tools",
            icon=":material/swap_horiz:",
            on_click=import_panel.convert,
        )


def _told(checked: CheckResult, other: door.Named | None) -> Sequence[Diagnostic]:
    """Return the findings, without those that another form explains."""
    if other is None:
        return checked.findings
    return [found for found in checked.findings if not found.code.startswith(OUTER)]


# --- Below it -----------------------------------------------------------------------------------


def _show_verdict(checked: CheckResult, told: Sequence[Diagnostic]) -> None:
    """Draw one line: how many tools, what was found, how many tokens they add."""
    if not session.tools["text"].strip():
        st.caption("No tools yet. Start from a template above, or paste yours as JSON.")
        return
    specs = tool_text.sent(checked)
    count = counted(len(checked.tools), "tool")
    if len(specs) < len(checked.tools):
        count += f", {len(specs)} of them sent"
    light = sum(finding.level != "error" for finding in told)
    said = counted(checked.errors, "error") if checked.errors else "no errors"
    if light:
        said += f", {light} to improve"
    parts = [count, said]
    if added := tool_text.tokens(specs):
        parts.append(f"about {added:,} tokens added to each request")
    icon = ICONS["error"] if checked.errors else ":green[:material/check_circle:]"
    if not checked.errors and any(found.level == "warning" for found in told):
        icon = ICONS["warning"]
    st.caption(f"{icon} {' · '.join(parts)}")


def _show_findings(found: Sequence[Diagnostic], place: str = "fix") -> None:
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
        changes = findings.diff(text, findings.apply(text, finding.fix))
        # Not st.code: the grey of its unchanged lines has too little contrast.
        AnswerView(st.container(), f"fix:{changes}").draw(fenced(changes, "diff"), over=True)
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
        tool_text.change(findings.apply(text, finding.fix))


@uninterrupted()
def _apply_fixes(finding: Diagnostic, seen: str) -> None:
    text = tool_text.latest()
    session.fixing = []
    if text == seen:
        tool_text.change(edits.all_fixed(text, finding.code))


@uninterrupted()
def _leave_fix() -> None:
    session.fixing = []
