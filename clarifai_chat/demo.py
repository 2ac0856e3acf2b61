"""The Demo model's server: what a visitor without an access token talks to.

It speaks the OpenAI-compatible API on loopback, inside our own process, so the way to it is the way
to Clarifai: real HTTP, real streams, real failures. `demo_script` holds what it says. A prompt that
starts with a slash acts out a failure; `/help` lists them.
"""

import hashlib
import json
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from clarifai_chat import demo_script as script
from clarifai_chat.demo_script import LABEL, STARTERS, Json, Reply

__all__ = ["KEY", "LABEL", "MODEL", "STARTERS", "DemoHandler", "DemoServer", "start"]

MODEL = "demo"
KEY = "demo"  # the bearer it is sent; it does not check it
API_PATH = "/v2/ext/openai/v1"

_LONGEST_REQUEST = 64 * 1024 * 1024
_LONGEST_PROSE = 20_000
_CREATED = 1_767_225_600  # every reply has the same birthday, so a reply is the same every time
_server: "DemoServer | None" = None
_starting = threading.Lock()


def start() -> str:
    """The base URL of the process's one Demo server, which is started if it does not run yet."""
    global _server
    with _starting:
        if _server is None:
            _server = DemoServer()
            _server.start()
    return _server.api_base


class Gone(ConnectionError):
    """The client has closed its connection: nobody reads what would be sent."""


class DemoHandler(BaseHTTPRequestHandler):
    """Answers one connection's requests. Extend `do_GET`, `do_POST` or `answer_chat`."""

    protocol_version = "HTTP/1.1"
    server_version = "ClarifaiChatDemo"
    sys_version = ""
    disable_nagle_algorithm = True
    timeout = 75  # an idle connection, or a reader that takes nothing, holds no thread for longer
    look_every_s = 0.25  # how soon a waiting reply notices that its reader has left
    server: "_Http"

    @property
    def demo(self) -> "DemoServer":
        return self.server.demo

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""

    def do_GET(self) -> None:
        if self.path == f"{API_PATH}/models":
            listed = {"id": MODEL, "object": "model", "created": _CREATED, "owned_by": "demo"}
            self.send_json(200, {"object": "list", "data": [listed]})
        else:
            self.send_status(404, 11101, details=f"There is no {self.path} here.")

    def do_POST(self) -> None:
        body = self.read_json()
        if body is None:
            # Part of the body may be unread, so the connection cannot be used again.
            headers = {"Connection": "close"}
            details = "The request's body is no JSON object."
            self.send_status(400, 11102, details=details, headers=headers)
        elif self.path != f"{API_PATH}/chat/completions":
            self.send_status(404, 11101, details=f"There is no {self.path} here.")
        else:
            self.answer_chat(body)

    def answer_chat(self, body: Json) -> None:
        """Answer one chat request: act out a command, or say what the script says."""
        command = re.fullmatch(r"/([a-z0-9]+)(?:\s+(\S+))?", script.last_prompt(body))
        if command and script.messages_of(body)[-1].get("role") == "user":
            act = getattr(self, f"_act_{command[1]}", self._act_help)
            act(body, command[2] or "")
            return
        try:
            reply = script.reply_to(body)
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
            # A tool's schema is whatever a person typed; other servers refuse a wrong one as well.
            self.send_status(400, 11102, details="A tool's definition cannot be read.")
        else:
            self.send_reply(body, reply)

    # --- Sending -----------------------------------------------------------------------------

    def read_json(self) -> Json | None:
        """The request's body, or None if it is not a JSON object of a sane size."""
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > _LONGEST_REQUEST:
            return None
        try:
            body = json.loads(self.rfile.read(int(length)))
        except ValueError:
            return None
        return body if isinstance(body, dict) else None

    def send_json(self, http: int, body: Any, headers: dict[str, str] | None = None) -> None:
        self.send_whole(http, "application/json", json.dumps(body).encode(), headers)

    def send_whole(
        self, http: int, kind: str, body: bytes, headers: dict[str, str] | None = None
    ) -> None:
        """Send a whole response of the content type `kind`."""
        self.send_response(http)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def send_status(
        self, http: int, code: int, *, details: str = "", headers: dict[str, str] | None = None
    ) -> None:
        """Send a failure as Clarifai words it: a status code of its own inside the HTTP one."""
        self.send_json(http, {"status": clarifai_status(code, details, self.path)}, headers)

    def open_stream(
        self, request_id: str = "", kind: str = "text/event-stream; charset=utf-8"
    ) -> None:
        """Send the headers of a response whose length is not known yet."""
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Transfer-Encoding", "chunked")
        if request_id:
            self.send_header("x-request-id", request_id)
        self.end_headers()

    def send_event(self, event: Json | str) -> None:
        """Send one server-sent event: a JSON object, or text such as `[DONE]`."""
        text = event if isinstance(event, str) else json.dumps(event, ensure_ascii=False)
        self.send_raw(f"data: {text}\n\n".encode())

    def send_raw(self, data: bytes) -> None:
        """Send bytes of a stream as they are, in a packet of their own."""
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def close_stream(self) -> None:
        self.wfile.write(b"0\r\n\r\n")

    def drop(self) -> None:
        """Close the connection without ending the response."""
        self.close_connection = True

    def pause(self, seconds: float) -> None:
        """Wait. Raises `Gone` as soon as the client is seen to have left."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, self.look_every_s))
            if self.client_has_left():
                raise Gone

    def client_has_left(self) -> bool:
        """Whether the client closed its end, found without taking anything it may have sent."""
        self.connection.settimeout(0)
        try:
            return not self.connection.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            self.connection.settimeout(self.timeout)

    # --- Replies -----------------------------------------------------------------------------

    def send_reply(self, body: Json, reply: Reply, *, first_s: float = 0) -> None:
        """Send a whole reply, as a stream or in one piece, after `first_s` seconds of silence."""
        if not body.get("stream"):
            self.pause(first_s)
            headers = {"x-request-id": _request_id(body)}
            return self.send_json(200, completion(body, reply), headers)
        self.open_stream(_request_id(body))
        self.pause(first_s)
        for chunk in chunks(body, reply):
            self.send_event(chunk)
            self.pause(self.demo.pause_s)
        self.send_event("[DONE]")
        return self.close_stream()

    def send_half(self, body: Json) -> None:
        """Open a stream and send half an answer; leave the stream open."""
        reply = Reply("This answer is about to break off in the middle of a sentence, because")
        self.open_stream(_request_id(body))
        for chunk in chunks(body, reply, finished=False):
            self.send_event(chunk)
            self.pause(self.demo.pause_s)

    # --- Failures on request: /name argument → _act_name(body, argument) ------------------------

    def _act_help(self, body: Json, argument: str) -> None:
        self.send_reply(body, Reply(_HELP))

    def _act_error(self, body: Json, argument: str) -> None:
        """Fail with an HTTP status, or with one of Clarifai's status codes."""
        if not argument.isdecimal() or not (400 <= int(argument) <= 599 or int(argument) > 9999):
            return self._act_help(body, argument)
        number = int(argument)
        http, code = (
            (_HTTP.get(number, 500), number)
            if number > 999
            else (number, _CODES.get(number, 99009))
        )
        details = f"You asked the Demo model for the failure {number}."
        headers = {"Retry-After": "2"} if http == 429 else None
        return self.send_status(http, code, details=details, headers=headers)

    def _act_loading(self, body: Json, argument: str) -> None:
        self.send_status(503, 21355, details="The model is being loaded. Try again in a moment.")

    def _act_flaky(self, body: Json, argument: str) -> None:
        if self.demo.fails_this_time(_fingerprint(body)):
            self.send_status(503, 21354, details="The model is busy. Try again.")
        else:
            self.send_reply(
                body, Reply("The first attempt failed, and the **second one worked**.\n")
            )

    def _act_cut(self, body: Json, argument: str) -> None:
        self.send_half(body)
        self.drop()

    def _act_slow(self, body: Json, argument: str) -> None:
        reply = Reply("Sorry for the wait. I took my time on purpose.\n")
        self.send_reply(body, reply, first_s=self.demo.slow_s)

    def _act_silent(self, body: Json, argument: str) -> None:
        self.open_stream(_request_id(body))
        self.pause(self.demo.silent_s)
        self.drop()

    def _act_html(self, body: Json, argument: str) -> None:
        page = b"<!doctype html><title>Sign in</title><h1>Welcome to the hotel's network</h1>"
        self.send_whole(200, "text/html; charset=utf-8", page)

    def _act_empty(self, body: Json, argument: str) -> None:
        self.send_whole(200, "text/event-stream" if body.get("stream") else "application/json", b"")

    def _act_midstream(self, body: Json, argument: str) -> None:
        if not body.get("stream"):
            return self._act_error200(body, argument)
        self.send_half(body)
        self.send_event(PREDICTION_FAILED)
        return self.close_stream()

    def _act_error200(self, body: Json, argument: str) -> None:
        self.send_json(200, PREDICTION_FAILED)

    def _act_long(self, body: Json, argument: str) -> None:
        count = min(int(argument), _LONGEST_PROSE) if argument.isdecimal() else 600
        self.send_reply(body, Reply(script.prose(count)))

    def _act_length(self, body: Json, argument: str) -> None:
        self.send_reply(
            body, Reply("This answer reaches its token limit right in the", finish="length")
        )

    def _act_filter(self, body: Json, argument: str) -> None:
        text = "Here the answer begins, and here a content filter"
        self.send_reply(body, Reply(text, finish="content_filter"))


class DemoServer:
    """The server. `pause_s` passes after each token; /slow and /silent have waits of their own."""

    handler: type[DemoHandler] = DemoHandler
    poll_s = 0.5  # how soon `stop` is heeded

    def __init__(
        self, *, pause_s: float = 1 / 60, slow_s: float = 8.0, silent_s: float = 60.0, port: int = 0
    ) -> None:
        self.pause_s, self.slow_s, self.silent_s = pause_s, slow_s, silent_s
        self._port = port
        self._http: _Http | None = None
        self._failed: set[str] = set()
        self._lock = threading.Lock()

    def start(self) -> str:
        """Start serving if it does not yet, and return `api_base`."""
        with self._lock:
            if self._http is None:
                self._http = _Http(("127.0.0.1", self._port), self.handler)
                self._http.demo = self
                serve = self._http.serve_forever
                threading.Thread(
                    target=serve, args=(self.poll_s,), name="demo", daemon=True
                ).start()
        return self.api_base

    def stop(self) -> None:
        """Stop serving. Replies under way go on until they end or their reader leaves."""
        with self._lock:
            if self._http is not None:
                self._http.shutdown()
                self._http.server_close()
                self._http = None

    @property
    def base(self) -> str:
        """The server's address, such as "http://127.0.0.1:40001"."""
        if self._http is None:
            raise RuntimeError("The server has not been started.")
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def api_base(self) -> str:
        """The base URL of the OpenAI-compatible API."""
        return self.base + API_PATH

    def fails_this_time(self, conversation: str) -> bool:
        """True the first time a conversation asks, False the next: it starts anew after that."""
        with self._lock:
            if conversation in self._failed:
                self._failed.remove(conversation)
                return False
            if len(self._failed) > 1000:
                self._failed.clear()
            self._failed.add(conversation)
            return True

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    demo: DemoServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a reader that stopped; let any other error be seen."""
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


# --- Wire shapes -----------------------------------------------------------------------------


def completion(body: Json, reply: Reply) -> Json:
    """The reply in one piece: OpenAI's `chat.completion`."""
    message: Json = {"role": "assistant", "content": reply.text or None}
    if reply.thinking:
        message["reasoning_content"] = reply.thinking
    if reply.calls:
        message["tool_calls"] = [_call(body, i, *call) for i, call in enumerate(reply.calls)]
    choice = {"index": 0, "message": message, "finish_reason": reply.finish}
    head = _head(body, "chat.completion")
    return {**head, "choices": [choice], "usage": usage(body, reply)}


def chunks(body: Json, reply: Reply, *, finished: bool = True) -> Iterator[Json]:
    """The reply as OpenAI's `chat.completion.chunk`s; not `finished`, it ends without a reason."""
    head = _head(body, "chat.completion.chunk")

    def chunk(delta: Json, finish: str | None = None) -> Json:
        return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    yield chunk({"role": "assistant", "content": ""})
    for token in script.tokens(reply.thinking):
        yield chunk({"reasoning_content": token})
    for token in script.tokens(reply.text):
        yield chunk({"content": token})
    for index, (name, arguments) in enumerate(reply.calls):
        opening = _call(body, index, name, "")
        yield chunk({"tool_calls": [{"index": index, **opening}]})
        for token in script.tokens(arguments):
            yield chunk({"tool_calls": [{"index": index, "function": {"arguments": token}}]})
    if finished:
        yield chunk({}, reply.finish)
        if (body.get("stream_options") or {}).get("include_usage"):
            yield {**head, "choices": [], "usage": usage(body, reply)}


def usage(body: Json, reply: Reply) -> Json:
    """Token figures: the prompt's are estimated, the completion's are the tokens streamed."""
    asked = " ".join(script.text_of(message) for message in script.messages_of(body))
    if body.get("tools"):
        asked += json.dumps(body["tools"])
    thought = len(script.tokens(reply.thinking))
    called = sum(1 + len(script.tokens(arguments)) for _, arguments in reply.calls)
    prompt, answered = script.estimate_tokens(asked), len(script.tokens(reply.text)) + called
    return {
        "prompt_tokens": prompt,
        "completion_tokens": thought + answered,
        "total_tokens": prompt + thought + answered,
        "completion_tokens_details": {"reasoning_tokens": thought},
    }


def clarifai_status(code: int, details: str = "", seed: str = "") -> Json:
    """Clarifai's native `status` object."""
    req_id = hashlib.sha256(f"{code} {details} {seed}".encode()).hexdigest()[:32]
    description = _DESCRIPTIONS.get(code, f"Status {code}")
    return {"code": code, "description": description, "details": details, "req_id": req_id}


PREDICTION_FAILED: Json = {
    "code": 21313,
    "description": "Model prediction failed",
    "details": "The model stopped with an error of its own. You asked the Demo model for it.",
}


def _head(body: Json, kind: str) -> Json:
    model = body.get("model") or MODEL
    return {
        "id": f"chatcmpl-{_fingerprint(body)}",
        "object": kind,
        "created": _CREATED,
        "model": model,
    }


def _call(body: Json, index: int, name: str, arguments: str) -> Json:
    function = {"name": name, "arguments": arguments}
    return {"id": f"call_{_fingerprint(body)}_{index}", "type": "function", "function": function}


def _request_id(body: Json) -> str:
    return f"demo-{_fingerprint(body)}"


def _fingerprint(body: Json) -> str:
    asked = json.dumps([body.get("messages"), body.get("tools")], sort_keys=True)
    return hashlib.sha256(asked.encode()).hexdigest()[:16]


_DESCRIPTIONS = {
    11000: "Account issues",
    11005: "Too many requests",
    11006: "Account limits exceeded",
    11007: "Insufficient scopes",
    11008: "Invalid API key or Invalid API key/application pair",
    11101: "Resource does not exist",
    11102: "Invalid request",
    21200: "Model does not exist",
    21201: "Model permission denied",
    21313: "Model prediction failed",
    21350: "Model deployment failed",
    21351: "Model is deploying",
    21353: "Model is not deployed",
    21354: "Model is busy, please retry",
    21355: "Model is loading",
    39997: "Request disabled for maintenance",
    98009: "Internal timeout",
    99009: "Internal error",
}
# Clarifai documents no HTTP status for its codes; these are what a client would expect.
_HTTP = {
    **dict.fromkeys((11001, 11002, 11008, 11009), 401),
    **dict.fromkeys((11000, 11003, 11004, 11006, 69000, 69001, 99005), 402),
    **dict.fromkeys((11007, 11104, 11200, 21201), 403),
    **dict.fromkeys((11101, 21200), 404),
    **dict.fromkeys((11100, 11102, 11103, 21202, 21203, 30101, 30105, 30106, 39996, 40001), 400),
    **dict.fromkeys((10030, 21350, 21351, 21352, 21353, 21354, 21355, 25604, 39997), 503),
    11005: 429,
    98009: 504,
}
_CODES = {
    400: 11102, 401: 11008, 402: 11006, 403: 11007, 404: 21200, 408: 98009, 413: 11102,
    429: 11005, 503: 21354, 504: 98009, 529: 21354,
}  # fmt: skip

_HELP = """\
## Failures I can act out

Every app looks fine while all goes well. Send one of these to see what happens when it does not:

| Send | What happens |
| --- | --- |
| `/error 401` | refused, with this HTTP status; 402, 403, 404, 429, 500 and others too |
| `/error 21351` | refused with one of Clarifai's own status codes |
| `/flaky` | fails once, then works |
| `/loading` | the model is still being loaded |
| `/slow` | a long wait before the first word |
| `/silent` | the connection opens, and nothing comes |
| `/cut` | the connection breaks in mid-answer |
| `/midstream` | an error arrives in mid-answer |
| `/error200` | an error dressed as a success |
| `/html` | a web page instead of an answer |
| `/empty` | nothing at all |
| `/length` | the answer hits its token limit |
| `/filter` | a content filter ends the answer |
| `/long 2000` | an answer of that many tokens |
"""
