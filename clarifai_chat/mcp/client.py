"""Ask an MCP server over streamable HTTP, by the official SDK. No other module imports it.

Each question is a conversation of its own, in the calling thread: connect, ask, close. A server
that remembers something between two calls of one conversation finds a new one each time.
"""

import logging
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import anyio
import httpx

from clarifai_chat.access_token import redact
from clarifai_chat.config import server_name
from clarifai_chat.errors import plain
from clarifai_chat.mcp import hosts
from clarifai_chat.mcp.results import text_of
from clarifai_chat.network.guarded import Refused, guarded_client

LIST_S, CALL_S = 20.0, 60.0
MAX_BYTES = 4_000_000  # of one answer on the wire
MAX_PAGES, MAX_TOOLS = 20, 200
LOOK_S = 0.05  # how often a running call looks whether it was stopped
_KINDS = ("application/json", "text/event-stream")
# The SDK logs what it cannot read, which may repeat a token.
logging.getLogger("mcp").setLevel(logging.CRITICAL)

T = TypeVar("T")


class McpTrouble(Exception):
    """A server could not be used; `str(error)` is a sentence for the reader."""


class Stopped(McpTrouble):
    """The reader stopped the call."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a call, as text for the model."""

    text: str
    is_error: bool
    notes: tuple[str, ...]
    took_s: float


def list_tools(address: str, token: str = "") -> tuple[list[dict[str, Any]], list[str]]:
    """Return a server's tools in MCP's form, and sentences about what was left out.

    Blocks for at most LIST_S. Raises `McpTrouble`.
    """
    from mcp import types

    notes: list[str] = []

    async def ask(session: Any) -> list[dict[str, Any]]:
        tools: list[dict[str, Any]] = []
        seen: set[str] = set()
        cursor: str | None = None
        for _ in range(MAX_PAGES):
            page = await session.list_tools(
                params=types.PaginatedRequestParams(cursor=cursor) if cursor else None
            )
            tools += [_tool(each.model_dump(by_alias=True, mode="json")) for each in page.tools]
            cursor = page.nextCursor
            if len(tools) > MAX_TOOLS:
                notes.append(f"The server lists more: the first {MAX_TOOLS} tools are taken.")
                return tools[:MAX_TOOLS]
            if not cursor:
                return tools
            if cursor in seen:
                notes.append("The server's list goes in circles: it was left there.")
                return tools
            seen.add(cursor)
        notes.append(f"The server's list has no end: its first {MAX_PAGES} pages are taken.")
        return tools

    found = _asked(address, token, LIST_S, None, ask)
    return redact(found, token), notes


def call_tool(
    address: str, name: str, arguments: dict[str, Any], token: str, stopped: threading.Event
) -> Answer:
    """Return a server's answer to one call. Blocks for at most CALL_S. Raises `McpTrouble`."""
    from mcp import types

    began = time.monotonic()

    async def ask(session: Any) -> dict[str, Any]:
        # Not `session.call_tool`: it lists the tools once more, to check the server's own answer.
        params = types.CallToolRequestParams(name=name, arguments=arguments)
        request = types.ClientRequest(types.CallToolRequest(params=params))
        answer = await session.send_request(request, types.CallToolResult)
        found: dict[str, Any] = answer.model_dump(by_alias=True, mode="json", exclude_none=True)
        return found

    result = redact(_asked(address, token, CALL_S, stopped, ask), token)
    text, notes = text_of(result)
    return Answer(text, bool(result.get("isError")), tuple(notes), time.monotonic() - began)


def _tool(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": found["name"],
        "description": found.get("description") or found.get("title") or "",
        "inputSchema": found["inputSchema"],
    }


def _asked(
    address: str,
    token: str,
    limit_s: float,
    stopped: threading.Event | None,
    ask: Callable[[Any], Awaitable[T]],
) -> T:
    """Hold one conversation with the server at `address`. Raises `McpTrouble`."""
    where = server_name(address)
    try:
        address = hosts.checked(address)
        if token and not hosts.takes_token(address):
            raise Refused(
                "A token is sent over https only: change the address, or clear the token."
            )
        with ThreadPoolExecutor(1) as apart:  # a loop may run in the caller's thread already
            run = partial(anyio.run, _conversation, address, token, limit_s, stopped, ask)
            return apart.submit(run).result()
    except Exception as error:  # noqa: BLE001 - the one door: whatever the SDK raises stops here
        trouble = _meaning(error, where, token, limit_s)
    raise trouble


async def _conversation(
    address: str,
    token: str,
    limit_s: float,
    stopped: threading.Event | None,
    ask: Callable[[Any], Awaitable[T]],
) -> T:
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    unread: list[Exception] = []
    answers: list[T] = []
    with anyio.fail_after(limit_s) as limit:

        async def look() -> None:
            while not (stopped and stopped.is_set()):
                await anyio.sleep(LOOK_S)
            unread.append(Stopped("Stopped."))
            limit.cancel()

        async def hear(message: Any) -> None:
            # The SDK would wait for another answer until the end of time.
            if isinstance(message, Exception):
                unread.append(message)
                limit.cancel()

        client = guarded_client(hosts.may_connect, headers, MAX_BYTES, _look_at)
        async with client, anyio.create_task_group() as group:
            if stopped:
                group.start_soon(look)
            async with (
                streamable_http_client(address, http_client=client) as (reading, writing, _),
                ClientSession(
                    reading, writing, timedelta(seconds=limit_s), message_handler=hear
                ) as session,
            ):
                await session.initialize()
                answers.append(await ask(session))
            group.cancel_scope.cancel()
    if answers:
        return answers[0]
    raise unread[0] if unread else TimeoutError


def _look_at(response: httpx.Response) -> None:
    """Refuse what is no answer in MCP: the SDK would wait for another one."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if response.status_code == 404 and response.request.method == "POST":
        raise Refused("It has nothing at this path (404). Many MCP servers are at /mcp.")
    is_answer = response.status_code == 200 and response.request.method == "POST"
    if is_answer and kind not in _KINDS:
        what = "a web page" if kind == "text/html" else f"“{plain(kind) or 'nothing'}”"
        raise Refused(f"It answers with {what} and not in MCP. Is the path of the address right?")


def _each(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _each(inner)
    else:
        yield error
        if error.__cause__ is not None:
            yield from _each(error.__cause__)


def _meaning(error: BaseException, where: str, token: str, limit_s: float) -> McpTrouble:
    """Return what went wrong in a sentence, without the token and the SDK's own words."""
    from mcp import McpError
    from pydantic import ValidationError

    found = list(_each(error))

    def first(*kinds: type[BaseException]) -> Any:
        return next((each for each in found if isinstance(each, kinds)), None)

    if why := first(McpTrouble):
        return why if isinstance(why, Stopped) else McpTrouble(str(why))
    if why := first(Refused):
        text = str(why)
        return McpTrouble(f"{where}: {text}" if text.startswith("Its answer") else text)
    if why := first(httpx.HTTPStatusError):
        return McpTrouble(_of_status(why.response, where, token))
    if why := first(McpError):
        said = plain(str(why.error.message), token)
        if "Timed out" in said:
            return McpTrouble(f"{where} did not answer within {limit_s:g} seconds.")
        return McpTrouble(f"{where} refused: {said or 'it did not say why.'}")
    if first(ValidationError):
        return McpTrouble(f"{where} answered with something that is not MCP.")
    if first(TimeoutError, httpx.TimeoutException):
        return McpTrouble(f"{where} did not answer within {limit_s:g} seconds.")
    if first(httpx.ProxyError):
        return McpTrouble(f"The operator's proxy does not let this app reach {where}.")
    if first(httpx.TransportError, OSError):
        return McpTrouble(f"{where} cannot be reached, or hung up.")
    logging.getLogger(__name__).error("%s while asking an MCP server", type(error).__name__)
    return McpTrouble(f"{where} could not be asked: something went wrong in this app.")


def _of_status(response: httpx.Response, where: str, token: str) -> str:
    status = response.status_code
    if status in (401, 403):
        what = "does not accept this token" if token else "asks for a token"
        return f"{where} {what} ({status})."
    if 300 <= status < 400:
        to = plain(server_name(response.headers.get("location", "")), token) or "elsewhere"
        return (
            f"{where} redirects to {to}, which is not followed: type that address if you trust it."
        )
    return f"{where} answered with status {status}. Try again later."
