"""Answer a run's open calls: by hand, or with a built-in's answer that a person approves."""

from collections.abc import Callable

import streamlit as st

from clarifai_chat.chat.usage import seconds
from clarifai_chat.config import server_name
from clarifai_chat.markdown.sanitize import as_label, escaped
from clarifai_chat.messages import ToolCall
from clarifai_chat.playground import runs, server_calls
from clarifai_chat.playground.runs import Run, Step
from clarifai_chat.playground.server_calls import ServerCall
from clarifai_chat.text import counted, whole
from clarifai_chat.tools.builtins import BUILTINS
from components.actions import answering
from components.state.slots import seed
from components.state.streamlit_patches import uninterrupted

# Draws what an answer is typed into: a call's run, the call, the key of its box, and the box.
Typed = Callable[[Run, ToolCall, str, Callable[[], None]], None]


def show(
    run: Run, call: ToolCall, step: Step, *, typed: Typed | None = None, is_recorded: bool = False
) -> None:
    """Draw the call's answer, or a box for it while the call is open, unless it is recorded."""
    if call["id"] in step.answers:
        show_answered(run, call, step)
    elif not is_recorded and runs.wants_answers(run) and call in runs.open_calls(run):
        _show_box(run, call, typed)


def show_answered(run: Run, call: ToolCall, step: Step) -> None:
    place = runs.place(run, call, step.figures.get("reply"))
    record = run.get("server_calls", {}).get(place)
    content = whole(step.answers[call["id"]])
    if record:
        _show_record(record)
    elif content == answering.REFUSED:
        st.caption("Refused. The model was told:")
    else:
        st.caption(f"Answered by {words(run['answered_by'].get(place, ''))}:")
    st.code(content or "(empty answer)", language=None, wrap_lines=True)


def _show_record(record: ServerCall) -> None:
    """Say which server answered, how, and what of its answer the model does not get."""
    how = {
        "answered": " answered",
        "error": " answered with an error",
        "failed": " was asked, and failed",
    }
    st.caption(
        f"The MCP server {escaped(server_name(record['server']))}{how[record['outcome']]}:"
        f" {seconds(record['took_s'])}, {counted(record['chars'], 'character')}."
    )
    for note in record["notes"]:
        st.caption(f":orange[:material/warning:] {escaped(note)}")


def words(answerer: str) -> str:
    if answerer == runs.TYPED:
        return "your last answer for this tool"
    if answerer == runs.MOCKED:
        return "a mock"
    builtin = BUILTINS.get(answerer)
    return f"the built-in {builtin.label.lower()}" if builtin else "hand"


def _show_box(run: Run, call: ToolCall, typed: Typed | None) -> None:
    turn, name = run["turn"], call["function"]["name"]
    place = f"{turn['id']}:{runs.place(run, call)}"
    key = f"answer:{place}"
    answerer = run["answerers"].get(name, "")
    server = runs.server_of(run, call)
    is_ready = answerer and not server and answering.answers_are_ready(run)
    if is_ready and call["id"] not in run["drafts"]:
        st.caption(f"This is {words(answerer)}; change it if you like.")

    def show_text() -> None:
        seed(key, answering.draft(run, call))
        st.text_area(
            f"Answer from {as_label(name) or 'the tool'}",
            key=key,
            height=90,
            help="JSON or plain text, sent to the model as it is",
            placeholder="Empty: the server answers" if server else None,
            on_change=answering.keep_typed,
            args=(run, call["id"], key),
        )

    if typed:
        typed(run, call, key, show_text)
    else:
        show_text()
    if server:
        _show_approval(run, call, server, f"approve:{place}")
    elif run["settings"]["answers"] == "approve":
        st.checkbox("Approve this call", value=True, key=f"approve:{place}")


def _show_approval(run: Run, call: ToolCall, server: str, key: str) -> None:
    host, fits = as_label(server_name(server)), runs.is_sendable(run, call)
    can = server_calls.arguments_of(call) is not None
    st.checkbox(
        f"Send this call to {host}" if fits else f"Send it to {host}, although it is not valid",
        value=fits,
        key=key,
        disabled=not can,
        help="Its arguments go to the server as they are above, and its answer to the model."
        if can
        else "Its arguments are not a JSON object, which is all that a server takes.",
    )


def show_send(run: Run, send: Callable[[Run], None]) -> None:
    """Draw the button that sends the answers and lets the model continue."""
    count = len(runs.open_calls(run))
    what = "the answer" if count == 1 else f"the {count} answers"
    if run["settings"]["answers"] == "automatic":
        st.caption(why_not_automatic(run))
    st.button(
        f"Send {what}",
        key=f"send_answers:{run['turn']['id']}",
        icon=":material/send:",
        on_click=_send,
        args=(run, send),
    )


def why_not_automatic(run: Run) -> str:
    if len(run["turn"]["before"]) + 1 >= run["settings"]["max_steps"]:
        return "The limit of requests is reached, so nothing more is sent automatically."
    to_servers = [call for call in runs.open_calls(run) if runs.server_of(run, call)]
    if not all(runs.is_sendable(run, call) for call in to_servers):
        return "A call is not valid, so it was not sent to its server."
    if to_servers and runs.calls_left(run) < len(to_servers):
        return "The limit of calls to servers is reached, so the calls wait for you."
    return "Not every call has a built-in that answers it, so the calls wait for you."


@uninterrupted()
def _send(run: Run, send: Callable[[Run], None]) -> None:
    runs.answer(run, *answering.given(run))
    send(run)
