"""The Demo model's server: real HTTP, real streams, on loopback.

`acts` acts out a prompt that starts with a slash; `script` answers the others.
"""

import json
import re
import socket
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from clarifai_chat.demo import acts, script, shapes
from clarifai_chat.demo.shapes import CREATED, MODEL, Json, Reply

API_PATH = "/v2/ext/openai/v1"

_MAX_REQUEST_BYTES = 64 * 1024 * 1024


class Gone(ConnectionError):
    """A client that has closed its connection, so nothing more can reach it."""


class DemoHandler(BaseHTTPRequestHandler):
    """A handler of one connection's requests; extend `do_GET`, `do_POST` or `answer_chat`."""

    protocol_version = "HTTP/1.1"
    server_version = "ClarifaiChatDemo"
    sys_version = ""
    disable_nagle_algorithm = True
    timeout = 75  # an idle connection, or a client that stops reading, holds a thread no longer
    look_every_s = 0.25  # how soon a waiting reply notices that its reader has left
    server: "_Http"

    @property
    def demo(self) -> "DemoServer":
        return self.server.demo

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""

    def do_GET(self) -> None:
        if self.path == f"{API_PATH}/models":
            listed = {"id": MODEL, "object": "model", "created": CREATED, "owned_by": "demo"}
            self.send_json(200, {"object": "list", "data": [listed]})
        else:
            self.send_status(404, 11101, details=f"There is no {self.path} here.")

    def do_POST(self) -> None:
        body = self.read_json()
        if body is None:
            # Part of the body may be unread, so the connection cannot be used again.
            headers = {"Connection": "close"}
            details = "The request's body is not a JSON object."
            self.send_status(400, 11102, details=details, headers=headers)
        elif self.path != f"{API_PATH}/chat/completions":
            self.send_status(404, 11101, details=f"There is no {self.path} here.")
        else:
            self.answer_chat(body)

    def answer_chat(self, body: Json) -> None:
        """Answer one chat request: act out a command, or reply with the script."""
        command = re.fullmatch(r"/([a-z0-9]+)(?:\s+(\S+))?", shapes.last_prompt(body))
        if command and shapes.messages_of(body)[-1].get("role") == "user":
            act = acts.ACTS.get(command[1], acts.explain)
            act(self, body, command[2] or "")
        else:
            self.send_scripted(body, script.reply_to)

    # --- Sending -----------------------------------------------------------------------------

    def read_body(self) -> bytes:
        """Return the request's body; empty if it is too large or of unknown size."""
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > _MAX_REQUEST_BYTES:
            return b""
        return self.rfile.read(int(length))

    def read_json(self) -> Json | None:
        """Return the request's body, or None if it is not a JSON object or too large."""
        try:
            body = json.loads(self.read_body())
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
        """Send a failure in Clarifai's format: its own status code in the body, besides HTTP's."""
        self.send_json(http, {"status": shapes.clarifai_status(code, details, self.path)}, headers)

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
        """Wait. Raises `Gone` as soon as the client has left."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, self.look_every_s))
            if self.client_has_left():
                raise Gone

    def client_has_left(self) -> bool:
        """Return whether the client closed its end, without consuming what it may have sent."""
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

    def send_scripted(self, body: Json, write: Callable[[Json], Reply]) -> None:
        """Send the reply that `write` returns for the request; refuse tools that cannot be read."""
        try:
            reply = write(body)
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
            # A person may type any schema for a tool; other servers reject a bad one as well.
            self.send_status(400, 11102, details="A tool's definition cannot be read.")
        else:
            self.send_reply(body, reply)

    def send_reply(self, body: Json, reply: Reply, *, first_s: float = 0) -> None:
        """Send a whole reply, as a stream or in one piece, after `first_s` seconds of silence."""
        if not body.get("stream"):
            self.pause(first_s)
            headers = {"x-request-id": shapes.request_id(body)}
            return self.send_json(200, shapes.completion(body, reply), headers)
        self.open_stream(shapes.request_id(body))
        self.pause(first_s)
        for chunk in shapes.chunks(body, reply):
            self.send_event(chunk)
            self.pause(self.demo.pause_s * (reply.fragment_pauses if shapes.has_call(chunk) else 1))
        self.send_event("[DONE]")
        return self.close_stream()

    def send_half(self, body: Json) -> None:
        """Open a stream and send half an answer; leave the stream open."""
        reply = Reply("This answer is about to break off in the middle of a sentence, because")
        self.open_stream(shapes.request_id(body))
        for chunk in shapes.chunks(body, reply, finished=False):
            self.send_event(chunk)
            self.pause(self.demo.pause_s)


class DemoServer:
    """The server. It waits `pause_s` after each token; /slow and /silent have their own waits."""

    handler: type[DemoHandler] = DemoHandler
    poll_s = 0.5  # how soon `stop` takes effect

    def __init__(
        self, *, pause_s: float = 1 / 60, slow_s: float = 8.0, silent_s: float = 60.0, port: int = 0
    ) -> None:
        self.pause_s, self.slow_s, self.silent_s = pause_s, slow_s, silent_s
        self._port = port
        self._http: _Http | None = None
        self._failed: set[str] = set()
        self._lock = threading.Lock()

    def start(self) -> str:
        """Start serving if it is not running yet, and return `api_base`."""
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
        """Return the server's address, such as "http://127.0.0.1:40001"."""
        if self._http is None:
            raise RuntimeError("The server has not been started.")
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def api_base(self) -> str:
        """Return the base URL of the OpenAI-compatible API."""
        return self.base + API_PATH

    def fails_this_time(self, conversation: str) -> bool:
        """Return True the first time a conversation asks, False the next, and so on."""
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
        """Ignore a reader that stopped, and report any other error."""
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)
