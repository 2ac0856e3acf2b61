"""Draw the runs of one cell: what was asked, what the model did, how it was judged."""

import json
from typing import Any

import streamlit as st

from clarifai_chat.evidence import cases
from clarifai_chat.evidence.experiment import column_name, columns
from clarifai_chat.evidence.record import NotKept
from clarifai_chat.evidence.runner import Runner
from clarifai_chat.markdown.sanitize import escaped
from components.evaluate import table

MAX_SHOWN = 20
WORDS = {
    "pass": "Passed",
    "fail": "Failed",
    "provider": "Failed for the provider's reasons, not counted",
    "unjudged": "Not judged",
}
ICONS = {
    "pass": ":material/check:",
    "fail": ":material/close:",
    "provider": ":material/cloud_off:",
    "unjudged": ":material/remove:",
}


def show(runner: Runner) -> None:
    """Draw a choice of case and column behind a fold, and the runs of that cell."""
    fold = st.expander(
        "Open the runs of a case", type="compact", key="open_runs", on_change="rerun"
    )
    if not fold.open:
        return
    experiment = runner.experiment
    shown = columns(experiment)
    ids = [case["id"] for case in experiment["cases"]]
    with fold:
        case = st.selectbox("Case", range(len(ids)), format_func=ids.__getitem__, key="run_case")
        column = shown[0]
        if len(shown) > 1:
            column = st.selectbox(
                "Model",
                shown,
                format_func=lambda each: column_name(experiment, *each),
                key="run_column",
            )
        _show_runs(runner, case or 0, column or shown[0])


def _show_runs(runner: Runner, case: int, column: tuple[int, int]) -> None:
    asked = runner.experiment["cases"][case]
    table.show(
        ["What", "Text"],
        [
            ["Asked", asked["prompt"]],
            ["Expected", cases.summary(asked)],
            ["In full", json.dumps(asked["expect"], ensure_ascii=False)],
            ["Why that is right", asked["about"]],
        ],
        f"Case {asked['id']}",
    )
    found = runner.tally.numbers_of(*column, case)
    if not found:
        st.caption("It was not asked yet.")
    try:
        results = {n: result for n, _, result in runner.record.results()} if found else {}
        for place, (number, status) in enumerate(found[:MAX_SHOWN], 1):
            body = runner.record.body(number)
            _show_run(place, status, results.get(number, {}), json.loads(body) if body else {})
    except NotKept as why:
        st.error(f"The runs cannot be read. {why}")
    if len(found) > MAX_SHOWN:
        st.caption(f"The first {MAX_SHOWN} of {len(found)}; an export has all.")


def _show_run(place: int, status: str, result: dict[str, Any], body: dict[str, Any]) -> None:
    with st.container(border=True):
        cause = result.get("cause", "")
        st.markdown(
            f"{ICONS[status]} **{place}. {WORDS[status]}{': ' if cause else ''}{escaped(cause)}**"
        )
        if said := result.get("said"):
            st.markdown(escaped(said))
        for reply in body.get("replies", []):
            for call in reply.get("calls", []):
                st.code(f"{call['name']}({call['arguments']})", language=None, wrap_lines=True)
                if call.get("quirks"):
                    st.caption(escaped(f"Quirks: {', '.join(call['quirks'])}"))
            if reply["content"].strip():
                who = "The tool" if reply["role"] == "tool" else "The model"
                st.caption(f"{who} said:")
                st.code(reply["content"], language=None, wrap_lines=True)
        if problem := body.get("problem"):
            st.caption(escaped(f"{problem['what']} {problem['advice']}"))
