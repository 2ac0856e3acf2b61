"""Draw the tools: the editor, a verdict on its text, and a line for each tool."""

import json
from collections.abc import Sequence

import streamlit as st

from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.playground import door
from clarifai_chat.text import counted
from clarifai_chat.tools.lint import edits, refusals
from clarifai_chat.tools.lint.check import CheckResult, check
from clarifai_chat.tools.templates import TEMPLATES, Template
from clarifai_chat.tools.text.diagnostics import Diagnostic
from components.playground import (
    call_trial,
    code_editor,
    findings_view,
    import_panel,
    sets_box,
    tool_form,
    tool_list,
    tool_text,
    toolset_box,
)
from components.playground.code_editor import Mark
from components.playground.findings_view import ICONS
from components.state.session import session
from components.state.slots import forget_widgets, seed, widget
from components.state.streamlit_patches import uninterrupted

OUTER = ("json.", "shape.")  # findings about the text's form, not about a tool


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
    findings_view.show(told)
    if elsewhere:
        with st.expander(f"For other models: {len(elsewhere)}", type="compact", key="elsewhere"):
            findings_view.show(elsewhere, "other")
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
