"""Draw the parameters that few runs need: sampling, the form of the answer, any other as JSON."""

from typing import Any

import streamlit as st

from clarifai_chat.chat.settings import EFFORTS, stop_lines
from clarifai_chat.playground import parameters
from clarifai_chat.tools.lint.answer_schema import check_answer_schema
from components.playground import request_text
from components.playground.run_values import MORE, NOT_SENT, SWITCH, keep
from components.state.session import session
from components.state.slots import forget_widgets, seed


def show() -> None:
    fold = st.expander("More settings", type="compact", key="run_more", on_change="rerun")
    if not fold.open:
        forget_widgets(MORE, "text_plain:schema", "text_plain:extra")
        return
    with fold:
        _show_numbers()
        _show_format()
        st.caption("Any other parameter of the request. An empty field is not sent.")
        text = request_text.draft("extra")["text"]
        request_text.show("extra", parameters.read(text).findings, 160)


def _value(name: str) -> Any:
    """Return a parameter, or None if it is not set or its field cannot show it."""
    value = session.run_settings["extra"].get(name)
    return value if parameters.fits(name, value) else None


def _show_numbers() -> None:
    columns = st.columns(2)
    for place, (name, number) in enumerate(parameters.NUMBERS.items()):
        value, step = _value(name), number["step"]
        seed(f"{MORE}{name}", value if value is None else type(step)(value))
        columns[place % 2].number_input(
            number["label"],
            min_value=number["low"],
            max_value=number["high"],
            value=None,
            step=step,
            key=f"{MORE}{name}",
            placeholder=NOT_SENT,
            help=number["help"] or None,
            on_change=keep,
        )
    effort = _value("reasoning_effort") or ""
    others = [effort] if effort and effort not in EFFORTS else []
    seed("param:effort", effort or NOT_SENT)
    columns[1].selectbox(
        "Reasoning effort", [NOT_SENT, *EFFORTS, *others], key="param:effort", on_change=keep
    )
    seed("param:stop", stop_lines(_value("stop") or []))
    st.text_area(
        "Stop sequences, one in a line",
        key="param:stop",
        height=70,
        placeholder=NOT_SENT,
        help=r"The answer ends before one of them. A line break in one is written \\n.",
        on_change=keep,
    )


def _show_format() -> None:
    now = _value("response_format")
    seed("param:format", now["type"] if now else NOT_SENT)
    st.selectbox(
        "Response format",
        [NOT_SENT, *parameters.FORMATS],
        key="param:format",
        help="json_object: any JSON object. json_schema: JSON that matches a schema. The answer is"
        " judged by it.",
        on_change=keep,
    )
    if not now or now["type"] != "json_schema":
        forget_widgets("param:schema_", "text_plain:schema")
        return
    inner = now["json_schema"]
    left, right = st.columns(2)
    with left:
        seed("param:schema_name", inner.get("name", ""))
        st.text_input("Name of the schema", key="param:schema_name", max_chars=64, on_change=keep)
    with right:
        strict = inner.get("strict")
        seed("param:schema_strict", next(word for word, on in SWITCH.items() if on is strict))
        st.segmented_control(
            "Strict schema",
            list(SWITCH),
            required=True,
            key="param:schema_strict",
            help="On: OpenAI's API guarantees the schema, within a subset that is checked below.",
            on_change=keep,
        )
    checked = check_answer_schema(request_text.draft("schema")["text"], is_strict=strict is True)
    request_text.show("schema", checked.findings)
