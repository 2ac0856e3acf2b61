"""Kept conversations, on SQLite and on PostgreSQL alike."""

import inspect
import os
import signal
import subprocess
import sys
import threading
import time
import uuid

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from clarifai_chat.chat.turn import INTERRUPTED, apply, end, new_turn
from clarifai_chat.events import TextDelta
from clarifai_chat.history.store import (
    Conflict,
    Store,
    open_store,
    opening,
    reading,
    searching,
    tables,
)
from clarifai_chat.history.store.shared import SharedPage
from clarifai_chat.history.store.tables import attachments, chats, turns, uses
from tests.old_tables import go_back

pytest_plugins = ["tests.postgres"]

ADA, BOB = "a" * 64, "b" * 64
MODEL = {"url": "https://x/y", "name": "Y", "input_price": None, "output_price": None}
HALVES = "\ud83d and \ude00"
ODD = ["", "a\x00b", HALVES, "\\u0000 \\", "%_'\"\\", "日本語 é é 🎉", "line\r\nline\u2028\x1b"]


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'chats.db'}"
    return request.getfixturevalue("postgres").database()


@pytest.fixture
def store(address):
    store = open_store(address)
    yield store
    store.close()


def a_chat(*prompts, **other):
    """A chat that was never saved; each prompt is answered, and follows the one before."""
    chat = {
        "id": uuid.uuid4().hex,
        "title": "",
        "is_named": False,
        "pinned": False,
        "created_at": 1.0,
        "updated_at": 2.0,
        "revision": 0,
        "model": "",
        "settings": {},
        "turns": [],
        "leaf": "",
        **other,
    }
    for prompt in prompts:
        ask(chat, prompt)
    return chat


def ask(chat, prompt, answer="Yes.", after=None, is_over=True):
    """Add a turn to the chat, as the page and the worker do."""
    turn = new_turn(prompt, MODEL)
    turn["parent"] = chat["leaf"] if after is None else after
    turn["asked_at"] = time.time()
    apply(turn, TextDelta(answer), 0.1)
    if is_over:
        end(turn, "stop", 0.2)
    chat["turns"].append(turn)
    chat["leaf"] = turn["id"]
    return turn


def saved(store, chat, owner=ADA):
    chat["revision"] = store.save_chat(owner, chat)
    return chat


def prompts(chat):
    return [turn["prompt"] for turn in chat["turns"]]


def answers(chat):
    return [turn["replies"][0]["content"] for turn in chat["turns"]]


def count(store, table):
    with store._engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def found(store, query, owner=ADA):
    return [summary.title for summary in store.listing(owner, query)]


# --- Chats ------------------------------------------------------------------------------------


def test_a_chat_comes_back_as_it_was_saved(store):
    chat = a_chat("One", "Two", title="T", pinned=True, is_named=True, model="https://m")
    chat["settings"] = {"system": "Be brief.", "temperature": 0.1, "stop": ["\n"]}
    chat["turns"][1]["feedback"] = "up"

    assert saved(store, chat)["revision"] == 1

    assert store.load(ADA, chat["id"]) == chat


def test_a_chat_that_is_not_there_is_none(store):
    assert store.load(ADA, "nobody") is None


@pytest.mark.parametrize("odd", ODD)
def test_any_text_comes_back_as_it_was(store, odd):
    chat = a_chat(odd, title=odd, model=odd, id=f"c{odd}", settings={"system": odd})
    chat["turns"][0]["replies"][0]["content"] = odd
    chat["turns"][0]["id"] = chat["leaf"] = f"t{odd}"
    about = an_attachment(name=odd, mime=odd)
    chat["turns"][0]["attachments"] = [about]

    saved(store, chat)
    store.save_attachment(ADA, chat["id"], about, b"\x00\xff")
    store.save_preset(ADA, odd, {"system": odd})
    store.save_turn(ADA, chat["id"], chat["turns"][0], 0)

    assert store.load(ADA, chat["id"]) == chat
    assert store.presets(ADA) == {odd: {"system": odd}}
    assert store.load_attachment(ADA, about["id"]) == b"\x00\xff"
    assert store.purge(ADA, chat["id"])


@given(st.text(st.characters(exclude_categories=[])))
def test_any_python_text_can_be_saved(text):
    words = tables.Words()
    kept = words.process_bind_param(text, None)
    kept.encode()

    assert "\x00" not in kept
    assert words.process_result_value(kept, None) == text
    tables.dumped({"a": text}).encode()


@pytest.mark.slow
def test_a_huge_turn_is_kept_and_found(store):
    chat = a_chat("Write a book", title="Book")
    chat["turns"][0]["replies"][0]["content"] = "lorem ipsum " * 400_000 + "The very end."

    saved(store, chat)

    assert store.load(ADA, chat["id"]) == chat
    [summary] = store.listing(ADA, "very end")
    assert summary.snippet.endswith("ipsum The very end.")


def test_numbers_that_json_does_not_know_are_kept(store):
    chat = a_chat("One", settings={"temperature": float("inf")})
    chat["turns"][0]["figures"]["total_s"] = 10**40

    saved(store, chat)

    assert store.load(ADA, chat["id"]) == chat


def test_each_save_is_a_new_revision(store):
    chat = saved(store, a_chat("One"))
    ask(chat, "Two")

    assert saved(store, chat)["revision"] == 2
    assert store.load(ADA, chat["id"]) == chat


def test_a_turn_that_the_chat_does_not_have_any_more_is_removed_and_can_come_back(store):
    chat = saved(store, a_chat("One", "Two"))
    turn = chat["turns"].pop()
    saved(store, chat)
    assert prompts(store.load(ADA, chat["id"])) == ["One"]
    assert found(store, "Two") == []

    chat["turns"].append(turn)
    saved(store, chat)

    assert store.load(ADA, chat["id"]) == chat
    assert len(store.listing(ADA, "Two")) == 1


def test_all_chats_are_exported_newest_first(store):
    for number in (1, 3, 2):
        saved(store, a_chat("One", title=f"{number}", updated_at=number))
    gone = saved(store, a_chat("One", title="gone"))
    store.delete(ADA, gone["id"])

    assert [chat["title"] for chat in store.chats(ADA)] == ["3", "2", "1"]
    assert [prompts(chat) for chat in store.chats(ADA)] == [["One"]] * 3


# --- Owners -----------------------------------------------------------------------------------

ATTACHMENT = uuid.uuid4().hex
MEDDLING = {  # every method, called by somebody else with the ids of ADA's things
    "save_chat": lambda s, c, who: s.save_chat(who, {**c, "revision": 0, "title": "theirs"}),
    "save_turn": lambda s, c, who: s.save_turn(
        who, c["id"], {**c["turns"][0], "prompt": "theirs"}, 0
    ),
    "merge": lambda s, c, who: s.merge(who, {**c, "title": "theirs"}),
    "load": lambda s, c, who: s.load(who, c["id"]),
    "chats": lambda s, c, who: [*s.chats(who)],
    "listing": lambda s, c, who: [*s.listing(who), *s.listing(who, "One"), *s.listing(who, "On")],
    "delete": lambda s, c, who: s.delete(who, c["id"]),
    "undelete": lambda s, c, who: s.undelete(who, c["id"]),
    "purge": lambda s, c, who: s.purge(who, c["id"]),
    "delete_all": lambda s, c, who: s.delete_all(who),
    "save_attachment": lambda s, c, who: s.save_attachment(
        who, c["id"], an_attachment(id=ATTACHMENT), b"theirs"
    ),
    "load_attachment": lambda s, c, who: s.load_attachment(who, ATTACHMENT),
    "save_preset": lambda s, c, who: s.save_preset(who, "Mine", {"system": "theirs"}),
    "presets": lambda s, c, who: s.presets(who),
    "delete_preset": lambda s, c, who: s.delete_preset(who, "Mine"),
    "choices": lambda s, c, who: s.choices(who),
    "change_choices": lambda s, c, who: s.change_choices(who, lambda there: there),
    "note_use": lambda s, c, who: s.note_use(who, c["id"]),
}
OF_NOBODY = {"close", "expire", "read_some", "spend"}


def test_every_method_is_tried_by_a_stranger():
    methods = {n for n, _ in inspect.getmembers(Store, inspect.isfunction) if n[0] != "_"}

    assert methods == set(MEDDLING) | OF_NOBODY


@pytest.mark.parametrize("is_deleted", [False, True])
def test_a_stranger_neither_sees_nor_changes_anything(store, is_deleted):
    chat = a_chat("One", title="Ada's")
    chat["turns"][0]["attachments"] = [an_attachment(id=ATTACHMENT)]
    saved(store, chat)
    store.save_attachment(ADA, chat["id"], an_attachment(id=ATTACHMENT), b"Ada's")
    store.save_preset(ADA, "Mine", {"system": "Ada's"})
    store.change_choices(ADA, lambda there: {"model": "Ada's"})
    for number, (method, meddle) in enumerate(MEDDLING.items()):
        if is_deleted:
            store.delete(ADA, chat["id"])

        told = meddle(store, chat, f"{number:064x}")

        saved_their_own = {"save_chat": 1}
        assert (told or None) == saved_their_own.get(method), method
        if is_deleted:
            assert store.load(ADA, chat["id"]) is None, method
            assert store.undelete(ADA, chat["id"]), method
        assert store.load(ADA, chat["id"]) == chat, method
        assert found(store, "one") == ["Ada's"], method
        assert store.load_attachment(ADA, ATTACHMENT) == b"Ada's", method
        assert store.presets(ADA) == {"Mine": {"system": "Ada's"}}, method
        assert store.choices(ADA) == {"model": "Ada's"}, method


@pytest.fixture
def twins(store):
    """The same exported file, opened by two visitors, who went on with it: every id is the same."""
    both = {}
    for owner, words in ((ADA, "Apricots"), (BOB, "Blueberries")):
        chat = a_chat("One", id="twin", title="T")
        chat["turns"][0] |= {"id": "turn", "prompt": words, "attachments": [an_attachment(id="a")]}
        chat["leaf"] = "turn"
        store.save_attachment(owner, chat["id"], an_attachment(id="a"), words.encode())
        both[owner] = saved(store, chat, owner)
    return both


@pytest.mark.parametrize("rare", [searching.RARE, -1])
def test_two_owners_of_the_same_ids_do_not_meet(store, twins, monkeypatch, rare):
    monkeypatch.setattr(searching, "RARE", rare)
    for owner, own, other in ((ADA, "apricots", "blueberries"), (BOB, "blueberries", "apricots")):
        assert [*store.chats(owner)] == [store.load(owner, "twin")] == [twins[owner]]
        [summary] = store.listing(owner, own)
        assert summary.snippet == f"{own.capitalize()} cat.png Yes."
        assert store.listing(owner, other) == store.listing(owner, other[:2]) == []
        [summary] = store.listing(owner, "yes")
        assert summary.snippet.startswith(own.capitalize())


def test_what_one_of_two_owners_does_the_other_does_not_notice(store, twins, looks):
    age(store, 31, id="twin")
    twins[BOB]["turns"][0]["replies"][0]["content"] = "Yes. And jam."
    store.save_turn(BOB, "twin", twins[BOB]["turns"][0], 0)
    saved(store, twins[BOB], BOB)
    assert store.load(ADA, "twin") == twins[ADA]
    looks(0)
    assert looks(1.1) == 1, "Saving Bob's has kept Ada's."
    assert store.load(BOB, "twin") == twins[BOB]

    assert store.load_attachment(ADA, "a") is None, "Bob uses one with the same id."
    assert store.load_attachment(BOB, "a") == b"Blueberries"
    saved(store, {**twins[BOB], "revision": 0}, ADA)
    twins[BOB]["turns"].clear()
    saved(store, twins[BOB], BOB)
    assert len(store.load(ADA, "twin")["turns"]) == 1


def test_attachments_of_two_owners_with_the_same_ids_do_not_meet(store, twins):
    another = a_chat("Two", id="another")
    another["turns"][0]["attachments"] = [an_attachment(id="a")]
    saved(store, another, BOB)
    twins[BOB]["turns"][0]["attachments"].append(an_attachment(id="b"))
    saved(store, twins[BOB], BOB)
    store.save_attachment(ADA, "not saved yet", an_attachment(id="b"), b"Draft")

    store.purge(ADA, "twin")

    assert store.load_attachment(ADA, "a") is None
    assert store.load_attachment(ADA, "b") == b"Draft"
    assert store.load_attachment(BOB, "a") == b"Blueberries"


# --- Two tabs ---------------------------------------------------------------------------------


@pytest.fixture
def tabs(store):
    """The same chat of one turn, open in two tabs."""
    chat = saved(store, a_chat("One", title="T"))
    return store.load(ADA, chat["id"]), store.load(ADA, chat["id"])


def test_a_stale_copy_is_not_saved(store, tabs):
    first, second = tabs
    ask(first, "Two")
    saved(store, first)
    second["title"] = "Other"

    with pytest.raises(Conflict):
        store.save_chat(ADA, second)

    assert store.load(ADA, first["id"]) == first


@pytest.mark.parametrize("revision", [0, 3])
def test_a_chat_with_another_history_is_not_saved(store, tabs, revision):
    with pytest.raises(Conflict):
        store.save_chat(ADA, {**tabs[0], "revision": revision})


@pytest.mark.parametrize("way", ["delete", "purge"])
def test_a_chat_that_is_gone_is_not_brought_back_by_a_tab_that_did_not_notice(store, tabs, way):
    getattr(store, way)(ADA, tabs[0]["id"])

    with pytest.raises(Conflict):
        store.save_chat(ADA, tabs[0])

    assert store.merge(ADA, tabs[0]) is None
    assert store.load(ADA, tabs[0]["id"]) is None


def test_turns_of_both_tabs_are_kept_as_siblings(store, tabs):
    first, second = tabs
    ask(first, "From the first")
    saved(store, first)
    ask(second, "From the second")

    merged = store.merge(ADA, second)

    assert prompts(merged) == ["One", "From the first", "From the second"]
    assert len({turn["parent"] for turn in merged["turns"][1:]}) == 1
    assert merged["leaf"] == second["leaf"]
    assert merged["revision"] == 3
    assert store.load(ADA, first["id"]) == merged


def test_a_merged_chat_can_be_saved_again(store, tabs):
    first, second = tabs
    ask(first, "Two")
    saved(store, first)
    merged = store.merge(ADA, second)
    ask(merged, "Three")

    saved(store, merged)

    assert prompts(store.load(ADA, first["id"])) == ["One", "Two", "Three"]


def test_a_turn_that_went_on_in_two_tabs_is_there_twice(store, tabs):
    first, second = tabs
    for tab, words in ((first, "Yes. And so on."), (second, "Yes. But no.")):
        tab["turns"][0]["replies"][0]["content"] = words
        tab["turns"][0]["asked_at"] = len(words)
    saved(store, first)

    with pytest.raises(Conflict):
        store.save_chat(ADA, second)
    merged = store.merge(ADA, second)

    assert answers(merged) == ["Yes. And so on.", "Yes. But no."]
    assert merged["turns"][0]["id"] == first["turns"][0]["id"] != merged["turns"][1]["id"]
    # The tab that did not notice, or asked twice, makes no third.
    assert answers(store.merge(ADA, second)) == ["Yes. And so on.", "Yes. But no."]
    assert answers(store.merge(ADA, merged)) == ["Yes. And so on.", "Yes. But no."]


def test_a_turn_that_a_worker_elsewhere_went_on_with_is_not_overwritten(store, tabs):
    first, second = tabs
    first["turns"][0]["asked_at"], second["turns"][0]["asked_at"] = 5.0, 6.0
    first["turns"][0]["replies"][0]["content"] = "Yes. And so on."
    second["turns"][0]["replies"][0]["content"] = "Yes. But no."
    store.save_turn(ADA, first["id"], first["turns"][0], 0)

    with pytest.raises(Conflict):
        store.save_chat(ADA, second)

    assert answers(store.merge(ADA, second)) == ["Yes. And so on.", "Yes. But no."]


def test_workers_of_two_tabs_that_go_on_with_one_turn_both_keep_their_words(store, tabs):
    first, second = (tab["turns"][0] for tab in tabs)
    chat_id = tabs[0]["id"]
    first["asked_at"], second["asked_at"] = 5.0, 6.0
    for number in range(3):
        first["replies"][0]["content"] += f" first {number}"
        second["replies"][0]["content"] += f" second {number}"
        kept_as = store.save_turn(ADA, chat_id, first, 0), store.save_turn(ADA, chat_id, second, 0)

    assert kept_as[0] == first["id"] != kept_as[1]
    assert answers(store.load(ADA, chat_id)) == [
        "Yes. first 0 first 1 first 2",
        "Yes. second 0 second 1 second 2",
    ]


def test_a_stale_copy_of_a_running_reply_does_not_replace_the_finished_one(store):
    chat = a_chat()
    running = ask(chat, "Count", "1", is_over=False)
    saved(store, chat)
    watching = store.load(ADA, chat["id"])
    apply(running, TextDelta(" 2 3"), 0.3)
    end(running, "stop", 0.4)
    store.save_turn(ADA, chat["id"], running, 0)

    watching["pinned"] = True
    saved(store, watching)

    kept = store.load(ADA, chat["id"])
    assert kept["pinned"]
    assert kept["turns"] == [running]


def test_what_each_tab_changed_of_the_chat_itself_is_kept(store, tabs):
    first, second = tabs
    first["title"], first["is_named"] = "Renamed", True
    saved(store, first)
    second["pinned"] = True
    second["settings"] = {"temperature": 1.0}

    merged = store.merge(ADA, second)

    assert (merged["title"], merged["is_named"], merged["pinned"]) == ("Renamed", True, True)
    assert merged["settings"] == {"temperature": 1.0}
    assert store.load(ADA, first["id"]) == merged


def test_where_both_tabs_changed_the_same_the_store_stays(store, tabs):
    first, second = tabs
    first["title"], second["title"] = "First", "Second"
    saved(store, first)

    assert store.merge(ADA, second)["title"] == "First"


def test_feedback_of_another_tab_is_kept(store, tabs):
    first, second = tabs
    first["turns"][0]["feedback"] = "down"
    saved(store, first)
    ask(second, "Two")

    merged = store.merge(ADA, second)

    assert [turn.get("feedback") for turn in merged["turns"]] == ["down", None]


def test_feedback_can_be_taken_back(store, tabs):
    chat = tabs[0]
    chat["turns"][0]["feedback"] = "down"
    saved(store, chat)
    del chat["turns"][0]["feedback"]

    saved(store, chat)

    assert "feedback" not in store.load(ADA, chat["id"])["turns"][0]


def test_a_turn_that_one_tab_removed_stays_removed(store):
    chat = saved(store, a_chat("One", "Two"))
    first, second = (store.load(ADA, chat["id"]) for _ in range(2))
    first["turns"].pop()
    first["leaf"] = first["turns"][0]["id"]
    saved(store, first)
    second["pinned"] = True

    merged = store.merge(ADA, second)

    assert prompts(merged) == ["One"]
    assert merged["leaf"] == first["leaf"]
    assert store.load(ADA, chat["id"]) == merged


def test_a_turn_that_was_removed_comes_back_with_what_was_asked_after_it(store):
    chat = saved(store, a_chat("One", "Two"))
    first, second = (store.load(ADA, chat["id"]) for _ in range(2))
    first["turns"].pop()
    saved(store, first)
    ask(second, "Three")

    assert prompts(store.merge(ADA, second)) == ["One", "Two", "Three"]


def test_a_tab_that_removes_a_turn_keeps_what_another_asked_after_it(store):
    chat = saved(store, a_chat("One", "Two"))
    first, second = (store.load(ADA, chat["id"]) for _ in range(2))
    ask(first, "Three")
    saved(store, first)
    second["turns"].pop()

    assert prompts(store.merge(ADA, second)) == ["One", "Two", "Three"]


def test_a_removal_survives_a_merge(store):
    chat = saved(store, a_chat("One", "Two"))
    first, second = (store.load(ADA, chat["id"]) for _ in range(2))
    ask(first, "Three", after=first["turns"][0]["id"])
    saved(store, first)
    second["turns"].pop()

    assert prompts(store.merge(ADA, second)) == ["One", "Three"]


def test_a_reply_that_runs_is_still_the_same_object_after_a_merge(store, tabs):
    first, second = tabs
    running = ask(second, "Running", is_over=False)
    ask(first, "Two")
    saved(store, first)

    merged = store.merge(ADA, second)

    assert any(turn is running for turn in merged["turns"])
    assert second["turns"][0] is merged["turns"][0]


def test_turns_whose_parents_make_a_circle_can_be_merged(store, tabs):
    first, second = tabs
    ask(first, "Two")
    saved(store, first)
    turn = ask(second, "Three")
    turn["parent"] = turn["id"]

    assert prompts(store.merge(ADA, second)) == ["One", "Two", "Three"]


# --- Single turns -----------------------------------------------------------------------------


def test_a_running_turn_that_is_saved_again_and_again_is_one_row(store):
    chat = a_chat()
    turn = ask(chat, "Count", "1", is_over=False)
    saved(store, chat)

    for number in range(2, 30):
        apply(turn, TextDelta(f" {number}"), number)
        assert store.save_turn(ADA, chat["id"], turn, 0) == turn["id"]

    assert count(store, turns) == 1
    assert store.load(ADA, chat["id"]) == chat
    assert saved(store, chat)["revision"] == 2


def test_a_worker_may_correct_what_it_wrote_before(store):
    chat = a_chat()
    turn = ask(chat, "Call", "", is_over=False)
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}{}"}}
    turn["replies"][0]["tool_calls"] = [call]
    saved(store, chat)
    other = {**call, "function": {"name": "f", "arguments": "{}"}}
    turn["replies"][0]["tool_calls"] = [other, {**other, "id": "2"}]
    end(turn, "tool_calls", 1.0)

    store.save_turn(ADA, chat["id"], turn, 0)

    assert store.load(ADA, chat["id"])["turns"] == [turn]


def test_a_turn_can_be_kept_before_its_chat_is_saved_again(store):
    chat = saved(store, a_chat("One"))
    stale = store.load(ADA, chat["id"])
    turn = ask(chat, "Two")

    store.save_turn(ADA, chat["id"], turn, 1)

    assert prompts(store.load(ADA, chat["id"])) == ["One", "Two"]
    with pytest.raises(Conflict):  # or it would count as removed
        store.save_chat(ADA, stale)
    assert prompts(store.merge(ADA, stale)) == ["One", "Two"]


@pytest.mark.parametrize("chat_is_there", [False, True])
def test_a_worker_does_not_bring_back_what_was_removed(store, chat_is_there):
    chat = saved(store, a_chat("One", "Two"))
    turn = chat["turns"].pop()
    if chat_is_there:
        saved(store, chat)
    else:
        store.purge(ADA, chat["id"])

    assert store.save_turn(ADA, chat["id"], turn, 1) == ""

    kept = store.load(ADA, chat["id"])
    assert kept is None or prompts(kept) == ["One"]


def test_a_worker_does_not_take_back_feedback(store, tabs):
    first, second = tabs
    first["turns"][0]["feedback"] = "up"
    saved(store, first)

    store.save_turn(ADA, second["id"], second["turns"][0], 0)

    assert store.load(ADA, first["id"])["turns"][0]["feedback"] == "up"


def test_a_reply_that_was_taken_up_again_replaces_the_shorter_one(store):
    chat = saved(store, a_chat("One"))
    turn = chat["turns"][0]
    turn["before"] = [turn["figures"]]
    turn["ended_at"], turn["asked_at"] = None, 9.0
    turn["replies"][0]["content"] += " And more."
    store.save_turn(ADA, chat["id"], turn, 0)
    end(turn, INTERRUPTED, 1.0)

    saved(store, chat)

    assert store.load(ADA, chat["id"]) == chat


# --- Lists and searches -----------------------------------------------------------------------


def test_pinned_chats_come_first_and_then_the_newest(store):
    for number, pinned in enumerate([False, True, False, True]):
        saved(store, a_chat("One", title=f"{number}", pinned=pinned, updated_at=number))

    assert found(store, "") == found(store, " ") == ["3", "1", "2", "0"]
    assert found(store, "one") == ["3", "1", "2", "0"]
    assert [s.title for s in store.listing(ADA, limit=2, offset=1)] == ["1", "2"]
    assert [s.title for s in store.listing(ADA, "ONE", limit=2, offset=1)] == ["1", "2"]


def test_a_search_finds_questions_answers_and_files_of_all_branches(store):
    chat = a_chat(title="Fruit")
    apple = ask(chat, "apple")
    ask(chat, "pear", "cherry", after=apple["id"])
    plum = ask(chat, "plum", after=apple["id"])
    plum["attachments"] = [an_attachment(name="fig.txt")]
    plum["earlier"] = [{"replies": [{"role": "assistant", "content": "grape"}]}]
    saved(store, chat)

    for word in ("fruit", "apple", "pear", "plum", "cherry", "fig.txt", "grape"):
        assert found(store, word) == ["Fruit"], word
    assert found(store, "lemon") == []


HITS = [  # what is there, what is typed
    ("Hello World", "LO WO"),
    ("Die Straße", "STRASSE"),
    ("DIE STRASSE", "straße"),
    ("ÉTÉ", "e\u0301te\u0301"),
    ("ΛΟΓΟΣ", "λογος"),
    ("Привет, МИР", "привет, мир"),
    ("今日は良い天気", "天気"),
    ("今日は良い天気", "良"),
    ("party 🎉 time", "🎉 T"),
    ("100% sure", "0% s"),
    ("a_b", "A_B"),
    ("C:\\new", "c:\\N"),
    ("say \"yes\" or 'no'", '"YES" or \'n'),
    ("two\n   lines", "two lines"),
    ("a AND b OR c*", "and B or C*"),
    ("ﬁne print", "FINE"),
    (f"half {HALVES}", HALVES),
    ("nul \x00 here", "\x00 here"),
]


@pytest.mark.parametrize("is_over", [True, False], ids=["over", "running"])
@pytest.mark.parametrize("way", ["index", "RARE", "CANDIDATES", "MAX_PIECES", "no index"])
def test_a_piece_of_a_title_or_of_a_turn_is_found(store, monkeypatch, way, is_over):
    if way.isupper():
        monkeypatch.setattr(searching, way, 0)
    if way == "no index":
        drop_index(store)
    for number, (text, _) in enumerate(HITS):
        saved(store, a_chat("One", title=text, id=f"title {number}"))
        chat = a_chat(id=f"turn {number}")
        ask(chat, "Two", f"{'x ' * 99}{text}{' y' * 99}", is_over=is_over)
        saved(store, chat)

    for number, (_, query) in enumerate(HITS):
        hits = {summary.id: summary.snippet for summary in store.listing(ADA, query)}
        assert {f"title {number}", f"turn {number}"} <= set(hits), query
        assert hits[f"title {number}"] == ""
        shown = searching.fold(hits[f"turn {number}"])
        assert all(term in shown for term in searching.terms_of(query)), query
        assert len(hits[f"turn {number}"]) <= searching.AROUND + 2


@pytest.mark.parametrize("way", ["index", "RARE", "CANDIDATES", "no index"])
def test_all_words_of_a_query_have_to_be_found(store, monkeypatch, way):
    if way.isupper():
        monkeypatch.setattr(searching, way, 0)
    if way == "no index":
        drop_index(store)
    saved(store, a_chat("Pay the boleto", "By bank payment", title="two turns"))
    saved(store, a_chat("By bank payment", title="Boleto in the title"))
    saved(store, a_chat("bank of payment, boleto", title="one turn"))
    saved(store, a_chat("payment", title="one word"))
    saved(store, a_chat("bank payment, boleto", title="another owner's"), owner=BOB)

    hits = {summary.title: summary.snippet for summary in store.listing(ADA, "payment boleto")}
    assert hits == {
        "Boleto in the title": "By bank payment Yes.",
        "one turn": "bank of payment, boleto Yes.",
    }
    assert sorted(found(store, '"bank payment"')) == ["Boleto in the title", "two turns"]
    assert found(store, '"bank payment" title') == ["Boleto in the title"]
    assert found(store, "payment lemon") == []


@pytest.mark.parametrize(
    ("there", "typed"),
    [
        ("が", "か"),  # these marks make another letter
        ("हिन्दी", "हनद"),
        ("น้ำ", "นำ"),
        ("3 ≠ 4", "3 = 4"),
        ("a-b", "ab"),
        ("cafe", "\u0301"),
        ("bank payment", '"payment bank"'),
        ("bank payment", '"bank payment'),
    ],
)
def test_what_is_another_word_is_not_found(store, there, typed):
    saved(store, a_chat(there))

    assert len(store.listing(ADA, there)) == 1
    assert store.listing(ADA, typed) == []


def test_a_snippet_begins_where_the_words_stand_together(store):
    saved(store, a_chat("Größe? Pay. " * 500 + "Où est le café de la paix ? Ici."))
    saved(store, a_chat("Größe " * 500 + "æ", title="end"))

    [summary] = store.listing(ADA, "pay cafe de la paix")
    assert "Größe? Pay. Größe? Pay." in summary.snippet
    [summary] = store.listing(ADA, "cafe de la paix")
    assert summary.snippet.startswith("…")
    assert summary.snippet.endswith("Où est le café de la paix ? Ici. Yes.")
    [summary] = store.listing(ADA, "ae ye")
    assert summary.snippet.endswith("Größe æ Yes.")


def test_what_was_saved_before_accents_were_folded_is_found(address):
    old = open_store(address)
    chat = saved(old, a_chat("Le café", "plain", title="Orçamento"))
    ask(chat, "Œuvre", is_over=False)
    chat["turns"].append({**new_turn("gone", MODEL), "parent": chat["leaf"]})
    saved(old, chat)
    chat["turns"].pop()
    saved(old, chat)
    for number in range(5):
        saved(old, a_chat(f"Crème {number}", title=f"Crème {number}"))
    with old._writer.begin() as connection:
        for new, text in [("le cafe", "le café yes."), ("oeuvre", "œuvre yes.")]:
            connection.execute(
                update(turns)
                .where(turns.c.text.startswith(new))
                .values(text=text + searching.PADDING)
            )
        connection.execute(
            update(turns)
            .where(turns.c.text.startswith("creme"))
            .values(text="crème brûlée" + searching.PADDING)
        )
        connection.execute(
            update(chats).where(chats.c.title == "Orçamento").values(title_folded="orçamento")
        )
    assert found(old, "cafe") == found(old, "orcamento") == found(old, "brulee") == []
    with old._writer.begin() as connection:
        go_back(connection.exec_driver_sql, "0001")
    old.close()

    store = open_store(address)

    for query in ("cafe", "café", "orcamento", "oeuvre", "plain"):
        assert found(store, query) == ["Orçamento"], query
    assert len(found(store, "creme brulee")) == 5
    assert found(store, "gone") == []
    end(chat["turns"][-1], "stop", 1.0)
    saved(store, chat)
    check_index(store)
    with store._engine.connect() as connection:
        gone = select(turns.c.text).where(turns.c.removed_at.is_not(None))
        assert connection.scalars(gone).all() == [""]
    store.close()


def read_all(store):
    while store.read_some(2):
        pass


MARKED = "The **Köln** _tide_table_: ~~five~~ [six](https://pegel.test/K%C3%B6ln) `a|b`"


@pytest.mark.parametrize("way", ["index", "RARE", "no index"])
def test_an_answer_is_found_by_what_is_read(store, monkeypatch, way):
    if way.isupper():
        monkeypatch.setattr(searching, way, 0)
    if way == "no index":
        drop_index(store)
    chat = a_chat(title="tides")
    ask(chat, "**Where** as typed", MARKED)
    saved(store, chat)
    read_all(store)

    for query in ("koln tide", '"five six a|b"', "pegel.test/köln", "**where**"):
        assert found(store, query) == ["tides"], query
    for query in ("**koln", "~~five", "](https", "koln** _tide"):
        assert found(store, query) == [], query
    [summary] = store.listing(ADA, "koln")
    assert "The Köln tide_table: five six a|b" in summary.snippet
    if way != "no index":
        check_index(store)


def test_a_turn_is_read_once_and_again_after_a_change(store):
    chat = a_chat("One", "Two", "Three")
    ask(chat, "Four", "**run**ning", is_over=False)
    saved(store, chat)
    removed = chat["turns"].pop(0)
    saved(store, chat)

    assert store.read_some() == 2  # neither the removed one nor the running one
    assert store.read_some() == 0
    assert found(store, "**run**") == [""]
    end(chat["turns"][-1], "stop", 1.0)
    saved(store, chat)
    assert store.read_some() == 1
    assert found(store, "**run**") == []
    assert found(store, "running") == [""]
    assert removed["prompt"] not in prompts(store.load(ADA, chat["id"]))


def test_a_turn_that_changes_while_it_is_read_is_read_again(store, monkeypatch):
    chat = saved(store, a_chat("One"))
    words = reading.Unread.words

    def change(unread):
        chat["turns"][0]["replies"][0]["content"] = "**Changed**"
        saved(store, chat)
        return words(unread)

    monkeypatch.setattr(reading.Unread, "words", change)
    assert store.read_some() == 1
    monkeypatch.undo()
    assert found(store, "**changed") == [""]
    read_all(store)

    assert found(store, "**changed") == []
    assert found(store, "changed") == [""]


def test_a_text_that_cannot_be_read_is_found_as_it_was_sent(store, monkeypatch, caplog):
    saved(store, a_chat("One", title="one"))
    monkeypatch.setattr(reading, "as_read", lambda text: text[10**9])
    read_all(store)

    assert found(store, "yes") == ["one"]
    assert "IndexError while a turn was read for searches" in caplog.text


def test_what_an_older_version_has_saved_is_read_while_the_app_runs(address):
    old = open_store(address)
    chat = a_chat(title="old")
    ask(chat, "Where?", MARKED)
    saved(old, chat)
    with old._writer.begin() as connection:
        go_back(connection.exec_driver_sql, "0002")
    old.close()

    store = open_store(address)

    assert found(store, "**koln") == ["old"]  # as it was until it has been read
    read_all(store)
    assert found(store, "**koln") == []
    assert found(store, "koln tide") == ["old"]
    assert store.load(ADA, chat["id"])["turns"] == chat["turns"]
    store.close()


FOLDED = [  # what is there, what is typed
    ("le café", "CAFE"),
    ("le cafe", "café"),
    ("orçamento e résumé", "resume orcamento"),
    ("İstanbul", "istanbul"),
    ("diyarbak\N{LATIN SMALL LETTER DOTLESS I}r", "DIYARBAKIR"),
    ("une œuvre", "oeuvre"),
    ("Łódź, Tromsø, Þór", "thor tromso lodz"),
    ("Việt Nam", "viet nam"),
    ("Ёлка", "елка"),
    ("ΆΝΟΙΞΗ", "ανοιξη"),
    ("مُحَمَّد", "محمد"),
    ("한국어 문서", "문서 한국"),
    ("ガソリン", "ｶﾞｿﾘﾝ"),
    ("हिन्दी", "हिन्दी"),
    ("pay the boleto by bank payment", "payment boleto"),
    ("a bank payment", '"bank payment"'),
    ("a bank payment", "“Bank Payment” a"),
    ("in C# or F#", "c#"),
    ("def __init__(self)", "__init__"),
    ("x = 100%", "100%"),
    ('{"name": "Ada"}', '"name": "ada"'),
    ('5" pipes', '5"'),
    ("今日は良い天気ですね", "天気 今日"),
]


def test_accents_ligatures_and_the_order_of_words_make_no_difference(store):
    for number, (text, _) in enumerate(FOLDED):
        chat = a_chat(id=f"{number}", title=f"{number}")
        ask(chat, "Two", f"{'x ' * 99}{text}{' y' * 99}")
        saved(store, chat)

    for number, (text, query) in enumerate(FOLDED):
        hits = {summary.id: summary.snippet for summary in store.listing(ADA, query)}
        assert f"{number}" in hits, query
        assert searching.plain(text) in hits[f"{number}"]


def drop_index(store):
    """Make the database one that has never had an index of words."""
    with store._writer.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("DROP INDEX turns_index")
            return
        for trigger in ("turns_added", "turns_changed", "turns_gone"):
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
        connection.exec_driver_sql("DROP TABLE turns_terms")
        connection.exec_driver_sql("DROP TABLE turns_index")


@pytest.mark.parametrize(
    "query", ["%", "_", "a_c", "a%c", "*", "a*", '"', "\\", "abc OR abd", "x%"]
)
def test_no_character_of_a_query_has_a_special_meaning(store, query):
    saved(store, a_chat("abc", "and abd", title="axc"))

    assert found(store, query) == []


def test_a_query_that_is_a_whole_page_is_no_trouble(store):
    saved(store, a_chat("x" * 60_000))

    assert len(store.listing(ADA, "X" * 60_000)) == 1
    assert store.listing(ADA, "X" * 400 + "y") == []
    text = " ".join(f"{n}" for n in range(5000))
    saved(store, a_chat(text))
    assert len(store.listing(ADA, text[:480])) == 1


def test_a_snippet_shows_the_words_as_they_were_written(store):
    saved(store, a_chat("Wo ist die GROẞE Straße nach Rom? " * 3 + "Und ÄHNLICHES? " + "Ja. " * 99))

    [summary] = store.listing(ADA, "strasse nach rom")

    assert summary.snippet.startswith("Wo ist die GROẞE Straße nach Rom")
    [late] = store.listing(ADA, "ähnliches? ja.")
    assert "Und ÄHNLICHES? Ja. Ja." in late.snippet
    assert late.snippet.startswith("…")
    assert late.snippet.endswith("…")


def test_names_of_files_and_earlier_answers_are_found(store):
    chat = a_chat("Look")
    chat["turns"][0]["attachments"] = [an_attachment(name="Quarterly.pdf")]
    chat["turns"][0]["earlier"] = [{"replies": [{"role": "assistant", "content": "First try"}]}]
    saved(store, chat)

    assert len(store.listing(ADA, "quarterly.PDF")) == 1
    assert len(store.listing(ADA, "first TRY")) == 1


def test_what_changes_is_found_as_it_is_now(store):
    chat = a_chat(title="Before")
    turn = ask(chat, "Count", "uno dos", is_over=False)
    saved(store, chat)
    for is_over in (False, True):
        if is_over:
            end(turn, "stop", 1.0)
        apply(turn, TextDelta(" tres"), 0.5)
        store.save_turn(ADA, chat["id"], turn, 0)
        assert found(store, "dos tres") == ["Before"]
    turn["replies"][0]["content"] = "eins zwei"
    turn["asked_at"] = 99.0
    chat["title"] = "After"
    chat = store.merge(ADA, chat)
    chat["turns"] = chat["turns"][1:]
    saved(store, chat)

    assert found(store, "dos tres") == found(store, "before") == []
    assert found(store, "eins zwei") == ["After"]
    check_index(store)


def check_index(store):
    """SQLite compares its index of words with the turns; PostgreSQL keeps its own in step."""
    if store._engine.dialect.name == "sqlite":
        check = "INSERT INTO turns_index(turns_index, rank) VALUES ('integrity-check', 1)"
        with store._writer.begin() as connection:
            connection.exec_driver_sql(check)
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


# --- Gone -------------------------------------------------------------------------------------


def test_a_deleted_chat_can_be_brought_back(store):
    chat = saved(store, a_chat("One"))

    assert store.delete(ADA, chat["id"])
    assert not store.delete(ADA, chat["id"])
    assert store.load(ADA, chat["id"]) is None
    assert store.listing(ADA) == store.listing(ADA, "one") == [*store.chats(ADA)] == []

    assert store.undelete(ADA, chat["id"])
    assert not store.undelete(ADA, chat["id"])
    assert store.load(ADA, chat["id"]) == chat


def test_a_purged_chat_leaves_nothing_behind(store):
    chat = a_chat("One", "Two")
    about = an_attachment()
    chat["turns"][0]["attachments"] = [about]
    store.save_attachment(ADA, chat["id"], about, b"x")
    saved(store, chat)

    assert store.purge(ADA, chat["id"])
    assert not store.purge(ADA, chat["id"])

    assert not store.undelete(ADA, chat["id"])
    assert not any(count(store, table) for table in tables.metadata.sorted_tables)
    check_index(store)


def test_everything_of_a_visitor_can_be_deleted_at_once(store):
    for owner in (ADA, BOB):
        for number in range(3):
            chat = saved(store, a_chat("One", title=f"{number}"), owner)
            store.save_attachment(owner, chat["id"], an_attachment(), b"x")
        store.save_preset(owner, "P", {})
        store.change_choices(owner, lambda there: {"model": "M"})

    assert store.delete_all(ADA) == 3
    assert store.delete_all(ADA) == 0

    assert (store.listing(ADA), store.presets(ADA), store.choices(ADA)) == ([], {}, {})
    assert store.choices(BOB) == {"model": "M"}
    assert len(store.listing(BOB)) == len(store.listing(BOB, "one")) == 3
    assert count(store, attachments) == 3
    assert store.presets(BOB) == {"P": {}}
    check_index(store)


def age(store, days, table=chats, column="saved_at", **where):
    """Make rows as old as that."""
    changed = update(table).values({column: time.time() - days * 24 * 3600})
    with store._writer.begin() as connection:
        connection.execute(changed.filter_by(**where))


def test_a_shared_page_is_read_until_it_is_revoked(store):
    chat = saved(store, a_chat("One"))
    for id, ends in (("one", time.time() + 60), ("two", time.time() + 60), ("old", 1.0)):
        page = SharedPage(id, "chat", f"Title {HALVES}", 1.0, ends)
        assert store.shared.add(ADA, page, f"{chat['id']} other", f"<p>{id} é</p>", "")

    assert store.shared.page("one") == "<p>one é</p>"
    assert store.shared.copy("one") == ""
    assert store.shared.page("old") is None
    assert [each.title for each in store.shared.all(ADA)] == [f"Title {HALVES}"] * 2
    assert not store.shared.revoke("one", BOB)
    assert store.shared.revoke("one", ADA)
    assert store.shared.copy("one") is None
    store.delete(ADA, chat["id"])
    assert store.shared.all(ADA) == []


def test_a_database_from_before_the_two_steps_keeps_everything(store, address):
    chat = saved(store, a_chat("One"))
    age(store, 100)
    with store._writer.begin() as connection:
        go_back(connection.exec_driver_sql, "0003")
    store.close()

    newer = open_store(address)

    assert newer.expire(30) == 0
    assert newer.load(ADA, chat["id"]) == chat
    newer.close()


@pytest.fixture
def looks(store, monkeypatch):
    """`looks(days_later, …)` looks for expired chats, when the clock says so."""
    began = time.time()

    def look(days_later, days=30, **options):
        with monkeypatch.context() as then:
            then.setattr(time, "time", lambda: began + days_later * 24 * 3600)
            return store.expire(days, **options)

    look(-2)  # the first time of all removes nothing for a day
    look(-1)
    return look


def test_chats_that_nobody_used_for_long_expire_in_two_steps_a_day_apart(store, looks):
    kept, old = (saved(store, a_chat("One"), owner) for owner in (ADA, BOB))
    in_use, read, pinned = (saved(store, a_chat("One", pinned=n == 2)) for n in range(3))
    for chat in (old, in_use, read, pinned):
        age(store, 31, id=chat["id"])
    store.save_turn(ADA, in_use["id"], in_use["turns"][0], 0)

    assert looks(0, days=0) == looks(0) == looks(0.9) == 0
    store.note_use(ADA, read["id"])
    assert looks(1.1) == 1

    stay = {chat["id"] for chat in (kept, in_use, read, pinned)}
    assert {chat["id"] for chat in store.chats(ADA)} == stay
    assert store.listing(BOB) == []


def test_a_chat_that_is_used_again_begins_its_time_again(store, looks):
    chat = saved(store, a_chat("One"))
    age(store, 31)
    looks(0)
    store.note_use(ADA, chat["id"])

    assert looks(1.1) == looks(2.2) == 0
    assert count(store, chats) == 1


def test_a_later_setting_forgets_which_had_expired(store, looks):
    saved(store, a_chat("One"))
    age(store, 31)
    looks(0)
    assert looks(0.5, days=40) == 0
    assert looks(1.1) == 0, "Its day began again."


@pytest.mark.parametrize("wrong", [400, -400, 4])
def test_a_clock_that_jumps_removes_nothing(store, looks, wrong, caplog):
    for title in "ABC":
        saved(store, a_chat("One", title=title))
    deleted = saved(store, a_chat("One"))
    store.delete(ADA, deleted["id"])
    store.save_attachment(ADA, "a draft", an_attachment(id="a"), b"Draft")
    looks(0)

    assert looks(wrong) == looks(wrong + 0.1) == looks(0.1) == looks(0.2) == 0

    assert len(store.listing(ADA)) == 3
    assert store.undelete(ADA, deleted["id"])
    assert store.load_attachment(ADA, "a") == b"Draft"
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2, "One for each jump."
    assert all("Nothing is removed for a day" in line for line in lines)


def test_a_clock_that_is_set_while_the_app_runs_removes_nothing(store, looks):
    saved(store, a_chat("One"))
    age(store, 31)
    looks(0, awake_s=24 * 3600)

    assert looks(1.1, awake_s=3600) == 0
    assert looks(2, awake_s=0.9 * 24 * 3600) == 0
    assert looks(2.3, awake_s=0.3 * 24 * 3600) == 1


def test_an_app_that_was_idle_for_weeks_trusts_its_clock(store, looks):
    saved(store, a_chat("One"))
    age(store, 31)
    looks(0)

    assert looks(20, awake_s=20 * 24 * 3600) == 1


def test_what_was_deleted_goes_after_a_day(store, looks):
    old, new = (saved(store, a_chat("One")) for _ in range(2))
    for chat in (old, new):
        store.delete(ADA, chat["id"])
    age(store, 1.1, column="deleted_at", id=old["id"])

    assert looks(0, days=0) == 1

    assert not store.undelete(ADA, old["id"])
    assert store.undelete(ADA, new["id"])


# --- Attachments, presets ---------------------------------------------------------------------


def an_attachment(**other):
    return {
        "id": uuid.uuid4().hex,
        "name": "cat.png",
        "kind": "image",
        "mime": "image/png",
        "size": 3,
        "tokens": None,
        "sha256": "0" * 64,
        **other,
    }


def test_an_attachment_is_kept_before_its_chat_is(store):
    about = an_attachment()

    store.save_attachment(ADA, "no chat yet", about, b"cat")
    store.save_attachment(ADA, "no chat yet", about, b"\x00dog\xff")

    assert store.load_attachment(ADA, about["id"]) == b"\x00dog\xff"
    assert store.load_attachment(ADA, "another") is None


def test_an_attachment_goes_with_the_last_chat_that_uses_it(store):
    about = an_attachment()
    first, fork = a_chat("One"), a_chat("One")
    for chat in (first, fork):
        chat["turns"][0]["attachments"] = [about]
        saved(store, chat)
    store.save_attachment(ADA, first["id"], about, b"cat")

    store.purge(ADA, first["id"])
    assert store.load_attachment(ADA, about["id"]) == b"cat"

    store.purge(ADA, fork["id"])
    assert store.load_attachment(ADA, about["id"]) is None


def test_attachments_that_no_turn_uses_go_after_a_day(store, looks):
    chat = a_chat("One", "Two")
    used, removed, never, new = (an_attachment() for _ in range(4))
    chat["turns"][0]["attachments"] = [used]
    chat["turns"][1]["attachments"] = [removed]
    saved(store, chat)
    for about in (used, removed, never, new):
        store.save_attachment(ADA, chat["id"], about, b"x")
        if about is not new:
            age(store, 2, attachments, "created_at", id=about["id"])
    turn = chat["turns"].pop()
    saved(store, chat)

    def there():
        return [
            store.load_attachment(ADA, a["id"]) is not None for a in (used, removed, never, new)
        ]

    looks(0)
    assert there() == [True, True, False, True]  # the turn can still be brought back

    age(store, 2, turns, "removed_at", id=turn["id"])
    looks(0)
    assert there() == [True, False, False, True]
    assert count(store, uses) == 1


def test_presets_are_kept_by_name(store):
    for name, body in [("b", {}), ("Ä", {"temperature": 1}), ("b", {"system": "S"}), ("A", {})]:
        store.save_preset(ADA, name, body)

    assert [*store.presets(ADA)] == ["A", "b", "Ä"]
    assert store.presets(ADA)["b"] == {"system": "S"}
    assert store.delete_preset(ADA, "b")
    assert not store.delete_preset(ADA, "b")
    assert [*store.presets(ADA)] == ["A", "Ä"]


# --- Choices ----------------------------------------------------------------------------------


@pytest.mark.parametrize("odd", ODD)
def test_what_was_chosen_comes_back_as_it_was(store, odd):
    assert store.choices(ADA) == {}

    assert store.change_choices(ADA, lambda there: {"model": odd}) == {"model": odd}
    store.change_choices(ADA, lambda there: {**there, "favourites": [odd]})

    assert store.choices(ADA) == {"model": odd, "favourites": [odd]}


def test_choices_of_tabs_that_save_at_once_are_all_kept(store):
    def star(number):
        def add(there):
            return {"favourites": [*there.get("favourites", []), number]}

        store.change_choices(ADA, add)

    store.change_choices(ADA, lambda there: {})
    tabs = [threading.Thread(target=star, args=(number,)) for number in range(8)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()

    assert sorted(store.choices(ADA)["favourites"]) == [*range(8)]


def test_choices_of_who_stayed_away_go_with_the_last_chat(store, looks):
    for owner in (ADA, BOB):
        store.change_choices(owner, lambda there: {"model": "M"})
        age(store, 31, tables.choices, "used_at", owner=owner)
    saved(store, a_chat("One"), BOB)

    looks(0, days=0)
    assert count(store, tables.choices) == 2
    looks(0)

    assert (store.choices(ADA), store.choices(BOB)) == ({}, {"model": "M"})


def test_choices_of_who_is_here_stay(store, looks):
    store.change_choices(ADA, lambda there: {"model": "M"})
    age(store, 31, tables.choices, "used_at")
    store.choices(ADA)  # as a page does that is opened

    looks(0)

    assert store.choices(ADA) == {"model": "M"}


def test_a_database_from_before_the_choices_gets_them(store, address):
    chat = saved(store, a_chat("One"))
    with store._writer.begin() as connection:
        go_back(connection.exec_driver_sql, "0005")
    store.close()

    newer = open_store(address)

    assert newer.choices(ADA) == {}
    newer.change_choices(ADA, lambda there: {"model": "M"})
    assert newer.load(ADA, chat["id"]) == chat
    newer.close()


# --- Many at once -----------------------------------------------------------------------------


@pytest.mark.slow
def test_workers_save_while_pages_read(store):
    chats_of = [saved(store, a_chat("One", title=f"{n}")) for n in range(4)]
    running = [ask(chat, "Count", "0", is_over=False) for chat in chats_of]
    for chat in chats_of:
        saved(store, chat)
    wrong, is_over = [], threading.Event()

    def work(chat, turn):
        for number in range(1, 25):
            apply(turn, TextDelta(f" {number}"), number)
            store.save_turn(ADA, chat["id"], turn, 1)
        end(turn, "stop", 30)
        store.save_turn(ADA, chat["id"], turn, 1)

    def look():
        while not is_over.is_set():
            for chat in chats_of:
                words = answers(store.load(ADA, chat["id"]))[1].split()
                if words != [str(n) for n in range(len(words))]:
                    wrong.append(words)
            if len(store.listing(ADA, "count")) != 4:
                wrong.append("listing")

    def guarded(target, *args):
        try:
            target(*args)
        except Exception as error:  # noqa: BLE001 - told below, in the test's own thread
            wrong.append(repr(error))

    pages = [threading.Thread(target=guarded, args=(look,)) for _ in range(3)]
    workers = [
        threading.Thread(target=guarded, args=(work, *each))
        for each in zip(chats_of, running, strict=True)
    ]
    for thread in pages + workers:
        thread.start()
    for thread in workers:
        thread.join()
    is_over.set()
    for thread in pages:
        thread.join()

    assert wrong == []
    for chat in chats_of:
        assert store.load(ADA, chat["id"])["turns"] == chat["turns"]
    assert count(store, turns) == 8
    check_index(store)


@pytest.mark.slow
def test_a_turn_that_grows_while_it_is_saved_is_saved_as_it_was_at_some_moment(store):
    chat = a_chat()
    turn = ask(chat, "Count", "0", is_over=False)
    saved(store, chat)
    is_over = threading.Event()

    def grow():
        for number in range(20_000):
            turn["replies"].append({"role": "tool", "tool_call_id": str(number), "content": "x"})
            turn[f"extra {number}"] = number
            if is_over.is_set():
                return

    thread = threading.Thread(target=grow)
    thread.start()
    try:
        for _ in range(10):
            store.save_turn(ADA, chat["id"], turn, 0)
    finally:
        is_over.set()
        thread.join()
    store.save_turn(ADA, chat["id"], turn, 0)

    assert store.load(ADA, chat["id"])["turns"] == [turn]


WRITER = """
import itertools, sys
from clarifai_chat.history.store import open_store
from tests.test_store import ADA, a_chat, ask
store = open_store(sys.argv[1])
chat = a_chat(id="c", title="Counted")
for number in itertools.count():
    ask(chat, f"number {number}", "word " * 500)
    chat["revision"] = store.save_chat(ADA, chat)
    print(chat["revision"], flush=True)
"""


def a_process(code, *arguments, **options):
    environment = {**os.environ, "PYTHONPATH": str(opening.MIGRATIONS.parent)}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        stderr=subprocess.PIPE,
        **options,
    )


@pytest.mark.slow
def test_a_process_that_is_killed_in_the_middle_of_writing_leaves_all_that_it_had_saved(address):
    for _ in range(3):
        with a_process(WRITER, address) as writer:
            told = [writer.stdout.readline() for _ in range(15)]
            writer.send_signal(signal.SIGKILL)
        last = int(told[-1])

        store = open_store(address)
        chat = store.load(ADA, "c")
        assert chat["revision"] >= last
        assert prompts(chat) == [f"number {n}" for n in range(chat["revision"])]
        assert found(store, f"number {last - 1}") == ["Counted"]
        check_index(store)
        store.purge(ADA, "c")
        store.close()


OPENER = """
import sys
sys.stdin.readline()
from clarifai_chat.history.store import open_store
from tests.test_store import ADA, a_chat
print(open_store(sys.argv[1]).save_chat(ADA, a_chat("One")))
"""


@pytest.mark.slow
def test_processes_that_open_a_new_database_at_once_all_get_it(address):
    openers = [a_process(OPENER, address, stdin=subprocess.PIPE) for _ in range(3)]
    for opener in openers:
        opener.stdin.write("\n")
        opener.stdin.flush()

    told = [opener.communicate() for opener in openers]

    assert [out for out, _ in told] == ["1\n"] * 3, told
    store = open_store(address)
    assert len(store.listing(ADA, "one")) == 3
    store.close()


def test_threads_that_open_a_new_database_at_once_all_get_it(address):
    stores = []
    threads = [
        threading.Thread(target=lambda: stores.append(open_store(address))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [store.save_chat(ADA, a_chat("One")) for store in stores] == [1] * 4
    for store in stores:
        store.close()


def test_migrations_make_the_tables_that_the_code_uses(store):
    def is_ours(thing, name, kind, *_):
        return not name.startswith(("turns_index", "turns_terms", opening.VERSIONS))

    with store._engine.connect() as connection:
        options = {"compare_type": True, "include_object": is_ours}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, tables.metadata) == []


def test_a_store_that_is_opened_again_has_what_was_kept(address):
    for revision in (1, 2):
        store = open_store(address)
        chat = store.load(ADA, "c") or a_chat("One", id="c")
        assert saved(store, chat)["revision"] == revision
        store.close()
