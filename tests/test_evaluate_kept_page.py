"""What is kept of evaluations: over reloads, a restart, other visitors, Delete everything."""

from clarifai_chat.evidence import cases, running
from clarifai_chat.history import database
from clarifai_chat.history.owner import new_id, owner_of
from tests.canary import CANARY
from tests.fake_clarifai import calls, status
from tests.pages import page
from tests.patience import until
from tests.test_chat_list_page import ada, come_as, kept
from tests.test_evaluate_page import MODEL, PARIS, evaluate, forget_experiments, tables

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
