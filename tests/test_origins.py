"""Which pages are this app's own, and which requests came through a proxy."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat.origins import OwnPagesOnly, came_through_proxy, is_own

OWN = [
    ("http://localhost:8501", "localhost:8501"),
    ("http://LOCALHOST:8501", "localhost:8501"),
    ("http://127.0.0.1:8501", "127.0.0.1:8501"),
    ("http://[::1]:8501", "[::1]:8501"),
    ("http://chat.test", "chat.test"),
    ("http://chat.test", "chat.test:80"),
    ("https://chat.test", "chat.test"),
    ("https://chat.test", "chat.test:443"),
    ("https://chat.test:8443", "chat.test:8443"),
]
FOREIGN = [
    ("http://localhost:9999", "localhost:8501"),
    ("http://localhost", "localhost:8501"),
    ("http://127.0.0.1:8501", "localhost:8501"),
    ("http://0.0.0.0:5", "127.0.0.1:8501"),
    ("https://chat.test", "chat.test:80"),
    ("http://chat.test", "chat.test:443"),
    ("https://evil.test", "chat.test"),
    ("https://chat.test.evil.test", "chat.test"),
    ("https://chat.test@evil.test", "evil.test"),
    ("https://evil.test#chat.test", "chat.test"),
    ("https://chat.test/", "chat.test"),
    ("https://chat.test:port", "chat.test:port"),
    ("https://chat.test", ""),
    ("null", "chat.test"),
    ("null", "null"),
    ("file://", "chat.test"),
    ("", ""),
    ("http://", ""),
    ("http://[::1", "[::1"),
]


@pytest.mark.parametrize(("origin", "host"), OWN)
def test_a_page_of_the_same_scheme_name_and_port_is_ours(origin, host):
    assert is_own(origin, host)


@pytest.mark.parametrize(("origin", "host"), FOREIGN)
def test_any_other_page_is_a_strangers(origin, host):
    assert not is_own(origin, host)


def test_the_operator_may_list_more():
    listed = ["https://chat.example.com", "http://10.0.0.5:8501"]

    assert is_own("https://chat.example.com", "app:8501", listed)
    assert is_own("https://chat.example.com:443", "app:8501", listed)
    assert is_own("http://10.0.0.5:8501", "app:8501", listed)
    assert not is_own("http://chat.example.com", "app:8501", listed)
    assert not is_own("http://10.0.0.5", "app:8501", listed)


@given(st.text(), st.text())
def test_no_header_is_a_problem(origin, host):
    assert is_own(origin, host) in (True, False)
    assert not is_own(origin, f"{host}x") or not is_own(origin, host)


@pytest.mark.parametrize(
    "name", ["Forwarded", "via", "X-Forwarded-For", "x-forwarded-anything", "X-Real-IP"]
)
def test_what_a_proxy_adds_is_told(name):
    assert came_through_proxy(["Host", name])
    assert not came_through_proxy(["Host", "Origin", "X-Xsrftoken"])


def asked(origin, host, kind="websocket", method="PUT"):
    """What the app behind the guard is asked, and what it answers: (Host headers, messages)."""
    names = [(b"origin", each) for each in origin] + [(b"host", each) for each in host]
    scope = {"type": kind, "headers": [(name, each.encode()) for name, each in names]}
    scope |= {"method": method} if kind == "http" else {}
    seen, sent = [], []

    async def app(scope, receive, send):
        seen.append([value.decode() for name, value in scope["headers"] if name == b"host"])

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message)

    with ThreadPoolExecutor(1) as pool:  # other tests have a loop of their own in this thread
        pool.submit(asyncio.run, OwnPagesOnly(app)(scope, receive, send)).result()
    return seen, sent


def test_a_strangers_websocket_is_refused_before_streamlit_sees_it(caplog):
    seen, sent = asked(["https://evil.test"], ["chat.test"])

    assert seen == []
    assert sent == [{"type": "websocket.close", "code": 1008}]
    assert "'https://evil.test'" in caplog.text
    assert "ALLOWED_ORIGINS" in caplog.text


def test_strangers_cannot_fill_the_log(caplog):
    guard = OwnPagesOnly(None)
    for number in range(1000):
        guard._tell(f"https://{number}.evil.test" * 100, "chat.test")

    assert len([r for r in caplog.records if r.levelno == logging.WARNING]) == 20
    assert len(caplog.text) < 20_000


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
def test_a_strangers_upload_is_refused(method):
    assert not asked(["https://evil.test"], ["chat.test"], "http", method)[0]


def test_pages_may_be_linked_from_everywhere():
    assert asked(["https://evil.test"], ["chat.test"], "http", "GET")[0]


def test_two_names_are_no_name():
    assert not asked(["https://chat.test"], ["chat.test", "evil.test"])[0]
    assert not asked(["https://chat.test", "https://evil.test"], ["chat.test"])[0]


def test_a_program_without_a_page_is_let_through():
    assert asked([], ["chat.test"])[0] == [["chat.test"]]


def test_streamlit_is_asked_by_the_name_that_the_operator_allows(set_up):
    set_up(ALLOWED_ORIGINS="https://chat.example.com")

    assert asked(["https://chat.example.com"], ["app:8501"])[0] == [["chat.example.com"]]
    assert not asked(["https://chat.example.org"], ["app:8501"])[0]
