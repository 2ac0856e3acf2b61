"""The app below a path of its host, and who a proxy says a visitor is."""

import asyncio
import logging
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from clarifai_chat.config import ROOT, BadSettings, load_settings
from clarifai_chat.serving.base_path import BasePath
from clarifai_chat.serving.proxies import PROXY_USER, TrustedProxies


def seen(middleware, **scope):
    """The scope of a request as the app sees it behind `middleware`."""
    found = []

    async def app(scope, receive, send):
        found.append(scope)

    request = {"type": "http", "scheme": "http", "path": "/", "headers": [], "client": None}
    with ThreadPoolExecutor(1) as pool:  # the browser tests have a loop of their own in this one
        pool.submit(asyncio.run, middleware(app)(request | scope, None, None)).result()
    return found[0]


@pytest.mark.parametrize(
    ("path", "below"),
    [
        ("/", "/chat/"),
        ("/models", "/chat/models"),
        ("/chatter", "/chat/chatter"),
        ("/_stcore/stream", "/chat/_stcore/stream"),
        ("/chat/models", "/chat/models"),
        ("/chat/", "/chat/"),
        ("/chat", "/chat"),
    ],
)
def test_a_path_is_below_the_base_whatever_the_proxy_does(set_up, path, below):
    set_up(BASE_PATH="/chat")

    assert seen(BasePath, path=path)["path"] == below
    assert seen(BasePath, path=path, raw_path=path.encode())["raw_path"] == below.encode()


def test_without_a_base_every_path_stays(set_up):
    set_up(BASE_PATH="/")

    assert seen(BasePath, path="/chat/models")["path"] == "/chat/models"


@pytest.mark.parametrize(
    ("typed", "read"),
    [("/chat", "/chat"), ("chat/", "/chat"), ("/a/b-c.d/", "/a/b-c.d"), ("/", "")],
)
def test_a_base_path_is_read(typed, read):
    assert load_settings({"BASE_PATH": typed}).base_path == read


@pytest.mark.parametrize(
    "typed", ["https://a.test/chat", "/a b", "/..", "/a//b", "/models", "/static/x", "/a?b", "/é"]
)
def test_what_cannot_be_a_base_path_is_named(typed):
    with pytest.raises(BadSettings, match="BASE_PATH must be a path such as /chat"):
        load_settings({"BASE_PATH": typed})


@pytest.mark.slow
def test_a_server_started_in_another_folder_keeps_streamlits_options_too(tmp_path):
    asked = ("server.baseUrlPath", "server.trustedUserHeaders", "server.maxUploadSize")
    code = f"import server, streamlit; print(*map(streamlit.config.get_option, {asked}))"
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    environ |= {"BASE_PATH": "chat", "TRUSTED_USER_HEADER": "X-User"}

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environ, capture_output=True, text=True
    )

    assert done.stdout.split() == ["/chat", "{'X-User':", f"'{PROXY_USER}'}}", "50"], done.stderr


# --- Identity ---------------------------------------------------------------------------------

HEADER = b"x-forwarded-user"


def users(set_up, client, *names):
    set_up(TRUSTED_PROXIES="10.0.0.5", TRUSTED_USER_HEADER="X-Forwarded-User")
    headers = [(b"host", b"a.test"), *((HEADER, name) for name in names)]
    scope = seen(TrustedProxies, client=client and (client, 1), headers=headers)
    return [value for name, value in scope["headers"] if name == HEADER]


@pytest.mark.parametrize("client", ["10.0.0.5", "::ffff:10.0.0.5"])
def test_a_trusted_proxy_names_the_visitor(set_up, client, caplog):
    assert users(set_up, client, b"ada") == [b"ada"]
    assert not caplog.records


@pytest.mark.parametrize("client", ["10.0.0.6", "127.0.0.1", "::1", None])
def test_nobody_else_does_and_the_log_says_so(set_up, client, caplog):
    caplog.set_level(logging.WARNING)

    assert users(set_up, client, b"ada") == []
    assert "Ignored X-Forwarded-User from" in caplog.text
    assert "ada" not in caplog.text


def test_two_names_are_none(set_up, caplog):
    assert users(set_up, "10.0.0.5", b"root", b"ada") == []
    assert users(set_up, "10.0.0.5", b" ") == []
    assert "let the proxy replace" in caplog.text


def test_what_cannot_be_the_name_of_a_header_is_named():
    with pytest.raises(BadSettings, match="must be the name of a header"):
        load_settings({"TRUSTED_USER_HEADER": "X User"})
