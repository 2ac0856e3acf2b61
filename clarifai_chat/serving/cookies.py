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
    """Gives every cookie the app's own path, and what it lacks if the browser came over https."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    (name, each)
                    for name, value in message.get("headers", ())
                    for each in (ours(value, scope["scheme"]) if name == b"set-cookie" else [value])
                ]
            await send(message)

        await self.app(scope, receive, send_safely if scope["type"] == "http" else send)


def may_be_framed(frame_ancestors: str) -> bool:
    """Return whether pages of other sites may show the app in a frame."""
    return any(source.lower() not in SAME_SITE_ONLY for source in frame_ancestors.split())


def ours(cookie: bytes, scheme: str) -> list[bytes]:
    """Return the Set-Cookie headers in place of one of Streamlit's or ours."""
    own = below(cookie, settings().base_path)
    return all_safe(own, may_be_framed(settings().frame_ancestors)) if scheme == "https" else [own]


def below(cookie: bytes, base: str) -> bytes:
    """Return a Set-Cookie header for the app's own path alone, not for the whole host.

    One that deletes a cookie stays: it names the path that the cookie has.
    """
    if not base or is_deletion(cookie):
        return cookie
    parts = [part.strip() for part in cookie.split(b";")]
    own = b"Path=" + base.encode()
    return b"; ".join(own if part.lower() == b"path=/" else part for part in parts)


def is_deletion(cookie: bytes) -> bool:
    return b"max-age=0" in cookie.lower().replace(b" ", b"").split(b";")


def all_safe(cookie: bytes, framed: bool) -> list[bytes]:
    """Return the Set-Cookie headers in place of one: two to delete a cookie, else one.

    A cookie from before FRAME_ANCESTORS changed is another than one of now: both have to go.
    """
    if is_deletion(cookie):
        return [safe(cookie, framed=False), safe(cookie, framed=True)]
    return [safe(cookie, framed=framed)]


def safe(cookie: bytes, *, framed: bool) -> bytes:
    """Return a Set-Cookie header for https; `framed`: other sites may show the app in a frame."""
    pair, *attributes = [part.strip() for part in cookie.split(b";")]
    added = [b"SameSite=None", b"Secure", b"Partitioned"] if framed else [b"Secure"]
    replaced = {attribute.partition(b"=")[0].lower() for attribute in added}
    kept = [each for each in attributes if each.partition(b"=")[0].lower() not in replaced]
    return b"; ".join([pair, *kept, *added])
