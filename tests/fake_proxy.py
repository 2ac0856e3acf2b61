"""OpenAI-compatible servers on loopback that are not Clarifai's: a LiteLLM Proxy, a llama.cpp.

    with FakeProxy() as proxy:              # proxy.api_base goes into CLARIFAI_OPENAI_BASE
        proxy.keys[CANARY] = "ada"
        proxy.next(says("Hello"))           # behaviours are those of tests/fake_clarifai.py

    with FakeLlama() as llama:              # llama.api_base goes into LOCAL_API_BASE

Lists, facts and errors have the forms that litellm 1.106.12 and llama.cpp b11549 were seen to send;
tests/test_behind_proxy.py asks the real proxy for the same.
"""

from copy import deepcopy
from typing import Any

from clarifai_chat.demo import DemoHandler
from tests.fake_clarifai import Behaviour, FakeClarifai, FakeHandler, Seen, status

KEY = "sk-ada-1234567890abcdef"
SPENT_KEY = "sk-spent-1234567890abcdef"
TOY = "SmolLM2 135M (toy)"


def proxy_error(code: int, message: str, kind: str) -> Behaviour:
    """An error as a LiteLLM Proxy words it: its code is a text."""
    error = {"message": message, "type": kind, "param": None, "code": str(code)}
    return status(code, {"error": error})


WRONG_KEY = proxy_error(401, "Authentication Error, no such key", "auth_error")
SPENT = proxy_error(
    422, "Budget has been exceeded! Current cost: 0.02, Max budget: 0.01", "budget_exceeded"
)
NO_SUCH_MODEL = proxy_error(
    400,
    "/chat/completions: Invalid model name passed in model=nosuch. Call `/v1/models` to view"
    " available models for your key.",
    "invalid_request_error",
)
REFUSED_UPSTREAM = proxy_error(
    401,
    "litellm.AuthenticationError: AuthenticationError: OpenAIException - Error code: 401 -"
    " {'status': {'code': 11008}}",
    "authentication_error",
)


class ProxyHandler(FakeHandler):
    @property
    def proxy(self) -> "FakeProxy":
        assert isinstance(self.demo, FakeProxy)
        return self.demo

    def _route(self, route: str, seen: Seen) -> None:
        key = seen.headers.get("authorization", "").removeprefix("Bearer ")
        if self.proxy.checks_keys and key not in self.proxy.keys:
            return WRONG_KEY(self, {})
        name = {
            "/v1/models": "models",
            "/v1/model/info": "info",
            "/props": "props",
            "/health": "health",
            "/v1/chat/completions": "chat",
        }.get(seen.path, "")
        if behaviour := self.proxy.take(name):
            return behaviour(self, seen.body or {})
        if name == "chat":
            return self._chat(key, seen.body)
        answer = self.proxy.answers.get(name)
        if answer is None:
            return self.send_json(404, {"detail": "Not Found"})
        return self.send_json(200, answer)

    def _chat(self, key: str, body: dict[str, Any]) -> None:
        if key in self.proxy.spent:
            return SPENT(self, body)
        if self.proxy.checks_keys and body["model"] not in self.proxy.names:
            return NO_SUCH_MODEL(self, body)
        return DemoHandler.answer_chat(self, body)


class FakeProxy(FakeClarifai):
    """A LiteLLM Proxy. Change `keys`, `spent`, `names` and `answers` at will."""

    handler = ProxyHandler
    checks_keys = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.keys = {KEY: "ada", SPENT_KEY: "grace"}
        self.spent = {SPENT_KEY}
        self.names = {"clarifai-model", "gpt-4o", "typed/by-hand"}  # what may be asked
        self.answers: dict[str, Any] = deepcopy({"models": _MODELS, "info": _INFO})

    @property
    def api_base(self) -> str:
        return f"{self.base}/v1"

    @property
    def wire(self) -> str:
        """All that any request brought, as text: paths, headers and bodies."""
        return "\n".join(f"{s.path} {s.query} {s.headers} {s.raw!r}" for s in self.journal)


class FakeLlama(FakeProxy):
    """A llama.cpp server with one model, which takes any key."""

    checks_keys = False

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        meta = {"n_ctx": 4096, "n_ctx_train": 8192, "n_params": 134515008}
        row = {"id": TOY, "object": "model", "owned_by": "llamacpp", "meta": meta}
        self.answers = {
            "health": {"status": "ok"},
            "models": {"object": "list", "data": [row]},
            "props": {
                "default_generation_settings": {"n_ctx": 2048},
                "chat_template_caps": {"supports_tools": False},
                "modalities": {"vision": False, "audio": False},
            },
        }


def _row(name: str, **facts: Any) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 1677610602, "owned_by": "openai", **facts}


def _info(name: str, **facts: Any) -> dict[str, Any]:
    params = {"model": "openai/https://clarifai.com/openai/chat-completion/models/o4-mini"}
    return {"model_name": name, "litellm_params": params, "model_info": {"id": name, **facts}}


_UNKNOWN = {"max_input_tokens": None, "input_cost_per_token": None, "supports_vision": None}
_KNOWN = {
    "max_input_tokens": 128000,
    "max_output_tokens": 16384,
    "input_cost_per_token": 2.5e-06,
    "output_cost_per_token": 1e-05,
    "supports_function_calling": True,
    "supports_vision": True,
    "supports_reasoning": False,
}
_MODELS = {
    "object": "list",
    "data": [
        _row("clarifai-model"),
        _row("gpt-4o", max_input_tokens=128000),
        _row("clarifai/gpt-4o-mini"),  # invented for a wildcard
        _row("clarifai/sora-2"),
    ],
}
_INFO = {
    "data": [
        _info("clarifai-model", **_UNKNOWN),
        _info("gpt-4o", **_KNOWN),
        _info("clarifai/gpt-4o-mini", id="wildcard"),
        _info("clarifai/sora-2", id="wildcard"),
    ]
}
