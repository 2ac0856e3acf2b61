"""Experiments and their runs in the store, on SQLite and on PostgreSQL."""

import inspect
import time

import pytest
from sqlalchemy import select, update

from clarifai_chat.history.store import StoreTrouble
from clarifai_chat.history.store.experiments import ASKED, MAX_EXPERIMENTS, ExperimentStore
from clarifai_chat.history.store.tables import experiment_runs, experiments
from tests.test_store import ADA, BOB, ODD, address, looks, store

pytest_plugins = ["tests.postgres"]
__all__ = ["address", "looks", "store"]  # fixtures


def save(store, id="e", owner=ADA):
    store.experiments.save(owner, id, f"Name {id}", "{}")


def ids(store, owner=ADA):
    return [each.id for each in store.experiments.all(owner)]


def results(store, id="e", owner=ADA):
    found = store.experiments.results(owner, id)
    return [(each.number, each.status, each.result) for each in found]


def rows(store):
    with store._engine.connect() as connection:
        return len(connection.execute(select(experiment_runs.c.number)).all())


@pytest.mark.parametrize("odd", ODD)
def test_an_experiment_comes_back_as_it_was_saved(store, odd):
    store.experiments.save(ADA, f"e{odd}", odd, '{"a": 1}')

    [found] = store.experiments.all(ADA)
    assert (found.id, found.name) == (f"e{odd}", odd)
    assert store.experiments.load(ADA, f"e{odd}") == '{"a": 1}'
    assert store.experiments.load(BOB, f"e{odd}") is None


def test_a_run_is_claimed_once_whoever_asks(store):
    save(store)

    assert store.experiments.claim(ADA, "e", 3)
    assert not store.experiments.claim(ADA, "e", 3)
    assert results(store) == [(3, ASKED, {})]
    assert store.experiments.finish(ADA, "e", 3, "pass", {"said": "\x00"}, '"\\ud83d"')
    assert not store.experiments.claim(ADA, "e", 3)
    assert results(store) == [(3, "pass", {"said": "\x00"})]
    assert store.experiments.body(ADA, "e", 3) == '"\\ud83d"'
    assert store.experiments.body(BOB, "e", 3) == ""


def test_a_claim_that_is_taken_back_can_be_made_again(store):
    save(store)
    store.experiments.claim(ADA, "e", 1)

    store.experiments.release(ADA, "e", [1])

    assert results(store) == []
    assert store.experiments.claim(ADA, "e", 1)


def test_results_come_in_order_however_many(store, monkeypatch):
    monkeypatch.setattr("clarifai_chat.history.store.experiments.BATCH", 2)
    save(store)
    for number in (4, 0, 3, 1):
        store.experiments.claim(ADA, "e", number)

    assert [number for number, _, _ in results(store)] == [0, 1, 3, 4]


def test_a_deleted_experiment_asks_nothing_and_can_be_restored(store):
    save(store)

    assert store.experiments.delete(ADA, "e")
    assert not store.experiments.delete(ADA, "e")
    assert (ids(store), store.experiments.load(ADA, "e")) == ([], None)
    assert not store.experiments.claim(ADA, "e", 0)
    assert store.experiments.undelete(ADA, "e")
    assert not store.experiments.undelete(ADA, "e")
    assert store.experiments.claim(ADA, "e", 0)


def test_what_comes_after_everything_was_deleted_is_not_saved(store):
    save(store)
    save(store, owner=BOB)
    store.experiments.claim(ADA, "e", 0)
    store.experiments.claim(BOB, "e", 0)

    store.delete_all(ADA)

    assert not store.experiments.finish(ADA, "e", 0, "pass", {}, "")
    assert (ids(store), ids(store, BOB), rows(store)) == ([], ["e"], 1)


def test_the_oldest_experiments_go(store):
    for number in range(MAX_EXPERIMENTS + 2):
        save(store, f"e{number}")

    assert len(ids(store)) == MAX_EXPERIMENTS
    assert not {"e0", "e1"} & {*ids(store)}


def test_an_experiment_expires_like_a_chat_unless_it_is_used(store):
    for id in ("old", "used"):
        save(store, id)
        store.experiments.claim(ADA, id, 0)
    long_ago = time.time() - 100 * 24 * 3600
    with store._writer.begin() as connection:
        connection.execute(update(experiments).values(saved_at=long_ago, expired_at=long_ago))
    store.experiments.load(ADA, "used")
    with store._writer.begin() as connection:
        from clarifai_chat.history.store import cleaning

        cleaning.mark_expired(connection, time.time(), 30)
        cleaning.forget_unused(connection, time.time())

    assert (ids(store), rows(store)) == (["used"], 1)


def test_each_method_fails_in_plain_words(store):
    def meddle(method):
        needed = [*inspect.signature(method).parameters]
        values = {"number": 1, "numbers": [1], "result": {}}
        found = method(*[values.get(name, "x") for name in needed])
        return list(found) if inspect.isgenerator(found) else found

    store._engine.dispose()
    with store._writer.begin() as connection:
        for table in (experiment_runs, experiments):
            table.drop(connection)
    methods = [name for name, _ in inspect.getmembers(ExperimentStore, inspect.isfunction)]
    for name in methods:
        if not name.startswith("_"):
            with pytest.raises(StoreTrouble):
                meddle(getattr(store.experiments, name))
