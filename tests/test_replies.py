"""Replies that run on their own: asked once, in order, and ended by whoever is first."""

import importlib
import logging
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import clarifai_chat.chat
from clarifai_chat import memory
from clarifai_chat.chat import replies
from clarifai_chat.chat.turn import (
    INTERRUPTED,
    STOPPED,
    UNWATCHED,
    answer_text,
    can_continue,
    is_over,
    new_turn,
    resume,
)
from clarifai_chat.errors import AppBusy, AppFault, AppFull, ChatFull, RateLimited, Runaway
from clarifai_chat.events import Finished, ReasoningDelta, TextDelta
from tests.patience import PATIENCE_S, until

MODEL = {"url": "https://clarifai.com/a/b/models/c", "name": "c"}


def turn(prompt="Hi"):
    return new_turn(prompt, {**MODEL, "input_price": None, "output_price": None})


def saying(*texts):
    """A provider that answers at once."""
    return lambda in_flight: iter([*map(TextDelta, texts), Finished("stop")])


class Provider:
    """Says "Half", and the rest when it is told to `go_on`; knows how often it was asked."""

    def __init__(self):
        self.go_on = threading.Event()
        self.asked = 0
        self.calls = []

    def __call__(self, in_flight):
        self.asked += 1
        self.calls.append(in_flight)
        yield TextDelta("Half")
        while not self.go_on.wait(0.002):
            if in_flight.is_cut:
                yield TextDelta(" and what came too late")
                return
        yield TextDelta(" and half")
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
    until(lambda: not replies._queues)


def wait(*turns):
    for each in turns:
        until(lambda each=each: is_over(each))


def test_a_reply_is_written_into_its_turn():
    asked = turn()
    replies.ask(asked, saying("Hel", "lo"), queue="a")
    wait(asked)

    assert (answer_text(asked), asked["ending"], asked["problem"]) == ("Hello", "stop", None)
    assert asked["asked_at"] <= asked["ended_at"]
    assert replies.get(asked) is None


def test_a_turn_is_asked_once_however_often_a_page_asks(provider):
    asked = turn()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: replies.ask(asked, provider, queue="a"), range(50)))
    until(lambda: answer_text(asked) == "Half")
    replies.ask(asked, provider, queue="another")
    provider.go_on.set()
    wait(asked)
    replies.ask(asked, provider, queue="a")

    assert provider.asked == 1
    assert answer_text(asked) == "Half and half"
    assert replies.running() == 0


def test_a_waiting_turn_is_not_queued_again(provider):
    first, second = turn(), turn()
    waiting = Provider()
    waiting.go_on.set()
    replies.ask(first, provider, queue="a")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: replies.ask(second, waiting, queue="a"), range(50)))
    provider.go_on.set()
    wait(first, second)
    until(lambda: not replies._queues)

    assert waiting.asked == 1


def test_a_queue_is_processed_in_order_one_at_a_time(provider):
    order = []

    def note(name):
        def events(in_flight):
            order.append(name)
            yield Finished("stop")

        return events

    first, *others = turns = [turn() for _ in range(4)]
    replies.ask(first, provider, queue="a")
    for name, each in enumerate(others):
        replies.ask(each, note(name), queue="a")
    until(lambda: answer_text(first) == "Half")

    assert replies.running() == 4
    assert [each["asked_at"] is not None for each in turns] == [True, False, False, False]
    assert order == []
    provider.go_on.set()
    wait(*turns)
    assert order == [0, 1, 2]


def test_two_queues_run_at_once(provider):
    first, second = turn(), turn()
    replies.ask(first, provider, queue="a")
    replies.ask(second, saying("Hello"), queue="b")
    wait(second)

    assert not is_over(first)


def test_an_emptied_queue_can_be_used_again():
    for _ in range(20):
        asked = turn()
        replies.ask(asked, saying("Hello"), queue="a")
        wait(asked)
        assert answer_text(asked) == "Hello"


# --- Watching ---------------------------------------------------------------------------------


def test_a_watcher_is_notified_of_every_change(provider):
    asked = turn()
    replies.ask(asked, provider, queue="a")
    reply = replies.get(asked)
    until(lambda: answer_text(asked) == "Half")
    replies.wait_for_news({reply: 0}, PATIENCE_S)
    assert reply.version == 1
    replies.wait_for_news({reply: 1}, 0.001)
    assert reply.version == 1
    assert reply.is_running

    provider.go_on.set()
    while not reply.done.is_set():
        replies.wait_for_news({reply: reply.version}, PATIENCE_S)

    assert answer_text(asked) == "Half and half"
    assert not reply.is_running


@pytest.mark.parametrize("which", [0, 1, 2])
def test_news_from_any_of_several_replies_ends_the_wait(which):
    providers, asked = [Provider() for _ in range(3)], [turn() for _ in range(3)]
    for number, (each, provider) in enumerate(zip(asked, providers, strict=True)):
        replies.ask(each, provider, queue=str(number))
    handles = [replies.get(each) for each in asked]
    until(lambda: all(answer_text(each) == "Half" for each in asked))
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(replies.wait_for_news, dict.fromkeys(handles, 1), PATIENCE_S)
        providers[which].go_on.set()
        waiting.result(PATIENCE_S)

    assert [handle.version > 1 for handle in handles] == [n == which for n in range(3)]
    for provider in providers:
        provider.go_on.set()
    until(lambda: all(map(is_over, asked)))


def test_waiting_for_the_end_ignores_earlier_events(provider):
    asked = turn()
    replies.ask(asked, provider, queue="a")
    reply = replies.get(asked)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(replies.wait_for_news, {reply: None}, PATIENCE_S)
        until(lambda: answer_text(asked) == "Half")
        provider.go_on.set()
        waiting.result(PATIENCE_S)
        assert is_over(asked)


# --- Ends -------------------------------------------------------------------------------------


def test_stop_keeps_what_had_arrived_and_cuts_the_call(provider):
    asked = turn()
    replies.ask(asked, provider, queue="a")
    until(lambda: answer_text(asked) == "Half")

    replies.stop(asked)
    replies.stop(asked)  # a second click

    assert is_over(asked)
    assert provider.calls[0].is_cut
    assert (asked["ending"], asked["problem"]) == (STOPPED, None)
    assert replies.get(asked) is None
    until(lambda: not replies._queues)
    assert answer_text(asked) == "Half"  # what comes after the end is not taken in


def test_the_next_in_the_queue_is_asked_after_a_stop(provider):
    first, second = turn(), turn()
    replies.ask(first, provider, queue="a")
    replies.ask(second, saying("Hello"), queue="a")
    until(lambda: answer_text(first) == "Half")

    replies.stop(first)
    wait(second)

    assert answer_text(second) == "Hello"


def test_a_turn_stopped_while_it_waits_is_never_asked(provider):
    first, second = turn(), turn()
    never = Provider()
    replies.ask(first, provider, queue="a")
    replies.ask(second, never, queue="a")

    replies.stop(second)
    replies.ask(second, never, queue="b")  # the page draws again
    provider.go_on.set()
    wait(first)
    until(lambda: not replies._queues)

    assert never.asked == 0
    assert (second["ending"], second["asked_at"]) == (STOPPED, None)


def test_a_waiting_question_can_be_withdrawn_and_asked_later(provider):
    first, second = turn(), turn()
    never = Provider()
    replies.ask(first, provider, queue="a")
    replies.ask(second, never, queue="a")
    until(lambda: answer_text(first) == "Half")

    assert replies.withdraw(second)
    assert not replies.withdraw(second)
    assert not replies.withdraw(first)  # it was asked
    assert replies.get(second) is None
    assert not is_over(second)
    provider.go_on.set()
    wait(first)
    assert not replies.withdraw(first)  # it is over
    assert never.asked == 0

    replies.ask(second, saying("Hello"), queue="a")
    wait(second)
    assert answer_text(second) == "Hello"


def test_a_failure_becomes_the_turns_problem():
    def events(in_flight):
        yield TextDelta("Half")
        raise RateLimited("Slow down.")

    asked = turn()
    replies.ask(asked, events, queue="a")
    wait(asked)

    assert answer_text(asked) == "Half"
    assert asked["problem"] == RateLimited("Slow down.").problem()


@pytest.mark.parametrize("mistake", [KeyError("secret"), SystemExit()])
def test_a_worker_that_dies_leaves_a_problem_in_the_turn_and_the_queue_goes_on(mistake, caplog):
    def events(in_flight):
        yield TextDelta("Half")
        raise mistake

    asked, after = turn(), turn()
    replies.ask(asked, events, queue="a")
    wait(asked)
    until(lambda: replies.get(asked) is None)
    replies.ask(after, saying("Hello"), queue="a")
    wait(after)

    assert answer_text(asked) == "Half"
    request_id = asked["problem"]["request_id"]
    assert asked["problem"] == AppFault(request_id=request_id).problem()
    assert f"{request_id}: AppFault" in caplog.text
    assert answer_text(after) == "Hello"
    assert "secret" not in caplog.text
    assert type(mistake).__name__ in caplog.text


def test_a_provider_that_cannot_even_be_asked_is_a_problem():
    def events(in_flight):
        raise RateLimited

    asked = turn()
    replies.ask(asked, events, queue="a")
    wait(asked)

    assert asked["problem"]["kind"] == "RateLimited"


def test_events_that_stop_without_an_end_are_an_interruption():
    asked = turn()
    replies.ask(asked, lambda in_flight: iter([TextDelta("Half")]), queue="a")
    wait(asked)

    assert (answer_text(asked), asked["ending"]) == ("Half", INTERRUPTED)


def test_a_turn_without_a_worker_is_interrupted_and_not_asked_again(provider):
    orphan = turn()
    orphan["asked_at"] = 1.0

    replies.mark_interrupted(orphan)
    replies.ask(orphan, provider, queue="a")

    assert orphan["ending"] == INTERRUPTED
    assert provider.asked == 0


def test_a_turn_with_a_worker_is_not_interrupted(provider):
    asked = turn()
    replies.ask(asked, provider, queue="a")
    replies.mark_interrupted(asked)

    assert not is_over(asked)


# --- Nobody watches ---------------------------------------------------------------------------


def test_an_unwatched_reply_is_ended(set_up, provider):
    set_up(REPLY_LEASE_S=0.05)
    asked, waiting = turn(), turn()
    replies.ask(asked, provider, queue="a", is_here=lambda: answer_text(asked) != "Half")
    replies.ask(waiting, Provider(), queue="a")
    wait(asked)

    assert (answer_text(asked), asked["ending"], asked["problem"]) == ("Half", UNWATCHED, None)
    until(lambda: replies.running() == 0)
    assert waiting["asked_at"] is None
    assert provider.calls[0].is_cut


@pytest.mark.slow
@pytest.mark.parametrize("way", ["watches", "is here"])
def test_a_watched_reply_is_not_ended(set_up, provider, way):
    set_up(REPLY_LEASE_S=1)
    looked = []

    def is_here():
        """The keeper asks this before it looks when somebody has watched last."""
        looked.append(1)
        if way == "watches":
            reply = replies.get(asked)
            replies.wait_for_news({reply: reply.version}, 0)
        return way == "is here"

    asked = turn()
    replies.ask(asked, provider, queue="a", is_here=is_here)

    until(lambda: len(looked) >= 13 or is_over(asked))  # the keeper looks ten times in a lease
    assert not is_over(asked)


# --- Bounds -----------------------------------------------------------------------------------


def test_more_replies_than_the_operator_allows_are_refused(set_up, provider):
    set_up(MAX_REPLIES=2)
    running, waiting, refused, later = (turn() for _ in range(4))
    replies.ask(running, provider, queue="a")
    replies.ask(waiting, provider, queue="a")
    replies.ask(refused, provider, queue="b")

    assert refused["problem"] == AppBusy().problem()
    assert is_over(refused)
    assert not is_over(running)  # a running reply is never given up for a new one
    provider.go_on.set()
    wait(running, waiting)
    replies.ask(later, saying("Hello"), queue="b")
    wait(later)
    assert answer_text(later) == "Hello"


def test_an_answer_that_runs_on_is_ended_and_kept_and_can_be_continued(set_up):
    set_up(MAX_REPLY_CHARS=1000)
    calls = []

    def endless(in_flight):
        calls.append(in_flight)
        while not in_flight.is_cut:
            yield TextDelta("word ")

    asked, after = turn(), turn()
    replies.ask(asked, endless, queue="a")
    replies.ask(after, saying("Hello"), queue="a")
    wait(asked, after)

    assert answer_text(asked) == "word " * 201
    assert asked["problem"] == Runaway().problem()
    assert calls[0].is_cut
    assert answer_text(after) == "Hello"
    assert can_continue(asked)
    resume(asked)
    replies.ask(asked, endless, queue="a")
    wait(asked)
    assert answer_text(asked) == "word " * 402  # as much again, and ended again


def test_thoughts_count_as_part_of_an_answer(set_up):
    set_up(MAX_REPLY_CHARS=1000)
    asked = turn()
    replies.ask(asked, lambda in_flight: iter([ReasoningDelta("hm " * 500)]), queue="a")
    wait(asked)

    assert asked["problem"] == Runaway().problem()


def test_an_answer_that_ends_by_itself_just_then_has_no_problem(set_up):
    set_up(MAX_REPLY_CHARS=1000)
    asked = turn()
    replies.ask(asked, saying("x" * 1000), queue="a")
    wait(asked)

    assert (asked["ending"], asked["problem"]) == ("stop", None)


def conversation(*lengths):
    """Turns that were answered, each so long."""
    turns = [turn("Hi") for _ in lengths]
    for each, length in zip(turns, lengths, strict=True):
        each["replies"] = [{"role": "assistant", "content": "x" * length}]
    return turns


def test_a_conversation_that_is_full_takes_no_question_and_keeps_it(set_up, provider):
    set_up(MAX_CONVERSATION_CHARS=1000)
    turns = [*conversation(500, 497), turn("Why?")]
    replies.ask(turns[-1], provider, queue="a", turns=turns)
    wait(turns[-1])

    assert turns[-1]["prompt"] == "Why?"
    assert turns[-1]["problem"] == ChatFull().problem()
    assert provider.asked == 0


def test_a_conversation_is_full_only_past_its_bound(set_up):
    set_up(MAX_CONVERSATION_CHARS=1000)
    turns = conversation(500, 492)
    asked = turn("Why?")  # 4 characters, and 2 in each question before it
    replies.ask(asked, saying("Hello"), queue="a", turns=turns)
    wait(asked)

    assert answer_text(asked) == "Hello"


def test_what_a_question_keeps_of_earlier_attempts_counts(set_up, provider):
    set_up(MAX_CONVERSATION_CHARS=1000)
    asked = turn("Why?")
    asked["earlier"] = [{"replies": [{"role": "assistant", "content": "x" * 1000}]}]
    replies.ask(asked, provider, queue="a", turns=[asked])
    wait(asked)

    assert asked["problem"] == ChatFull().problem()


def test_the_length_includes_everything_stored():
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{1}"}}
    messages = [
        {"role": "assistant", "content": "12", "reasoning_content": "345", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": "6789"},
    ]

    assert replies.size(messages) == 2 + 3 + 3 + 4


def test_without_memory_new_questions_are_refused_and_running_ones_go_on(
    set_up, provider, monkeypatch, caplog
):
    running, refused, later = turn(), turn(), turn()
    replies.ask(running, provider, queue="a")
    set_up(MAX_MEMORY_MB=100)
    monkeypatch.setattr(memory, "used_mb", lambda: 100.1)
    with caplog.at_level(logging.ERROR):
        replies.ask(refused, provider, queue="b")

    assert refused["problem"] == AppFull().problem()
    assert "More than 100 MB of memory are in use" in caplog.text
    assert not is_over(running)
    provider.go_on.set()
    wait(running)
    assert answer_text(running) == "Half and half"
    monkeypatch.setattr(memory, "used_mb", lambda: 99.9)
    replies.ask(later, saying("Hello"), queue="b")
    wait(later)
    assert answer_text(later) == "Hello"


def test_an_app_that_is_about_to_stop_finishes_what_runs_and_refuses_the_rest(
    provider, monkeypatch
):
    monkeypatch.setattr(replies._kept, "is_stopping", False, raising=False)
    running, refused = turn("Running"), turn("Refused")
    replies.ask(running, provider, queue="a")
    assert not replies.is_idle()

    replies.refuse_new()
    replies.ask(refused, provider, queue="b")

    assert (refused["problem"]["kind"], is_over(running)) == ("AppStopping", False)
    replies.stop(running)
    assert replies.is_idle()


def test_without_a_memory_limit_nothing_is_refused(set_up, monkeypatch):
    set_up(MAX_MEMORY_MB=0)
    monkeypatch.setattr(memory, "used_mb", lambda: 1e9)
    asked = turn()
    replies.ask(asked, saying("Hello"), queue="a")
    wait(asked)

    assert answer_text(asked) == "Hello"


def test_memory_use_is_read_from_the_system_if_available(monkeypatch, tmp_path):
    if sys.platform == "linux":  # what else this process does changes the figure at any time
        assert 10 < memory.used_mb() < 100_000

    statm = tmp_path / "statm"
    monkeypatch.setattr(memory, "Path", lambda _: statm)
    assert memory.used_mb() == 0

    statm.write_text("90000 25600 9000 700 0 60000 0")
    assert memory.used_mb() == 25_600 * os.sysconf("SC_PAGE_SIZE") / 2**20


# --- Many at once -----------------------------------------------------------------------------


def test_many_conversations_at_once_get_their_own_answers():
    turns = [turn() for _ in range(60)]
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda n: replies.ask(turns[n], saying(f"answer {n}"), queue=str(n % 20)), range(60)
            )
        )
    wait(*turns)

    assert [answer_text(each) for each in turns] == [f"answer {n}" for n in range(60)]


def test_of_hundreds_of_replies_none_reaches_the_wrong_turn_and_no_handle_is_left(set_up):
    lines, each = 30, 10
    set_up(MAX_REPLIES=lines * each)
    names = [f"{line}.{number}" for number in range(each) for line in range(lines)]
    turns = {name: turn(name) for name in names}
    all_asked = threading.Event()

    def answer(name):
        def events(in_flight):
            assert all_asked.wait(PATIENCE_S)
            yield from (TextDelta(f"{name} ") for _ in range(20))
            if name.endswith("7"):
                raise RateLimited(name)
            yield Finished("stop")

        return events

    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda name: replies.ask(turns[name], answer(name), queue=name.partition(".")[0]),
                names,
            )
        )
    assert replies.running() == lines * each
    all_asked.set()
    wait(*turns.values())

    assert {name: answer_text(turns[name]) for name in names} == {
        name: f"{name} " * 20 for name in names
    }
    failed = {name for name in names if turns[name]["problem"]}
    assert failed == {name for name in names if name.endswith("7")}
    assert all(turns[name]["problem"]["detail"] == name for name in failed)
    assert replies.running() == 0


# --- An edited module -------------------------------------------------------------------------


def test_a_reply_is_found_again_after_the_module_is_imported_again(provider, monkeypatch):
    asked, waiting = turn(), turn()
    replies.ask(asked, provider, queue="a")
    replies.ask(waiting, saying("Hello"), queue="a")
    until(lambda: answer_text(asked) == "Half")

    monkeypatch.delitem(sys.modules, replies.__name__)
    monkeypatch.setattr(
        clarifai_chat.chat, "replies", replies
    )  # so that the import is undone as well
    fresh = importlib.import_module(replies.__name__)
    assert fresh is not replies
    fresh.mark_interrupted(asked)
    fresh.ask(asked, provider, queue="a")
    fresh.ask(waiting, provider, queue="b")

    assert not is_over(asked)
    assert fresh.get(asked).is_running
    assert fresh.running() == 2
    provider.go_on.set()
    wait(asked, waiting)
    assert (provider.asked, answer_text(asked), answer_text(waiting)) == (
        1,
        "Half and half",
        "Hello",
    )
    assert fresh.running() == 0
