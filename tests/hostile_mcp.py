"""An MCP server that does everything wrong, each in a path of its own: `base + "/pages"`."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MB = 1_000_000
TOOL = {"name": "get_weather", "description": "Weather.", "inputSchema": {"type": "object"}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.answer(405, b"")

    do_DELETE = do_GET

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.hostile.asked.append((self.path, body, dict(self.headers)))
        act = ACTS.get(self.path.strip("/"))
        if "id" not in body:
            self.answer(202, b"")
        elif body["method"] == "initialize" and act in LATER:
            self.result(body, HELLO)
        elif act:
            act(self, body)

    @property
    def hostile(self) -> "HostileServer":
        assert isinstance(self.server, HostileServer)
        return self.server

    def answer(self, status: int, body: bytes, kind: str = "application/json", **headers: str):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def result(self, body: dict[str, Any], found: Any) -> None:
        self.answer(200, json.dumps({"jsonrpc": "2.0", "id": body["id"], "result": found}).encode())


HELLO = {
    "protocolVersion": "2025-06-18",
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "hostile", "version": "1"},
}


def pages(handler: Handler, body: dict[str, Any]) -> None:
    """Always another page."""
    number = len(handler.hostile.asked)
    handler.result(body, {"tools": [{**TOOL, "name": f"t{number}"}], "nextCursor": str(number)})


def circle(handler: Handler, body: dict[str, Any]) -> None:
    handler.result(body, {"tools": [TOOL], "nextCursor": "again"})


def large(handler: Handler, body: dict[str, Any]) -> None:
    handler.answer(200, b'{"jsonrpc": "2.0", "x": "' + b"x" * 50 * MB + b'"}')


def packed(handler: Handler, body: dict[str, Any]) -> None:
    handler.answer(200, b"\x1f\x8b", Content_Encoding="gzip")


def endless(handler: Handler, body: dict[str, Any]) -> None:
    """A stream of comments, until the other side leaves."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.end_headers()
    handler.hostile.streaming.set()
    while not handler.hostile.closing.wait(0.01):
        handler.wfile.write(b": still here\n\n")


def wrong_result(handler: Handler, body: dict[str, Any]) -> None:
    handler.result(body, {"tools": "none", "content": 7})


def not_json(handler: Handler, body: dict[str, Any]) -> None:
    handler.answer(200, b"{oh no")


def error_body(handler: Handler, body: dict[str, Any]) -> None:
    error = {"code": -32603, "message": "Out of <b>order</b>\x1b[31m"}
    handler.answer(200, json.dumps({"jsonrpc": "2.0", "id": body["id"], "error": error}).encode())


def html(handler: Handler, body: dict[str, Any]) -> None:
    handler.answer(200, b"<html>Hello</html>", "text/html")


def unauthorized(handler: Handler, body: dict[str, Any]) -> None:
    handler.answer(401, b"no")


def broken(handler: Handler, body: dict[str, Any]) -> None:
    handler.answer(500, b"<html>Oops</html>", "text/html")


def redirect(handler: Handler, body: dict[str, Any]) -> None:
    handler.answer(307, b"", Location="http://inside.example:9/mcp")


ACTS: dict[str, Callable[[Handler, dict[str, Any]], None]] = {
    act.__name__: act
    for act in (
        pages, circle, large, packed, endless, wrong_result, not_json, error_body, html,
        unauthorized, broken, redirect,
    )
}  # fmt: skip
LATER = (pages, circle, large, endless, wrong_result, not_json, error_body)


class HostileServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, Any, dict[str, str]]] = []
        self.streaming, self.closing = threading.Event(), threading.Event()
        self.host = f"127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def __exit__(self, *args: object) -> None:
        self.closing.set()
        self.shutdown()
        super().__exit__(*args)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # the other side left
