"""Runs of the playground that several processes share: one asks each, the others follow it."""

import json

import pytest

from clarifai_chat.chat import replies
from clarifai_chat.chat.turn import INTERRUPTED, STOPPED, apply, end, is_over, resume
from clarifai_chat.events import Finished, TextDelta
from clarifai_chat.history import replicas
from clarifai_chat.history.store.running import RUNS, Place
from clarifai_chat.playground import keeping, kept, runs, shared
from clarifai_chat.playground.kept_data import new_run
from tests.patience import until
from tests.test_replicas import ADA, MODEL, OTHER, answer, impatient, one_database, other

__all__ = ["impatient", "one_database", "other"]  # fixtures
pytest_plugins = ["tests.postgres"]


def a_run():
    return runs.new_run("Go on?", MODEL, [], runs.default_settings(), {}, {})


class Elsewhere:
    """A run that another process asks: what that writes into the database."""

    def __init__(self, store):
        self.store, self.run, self.revision = store, a_run(), 0
        self.turn = self.run["turn"]
        self.at = Place(ADA, RUNS, self.turn["id"])
        self.store.running.claim(self.at, OTHER)
        self.turn["asked_at"] = 1.0
        self.say("One ")

    def say(self, word=""):
        if word:
            apply(self.turn, TextDelta(word), 0.1)
        body, id = json.dumps(self.run), self.turn["id"]
        self.revision = self.store.playground.save_run(
            ADA, id, self.revision, asked_at=1.0, body=body, room=10**6
        )

    def end(self, ending="stop"):
        end(self.turn, ending, 0.2)
        self.say()
        self.store.running.release(self.at, OTHER)

    def is_to_stop(self):
        return self.store.running.errands(OTHER, 60)[self.at].is_to_stop


def opened(there):
    """The run and what is known of its saving, as a page of this process has them."""
    found, _ = kept.load(ADA)
    run = next(each for each in found["runs"] if each["turn"]["id"] == there.turn["id"])
    return run, found["kept_runs"][run["turn"]["id"]]


def stored(store, id):
    return json.loads(store.playground.load_run(ADA, id).body)["turn"]


def test_a_run_of_another_process_is_followed_and_stopped(other):
    there = Elsewhere(other)
    run, state = opened(there)
    assert (answer(run["turn"]), is_over(run["turn"])) == ("One ", False)

    there.run["answered_by"]["0.0"] = "typed"
    there.say("two ")
    until(lambda: answer(run["turn"]) == "One two ")
    replies.stop(run["turn"])
    assert there.is_to_stop()
    assert not is_over(run["turn"])  # until it has ended there, with all that came
    there.end(STOPPED)

    until(lambda: replies.get(run["turn"]) is None)
    assert (run["turn"]["ending"], run["answered_by"]) == (STOPPED, {"0.0": "typed"})
    assert state["revision"] == there.revision


def test_two_tabs_follow_the_same_run(other):
    there = Elsewhere(other)
    (first, _), (second, state) = opened(there), opened(there)
    assert first["turn"] is second["turn"]

    there.run["answered_by"]["0.0"] = "typed"
    there.end()

    until(lambda: replies.get(second["turn"]) is None)
    assert second["answered_by"] == {"0.0": "typed"}
    assert state["revision"] == there.revision


def test_a_run_of_a_dead_process_is_interrupted_and_kept(other, impatient):
    there = Elsewhere(other)
    run, _ = opened(there)

    until(lambda: is_over(run["turn"]))

    assert (answer(run["turn"]), run["turn"]["ending"]) == ("One ", INTERRUPTED)
    until(lambda: stored(other, there.turn["id"])["ending"] == INTERRUPTED)


def test_a_run_is_asked_by_one_process_only(other):
    there = Elsewhere(other)
    stale, state = json.loads(json.dumps(there.run)), new_run()
    resume(stale["turn"])

    with shared.claiming(ADA, stale, state) as is_free:
        assert not is_free

    assert replies.get(stale["turn"]).is_elsewhere
    assert stale["turn"]["asked_at"] == 1.0


@pytest.mark.parametrize("is_asked_to_stop", [True, False])
def test_a_run_here_is_claimed_until_it_is_saved(other, is_asked_to_stop):
    run, state = a_run(), new_run()
    turn, at = run["turn"], Place(ADA, RUNS, run["turn"]["id"])

    def events(call):
        yield TextDelta("word ")
        until(lambda: other.playground.load_run(ADA, turn["id"]))
        assert not other.running.claim(at, OTHER)
        if is_asked_to_stop:
            other.running.ask_to_stop(*at)
            until(lambda: is_over(turn))
        yield Finished("stop")

    with shared.claiming(ADA, run, state) as is_free:
        assert is_free
        replies.ask(turn, events, queue=turn["id"])

    until(lambda: not replicas._state.claimed)
    assert stored(other, turn["id"])["ending"] == (STOPPED if is_asked_to_stop else "stop")
    assert turn["id"] not in keeping.followed()
