"""Record what went over the wire for a request, without the access token."""

import time
from collections.abc import Mapping
from typing import TypedDict

import httpx

from clarifai_chat.access_token import Redactor

MAX_CHARS = 2_000_000  # of one answer; what comes after them is counted, and not kept
TOKEN = "<access token>"  # noqa: S105 - what stands in its place


class Exchange(TypedDict):
    """One request and what came back for it. Times are seconds after it went out."""

    step: int  # the reply of its turn that it asked for, from 0
    sent_at: float  # Unix time
    method: str
    url: str
    headers: dict[str, str]
    request: str  # the body
    status: int | None  # None while there is no response
    response_headers: dict[str, str]
    responded_s: float | None
    body: str  # of an answer that is no stream
    chunks: list[tuple[float, str]]  # of a stream: when each event came, and its data
    left_out: int  # characters of the answer that were too many to keep
    ended_s: float | None


class Recorder:
    """Writes the exchanges of one call down, in the order of their requests."""

    def __init__(self, exchanges: list[Exchange], step: int) -> None:
        self._exchanges = exchanges
        self._step = step
        self._redactor = Redactor("", TOKEN)
        self._exchange: Exchange | None = None  # the latest of this call
        self._began = 0.0
        self._room = MAX_CHARS

    def hide(self, token: str) -> None:
        """Replace `token` by `TOKEN` in everything that is kept from now on."""
        self._redactor = Redactor(token, TOKEN)

    def request(self, request: httpx.Request) -> None:
        self._began = time.monotonic()
        self._room = MAX_CHARS
        self._exchange = {
            "step": self._step,
            "sent_at": time.time(),
            "method": request.method,
            "url": self._clean(str(request.url)),
            "headers": self._headers(request.headers),
            "request": self._clean(request.content.decode("utf-8", "replace")),
            "status": None,
            "response_headers": {},
            "responded_s": None,
            "body": "",
            "chunks": [],
            "left_out": 0,
            "ended_s": None,
        }
        self._exchanges.append(self._exchange)

    def response(self, response: httpx.Response) -> None:
        """The headers of the answer are there."""
        if exchange := self._exchange:
            exchange["status"] = response.status_code
            exchange["response_headers"] = self._headers(response.headers)
            exchange["responded_s"] = self._after_s()

    def body(self, text: str) -> None:
        """The answer was no stream, and is whole."""
        if exchange := self._exchange:
            exchange["body"] = self._kept(exchange, text)
        self.end()

    def chunk(self, data: str) -> None:
        """One more event of a stream."""
        exchange = self._exchange
        if exchange and (text := self._kept(exchange, data)):
            exchange["chunks"].append((self._after_s(), text))

    def end(self) -> None:
        """The answer is over, or nothing more of it is read."""
        if self._exchange and self._exchange["ended_s"] is None:
            self._exchange["ended_s"] = self._after_s()

    def _after_s(self) -> float:
        return round(time.monotonic() - self._began, 4)

    def _kept(self, exchange: Exchange, text: str) -> str:
        text = self._clean(text)  # first: a cut must not leave half a token
        kept = text[: self._room]
        self._room -= len(kept)
        exchange["left_out"] += len(text) - len(kept)
        return kept

    def _clean(self, text: str) -> str:
        return self._redactor.redact(text)

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        hidden = ("cookie", "set-cookie")
        kept = {k: self._clean(v) for k, v in headers.items() if k.lower() not in hidden}
        if "authorization" in kept:  # whatever the key is
            kept["authorization"] = f"Bearer {TOKEN}"
        return kept
