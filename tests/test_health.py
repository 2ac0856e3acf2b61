"""What an orchestrator's probes are told: alive, warm, ready."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from starlette.applications import Starlette

from clarifai_chat import memory
from clarifai_chat.history import saving
from clarifai_chat.serving import health


@pytest.fixture
def probe(set_up, tmp_path, monkeypatch):
    """`probe("/readyz", "ready")`: the status and JSON, with the warm-up in this state."""
    monkeypatch.setattr(health, "_look", health._Look())
    monkeypatch.setattr(health, "AGAIN_S", 0)
    set_up(DATABASE_URL=f"sqlite:///{tmp_path / 'history.db'}")
    saving.forget_store()

    def probe(path, state="ready"):
        app = Starlette(routes=health.routes(lambda: state))

        async def ask():
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
                return await client.get(path)

        with ThreadPoolExecutor(1) as pool:
            response = pool.submit(asyncio.run, ask()).result()
        return response.status_code, response.json()

    yield probe
    saving.forget_store()


@pytest.mark.parametrize("state", ["loading", "ready", "failed"])
def test_a_process_that_answers_is_alive(probe, state):
    assert probe("/livez", state) == (200, {"status": "ok"})


@pytest.mark.parametrize(
    ("state", "status", "said"),
    [("loading", 503, "starting"), ("ready", 200, "ok"), ("failed", 200, "degraded")],
)
def test_health_does_not_stay_bad_because_a_warm_up_failed(probe, state, status, said):
    assert probe("/healthz", state) == (status, {"status": said})


def test_an_app_with_everything_is_ready(probe):
    parts = {"warm_up": "ok", "database": "ok", "memory": "ok"}
    assert probe("/readyz") == (200, {"status": "ready", **parts})


@pytest.mark.parametrize("state", ["loading", "failed"])
def test_an_app_that_is_not_warm_is_not_ready(probe, state):
    status, said = probe("/readyz", state)

    assert (status, said["status"], said["warm_up"]) == (503, "not ready", state)


def test_an_app_without_its_database_is_not_ready_and_says_why(probe, set_up, tmp_path):
    (tmp_path / "in the way").write_text("")
    set_up(DATABASE_URL=f"sqlite:///{tmp_path}/in the way/x.db")
    saving.forget_store()  # another test's thread may have opened the one before

    status, said = probe("/readyz")

    assert status == 503
    assert said["database"].startswith("The database of conversations cannot be written.")
    assert said["memory"] == said["warm_up"] == "ok"
    assert str(tmp_path) not in str(said)


def test_an_app_that_saves_nothing_needs_no_database(probe, set_up):
    set_up(HISTORY="false")

    status, said = probe("/readyz")

    assert (status, said["database"]) == (200, "off")


def test_an_app_at_its_limit_of_memory_is_not_ready(probe, set_up, monkeypatch):
    set_up(MAX_MEMORY_MB=100)
    monkeypatch.setattr(memory, "used_mb", lambda: 120.4)

    status, said = probe("/readyz")

    assert status == 503
    assert said["memory"] == "120 MB are used, more than the limit of 100 MB"
