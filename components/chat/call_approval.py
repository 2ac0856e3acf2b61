"""Draw what the reader decides about the calls of a turn: approve, refuse, or write the answer."""

import streamlit as st

from clarifai_chat.chat.turn import Turn
from clarifai_chat.config import server_name
from clarifai_chat.markdown.sanitize import as_label
from clarifai_chat.messages import ToolCall
from clarifai_chat.playground import chat_tools, runs, server_calls
from clarifai_chat.playground.runs import Run, Step
from clarifai_chat.text import whole
from components.actions import answering
from components.actions.turn_actions import ActionName
from components.reply import call_answers
from components.state.slots import seed


def show(is_last: bool, run: Run, call: ToolCall, step: Step) -> None:
    """Draw the call's answer, or what is needed for one while the call is open."""
    if call["id"] in step.answers:
        if "tools" in run["turn"]:
            call_answers.show_answered(run, call, step)
        else:
            st.caption("Answer:")
            answer = whole(step.answers[call["id"]])
            st.code(answer or "(empty answer)", None, wrap_lines=True)
    elif is_last and "tools" in run["turn"] and call in runs.open_calls(run):
        _show_box(run, call)
    else:
        st.caption("Not answered.")


def _show_box(run: Run, call: ToolCall) -> None:
    place = f"{run['turn']['id']}:{runs.place(run, call)}"
    who = answerer(run, call)
    if not who:
        key = f"answer:{place}"
        seed(key, answering.draft(run, call))
        st.text_area(
            f"Answer from {as_label(call['function']['name']) or 'the tool'}",
            key=key,
            height=90,
            help="JSON or plain text, sent to the model as it is",
            placeholder="What the tool would answer",
            on_change=answering.keep_typed,
            args=(run, call["id"], key),
        )
        return
    is_fit = not runs.server_of(run, call) or runs.is_sendable(run, call)
    although = "" if is_fit else ", although the call is not valid"
    if len(runs.open_calls(run)) == 1:
        st.caption(f"If you approve, {who} answers{although}.")
    else:
        st.checkbox(f"Approve: {who} answers{although}", value=is_fit, key=f"approve:{place}")


def answerer(run: Run, call: ToolCall) -> str:
    """Return who answers the call once it is approved; "" if the reader writes the answer."""
    if server := runs.server_of(run, call):
        can_send = server_calls.arguments_of(call) is not None
        return f"the MCP server {as_label(server_name(server))}" if can_send else ""
    if runs.ready_answer(run, call) is None:
        return ""
    return call_answers.words(run["answerers"][call["function"]["name"]])


def steps(turn: Turn) -> list[tuple[ActionName, str, str]]:
    """Return the buttons for a turn whose calls are open: action, label, icon."""
    run = chat_tools.run_of(turn)
    calls = runs.open_calls(run)
    written = [call for call in calls if not answerer(run, call)]
    label = "Send the answer" if len(calls) == 1 else f"Send the {len(calls)} answers"
    if not written:
        label = "Approve"
    return [
        ("approve", label, ":material/send:" if written else ":material/check:"),
        ("refuse", "Refuse" if len(calls) == 1 else "Refuse all", ":material/block:"),
    ]


def show_why(turn: Turn) -> None:
    """Say why calls wait for the reader although they are to be answered automatically."""
    run = chat_tools.run_of(turn)
    if run["settings"]["answers"] == "automatic":
        st.caption(f":material/pan_tool: {call_answers.why_not_automatic(run)}")
