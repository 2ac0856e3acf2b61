"""The real LiteLLM Proxy in front of the loopback Clarifai, and the app behind it.

`make test-proxy` runs this. Virtual keys need a database, so the proxy's keys and the budget that
runs out come from its own hook for custom keys: KEYS decides whose a key is and when it is spent,
the proxy what it answers then.
"""

import os
import subprocess
from pathlib import Path

import httpx
import pytest

from clarifai_chat.catalog import openai_server
from tests.browser import free_port, is_up
from tests.fake_clarifai import PAT as UPSTREAMS_PAT
from tests.fake_clarifai import FakeClarifai, calls, says, status
from tests.fake_proxy import KEY, SPENT_KEY, FakeProxy
from tests.pages import ask, head, open_picker, page, reply, type_token
from tests.patience import until

LITELLM = Path(os.environ.get("VENV_PROXY", ".venv-proxy")).resolve() / "bin" / "litellm"

pytestmark = [
    pytest.mark.proxy,
    pytest.mark.skipif(not LITELLM.exists(), reason="no LiteLLM Proxy: make test-proxy"),
]

EMPTY_KEY = "sk-empty-1234567890abcdef"
O4_MINI = "https://clarifai.com/openai/chat-completion/models/o4-mini"
LLAMA = "https://clarifai.com/meta/Llama-3/models/Llama-3_2-3B-Instruct"
CONFIG = f"""
model_list:
  - model_name: clarifai-model
    litellm_params:
      model: openai/{O4_MINI}
      api_base: os.environ/UPSTREAM
      api_key: os.environ/CLARIFAI_PAT
      allowed_openai_params: [tools, tool_choice, parallel_tool_calls]
  - model_name: llama
    litellm_params:
      model: openai/{LLAMA}
      api_base: os.environ/UPSTREAM
      api_key: os.environ/CLARIFAI_PAT
    model_info:
      max_input_tokens: 8192
      input_cost_per_token: 0.000001
      output_cost_per_token: 0.000002
      supports_function_calling: true
      supports_vision: false
  - model_name: badly-set-up
    litellm_params:
      model: openai/{O4_MINI}
      api_base: os.environ/UPSTREAM
      api_key: not-a-token
  - model_name: clarifai/*
    litellm_params:
      model: openai/https://clarifai.com/*
      api_base: os.environ/UPSTREAM
      api_key: os.environ/CLARIFAI_PAT
router_settings: {{disable_cooldowns: true, num_retries: 0}}
general_settings: {{custom_auth: keys.check}}
"""
KEYS = f"""
import litellm
from litellm.proxy._types import UserAPIKeyAuth

asked = 0

async def check(request, api_key):
    global asked
    if api_key == {SPENT_KEY!r}:
        asked += request.url.path.endswith("/chat/completions")
        if asked > 1:  # enough for one question
            raise litellm.BudgetExceededError(current_cost=0.02, max_budget=0.01)
    elif api_key == {EMPTY_KEY!r}:
        raise litellm.BudgetExceededError(current_cost=0.02, max_budget=0.01)
    elif api_key != {KEY!r}:
        raise Exception("no such key")
    return UserAPIKeyAuth(api_key=api_key)
"""
# What a proxy with a database has. Without it, this version answers 500 to every key it refuses.
PRISMA = """
import sys, types

class Errors(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (Exception,), {})

errors = Errors("prisma.errors")
engine = types.ModuleType("prisma.engine")
engine.errors = Errors("prisma.engine.errors")
sys.modules |= {each.__name__: each for each in (errors, engine, engine.errors)}
"""


@pytest.fixture(scope="module")
def upstream():
    with FakeClarifai() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def base(upstream, tmp_path_factory):
    """The running proxy's base URL."""
    folder = tmp_path_factory.mktemp("proxy")
    (folder / "config.yaml").write_text(CONFIG)
    (folder / "keys.py").write_text(KEYS)
    has_prisma = subprocess.run([LITELLM.with_name("python"), "-c", "import prisma"], cwd=folder)
    if has_prisma.returncode:
        (folder / "prisma").mkdir()
        (folder / "prisma" / "__init__.py").write_text(PRISMA)
    port = free_port()
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [LITELLM, "--config", "config.yaml", "--host", "127.0.0.1", "--port", str(port)],
            cwd=folder,
            env={
                **kept,
                "PYTHONPATH": str(folder),
                "UPSTREAM": upstream.api_base,
                "CLARIFAI_PAT": UPSTREAMS_PAT,
                "LITELLM_MASTER_KEY": "sk-master-not-used",
                "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            },
            stdout=log,
            stderr=log,
        )
    url = f"http://127.0.0.1:{port}"
    until(lambda: process.poll() is not None or is_up(f"{url}/health/liveliness"))
    assert process.poll() is None, (folder / "log").read_text()
    yield f"{url}/v1"
    process.terminate()
    process.wait()


@pytest.fixture
def proxy(base, upstream, fake, set_up):
    """The app's settings name the proxy; what it asks of Clarifai would be seen in `fake`."""
    fake.users |= {KEY: "ada", SPENT_KEY: "grace", UPSTREAMS_PAT: "operator"}  # never on a page
    upstream.clear()
    set_up(CLARIFAI_OPENAI_BASE=base)
    yield upstream
    assert fake.journal == []
    seen = "\n".join(f"{each.headers} {each.raw!r}" for each in upstream.journal)
    assert KEY not in seen
    assert SPENT_KEY not in seen


def test_its_list_fills_the_picker_without_invented_names(open_app, proxy, base):
    app = open_picker(type_token(open_app(), KEY))

    assert "3 models" in head(app)
    offered = [b.key for b in app.main.button if (b.key or "").startswith("use:short:")]
    assert offered == [
        "use:short:clarifai-model",
        "use:short:llama",
        "use:short:badly-set-up",
        "use:short:demo",
    ]
    shown = page(app)
    assert "8k context · $1.00 in · $2.00 out per 1M · tools · no vision" in shown
    listed = httpx.get(f"{base}/models", headers={"Authorization": f"Bearer {KEY}"}).json()["data"]
    assert len(listed) > 20  # what the wildcard invents
    assert len(openai_server.list_models(KEY, base)) == 3


def test_a_question_streams_through_it_and_reaches_clarifai(open_app, proxy):
    proxy.next(says("Hello ", "through ", "two servers."))

    app = ask(type_token(open_app(), KEY), "Hi")

    assert "Hello through two servers." in reply(app)
    assert "11 tokens in, 7 out" in reply(app)
    (chat,) = proxy.chats
    assert chat.body["model"] == O4_MINI
    assert chat.body["stream"] is True
    assert chat.headers["authorization"] == f"Bearer {UPSTREAMS_PAT}"


def test_tools_go_through_it(open_app, proxy):
    proxy.next(calls("get_weather", '{"location": "Rome"}'))
    app = open_app("pages/tool_playground.py", pat=KEY, chosen="clarifai-model")

    app.click("run")

    (chat,) = proxy.chats
    assert [tool["function"]["name"] for tool in chat.body["tools"]]
    assert "Call `get_weather` :green-badge[valid]" in page(app)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("clarifai/openai/chat-completion/models/gpt-4_1", O4_MINI.replace("o4-mini", "gpt-4_1")),
        ("llama", LLAMA),
    ],
)
def test_a_name_typed_by_hand_meets_the_wildcard(open_app, proxy, name, url):
    proxy.next(says("Found."))

    app = ask(open_app(pat=KEY, query={"model": name}), "Hi")

    assert "Found." in reply(app)
    assert proxy.chats[0].body["model"] == url


def test_a_budget_that_runs_out_is_a_sentence_and_the_other_key_goes_on(open_app, proxy):
    proxy.next(says("One."), says("By the other key."))
    app = type_token(open_app(), SPENT_KEY)
    ask(app, "Hi")
    assert "One." in reply(app)

    ask(app, "And now?")
    assert "The budget of this key is used up." in reply(app)
    assert len(proxy.chats) == 1

    app.click("forget")
    type_token(app, KEY)
    app.click(f"retry:{app.turns[-1]['id']}")
    assert "By the other key." in reply(app)


def test_a_wrong_key_is_named_by_verify_and_by_a_question(open_app, proxy):
    app = type_token(open_app(), "sk-wrong-1234")
    assert "Key …1234: The model's server does not accept this key." in head(app)

    app = ask(open_app(pat="sk-wrong-1234", chosen="llama"), "Hi")
    assert "The model's server does not accept this key." in reply(app)
    assert proxy.chats == []


@pytest.mark.parametrize(
    ("model", "behaviour", "sentence"),
    [
        ("no-such-model", None, "The server knows no model of this name."),
        ("badly-set-up", None, "could not sign in to the model's provider."),
        ("llama", status(429, 11005), "Too many requests with this key just now."),
        ("llama", status(500, 98004), "The model's server had an error of its own."),
    ],
)
@pytest.mark.usefixtures("quick_retries")
def test_its_failures_are_sentences(open_app, proxy, model, behaviour, sentence):
    proxy.next(*([behaviour] * 4 if behaviour else []))

    app = ask(open_app(pat=KEY, chosen=model), "Hi")

    assert sentence in reply(app)
    assert "Clarifai does not" not in reply(app)


@pytest.mark.parametrize("key", ["sk-wrong", EMPTY_KEY])
def test_its_words_are_those_of_the_fake_one(proxy, base, key):
    """What the fast tests trust: tests/fake_proxy.py."""

    def said(base):
        body = {"model": "llama", "messages": [{"role": "user", "content": "Hi"}]}
        headers = {"Authorization": f"Bearer {key}"}
        answer = httpx.post(f"{base}/chat/completions", json=body, headers=headers, timeout=60)
        error = answer.json()["error"]
        return answer.status_code, error["type"], error["message"], error["code"]

    with FakeProxy() as fake_one:
        fake_one.keys[EMPTY_KEY] = "mary"
        fake_one.spent.add(EMPTY_KEY)

        assert said(base) == said(fake_one.api_base)
