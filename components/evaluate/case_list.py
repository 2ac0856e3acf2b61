"""Draw the cases that are about to be asked; add, remove and export the visitor's own."""

from collections.abc import Sequence

import streamlit as st

from clarifai_chat.access_token import redact
from clarifai_chat.evidence import cases
from clarifai_chat.evidence.cases import Case
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.text import counted, cut
from components.evaluate import acts, proposed, table
from components.state.session import session

MAX_SHOWN_CHARS = 160


def show(found: Sequence[Case], *, is_mine: bool) -> None:
    """Draw a list of cases behind a fold; for the visitor's own, what can be done with them."""
    if is_mine:
        _show_own()
    fold = st.expander(
        f"Read {counted(len(found), 'case')}", type="compact", key="case_list", on_change="rerun"
    )
    if found and fold.open:
        with fold:
            head = ["Case", "Topic", "Asked", "Expected", "Why that is right"]
            rows = [
                [
                    case["id"],
                    case["topic"],
                    cut(case["prompt"], MAX_SHOWN_CHARS),
                    cases.summary(case),
                    case["about"],
                ]
                for case in found
            ]
            table.show(head, rows, "Cases")
    st.download_button(
        "Export these cases",
        lambda: redact(cases.to_json(acts.chosen_cases()), session.pat),
        "cases.json",
        "application/json",
        key="export_cases",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
        disabled=not found,
    )


def _show_own() -> None:
    if not session.my_cases:
        st.caption(
            "Open a file of cases, or press **Keep as a case** below a run in the tool playground:"
            " what the model did there becomes what is expected."
        )
    st.file_uploader(
        "A file of cases: ours or BFCL's as JSON, or tests of promptfoo",
        type=["json", "yaml", "yml"],
        key=f"case_file:{session.case_uploads}",
        on_change=acts.take_file,
    )
    proposed.show()
    if session.case_refused:
        st.warning(escaped(session.case_refused), icon=":material/warning:")
    if session.my_cases:
        with st.popover("Remove cases", icon=":material/delete:", key="remove_cases"):
            for case in session.my_cases:
                st.button(
                    f"Remove {escaped(case['id'])}",
                    key=f"remove_case:{case['id']}",
                    type="tertiary",
                    on_click=acts.remove,
                    args=(case["id"],),
                )
