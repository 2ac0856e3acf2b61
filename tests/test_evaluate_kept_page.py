"""What is kept of evaluations: over reloads, a restart, other visitors, Delete everything."""

import json

from clarifai_chat.evidence import cases, running
from clarifai_chat.history import database
from clarifai_chat.history.owner import new_id, owner_of
from tests.canary import CANARY
from tests.fake_clarifai import calls, says, status
from tests.pages import page
from tests.patience import until
from tests.test_chat_list_page import ada, come_as, kept
from tests.test_chat_tools_page import save_set
from tests.test_evaluate_page import MODEL, PARIS, evaluate, forget_experiments, tables
from tests.test_runs import WEATHER

__all__ = ["ada", "come_as", "evaluate", "forget_experiments", "kept"]  # fixtures
PAGE = "pages/evaluate.py"


def stopped(evaluate, fake, waits):
    """Ask one of three, and be refused."""
    waits(None)
    fake.next(calls(), status(401, 11008))
    return evaluate(MODEL, repeats=3).click("start_evaluation")


def test_after_a_restart_an_evaluation_goes_on_and_asks_nothing_twice(
    evaluate, open_app, fake, waits, kept, ada
):
    stopped(evaluate, fake, waits)
    running._runners.clear()
    database.close(for_good=False)  # the server is restarted

    app = open_app(PAGE, pat=CANARY)
    assert app.has("start_evaluation")
    app.click("open_evaluation")
    assert "1 of 3 runs, stopped" in [p.proto.text for p in app.get("progress")]
    assert len(fake.chats) == 2  # nothing is asked by opening it
    fake.next(calls(), calls())
    app.click("continue_evaluation")

    assert "3 of 3: 100 %" in tables(app)
    assert len(fake.chats) == 4
    [kept_one] = kept.experiments.all(owner_of(ada))
    rows = [*kept.experiments.results(owner_of(ada), kept_one.id)]
    assert [row.status for row in rows] == ["pass"] * 3


def test_a_reload_shows_the_evaluation_that_is_under_way(open_app, evaluate, fake, monkeypatch):
    fake.next(calls(), calls())
    id = evaluate(MODEL).click("start_evaluation").session_state["session.open_experiment"]
    monkeypatch.setattr(running, "under_way", lambda owner: id)

    app = open_app(PAGE, pat=CANARY)

    assert "2 of 2" in tables(app)
    app.click("new_evaluation")
    assert app.has("start_evaluation")


def test_more_tries_add_to_what_is_there_also_after_a_restart(evaluate, open_app, fake, kept, ada):
    fake.next(*[calls()] * 5)
    app = evaluate(MODEL, repeats=2).click("start_evaluation")

    app.click("ask_more")

    assert "5 of 5" in tables(app)
    assert len(fake.chats) == 5
    running._runners.clear()
    app = open_app(PAGE, pat=CANARY).click("open_evaluation")
    assert "each asked 5 times" in page(app)
    assert "5 of 5" in tables(app)


def test_cases_that_were_added_are_there_after_a_reload(evaluate, open_app, kept, ada):
    app = evaluate(MODEL, found=[])
    app.file_uploader(key="case_file:0").upload(
        "m.json", cases.to_json(PARIS).encode(), "text/json"
    )
    app.run()
    until(lambda: kept.playground.sets(owner_of(ada)))

    again = open_app(PAGE)

    assert "My own (1)" in page(again)


def test_another_visitor_sees_nothing_of_it(evaluate, open_app, come_as, fake):
    fake.next(calls(), calls())
    app = evaluate(MODEL).click("start_evaluation")
    id = app.session_state["session.open_experiment"]

    come_as(new_id())
    app = open_app(PAGE, pat=CANARY, open_experiment=id)

    assert app.has("start_evaluation")
    assert not app.has("open_evaluation")


def test_a_deleted_evaluation_can_be_restored(evaluate, fake):
    fake.next(calls(), calls())
    app = evaluate(MODEL).click("start_evaluation").click("delete_evaluation")
    assert "Deleted “1 case, gpt-4.1”" in page(app)
    assert not app.has("open_evaluation")

    app.click("undo_evaluation")

    assert "2 of 2" in tables(app)


def test_delete_everything_deletes_evaluations_too(evaluate, fake, kept, ada):
    fake.next(calls(), calls())
    app = evaluate(MODEL).click("start_evaluation")
    app.open("chat_menu")
    app.toggle(key="all_chats").set_value(True).run()
    app.checkbox(key="delete_sure").check().run()

    app.click("delete_everything")

    assert kept.experiments.all(owner_of(ada)) == []
    assert app.session_state["session.open_experiment"] == ""


# --- Which is better -----------------------------------------------------------------------------


def wording(owner, name, about, system=""):
    """Save a set of the playground whose one tool is described in these words."""
    described = {**WEATHER["function"], "description": about}
    text = json.dumps([{"type": "function", "function": described}])
    slots = {"tools": {"text": text, "gen": 1}, "run_settings": {"system": system}}
    return save_set(owner, name, slots)


def compare(app, first, second):
    app.radio(key="evaluate_tools").set_value("two").run()
    for letter, source in (("A", first), ("B", second)):
        app.selectbox(key=f"side_tools:{letter}").set_value(source).run()
    return app


def test_two_wordings_of_a_set_are_asked_the_same_cases_and_compared_in_pairs(
    evaluate, fake, kept, ada
):
    app = evaluate(MODEL, repeats=6)
    vague = wording(owner_of(ada), "Vague", "Does things.")
    clear = wording(owner_of(ada), "Clear", "Gets the weather.", system="Use your tools.")
    compare(app, vague, clear)
    assert app.text_area(key="side_system:B").value == "Use your tools."
    assert "12 runs" in page(app)
    fake.next(*[says("Sunny."), calls()] * 6)

    app.click("start_evaluation")

    assert "On these cases, B (Clear) is better than A (Vague)" in page(app)
    assert "p = 0.031" in tables(app)
    shown = tables(app)
    assert "Only A (Vague) passed</th><td>0<" in shown
    assert "Only B (Clear) passed</th><td>6<" in shown
    assert "none: it is decided on these cases" in shown
    assert '<th scope="col"></th>' not in shown
    asked = [
        (each.body["tools"][0]["function"]["description"], each.body["messages"][0]["role"])
        for each in fake.chats[:2]
    ]
    assert asked == [("Does things.", "user"), ("Gets the weather.", "system")]
    app.open("set_changes")
    [changes] = [code.value for code in app.code if "Does things." in code.value]
    assert "+Use your tools." in changes.splitlines()


def test_two_system_prompts_are_compared_with_the_same_tools(evaluate, fake):
    app = compare(evaluate(MODEL, repeats=2), "own", "own")
    assert "A and B are the same" in page(app)
    assert app.button(key="start_evaluation").disabled

    app.text_area(key="side_system:A").set_value("Be brief.").run()
    app.text_area(key="side_system:B").set_value("Be polite.").run()
    fake.next(says("Sunny."), calls(), calls(), calls())
    app.click("start_evaluation")

    assert [each.body["messages"][0]["content"] for each in fake.chats] == [
        "Be brief.",
        "Be polite.",
    ] * 2
    assert "Neither is shown to be better" in page(app)
    assert "about 18 runs, which is each case 9 times more" in tables(app)


def test_a_set_that_was_deleted_meanwhile_is_not_compared(evaluate, kept, ada):
    app = evaluate(MODEL)
    id = wording(owner_of(ada), "Vague", "Does things.")
    compare(app, "own", id)
    assert not app.button(key="start_evaluation").disabled

    kept.playground.delete(owner_of(ada), id)
    app.run()

    assert "A set that you chose is not there any more" in page(app)
    assert app.button(key="start_evaluation").disabled
