"""Add to each page what its browser needs: the visitor's cookie, and a word if it stays empty."""

import json
from functools import cache

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clarifai_chat.config import ROOT, settings
from clarifai_chat.history import owner
from clarifai_chat.origins import values

# Paths that are never pages, although uploads and components may be HTML.
NO_PAGES = ("/_stcore/", "/component/", "/media/", "/shared/", "/static/", "/app/static/")
SCRIPT = ROOT / "frontend" / "built" / "connection.js"
# Only the browser knows its address: behind a proxy that strips BASE_PATH, redirects would circle.
GO_BELOW = """(base => {
  const { pathname, search, hash } = location;
  if (pathname !== base && !pathname.startsWith(base + "/"))
    location.replace(base + pathname + search + hash);
})"""


class VisitorCookie:
    """Sets the visitor's id as a cookie with each page, for another year."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start" and is_page(scope, message):
                headers = [h for h in message.get("headers", ()) if h[0] != b"cache-control"]
                # A shared cache would give one visitor's id to the next.
                headers.append((b"cache-control", b"private, no-cache"))
                headers += [(b"set-cookie", each.encode()) for each in visitor_cookies(scope)]
                message["headers"] = headers
            await send(message)

        may_be = scope["type"] == "http" and scope["method"] == "GET" and settings().history
        await self.app(scope, receive, send_with_cookie if may_be else send)


class ConnectionScript:
    """Puts frontend/src/connection.js into each page, before Streamlit's own code.

    With BASE_PATH, also what leads from the same page elsewhere, where nothing is kept, below it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message = {}
        body = b""

        async def send_with_script(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                if message["status"] != 200 or not is_page(scope, message):
                    await send(message)
                else:
                    start = message
                return
            if not start:
                await send(message)
                return
            body += message.get("body", b"")
            if not message.get("more_body"):
                body = body.replace(b"<head>", b"<head><script>%b</script>" % script(), 1)
                MutableHeaders(scope=start)["content-length"] = str(len(body))
                await send(start)
                await send({"type": "http.response.body", "body": body})

        if scope["type"] != "http" or scope["method"] != "GET" or not may_be_page(scope):
            await self.app(scope, receive, send)
            return
        # What is compressed cannot be added to.
        headers = [each for each in scope["headers"] if each[0] != b"accept-encoding"]
        await self.app({**scope, "headers": headers}, receive, send_with_script)


def script() -> bytes:
    return _script(settings().base_path)


@cache
def _script(base: str) -> bytes:
    go_below = f"{GO_BELOW}({json.dumps(base)});" if base else ""
    return go_below.encode() + SCRIPT.read_bytes().strip()


def may_be_page(scope: Scope) -> bool:
    """Return whether a request may be answered by a page."""
    is_file = "." in scope["path"].rpartition("/")[2]
    below = str(scope["path"]).removeprefix(settings().base_path)
    wants_html = "text/html" in ",".join(values(scope, b"accept"))
    return wants_html and not is_file and not below.startswith(NO_PAGES)


def is_page(scope: Scope, response: Message) -> bool:
    """Return whether a response is a page, or a 304 for one."""
    if str(scope["path"]).removeprefix(settings().base_path).startswith(NO_PAGES):
        return False
    headers: dict[bytes, bytes] = dict(response.get("headers", ()))
    if response["status"] == 304:  # has no content type: the request has to tell
        return may_be_page(scope)
    is_html = headers.get(b"content-type", b"").startswith(b"text/html")
    return is_html and bool(response["status"] == 200)


def visitor_cookies(scope: Scope) -> list[str]:
    """Return the Set-Cookie headers with the visitor's id, or with a new one."""
    cookies = owner.cookies_in(values(scope, b"cookie"))
    visitor_id = owner.id_of(cookies) or owner.new_id()
    secure, path = scope.get("scheme") in ("https", "wss"), settings().base_path or "/"
    former = owner.former_cookies(cookies, secure=secure, path=path)
    return [owner.cookie(visitor_id, secure=secure, path=path), *former]
