"""Add to cookies what Streamlit leaves off.

Behind TLS each is `Secure`. If other sites may show the app in a frame, browsers send
no `Lax` cookie there: conversations would be lost and uploads refused. So cookies are then
`SameSite=None`, and `Partitioned`: each site that shows the app has a set of its own, which no
other site can make the browser send.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clarifai_chat.config import settings

SAME_SITE_ONLY = ("'self'", "'none'")


class SafeCookies:
    """Adds attributes to every cookie that the app sets for a browser that came over https."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                framed = may_be_framed(settings().frame_ancestors)
                message["headers"] = [
                    (name, each)
                    for name, value in message.get("headers", ())
                    for each in (all_safe(value, framed) if name == b"set-cookie" else [value])
                ]
            await send(message)

        is_https = scope["type"] == "http" and scope["scheme"] == "https"
        await self.app(scope, receive, send_safely if is_https else send)


def may_be_framed(frame_ancestors: str) -> bool:
    """Return whether pages of other sites may show the app in a frame."""
    return any(source.lower() not in SAME_SITE_ONLY for source in frame_ancestors.split())


def all_safe(cookie: bytes, framed: bool) -> list[bytes]:
    """Return the Set-Cookie headers in place of one: two to delete a cookie, else one.

    A cookie from before FRAME_ANCESTORS changed is another than one of now: both have to go.
    """
    if b"max-age=0" in cookie.lower().replace(b" ", b"").split(b";"):
        return [safe(cookie, framed=False), safe(cookie, framed=True)]
    return [safe(cookie, framed=framed)]


def safe(cookie: bytes, *, framed: bool) -> bytes:
    """Return a Set-Cookie header for https; `framed`: other sites may show the app in a frame."""
    pair, *attributes = [part.strip() for part in cookie.split(b";")]
    added = [b"SameSite=None", b"Secure", b"Partitioned"] if framed else [b"Secure"]
    replaced = {attribute.partition(b"=")[0].lower() for attribute in added}
    kept = [each for each in attributes if each.partition(b"=")[0].lower() not in replaced]
    return b"; ".join([pair, *kept, *added])
