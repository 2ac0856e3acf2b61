"""Draw how a mock answers a tool's calls: well, or as badly as real tools sometimes do."""

import json
from typing import Any, cast

import streamlit as st

from clarifai_chat.evidence import proposals
from clarifai_chat.markdown.sanitize import as_code, escaped
from clarifai_chat.messages import ToolSpec
from clarifai_chat.playground import runs
from clarifai_chat.text import cut
from clarifai_chat.tools import mock_draft, mocks
from clarifai_chat.tools.form import arguments
from clarifai_chat.tools.mock_draft import LIMITS, BadMock, Draft
from clarifai_chat.tools.mocks import FAULTS
from components.playground import run_history
from components.state.session import session
from components.state.slots import forget_widgets, has_widget, seed, widget
from components.state.streamlit_patches import uninterrupted

PREFIX = "mock:"
MAX_SHOWN_CHARS = 300
KINDS = {
    "fixed": "The same answer each time",
    "table": "By the call's arguments",
    "sequence": "One answer after another",
    "error": "An error",
    "huge": "A huge answer",
    "wrong_type": "A value of the wrong type",
    "injection": "A prompt injection",
}
ANSWERS = {
    "fixed": "Answer",
    "table": "Answer to all other calls",
    "error": "Message of the error",
    "huge": "Text that is repeated",
    "wrong_type": "Value in place of the right one",
    "injection": "Text before the injection",
}
NUMBERS = {
    "chars": "Characters",
    "percent": "Percent of the calls that get this",
    "seed": "Seed",
    "delay_s": "Seconds until the answer",
}


def show(tool: ToolSpec) -> None:
    """Draw the boxes of one tool's mock, and what a first call gets."""
    name = str(tool["function"].get("name", ""))
    draft = mock_draft.draft_of(session.mocks.get(name))
    kind = draft["kind"]
    with st.container(border=True):
        seed(f"{PREFIX}kind:{name}", kind)
        st.selectbox(
            f"The mock of {escaped(name)} gives",
            [*KINDS],
            format_func=KINDS.__getitem__,
            key=f"{PREFIX}kind:{name}",
            on_change=_keep,
        )
        if kind == "table":
            _text(name, draft, "rows", "Arguments and answers, a line each")
        if kind == "sequence":
            label = f"Answers, with a line {mock_draft.BETWEEN} between two; the last one repeats"
            _text(name, draft, "answers", label)
        else:
            _text(name, draft, "answer", ANSWERS[kind])
        numbers = [*(["chars"] if kind == "huge" else []), "delay_s"]
        is_partial = kind in FAULTS and draft["percent"] < 100
        numbers += ["percent"] if kind in FAULTS else []
        numbers += ["seed"] if is_partial else []
        with st.container(horizontal=True):
            for number in numbers:
                _number(name, draft, number)
        if is_partial:
            _text(name, draft, "usual", "What the other calls get")
        _show_replay(name)
        _show_preview(tool, name, draft)


def _text(name: str, draft: Draft, field: str, label: str) -> None:
    seed(f"{PREFIX}{field}:{name}", cast(dict[str, Any], draft)[field])
    examples = {
        "rows": f'{{"location": "Paris"}} {mock_draft.ARROW} 18 degrees',
        "answer": mocks.WRONG if draft["kind"] == "wrong_type" else None,
    }
    st.text_area(
        label,
        key=f"{PREFIX}{field}:{name}",
        height=90,
        placeholder=examples.get(field),
        help="`{{name}}` becomes the argument of that name",
        on_change=_keep,
    )


def _number(name: str, draft: Draft, field: str) -> None:
    seed(f"{PREFIX}{field}:{name}", cast(dict[str, Any], draft)[field])
    low, high = LIMITS[field]
    steps: dict[str, float] = {"chars": 10_000, "percent": 10, "delay_s": 0.5}
    kind = float if field == "delay_s" else int
    st.number_input(
        NUMBERS[field],
        kind(low),
        kind(high),
        step=kind(steps.get(field, 1)),
        key=f"{PREFIX}{field}:{name}",
        help="The same seed lets the same calls get this" if field == "seed" else None,
        on_change=_keep,
    )


def _show_replay(name: str) -> None:
    if _recorded(name):
        st.button(
            "Answer as in the run shown",
            key=f"mock_replay:{name}",
            icon=":material/replay:",
            help="What the tool answered there, call by call",
            on_click=_replay,
            args=(name,),
        )


def _show_preview(tool: ToolSpec, name: str, draft: Draft) -> None:
    """Draw what a first call gets, or why the mock cannot be used."""
    try:
        mock = mock_draft.mock_of(draft)
    except BadMock as why:
        st.markdown(f":red[:material/error:] {escaped(str(why))} Until then, you answer the calls.")
        return
    schema: Any = tool["function"].get("parameters", {"type": "object"})
    made = proposals.usual_arguments(schema) or arguments.initial(schema, schema)
    given = session.try_texts.get(name) or json.dumps(made, ensure_ascii=False)
    st.caption("A first call with these arguments gets (change them under Try a call):")
    st.markdown(as_code(cut(" ".join(given.split()), MAX_SHOWN_CHARS)))
    answer = mocks.answer(mock, given)
    st.code(cut(answer, MAX_SHOWN_CHARS) or "(empty answer)", language=None, wrap_lines=True)


@uninterrupted()
def _keep() -> None:
    read()


def read() -> None:
    """Take what is typed in all boxes that are drawn, in whichever order callbacks run."""
    changed = {**session.mocks}
    mocked = [name for name, by in session.answerers.items() if by == runs.MOCKED]
    for name in mocked:
        draft: dict[str, Any] = {**mock_draft.draft_of(changed.get(name))}
        for field in draft:
            key = f"{PREFIX}{field}:{name}"
            if has_widget(key) and (value := widget(key)) is not None:
                draft[field] = value
        changed[name] = draft
    if changed != session.mocks:
        session.mocks = changed


def _recorded(name: str) -> list[str]:
    """Return the answers that calls of a tool got in the run on the page."""
    run = run_history.opened()
    if run is None:
        return []
    return [
        step.answers[call["id"]]
        for step in runs.steps(run)
        for call, _ in step.judged
        if call["function"]["name"] == name and call["id"] in step.answers
    ]


@uninterrupted()
def _replay(name: str) -> None:
    if answers := _recorded(name):
        read()
        draft = mock_draft.draft_of(session.mocks.get(name))
        session.mocks = {**session.mocks, name: mock_draft.draft_from(answers, draft)}
        forget_widgets(PREFIX)
