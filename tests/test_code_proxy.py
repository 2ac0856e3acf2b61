"""The LiteLLM Proxy's config starts, and calls through it reach Clarifai as the app's own request.

A real `litellm --config`, from an environment of its own: `make test-proxy` makes it and runs this.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from itertools import product
from pathlib import Path

import httpx
import pytest

from clarifai_chat.demo import API_PATH
from clarifai_chat.llm.code import snippet
from tests.patience import PATIENCE_S
from tests.some_requests import CASES, MODELS, AnsweringClarifai, printed, request, sorted_json
from tests.test_code_runs import PYTHON, environment, run, said

pytestmark = [pytest.mark.proxy, pytest.mark.slow]

LITELLM = Path(os.environ.get("VENV_PROXY", ".venv-proxy")).resolve() / "bin" / "litellm"
TOKEN = "the-token-of-the-proxy"
MASTER_KEY = "sk-0123456789abcdef"
KEYS = {"LITELLM_MASTER_KEY": MASTER_KEY, "CLARIFAI_PAT": TOKEN}
OFFLINE = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MODE": "PRODUCTION"}
BASE = "http://127.0.0.1:4000"  # of the proxy, in the snippets
FIRST, *OTHERS = MODELS
RUNS = list(product(CASES, MODELS))
EACH = pytest.mark.parametrize(("case", "model"), RUNS)


def name_of(model):
    """The model's name at the proxy of these tests, which serves all of them."""
    return "clarifai-model" if model == FIRST else f"clarifai-model-{OTHERS.index(model)}"


@pytest.fixture(scope="module")
def clarifai():
    with AnsweringClarifai() as clarifai:
        clarifai.users[TOKEN] = "ada"
        yield clarifai


@pytest.fixture(scope="module")
def base(clarifai, tmp_path_factory):
    """The address of a proxy with the first model's config, and the other models' entries added."""
    if not LITELLM.exists():
        pytest.skip(f"There is no proxy in {LITELLM.parent.parent}: `make test-proxy` installs it")
    configs = {m: made("text", m, clarifai).text for m in MODELS}
    added = ""
    for model in OTHERS:
        _, _, entry = configs[model].partition("model_list:\n")
        entry, _, _ = entry.partition("  # Any other model")
        added += entry.replace("clarifai-model", name_of(model))
    folder = tmp_path_factory.mktemp("proxy")
    config = configs[FIRST].replace("model_list:\n", f"model_list:\n{added}")
    (folder / "config.yaml").write_text(config, "utf-8")

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [LITELLM, "--config", "config.yaml", "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "log").open("w") as log:
        env = {**environment(), **KEYS, **OFFLINE}
        proxy = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log)
    try:
        wait_for(f"http://127.0.0.1:{port}", proxy, folder / "log")
        yield f"http://127.0.0.1:{port}"
    finally:
        proxy.terminate()
        proxy.wait(PATIENCE_S)


def wait_for(base, proxy, log):
    deadline = time.monotonic() + 2 * PATIENCE_S
    while True:
        try:
            httpx.get(f"{base}/health/liveliness").raise_for_status()
        except httpx.HTTPError:
            assert proxy.poll() is None, log.read_text("utf-8")
            assert time.monotonic() < deadline, log.read_text("utf-8")
            time.sleep(0.2)
        else:
            return


def made(case, model, clarifai):
    return snippet("proxy", request(case, model), clarifai.base + API_PATH)


@pytest.fixture(scope="module")
def folders(clarifai, base, tmp_path_factory):
    """A folder for each run, with the files that lie beside the config."""
    folders = []
    for case, model in RUNS:
        folder = tmp_path_factory.mktemp("calls")
        for name, content in made(case, model, clarifai).files.items():
            if name.startswith("ask_proxy"):
                content = content.replace(BASE.encode(), base.encode())
                content = content.replace(b'"clarifai-model"', f'"{name_of(model)}"'.encode())
            (folder / name).write_bytes(content)
        folders.append(folder)
    return folders


def sent(clarifai, before):
    """The bodies that have reached Clarifai since, one for each run."""
    new = clarifai.chats[before:]
    assert {seen.headers["authorization"] for seen in new} == {f"Bearer {TOKEN}"}
    return [seen.body for seen in new]


@pytest.fixture(scope="module")
def python(clarifai, folders):
    before = len(clarifai.chats)
    rows = [[str(folder), "ask_proxy.py", ""] for folder in folders]
    env = {**environment(), "LITELLM_MASTER_KEY": MASTER_KEY}
    heard = run([sys.executable, "-c", PYTHON], rows, env=env)
    return sent(clarifai, before), heard


@pytest.fixture(scope="module")
def curl(clarifai, folders):
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    before = len(clarifai.chats)
    env = {**environment(), "LITELLM_MASTER_KEY": MASTER_KEY}
    command = ["sh", "ask_proxy.sh"]
    heard = [
        subprocess.run(
            command, cwd=folder, env=env, capture_output=True, text=True, timeout=PATIENCE_S
        ).stdout
        for folder in folders
    ]
    return sent(clarifai, before), heard


def assert_ran(bodies, heard, case, model):
    assert len(bodies) == len(RUNS), heard
    number = RUNS.index((case, model))
    assert sorted_json(bodies[number]) == sorted_json(request(case, model).body)
    assert heard[number] == printed(case)


@EACH
def test_python_asks_through_the_proxy(python, case, model):
    assert_ran(*python, case, model)


@EACH
def test_curl_asks_through_the_proxy(curl, case, model):
    bodies, answers = curl
    assert_ran(bodies, [said(text) for text in answers], case, model)


@pytest.mark.parametrize("model", MODELS)
def test_any_model_can_be_asked_by_its_url(clarifai, base, model):
    body = request("tools", model).body

    headers = {"Authorization": f"Bearer {MASTER_KEY}"}
    answer = httpx.post(f"{base}/chat/completions", json=body, headers=headers, timeout=PATIENCE_S)

    assert answer.status_code == 200, answer.text
    assert sorted_json(clarifai.chats[-1].body) == sorted_json(body)


def test_one_refused_request_does_not_block_the_next(clarifai, base):
    ask = lambda: httpx.post(  # noqa: E731, twice the same
        f"{base}/chat/completions",
        json={**request().body, "model": "clarifai-model"},
        headers={"Authorization": f"Bearer {MASTER_KEY}"},
        timeout=PATIENCE_S,
    )
    del clarifai.users[TOKEN]
    refused = ask()
    clarifai.users[TOKEN] = "ada"

    assert (refused.status_code, ask().status_code) == (401, 200)


def test_the_config_does_not_let_strangers_in(base):
    body = {**request().body, "model": "clarifai-model"}

    answer = httpx.post(f"{base}/chat/completions", json=body, timeout=PATIENCE_S)

    assert answer.status_code >= 400
