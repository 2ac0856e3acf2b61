"""A database has one writer at a time: while the lock is held, only statements run.

SQLite's lock is for the whole file, PostgreSQL's for the rows of a chat.
"""

import logging
import sqlite3
import sys
import time
from contextlib import closing

import pytest
from sqlalchemy import event

from clarifai_chat.chat.turn import TextDelta, apply
from clarifai_chat.history.store import choosing, open_store, preparing, rows, statements
from clarifai_chat.history.store import store as stores
from clarifai_chat.history.store.store import Store
from clarifai_chat.history.store.tables import dumped
from clarifai_chat.history.store.trouble import Conflict, StoreBusy
from tests.test_store import ADA, a_chat, answers, ask, saved

pytest_plugins = ["tests.postgres"]

# All that may run within the lock, of this app: what sends statements and looks at what comes back.
SENDING = {
    "clarifai_chat.history.store.store",
    "clarifai_chat.history.store.rows",
    "clarifai_chat.history.store.cleaning",
    "clarifai_chat.history.store.opening",  # BEGIN
    "clarifai_chat.history.store.trouble",  # which puts errors into words
}
ESCAPING = {  # of ids
    ("clarifai_chat.history.store.tables", "process_bind_param"),
    ("clarifai_chat.history.store.tables", "process_result_value"),
}
MARKDOWN = "A **bold** word. " * 50


@pytest.fixture
def file(tmp_path):
    return tmp_path / "chats.db"


@pytest.fixture
def store(file):
    store = open_store(f"sqlite:///{file}")
    yield store
    store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def two(request, tmp_path):
    """Two stores of one database, as of two processes."""
    address = f"sqlite:///{tmp_path / 'chats.db'}"
    if request.param == "postgresql":
        address = request.getfixturevalue("postgres").database()
    both = open_store(address), open_store(address)
    yield both
    for each in both:
        each.close()


class Watch:
    """What runs in this thread between BEGIN IMMEDIATE and COMMIT: functions, and statements."""

    def __init__(self, engine):
        self.functions, self.statements, self.times = set(), [], 0
        event.listen(engine, "after_cursor_execute", self._began)
        event.listen(engine, "commit", self._ends)
        event.listen(engine, "rollback", self._ends)

    def _began(self, connection, cursor, statement, *_):
        if statement == "BEGIN IMMEDIATE":
            self.times += 1
            sys.setprofile(self._note)
        elif sys.getprofile() == self._note:
            self.statements.append(statement)

    def _ends(self, connection):
        sys.setprofile(None)

    def _note(self, frame, kind, detail):
        if kind == "call":
            self.functions.add((frame.f_globals.get("__name__", ""), frame.f_code.co_name))
        elif kind == "c_call":
            self.functions.add((detail.__module__ or "", detail.__name__))


@pytest.fixture
def watch(store, monkeypatch):
    # The app's own handler, if another test of this process left it, looks at what pytest logs.
    root = logging.getLogger()
    others = [each for each in root.handlers if each.get_name() != "clarifai_chat"]
    monkeypatch.setattr(root, "handlers", others)
    yield Watch(store._engine)
    sys.setprofile(None)


def prepared(store):
    """A chat with all that takes long: many turns, settings, files, and words to be read."""
    chat = a_chat(
        *(f"Question {n}" for n in range(5)), title="Été", settings={"system": "Be kind."}
    )
    chat["turns"][0]["attachments"] = [an_attachment()]
    return saved(store, chat)


def an_attachment():
    about = {"id": "f", "name": "cat.png", "kind": "image", "mime": "image/png"}
    return {**about, "size": 4, "width": 1, "height": 1, "tokens": 1, "sha256": "x", "pages": 0}


def longer(chat, number=1):
    turn = chat["turns"][number]
    return {**turn, "replies": [{**turn["replies"][0], "content": "Yes. And " + MARKDOWN}]}


WRITES = {
    "save_chat": lambda s, c: [
        s.save_chat(ADA, a_chat("New", MARKDOWN, settings={"seed": 1})),
        s.save_chat(ADA, {**c, "title": "Other", "turns": [*c["turns"][:3], longer(c, 4)]}),
    ],
    "save_turn": lambda s, c: s.save_turn(ADA, c["id"], longer(c), 1),
    "merge": lambda s, c: s.merge(ADA, {**c, "turns": [longer(c), *a_chat("More")["turns"]]}),
    "delete": lambda s, c: s.delete(ADA, c["id"]),
    "undelete": lambda s, c: s.undelete(ADA, c["id"]),
    "note_use": lambda s, c: s.note_use(ADA, c["id"]),
    "read_some": lambda s, c: s.read_some(),
    "save_attachment": lambda s, c: s.save_attachment(ADA, c["id"], an_attachment(), b"data"),
    "save_preset": lambda s, c: s.save_preset(ADA, "Mine", {"system": "Be brief."}),
    "delete_preset": lambda s, c: s.delete_preset(ADA, "Mine"),
    "choices": lambda s, c: [
        s.change_choices(ADA, lambda there: {"model": "M"}),
        s._execute(choosing.used(ADA)),
        s.choices(ADA),
    ],
    "change_choices": lambda s, c: s.change_choices(ADA, lambda there: {**there, "a": "b"}),
    "spend": lambda s, c: s.spend("2026-11-29", 5, 100),
    "expire": lambda s, c: s.expire(1),
    "purge": lambda s, c: s.purge(ADA, c["id"]),
    "delete_all": lambda s, c: s.delete_all(ADA),
}
READS = {"close", "load", "chats", "listing", "load_attachment", "presets"}


def test_every_method_that_writes_is_watched():
    methods = {name for name, each in vars(Store).items() if callable(each) and name[0] != "_"}

    assert methods == {*WRITES, *READS}


@pytest.mark.parametrize("method", WRITES)
def test_only_statements_run_while_the_lock_is_held(store, watch, method):
    chat = prepared(store)
    watch.functions.clear()

    WRITES[method](store, chat)

    assert watch.times
    assert watch.statements
    assert ("", "execute") in watch.functions, "It sees what runs: the driver sends a statement."
    ours = {each for each in watch.functions if each[0].startswith("clarifai_chat")}
    assert {each for each in ours if each[0] not in SENDING} <= ESCAPING
    modules = {module for module, _ in watch.functions}
    assert not modules & {"json", "json.encoder", "json.decoder", "_json", "unicodedata"}
    assert not {name for module, name in watch.functions if module in ("io", "_io", "pathlib")}


def test_what_reads_runs_without_the_lock(store, watch):
    chat = prepared(store)
    watch.times = 0

    store.load(ADA, chat["id"])
    store.listing(ADA, "question")
    store.presets(ADA)

    assert not watch.times


def test_another_writer_gets_in_while_a_save_is_prepared(store, file, monkeypatch):
    chat = prepared(store)
    entered = []
    with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as other:

        def dumped_meanwhile(value):
            other.execute("BEGIN IMMEDIATE")
            other.execute("COMMIT")
            entered.append(value)
            return dumped(value)

        monkeypatch.setattr(statements, "dumped", dumped_meanwhile)
        monkeypatch.setattr(preparing, "dumped", dumped_meanwhile)
        for method in ("save_chat", "save_turn", "merge", "save_preset"):
            entered.clear()
            WRITES[method](store, chat)
            assert entered, method


def long_chat(turns=130):
    return a_chat(*(f"Question {n}" for n in range(turns)))


class Locks:
    """How many statements each lock of a store was held for, besides BEGIN."""

    def __init__(self, store):
        self.counts = []
        event.listen(store._engine, "after_cursor_execute", self._execute)

    def _execute(self, connection, cursor, statement, *_):
        is_writing = connection.get_execution_options().get("writes")
        if statement.startswith("BEGIN") or "statement_timeout" in statement:
            self.counts += [0] if is_writing else []
        elif is_writing:
            self.counts[-1] += 1


class Steps:
    """How many steps SQLite takes while the lock is held: the more rows it reads, the more."""

    def __init__(self, store):
        self.count = 0
        event.listen(store._engine, "after_cursor_execute", self._execute)
        event.listen(store._engine, "commit", lambda connection: self._watch(connection, None))

    def _execute(self, connection, cursor, statement, *_):
        if statement == "BEGIN IMMEDIATE":
            self._watch(connection, self._step)

    def _watch(self, connection, step):
        connection.connection.dbapi_connection.set_progress_handler(step, 1)

    def _step(self):
        self.count += 1


def changed(chat, number):
    """The chat with another word in one of its turns."""
    return {**chat, "turns": [*chat["turns"][:number], longer(chat, number)]}


CHANGES = {
    "one turn, by its page": lambda s, c: s.save_chat(ADA, changed(c, len(c["turns"]) - 1)),
    "one turn, by its worker": lambda s, c: s.save_turn(ADA, c["id"], longer(c, 2), 2),
    "one turn, by another tab": lambda s, c: s.merge(ADA, changed(c, len(c["turns"]) - 1)),
    "a new turn": lambda s, c: s.save_chat(
        ADA, {**c, "turns": [*c["turns"], *a_chat("x")["turns"]]}
    ),
    "another title": lambda s, c: s.save_chat(ADA, {**c, "title": "Other"}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_turn_holds_the_lock_as_long_in_a_long_chat_as_in_a_short_one(change, tmp_path):
    counts = []
    for length in (10, 200):
        store = open_store(f"sqlite:///{tmp_path / str(length)}")
        saved(store, long_chat(200))  # beside it, so that all indexes are as deep
        chat = saved(store, long_chat(length))
        steps = Steps(store)

        CHANGES[change](store, chat)

        counts.append(steps.count)
        store.close()
    few, many = counts
    assert 0 < many < 1.2 * few


@pytest.mark.parametrize(
    "keep", [slice(1, None), slice(None, 3)], ids=["all but the first", "the first three"]
)
def test_turns_are_deleted_in_as_many_statements_however_long_the_chat_is(two, keep):
    here, there = two
    locks, most = Locks(here), []
    for length in (10, 60):
        chat = saved(here, long_chat(length))
        left = {**chat, "turns": chat["turns"][keep]}
        locks.counts.clear()

        left = saved(here, left)

        most.append(max(locks.counts))
        assert there.load(ADA, chat["id"]) == left
        assert [row.number for row in numbers(there, chat)] == [*range(len(left["turns"]))]
    assert most[0] == most[1]


def numbers(store, chat):
    with store._reading() as connection:
        found = rows.turns_of(connection, ADA, chat["id"])
    return [row for row in found.values() if row.removed_at is None]


def test_a_long_chat_that_is_imported_lets_others_write_in_between(two):
    here, there = two
    locks, chat = Locks(here), long_chat()

    assert saved(here, chat)["revision"] == 1

    few = preparing.MOST_TURNS + 3  # the chat's own row, and a look at what is there
    assert len(locks.counts) > 130 // preparing.MOST_TURNS
    assert max(locks.counts) <= few
    assert there.load(ADA, chat["id"]) == chat

    locks.counts.clear()
    long_answers = [{**longer(chat, n), "id": f"long{n}"} for n in range(40)]
    for turn in long_answers:
        turn["replies"][0]["content"] = "word " * 10_000
    saved(here, {**a_chat("x"), "turns": long_answers})

    assert max(locks.counts) <= 5, "Long turns are written a few at a time."


def test_a_long_chat_is_not_seen_before_it_is_whole(two, monkeypatch):
    here, there = two
    chat, seen = long_chat(), []
    execute = here._execute

    def look(*prepared):
        execute(*prepared)
        seen.append((there.load(ADA, chat["id"]), there.listing(ADA), [*there.chats(ADA)]))

    monkeypatch.setattr(here, "_execute", look)
    saved(here, chat)

    assert len(seen) > 3
    assert all(each == (None, [], []) for each in seen)
    assert len(there.listing(ADA)) == 1
    assert there.listing(ADA, "Question 129")


def test_a_long_chat_that_was_cut_off_is_finished_by_the_next_save_or_goes(two, monkeypatch):
    here, there = two
    chat, other = long_chat(), long_chat()
    execute, parts = here._execute, []

    def fail_at_the_third(*prepared):
        parts.append(prepared)
        if len(parts) % 3 == 0:
            raise StoreBusy
        execute(*prepared)

    monkeypatch.setattr(here, "_execute", fail_at_the_third)
    for each in (chat, other):
        with pytest.raises(StoreBusy):
            here.save_chat(ADA, each)
    monkeypatch.undo()

    assert there.listing(ADA) == []
    assert saved(there, chat)["revision"] == 1
    assert here.load(ADA, chat["id"]) == chat

    now = time.time()
    for days_later in (-2, -1, 1.5):  # the first two learn that the clock can be trusted
        monkeypatch.setattr(time, "time", lambda days=days_later: now + days * 24 * 3600)
        there.expire()
    assert not there.undelete(ADA, other["id"])
    assert here.load(ADA, chat["id"]) == chat


def meanwhile(monkeypatch, *acts):
    """Have the next act done each time when a save has read what is stored, until none is left."""
    waiting, read = [*acts], rows.stored

    def read_and_act(*arguments):
        found = read(*arguments)
        if waiting:
            monkeypatch.setattr(rows, "stored", read)
            waiting.pop(0)()
            monkeypatch.setattr(rows, "stored", read_and_act)
        return found

    monkeypatch.setattr(rows, "stored", read_and_act)
    return waiting


def test_a_turn_that_grew_while_the_chat_was_prepared_keeps_its_words(two, monkeypatch):
    here, there = two
    chat = saved(here, a_chat("One", "Two", "Three"))
    waiting = meanwhile(monkeypatch, lambda: there.save_turn(ADA, chat["id"], longer(chat), 1))

    first, second, third = chat["turns"]
    saved(here, {**chat, "turns": [first, {**second, "feedback": "up"}, third]})

    assert not waiting
    kept = here.load(ADA, chat["id"])
    assert (answers(kept)[1], kept["turns"][1]["feedback"]) == ("Yes. And " + MARKDOWN, "up")


def test_a_turn_that_grew_elsewhere_while_it_was_prepared_is_kept_twice(two, monkeypatch):
    here, there = two
    chat = saved(here, a_chat("One"))
    mine, theirs = (
        {**chat["turns"][0], "asked_at": at, "replies": [{"role": "assistant", "content": words}]}
        for at, words in ((1.0, "Yes. Mine."), (2.0, "Yes. Theirs."))
    )
    meanwhile(monkeypatch, lambda: there.save_turn(ADA, chat["id"], theirs, 0))

    id = here.save_turn(ADA, chat["id"], mine, 0)

    assert id != mine["id"]
    assert sorted(answers(here.load(ADA, chat["id"]))) == ["Yes. Mine.", "Yes. Theirs."]


def test_a_chat_that_is_deleted_while_it_is_merged_stays_deleted(two, monkeypatch):
    here, there = two
    chat = saved(here, a_chat("One"))
    meanwhile(monkeypatch, lambda: there.delete(ADA, chat["id"]))

    assert here.merge(ADA, {**chat, "title": "New"}) is None
    assert here.load(ADA, chat["id"]) is None


def test_a_chat_that_another_process_adds_first_is_merged(two, monkeypatch):
    here, there = two
    chat = a_chat("One")
    meanwhile(monkeypatch, lambda: there.save_chat(ADA, {**chat, "title": "Theirs"}))

    with pytest.raises(Conflict):
        here.save_chat(ADA, chat)

    assert here.load(ADA, chat["id"])["title"] == "Theirs"


def test_a_clock_that_stands_still_hides_no_change(two, monkeypatch):
    here, there = two
    chat = saved(here, a_chat("One"))
    monkeypatch.setattr(statements.time, "time", lambda: 1.0)
    growing = ask(chat, "Two", "Word.", is_over=False)
    here.save_turn(ADA, chat["id"], growing, 1)

    def grow():
        apply(growing, TextDelta(" More."), 0.2)
        there.save_turn(ADA, chat["id"], growing, 1)

    before = {**growing, "feedback": "up", "replies": [{**growing["replies"][0]}]}
    meanwhile(monkeypatch, grow)
    here.save_chat(ADA, {**chat, "turns": [chat["turns"][0], before]})

    assert answers(here.load(ADA, chat["id"]))[1] == "Word. More."


def test_a_chat_that_never_stands_still_is_busy(two, monkeypatch):
    here, there = two
    chat = saved(here, a_chat("One"))

    def rename():
        theirs = there.load(ADA, chat["id"])
        there.save_chat(ADA, {**theirs, "title": theirs["title"] + "I"})

    monkeypatch.setattr(stores, "TRIES", 3)
    waiting = meanwhile(monkeypatch, rename, rename, rename)

    with pytest.raises(StoreBusy):
        here.merge(ADA, {**chat, "pinned": True})

    assert not waiting
    kept = here.load(ADA, chat["id"])
    assert (kept["title"], kept["pinned"]) == ("III", False)
