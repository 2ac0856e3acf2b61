"""The numbers that an operator watches: what counts, who may see them, and what is not in them."""

import asyncio
import json
import re
import shutil
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import yaml
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.session_manager import SessionClientDisconnectedError
from streamlit.web.server.starlette.starlette_websocket import StarletteSessionClient

from clarifai_chat import metrics
from clarifai_chat.chat import replies
from clarifai_chat.chat.turn import is_over, new_turn
from clarifai_chat.config import ROOT
from clarifai_chat.errors import AppFault, ChatError, CutOff, NoPat, RateLimited
from clarifai_chat.events import Finished, Retrying, TextDelta, Usage
from clarifai_chat.history import database, saving
from clarifai_chat.serving import metrics_page
from components.state import streamlit_process
from tests.canary import CANARY, assert_no_canary
from tests.fake_clarifai import says, status
from tests.patience import PATIENCE_S, until

FILES = ROOT / "deploy" / "prometheus"
TOKEN = "a-token-for-numbers"


@pytest.fixture
def numbers():
    """`numbers("name", label=…)`: how much it has grown since the test began."""

    def now():
        families = text_string_to_metric_families(generate_latest(metrics.REGISTRY).decode())
        return {
            (sample.name.removeprefix("clarifai_chat_"), frozenset(sample.labels.items())): (
                sample.value
            )
            for family in families
            for sample in family.samples
        }

    before = now()

    def grown(name, **labels):
        key = (name, frozenset(labels.items()))
        return now().get(key, 0) - before.get(key, 0)

    return grown


@pytest.fixture
def get():
    """`get(token)`: the answer of /metrics."""

    def get(token=None):
        app = Starlette(routes=metrics_page.routes(lambda: 7))
        headers = {"Authorization": f"Bearer {token}"} if token else {}

        async def ask():
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
                return await client.get("/metrics", headers=headers)

        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, ask()).result()

    return get


def test_without_the_setting_there_is_no_page(get):
    assert get().status_code == 404
    assert get("").status_code == 404


def test_only_who_has_the_token_sees_numbers(get, set_up):
    set_up(METRICS_TOKEN=TOKEN)

    assert get().status_code == get("another").status_code == get(TOKEN + "x").status_code == 401
    answer = get(TOKEN)
    assert answer.status_code == 200
    assert "clarifai_chat_sessions 7.0" in answer.text
    assert TOKEN not in answer.text


def test_a_request_counts_with_its_tokens_and_first_word(ask, numbers):
    heard = ask(says("Hello", usage="every"))

    assert numbers("requests_total", server="Clarifai") == 1
    assert numbers("first_token_seconds_count", server="Clarifai") == 1
    (*_, usage) = [each for each in heard if isinstance(each, Usage)]
    assert usage.prompt_tokens, "The fake counts."
    for direction, count in (("in", usage.prompt_tokens), ("out", usage.completion_tokens)):
        assert numbers("tokens_total", server="Clarifai", direction=direction) == count


def events(*those, error=None):
    yield from those
    if error:
        raise error


def test_a_failure_counts_by_kind_and_has_an_id_in_the_log(numbers, caplog):
    error = CutOff(detail="You asked: tell me a secret", code=11005)
    retrying = Retrying("Busy.", 1.0, 2, 3)

    with pytest.raises(CutOff) as caught:
        list(metrics.measured(events(retrying, retrying, error=error), "Clarifai"))

    assert (
        numbers("request_failures_total", server="Clarifai", kind="CutOff", cause="the network")
        == 1
    )
    assert numbers("request_retries_total", server="Clarifai") == 2
    assert numbers("first_token_seconds_count", server="Clarifai") == 0
    request_id = caught.value.problem()["request_id"]
    (record,) = [each for each in caplog.records if each.name == metrics.__name__]
    assert re.fullmatch("app-[0-9a-f]{8}", request_id)
    assert record.message.startswith(f"{request_id}: CutOff (Clarifai code 11005) in ")
    assert record.request_id == request_id
    assert "secret" not in record.message


@pytest.mark.parametrize(
    ("given", "kept"), [("req-1", True), ("tell me a\nsecret", False), ("x" * 101, False)]
)
def test_a_servers_own_id_is_used_if_it_is_one(given, kept, caplog):
    error = AppFault(request_id=given)

    metrics.note_failure(error, "a test")

    assert (error.request_id == given) == kept
    assert f"{error.request_id}: AppFault in a test" in caplog.text
    assert kept or given not in caplog.text


def test_what_a_visitor_can_solve_is_counted_and_not_logged(numbers, caplog):
    with pytest.raises(NoPat):
        list(metrics.measured(events(error=NoPat()), "Clarifai"))

    assert numbers("request_failures_total", server="Clarifai", kind="NoPat", cause="you") == 1
    assert not [each for each in caplog.records if each.name == metrics.__name__]


def test_failures_that_the_demo_acts_out_do_not_fill_the_log(numbers, caplog):
    with pytest.raises(CutOff) as caught:
        list(metrics.measured(events(error=CutOff()), "demo"))

    assert numbers("request_failures_total", server="demo", kind="CutOff", cause="the network") == 1
    assert not caught.value.request_id
    assert not [each for each in caplog.records if each.name == metrics.__name__]


def a_turn():
    model = {"url": "u", "name": "M", "input_price": None, "output_price": None}
    return new_turn("Hi", model)


def finished(events):
    turn = a_turn()
    replies.ask(turn, lambda in_flight: events, queue=turn["id"])
    until(lambda: is_over(turn) and replies.running() == 0)
    return turn


def waiting(in_flight):
    assert in_flight.ended.wait(PATIENCE_S)
    yield Finished("stopped")


def test_replies_count_by_how_they_end(numbers):
    finished(events(TextDelta("Hi"), Usage(1, 1), Finished("stop")))
    finished(events(TextDelta("Hi"), error=RateLimited()))
    stopped = a_turn()
    replies.ask(stopped, waiting, queue="q")
    assert replies.counts() == (1, 0)
    replies.stop(stopped)
    until(lambda: replies.running() == 0)

    ended = {each: numbers("replies_ended_total", ending=each) for each in metrics.ENDINGS}
    assert ended == {"completed": 1, "failed": 1, "stopped": 1, "interrupted": 0, "unwatched": 0}


def test_a_worker_that_breaks_leaves_an_id_on_the_page_and_in_the_log(caplog):
    turn = finished(events(error=ZeroDivisionError("what was typed")))

    request_id = turn["problem"]["request_id"]
    assert f"{request_id}: AppFault in the worker of a reply: ZeroDivisionError" in caplog.text
    assert "what was typed" not in caplog.text


def test_refused_questions_count(numbers, set_up):
    set_up(MAX_MEMORY_MB=1)

    finished(events(Finished("stop")))

    assert numbers("questions_refused_total", kind="AppFull") == 1


def test_uses_of_the_database_count(numbers, set_up, tmp_path):
    set_up(DATABASE_URL=f"sqlite:///{tmp_path / 'x.db'}")
    saving.forget_store()
    database.attempt(lambda store: store.presets("a"))
    assert numbers("database_seconds_count") == 1

    set_up(DATABASE_URL="sqlite:////dev/null/x.db")
    saving.forget_store()
    database.attempt(lambda store: store.presets("a"))
    saving.forget_store()
    assert numbers("database_failures_total", kind="StoreReadOnly") == 1


def test_nothing_that_anybody_wrote_becomes_a_number(ask, get, set_up):
    set_up(METRICS_TOKEN=TOKEN)
    model = f"https://clarifai.com/{CANARY}/a/models/b"
    ask(says(f"An answer with {CANARY}"), model=model)
    assert ask(status(400, {"error": {"message": CANARY, "code": CANARY}}), model=model).error

    shown = get(TOKEN).text

    assert_no_canary("/metrics", shown)
    assert "An answer" not in shown
    kinds = set(re.findall(r'kind="(\w+)"', shown))
    labels = set(re.findall(r'(\w+)="', shown))
    assert labels <= {"server", "kind", "cause", "direction", "ending", "state", "le", "version"}
    assert kinds <= {each.__name__ for each in every_kind(ChatError)}
    assert set(re.findall(r'server="(\w+)"', shown)) <= set(metrics.SERVERS)


def every_kind(base):
    return {base}.union(*map(every_kind, base.__subclasses__()))


def test_a_browser_that_does_not_keep_up_counts_once(numbers):
    streamlit_process.count_overflows()
    streamlit_process.count_overflows()
    client = object.__new__(StarletteSessionClient)
    client._closed, client._send_queue = threading.Event(), asyncio.Queue(1)
    client.write_forward_msg(ForwardMsg())
    assert numbers("browsers_dropped_total") == 0

    for _ in range(2):
        with pytest.raises(SessionClientDisconnectedError):
            client.write_forward_msg(ForwardMsg())

    assert numbers("browsers_dropped_total") == 1


# --- deploy/prometheus ------------------------------------------------------------------------


def names():
    """Every name that a query may use."""
    found = {"up"}
    for family in metrics.REGISTRY.collect():
        ends = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}
        found |= {family.name + end for end in ends.get(family.type, [""])}
    return found


def queries(data):
    if isinstance(data, dict):
        yield from [data["expr"]] if "expr" in data else []
        yield from (each for value in data.values() for each in queries(value))
    elif isinstance(data, list):
        yield from (each for value in data for each in queries(value))


@pytest.mark.parametrize("file", ["alerts.yml", "dashboard.json"])
def test_each_number_that_a_file_asks_for_exists(file):
    asked = [*queries(yaml.safe_load((FILES / file).read_text()))]
    used = {each for query in asked for each in re.findall(r"\b(?:clarifai_chat_\w+|up)\b", query)}

    assert len(asked) > 5
    assert used - names() == set()


def test_the_dashboard_shows_each_number_and_has_no_panel_twice():
    panels = json.loads((FILES / "dashboard.json").read_text())["panels"]
    asked = " ".join(queries(panels))
    missing = {each for each in names() if each.startswith("clarifai") and each not in asked}

    assert len({panel["id"] for panel in panels}) == len(panels)
    assert {each.removesuffix("_count").removesuffix("_sum") for each in missing} <= {
        "clarifai_chat_info",
        "clarifai_chat_first_token_seconds",
        "clarifai_chat_database_seconds",
    }


def test_the_operators_page_names_each_number():
    page = (ROOT / "docs" / "OPERATING.md").read_text("utf-8")
    ours = {each for each in names() if each.startswith("clarifai")} - {"clarifai_chat_info"}
    short = {re.sub("^clarifai_chat_|_(bucket|count|sum)$", "", each) for each in ours}

    assert {each for each in short if f"`{each}`" not in page} == set()


# Thirty minutes of an app in trouble, in the words of `promtool test rules`.
FAILURES = 'clarifai_chat_request_failures_total{instance="a",server="local",kind="%s",cause="%s"}'
TROUBLE = {
    'up{job="clarifai-chat",instance="a"}': "0x30",
    'clarifai_chat_requests_total{instance="a",server="Clarifai"}': "0+10x30",
    FAILURES % ("TimedOut", "the model"): "0+2x30",
    FAILURES % ("CutOff", "the network"): "0+1x30",
    'clarifai_chat_first_token_seconds_bucket{instance="a",server="Clarifai",le="20"}': "0+5x30",
    'clarifai_chat_first_token_seconds_bucket{instance="a",server="Clarifai",le="40"}': "0+10x30",
    'clarifai_chat_first_token_seconds_bucket{instance="a",server="Clarifai",le="+Inf"}': "0+10x30",
    'clarifai_chat_database_failures_total{instance="a",kind="StoreBusy"}': "0+1x30",
    'clarifai_chat_memory_bytes{instance="a"}': "95x30",
    'clarifai_chat_memory_limit_bytes{instance="a"}': "100x30",
    'clarifai_chat_questions_refused_total{instance="a",kind="AppFull"}': "0+1x30",
    'clarifai_chat_shared_token_spent_usd{job="clarifai-chat",instance="a"}': "2x30",
    'clarifai_chat_shared_token_spent_usd{job="clarifai-chat",instance="b"}': "3x30",
    'clarifai_chat_shared_token_budget_usd{job="clarifai-chat",instance="a"}': "5x30",
}
PEACE = {
    **dict.fromkeys(TROUBLE, "0x30"),
    'up{job="clarifai-chat",instance="a"}': "1x30",
    'clarifai_chat_requests_total{instance="a",server="Clarifai"}': "0+10x30",
    FAILURES % ("NoPat", "you"): "0+9x30",
}


@pytest.mark.slow
@pytest.mark.parametrize(("series", "fires"), [(TROUBLE, True), (PEACE, False)])
def test_alerts_fire_in_trouble_and_only_then(series, fires, promtool, tmp_path):
    (group,) = yaml.safe_load((FILES / "alerts.yml").read_text())["groups"]
    alerts = [rule["alert"] for rule in group["rules"]]
    values = [{"series": name, "values": text} for name, text in series.items()]
    count = [
        {
            "expr": f'count(ALERTS{{alertname="{alert}",alertstate="firing"}}) or vector(0)',
            "eval_time": "30m",
            "exp_samples": [{"labels": "{}", "value": int(fires)}],
        }
        for alert in alerts
    ]
    test = {"interval": "1m", "input_series": values, "promql_expr_test": count}
    told = {"rule_files": [str(FILES / "alerts.yml")], "tests": [test]}
    (tmp_path / "test.yml").write_text(yaml.safe_dump(told))

    command = [promtool, "test", "rules", "test.yml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert len(alerts) == 7
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def promtool():
    found = shutil.which("promtool")
    if not found:
        pytest.skip("There is no promtool on this machine (Debian: apt-get install prometheus).")
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "file"), [("rules", "alerts.yml"), ("config", "prometheus.yml")])
def test_promtool_accepts_the_files(kind, file, promtool, tmp_path):
    for each in FILES.iterdir():
        shutil.copy(each, tmp_path)
    (tmp_path / "metrics_token").write_text(TOKEN)

    command = [promtool, "check", kind, file]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
