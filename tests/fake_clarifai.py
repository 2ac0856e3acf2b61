"""A Clarifai on loopback: its own API, its OpenAI-compatible one, and every quirk and fault.

    with FakeClarifai() as fake:              # fake.base goes into CLARIFAI_API_BASE
        fake.next(says("Hel", "lo"))          # one behaviour for one request; the script otherwise
        ...
        assert fake.chats[0].body["stream"]

For browser tests: `python -m tests.fake_clarifai --port 8099` prints its address. Then
POST /_fake/next with {"behaviour": "says", "args": ["Hi"], "options": {"delay_s": 0.1}} queues a
behaviour, and GET /_fake/journal tells what was asked.

To add a quirk, write a function that returns a behaviour: a callable that is given the handler of
the connection and the request's body, and answers it.
"""

import argparse
import json
import socket
import struct
import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

from clarifai_chat.demo import API_PATH, DemoHandler, DemoServer
from tests.patience import PATIENCE_S

PAT = "0123456789abcdef0123456789abcdef"
OTHER_PAT = "fedcba9876543210fedcba9876543210"
RESTRICTED_PAT = "00000000000000000000000000001107"

ROUTES = {
    ("POST", f"{API_PATH}/chat/completions"): "chat",
    ("GET", "/v2/users/me"): "me",
    ("GET", "/v2/models"): "models",
    ("POST", "/v2/resource_prices/searches"): "prices",
}
MAX_PRICES_AT_ONCE = 100
SILENT_S = 5 * PATIENCE_S  # whoever waits for the end of that has failed
DEFAULT_PER_PAGE = 128


@dataclass
class Seen:
    """One request as it came, and what became of its connection. Times are monotonic seconds."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]  # names in lower case
    body: Any
    raw: bytes  # the body as it came
    connection: int
    came_at: float = field(default_factory=time.monotonic)
    answered_at: float | None = None  # the whole answer was sent
    left_at: float | None = None  # the client left before it was
    closed_at: float | None = None  # the connection ended, by whoever's doing
    left: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def alive(self) -> bool:
        """Whether the request's connection is still open, as far as the server knows."""
        return self.closed_at is None

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in ("left", "raw")}


class FakeHandler(DemoHandler):
    look_every_s = 0.01
    server_version = "FakeClarifai"

    @property
    def fake(self) -> "FakeClarifai":
        assert isinstance(self.demo, FakeClarifai)
        return self.demo

    def setup(self) -> None:
        super().setup()
        self.seen: list[Seen] = []

    def finish(self) -> None:
        for seen in self.seen:
            seen.closed_at = time.monotonic()
        super().finish()

    def wait_for(self, event: threading.Event) -> None:
        """Wait for an event of a test's. Raises as soon as the client is seen to have left."""
        while not event.is_set():
            self.pause(self.look_every_s)

    def do_GET(self) -> None:
        self._answer("GET", None)

    def read_body(self) -> bytes:
        self.raw = super().read_body()
        return self.raw

    def do_POST(self) -> None:
        self._answer("POST", self.read_json())

    def _answer(self, method: str, body: Any) -> None:
        url = urlsplit(self.path)
        if url.path.startswith("/_fake/"):
            return self._control(url.path, body)
        query = parse_qs(url.query)
        headers = {name.lower(): value for name, value in self.headers.items()}
        raw = self.raw if method == "POST" else b""
        seen = Seen(method, url.path, query, headers, body, raw, self.client_address[1])
        self.seen.append(seen)
        self.fake.journal.append(seen)
        try:
            self._route(ROUTES.get((method, url.path), ""), seen)
            seen.answered_at = time.monotonic()
        except ConnectionError:
            seen.left_at = time.monotonic()
            seen.left.set()
            raise

    def _route(self, route: str, seen: Seen) -> None:
        if not route:
            return self.send_status(404, 11101, details=f"There is no {seen.path} here.")
        scheme = "Bearer " if route == "chat" else "Key "
        given = seen.headers.get("authorization", "")
        pat = given.removeprefix(scheme)
        if not given.startswith(scheme) or pat not in self.fake.users:
            return self.send_status(401, 11008, details="The token is not known.")
        if behaviour := self.fake.take(route):
            return behaviour(self, seen.body or {})
        if seen.method == "POST" and seen.body is None:
            headers = {"Connection": "close"}
            details = "The request's body is not a JSON object."
            return self.send_status(400, 11102, details=details, headers=headers)
        if route == "chat":
            return self.answer_chat(seen.body)
        native = {"me": self._me, "models": self._models, "prices": self._prices}
        return native[route](seen, pat)

    def _me(self, seen: Seen, pat: str) -> None:
        if pat in self.fake.restricted:
            return self.send_status(403, 11007, details="The token lacks the scope Users:Get.")
        user = {"id": self.fake.users[pat], "first_name": "Ada", "last_name": "Lovelace"}
        return self._send_success(user=user)

    def _models(self, seen: Seen, pat: str) -> None:
        page = int(seen.query.get("page", ["1"])[0])
        per_page = int(seen.query.get("per_page", [str(DEFAULT_PER_PAGE)])[0])
        only_featured = seen.query.get("featured_only") == ["true"]
        listed = [m for m in self.fake.models if "featured_order" in m or not only_featured]
        shown = listed[(page - 1) * per_page : page * per_page]
        # A page past the end is a success without the key.
        return self._send_success(**({"models": shown} if shown else {}))

    def _prices(self, seen: Seen, pat: str) -> None:
        asked = seen.body.get("models") or []
        if len(asked) > MAX_PRICES_AT_ONCE:
            return self.send_status(400, 11102, details="At most 100 models at a time.")
        ids = [(model["user_id"], model["app_id"], model["id"]) for model in asked]
        known = [(key, self.fake.prices[key]) for key in ids if key in self.fake.prices]
        return self._send_success(model_prices=[_price(*key, *each) for key, each in known])

    def _send_success(self, **content: Any) -> None:
        code = "SUCCESS" if self.fake.codes_as_names else 10000
        status = {"code": code, "description": "Ok", "req_id": "0" * 32}
        self.send_json(200, {"status": status, **content})

    def _control(self, path: str, body: Any) -> None:
        if path == "/_fake/journal":
            return self.send_json(200, [seen.as_json() for seen in list(self.fake.journal)])
        if path == "/_fake/next" and body and body.get("behaviour") in BEHAVIOURS:
            make = BEHAVIOURS[body["behaviour"]]
            behaviour = make(*body.get("args", ()), **body.get("options", {}))
            self.fake.next(behaviour, on=body.get("on", "chat"))
            return self.send_json(200, {"queued": body["behaviour"]})
        return self.send_json(404, {"behaviours": sorted(BEHAVIOURS)})


Behaviour = Callable[[FakeHandler, dict[str, Any]], None]


class FakeClarifai(DemoServer):
    """The fake. Change `users`, `models` and `prices` at will; `journal` holds every request."""

    handler = FakeHandler
    poll_s = 0.01

    def __init__(self, *, models: list[dict[str, Any]] | None = None, **options: Any) -> None:
        super().__init__(**{"pause_s": 0.0, "slow_s": 0.0, "silent_s": 0.0, **options})
        self.users = {PAT: "ada", OTHER_PAT: "grace", RESTRICTED_PAT: "restricted"}
        self.restricted = {RESTRICTED_PAT}
        self.models = default_models() if models is None else models
        # The last one has no price, so that "not known" is met as well.
        self.prices = {_key(m): (0.009, 0.036) for m in self.models[:-1]} | _PRICES
        self.codes_as_names = False
        self.journal: list[Seen] = []
        self._queues: dict[str, deque[Behaviour]] = defaultdict(deque)

    def next(self, *behaviours: Behaviour, on: str = "chat") -> None:
        """Queue a behaviour for each of the next requests to `on`: chat, me, models or prices."""
        self._queues[on].extend(behaviours)

    def clear(self) -> None:
        """Drop what is queued, and forget what was seen."""
        self._queues.clear()
        self.journal.clear()

    def take(self, route: str) -> Behaviour | None:
        with self._lock:
            return self._queues[route].popleft() if self._queues[route] else None

    @property
    def chats(self) -> list[Seen]:
        """The chat requests, in the order they came."""
        return [seen for seen in self.journal if seen.path.endswith("/chat/completions")]

    def was_left(self) -> bool:
        """Wait for the last chat's client to leave; whether it does before its answer is over."""
        return bool(self.chats) and self.chats[-1].left.wait(PATIENCE_S)


# --- The catalog -----------------------------------------------------------------------------

_FAMILIES = (
    ("openai", "chat-completion", "gpt-oss-120b-high-throughput"),
    ("openai", "chat-completion", "gpt-oss-20b"),
    ("openai", "chat-completion", "gpt-4_1"),
    ("anthropic", "completion", "claude-sonnet-4"),
    ("anthropic", "completion", "claude-opus-4"),
    ("xai", "chat-completion", "grok-3"),
    ("xai", "chat-completion", "grok-4-1-fast"),
    ("gcp", "generate", "gemini-2_5-pro"),
    ("gcp", "generate", "gemma-3-12b-it"),
    ("moonshotai", "chat-completion", "Kimi-K2_6"),
    ("qwen", "qwenLM", "Qwen3-30B-A3B-Instruct-2507"),
    ("deepseek-ai", "deepseek-chat", "DeepSeek-R1-0528-Qwen3-8B"),
)
_SEES_PICTURES = ("Kimi-K2_6", "gemini-2_5-pro")
_PRICES = {
    ("openai", "chat-completion", "gpt-oss-20b"): (0.0045, 0.018),
    ("moonshotai", "chat-completion", "Kimi-K2_6"): (0.095, 0.4),
}


def make_model(
    user_id: str, app_id: str, model_id: str, *, order: int | None = 1, chats: bool = True
) -> dict[str, Any]:
    """A model as Clarifai lists it. Without `order` it is not featured; not `chats`, no LLM."""
    transports = [
        {"name": "openai_transport", "method_type": "UNARY_UNARY"},
        {"name": "openai_stream_transport", "method_type": "UNARY_STREAMING"},
    ]
    predict = {"name": "predict", "method_type": "UNARY_UNARY"}
    model: dict[str, Any] = {
        "id": model_id,
        "name": model_id.replace("_", "."),
        "user_id": user_id,
        "app_id": app_id,
        "created_at": "2026-02-25T00:00:00Z",
        "model_type_id": "multimodal-to-text" if model_id in _SEES_PICTURES else "text-to-text",
        "description": f"{model_id}, served by Clarifai.",
        "use_cases": ["llm", "function-calling"] if chats else ["text-detection"],
        "visibility": {"gettable": 50},
        "billing_type": 1,
        "model_version": {
            "id": "1" * 32,
            "status": {"code": 21100, "description": "Model is trained and ready"},
            "method_signatures": [predict, *(transports if chats else ())],
        },
    }
    if order is not None:
        model["featured_order"] = {"value": order}
    return model


def default_models() -> list[dict[str, Any]]:
    """Fifteen models: twelve to chat with, two that cannot chat, and one that is not featured."""
    models = [make_model(*ids, order=100 - place) for place, ids in enumerate(_FAMILIES)]
    models[0]["open_router_info"] = {"params": {"context_length": 131072}}
    models.append(make_model("clarifai", "main", "general-image-detection", chats=False))
    models.append(make_model("deepseek-ai", "deepseek-ocr", "DeepSeek-OCR", chats=False))
    models.append(make_model("ada", "mine", "my-own-model", order=None))
    return models


def make_models(count: int) -> list[dict[str, Any]]:
    """Any number of featured models to chat with."""
    return [make_model("many", "models", f"model-{n:04}", order=count - n) for n in range(count)]


def _key(model: dict[str, Any]) -> tuple[str, str, str]:
    return model["user_id"], model["app_id"], model["id"]


def _price(user_id: str, app_id: str, model_id: str, read: float, write: float) -> dict[str, Any]:
    # In millicents per token: times ten is dollars per million tokens.
    return {
        "model": {"user_id": user_id, "app_id": app_id, "id": model_id},
        "billing_type": "Tokens",
        "price_per_prompt_token": read,
        "price_per_completion_token": write,
    }


# --- Behaviours: what a chat request may meet ------------------------------------------------

SHAPES: dict[str, dict[str, Any]] = {
    "error": {"error": {"message": "The backend failed", "type": "server_error", "code": "500"}},
    "status": {"status": {"code": 21354, "description": "Model is busy", "details": "Try again"}},
    "flat": {"code": 21313, "description": "Model prediction failed", "details": "CUDA error"},
}
FIGURES = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}


def chunk(
    body: dict[str, Any], delta: dict[str, Any] | None, finish: str | None = None, usage: Any = None
) -> dict[str, Any]:
    """One `chat.completion.chunk`; without a delta it has no choices."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    head = {"id": "chatcmpl-fake", "object": "chat.completion.chunk", "created": 1_767_225_600}
    return {
        **head,
        "model": body.get("model"),
        "choices": choices,
        **({"usage": usage} if usage else {}),
    }


def says(
    *pieces: str,
    usage: bool | str = True,
    finish: str | None = "stop",
    delay_s: float = 0,
    first_delay_s: float = 0,
    reasoning: Iterable[str] = (),
    reasoning_field: str = "reasoning_content",
    done: bool = True,
) -> Behaviour:
    """An answer in pieces. `usage`: True is last, if asked for; or "inline", "every", "always"."""
    thoughts = tuple(reasoning)

    def act(handler: FakeHandler, body: dict[str, Any]) -> None:
        if not body.get("stream"):
            message = {"role": "assistant", "content": "".join(pieces)}
            if thoughts:
                message[reasoning_field] = "".join(thoughts)
            handler.pause(first_delay_s)
            return _send_message(handler, body, message, finish or "stop", bool(usage))
        figures = FIGURES if usage == "every" else None
        handler.open_stream("fake-1")
        handler.pause(first_delay_s)
        handler.send_event(chunk(body, {"role": "assistant", "content": ""}, usage=figures))
        deltas = [{reasoning_field: t} for t in thoughts] + [{"content": p} for p in pieces]
        for delta in deltas:
            handler.send_event(chunk(body, delta, usage=figures))
            handler.pause(delay_s)
        return _end(handler, body, finish, usage, done=done)

    return act


def calls(
    name: str = "get_weather",
    arguments: str = '{"location": "Paris"}',
    *,
    fragments: int = 3,
    id: str | None = "call_1",
    index: int | None = 0,
    finish: str = "tool_calls",
) -> Behaviour:
    """One tool call. No `fragments`: no arguments at all. `id` or `index` None: left out."""
    where = {} if index is None else {"index": index}
    named = {} if id is None else {"id": id}
    opening = {**where, **named, "type": "function", "function": {"name": name}}
    cuts = [len(arguments) * n // max(fragments, 1) for n in range(fragments + 1)]
    parts = [arguments[a:b] for a, b in pairwise(cuts)]
    whole = {**named, "type": "function", "function": {"name": name, "arguments": arguments}}
    pieces = [{**where, "function": {"arguments": part}} for part in parts]
    return call_deltas([opening], *([piece] for piece in pieces), finish=finish, message=[whole])


def call_deltas(
    *deltas: list[dict[str, Any]],
    finish: str = "tool_calls",
    message: list[dict[str, Any]] | None = None,
    usage: bool | str = True,
    delay_s: float = 0,
) -> Behaviour:
    """Tool call deltas exactly as given; `message` are the calls if the request does not stream."""

    def act(handler: FakeHandler, body: dict[str, Any]) -> None:
        if not body.get("stream"):
            answer = {"role": "assistant", "content": None, "tool_calls": message or []}
            return _send_message(handler, body, answer, finish, bool(usage))
        handler.open_stream("fake-1")
        handler.send_event(chunk(body, {"role": "assistant", "content": None}))
        for delta in deltas:
            handler.send_event(chunk(body, {"tool_calls": delta}))
            handler.pause(delay_s)
        return _end(handler, body, finish, usage)

    return act


def call_in_fragments(
    name: str = "get_weather",
    arguments: str = '{"location": "Paris"}',
    *,
    size: int = 4,
    delay_s: float = 0.05,
    finish: str = "tool_calls",
    usage: bool | str = True,
) -> Behaviour:
    """One call whose arguments come `size` characters at a time, `delay_s` apart."""
    parts = [arguments[at : at + size] for at in range(0, len(arguments), size)]
    pieces = [[{"index": 0, "function": {"arguments": part}}] for part in parts]
    opening = _call(0, "call_1", name, "")
    whole = [_call(None, "call_1", name, arguments)]
    return call_deltas(
        [opening], *pieces, finish=finish, message=whole, usage=usage, delay_s=delay_s
    )


def call_in_fragments_then_cut(
    name: str = "get_weather",
    arguments: str = '{"location": "Par',
    *,
    size: int = 4,
    delay_s: float = 0,
) -> Behaviour:
    """A stream that breaks off in the middle of a call's arguments."""

    def act(handler: FakeHandler, body: dict[str, Any]) -> None:
        _open(handler, body, ())
        handler.send_event(chunk(body, {"tool_calls": [_call(0, "call_1", name, "")]}))
        for at in range(0, len(arguments), size):
            part = {"index": 0, "function": {"arguments": arguments[at : at + size]}}
            handler.send_event(chunk(body, {"tool_calls": [part]}))
            handler.pause(delay_s)
        handler.drop()

    return act


def parallel_calls(*asked: Iterable[str], finish: str = "tool_calls") -> Behaviour:
    """Proper parallel calls, each a pair of name and arguments; weather in two cities if none."""
    pairs = [*asked] or [("get_weather", f'{{"location": "{c}"}}') for c in ("Paris", "Tokyo")]
    made = [_call(n, f"call_{n + 1}", *pair) for n, pair in enumerate(pairs)]
    return call_deltas(*([call] for call in made), finish=finish, message=made)


def malformed_arguments(
    name: str = "get_weather", arguments: str = '{"location": "Paris",'
) -> Behaviour:
    """A call whose arguments are no JSON."""
    return calls(name, arguments)


def arguments_as_object(name: str = "get_weather", **arguments: Any) -> Behaviour:
    """A call whose arguments are an object, where the API says text."""
    call: dict[str, Any] = _call(0, "call_1", name, "")
    call["function"]["arguments"] = arguments or {"location": "Paris"}
    return call_deltas([call], message=[call])


def call_without_id(
    name: str = "get_weather", arguments: str = '{"location": "Paris"}'
) -> Behaviour:
    """A call that never says its id."""
    return calls(name, arguments, id=None)


def call_that_ends_with_stop(
    name: str = "get_weather", arguments: str = '{"location": "Paris"}'
) -> Behaviour:
    """A proper call, with the finish reason of an answer in words."""
    return calls(name, arguments, finish="stop")


def call_then_usage(
    name: str = "get_weather", arguments: str = '{"location": "Paris"}'
) -> Behaviour:
    """A whole call and then usage, also where nobody asked for it."""
    call = _call(0, "call_1", name, arguments)
    return call_deltas([call], message=[call], usage="always")


def call_as_text(
    name: str = "get_weather", arguments: str = '{"location": "Paris"}', form: str = "tags"
) -> Behaviour:
    """A call written as text: in "tags", in a code "fence", "bare", or as a "function" tag."""
    call = f'{{"name": {json.dumps(name)}, "arguments": {arguments}}}'
    text = {
        "tags": f"<tool_call>\n{call}\n</tool_call>",
        "fence": f"```json\n{call}\n```",
        "bare": call,
        "function": f"<function={name}>{arguments}</function>",
    }[form]
    return says(*(text[at : at + 7] for at in range(0, len(text), 7)))


def words_instead_of_a_call(*pieces: str, finish: str = "stop") -> Behaviour:
    """An answer in words, even to a request that requires a call."""
    return says(*(pieces or ("I would ", "rather ", "talk.")), finish=finish)


def legacy_function_call(
    name: str = "get_weather", arguments: str = '{"location": "Paris"}'
) -> Behaviour:
    """A call as `function_call`, the API's older form, which has no id."""
    half = len(arguments) // 2
    rest = [{"arguments": part} for part in (arguments[:half], arguments[half:])]
    parts = [{"name": name, "arguments": ""}, *rest]

    def act(handler: FakeHandler, body: dict[str, Any]) -> None:
        if not body.get("stream"):
            call = {"name": name, "arguments": arguments}
            answer = {"role": "assistant", "content": None, "function_call": call}
            return _send_message(handler, body, answer, "function_call", True)
        _open(handler, body, ())
        for part in parts:
            handler.send_event(chunk(body, {"function_call": part}))
        return _end(handler, body, "function_call", True)

    return act


def whole_call(name: str = "get_weather", arguments: str = '{"location": "Paris"}') -> Behaviour:
    """A call that comes whole, in one chunk."""
    call = _call(0, "call_1", name, arguments)
    return call_deltas([call], message=[call])


def two_calls_on_one_index() -> Behaviour:
    """Two calls that share index 0 and differ by their ids only."""
    first = _call(0, "call_1", "get_weather", '{"location": "Paris"}')
    second = _call(0, "call_2", "get_weather", '{"location": "Tokyo"}')
    return call_deltas([first], [second], message=[first, second])


def two_calls_without_index() -> Behaviour:
    """Two whole calls, neither of which says its index."""
    first = _call(None, "call_1", "get_weather", '{"location": "Paris"}')
    second = _call(None, "call_2", "get_weather", '{"location": "Tokyo"}')
    return call_deltas([first], [second], message=[first, second])


def three_interleaved() -> Behaviour:
    """Three calls whose arguments arrive by turns, a few characters each."""
    cities = ("Paris", "Tokyo", "São Paulo")
    texts = [json.dumps({"location": city}) for city in cities]
    opened = [_call(n, f"call_{n + 1}", "get_weather", "") for n in range(3)]
    whole = [_call(n, f"call_{n + 1}", "get_weather", text) for n, text in enumerate(texts)]
    turns = [
        [{"index": n, "function": {"arguments": text[at : at + 4]}}]
        for at in range(0, max(map(len, texts)), 4)
        for n, text in enumerate(texts)
        if text[at : at + 4]
    ]
    return call_deltas(*([call] for call in opened), *turns, message=whole)


def status(
    http: int,
    body: dict[str, Any] | str | int | None = None,
    headers: dict[str, str] | None = None,
) -> Behaviour:
    """An HTTP failure. `body`: one of Clarifai's codes, a JSON object, or text sent as HTML."""

    def act(handler: FakeHandler, asked: dict[str, Any]) -> None:
        if isinstance(body, str):
            return handler.send_whole(http, "text/html", body.encode(), headers)
        if isinstance(body, dict):
            return handler.send_json(http, body, headers)
        code = 99009 if body is None else body
        return handler.send_status(http, code, details="As the test asked.", headers=headers)

    return act


def cut(*after: str, how: str = "fin") -> Behaviour:
    """The connection ends after the pieces `after`: closed ("fin") or torn ("reset")."""
    return _then(after, lambda handler: _tear(handler) if how == "reset" else handler.drop())


def stall(*after: str, seconds: float = SILENT_S) -> Behaviour:
    """Nothing more comes after the pieces `after`; then the connection is dropped."""

    def wait(handler: FakeHandler) -> None:
        handler.pause(seconds)
        handler.drop()

    return _then(after, wait)


def silent_before_headers(seconds: float = SILENT_S) -> Behaviour:
    """The request is taken, and not even headers come back."""

    def act(handler: FakeHandler, body: dict[str, Any]) -> None:
        handler.pause(seconds)
        handler.drop()

    return act


def error_in_stream(shape: str = "flat", *after: str, event: bool = False) -> Behaviour:
    """An error object in mid-answer; with `event`, it is announced by a line `event: error`."""

    def fail(handler: FakeHandler) -> None:
        name = "event: error\n" if event else ""
        handler.send_raw(f"{name}data: {json.dumps(SHAPES[shape])}\n\n".encode())
        handler.close_stream()

    return _then(after or ("Half an ", "ans"), fail)


def error_in_200(shape: str = "flat") -> Behaviour:
    """An error object as the whole body of a success."""
    return lambda handler, body: handler.send_json(200, SHAPES[shape])


def html_200() -> Behaviour:
    """A web page where an answer should be, as a captive portal sends it."""
    return lambda handler, body: handler.send_whole(200, "text/html", b"<h1>Sign in</h1>")


def empty_200() -> Behaviour:
    """A success with nothing in it."""
    return lambda handler, body: handler.send_whole(200, "text/event-stream", b"")


def malformed_json(*after: str) -> Behaviour:
    """An event that is no JSON."""
    return _raw(after, b'data: {"choices": [{"delta": \n\n')


def bad_utf8(*after: str) -> Behaviour:
    """An event whose bytes are no UTF-8."""
    return _raw(after, b'data: {"choices": [{"index": 0, "delta": {"content": "\xff\xfe"}}]}\n\n')


def no_finish(*after: str, done: bool = True) -> Behaviour:
    """An answer that ends in good order, but never says why."""
    return says(*(after or ("Half an ", "ans")), finish=None, usage=False, done=done)


def null_choices(*pieces: str) -> Behaviour:
    """An answer with events between its pieces whose `choices` are null."""
    between = lambda body: _data({**chunk(body, None), "choices": None})  # noqa: E731, one use
    return _around(pieces or ("Hel", "lo"), between)


def usage_inline(*pieces: str) -> Behaviour:
    """Usage on the chunk that carries the finish reason."""
    return says(*(pieces or ("Hello",)), usage="inline")


def usage_on_every_chunk(*pieces: str) -> Behaviour:
    return says(*(pieces or ("Hel", "lo")), usage="every")


def no_usage(*pieces: str) -> Behaviour:
    """No usage, although it was asked for."""
    return says(*(pieces or ("Hello",)), usage=False)


def think_tags(thought: str = "Let me think.", answer: str = "Hello") -> Behaviour:
    """A thought between <think> tags inside the content, the tags cut over several chunks."""
    return says("<th", "ink>", thought, "</thi", "nk>", "\n\n", answer)


def crlf(*pieces: str) -> Behaviour:
    """Lines that end in CR LF."""
    return _rewritten(pieces or ("Hel", "lo"), lambda data: [data.replace(b"\n", b"\r\n")])


def split_utf8(*pieces: str) -> Behaviour:
    """Packets that end inside a character."""

    def cut_inside(data: bytes) -> list[bytes]:
        at = next((n for n, byte in enumerate(data) if byte > 0x7F), 0) + 1
        return [data[:at], data[at:]]

    return _rewritten(pieces or ("né ", "日本語 ", "🙂"), cut_inside)


def comments_and_empty_deltas(*pieces: str) -> Behaviour:
    """Keep-alive comments, named events and empty deltas between the pieces."""
    noise = b": keep-alive\n\nevent: message\nid: 1\nretry: 10\n"
    return _around(pieces or ("Hel", "lo"), lambda body: noise + _data(chunk(body, {})))


def junk_after_done(*pieces: str) -> Behaviour:
    """More data after [DONE], which no reader may take for an answer."""

    def act(handler: FakeHandler, body: dict[str, Any]) -> None:
        _open(handler, body, pieces or ("Hello",))
        handler.send_event(chunk(body, {}, "stop"))
        handler.send_event("[DONE]")
        handler.send_raw(b"data: junk\n\n" + _data(chunk(body, {"content": "JUNK"})))
        handler.close_stream()

    return act


def no_done(*pieces: str) -> Behaviour:
    """A finish reason, but no [DONE]."""
    return says(*(pieces or ("Hello",)), done=False)


def unicode_separators() -> Behaviour:
    """Raw U+2028 and U+0085 inside JSON: line ends to `str.splitlines`, but not to SSE."""
    return says("one\u2028two", "three\u0085four")


def chunks(*sent: Any) -> Behaviour:
    """A stream of these chunks, whatever they are, then [DONE]."""
    return stream("".join(f"data: {json.dumps(each)}\n\n" for each in sent) + "data: [DONE]\n\n")


def deltas(*sent: dict[str, Any], finish: str = "stop") -> Behaviour:
    """A stream of these deltas, the last of which has the finish reason."""
    *first, last = [{"choices": [{"index": 0, "delta": delta}]} for delta in (*sent, {})]
    last["choices"][0]["finish_reason"] = finish
    return chunks(*first, last)


def calls_of_its_own(*pieces: str) -> Behaviour:
    """A call, then the answer: in one stream, a finish reason after each.

    Clarifai's agentic models stream so while they ask their MCP servers: clarifai-python,
    `AgenticModelClass._stream_chat_with_tools`.
    """
    function = {"name": "get_time", "arguments": '{"zone": "UTC"}'}
    called = [{"index": 0, "id": "call_1", "type": "function", "function": function}]

    def row(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
        return {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}

    return chunks(
        row({"role": "assistant", "tool_calls": called}),
        row({}, "tool_calls"),
        {"choices": [], "usage": {"prompt_tokens": 40, "completion_tokens": 9}},
        *(row({"content": piece}) for piece in pieces or ("It is noon.",)),
        row({}, "stop"),
        {"choices": [], "usage": {"prompt_tokens": 60, "completion_tokens": 5}},
    )


def stream(text: str) -> Behaviour:
    """A stream of exactly this text."""
    return lambda handler, body: handler.send_whole(200, "text/event-stream", text.encode())


def echo_token(http: int = 400) -> Behaviour:
    """A failure whose text repeats the caller's token. With 200, it comes inside the stream."""

    def act(handler: FakeHandler, body: dict[str, Any]) -> None:
        token = handler.headers.get("Authorization", "").split()[-1]
        error = {
            "error": {"message": f"Invalid request with key {token}", "type": "bad", "code": 1}
        }
        if http != 200:
            return handler.send_json(http, error)
        _open(handler, body, ("Half an ", "ans"))
        handler.send_event(error)
        return handler.close_stream()

    return act


def signed_calls(
    *asked: Iterable[str],
    signature: str = "c2lnbmF0dXJl",
    late: bool = False,
    thoughts: Iterable[str] = (),
    reasoning_field: str = "reasoning_content",
) -> Behaviour:
    """Parallel calls as Gemini sends them: whole, the first with a thought signature.

    With `late`, the signature comes after all calls, in a delta with nothing else.
    """
    pairs = [*asked] or [("get_weather", '{"location": "Paris"}')]
    made = [_call(n, f"call_{n + 1}", *pair) for n, pair in enumerate(pairs)]
    extra = {"extra_content": {"google": {"thought_signature": signature}}}
    whole = [{**made[0], **extra}, *made[1:]]
    said: list[dict[str, Any]] = [{reasoning_field: thought} for thought in thoughts]
    said += [{"tool_calls": [call]} for call in (made if late else whole)]
    if late:
        said.append({"content": "", "tool_calls": [{"index": 0, **extra}]})
    spoken = {reasoning_field: "".join(thoughts)} if thoughts else {}

    def act(handler: FakeHandler, body: dict[str, Any]) -> None:
        if body.get("stream"):
            return deltas(*said, finish="tool_calls")(handler, body)
        answer = {"role": "assistant", "content": None, **spoken, "tool_calls": whole}
        return _send_message(handler, body, answer, "tool_calls", True)

    return act


def wants_signature(then: Behaviour, signature: str = "c2lnbmF0dXJl") -> Behaviour:
    """`then`, but a refusal in Gemini's words if a step lacks its signature, or a result its name.

    Wanted of the first call of each step of the current turn, exactly as it came: see
    https://ai.google.dev/gemini-api/docs/thought-signatures.
    """

    def act(handler: FakeHandler, body: dict[str, Any]) -> None:
        messages = body["messages"]
        start = max(n for n, message in enumerate(messages) if message["role"] == "user")
        for place, message in enumerate(messages[start:], start):
            for call in message.get("tool_calls", ())[:1]:
                google = call.get("extra_content", {}).get("google", {})
                if "thought_signature" not in google:
                    return _refuse(
                        handler,
                        "Function call is missing a thought_signature in functionCall parts."
                        f" Additional data, function call `{call['function']['name']}`,"
                        f" position {place}.",
                    )
                if google["thought_signature"] != signature:
                    return _refuse(handler, "Thought signature is not valid.")
            if message["role"] == "tool" and not message.get("name"):
                return _refuse(handler, "function_response.name: Name cannot be empty.")
        return then(handler, body)

    return act


def wants_thoughts(then: Behaviour, field: str = "reasoning_content") -> Behaviour:
    """`then`, but a refusal in Kimi's words if a reply with calls lacks its thoughts."""

    def act(handler: FakeHandler, body: dict[str, Any]) -> None:
        for place, message in enumerate(body["messages"]):
            if message.get("tool_calls") and field not in message:
                return _refuse(
                    handler,
                    f"thinking is enabled but {field} is missing in assistant tool call message at"
                    f" index {place}",
                )
        return then(handler, body)

    return act


def refuses_unknown_fields(then: Behaviour) -> Behaviour:
    """`then`, but a refusal in Mistral's words if a message or a call has an extension's field."""
    known = {"role", "content", "tool_calls", "tool_call_id", "id", "type", "function"}

    def act(handler: FakeHandler, body: dict[str, Any]) -> None:
        for place, message in enumerate(body["messages"]):
            for part in (message, *message.get("tool_calls", ())):
                if unknown := sorted(set(part) - known):
                    where = f"body.messages[{place}].{message['role']}.{unknown[0]}"
                    return _refuse(handler, f"{where}: Extra inputs are not permitted")
        return then(handler, body)

    return act


def _refuse(handler: FakeHandler, why: str) -> None:
    error = {"message": why, "type": "invalid_request_error", "param": None, "code": None}
    handler.send_json(400, {"error": error})


BEHAVIOURS: dict[str, Callable[..., Behaviour]] = {
    make.__name__: make
    for make in (
        says, calls, call_deltas, whole_call, two_calls_on_one_index, two_calls_without_index,
        three_interleaved, call_in_fragments, call_in_fragments_then_cut, parallel_calls,
        malformed_arguments, arguments_as_object, call_without_id, call_that_ends_with_stop,
        call_then_usage, call_as_text, words_instead_of_a_call, legacy_function_call, status, cut,
        stall, silent_before_headers, error_in_stream, error_in_200, html_200, empty_200,
        malformed_json, bad_utf8, no_finish, null_choices, usage_inline, usage_on_every_chunk,
        no_usage, think_tags, crlf, split_utf8, comments_and_empty_deltas, junk_after_done, no_done,
        unicode_separators, echo_token, signed_calls,
    )
}  # fmt: skip


def _call(index: int | None, id: str, name: str, arguments: str) -> dict[str, Any]:
    where = {} if index is None else {"index": index}
    function = {"name": name, "arguments": arguments}
    return {**where, "id": id, "type": "function", "function": function}


def _data(event: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode()


def _open(handler: FakeHandler, body: dict[str, Any], pieces: Iterable[str]) -> None:
    """Open a stream, and send the pieces."""
    handler.open_stream("fake-1")
    handler.send_event(chunk(body, {"role": "assistant", "content": ""}))
    for piece in pieces:
        handler.send_event(chunk(body, {"content": piece}))


def _end(
    handler: FakeHandler,
    body: dict[str, Any],
    finish: str | None,
    usage: bool | str,
    *,
    done: bool = True,
) -> None:
    if finish:
        figures = FIGURES if usage in ("inline", "every") else None
        handler.send_event(chunk(body, {}, finish, figures))
    asked = bool((body.get("stream_options") or {}).get("include_usage"))
    if usage == "always" or (usage is True and asked):
        handler.send_event(chunk(body, None, usage=FIGURES))
    if done:
        handler.send_event("[DONE]")
    handler.close_stream()


def _send_message(
    handler: FakeHandler, body: dict[str, Any], message: dict[str, Any], finish: str, usage: bool
) -> None:
    choice = {"index": 0, "message": message, "finish_reason": finish}
    head = {**chunk(body, None), "object": "chat.completion", "choices": [choice]}
    handler.send_json(200, {**head, **({"usage": FIGURES} if usage else {})})


def _then(after: Iterable[str], act: Callable[[FakeHandler], None]) -> Behaviour:
    """Half an answer, then `act`."""

    def behave(handler: FakeHandler, body: dict[str, Any]) -> None:
        _open(handler, body, after)
        act(handler)

    return behave


def _raw(after: Iterable[str], data: bytes) -> Behaviour:
    """Half an answer, then `data` as it is."""

    def send(handler: FakeHandler) -> None:
        handler.send_raw(data)
        handler.close_stream()

    return _then(after or ("Half an ", "ans"), send)


def _around(pieces: Iterable[str], noise: Callable[[dict[str, Any]], bytes]) -> Behaviour:
    """A whole answer with noise around each piece."""

    def act(handler: FakeHandler, body: dict[str, Any]) -> None:
        _open(handler, body, ())
        for piece in pieces:
            handler.send_raw(noise(body) + _data(chunk(body, {"content": piece})))
        handler.send_raw(noise(body))
        _end(handler, body, "stop", True)

    return act


def _rewritten(pieces: Iterable[str], rewrite: Callable[[bytes], list[bytes]]) -> Behaviour:
    """A whole answer whose bytes are rewritten, each list of bytes sent packet by packet."""

    def act(handler: FakeHandler, body: dict[str, Any]) -> None:
        handler.open_stream("fake-1")
        events = [chunk(body, {"content": piece}) for piece in pieces]
        events += [chunk(body, {}, "stop"), chunk(body, None, usage=FIGURES)]
        for data in (*map(_data, events), b"data: [DONE]\n\n"):
            for packet in filter(None, rewrite(data)):
                handler.send_raw(packet)
        handler.close_stream()

    return act


def _tear(handler: FakeHandler) -> None:
    """Close the connection so that the client meets a reset, not an end."""
    linger_for_no_time = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_for_no_time)
    # Without the detour, socketserver says goodbye first, and the client meets an end all the same.
    socket.close(handler.connection.detach())
    handler.drop()


def main() -> None:
    parser = argparse.ArgumentParser(description="A Clarifai on loopback, for browser tests.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--pause-s", type=float, default=1 / 60, help="after each token")
    options = parser.parse_args()
    fake = FakeClarifai(port=options.port, pause_s=options.pause_s, slow_s=8.0, silent_s=60.0)
    with fake:
        sys.stdout.write(f"{fake.base}\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
