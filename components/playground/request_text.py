"""Edit a part of the request as JSON: earlier messages, the schema of answers, other parameters.

The session's settings hold the value, a draft holds the text as typed: it may not be JSON yet.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import streamlit as st

from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.playground import earlier, parameters, variables
from clarifai_chat.playground.toolset import ToolSet
from clarifai_chat.tools.lint.answer_schema import check_answer_schema
from clarifai_chat.tools.text import diagnostics
from clarifai_chat.tools.text.diagnostics import Diagnostic
from components.playground import code_editor
from components.playground.code_editor import Mark
from components.state.draft import Draft, new_draft
from components.state.session import session
from components.state.slots import forget_widgets, seed, widget
from components.state.streamlit_patches import uninterrupted

Name = Literal["messages", "schema", "extra"]
NAMES: tuple[Name, ...] = ("messages", "schema", "extra")
MAX_FINDINGS = 8  # shown at once; the editor marks all
ICONS = {
    "error": ":red[:material/error:]",
    "warning": ":orange[:material/warning:]",
    "hint": ":gray[:material/lightbulb:]",
}
LABELS = {
    "messages": "Earlier messages, as JSON",
    "schema": "Schema of the answer, as JSON",
    "extra": "Other parameters, as JSON",
}


def draft(name: Name) -> Draft:
    """Return the text of a part, made from the settings at first."""
    return session.request_texts.setdefault(name, new_draft(_written(name)))


def _written(name: Name) -> str:
    """Return a part of the settings as text."""
    settings = session.run_settings
    if name == "messages":
        return parameters.pretty(settings["messages"])
    if name == "schema":
        return parameters.pretty(parameters.schema_of(settings["extra"]))
    return parameters.pretty(parameters.rest(settings["extra"]))


def begin(name: Name, text: str | None = None) -> None:
    """Show this text, or what the settings hold. For callbacks."""
    code_editor.replace(draft(name), _written(name) if text is None else text)
    forget_widgets(_plain_key(name))


def begin_all(toolset: ToolSet) -> None:
    """Show the texts of a set whose settings are already the session's. For callbacks."""
    for name in NAMES:
        begin(name, toolset.get("texts", {}).get(name))
    read_all()


def changed() -> dict[str, str]:
    """Return the texts that are not just the settings' values."""
    texts = {name: one["text"] for name, one in session.request_texts.items()}
    return {name: texts[name] for name in NAMES if texts.get(name, "") not in ("", _written(name))}


def schema_typed_before() -> Any:
    """Return the schema in the editor's text, which is kept while another format is chosen."""
    return check_answer_schema(draft("schema")["text"]).schema


def is_used(name: Name) -> bool:
    """Return whether a part is sent: the schema is only with its kind of format."""
    found = session.run_settings["extra"].get("response_format")
    is_schema = isinstance(found, dict) and found.get("type") == "json_schema"
    return name != "schema" or (is_schema and parameters.fits("response_format", found))


# --- What was typed -------------------------------------------------------------------------------


def read_all() -> None:
    """Take what was typed last into the settings, as far as it can be sent. For callbacks."""
    for name in NAMES:
        if name not in session.request_texts:
            continue
        before = draft(name)["text"]
        text = _latest(name)
        if text != before or name != "extra":
            _take(name, text, before)


def _latest(name: Name) -> str:
    if not session.plain_editor:
        return code_editor.latest(draft(name), _key(name))
    if isinstance(typed := widget(_plain_key(name)), str):
        draft(name)["text"] = typed
    return draft(name)["text"]


def _take(name: Name, text: str, before: str) -> None:
    settings = session.run_settings
    if name == "messages":
        checked = earlier.check(text)
        if not checked.is_broken:
            settings["messages"] = list(checked.messages)  # type: ignore[arg-type]  # as typed
    elif name == "schema":
        schema = check_answer_schema(text).schema
        if is_used("schema") and schema is not None:
            inner = settings["extra"]["response_format"]["json_schema"]
            inner["schema"] = schema
    elif (typed := parameters.read(text).value) is not None:
        settings["extra"] = parameters.merged(settings["extra"], typed, before)
        forget_widgets("param:")  # a parameter with a field may be among them


def leave_out(name: str) -> None:
    """Remove a parameter from the text of the others: its field has changed."""
    text = draft("extra")["text"]
    typed = parameters.read(text).value or {}
    if name in typed:
        begin("extra", parameters.pretty({n: v for n, v in typed.items() if n != name}))


def problem(name: Name) -> str:
    """Return why a part cannot be sent, with its line; "" if it can be."""
    if name not in session.request_texts or not is_used(name):
        return ""
    text = draft(name)["text"]
    if name == "messages":
        checked = earlier.check(text)
        found = checked.findings if checked.is_broken else ()
    elif name == "schema":
        schema = check_answer_schema(text)
        found = schema.findings if schema.schema is None else ()
    else:
        other = parameters.read(text)
        found = other.findings if other.value is None else ()
    first = next((one for one in found if one.level == "error"), None)
    if first is None:
        return ""
    said = first.message if first.message.startswith("Line ") else _line(first)
    return f"{LABELS[name].removesuffix(', as JSON')}: {said}"


def _line(found: Diagnostic) -> str:
    return f"line {found.line}: {found.message}"


# --- Drawing --------------------------------------------------------------------------------------


def show(name: Name, findings: Sequence[Diagnostic], height_px: int = 260) -> None:
    """Draw the editor of a part, and what was found in its text."""
    if session.plain_editor:
        seed(_plain_key(name), draft(name)["text"])
        st.text_area(
            LABELS[name], key=_plain_key(name), height=height_px, on_change=_typed, args=(name,)
        )
    else:
        code_editor.show(
            draft(name),
            key=_key(name),
            label=LABELS[name],
            marks=[mark(finding) for finding in findings],
            around_px=640,  # the form goes on below: one screen shows it and more
            on_change=_typed_in_editor(name),
        )
    for number, finding in enumerate(findings[:MAX_FINDINGS]):
        _show_finding(name, number, finding)
    if len(findings) > MAX_FINDINGS:
        st.caption(f"And {len(findings) - MAX_FINDINGS} more, marked in the text.")


def mark(finding: Diagnostic) -> Mark:
    return {
        "from_line": finding.line,
        "from_column": finding.column,
        "to_line": finding.end_line,
        "to_column": finding.end_column,
        "level": finding.level,
        "message": finding.message,
    }


def _show_finding(name: Name, number: int, finding: Diagnostic) -> None:
    where = "" if finding.message.startswith("Line ") else f"**Line {finding.line}** "
    text = f"{ICONS[finding.level]} {where}{escaped(finding.message)}"
    if not finding.fix:
        st.markdown(text)
        return
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.markdown(text, width="stretch")
        st.button(
            "Fix",
            key=f"fix_text:{name}:{number}",
            help=finding.fix.label,
            on_click=_fix,
            args=(name, finding, draft(name)["text"]),
        )


@uninterrupted()
def _fix(name: Name, finding: Diagnostic, seen: str) -> None:
    if finding.fix and _latest(name) == seen:  # else the fix's positions are wrong
        change(name, diagnostics.apply(seen, finding.fix))


def change(name: Name, text: str) -> None:
    """Replace a part's text; Undo in the editor restores the old one. For callbacks."""
    before = draft(name)["text"]
    begin(name, text)
    _take(name, text, before)


@uninterrupted()
def _typed(name: Name) -> None:
    before = draft(name)["text"]
    _take(name, _latest(name), before)


def _typed_in_editor(name: Name) -> Callable[[], object]:
    before = draft(name)["text"]

    def typed() -> None:
        _take(name, draft(name)["text"], before)

    return typed


def checked_messages(tools: Sequence[Any]) -> earlier.CheckedMessages:
    """Return the earlier messages, checked as they will be sent."""
    settings = session.run_settings
    asks = bool(session.run_prompt.strip())
    return earlier.check(draft("messages")["text"], tools, settings["variables"], asks=asks)


def undefined() -> str:
    """Return a sentence about variables without a value; "" if there are none."""
    settings = session.run_settings
    templates = (session.run_prompt, settings["system"], settings["messages"])
    return variables.problem(settings["variables"], *templates)


def _key(name: Name) -> str:
    return f"text:{name}"


def _plain_key(name: Name) -> str:
    return f"text_plain:{name}"
