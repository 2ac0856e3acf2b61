"""The hourly limits of the operator's token, over several processes and a restart."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import delete, select, update

from clarifai_chat.errors import SharedPatSpent
from clarifai_chat.history import database, saving
from clarifai_chat.history.spending import DatabaseUses
from clarifai_chat.history.store import open_store
from clarifai_chat.history.store.tables import token_uses
from clarifai_chat.llm import endpoints
from clarifai_chat.llm.endpoints import EVERYONE, Sharer, endpoint_for, shared_uses_left
from tests.conftest import MODEL

pytest_plugins = ["tests.postgres"]

ADA, BOB = Sharer("ada", "192.0.2.1"), Sharer("bob", "192.0.2.2")


@pytest.fixture(scope="module")
def one_database(postgres):
    """One database for all tests here: to make its tables takes seconds."""
    return postgres.database()


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, tmp_path, set_up, monkeypatch):
    """The store as another process has it open; this one counts in it."""
    path = f"sqlite:///{tmp_path / 'history.db'}"
    is_file = request.param == "sqlite"
    address = path if is_file else request.getfixturevalue("one_database")
    set_up(
        DATABASE_URL=address,
        CLARIFAI_PAT="0" * 32,
        SHARED_PAT_SESSION_LIMIT=3,
        SHARED_PAT_HOUR_LIMIT=5,
    )
    saving.forget_store()
    another_process(monkeypatch)
    store = open_store(address)
    with store._writer.begin() as connection:
        connection.execute(delete(token_uses))
    yield store
    store.close()
    saving.forget_store()


def another_process(monkeypatch):
    """Go on as a process that has counted nothing yet."""
    monkeypatch.setattr(endpoints, "_uses", endpoints._Uses())
    endpoints.keep_in(DatabaseUses())


def ask(sharer):
    return endpoint_for(MODEL, "", sharer)


def test_what_another_process_counted_counts_here(store, monkeypatch):
    ask(ADA)
    ask(ADA)
    another_process(monkeypatch)
    assert (shared_uses_left(ADA), shared_uses_left(BOB)) == (1, 3)

    ask(ADA)

    with pytest.raises(SharedPatSpent) as refused:
        ask(ADA)
    assert "One visitor may ask 3 times an hour" in refused.value.more
    ask(BOB)
    ask(BOB)
    with pytest.raises(SharedPatSpent) as refused:
        ask(BOB)
    assert "All visitors together may ask 5 times an hour" in refused.value.more


def test_of_many_at_once_exactly_as_many_are_let_in_as_may(store):
    with ThreadPoolExecutor(8) as pool:
        full = [*pool.map(lambda _: store.token_uses.take({"ada": 20, "all": 7}), range(24))]

    assert sorted(full) == [""] * 7 + ["all"] * 17
    assert store.token_uses.counts(["ada", "all", "bob"]) == {"ada": 7, "all": 7}


def test_a_use_counts_for_an_hour(store):
    for _ in range(3):
        ask(ADA)
    with store._writer.begin() as connection:
        connection.execute(update(token_uses).values(used_at=token_uses.c.used_at - 3601))

    assert shared_uses_left(ADA) == 3
    ask(ADA)
    with store._engine.connect() as connection:
        assert len(connection.execute(select(token_uses)).all()) == 3  # the older ones are gone


def test_nobody_is_named_in_the_database(store):
    ask(ADA)

    with store._engine.connect() as connection:
        kept = "".join(connection.scalars(select(token_uses.c.name)))
    for name in ("ada", "192", EVERYONE):
        assert name not in kept


def test_without_a_database_a_process_counts_for_itself(store, set_up, monkeypatch):
    for _ in range(2):
        ask(ADA)
    monkeypatch.setattr(database, "attempt", lambda action: (None, "It is out of reach."))

    assert shared_uses_left(ADA) == 1
    ask(ADA)
    with pytest.raises(SharedPatSpent):
        ask(ADA)
