"""Why a page's websocket is refused, and the script in each page that asks."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from streamlit.web.server.starlette.starlette_static_routes import (
    create_streamlit_static_assets_routes,
)

from clarifai_chat.serving.handshakes import Handshakes, refusal
from clarifai_chat.serving.pages import ConnectionScript, script

HTML = {"Accept": "text/html,*/*;q=0.8", "Accept-Encoding": "gzip"}


@pytest.mark.parametrize(
    ("origin", "hosts"),
    [
        ("https://chat.test", ["127.0.0.1:8501"]),
        ("https://chat.test:8443", ["chat.test"]),
        ("https://chat.test", []),
        ("https://chat.test", ["chat.test", "chat.test"]),
    ],
)
def test_a_changed_host_is_the_reason_and_its_name_stays_private(origin, hosts):
    reason = refusal(origin, hosts)

    assert f"It must set Host to {origin.removeprefix('https://')} (nginx" in reason
    assert "127.0.0.1" not in reason


def test_an_accepted_page_has_no_reason(set_up):
    assert refusal("https://chat.test", ["chat.test"]) == ""
    set_up(ALLOWED_ORIGINS="https://chat.test")
    assert refusal("https://chat.test", ["127.0.0.1:8501"]) == ""


def answered(**scope):
    """What Handshakes answers to a request by itself, as ASGI messages."""
    sent = []

    async def nobody(scope, receive, send):
        pytest.fail(f"Streamlit was asked: {scope['type']} {scope['path']}")

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message)

    with ThreadPoolExecutor(1) as pool:  # the browser tests have a loop of their own in this one
        pool.submit(asyncio.run, Handshakes(nobody)(scope, receive, send)).result()
    return sent


def test_a_page_is_told_over_a_websocket_that_never_becomes_a_session():
    headers = [(b"origin", b"https://chat.test"), (b"host", b"inside:8501")]
    where = {"path": "/chat/_stcore/stream", "query_string": b"why"}

    accepted, told, closed = answered(type="websocket", headers=headers, **where)

    assert accepted["type"] == "websocket.accept"
    assert "must set Host to chat.test" in told["text"]
    assert closed["type"] == "websocket.close"


def test_a_handshake_without_upgrade_is_in_the_log(caplog):
    caplog.set_level(logging.WARNING)
    headers = [(b"sec-websocket-key", b"x")]

    start, body = answered(type="http", method="GET", path="/_stcore/stream", headers=headers)

    assert start["status"] == 426
    assert b"headers Upgrade and Connection" in body["body"]
    assert "headers Upgrade and Connection" in caplog.text


def get(path="/", method="GET", **headers):
    """Streamlit's own files behind the script."""
    (files,) = create_streamlit_static_assets_routes(None)
    transport = httpx.ASGITransport(ConnectionScript(files.app))

    async def ask():
        async with httpx.AsyncClient(transport=transport, base_url="http://chat.test") as browser:
            return await browser.request(method, path, headers={**HTML, **headers})

    with ThreadPoolExecutor(1) as pool:  # the browser tests have a loop of their own in this one
        return pool.submit(asyncio.run, ask()).result()


@pytest.mark.parametrize("path", ["/", "/models"])
def test_each_page_begins_with_the_script(path):
    page = get(path)

    assert b"<head><script>%b</script>" % script() in page.content
    assert page.content.index(script()) < page.content.index(b"<script type=")
    assert page.headers["content-length"] == str(len(page.content))
    assert b"</script" not in script()


def test_other_answers_stay_as_they_are():
    assert script() not in get("/favicon.png").content
    assert script() not in get("/_stcore/page").content
    assert script() not in get("/", Accept="*/*").content
    assert get("/", "HEAD").content == b""
    assert get("/", **{"If-None-Match": get("/").headers["etag"]}).status_code == 304


def test_only_below_a_path_a_page_leads_there(set_up):
    assert b"location.replace" not in get().content

    set_up(BASE_PATH="/chat")

    assert b'location.replace(base + pathname + search + hash);\n})("/chat");' in get().content
