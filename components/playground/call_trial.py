"""Try a call by hand: type its arguments, or paste a call, and see the verdict; ask no model."""

import json
from collections.abc import Sequence
from typing import Any

import streamlit as st

from clarifai_chat.markdown.sanitize import as_code
from clarifai_chat.messages import ToolCall, ToolSpec
from clarifai_chat.playground import run_report
from clarifai_chat.tools import builtins
from clarifai_chat.tools.builtins.suggest import suggested
from clarifai_chat.tools.form import arguments
from clarifai_chat.tools.lint.check import CheckResult
from clarifai_chat.tools.text.diagnostics import Path
from clarifai_chat.tools.text.parse import Tool
from clarifai_chat.tools.verdict.verdict import judge_call
from components.playground import boxes, call_form
from components.reply import verdict_view
from components.state.session import session
from components.state.slots import seed, widget
from components.state.streamlit_patches import uninterrupted


def show(checked: CheckResult) -> None:
    named = {tool.name: tool for tool in reversed(checked.tools) if tool.name}
    if not named:
        return
    with st.expander("Try a call", key="try_call", on_change="rerun") as box:
        if box.open:
            _show_trial(named, [tool.spec for tool in checked.tools])


def _show_trial(named: dict[str, Tool], specs: Sequence[ToolSpec]) -> None:
    names = list(reversed(named))
    name = session.try_tool if session.try_tool in named else names[0]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        boxes.put("try_tool", name)
        st.selectbox("Tool to call", names, key="try_tool", on_change=_choose)
        seed("try_view", "JSON" if session.try_json else "Form")
        st.segmented_control(
            "View of the call",
            ("Form", "JSON"),
            key="try_view",
            required=True,
            label_visibility="collapsed",
            on_change=_switch,
            args=(named, name),
        )
    schema: Any = named[name].function.get("parameters", {"type": "object"})
    if name not in session.try_texts:
        start = arguments.initial(schema, schema)
        text = json.dumps(start if isinstance(start, dict) else {}, ensure_ascii=False, indent=2)
        session.try_texts = {**session.try_texts, name: text}
    text = session.try_texts[name]
    if session.try_json:
        _show_text(name, text)
    elif not call_form.show(_edited(name), schema, "Arguments"):
        st.caption("These arguments are not an object that a form can show: change them as JSON.")
    for number, (called, given) in enumerate(arguments.calls_in(text, name, schema)):
        _show_verdict(number, called, given, named, specs)


def _edited(name: str) -> call_form.Edited:
    def put(text: str) -> None:
        session.try_texts = {**session.try_texts, name: text}

    def choose(branches: dict[Path, int]) -> None:
        session.try_branches = branches

    return call_form.Edited(
        "try", lambda: session.try_texts[name], put, lambda: session.try_branches, choose
    )


def _show_text(name: str, text: str) -> None:
    boxes.put("try_text", text)
    st.text_area(
        "Arguments, or a whole call, as JSON",
        key="try_text",
        height=180,
        help="A call as OpenAI, Anthropic or MCP write it, or a message with tool_calls",
        on_change=_keep,
        args=(name,),
    )


def _show_verdict(
    number: int, name: str, given: str, named: dict[str, Tool], specs: Sequence[ToolSpec]
) -> None:
    function: Any = {"name": name, "arguments": given}
    call: ToolCall = {"id": f"try_{number}", "type": "function", "function": function}
    verdict = judge_call(call, specs)
    word = run_report.word(call, verdict)
    st.markdown(f"{as_code(name)} :{verdict_view.COLORS[verdict.status]}-badge[{word}]")
    verdict_view.show(verdict)
    builtin = suggested(named[name].spec) if name in named else ""
    if not builtin:
        return
    st.button(
        f"Run the built-in {builtins.BUILTINS[builtin].label.lower()}",
        key=f"try_run:{number}",
        icon=":material/play_arrow:",
        on_click=_run,
        args=(builtin, given),
    )
    if session.try_result[:2] == [builtin, given]:
        st.code(session.try_result[2], language="json", wrap_lines=True)


@uninterrupted()
def _choose() -> None:
    session.try_tool = widget("try_tool") or ""
    session.try_branches = {}


@uninterrupted()
def _keep(name: str) -> None:
    session.try_texts = {**session.try_texts, name: widget("try_text") or ""}


@uninterrupted()
def _switch(named: dict[str, Tool], name: str) -> None:
    """Change the view; a whole call in the text becomes its tool and its arguments in the form."""
    session.try_json = widget("try_view") == "JSON"
    text = session.try_texts.get(name, "")
    calls = arguments.calls_in(text, name, named[name].function.get("parameters"))
    if session.try_json or len(calls) != 1 or calls[0] == (name, text):
        return
    called, given = calls[0]
    if called in named:
        session.try_tool, session.try_branches = called, {}
        session.try_texts = {**session.try_texts, called: given}


@uninterrupted()
def _run(builtin: str, given: str) -> None:
    session.try_result = [builtin, given, builtins.answer(builtin, given)]
