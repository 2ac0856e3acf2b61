"""Replies that several processes share: one runs each, the others follow it."""

import threading

import pytest
from sqlalchemy import select

from clarifai_chat.chat import chats, replies
from clarifai_chat.chat.turn import INTERRUPTED, STOPPED, apply, end, is_over, new_turn, resume
from clarifai_chat.events import Finished, TextDelta
from clarifai_chat.history import database, keeper, replicas, saving
from clarifai_chat.history.store import open_store, running, tables
from clarifai_chat.history.store.running import Place
from tests.patience import until

pytest_plugins = ["tests.postgres"]

ADA = "a" * 64
MODEL = {"url": "https://x/y", "name": "Y", "input_price": None, "output_price": None}
OTHER = "another replica"


@pytest.fixture(scope="module")
def one_database(postgres):
    """One database for all tests here: to make its tables takes seconds."""
    return postgres.database()


@pytest.fixture(params=["sqlite", "postgresql"])
def other(request, tmp_path, set_up, monkeypatch):
    """The store as another process has it open."""
    is_file = request.param == "sqlite"
    path = f"sqlite:///{tmp_path / 'history.db'}"
    address = path if is_file else request.getfixturevalue("one_database")
    set_up(DATABASE_URL=address)
    monkeypatch.setattr(keeper, "EVERY_S", 0.005)
    monkeypatch.setattr(database, "RETRY_S", 0.0)
    monkeypatch.setattr(replicas, "LOOK_S", 0.005)
    monkeypatch.setattr(replicas, "BEAT_S", 0.01)
    saving.forget_store()
    store = open_store(address)
    yield store
    for handle in list(replies._replies.values()):
        handle.let_go(STOPPED)
    saving.forget_store()
    store.close()


class Elsewhere:
    """A reply that another process runs: what that writes into the database."""

    def __init__(self, store, *said, prompt="Go on?"):
        self.store = store
        self.chat = chats.new_chat()
        self.turn = new_turn(prompt, MODEL)
        chats.add(self.chat, self.turn, None)
        self.at = Place(ADA, self.chat["id"], self.turn["id"])
        self.store.running.claim(self.at, OTHER)
        self.turn["asked_at"] = 1.0
        for word in said:
            apply(self.turn, TextDelta(word), 0.1)
        self.chat["revision"] = store.save_chat(ADA, self.chat)

    def say(self, word):
        apply(self.turn, TextDelta(word), 0.1)
        self.store.save_turn(ADA, self.chat["id"], self.turn, 0)

    def end(self, ending="stop"):
        end(self.turn, ending, 0.2)
        self.store.save_turn(ADA, self.chat["id"], self.turn, 0)
        self.store.running.release(self.at, OTHER)

    def errand(self):
        return self.store.running.errands(OTHER, 60).get(self.at)


class Here:
    """A reply that this process runs, as a page asks for it."""

    def __init__(self, *waiting):
        self.chat = chats.new_chat()
        self.words = threading.Semaphore(0)
        self.may_end = threading.Event()
        self.turns = [new_turn(prompt, MODEL) for prompt in ("Go on?", *waiting)]
        for number, turn in enumerate(self.turns):
            chats.add(self.chat, turn, self.turns[number - 1] if number else None)
        saving.save(ADA, self.chat)
        self.turn = self.turns[0]
        for turn in self.turns:
            self.ask(turn)

    def ask(self, turn):
        with replicas.claiming(ADA, self.chat["id"], turn) as is_free:
            assert is_free
            replies.ask(turn, self._events, queue=self.chat["id"])
            keeper.follow(ADA, self.chat, turn)

    def _events(self, call):
        while not self.may_end.is_set():
            if self.words.acquire(timeout=0.005):
                yield TextDelta("word ")
        yield Finished("stop")

    def at(self, number=0):
        return Place(ADA, self.chat["id"], self.turns[number]["id"])

    def is_free(self):
        until(lambda: not replicas._state.claimed)


def answer(turn):
    return turn["replies"][0]["content"] if turn["replies"] else ""


def opened(one, chat_id):
    """The conversation as a page of this process shows it."""
    chat = saving.load(ADA, chat_id)
    replicas.catch_up(ADA, chat)
    return chat, chat["turns"][one]


# --- Followed -------------------------------------------------------------------------------------


def test_a_reply_of_another_process_is_followed_to_its_end(other):
    there = Elsewhere(other, "One ")
    _, turn = opened(0, there.chat["id"])
    assert (answer(turn), is_over(turn)) == ("One ", False)
    handle = replies.get(turn)

    version = handle.version
    there.say("two ")
    until(lambda: answer(turn) == "One two ")
    assert handle.has_news(version)
    until(lambda: there.errand().is_watched or replies.wait_for_news({handle: 10**9}, 0))
    there.say("three.")
    there.end()

    until(lambda: replies.get(turn) is None)
    assert (answer(turn), turn["ending"]) == ("One two three.", "stop")


def test_two_tabs_follow_the_same_reply(other):
    there = Elsewhere(other, "One ")
    first, second = (saving.load(ADA, there.chat["id"]) for _ in range(2))

    replicas.catch_up(ADA, first)
    replicas.catch_up(ADA, second)

    assert first["turns"][0] is second["turns"][0]


def test_a_reply_that_ended_meanwhile_is_not_called_interrupted(other):
    there = Elsewhere(other, "One ")
    chat = saving.load(ADA, there.chat["id"])
    there.say("two.")
    there.end()

    replicas.catch_up(ADA, chat)

    turn = chat["turns"][0]
    assert (answer(turn), turn["ending"], replies.get(turn)) == ("One two.", "stop", None)


def test_stop_reaches_the_process_that_answers(other):
    there = Elsewhere(other, "One ")
    _, turn = opened(0, there.chat["id"])

    replies.stop(turn)

    assert there.errand().is_to_stop
    assert not is_over(turn)  # until it has ended there, with all that came
    there.say("and more")
    there.end(STOPPED)
    until(lambda: is_over(turn))
    assert (answer(turn), turn["ending"]) == ("One and more", STOPPED)


def test_the_next_question_waits_for_an_answer_elsewhere(other):
    there = Elsewhere(other, "One ")
    chat, turn = opened(0, there.chat["id"])
    asked = new_turn("And then?", MODEL)
    chats.add(chat, asked, turn)

    replies.ask(asked, lambda call: iter([Finished("stop")]), queue=chat["id"])

    assert asked["asked_at"] is None
    there.end()
    until(lambda: is_over(asked))
    assert asked["asked_at"] >= turn["ended_at"]


def test_deleting_ends_what_another_process_runs(other):
    there = Elsewhere(other, "One ")

    assert saving.delete(ADA, there.chat["id"])

    assert there.errand().is_to_stop


def test_a_page_that_is_left_ends_nothing_elsewhere(other, set_up):
    there = Elsewhere(other, "One ")
    _, turn = opened(0, there.chat["id"])

    replies.get(turn).let_go(INTERRUPTED)

    assert (replies.get(turn), is_over(turn)) == (None, False)
    assert not there.errand().is_to_stop


# --- Lost -----------------------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch):
    """Take a process for dead after a moment."""
    monkeypatch.setattr(running, "LOST_S", 0.02)
    monkeypatch.setattr(replicas, "SURE_S", 0.02)


def test_a_reply_of_a_dead_process_is_interrupted_kept_and_continued(other, impatient):
    there = Elsewhere(other, "One ")
    chat, turn = opened(0, there.chat["id"])

    until(lambda: is_over(turn))

    assert (answer(turn), turn["ending"]) == ("One ", INTERRUPTED)
    assert there.errand() is None
    until(lambda: is_over(other.load(ADA, chat["id"])["turns"][0]))
    resume(turn)
    with replicas.claiming(ADA, chat["id"], turn) as is_free:
        assert is_free


def test_a_process_that_lives_is_not_taken_for_dead(other, impatient, monkeypatch):
    there = Elsewhere(other, "One ")
    monkeypatch.setattr(replicas, "SURE_S", 10**9)
    _, turn = opened(0, there.chat["id"])
    reply = replies.get(turn)
    until(lambda: reply._silent)

    other.running.beat(OTHER)  # after an outage, say
    monkeypatch.setattr(running, "LOST_S", 10**9)

    until(lambda: reply._silent is None)
    assert not is_over(turn)


def test_without_a_replica_a_reply_is_interrupted_at_once(other):
    there = Elsewhere(other, "One ")
    other.running.release(there.at, OTHER)

    _, turn = opened(0, there.chat["id"])

    assert (answer(turn), turn["ending"], replies.get(turn)) == ("One ", INTERRUPTED, None)


def test_what_died_processes_left_goes_after_a_day(other, monkeypatch):
    there = Elsewhere(other, "One ")
    other.running.forget(60)
    assert there.errand()

    other.running.forget(-60)

    assert there.errand() is None


# --- Claimed --------------------------------------------------------------------------------------


def test_a_reply_is_asked_by_one_process_only(other):
    there = Elsewhere(other, "One ")
    stale = saving.load(ADA, there.chat["id"])
    end(stale["turns"][0], STOPPED, None)
    resume(stale["turns"][0])

    with replicas.claiming(ADA, stale["id"], stale["turns"][0]) as is_free:
        assert not is_free

    replicas.catch_up(ADA, stale)
    assert stale["turns"][0]["asked_at"] == 1.0  # it is followed
    assert replies.get(stale["turns"][0])


def test_a_reply_has_a_heartbeat_until_it_is_saved(other):
    here = Here()

    def beat_at():
        with other._engine.connect() as connection:
            is_it = tables.running.c.turn_id == here.turn["id"]
            return connection.scalar(select(tables.running.c.beat_at).where(is_it))

    first = beat_at()
    until(lambda: beat_at() != first)
    assert not other.running.claim(here.at(), OTHER)
    here.words.release()
    here.may_end.set()

    here.is_free()
    assert is_over(other.load(ADA, here.chat["id"])["turns"][0])
    assert beat_at() is None


def test_a_reply_is_stopped_from_another_process(other):
    here = Here()
    here.words.release()
    until(lambda: answer(here.turn))

    other.running.ask_to_stop(*here.at())

    here.is_free()
    assert (answer(here.turn), here.turn["ending"]) == ("word ", STOPPED)


def test_a_question_that_waits_is_withdrawn_from_another_process(other):
    here = Here("And then?")

    other.running.ask_to_stop(*here.at(1))

    until(lambda: is_over(here.turns[1]))
    assert (here.turns[1]["asked_at"], is_over(here.turn)) == (None, False)
    here.may_end.set()


def test_a_question_that_waits_elsewhere_can_be_removed(other):
    there = Elsewhere(other)
    there.turn["asked_at"] = None
    there.store.save_turn(ADA, there.chat["id"], there.turn, 0)
    _, turn = opened(0, there.chat["id"])

    def withdraw():
        until(lambda: there.errand().is_to_stop)
        there.end(STOPPED)

    owner = threading.Thread(target=withdraw)
    owner.start()
    assert replies.get(turn).withdraw()
    owner.join()
    assert (turn["asked_at"], replies.get(turn)) == (None, None)


def test_a_reply_that_is_watched_elsewhere_goes_on_and_is_saved_at_once(other, monkeypatch):
    here = Here()
    monkeypatch.setattr(keeper._state, "followed", {**keeper._state.followed})
    reply = replies.get(here.turn)
    reply.seen_at = before = float("-inf")

    other.running.note_watched(here.at())

    until(lambda: reply.seen_at > before)
    here.may_end.set()


def test_a_reply_that_was_taken_for_lost_goes_on_unless_it_is_asked_elsewhere(other):
    here = Here()
    other.running.release(here.at(), replicas.ME)
    until(lambda: other.running.of_chat(ADA, here.chat["id"]))  # claimed again
    assert not is_over(here.turn)

    while not other.running.claim(here.at(), OTHER):
        other.running.release(here.at(), replicas.ME)

    until(lambda: is_over(here.turn))
    assert here.turn["ending"] == INTERRUPTED


def test_a_stop_of_the_app_gives_up_every_claim(other):
    here = Here()

    saving.close()

    assert other.running.of_chat(ADA, here.chat["id"]) == {}
    assert other.load(ADA, here.chat["id"])["turns"][0]["ending"] == INTERRUPTED
