"""Experiments against a Clarifai on loopback: planted faults, limits, stops, and going on."""

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest

from bench.processes import ROOT, Process
from clarifai_chat.catalog import DEMO
from clarifai_chat.chat import replies
from clarifai_chat.chat.turn import asked_of
from clarifai_chat.evidence import cases, experiment, running
from clarifai_chat.evidence.experiment import column_name, estimate, new_experiment, size, task
from clarifai_chat.evidence.record import InDatabase, InMemory
from clarifai_chat.evidence.runner import STOPPING, Runner
from clarifai_chat.evidence.tally import Tally, percentile
from clarifai_chat.history import database
from clarifai_chat.llm.endpoints import Endpoint
from clarifai_chat.tools.templates import TEMPLATES
from tests import fake_clarifai as quirk
from tests.canary import CANARY, assert_no_canary
from tests.conftest import MODEL
from tests.fake_clarifai import calls, says, status
from tests.patience import PATIENCE_S, until

GPT = {"url": MODEL, "name": "GPT", "input_price": 2.0, "output_price": 8.0}
PARIS = {"calls": [{"tool": "get_weather", "arguments": {"location": "Paris"}}]}
OWNER = "a" * 64


def case(id="paris", expect=PARIS, prompt="Weather in Paris?", **more):
    found = {"id": id, "prompt": prompt, "template": "weather", "expect": expect, **more}
    return cases.read(json.dumps([found]))[0]


@pytest.fixture
def start(fake):
    """Start an experiment against the fake, and wait for its end."""
    runners = []

    def start(*behaviours, of=None, record=None, wait=True, **options):
        fake.next(*behaviours)
        options = {"at_once": 1, "repeats": 1} | options
        found = of or new_experiment("Test", [case()], [GPT], **options)
        runner = Runner(found, record or InMemory(), lambda model: Endpoint(fake.api_base, CANARY))
        runners.append(runner)
        runner.start()
        return over(runner) if wait else runner

    yield start
    for runner in runners:
        runner.stop(now=True)
        over(runner)


def over(runner):
    until(lambda: not runner.is_running)
    return runner


def causes(runner):
    total = runner.tally.total()
    return dict(total.causes), dict(total.other_causes)


# --- Faults that are planted ---------------------------------------------------------------------

FAULTS = {
    "nothing wrong": (calls(), "pass", ""),
    "in fragments": (quirk.call_in_fragments(), "pass", ""),
    "no call": (says("It is sunny."), "fail", "no call"),
    "malformed": (quirk.malformed_arguments(), "fail", "arguments are not JSON"),
    "wrong value": (calls(arguments='{"location": "Rome"}'), "fail", "wrong text"),
    "wrong type": (calls(arguments='{"location": 5}'), "fail", "number in place of text"),
    "missing": (calls(arguments="{}"), "fail", "missing argument"),
    "invented": (
        calls(arguments='{"location": "Paris", "mood": "x"}'),
        "fail",
        "invented argument",
    ),
    "unknown tool": (calls("get_wether"), "fail", "tool that does not exist"),
    "two calls": (
        quirk.parallel_calls(*[("get_weather", '{"location": "Paris"}')] * 2),
        "fail",
        "call beyond those expected",
    ),
    "as text": (quirk.call_as_text(), "pass", ""),
    "as an object": (quirk.arguments_as_object(location="Paris"), "pass", ""),
    "empty": (says(""), "fail", "no call"),
    "cut off": (
        quirk.cut("Hel"),
        "provider",
        "The connection was lost in the middle of the answer (the network)",
    ),
    "error in the stream": (
        quirk.error_in_stream("flat", "Hel"),
        "provider",
        None,
    ),
    "rejected": (status(400, {"error": {"message": "no tools here"}}), "provider", None),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_planted_fault_is_found_and_none_that_is_not_there(start, waits, fault):
    waits(None)
    behaviour, expected, cause = FAULTS[fault]

    runner = start(behaviour)

    total = runner.tally.total()
    assert [total.passed, total.failed, total.provider] == [
        int(expected == each) for each in ("pass", "fail", "provider")
    ]
    found = [*total.causes, *total.other_causes]
    assert len(found) == (expected != "pass")
    if cause is not None:
        assert found == ([cause] if cause else [])
    assert total.recovered == (fault == "as text")
    assert runner.state == "done"


def test_a_shaky_model_is_measured_and_its_causes_are_counted(start):
    wrong = calls(arguments='{"location": 5}')
    runner = start(calls(), wrong, calls(), says("Sunny."), wrong, repeats=5)

    cell = runner.tally.column(0, 0)
    assert (cell.passed, cell.failed, cell.rate) == (2, 3, 0.4)
    assert cell.causes == {"number in place of text": 2, "no call": 1}
    low, high = cell.interval
    assert low < 0.4 < high
    assert runner.tally.pass_all(0, 0, 2) == pytest.approx(0.1)
    assert len(cell.arguments) == 3
    assert len(cell.seconds) == 5
    assert cell.usd > 0
    assert [s for _, s in runner.tally.numbers_of(0, 0, 0)] == [
        "pass", "fail", "pass", "fail", "fail",
    ]  # fmt: skip


def test_each_run_can_be_read_afterwards_and_holds_no_token(start):
    runner = start(quirk.echo_token(), says(f"The token is {CANARY}."), repeats=2)

    bodies = [json.loads(runner.record.body(number)) for number in range(2)]
    assert bodies[1]["replies"][0]["content"].startswith("The token is")
    assert "problem" in bodies[0]
    assert_no_canary("the kept runs", json.dumps([bodies, *runner.record.results()]))


# --- What the server asks for --------------------------------------------------------------------


def test_a_pause_that_the_server_asks_for_is_kept_by_all_requests_to_the_model(start, fake, waits):
    waits(None)
    slow = status(429, {"error": {"message": "slow"}}, headers={"Retry-After": "0.4"})

    runner = start(slow, calls(), calls(), repeats=2)

    assert runner.tally.total().passed == 2
    assert fake.chats[1].came_at - fake.chats[0].came_at >= 0.4
    assert len(fake.chats) == 3


def test_a_model_that_is_refused_for_good_is_left_alone_and_can_go_on(start, fake, waits):
    waits(None)
    runner = start(status(401, 11008), repeats=4)

    assert (len(fake.chats), runner.asked, runner.state) == (1, 0, "stopped")
    assert "does not accept this access token" in runner.whys[0]

    fake.next(*[calls()] * 4)
    runner.start()
    over(runner)
    assert (runner.tally.total().passed, runner.state, runner.whys) == (4, "done", [])


def test_after_five_failures_in_a_row_a_model_is_left_alone(start, fake, waits):
    waits(None)
    runner = start(*[status(500, 99999)] * 5, repeats=9)

    assert (len(fake.chats), runner.tally.total().provider) == (5, 5)
    assert runner.whys


def test_the_limit_of_money_stops_before_more_is_spent(start, fake):
    runner = start(*[calls()] * 9, repeats=9, max_usd=0.00001)

    assert 1 <= len(fake.chats) < 9
    assert runner.whys == ["The limit of $0.00 for one start is reached. Go on to spend more."]
    assert runner.state == "stopped"


def test_no_more_is_asked_once_nobody_watches(start, fake, set_up):
    gate = threading.Event()
    experiment = new_experiment("T", [case()], [GPT], repeats=5, at_once=1)
    runner = Runner(
        experiment, InMemory(), lambda m: Endpoint(fake.api_base, CANARY), lambda: gate.is_set()
    )
    set_up(CLARIFAI_API_BASE=fake.base, REPLY_LEASE_S=1)
    runner.seen_at = time.monotonic() - 10
    runner.start()
    runner.seen_at = time.monotonic() - 10
    over(runner)

    assert len(fake.chats) < 5
    assert runner.whys == ["The page was closed, so no more was asked."]


def test_requests_to_one_model_are_bounded_and_come_at_once(start, fake):
    together, most, lock = [0], [0], threading.Lock()

    def busy(handler, body):
        with lock:
            together[0] += 1
            most[0] = max(most[0], together[0])
        until(lambda: most[0] == 3)
        with lock:
            together[0] -= 1
        says("Hi")(handler, body)

    start(*[busy] * 9, repeats=9, at_once=3)

    assert most[0] == 3


# --- Stop and go on ------------------------------------------------------------------------------


def test_stop_lets_what_is_under_way_end_and_going_on_asks_the_rest_once(start, fake):
    opened = threading.Event()

    def slow(handler, body):
        handler.wait_for(opened)
        calls()(handler, body)

    runner = start(calls(), slow, repeats=4, wait=False)
    until(lambda: len(fake.chats) == 2)
    runner.stop()
    assert runner.state == "stopping"
    opened.set()
    over(runner)
    assert (runner.tally.total().passed, runner.state) == (2, "stopped")

    fake.next(calls(), calls())
    runner.start()
    over(runner)

    assert (runner.tally.total().passed, len(fake.chats), runner.state) == (4, 4, "done")


def test_what_was_claimed_and_never_answered_is_not_asked_again_unless_wanted(start, fake):
    record = InMemory()
    record.claim(1)  # by a process that was killed then

    runner = start(calls(), calls(), record=record, repeats=3)

    assert (len(fake.chats), runner.state) == (2, "done")
    assert (runner.tally.total().passed, runner.tally.total().unjudged) == (2, 1)

    fake.next(calls())
    assert runner.ask_again() == 1
    runner.start()
    over(runner)
    assert (runner.tally.total().passed, runner.tally.total().unjudged) == (3, 0)


@pytest.fixture
def kept(set_up, fake, tmp_path):
    """A database for this test alone."""
    set_up(CLARIFAI_API_BASE=fake.base, DATABASE_URL=f"sqlite:///{tmp_path}/history.db")
    database.close(for_good=False)
    yield lambda: database.close(for_good=False)
    database.close(for_good=False)


def test_an_experiment_goes_on_after_a_restart_as_if_nothing_had_been(kept, fake):
    def endpoint(model):
        return Endpoint(fake.api_base, CANARY)

    fake.next(*[calls()] * 3)
    made = new_experiment("Mine", [case()], [GPT], repeats=5, at_once=1, max_usd=None)
    stopper = threading.Event()
    runner = running.begin(OWNER, made, endpoint)
    until(lambda: runner.asked >= 2)
    runner.stop()
    over(runner)
    before = runner.asked
    running._runners.clear()
    kept()  # the process ends

    assert [each.name for each in running.earlier(OWNER)] == ["Mine"]
    again = running.find(OWNER, made["id"], endpoint, stopper.is_set)
    assert (again.asked, again.state, again.experiment) == (before, "stopped", made)
    assert running.find("b" * 64, made["id"], endpoint, stopper.is_set) is None
    fake.next(*[calls()] * (5 - len(fake.chats)))
    again.rebind(endpoint, lambda: True)
    again.start()
    over(again)

    assert (len(fake.chats), again.tally.total().passed) == (5, 5)
    rows = [*InDatabase(OWNER, made["id"]).results()]
    assert [number for number, _, _ in rows] == [0, 1, 2, 3, 4]
    running.delete(OWNER, made["id"])
    assert running.earlier(OWNER) == []
    assert running.undelete(OWNER, made["id"])


EXPERIMENT = """
import os, pathlib, sys, threading
import server
from clarifai_chat.evidence import experiment, running
from clarifai_chat.llm.endpoints import Endpoint

made = experiment.from_text(pathlib.Path(sys.argv[1]).read_text("utf-8"))
key = os.environ["KEY_OF_TEST"]
begun = (sys.argv[2], made, lambda model: Endpoint(sys.argv[3], key))
threading.Thread(target=running.begin, args=begun, daemon=True).start()
server.main()
"""


@pytest.mark.slow
def test_an_app_that_is_told_to_stop_waits_for_no_experiment_and_asks_nothing_twice(
    kept, fake, tmp_path
):
    gate = threading.Event()

    def hangs(handler, body):
        handler.wait_for(gate)

    def endpoint(model):
        return Endpoint(fake.api_base, CANARY)

    fake.next(calls(), hangs)
    made = new_experiment("Mine", [case()], [GPT], repeats=4, at_once=1, max_usd=None)
    (tmp_path / "made.json").write_text(json.dumps(made), "utf-8")
    (tmp_path / "app.py").write_text(EXPERIMENT, "utf-8")
    database_url = f"sqlite:///{tmp_path}/history.db"
    environ = {"DATABASE_URL": database_url, "DRAIN_S": "3600", "KEY_OF_TEST": CANARY}
    arguments = [tmp_path / "app.py", tmp_path / "made.json", OWNER, fake.api_base]

    with Process([*map(str, arguments)], "/livez", environ=environ) as app:
        until(lambda: len(fake.chats) == 2)
        app._process.terminate()
        app._process.wait(PATIENCE_S)  # far less than DRAIN_S
        assert "Traceback" not in app.log()
    gate.set()

    again = running.find(OWNER, made["id"], endpoint, lambda: True)
    assert (again.asked, again.state, again.tally.total().passed) == (2, "stopped", 1)
    fake.next(calls(), calls())
    again.start()
    over(again)
    assert (len(fake.chats), again.state) == (4, "done")
    assert (again.tally.total().passed, again.tally.total().unjudged) == (3, 1)


BEGIN = """
import os, pathlib, sys
from clarifai_chat.evidence import experiment, running
from clarifai_chat.llm.endpoints import Endpoint

made = experiment.from_text(pathlib.Path(sys.argv[1]).read_text("utf-8"))
key = os.environ["KEY_OF_TEST"]
running.begin(sys.argv[2], made, lambda model: Endpoint(sys.argv[3], key)).wait_for_end(3600)
"""


@pytest.mark.slow
def test_after_kill_9_in_the_middle_nothing_is_asked_twice(kept, fake, tmp_path):
    gate = threading.Event()

    def hangs(handler, body):
        handler.wait_for(gate)

    def asked():
        return Counter(chat.body["messages"][-1]["content"] for chat in fake.chats)

    prompts = [f"Weather in Paris, {number}?" for number in range(7)]
    found = [case(prompt, prompt=prompt) for prompt in prompts]
    made = new_experiment("Mine", found, [GPT], repeats=1, at_once=2, max_usd=None)
    fake.next(calls(), calls(), hangs, hangs)
    (tmp_path / "made.json").write_text(json.dumps(made), "utf-8")
    environ = {"DATABASE_URL": f"sqlite:///{tmp_path}/history.db", "KEY_OF_TEST": CANARY}
    command = [sys.executable, "-c", BEGIN, tmp_path / "made.json", OWNER, fake.api_base]
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environ}) as process:
        until(lambda: len(fake.chats) == 4)  # two answers were saved, two are under way
        process.kill()
    gate.set()
    under_way = {chat.body["messages"][-1]["content"] for chat in fake.chats[2:]}

    again = running.find(
        OWNER, made["id"], lambda model: Endpoint(fake.api_base, CANARY), lambda: True
    )
    assert (again.asked, again.state, again.tally.total().passed) == (4, "stopped", 2)
    fake.next(*[calls()] * 3)
    again.start()
    over(again)
    assert asked() == dict.fromkeys(prompts, 1)
    assert (again.tally.total().passed, again.tally.total().unjudged) == (5, 2)

    fake.next(calls(), calls())
    assert again.ask_again() == 2  # its visitor wants that
    again.start()
    over(again)
    assert {prompt for prompt, times in asked().items() if times == 2} == under_way
    assert (again.state, again.tally.total().passed) == ("done", 7)


def test_an_answer_that_is_under_way_when_the_app_stops_is_saved(kept, fake):
    gate = threading.Event()

    def slow(handler, body):
        handler.wait_for(gate)
        calls()(handler, body)

    fake.next(slow)
    made = new_experiment("Mine", [case()], [GPT], repeats=3, at_once=1)
    runner = running.begin(OWNER, made, lambda model: Endpoint(fake.api_base, CANARY))
    until(lambda: fake.chats)
    stops = threading.Thread(target=running.close)
    stops.start()
    until(lambda: runner.state == "stopping")
    gate.set()
    stops.join()
    over(runner)

    rows = [*InDatabase(OWNER, made["id"]).results()]
    assert [(number, status) for number, status, _ in rows] == [(0, "pass")]
    assert len(fake.chats) == 1


def test_an_app_that_is_about_to_stop_asks_no_more(start, fake, monkeypatch):
    monkeypatch.setattr(replies._kept, "is_stopping", True, raising=False)

    runner = start(calls())

    assert (runner.state, runner.whys, len(fake.chats)) == ("stopped", [STOPPING], 0)


def test_a_database_that_is_busy_for_a_moment_ends_nothing(kept, fake, monkeypatch):
    monkeypatch.setattr("clarifai_chat.evidence.record.PAUSES_S", (0.0, 0.0))
    whole, failures = database.attempt, [0]

    def attempt(action):
        failures[0] += 1
        return (None, "It is busy.") if failures[0] % 3 else whole(action)

    fake.next(*[calls()] * 3)
    made = new_experiment("Mine", [case()], [GPT], repeats=3, at_once=1)
    database.attempt(lambda s: s.experiments.save(OWNER, made["id"], "Mine", "{}"))
    runner = Runner(made, InDatabase(OWNER, made["id"]), lambda m: Endpoint(fake.api_base, CANARY))
    monkeypatch.setattr(database, "attempt", attempt)
    runner.start()
    over(runner)

    assert (runner.tally.total().passed, runner.whys) == (3, [])
    monkeypatch.setattr(database, "attempt", lambda action: (None, "It is full."))
    again = Runner(made, InMemory(), lambda m: Endpoint(fake.api_base, CANARY))
    again.record = InDatabase(OWNER, made["id"])
    again.start()
    over(again)
    assert again.whys == ["Results cannot be saved, so no more is asked. It is full."]
    assert len(fake.chats) == 3


def test_a_visitor_has_one_experiment_under_way_and_all_visitors_a_few(kept, fake, monkeypatch):
    gate = threading.Event()

    def endpoint(model):
        return Endpoint(fake.api_base, CANARY)

    def slow(handler, body):
        handler.wait_for(gate)
        calls()(handler, body)

    def made(name):
        return new_experiment(name, [case()], [GPT], repeats=1, at_once=1)

    fake.next(slow)
    first = running.begin(OWNER, made("A"), endpoint)
    with pytest.raises(running.Busy, match="Another of your evaluations"):
        running.begin(OWNER, made("B"), endpoint)
    assert [each.name for each in running.earlier(OWNER)] == ["A"]
    monkeypatch.setattr(running, "MAX_UNDER_WAY", 1)
    with pytest.raises(running.Busy, match="busy with the evaluations of others"):
        running.begin(None, made("C"), endpoint)
    gate.set()
    over(first)

    fake.next(calls())
    assert over(running.begin(None, made("C"), endpoint)).tally.total().passed == 1


def test_memory_holds_the_words_of_the_latest_runs_and_the_figures_of_all(monkeypatch):
    monkeypatch.setattr("clarifai_chat.evidence.record.MAX_BODIES", 2)
    record = InMemory()
    for number in range(3):
        record.claim(number)
        record.finish(number, "pass", {"usd": 1}, f"body {number}")

    assert [record.body(number) for number in range(3)] == ["", "body 1", "body 2"]
    assert [row[2] for row in record.results()] == [{"usd": 1}] * 3


def test_deleting_everything_ends_what_runs_and_saves_nothing_more(kept, fake):
    gate = threading.Event()

    def slow(handler, body):
        handler.wait_for(gate)

    fake.next(slow)
    made = new_experiment("Mine", [case()], [GPT], repeats=5, at_once=1)
    runner = running.begin(OWNER, made, lambda m: Endpoint(fake.api_base, CANARY))
    until(lambda: fake.chats)

    running.forget(OWNER)
    database.attempt(lambda store: store.delete_all(OWNER))
    over(runner)

    assert running.earlier(OWNER) == []
    assert len(fake.chats) == 1


# --- The plan ------------------------------------------------------------------------------------


def test_numbers_stand_for_runs_and_all_cases_come_before_a_repeat():
    two = {**experiment.OWN_TOOLS, "name": "B"}
    made = new_experiment(
        "T", [case("a"), case("b")], [GPT, GPT], [experiment.OWN_TOOLS, two], repeats=2
    )

    found = [task(made, number) for number in range(size(made))]

    assert len({(t.repeat, t.case, t.model, t.set) for t in found}) == 16
    assert [t.repeat for t in found] == [0] * 8 + [1] * 8
    assert Counter(t.case for t in found[:4]) == {0: 4}
    assert column_name(made, 0, 1) == "GPT, B"
    assert column_name({**made, "models": [GPT]}, 0, 1) == "B"


def test_a_set_without_the_expected_tool_leaves_the_case_out_with_a_sentence():
    calculator = next(t for t in TEMPLATES if t.id == "calculator")
    sums = {"name": "Sums", "tools": [*calculator.tools], "system": ""}
    made = new_experiment("T", [case()], [GPT], [experiment.OWN_TOOLS, sums], repeats=2)

    assert [t.set for t in experiment.tasks(made)] == [0, 0]
    assert estimate(made).left_out == ("paris expects get_weather, which Sums lacks.",)


def test_the_estimate_counts_calls_tokens_and_price_and_says_what_it_does_not_know():
    unknown = {**GPT, "name": "U", "input_price": None}
    found = estimate(new_experiment("T", cases.shipped(), [GPT, unknown], repeats=2))

    assert found.runs == 160
    assert found.requests > 160
    assert found.tokens_in > 10_000
    assert found.unpriced == ("U",)
    assert 0 < found.usd < 1
    free = estimate(new_experiment("T", [case()], [asked_of(DEMO)]))
    assert (free.usd, free.unpriced) == (0.0, ())
    assert estimate(new_experiment("T", [case()], [unknown])).usd is None


def test_pairs_are_of_the_same_case_and_repeat():
    made = new_experiment("T", [case("a"), case("b")], [GPT, GPT], repeats=2)
    tally = Tally(made)
    for number, outcome in enumerate(
        ["pass", "pass", "pass", "fail", "fail", "pass", "provider", "pass"]
    ):
        tally.add(number, outcome, {})

    pairs = tally.pairs((0, 0), (1, 0))

    assert (pairs.both, pairs.only_first, pairs.only_second, pairs.neither) == (1, 1, 1, 0)


def test_percentiles_are_by_nearest_rank():
    assert percentile([], 0.5) is None
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([float(n) for n in range(1, 101)], 0.95) == 95.0
