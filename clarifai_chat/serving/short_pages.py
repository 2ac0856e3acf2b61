"""Answer with a short page where Streamlit answers nothing useful: unknown paths, failed sign-in.

Streamlit sends its front page, with status 200, for every path that it does not know: a probe with
a typo would never fail.
"""

import html
import logging
import traceback

from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clarifai_chat.config import ROOT, settings

log = logging.getLogger(__name__)

PAGES = {"/", "/index.html", *(f"/{page.stem}" for page in (ROOT / "pages").glob("*.py"))}
MAY_BE_HTML = ("/component/", "/media/", "/shared/", "/app/static/")
NUMBERS = "/_stcore/metrics"  # Streamlit's own, for anybody; ours are at /metrics
SIGN_IN = "/auth/login"
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<style>body{{font:1.1rem/1.6 system-ui,sans-serif;max-width:36rem;margin:15vh auto;padding:0 2rem}}
</style>
<h1>{title}</h1><p>{text}</p><p><a href="{home}">Open the chat</a></p></html>"""


def page(title: str, text: str, status: int) -> HTMLResponse:
    home = html.escape(f"{settings().base_path}/")
    content = PAGE.format(title=title, text=text, home=home)
    return HTMLResponse(content, status, {"Cache-Control": "no-store"})


def not_found() -> HTMLResponse:
    return page("There is no page here", "The address may be mistyped.", 404)


def no_sign_in() -> HTMLResponse:
    return page(
        "Signing in does not work at the moment",
        "The sign-in provider cannot be reached, or it refused this app. Try again in a minute; if"
        " it persists, tell the operator, whose log says more. The chat works without signing in.",
        502,
    )


class ShortPages:
    """Replaces Streamlit's answer to an unknown path, and to a sign-in that failed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"].removeprefix(settings().base_path) or "/"
        if path == NUMBERS:
            await not_found()(scope, receive, send)
            return
        began = replaced = False

        async def send_or_replace(message: Message) -> None:
            nonlocal began, replaced
            if message["type"] == "http.response.start":
                began = True
                if found := instead(scope, path, message):
                    replaced = True
                    await found(scope, receive, send)
            if not replaced:
                await send(message)

        try:
            await self.app(scope, receive, send_or_replace)
        except Exception as error:
            if path != SIGN_IN or began:
                raise
            frames = "".join(traceback.format_tb(error.__traceback__)[-2:])
            log.error("%s while signing in\n%s", type(error).__name__, frames)
            await no_sign_in()(scope, receive, send)


def instead(scope: Scope, path: str, answer: Message) -> HTMLResponse | None:
    """Return what to send in place of an answer of Streamlit's; None to send that."""
    if path == SIGN_IN:
        return no_sign_in() if answer["status"] >= 400 else None
    if path in PAGES or path.startswith(MAY_BE_HTML) or answer["status"] != 200:
        return None
    headers: dict[bytes, bytes] = dict(answer.get("headers", ()))
    return not_found() if headers.get(b"content-type", b"").startswith(b"text/html") else None
