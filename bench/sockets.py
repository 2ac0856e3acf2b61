"""Visitors without a browser: they speak Streamlit's protocol over a websocket, many in a process.

A visitor does what a tab does: it opens a page, fills in widgets by their keys, and stores what is
drawn. When an answer is only timed, its messages are searched, not parsed, so that the visitors
leave the CPU to the app.
"""

import asyncio
import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.Markdown_pb2 import Markdown
from streamlit.proto.WidgetStates_pb2 import WidgetState

from bench import answers
from bench.apps import MODEL

OVER = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_WITH_COMPILE_ERROR)
SETTLED_S = 0.3
Path = tuple[int, ...]


@dataclass
class Drawn:
    kind: str  # of the element, as the protocol calls it
    body: str
    run: int
    is_caption: bool
    widget: str  # its id; "" if it is not a widget


@dataclass
class Times:
    """One question, in seconds of this process's clock; None if it did not arrive."""

    asked: float
    first: float | None = None
    last: float | None = None


class Counted(websockets.ClientConnection):
    """A connection that counts the bytes on the wire, compressed."""

    wire_bytes = 0

    def data_received(self, data: bytes) -> None:
        self.wire_bytes += len(data)
        super().data_received(data)


class Visitor:
    """One tab. `connect`, `open`, then `ask`, `click`, `go`; `elements` is what it shows."""

    def __init__(self, url: str, *, compress: bool = False, cookie: str = "") -> None:
        """Prepare a tab; with the `cookie` of a visitor its conversations are saved."""
        self.url = url
        self._headers = {"Cookie": cookie} if cookie else {}
        self.session_id = ""
        self.elements: dict[Path, Drawn] = {}
        self.blocks: dict[Path, tuple[str, int]] = {}  # (a chat message's author or "", run)
        self.widgets: dict[str, str] = {}  # key → id
        self.idle = asyncio.Event()  # set while no script runs
        self.faults: list[str] = []
        self.received = 0  # bytes of messages, before compression
        self.messages = 0
        self._compression = "deflate" if compress else None
        self._page_hash = ""
        self._pages: dict[str, str] = {}  # page name in the URL → the page's hash
        self._wanted_page = ""
        self._runs_when_sent = 0
        self.run = 0  # number of scripts started
        self._socket: Counted | None = None
        self._reader: asyncio.Task[None] | None = None
        self._on_data: Callable[[bytes], None] = self._take

    # --- the socket ---------------------------------------------------------------------------

    async def connect(self) -> None:
        """Open the socket; resume the session if there was one."""
        address = self.url.replace("http", "ws", 1) + "/_stcore/stream"
        protocols = ["streamlit", "x", self.session_id] if self.session_id else ["streamlit"]
        self._socket = await websockets.connect(  # type: ignore[assignment]  # made by create_connection
            address,
            subprotocols=protocols,  # type: ignore[arg-type]  # plain strings are fine
            max_size=None,
            compression=self._compression,
            additional_headers=self._headers,
            create_connection=Counted,
            open_timeout=60,
        )
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        with suppress(websockets.ConnectionClosed):
            async for data in self._connection:
                self.received += len(data)
                self.messages += 1
                self._on_data(data)  # type: ignore[arg-type]  # Streamlit sends bytes

    @property
    def _connection(self) -> Counted:
        assert self._socket is not None
        return self._socket

    @property
    def wire_bytes(self) -> int:
        return self._connection.wire_bytes

    async def close(self) -> None:
        with suppress(Exception):
            await asyncio.wait_for(self._connection.close(), 5)
        await self._end_reader()

    async def drop(self) -> None:
        """Drop the connection without closing it."""
        self._connection.transport.abort()
        await self._end_reader()

    async def _end_reader(self) -> None:
        if self._reader:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)

    # --- actions ------------------------------------------------------------------------------

    async def open(self, page: str = "", timeout_s: float = 60) -> None:
        """Open a page, as a new tab or a click on a link does, and wait for it."""
        await self._rerun(page_hash="", page_name=page)
        await self.till_idle(timeout_s)

    async def go(self, page: str) -> None:
        """Go to a page without waiting until it is drawn."""
        self.widgets.clear()
        await self._rerun(page_hash="", page_name=page)

    async def rerun(self) -> None:
        await self._rerun()

    async def ask(self, prompt: str) -> None:
        state = WidgetState(id=self.widgets["chat_input"])
        state.chat_input_value.data = prompt
        await self._rerun(state)

    async def click(self, key: str) -> None:
        await self._rerun(WidgetState(id=self.widgets[key], trigger_value=True))

    async def till_idle(self, timeout_s: float) -> None:
        """Wait until no script runs and none follows: one run may end to start the next."""
        async with asyncio.timeout(timeout_s):
            while True:
                await self.idle.wait()
                run = self.run
                await asyncio.sleep(SETTLED_S)
                if self.idle.is_set() and run == self.run:
                    return

    async def runs_within(self, timeout_s: float) -> bool:
        """Return whether the last request starts a script within `timeout_s`."""
        until = time.perf_counter() + timeout_s
        while self.run == self._runs_when_sent and time.perf_counter() < until:
            await asyncio.sleep(0.02)
        return self.run > self._runs_when_sent

    async def timed(self, wanted: answers.Wanted, prompt: str, timeout_s: float) -> Times:
        """Ask, and time the answer's first and last words. The answer is not stored."""
        over = asyncio.Event()
        begin, end = wanted.begin.encode(), wanted.end.encode()

        def look(data: bytes) -> None:
            if times.first is None and begin in data:
                times.first = time.perf_counter()
            if times.first is not None and end in data:
                times.last = time.perf_counter()
                over.set()

        self._on_data = look
        times = Times(time.perf_counter())
        await self.ask(prompt)
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(over.wait(), timeout_s)
        self._on_data = self._take
        return times

    async def _rerun(
        self,
        widget: WidgetState | None = None,
        *,
        page_hash: str | None = None,
        page_name: str = "",
    ) -> None:
        message = BackMsg()
        rerun = message.rerun_script
        rerun.query_string = urlencode({"model": MODEL})
        rerun.page_script_hash = self._page_hash if page_hash is None else page_hash
        rerun.page_name = page_name
        rerun.context_info.url = self.url
        if widget is not None:
            rerun.widget_states.widgets.append(widget)
        self.idle.clear()
        self._wanted_page = self._pages.get(page_name, "") if page_hash == "" else self._page_hash
        self._runs_when_sent = self.run
        await self._connection.send(message.SerializeToString())

    # --- what the page shows ------------------------------------------------------------------

    def _take(self, data: bytes) -> None:
        message = ForwardMsg()
        message.ParseFromString(data)
        kind = message.WhichOneof("type")
        if kind == "delta":
            self._draw(tuple(message.metadata.delta_path), message.delta)
        elif kind == "new_session":
            self.run += 1
            self.idle.clear()
            self._page_hash = message.new_session.page_script_hash
            self.session_id = message.new_session.initialize.session_id or self.session_id
        elif kind == "navigation":
            pages = message.navigation.app_pages
            self._pages = {page.url_pathname: page.page_script_hash for page in pages}
            self._page_hash = message.navigation.page_script_hash or self._page_hash
        elif kind == "script_finished" and message.script_finished in OVER:
            self._forget_stale()
            # An older run may end after the next one was requested.
            is_wanted = self._wanted_page in ("", self._page_hash)
            if is_wanted and self.run > self._runs_when_sent:
                self.idle.set()
        elif kind == "session_event":
            self.faults.append(str(message.session_event)[:300])

    def _draw(self, path: Path, delta: Any) -> None:
        if delta.WhichOneof("type") == "add_block":
            self.elements.pop(path, None)
            block = delta.add_block
            is_message = block.WhichOneof("type") == "chat_message"
            self.blocks[path] = (block.chat_message.name if is_message else "", self.run)
            return
        element = delta.new_element
        kind = element.WhichOneof("type") or ""
        sent = getattr(element, kind)
        if path in self.blocks:  # an element replaces a block and everything in it
            self._drop_under(path)
        body = str(getattr(sent, "body", "") or getattr(sent, "code_text", ""))
        if kind == "bidi_component" and sent.id.startswith("answer:"):
            kind, body = "markdown", str(json.loads(sent.json)["text"])
        is_caption = getattr(sent, "element_type", None) == Markdown.Type.CAPTION
        widget_id = str(getattr(sent, "id", ""))
        widget_id = widget_id if widget_id.startswith("$$") else ""
        self.elements[path] = Drawn(kind, body, self.run, is_caption, widget_id)
        if kind == "exception":
            self.faults.append(f"{sent.type}: {sent.message}"[:300])
        if widget_id:
            self.widgets[kind] = widget_id
            if key := re.match(r"\$\$ID-[0-9a-f]+-(.+)", widget_id):
                self.widgets[key[1]] = widget_id

    def _drop_under(self, path: Path) -> None:
        size = len(path)
        for kept in (self.elements, self.blocks):
            for below in [p for p in kept if p[:size] == path]:
                del kept[below]

    def _forget_stale(self) -> None:
        """Drop what the run that ended did not draw."""
        self.elements = {p: e for p, e in self.elements.items() if e.run == self.run}
        self.blocks = {p: b for p, b in self.blocks.items() if b[1] == self.run}

    def shows(self, key: str) -> bool:
        """Return whether the widget with this key is on the page."""
        return self.widgets.get(key) in {e.widget for e in self.elements.values() if e.widget}

    def reply_to(self, prompt: str) -> list[Drawn]:
        """Return the elements of the answer to `prompt`, from top to bottom."""
        messages = sorted(p for p, (name, _) in self.blocks.items() if name)
        for asking, answering in pairwise(messages):
            if any(element.body == prompt for element in self._inside(asking)):
                return self._inside(answering)
        return []

    def _inside(self, place: Path) -> list[Drawn]:
        return [e for p, e in sorted(self.elements.items()) if p[: len(place)] == place]
