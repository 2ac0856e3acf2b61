"""`make run-local`: the app and a model of this machine start together and end together.

The model is a stand-in; the real one is asked where `make run-local` has installed it.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

import local_llm
from clarifai_chat import catalog, llm
from clarifai_chat.catalog import local, openai_server
from clarifai_chat.events import TextDelta
from clarifai_chat.llm.endpoints import endpoint_for
from clarifai_chat.llm.request import ChatRequest
from tests.browser import free_port, is_up
from tests.fake_proxy import TOY
from tests.patience import PATIENCE_S, until

ROOT = Path(__file__).parent.parent
REAL = ROOT / ".venv-local" / "bin" / "python"

pytestmark = pytest.mark.slow

STAND_IN = f"""#!{sys.executable}
import sys
sys.path.insert(0, {str(ROOT)!r})
from tests.fake_proxy import FakeLlama
assert sys.argv[2] == "--serve"
with FakeLlama(port=int(sys.argv[3])):
    sys.stdin.read()
"""
BROKEN = f"#!{sys.executable}\nraise SystemExit('There is no memory left.')\n"


@pytest.fixture
def start(tmp_path):
    """Start the app beside a model whose Python is the given script; both have ended after it."""
    started = []

    def start(script, **environ):
        python = tmp_path / "python"
        python.write_text(script)
        python.chmod(0o755)
        process = subprocess.Popen(
            [sys.executable, "local_llm.py", str(python)],
            cwd=ROOT,
            env={**os.environ, "HISTORY": "false", **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()
        process.communicate(timeout=PATIENCE_S)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_app_and_the_model_end_together(start, how):
    port = free_port()
    process = start(STAND_IN, PORT=str(port))
    said = process.stdout.readline()
    base = said.partition(" listens on ")[2].partition(". Ctrl+C")[0]
    assert said.startswith(f"{TOY} listens on http://127.0.0.1:")
    until(lambda: is_up(f"http://localhost:{port}/healthz"))
    assert is_up(f"{base}/models")

    # A terminal's Ctrl+C reaches the app as well; a supervisor's end does not.
    (os.killpg if how == signal.SIGINT else os.kill)(process.pid, how)

    assert process.wait(PATIENCE_S) == (130 if how == signal.SIGINT else 143)
    assert not is_up(f"{base}/models")
    assert not is_up(f"http://localhost:{port}/healthz")


def test_a_model_that_does_not_start_is_told_of_and_so_is_why(start):
    process = start(BROKEN)

    said, _ = process.communicate(timeout=PATIENCE_S)

    assert said == "The local model does not start: There is no memory left.\n"
    assert process.returncode == 1


def test_the_page_names_the_model_as_the_toy_it_is():
    assert local_llm.NAME == TOY == "SmolLM2 135M (toy)"


if REAL.exists():

    def test_the_real_model_answers_and_tells_of_itself(set_up):
        port = free_port()
        base = f"http://127.0.0.1:{port}"
        model = subprocess.Popen(
            [REAL, "local_llm.py", "--serve", str(port)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            until(lambda: model.poll() is not None or is_up(f"{base}/health"))
            assert model.poll() is None
            set_up(LOCAL_API_BASE=f"{base}/v1")

            (toy,) = openai_server.list_local(local.KEY, f"{base}/v1")
            assert (toy.url, toy.context_window) == (catalog.LOCAL + TOY, local_llm.CONTEXT)
            assert (toy.tools, toy.vision) == (False, False)

            request = ChatRequest(
                toy.url, ({"role": "user", "content": "What is the capital of France?"},),
                params={"max_tokens": 24, "temperature": 0, "seed": 1},
            )  # fmt: skip
            events = list(llm.events(request, endpoint_for(toy.url, "", None)))
            # What it says is its own affair: it is a toy.
            assert "".join(each.text for each in events if isinstance(each, TextDelta)).strip()
        finally:
            model.stdin.close()  # as when whoever started it has ended
            assert model.wait(PATIENCE_S) == 0
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{base}/health")
