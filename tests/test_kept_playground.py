"""The playground's sets and runs in the store, on SQLite and on PostgreSQL."""

import inspect
import json
import time

import pytest
from alembic import command
from sqlalchemy import inspect as tables_of
from sqlalchemy import select, update

from clarifai_chat.history.store import Conflict, StoreTrouble, open_store, opening
from clarifai_chat.history.store import playground as rows
from clarifai_chat.history.store.playground import OutOfRoom, PlaygroundStore
from clarifai_chat.history.store.tables import attachments, playground
from tests.test_store import ADA, BOB, ODD, a_chat, address, an_attachment, looks, saved, store

pytest_plugins = ["tests.postgres"]
__all__ = ["address", "looks", "store"]  # fixtures

ROOM = 1000


def save(store, id="s", revision=0, body="{}", name="", owner=ADA, room=ROOM):
    """Save a set; return its new revision and its name."""
    about = {"about": f"about {id}"}
    return store.playground.save_set(owner, id, revision, name=name, body=body, room=room, **about)


def save_run(store, id="r", revision=0, body="{}", asked_at=1.0, owner=ADA, room=ROOM):
    return store.playground.save_run(owner, id, revision, asked_at=asked_at, body=body, room=room)


def sets(store, owner=ADA):
    return [(each.id, each.name) for each in store.playground.sets(owner)]


def runs(store, owner=ADA):
    return [each.id for each in store.playground.runs(owner)]


def age(store, days, column="saved_at", **where):
    changed = update(playground).values({column: time.time() - days * 24 * 3600})
    with store._writer.begin() as connection:
        connection.execute(changed.filter_by(**where))


@pytest.mark.parametrize("odd", ODD)
def test_a_set_comes_back_as_it_was_saved(store, odd):
    body = json.dumps({"slots": {"tools": odd}})

    assert save(store, f"s{odd}", body=body, name=odd) == (1, odd)

    found = store.playground.load_set(ADA)
    assert (found.id, found.name, found.revision, found.body) == (f"s{odd}", odd, 1, body)
    assert store.playground.load_set(ADA, f"s{odd}") == found


def test_the_set_used_last_is_the_one_that_is_opened(store):
    for id in "ab":
        save(store, id)
    assert store.playground.load_set(ADA).id == "b"

    store.playground.note_use(ADA, ["a"])

    assert store.playground.load_set(ADA).id == "a"
    assert [id for id, _ in sets(store)] == ["a", "b"]


def test_of_two_tabs_the_second_gets_a_conflict_and_nothing_is_overwritten(store):
    save(store, body="[1]")
    assert save(store, revision=1, body="[2]") == (2, "")

    with pytest.raises(Conflict):
        save(store, revision=1, body="[3]")

    assert store.playground.load_set(ADA, "s").body == "[2]"
    assert save(store, revision=1, body="[2]") == (2, ""), "Both tabs have the same."


def test_a_deleted_set_is_not_written_and_can_be_restored(store):
    save(store, name="Mine")
    assert store.playground.delete(ADA, "s")
    assert not store.playground.delete(ADA, "s")
    with pytest.raises(Conflict):
        save(store, revision=1)
    assert (sets(store), store.playground.load_set(ADA)) == ([], None)

    assert store.playground.undelete(ADA, "s")
    assert not store.playground.undelete(ADA, "s")

    assert sets(store) == [("s", "Mine")]


def test_names_are_apart(store):
    assert [save(store, id, name="Mine")[1] for id in "abc"] == ["Mine", "Mine (2)", "Mine (3)"]
    assert save(store, "d") == (1, "")

    assert store.playground.rename(ADA, "d", "Mine") == "Mine (4)"
    assert store.playground.rename(ADA, "a", "Mine") == "Mine"
    assert store.playground.rename(ADA, "x", "Mine") == ""
    assert save(store, "a", 1, name="Stale") == (2, "Mine"), "A tab that does not know the name."
    assert save(store, name="Mine", owner=BOB) == (1, "Mine")


def test_only_so_many_sets_are_kept(store, monkeypatch):
    monkeypatch.setattr(rows, "MAX_NAMED", 2)
    monkeypatch.setattr(rows, "MAX_UNNAMED", 2)
    for id in "abcd":
        save(store, id)
    assert [id for id, _ in sets(store)] == ["d", "c"]

    for id in "ef":
        save(store, id, name=id)
    with pytest.raises(OutOfRoom):
        save(store, "g", name="g")
    with pytest.raises(OutOfRoom):
        store.playground.rename(ADA, "d", "d")
    assert store.playground.rename(ADA, "e", "d") == "d"
    assert save(store, "f", 1, body="[1]") == (2, "f")


def test_the_oldest_runs_make_room(store):
    for number in range(4):
        save_run(store, f"r{number}", body="x" * 200, asked_at=float(number))
    save(store, body="y" * 300)
    assert runs(store) == ["r1", "r2", "r3"]
    save_run(store, "r0", body="z" * 200, asked_at=9.0)
    assert runs(store) == ["r2", "r3", "r0"]

    with pytest.raises(OutOfRoom):
        save(store, "t", body="y" * 701)
    with pytest.raises(OutOfRoom):
        save_run(store, "r4", body="y" * 701)
    assert runs(store) == ["r2", "r3", "r0"], "What does not fit removes nothing."


def test_the_last_twenty_runs_are_kept_in_order(store):
    for number in range(rows.MAX_RUNS + 2):
        assert save_run(store, f"r{number}", asked_at=float(number)) == 1
    assert runs(store) == [f"r{number}" for number in range(2, rows.MAX_RUNS + 2)]

    assert save_run(store, "r2", 1, body="[]", asked_at=2.0) == 2
    assert save_run(store, "r0", 1) == 0, "It was removed, and does not come back."

    assert len(runs(store)) == rows.MAX_RUNS
    assert store.playground.load_run(ADA, "r2").body == "[]"
    assert store.playground.load_run(ADA, "r0") is None


def test_a_run_that_two_tabs_changed_is_a_conflict(store):
    save_run(store, body="[1]")
    save_run(store, revision=1, body="[2]")

    with pytest.raises(Conflict):
        save_run(store, revision=1, body="[3]")
    assert save_run(store, revision=1, body="[2]") == 2


def test_a_stranger_neither_sees_nor_changes_anything(store):
    save(store, body="[1]", name="Mine")
    save_run(store, body="[2]")
    meddling = {
        "save_set": lambda p: p.save_set(
            BOB, "s", 0, name="Theirs", about="", body="[3]", room=ROOM
        ),
        "sets": lambda p: p.sets(BOB),
        "load_set": lambda p: [p.load_set(BOB, "s"), p.load_set(BOB)],
        "rename": lambda p: p.rename(BOB, "s", "Theirs"),
        "delete": lambda p: p.delete(BOB, "s"),
        "undelete": lambda p: p.undelete(BOB, "s"),
        "note_use": lambda p: p.note_use(BOB, ["s", "r"]),
        "save_run": lambda p: p.save_run(BOB, "r", 0, asked_at=1.0, body="[3]", room=ROOM),
        "runs": lambda p: p.runs(BOB),
        "load_run": lambda p: p.load_run(BOB, "r"),
        "has_any": lambda p: p.has_any(BOB),
    }
    methods = {n for n, _ in inspect.getmembers(PlaygroundStore, inspect.isfunction)}
    assert {name for name in methods if name[0] != "_"} == {*meddling}
    ways_to_save = {name: meddling.pop(name) for name in ("save_set", "save_run")}
    for method, meddle in meddling.items():
        assert meddle(store.playground) in (None, [], [None, None], "", False), method
    for meddle in ways_to_save.values():
        meddle(store.playground)

    assert store.playground.load_set(ADA, "s").body == "[1]"
    assert store.playground.load_run(ADA, "r").body == "[2]"
    assert sets(store) == [("s", "Mine")]
    store.delete_all(BOB)
    assert store.playground.has_any(ADA)
    assert not store.playground.has_any(BOB)


def test_everything_of_a_visitor_goes_with_the_rest(store):
    save(store)
    save_run(store)
    saved(store, a_chat("One"))

    assert store.delete_all(ADA) == 1

    assert not store.playground.has_any(ADA)
    with store._engine.connect() as connection:
        assert connection.execute(select(playground)).all() == []


def test_what_is_not_used_expires_in_two_steps_a_day_apart(store, looks):
    for id in "abc":
        save(store, id)
    save_run(store)
    save_run(store, "used")
    age(store, 31, id="a")
    age(store, 31, id="b")
    age(store, 31, kind="run")

    looks(0, days=0)
    looks(0)
    store.playground.note_use(ADA, ["b", "used"])
    assert len(sets(store)) == 3
    looks(1.1)

    assert {id for id, _ in sets(store)} == {"b", "c"}
    assert runs(store) == ["used"]


def test_a_clock_that_jumps_removes_no_set(store, looks):
    save(store)
    save(store, "deleted")
    store.playground.delete(ADA, "deleted")
    looks(0)

    looks(400)
    looks(0.1)

    assert sets(store) == [("s", "")]
    assert store.playground.undelete(ADA, "deleted")


def test_a_deleted_set_goes_after_a_day(store, looks):
    save(store)
    store.playground.delete(ADA, "s")
    age(store, 1.1, "deleted_at")

    looks(0, days=0)

    assert not store.playground.undelete(ADA, "s")


def test_a_picture_of_a_run_goes_with_it(store, looks):
    save_run(store)
    store.save_attachment(ADA, "r", an_attachment(id="a"), b"x")
    age_of_all = update(attachments).values(created_at=1.0)
    with store._writer.begin() as connection:
        connection.execute(age_of_all)
    looks(0)
    assert store.load_attachment(ADA, "a") == b"x"

    age(store, 31)
    looks(0.1)
    looks(1.2)

    assert store.load_attachment(ADA, "a") is None


def test_the_table_can_be_removed_and_made_again(store, address):
    chat = saved(store, a_chat("One"))
    save(store)
    config = opening._config()
    with store._writer.begin() as connection:
        config.attributes |= {"connection": connection, "version_table": opening.VERSIONS}
        command.downgrade(config, "0006")
        assert not tables_of(connection).has_table("playground")
    store.close()

    newer = open_store(address)

    assert newer.load(ADA, chat["id"]) == chat
    assert newer.playground.sets(ADA) == []
    assert save(newer) == (1, "")
    newer.close()


def test_trouble_is_the_stores(store, monkeypatch):
    store._engine.dispose()
    with store._writer.begin() as connection:
        connection.exec_driver_sql("DROP TABLE playground")
    with pytest.raises(StoreTrouble):
        save(store)
