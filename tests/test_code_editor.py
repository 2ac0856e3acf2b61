"""The editor without a browser: what a page gives it, and what it gives back."""

import json
from typing import Any

from streamlit.testing.v1 import AppTest

from components.playground import code_editor
from components.playground.code_editor import replace
from components.state.draft import Draft, new_draft
from tests.patience import PATIENCE_S

KEY = "editor"


def page() -> None:
    import streamlit as st

    from components.playground import code_editor
    from components.state import draft

    state = st.session_state
    if "draft" not in state:
        state.draft = draft.new_draft("[]")
        state.heard = []

    def shout() -> None:
        code_editor.replace(state.draft, code_editor.latest(state.draft, "editor").upper())

    mark: code_editor.Mark = {
        "from_line": 1,
        "from_column": 1,
        "to_line": 1,
        "to_column": 2,
        "level": "hint",
        "message": "Here",
    }
    st.button("Shout", on_click=shout)
    code_editor.show(
        state.draft,
        key="editor",
        label="Tools",
        marks=[mark],
        around_px=300,
        on_change=lambda: state.heard.append(state.draft["text"]),
    )


def opened() -> AppTest:
    app = AppTest.from_function(page, default_timeout=PATIENCE_S).run()
    assert not app.exception
    return app


def draft(app: AppTest) -> Draft:
    kept: Draft = app.session_state["draft"]
    return kept


def data(app: AppTest) -> dict[str, Any]:
    """What the browser's half was given."""
    given: dict[str, Any] = json.loads(app.get("bidi_component")[0].proto.json)
    return given


def typed(app: AppTest, value: object, click: str = "") -> AppTest:
    """Run the page as it runs when the editor has sent this, and in the same moment a click."""
    if click:
        next(button for button in app.button if button.label == click).click()
    states = app._tree.get_widget_states()
    states.widgets.add(
        id=app.get("bidi_component")[0].proto.id, json_value=json.dumps({"typed": value})
    )
    app._run(states)
    assert not app.exception
    return app


def test_the_browser_is_given_the_text_the_marks_and_how_to_leave():
    given = data(opened())

    assert (given["text"], given["gen"], given["label"]) == ("[]", 0, "Tools")
    assert given["marks"][0]["message"] == "Here"
    assert given["around_px"] == 300
    assert given["help"].startswith("Tab leaves the editor.")


def test_its_code_comes_without_data_so_that_it_is_sent_once():
    editor, codemirror = [node.proto for node in opened().get("bidi_component")]

    assert len(codemirror.js_content) > 100_000
    assert codemirror.WhichOneof("data") is None
    assert len(editor.js_content) < 10_000


def test_a_page_is_driven_by_what_it_keeps_and_drawn_again():
    app = opened()
    replace(draft(app), '[{"name": "f"}]')

    app.run()

    assert (data(app)["text"], data(app)["gen"]) == ('[{"name": "f"}]', 1)
    assert app.session_state["heard"] == []


def test_what_is_typed_is_in_the_draft_before_the_page_hears_of_it():
    app = typed(opened(), {"text": "[1]", "gen": 0})

    assert draft(app) == {"text": "[1]", "gen": 0}
    assert app.session_state["heard"] == ["[1]"]
    assert data(app)["text"] == "[1]"


def test_a_run_without_news_changes_nothing():
    app = typed(opened(), {"text": "[1]", "gen": 0})

    app.run()

    assert draft(app) == {"text": "[1]", "gen": 0}
    assert app.session_state["heard"] == ["[1]"]


def test_what_was_typed_before_the_app_changed_the_text_is_older():
    app = opened()
    replace(draft(app), "[2]")

    typed(app, {"text": "[1]", "gen": 0})

    assert draft(app) == {"text": "[2]", "gen": 1}
    assert app.session_state["heard"] == []


def test_a_click_in_the_same_moment_works_on_what_was_typed():
    app = typed(opened(), {"text": '["a"]', "gen": 0}, click="Shout")

    assert draft(app) == {"text": '["A"]', "gen": 1}


def test_what_is_no_text_is_left_alone():
    app = opened()
    for value in ({"text": 7, "gen": 0}, {"gen": 0}, {"text": "x"}, "x", [], None, 0):
        typed(app, value)

    assert draft(app) == {"text": "[]", "gen": 0}
    assert app.session_state["heard"] == []


def test_line_ends_are_those_of_the_browser():
    text = new_draft("a\r\nb\rc\n")
    assert text["text"] == "a\nb\nc\n"

    replace(text, "\r\n")
    assert text == {"text": "\n", "gen": 1}


def test_what_the_browser_is_told_fits_into_one_breath():
    assert len(code_editor.HELP) < 250
