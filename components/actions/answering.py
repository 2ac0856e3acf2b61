"""Answer the calls of a run or of a turn: what is typed, approved or refused.

Nothing here draws.
"""

from clarifai_chat.chat.turn import Turn
from clarifai_chat.messages import ToolCall
from clarifai_chat.playground import chat_tools, runs, server_calls
from clarifai_chat.playground.runs import Run
from components.actions import asking
from components.state import persistence
from components.state.session import session
from components.state.slots import widget
from components.state.streamlit_patches import uninterrupted

REFUSED = '{"error": "The user did not approve this call."}'


@uninterrupted()
def approve(turn: Turn) -> None:
    """Answer a turn's open calls as approved and typed, and ask the model again."""
    run = chat_tools.run_of(turn)
    if runs.wants_answers(run):
        runs.answer(run, *given(run))
        asking.go_on(turn, run)


@uninterrupted()
def refuse(turn: Turn) -> None:
    """Tell the model that none of the turn's open calls was approved."""
    run = chat_tools.run_of(turn)
    if runs.wants_answers(run):
        runs.answer(run, {call["id"]: REFUSED for call in runs.open_calls(run)})
        asking.go_on(turn, run)


@uninterrupted()
def keep_typed(run: Run, call_id: str, key: str) -> None:
    """Keep the answer that is being typed."""
    put_draft(run, call_id, widget(key) or "")


def put_draft(run: Run, call_id: str, text: str) -> None:
    """Set the answer that is being typed; that of a conversation is saved with it."""
    run["drafts"][call_id] = text
    if "tools" in run["turn"]:
        persistence.save(session.chat_of(run["turn"]))


def draft(run: Run, call: ToolCall) -> str:
    """Return the current answer: typed, a built-in's, or the last one for this tool."""
    typed = run["drafts"].get(call["id"])
    if typed is not None:
        return typed
    if runs.server_of(run, call):
        return ""
    ready = runs.ready_answer(run, call) if answers_are_ready(run) else None
    return session.results.get(call["function"]["name"], "") if ready is None else ready


def answers_are_ready(run: Run) -> bool:
    return run["settings"]["answers"] != "by hand"


def given(run: Run) -> tuple[dict[str, str], list[str]]:
    """Return the answers by call as typed and approved, and the calls that go to their servers."""
    turn = run["turn"]
    answers, approved = {}, []
    for call in runs.open_calls(run):
        place = f"{turn['id']}:{runs.place(run, call)}"
        typed = widget(f"answer:{place}")
        content = draft(run, call) if typed is None else str(typed)
        is_refused = widget(f"approve:{place}") is False
        answerer = run["answerers"].get(call["function"]["name"])
        if runs.server_of(run, call) and not content.strip():
            if not is_refused and server_calls.arguments_of(call) is not None:
                approved.append(call["id"])
            content = REFUSED
        elif runs.server_of(run, call):
            pass  # typed by the reader, in place of the server's
        elif is_refused:
            content = REFUSED
        elif answerer and call["id"] not in run["drafts"] and answers_are_ready(run):
            runs.note_answerer(run, call)
        elif run["settings"]["answers"] == "by hand":
            session.results = {**session.results, call["function"]["name"]: content}
        answers[call["id"]] = content
    return answers, approved
