"""Serve the pages that visitors share: without a cookie, a script, or anything else of the app."""

from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from clarifai_chat.serving.short_pages import page
from clarifai_chat.transfer import sharing
from clarifai_chat.transfer.exports.page import POLICY

HEADERS = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


def routes(base: str = "") -> list[Route]:
    """Return the route, below `base`."""

    def shared(request: Request) -> HTMLResponse:  # not a coroutine: it waits for the database
        try:
            html = sharing.html_of(request.path_params["id"])
        except sharing.NotShared as error:
            answer = page("This page cannot be read now", str(error), 503)
        else:
            if html is not None:
                return HTMLResponse(html, headers=HEADERS)
            said = "It has expired, was revoked, or the address is mistyped."
            answer = page("There is no shared page here", said, 404)
        answer.headers.update(HEADERS)
        return answer

    return [Route(f"{base}/{sharing.PATH}/{{id}}", shared)]
