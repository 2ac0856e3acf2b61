"""An unknown path is a 404 without a cookie; a sign-in that fails is a page with a sentence."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from streamlit.web.server.starlette.starlette_static_routes import (
    create_streamlit_static_assets_routes,
)

from clarifai_chat.config import settings
from clarifai_chat.serving.pages import VisitorCookie
from clarifai_chat.serving.short_pages import ShortPages
from tests.canary import CANARY, assert_no_canary
from tests.test_server import HTML, id_of


def login(request):
    if request.query_params.get("raise"):
        raise KeyError(f"cookie_secret {CANARY}")
    return PlainTextResponse("Authentication error", 400)


def get(path, *, method="GET", **headers):
    """Streamlit's own files behind what the server adds, without a server."""
    files = create_streamlit_static_assets_routes(settings().base_path)
    middleware = [Middleware(VisitorCookie), Middleware(ShortPages)]
    sign_in = Route(f"{settings().base_path}/auth/login", login)
    app = Starlette(routes=[sign_in, *files], middleware=middleware)

    async def ask():
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://chat.test"
        ) as browser:
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            return await browser.request(method, path, headers={**HTML, **names})

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, ask()).result()


PATHS = ["/", "/index.html", "/models", "/help", "/tool_playground", "/favicon.png"]


@pytest.mark.parametrize("path", PATHS)
def test_pages_and_files_are_there(path):
    assert get(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/redyz",
        "/metrics",
        "/models/x",
        "/wp-login.php",
        "/_stcore/x",
        "/static/x",
        "/a.b/c",
        "/app",
    ],
)
@pytest.mark.parametrize("known", [{}, {"If_None_Match": "front page"}])
def test_an_unknown_path_is_a_short_page_without_a_cookie(path, known):
    if known:
        known = {"If_None_Match": get("/").headers["etag"]}

    response = get(path, **known)

    assert response.status_code == 404
    assert "There is no page here" in response.text
    assert 'href="/"' in response.text
    assert not id_of(response)
    assert len(response.content) < 1000
    assert int(response.headers["content-length"]) == len(response.content)


def test_an_unknown_path_is_a_404_for_head_too():
    response = get("/redyz", method="HEAD")

    assert (response.status_code, response.content) == (404, b"")


def test_below_a_base_path_pages_are_known_too(set_up):
    set_up(BASE_PATH="/chat")

    assert [get(f"/chat{path}").status_code for path in ("/", "/models", "/nope")] == [
        200,
        200,
        404,
    ]
    assert 'href="/chat/"' in get("/chat/nope").text


@pytest.mark.parametrize("query", ["", "?raise=1"])
def test_a_sign_in_that_fails_is_a_page_with_a_sentence(query, caplog):
    response = get(f"/auth/login{query}")

    assert response.status_code == 502
    assert "Signing in does not work at the moment" in response.text
    assert "The chat works without signing in." in response.text
    assert_no_canary("the page", response.text)
    assert ("KeyError while signing in" in caplog.text) == bool(query)
