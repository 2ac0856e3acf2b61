"""What is kept of the playground's work: over reloads, a killed server, other tabs."""

import json

from clarifai_chat.chat import replies
from clarifai_chat.chat.turn import apply, new_turn
from clarifai_chat.events import TextDelta
from clarifai_chat.history import content_memory, database
from clarifai_chat.history.owner import owner_of
from clarifai_chat.history.store import Store
from clarifai_chat.history.store import playground as rows
from clarifai_chat.history.store.trouble import StoreFull
from clarifai_chat.playground import keeping, runs
from clarifai_chat.playground.runs import default_settings
from clarifai_chat.playground.toolset import to_parameter
from components.state import kept_playground
from components.state.playground_slots import PlaygroundSlots
from components.state.slots import Slot
from tests.canary import CANARY, assert_no_canary
from tests.fake_clarifai import calls, says
from tests.pages import Gate, page, type_token
from tests.patience import until
from tests.test_chat_list_page import MODEL, ada, come_as, kept
from tests.test_request_form_page import attach
from tests.test_tool_playground_page import (
    answer_box,
    choose_from,
    kept_runs,
    run,
    text_in_editor,
    tool,
    type_tools,
)

__all__ = ["ada", "come_as", "kept"]  # fixtures

PAGE = "pages/tool_playground.py"
TYPED = CANARY[::-1]  # what a page may send to the browser whose visitor typed it
TOOLS = json.dumps([tool("mine")])


def slots(store, ada):
    found = store.playground.load_set(owner_of(ada))
    return json.loads(found.body)["slots"] if found else None


def names(store, ada):
    return [each.name for each in store.playground.sets(owner_of(ada))]


def everything(folder):
    """All that is in the database and the files beside it."""
    return b"".join(file.read_bytes() for file in sorted(folder.glob("history.db*")))


def with_my_tools(app):
    type_tools(app, TOOLS)
    app.text_area(key="run_prompt").set_value("What now?").run()
    return app


def in_sets(app, name=None, click=None):
    """Open the popover; type a name, and click."""
    app.open("sets")
    if name is not None:
        app.text_input(key="set_name").set_value(name)
    if click:
        app.click(click)
    return app


def choose_set(app, store, ada, name):
    """Open the popover, and choose the set with this name, or about this."""
    app.open("sets")
    [found] = [e for e in store.playground.sets(owner_of(ada)) if name in (e.name, e.about)]
    app.selectbox(key="chosen_set").set_value(found.id).run()
    return app


# --- Over a reload ----------------------------------------------------------------------------


def test_without_a_token_nothing_is_said_about_one(open_app):
    app = with_my_tools(open_app(PAGE))

    assert "access token. It is saved" not in page(app)


def test_a_new_session_has_the_tools_the_prompt_and_the_settings(open_app, ada, kept):
    app = open_app(PAGE)
    choose_from(app, "template", "Calculator")
    with_my_tools(app)
    app.number_input(key="run_temperature").set_value(0.5).run()
    assert slots(kept, ada)["run_prompt"] == "What now?", "It is there when the page is drawn."

    again = open_app(PAGE)

    assert text_in_editor(again) == TOOLS
    assert again.text_area(key="run_prompt").value == "What now?"
    assert again.number_input(key="run_temperature").value == 0.5
    again.click("undo_tools")
    assert "get_weather" in text_in_editor(again), "What can be undone is there too."


def test_the_last_runs_are_there_with_their_wire_and_are_not_asked_again(open_app, fake, ada):
    fake.next(calls(), says("It rains."))
    app = open_app(PAGE, pat=CANARY)
    run(app)
    answer_box(app, "call_1").set_value("rain").run()
    app.button(key=f"send_answers:{kept_runs(app)[0]['turn']['id']}").click().run()
    before = json.loads(json.dumps(kept_runs(app)))

    again = open_app(PAGE)

    assert kept_runs(again) == before
    assert "It rains." in page(again)
    assert len(fake.chats) == 2
    assert again.has(f"wire:{before[0]['turn']['id']}:0")
    assert_no_canary("run", json.dumps(kept_runs(again)))


def test_every_slot_of_a_set_comes_back(open_app, ada, kept, monkeypatch):
    slot = Slot(dict)
    slot.__set_name__(PlaygroundSlots, "of_tomorrow")
    monkeypatch.setattr(PlaygroundSlots, "of_tomorrow", slot, raising=False)
    app = open_app(PAGE)
    app.session_state["session.of_tomorrow"] = {"a": [1, None], "half": "\ud83d"}
    app.session_state["session.plain_editor"] = True
    app.session_state["session.answerers"] = {"a": ("no", "plain", "data")}
    with_my_tools(app)

    again = open_app(PAGE)

    assert again.session_state["session.of_tomorrow"] == {"a": [1, None], "half": "\ufffd"}
    assert {*slots(kept, ada)} == {*kept_playground._slots(), "model"} - {"answerers"}
    secret = {"incoming", "import_text", "runs"}
    assert not secret.intersection(slots(kept, ada))


def test_a_set_from_before_a_setting_was_invented_has_its_default(open_app, ada, kept):
    body = {"slots": {"tools": {"text": "[]", "gen": 1}, "run_settings": {"system": "S"}}}
    kept.playground.save_set(
        owner_of(ada), "s", 0, name="", about="", body=json.dumps(body), room=9999
    )

    app = open_app(PAGE)

    assert app.session_state["session.run_settings"] == {**default_settings(), "system": "S"}


def test_files_that_were_not_sent_are_there_again_or_named(open_app, fake, ada, kept, monkeypatch):
    attach(open_app(PAGE), "notes.txt", b"Rain.", "text/plain")

    again = open_app(PAGE, pat=CANARY)
    run(again)
    assert "Rain." in fake.chats[0].body["messages"][-1]["content"]
    attach(again, "map.txt", b"North.", "text/plain")
    monkeypatch.setattr(content_memory, "memory", content_memory.Memory())  # the app has restarted
    last = open_app(PAGE)

    assert [file["name"] for file in last.session_state["session.run_files"]] == ["notes.txt"]
    assert "not sent are no longer here. Attach them again: map.txt." in page(last)


def test_what_the_app_itself_put_there_is_not_saved(open_app, ada, kept):
    app = open_app(PAGE)
    app.run()
    assert not kept.playground.has_any(owner_of(ada))

    choose_from(app, "template", "Calculator")

    assert "calculate" in slots(kept, ada)["tools"]["text"]


def test_a_run_that_was_going_when_the_server_died_was_interrupted(open_app, fake, ada, kept):
    turn = new_turn("Tell me", MODEL)
    turn["asked_at"] = 5.0
    apply(turn, TextDelta("Half an "), 0.1)
    made = {**runs.new_run("", MODEL, [], default_settings(), {}, {}), "turn": turn}
    del made["settings"]["extra"], made["drafts"]  # as of a version that did not know them
    body = json.dumps(made)
    kept.playground.save_run(owner_of(ada), turn["id"], 0, asked_at=5.0, body=body, room=99999)

    app = open_app(PAGE, pat=CANARY)
    app.run()

    assert "Half an " in page(app)
    assert "Interrupted" in page(app)
    assert fake.chats == []
    fake.next(says("answer."))
    app.click(f"go_on:{turn['id']}")
    assert len(fake.chats) == 1
    until(lambda: "answer." in kept.playground.load_run(owner_of(ada), turn["id"]).body)


def test_a_running_run_is_the_same_in_a_second_session(open_app, fake, ada, kept, at_a_glance):
    gate = Gate()
    fake.next(gate)
    app = open_app(PAGE, pat=CANARY)
    run(app, "Go on")
    until(lambda: "Half an" in (kept.playground.runs(owner_of(ada)) or [None])[0].body)

    again = open_app(PAGE, pat=CANARY)
    assert again.has("stop")
    gate.open()
    until(lambda: replies.get(kept_runs(again)[0]["turn"]) is None)
    until(lambda: "answer." in kept.playground.runs(owner_of(ada))[0].body)

    assert "Half an answer." in page(again.run())
    assert len(fake.chats) == 1


def test_an_app_that_stops_keeps_what_came_last(open_app, fake, ada, kept, at_a_glance):
    fake.next(Gate())
    app = open_app(PAGE, pat=CANARY)
    run(app, "Go on")
    until(lambda: kept_runs(app)[0]["turn"]["replies"])

    keeping.close()

    body = json.loads(kept.playground.runs(owner_of(ada))[0].body)
    assert (body["turn"]["ending"], body["turn"]["replies"][0]["content"]) == (
        "interrupted",
        "Half an ",
    )


# --- Two tabs ---------------------------------------------------------------------------------


def test_what_two_tabs_changed_becomes_two_sets(open_app, ada, kept):
    one = with_my_tools(open_app(PAGE))
    two = open_app(PAGE)
    one.text_area(key="run_prompt").set_value("From one").run()

    two.text_area(key="run_prompt").set_value("From two").run()

    assert "Another tab changed or deleted “Tools” too" in page(two)
    assert "“Tools (2)”" in page(two)
    assert names(kept, ada) == ["Tools (2)", ""]
    two.text_area(key="run_prompt").set_value("From two again").run()
    one.text_area(key="run_prompt").set_value("From one again").run()
    prompts = {each.about for each in kept.playground.sets(owner_of(ada))}
    assert prompts == {"From one again", "From two again"}
    two.click("dismiss_notice")
    assert "Another tab" not in page(two)


def test_a_run_that_two_tabs_went_on_with_is_kept_twice(open_app, fake, ada, kept):
    fake.next(calls())
    one = open_app(PAGE, pat=CANARY)
    run(one)
    two = open_app(PAGE, pat=CANARY)
    for app, words in ((one, "Rain."), (two, "Sun.")):
        fake.next(says(words))
        answer_box(app, "call_1").set_value(words).run()
        app.button(key=f"send_answers:{kept_runs(app)[0]['turn']['id']}").click().run()

    def answers():
        found = kept.playground.runs(owner_of(ada))
        return sorted(json.loads(e.body)["turn"]["replies"][-1]["content"] for e in found)

    until(lambda: answers() == ["Rain.", "Sun."])


# --- What is not kept -------------------------------------------------------------------------


def test_an_access_token_is_never_saved(open_app, ada, kept, tmp_path, fake):
    app = with_my_tools(open_app(PAGE))
    type_token(app, CANARY)
    app.text_area(key="run_prompt").set_value(f"My token is {TYPED}").run()
    assert "It is saved with [access token] in its place." in page(app)
    assert slots(kept, ada)["run_prompt"] == "My token is [access token]"
    fake.next(says("Keep it to yourself."))
    run(app)
    assert "The last run contains your access token, so it is not saved." in page(app)
    type_tools(app, f'[{{"type": "function", "function": {{"name": "{TYPED}"}}}}]')

    app.click("forget")
    type_tools(app, f'["{TYPED}"]')

    assert "an access token that is forgotten here" in page(app)
    assert kept.playground.runs(owner_of(ada)) == []
    assert TYPED.encode() not in everything(tmp_path)
    in_sets(app, "Clean")
    type_tools(app, TOOLS)
    in_sets(app, "Clean", "save_set")
    assert "forgotten here" not in page(app)
    assert names(kept, ada)[0] == "Clean"


def test_a_token_that_is_entered_later_is_taken_out_of_what_is_saved(open_app, ada, kept):
    app = open_app(PAGE)
    app.text_area(key="run_prompt").set_value(f"My token is {TYPED}").run()
    assert TYPED in slots(kept, ada)["run_prompt"]

    type_token(app, CANARY)

    assert slots(kept, ada)["run_prompt"] == "My token is [access token]"


def test_a_temporary_set_is_not_saved(open_app, fake, ada, kept):
    app = open_app(PAGE, pat=CANARY)
    app.open("sets")
    app.toggle(key="temporary_set").set_value(True).run()
    with_my_tools(app)
    fake.next(says("Yes."))
    run(app)
    assert "Temporary: this set and its runs are not saved" in page(app)
    assert not kept.playground.has_any(owner_of(ada))

    app.open("sets")
    app.toggle(key="temporary_set").set_value(False).run()

    assert slots(kept, ada)["run_prompt"] == "What now?"
    assert kept.playground.runs(owner_of(ada)) == [], "A run of before stays unsaved."


def test_beside_a_temporary_chat_nothing_is_saved_also_after_it(open_app, ada, kept):
    app = open_app(PAGE, is_temporary=True)
    with_my_tools(app)
    app.session_state["session.is_temporary"] = False
    app.text_area(key="run_prompt").set_value("And now?").run()

    assert "Temporary: this set and its runs are not saved" in page(app)
    assert not kept.playground.has_any(owner_of(ada))


def test_without_a_cookie_the_page_says_that_nothing_is_saved(open_app, come_as):
    come_as(None)
    app = with_my_tools(open_app(PAGE))

    app.open("sets")

    assert "sets are not saved: a reload deletes them." in page(app)
    assert text_in_editor(open_app(PAGE)) != TOOLS


def test_everything_can_be_deleted(open_app, fake, ada, kept):
    app = with_my_tools(open_app(PAGE, pat=CANARY))
    fake.next(says("Yes."))
    run(app)
    assert kept.playground.has_any(owner_of(ada))

    app.switch_page("app.py").run()
    app.open("chat_menu")
    app.toggle(key="all_chats").set_value(True).run()
    app.checkbox(key="delete_sure").set_value(True).run()
    app.click("delete_everything")

    assert not kept.playground.has_any(owner_of(ada))
    app.switch_page(PAGE).run()
    assert kept_runs(app) == []
    assert text_in_editor(app) != TOOLS
    assert not kept.playground.has_any(owner_of(ada))


def test_what_does_not_fit_is_told(open_app, ada, kept, set_up, tmp_path):
    set_up(DATABASE_URL=f"sqlite:///{tmp_path / 'history.db'}", MAX_CONVERSATION_CHARS="2000")
    app = with_my_tools(open_app(PAGE))
    before = slots(kept, ada)

    app.text_area(key="run_prompt").set_value("x" * 5000).run()

    assert "This set is not saved: there is room" in page(app)
    assert "4 kB of sets and runs together" in page(app)
    assert slots(kept, ada) == before
    app.text_area(key="run_prompt").set_value("short").run()
    assert "is not saved" not in page(app)
    assert slots(kept, ada)["run_prompt"] == "short"


def test_a_store_that_fails_is_told_and_catches_up(open_app, ada, kept, monkeypatch):
    app = with_my_tools(open_app(PAGE))
    with monkeypatch.context() as broken:
        broken.setattr(Store, "_writing", lambda store: (_ for _ in ()).throw(StoreFull()))
        broken.setattr(
            rows.PlaygroundStore, "save_set", lambda *a, **k: (_ for _ in ()).throw(StoreFull())
        )
        app.text_area(key="run_prompt").set_value("Later").run()
        assert "The disk that holds the conversations is full" in page(app)
        monkeypatch.setattr(keeping, "RETRY_S", 0.0)

    until(lambda: slots(kept, ada)["run_prompt"] == "Later")
    until(lambda: not keeping._keeper.changes)
    assert "is full" not in page(app.run())


def test_a_store_that_cannot_be_read_is_told(open_app, monkeypatch):
    monkeypatch.setattr(database, "attempt", lambda action: (None, "It is broken."))
    app = open_app(PAGE)
    assert "What you had here before cannot be read. It is broken." in page(app)
    assert "get_weather" in text_in_editor(app)


# --- Sets -------------------------------------------------------------------------------------


def test_sets_have_names_and_are_kept_apart(open_app, ada, kept):
    app = with_my_tools(open_app(PAGE))
    in_sets(app, " My \n tools ", "save_set")
    assert names(kept, ada) == ["My tools"]
    in_sets(app, "My tools", "save_set")
    assert names(kept, ada) == ["My tools (2)", "My tools"]
    app.text_area(key="run_prompt").set_value("Changed").run()
    abouts = [each.about for each in kept.playground.sets(owner_of(ada))]
    assert abouts == ["Changed", "What now?"]

    choose_set(app, kept, ada, "My tools").click("open_set")
    assert app.text_area(key="run_prompt").value == "What now?"
    in_sets(app, "Other", "rename_set")
    assert sorted(names(kept, ada)) == ["My tools (2)", "Other"]

    again = open_app(PAGE)
    assert again.text_area(key="run_prompt").value == "What now?"
    again.open("sets")
    assert again.selectbox(key="chosen_set").options == ["Other (open)", "My tools (2)"]


def test_opening_a_set_loses_no_work(open_app, ada, kept):
    app = with_my_tools(open_app(PAGE))
    in_sets(app, "Mine", "save_set")
    in_sets(app, click="new_set")
    assert text_in_editor(app) == ""
    app.text_area(key="run_prompt").set_value("Unnamed work").run()

    choose_set(app, kept, ada, "Mine").click("open_set")
    assert text_in_editor(app) == TOOLS
    assert sorted(names(kept, ada)) == ["", "Mine"]
    choose_set(app, kept, ada, "Unnamed work").click("open_set")
    assert app.text_area(key="run_prompt").value == "Unnamed work"


def test_opening_a_set_leaves_work_that_is_not_saved_to_undo(open_app, ada, kept):
    app = with_my_tools(open_app(PAGE))
    in_sets(app, "Mine", "save_set")
    in_sets(app, click="new_set")
    app.open("sets")
    app.toggle(key="temporary_set").set_value(True).run()
    app.text_area(key="run_prompt").set_value("Only here").run()

    choose_set(app, kept, ada, "Mine").click("open_set")
    assert app.text_area(key="run_prompt").value == "What now?"
    app.click("undo_tools")

    assert app.text_area(key="run_prompt").value == "Only here"


def test_a_deleted_set_can_be_restored(open_app, ada, kept):
    app = with_my_tools(open_app(PAGE))
    in_sets(app, "Mine", "save_set")
    choose_set(app, kept, ada, "Mine").click("delete_set")
    assert (names(kept, ada), text_in_editor(app)) == ([], "")

    app.click("undo_set")

    assert names(kept, ada) == ["Mine"]
    choose_set(app, kept, ada, "Mine").click("open_set")
    assert text_in_editor(app) == TOOLS


def test_a_set_needs_a_name_and_a_click_on_what_is_gone_is_explained(open_app, ada, kept):
    app = with_my_tools(open_app(PAGE))
    in_sets(app, "  ", "save_set")
    assert "Give the set a name first." in [toast.value for toast in app.toast]
    in_sets(app, "Mine", "save_set")
    in_sets(app, click="rename_set")
    assert "Type the new name above first." in [toast.value for toast in app.toast]
    in_sets(app, click="new_set")
    choose_set(app, kept, ada, "Mine")
    [mine] = kept.playground.sets(owner_of(ada))
    kept.playground.delete(owner_of(ada), mine.id)
    app.click("open_set")
    assert any("deleted in another tab" in toast.value for toast in app.toast)


def test_a_link_begins_a_set_of_its_own_and_a_reload_keeps_what_was_changed(open_app, ada, kept):
    with_my_tools(open_app(PAGE))
    linked = {"tools": "[]", "prompt": "Linked", "model": "", "settings": default_settings()}
    query = {"tools": to_parameter(linked)}

    app = open_app(PAGE, query=query)
    assert app.text_area(key="run_prompt").value == "Linked"
    app.text_area(key="run_prompt").set_value("Linked and changed").run()
    assert sorted(each.about for each in kept.playground.sets(owner_of(ada))) == [
        "Linked and changed",
        "What now?",
    ]

    again = open_app(PAGE, query=query)
    assert again.text_area(key="run_prompt").value == "Linked and changed"
    choose_set(again, kept, ada, "What now?").click("open_set")
    assert text_in_editor(again) == TOOLS
    assert again.run().text_area(key="run_prompt").value == "What now?"
