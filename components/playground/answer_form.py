"""Type a tool's answer into a form that is made from the schema of its answers, or as text."""

import json
from collections.abc import Callable
from typing import Any

import streamlit as st

from clarifai_chat import json_text
from clarifai_chat.markdown.sanitize import as_label, escaped
from clarifai_chat.messages import ToolCall
from clarifai_chat.playground import runs
from clarifai_chat.playground.runs import Run
from clarifai_chat.tools.form import arguments
from clarifai_chat.tools.text.diagnostics import Path
from clarifai_chat.tools.verdict.answer import judge_answer
from components.actions import answering
from components.playground import call_form
from components.reply import verdict_view
from components.state.session import session
from components.state.slots import forget_widgets, seed, widget
from components.state.streamlit_patches import uninterrupted


def show(run: Run, call: ToolCall, key: str, show_text: Callable[[], None]) -> None:
    """Draw the answer as a form or as text; both edit the same text."""
    name = call["function"]["name"]
    if not answering.draft(run, call) and runs.server_of(run, call):
        show_text()  # the server answers
        return
    schema = session.answer_schemas.get(name)
    place = key.partition(":")[2]
    view = f"answer_view:{place}"
    seed(view, "Form" if session.answer_form else "Text")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.segmented_control(
            f"Type the answer from {as_label(name) or 'the tool'} as",
            ("Text", "Form"),
            key=view,
            required=True,
            label_visibility="collapsed",
            on_change=_switch,
            args=(view, key),
        )
        _show_schema(name, schema, place)
    if widget(view) == "Form":
        _show_form(run, call, key, schema)
    else:
        show_text()
    if schema is not None and (text := answering.draft(run, call)):
        _show_verdict(text, schema)


def _show_form(run: Run, call: ToolCall, key: str, schema: Any) -> None:
    text = answering.draft(run, call)
    if not text and schema is not None:
        text = json.dumps(arguments.initial(schema, schema), ensure_ascii=False, indent=2)
        run["drafts"][call["id"]] = text  # what the form shows is what is sent
    like = _like(text) if schema is None else schema
    label = f"Answer from {call['function']['name'] or 'the tool'}"
    if like is None or not call_form.show(_edited(run, call, key), like, label, is_object=False):
        st.caption("This answer is not JSON that a form can show: change it as text.")


def _like(text: str) -> Any:
    """Return a schema of answers like this one; None if it is not JSON."""
    try:
        return arguments.schema_like(json_text.read(text))
    except (ValueError, RecursionError):
        return None


def _edited(run: Run, call: ToolCall, key: str) -> call_form.Edited:
    def put(text: str) -> None:
        answering.put_draft(run, call["id"], text)
        forget_widgets(key)

    def choose(branches: dict[Path, int]) -> None:
        session.answer_branches = {**session.answer_branches, key: branches}

    return call_form.Edited(
        f"answer_part:{key.partition(':')[2]}",
        lambda: answering.draft(run, call),
        put,
        lambda: session.answer_branches.get(key, {}),
        choose,
    )


def _show_verdict(text: str, schema: Any) -> None:
    wanted = {"type": "json_schema", "json_schema": {"schema": schema}}
    if verdict := judge_answer(text, wanted):
        color = verdict_view.COLORS[verdict.status]
        st.markdown(f":{color}[{escaped(verdict.summary)}]")


@uninterrupted()
def _switch(view: str, key: str) -> None:
    session.answer_form = widget(view) == "Form"
    forget_widgets(key)


# --- The schema -----------------------------------------------------------------------------------


def _show_schema(name: str, schema: Any, place: str) -> None:
    key = f"answer_schema:{place}"
    box = f"schema_of_answers:{place}"
    with st.popover("Schema", icon=":material/schema:", type="tertiary", key=box):
        refused = session.answer_schema_refused.get(name)
        text = "" if schema is None else json.dumps(schema, ensure_ascii=False, indent=2)
        seed(key, refused[0] if refused else text)
        st.text_area(
            f"JSON Schema of the answers from {as_label(name) or 'the tool'}",
            key=key,
            height=200,
            help="Makes the form and judges what is typed. It is not sent. Without it, the form is"
            " made from the last answer.",
            on_change=_keep_schema,
            args=(name, key),
        )
        if refused:
            st.markdown(f":red[:material/error:] {escaped(refused[1])}")


@uninterrupted()
def _keep_schema(name: str, key: str) -> None:
    text = str(widget(key) or "")
    known = {n: s for n, s in session.answer_schemas.items() if n != name}
    refused = {n: why for n, why in session.answer_schema_refused.items() if n != name}
    if text.strip():
        try:
            schema = json_text.read(text)
        except (ValueError, RecursionError):
            schema = None
        if not isinstance(schema, dict):
            why = 'A schema is a JSON object, such as {"type": "string"}.'
            session.answer_schema_refused = {**refused, name: [text, why]}
            return
        known[name] = schema
    session.answer_schema_refused = refused
    session.answer_schemas = known
