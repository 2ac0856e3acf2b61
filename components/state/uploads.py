"""Bound what visitors have uploaded and not sent yet, and free it when their page is gone.

Streamlit keeps every upload in memory, without a limit, until its session ends: ten minutes after
the page was closed, or later.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import streamlit as st
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import runtime

from clarifai_chat import memory
from clarifai_chat.config import settings

log = logging.getLogger(__name__)

PATH = "/_stcore/upload_file/"
MB = 1_000_000
MAX_FILES = 100  # of a visit
SHARE = 1 / 4  # of the memory that this process may use, at most, for all visits together
IDLE_S = 30  # in which a piece of a file has to arrive: a stranger could reserve room for nothing
FULL = 0.95  # of that memory, above which no upload is taken
TOO_MUCH, NO_ROOM = 413, 507  # statuses; components/chat/upload_guard.py has words for each
SENTENCES = {
    TOO_MUCH: "More files wait to be sent than one visitor may have. Send or remove some.",
    NO_ROOM: "This app holds as many files as it can. Try again in a few minutes.",
}
CLOSED_BY_PAGE = (1000, 1001)  # the codes of a websocket whose page was closed or left


@dataclass
class _Tab:
    session_id: str = ""
    code: int | None = None


_tab: ContextVar[_Tab | None] = ContextVar("tab", default=None)


def session_of(scope: Scope) -> str:
    """Return the session into which a request uploads a file."""
    return str(scope["path"]).partition(PATH)[2].partition("/")[0]


def note_session(session_id: str) -> None:
    """Note which session the websocket of this task belongs to."""
    if tab := _tab.get():
        tab.session_id = session_id


class BoundedUploads:
    """Refuses uploads beyond the limits, with a status for which the page has a sentence."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._arriving: defaultdict[str, list[int]] = defaultdict(list)  # sizes, by session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._watch(scope, receive, send)
        elif scope["type"] == "http" and scope["method"] == "PUT" and PATH in scope["path"]:
            await self._take(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _take(self, scope: Scope, receive: Receive, send: Send) -> None:
        session_id, length = session_of(scope), _length(scope)
        if not runtime.exists() or not runtime.get_instance().is_active_session(session_id):
            await self.app(scope, receive, send)  # Streamlit refuses it
            return
        if status := self._refusal(session_id, length):
            await _read_away(receive, length)
            await PlainTextResponse(SENTENCES[status], status)(scope, receive, send)
            return

        async def receive_in_time() -> Message:
            try:
                return await asyncio.wait_for(receive(), IDLE_S)
            except TimeoutError:
                return {"type": "http.disconnect"}

        self._arriving[session_id].append(length)
        try:
            await self.app(scope, receive_in_time, send)
        finally:
            self._arriving[session_id].remove(length)
            if not self._arriving[session_id]:
                del self._arriving[session_id]

    def _refusal(self, session_id: str, length: int) -> int:
        """Return the status that refuses a file of this length; 0 if it is taken."""
        mine = [*_stored().get(session_id, ()), *self._arriving.get(session_id, ())]
        if len(mine) >= MAX_FILES or sum(mine) + length > settings().max_session_uploads_mb * MB:
            return TOO_MUCH
        if self._is_full(length):
            _free_those_who_left()
            if self._is_full(length):
                log.warning("Uploads take all the memory that they may: one was refused")
                return NO_ROOM
        return 0

    def _is_full(self, length: int) -> bool:
        sizes = [*_stored().values(), *self._arriving.values()]
        most, limit = settings().max_uploads_mb * MB, memory.limit_mb() * memory.MB
        if limit and memory.used_mb() * memory.MB + length > limit * FULL:
            return True
        return sum(map(sum, sizes)) + length > (min(most, limit * SHARE) if limit else most)

    async def _watch(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Free the uploads of a page once it is gone."""
        tab = _Tab()

        async def receive_code() -> Message:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                tab.code = message.get("code")
            return message

        token = _tab.set(tab)
        try:
            await self.app(scope, receive_code, send)
        finally:
            _tab.reset(token)
            if tab.session_id:
                # A lost connection may come back with its session, such as a phone's that slept.
                kept_s = st.get_option("server.disconnectedSessionTTL")
                wait_s = 0 if tab.code in CLOSED_BY_PAGE else kept_s
                asyncio.get_running_loop().call_later(wait_s, _free, tab.session_id)


def _length(scope: Scope) -> int:
    """Return the length of a request's body; of unknown ones, the most that Streamlit takes."""
    text = HTTPConnection(scope).headers.get("content-length", "")
    if text.isdecimal():
        return int(text)
    return int(st.get_option("server.maxUploadSize")) * 2**20


async def _read_away(receive: Receive, length: int) -> None:
    """Read a refused file to its end: a browser that is cut off does not see the answer."""
    if length <= (int(st.get_option("server.maxUploadSize")) + 1) * 2**20:
        while (await receive()).get("more_body"):
            pass


def _manager() -> Any:
    return runtime.get_instance().uploaded_file_mgr


def _stored() -> Mapping[str, list[int]]:
    """Return the sizes of the files that wait, by session."""
    files = {session: [*found.values()] for session, found in [*_manager().file_storage.items()]}
    return {session: [len(file.data) for file in found] for session, found in files.items()}


def _free(session_id: str) -> None:
    """Drop the files of a session, unless a page has it again."""
    if runtime.exists() and not runtime.get_instance().is_active_session(session_id):
        _manager().remove_session_files(session_id)


def _free_those_who_left() -> None:
    for session_id in _stored():
        _free(session_id)
