"""Record what went over the wire for a request, without the access token."""

import time
from collections.abc import Mapping
from typing import TypedDict

import httpx

from clarifai_chat.access_token import Redactor
from clarifai_chat.llm.hidden_stream import HiddenStream, hidden

MAX_CHARS = 2_000_000  # of one answer; more is counted but not kept
TOKEN = "<access token>"  # noqa: S105 - its replacement, not a token


class Exchange(TypedDict):
    """One request and its answer. Times are seconds after the request was sent."""

    step: int  # which reply of the turn it asked for, from 0
    sent_at: float  # Unix time
    method: str
    url: str
    headers: dict[str, str]
    request: str  # the body
    status: int | None  # None while there is no response
    response_headers: dict[str, str]
    responded_s: float | None
    body: str  # of an answer that is not a stream
    chunks: list[tuple[float, str]]  # of a stream: when each event came, and its data
    left_out: int  # characters of the answer beyond MAX_CHARS
    ended_s: float | None


def without(exchange: Exchange, token: str) -> Exchange:
    """Return the exchange with `token` hidden in its stream, also where events cut it.

    For tokens other than the one that was sent with the request, which is hidden already.
    """
    times = [at for at, _ in exchange["chunks"]]
    events = hidden([data for _, data in exchange["chunks"]], token, TOKEN)
    return {**exchange, "chunks": [*zip(times, events, strict=True)]}


class Recorder:
    """Records the exchanges of one call, in the order of their requests."""

    def __init__(self, exchanges: list[Exchange], step: int) -> None:
        self._exchanges = exchanges
        self._step = step
        self._token = ""
        self._redactor = Redactor("", TOKEN)
        self._stream = HiddenStream("", TOKEN)
        self._exchange: Exchange | None = None  # the latest of this call
        self._began = 0.0
        self._room = MAX_CHARS

    def hide(self, token: str) -> None:
        """Replace `token` by `TOKEN` in everything recorded from now on."""
        self._token, self._redactor = token, Redactor(token, TOKEN)

    def request(self, request: httpx.Request) -> None:
        self._began = time.monotonic()
        self._room = MAX_CHARS
        self._stream = HiddenStream(self._token, TOKEN)
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
        """Record the status and headers of the answer."""
        if exchange := self._exchange:
            exchange["status"] = response.status_code
            exchange["response_headers"] = self._headers(response.headers)
            exchange["responded_s"] = self._after_s()

    def body(self, text: str) -> None:
        """Record a whole answer that was not a stream."""
        if exchange := self._exchange:
            exchange["body"] = self._kept(exchange, text)
        self.end()

    def chunk(self, data: str) -> None:
        """Record one more event of a stream."""
        exchange = self._exchange
        if exchange is None or not data:
            return
        if not self._room:
            self._kept(exchange, data)
            return
        chunks, at, room = exchange["chunks"], self._after_s(), self._room
        place, whole = len(chunks), [""]

        def write(text: str) -> None:  # again, if an event to come shows that it had the token
            whole[0] = text
            if place == len(chunks):
                chunks.append((at, text[:room]))
            else:
                chunks[place] = at, text[:room]

        self._stream.add(data, write)
        self._room -= len(chunks[place][1])
        exchange["left_out"] += len(whole[0]) - len(chunks[place][1])

    def end(self) -> None:
        """Record that the answer is over, or will not be read further."""
        if self._exchange and self._exchange["ended_s"] is None:
            self._stream.end()
            self._exchange["ended_s"] = self._after_s()

    def _after_s(self) -> float:
        return round(time.monotonic() - self._began, 4)

    def _kept(self, exchange: Exchange, text: str) -> str:
        text = self._clean(text)  # before the cut, which could leave half a token
        kept = text[: self._room]
        self._room -= len(kept)
        exchange["left_out"] += len(text) - len(kept)
        return kept

    def _clean(self, text: str) -> str:
        return self._redactor.redact(text)

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        hidden = ("cookie", "set-cookie")
        kept = {k: self._clean(v) for k, v in headers.items() if k.lower() not in hidden}
        if "authorization" in kept:  # also a key too short to be redacted
            kept["authorization"] = f"Bearer {TOKEN}"
        return kept
