"""Replies that run on their own: asked once, in order, and ended by whoever is first."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from clarifai_chat import replies
from clarifai_chat.conversation import INTERRUPTED, STOPPED, UNWATCHED, is_over, new_turn, said
from clarifai_chat.errors import AppBusy, AppFault, RateLimited
from clarifai_chat.events import Finished, Text
from tests.conftest import until

MODEL = {"url": "https://clarifai.com/a/b/models/c", "name": "c"}
LIVELY_S = 10  # nothing healthy takes as long


def turn(prompt="Hi"):
    return new_turn(prompt, {**MODEL, "input_price": None, "output_price": None})


def saying(*texts):
    """A provider that answers at once."""
    return lambda call: iter([*map(Text, texts), Finished("stop")])


class Provider:
    """Says "Half", and the rest when it is told to `go_on`; knows how often it was asked."""

    def __init__(self):
        self.go_on = threading.Event()
        self.asked = 0
        self.calls = []

    def __call__(self, call):
        self.asked += 1
        self.calls.append(call)
        yield Text("Half")
        while not self.go_on.wait(0.002):
            if call.is_cut:
                yield Text(" and what came too late")
                return
        yield Text(" and half")
        yield Finished("stop")


@pytest.fixture
def provider():
    provider = Provider()
    yield provider
    provider.go_on.set()


@pytest.fixture(autouse=True)
def empty_afterwards(set_up):
    yield
    until(lambda: replies.running() == 0)
    assert replies._replies == {}
    until(lambda: not replies._lines)


def wait(*turns):
    for each in turns:
        until(lambda each=each: is_over(each))


def test_a_reply_is_written_into_its_turn():
    asked = turn()
    replies.ask(asked, saying("Hel", "lo"), line="a")
    wait(asked)

    assert (said(asked), asked["ending"], asked["problem"]) == ("Hello", "stop", None)
    assert asked["asked_at"] <= asked["ended_at"]
    assert replies.get(asked) is None


def test_a_turn_is_asked_once_however_often_a_page_asks(provider):
    asked = turn()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: replies.ask(asked, provider, line="a"), range(50)))
    until(lambda: said(asked) == "Half")
    replies.ask(asked, provider, line="another")
    provider.go_on.set()
    wait(asked)
    replies.ask(asked, provider, line="a")

    assert provider.asked == 1
    assert said(asked) == "Half and half"
    assert replies.running() == 0


def test_a_turn_that_waits_is_not_put_in_line_again(provider):
    first, second = turn(), turn()
    waiting = Provider()
    waiting.go_on.set()
    replies.ask(first, provider, line="a")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: replies.ask(second, waiting, line="a"), range(50)))
    provider.go_on.set()
    wait(first, second)
    until(lambda: not replies._lines)

    assert waiting.asked == 1


def test_a_line_is_worked_off_in_order_one_at_a_time(provider):
    order = []

    def note(name):
        def events(call):
            order.append(name)
            yield Finished("stop")

        return events

    first, *others = turns = [turn() for _ in range(4)]
    replies.ask(first, provider, line="a")
    for name, each in enumerate(others):
        replies.ask(each, note(name), line="a")
    until(lambda: said(first) == "Half")

    assert replies.running() == 4
    assert [each["asked_at"] is not None for each in turns] == [True, False, False, False]
    assert order == []
    provider.go_on.set()
    wait(*turns)
    assert order == [0, 1, 2]


def test_two_lines_run_at_once(provider):
    first, second = turn(), turn()
    replies.ask(first, provider, line="a")
    replies.ask(second, saying("Hello"), line="b")
    wait(second)

    assert not is_over(first)


def test_a_line_that_was_worked_off_can_be_used_again():
    for _ in range(20):
        asked = turn()
        replies.ask(asked, saying("Hello"), line="a")
        wait(asked)
        assert said(asked) == "Hello"


# --- Watching ---------------------------------------------------------------------------------


def test_whoever_watches_hears_of_every_change(provider):
    asked = turn()
    replies.ask(asked, provider, line="a")
    reply = replies.get(asked)
    until(lambda: said(asked) == "Half")
    version = reply.watch(0, LIVELY_S)
    assert version == 1
    assert reply.watch(version, 0.001) == version
    assert reply.is_running

    provider.go_on.set()
    while not reply.done.is_set():
        version = reply.watch(version, LIVELY_S)

    assert said(asked) == "Half and half"
    assert not reply.is_running


# --- Ends -------------------------------------------------------------------------------------


def test_stop_keeps_what_had_arrived_and_cuts_the_call(provider):
    asked = turn()
    replies.ask(asked, provider, line="a")
    until(lambda: said(asked) == "Half")

    replies.stop(asked)
    replies.stop(asked)  # a second click

    assert is_over(asked)
    assert provider.calls[0].is_cut
    assert (asked["ending"], asked["problem"]) == (STOPPED, None)
    assert replies.get(asked) is None
    until(lambda: not replies._lines)
    assert said(asked) == "Half"  # what comes after the end is not taken in


def test_the_next_in_line_is_asked_after_a_stop(provider):
    first, second = turn(), turn()
    replies.ask(first, provider, line="a")
    replies.ask(second, saying("Hello"), line="a")
    until(lambda: said(first) == "Half")

    replies.stop(first)
    wait(second)

    assert said(second) == "Hello"


def test_a_turn_stopped_while_it_waits_is_never_asked(provider):
    first, second = turn(), turn()
    never = Provider()
    replies.ask(first, provider, line="a")
    replies.ask(second, never, line="a")

    replies.stop(second)
    replies.ask(second, never, line="b")  # the page draws again
    provider.go_on.set()
    wait(first)
    until(lambda: not replies._lines)

    assert never.asked == 0
    assert (second["ending"], second["asked_at"]) == (STOPPED, None)


def test_a_question_that_waits_can_be_taken_back_and_asked_later(provider):
    first, second = turn(), turn()
    never = Provider()
    replies.ask(first, provider, line="a")
    replies.ask(second, never, line="a")
    until(lambda: said(first) == "Half")

    assert replies.withdraw(second)
    assert not replies.withdraw(second)
    assert not replies.withdraw(first)  # it was asked
    assert replies.get(second) is None
    assert not is_over(second)
    provider.go_on.set()
    wait(first)
    assert not replies.withdraw(first)  # it is over
    assert never.asked == 0

    replies.ask(second, saying("Hello"), line="a")
    wait(second)
    assert said(second) == "Hello"


def test_a_failure_becomes_the_turns_problem():
    def events(call):
        yield Text("Half")
        raise RateLimited("Slow down.")

    asked = turn()
    replies.ask(asked, events, line="a")
    wait(asked)

    assert said(asked) == "Half"
    assert asked["problem"] == RateLimited("Slow down.").problem()


@pytest.mark.parametrize("mistake", [KeyError("secret"), SystemExit()])
def test_a_worker_that_dies_says_so_in_the_turn_and_the_line_goes_on(mistake, caplog):
    def events(call):
        yield Text("Half")
        raise mistake

    asked, after = turn(), turn()
    replies.ask(asked, events, line="a")
    wait(asked)
    until(lambda: replies.get(asked) is None)
    replies.ask(after, saying("Hello"), line="a")
    wait(after)

    assert said(asked) == "Half"
    assert asked["problem"] == AppFault().problem()
    assert said(after) == "Hello"
    assert "secret" not in caplog.text
    assert type(mistake).__name__ in caplog.text


def test_a_provider_that_cannot_even_be_asked_is_a_problem():
    def events(call):
        raise RateLimited

    asked = turn()
    replies.ask(asked, events, line="a")
    wait(asked)

    assert asked["problem"]["kind"] == "RateLimited"


def test_events_that_stop_without_an_end_are_an_interruption():
    asked = turn()
    replies.ask(asked, lambda call: iter([Text("Half")]), line="a")
    wait(asked)

    assert (said(asked), asked["ending"]) == ("Half", INTERRUPTED)


def test_a_turn_without_a_worker_is_interrupted_and_not_asked_again(provider):
    orphan = turn()
    orphan["asked_at"] = 1.0

    replies.mark_interrupted(orphan)
    replies.ask(orphan, provider, line="a")

    assert orphan["ending"] == INTERRUPTED
    assert provider.asked == 0


def test_a_turn_with_a_worker_is_not_interrupted(provider):
    asked = turn()
    replies.ask(asked, provider, line="a")
    replies.mark_interrupted(asked)

    assert not is_over(asked)


# --- Nobody watches ---------------------------------------------------------------------------


def test_a_reply_that_nobody_watches_is_ended(set_up, provider):
    set_up(REPLY_LEASE_S=0.05)
    asked, waiting = turn(), turn()
    replies.ask(asked, provider, line="a")
    replies.ask(waiting, Provider(), line="a")
    wait(asked)

    assert (said(asked), asked["ending"], asked["problem"]) == ("Half", UNWATCHED, None)
    until(lambda: replies.running() == 0)
    assert waiting["asked_at"] is None
    assert provider.calls[0].is_cut


@pytest.mark.parametrize("way", ["watches", "is here"])
def test_a_reply_that_somebody_watches_is_not(set_up, provider, way):
    set_up(REPLY_LEASE_S=1)
    looked = []

    def is_here():
        looked.append(1)
        return way == "is here"

    asked = turn()
    replies.ask(asked, provider, line="a", is_here=is_here)
    while len(looked) < 13:  # the keeper looks ten times in a lease
        if way == "watches" and (reply := replies.get(asked)):
            reply.watch(reply.version, 0.005)
        else:
            threading.Event().wait(0.005)
        assert not is_over(asked)


# --- Bounds -----------------------------------------------------------------------------------


def test_more_replies_than_the_operator_allows_are_refused(set_up, provider):
    set_up(MAX_REPLIES=2)
    running, waiting, refused, later = (turn() for _ in range(4))
    replies.ask(running, provider, line="a")
    replies.ask(waiting, provider, line="a")
    replies.ask(refused, provider, line="b")

    assert refused["problem"] == AppBusy().problem()
    assert is_over(refused)
    assert not is_over(running)  # a running reply is never given up for a new one
    provider.go_on.set()
    wait(running, waiting)
    replies.ask(later, saying("Hello"), line="b")
    wait(later)
    assert said(later) == "Hello"


def test_many_conversations_at_once_get_their_own_answers():
    turns = [turn() for _ in range(60)]
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda n: replies.ask(turns[n], saying(f"answer {n}"), line=str(n % 20)), range(60)
            )
        )
    wait(*turns)

    assert [said(each) for each in turns] == [f"answer {n}" for n in range(60)]
