"""What server.py adds to Streamlit: the visitor's cookie, on pages and on nothing else."""

import asyncio
import logging
import re
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx
import pytest
import uvicorn
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string
from streamlit.web.server.starlette.starlette_server_config import XSRF_COOKIE_NAME
from streamlit.web.server.starlette.starlette_static_routes import (
    create_streamlit_static_assets_routes,
)
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

import server
from bench.processes import Process
from clarifai_chat.chat import replies
from clarifai_chat.history.owner import COOKIE, is_valid, new_id, owner_of
from clarifai_chat.serving.pages import visitor_cookies
from tests.patience import PATIENCE_S, run_apart, until

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def get(path="/", *, client="127.0.0.1", method="GET", **headers):
    """Streamlit's own files behind the cookie, without a server: from any address."""
    (files,) = create_streamlit_static_assets_routes(None)
    transport = httpx.ASGITransport(
        server.TrustedProxies(server.VisitorCookie(files.app)),
        client=(client, 1),
        raise_app_exceptions=False,
    )

    async def ask():
        async with httpx.AsyncClient(transport=transport, base_url="http://chat.test") as browser:
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            return await browser.request(method, path, headers={**HTML, **names})

    with ThreadPoolExecutor(1) as pool:  # the browser tests have a loop of their own in this one
        return pool.submit(asyncio.run, ask()).result()


def id_of(response) -> str:
    """The id that a response sets; "" when it sets none."""
    pairs = [c.partition(";")[0] for c in response.headers.get_list("set-cookie")]
    cookies = [pair for pair in pairs if COOKIE in pair and not pair.endswith("=")]
    assert len(cookies) <= 1
    if not cookies:
        return ""
    value = cookies[0].partition("=")[2]
    assert is_valid(value)
    return value


def is_secure(response) -> bool:
    return response.headers["set-cookie"].endswith("; Secure")


@pytest.mark.parametrize("path", ["/", "/tool_playground", "/models?model=a", "/index.html"])
def test_a_page_brings_an_id(path):
    response = get(path)

    assert response.status_code == 200
    assert response.headers["set-cookie"] == (
        f"{COOKIE}={id_of(response)}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax"
    )
    assert id_of(response) not in response.text


def test_a_page_with_an_id_is_in_no_cache_between():
    assert get().headers.get_list("cache-control") == ["private, no-cache"]


def test_two_browsers_get_two_ids():
    assert len({id_of(get()) for _ in range(20)}) == 20


def test_an_id_is_kept_for_a_year_more():
    mine = new_id()

    response = get(Cookie=f"other=1; {COOKIE}={mine}")

    assert id_of(response) == mine
    assert "Max-Age=31536000" in response.headers["set-cookie"]


@pytest.mark.parametrize("value", ["", "guess", "A" * 64, "0" * 63, "0" * 65, "0" * 64 + "%0a"])
def test_what_is_no_id_of_ours_is_replaced(value):
    fresh = id_of(get(Cookie=f"{COOKIE}={value}"))

    assert is_valid(fresh)
    assert fresh != value


@pytest.mark.parametrize("path", ["/favicon.png", "/static/js/index.js", "/manifest.json"])
def test_a_file_brings_none(path):
    names = [
        p.name for p in (server.Path(server.st.__file__).parent / "static/static/js").iterdir()
    ]
    path = path.replace("index.js", names[0])

    response = get(path)

    assert response.status_code == 200
    assert not id_of(response)
    assert "private" not in response.headers["cache-control"]


@pytest.mark.parametrize(
    "path", ["/_stcore/page", "/component/x/index.html", "/media/a.html", "/app/static/a.html"]
)
def test_what_a_component_or_a_visitor_brought_is_no_page(path):
    assert get(path).headers["content-type"].startswith("text/html"), "Streamlit falls back."
    assert not id_of(get(path))


def test_only_what_is_asked_for_with_get_and_found_brings_one():
    assert not id_of(get(method="HEAD"))
    assert not id_of(get(method="POST"))
    assert get("/models/").status_code == 301
    assert not id_of(get("/models/"))


def test_a_page_that_the_browser_has_already_brings_one_all_the_same():
    mine, first = new_id(), get()

    again = get(If_None_Match=first.headers["etag"])
    with_id = get(If_None_Match=first.headers["etag"], Cookie=f"{COOKIE}={mine}")

    assert again.status_code == with_id.status_code == 304
    assert id_of(again)
    assert id_of(with_id) == mine


def test_a_file_that_the_browser_has_already_brings_none():
    tag = get("/favicon.png").headers["etag"]

    by_a_page = get("/favicon.png", If_None_Match=tag, Accept="image/*")
    by_hand = get("/favicon.png", If_None_Match=tag)

    assert by_a_page.status_code == by_hand.status_code == 304
    assert not id_of(by_a_page)
    assert not id_of(by_hand)


def test_where_nothing_is_kept_there_is_no_cookie(set_up):
    set_up(HISTORY="false")

    response = get(Cookie=f"{COOKIE}={new_id()}")

    assert not id_of(response)
    assert response.headers["cache-control"] == "no-cache"


def seen(client, *forwarded, scheme="http", **more):
    """(scheme, address) of a visitor as the app sees them, with these X-Forwarded-Proto headers."""
    kind = "websocket" if scheme in ("ws", "wss") else "http"
    headers = [(b"x-forwarded-proto", value.encode()) for value in forwarded]
    headers += [(f"x-forwarded-{name}".encode(), value.encode()) for name, value in more.items()]
    scope = {"type": kind, "scheme": scheme, "client": client and (client, 1), "headers": headers}
    found = []

    async def app(scope, receive, send):
        found.append((scope["scheme"], scope["client"] and scope["client"][0]))

    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, server.TrustedProxies(app)(scope, None, None)).result()
    return found[0]


PROXIES = "10.0.0.5, 10.1.0.0/16 ::1,2001:db8::/32"
OURS = ["10.0.0.5", "10.1.9.9", "::1", "2001:db8::9", "::ffff:10.0.0.5", "::ffff:10.1.9.9"]
OTHERS = [
    "10.0.0.6", "127.0.0.1", "2001:db9::9", "::ffff:10.0.0.6", "::ffff:10.2.0.0",
    "::ffff:127.0.0.1", "", "/run/app.sock", "x", None,
]  # fmt: skip


@pytest.mark.parametrize("client", ["127.0.0.1", "::1", "10.0.0.5", "", "x", None])
def test_where_no_proxy_is_trusted_none_is_believed(client):
    assert seen(client, "https", **{"for": "7.7.7.7"}) == ("http", client)


@pytest.mark.parametrize("client", ["127.0.0.1", "::1", "10.0.0.5"])
def test_nobody_is_believed_about_https_unless_the_operator_says_so(client):
    assert not is_secure(get(client=client, X_Forwarded_Proto="https"))


@pytest.mark.parametrize("client", OURS)
def test_a_trusted_proxy_makes_the_cookie_secure(set_up, client):
    set_up(TRUSTED_PROXIES=PROXIES)

    assert is_secure(get(client=client, X_Forwarded_Proto="https"))
    assert is_secure(get(client=client, X_Forwarded_Proto="https, http"))
    assert not is_secure(get(client=client, X_Forwarded_Proto="http"))
    assert not is_secure(get(client=client))


@pytest.mark.parametrize("client", OURS)
def test_a_trusted_proxy_says_how_and_from_where_a_visitor_came(set_up, client):
    set_up(TRUSTED_PROXIES=PROXIES)

    assert seen(client, "https") == ("https", client)
    assert seen(client, "http", scheme="https") == ("http", client)
    assert seen(client, "https", scheme="ws") == ("wss", client)
    assert seen(client, **{"for": "7.7.7.7"}) == ("http", "7.7.7.7")
    # What the visitor wrote stands before what the proxies added.
    assert seen(client, **{"for": "8.8.8.8, 7.7.7.7, ::ffff:10.1.2.3"}) == ("http", "7.7.7.7")


@pytest.mark.parametrize("client", OTHERS)
def test_another_address_is_not_believed(set_up, client):
    set_up(TRUSTED_PROXIES=PROXIES)

    assert seen(client, "https", **{"for": "10.0.0.5"}) == ("http", client)
    assert seen(client, "http", scheme="https") == ("https", client)
    assert seen(client, "https", scheme="ws") == ("ws", client)


@pytest.mark.parametrize("client", [client for client in OTHERS if client])
def test_another_address_does_not_make_the_cookie_secure(set_up, client):
    set_up(TRUSTED_PROXIES=PROXIES)

    assert not is_secure(get(client=client, X_Forwarded_Proto="https"))


@pytest.mark.parametrize(
    ("forwarded", "scheme"),
    [
        (["https, http"], "https"),
        (["http, https"], "http"),
        (["https", "http"], "https"),
        (["http", "https"], "http"),
        ([" HTTPS "], "https"),
        (["wss"], "wss"),
        ([""], "http"),
        (["nonsense"], "http"),
        (["nonsense", "https"], "http"),
    ],
)
def test_of_a_chain_of_proxies_the_first_tells_how_the_visitor_came(set_up, forwarded, scheme):
    set_up(TRUSTED_PROXIES=PROXIES)

    assert seen("10.0.0.5", *forwarded)[0] == scheme
    (cookie,) = visitor_cookies({"scheme": scheme, "headers": []})
    assert cookie.endswith("; Secure") is (scheme in ("https", "wss"))


def test_a_connection_that_is_https_itself_makes_the_cookie_secure():
    scope = {"scheme": "https", "client": None, "headers": []}

    (cookie,) = visitor_cookies(scope)
    assert cookie.startswith(f"__Host-{COOKIE}=")
    assert cookie.endswith("; Secure")


def test_behind_https_an_id_of_before_goes_on_under_a_name_that_nobody_can_plant(set_up):
    set_up(TRUSTED_PROXIES="10.0.0.5")
    mine = new_id()

    response = get(client="10.0.0.5", X_Forwarded_Proto="https", Cookie=f"{COOKIE}={mine}")

    given, ended = response.headers.get_list("set-cookie")
    assert given.startswith(f"__Host-{COOKIE}={mine}; Path=/; ")
    assert ended.startswith(f"{COOKIE}=; Path=/; Max-Age=0")


def test_a_server_that_ends_saves_what_was_shown(monkeypatch):
    done = []
    for module, name in ((server, "bootstrap"), (server.warming.warm_up, "start")):
        monkeypatch.setattr(module, name, lambda *_: None)
    monkeypatch.setattr(server.saving, "close", lambda: done.append("closed"))

    async def story():
        async with server.lifespan(None):
            assert not done

    run_apart(story())
    assert done == ["closed"]


@pytest.fixture
def process(monkeypatch):
    """The server before it starts, and what runs there."""
    process, running = server.Server(uvicorn.Config(server.app, log_config=None)), ["a reply"]
    monkeypatch.setattr(replies._kept, "is_stopping", False, raising=False)
    monkeypatch.setattr(replies, "is_idle", lambda: not running)
    return process, running


def ends(process):
    return run_apart(process.on_tick(1))


def test_a_server_that_is_told_to_stop_waits_for_its_replies_and_takes_no_more(process):
    process, running = process
    assert not ends(process)

    process.handle_exit(signal.SIGTERM, None)

    assert replies.refuses_new()
    assert not ends(process)
    running.clear()
    assert ends(process)


def test_it_waits_no_longer_than_the_operator_says(process, set_up):
    process, _ = process
    set_up(DRAIN_S="0.01")

    process.handle_exit(signal.SIGTERM, None)

    until(lambda: ends(process))


@pytest.mark.parametrize("signals", [(signal.SIGTERM, signal.SIGTERM), (signal.SIGINT,)])
def test_a_second_word_and_ctrl_c_end_it_at_once(process, signals):
    process, _ = process

    for each in signals:
        process.handle_exit(each, None)

    assert ends(process)


# --- The real thing ---------------------------------------------------------------------------

PAGE = """
import streamlit as st
from components.state.owner import visitor
st.text(f"owner: {visitor()}")
if st.query_params.get("fail"):
    raise RuntimeError(str(dict(st.context.cookies)))
"""


NUMBERS = "a-token-for-numbers"


@pytest.fixture(scope="module")
def black_hole() -> Iterator[socket.socket]:
    """A proxy that takes connections and never answers, as a network that drops what leaves it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


@pytest.fixture(scope="module")
def running(tmp_path_factory, black_hole) -> Iterator[Process]:
    """A server whose page says who its visitor is. It trusts 127.0.0.2, and not 127.0.0.1."""
    proxy = f"http://127.0.0.1:{black_hole.getsockname()[1]}"
    folder = tmp_path_factory.mktemp("page")
    (folder / "page.py").write_text(PAGE)
    (folder / "run.py").write_text(
        "from pathlib import Path\nimport server\n"
        f"server.app = server.make_app(Path({str(folder / 'page.py')!r}))\nserver.main()\n"
    )
    running = Process(
        [str(folder / "run.py")],
        "/_stcore/health",
        environ={
            "TRUSTED_PROXIES": "127.0.0.2",
            "METRICS_TOKEN": NUMBERS,
            "FORWARDED_ALLOW_IPS": "*",
            "HTTP_PROXY": proxy,
            "HTTPS_PROXY": proxy,
            "NO_PROXY": "127.0.0.1,localhost",
        },
    )
    yield running
    running.stop()


fetch = partial(httpx.get, timeout=PATIENCE_S)
# Its threads go on for a while after a test, when there is nothing to write to any more.
SILENT = logging.Logger("websockets", logging.CRITICAL + 1)


def connected(running: Process, **options: Any) -> ClientConnection:
    """A websocket to the page, as a browser opens it."""
    address = running.url.replace("http", "ws", 1) + "/_stcore/stream"
    fixed = {"open_timeout": PATIENCE_S, "ping_interval": None, "logger": SILENT}
    return connect(address, **{"subprotocols": [Subprotocol("streamlit")], **fixed, **options})


def said_to(running: Process, visitor_id: str | None, query: str = "") -> tuple[str, list[str]]:
    """What the page says to a websocket with this cookie; and the cookies that it was answered."""
    headers = {"Cookie": f"{COOKIE}={visitor_id}"} if visitor_id else {}
    with connected(running, additional_headers=headers) as socket:
        ask = BackMsg()
        ask.rerun_script.query_string = query
        socket.send(ask.SerializeToString())
        said = ""
        while True:
            message = ForwardMsg()
            message.ParseFromString(socket.recv(timeout=PATIENCE_S))
            if message.delta.new_element.text.body:
                said = message.delta.new_element.text.body
            if message.WhichOneof("type") == "script_finished":
                return said, socket.response.headers.get_all("Set-Cookie")


def from_address(running: Process, address: str, **headers: str) -> httpx.Response:
    transport = httpx.HTTPTransport(local_address=address)
    with httpx.Client(transport=transport, timeout=PATIENCE_S) as browser:
        return browser.get(f"http://127.0.0.1:{running.port}/", headers={**HTML, **headers})


def test_a_session_knows_the_visitor_whom_the_page_gave_an_id(running):
    mine = id_of(fetch(running.url, headers=HTML))

    said, cookies = said_to(running, mine)

    assert said == f"owner: {owner_of(mine)}"
    assert cookies == []


@pytest.mark.parametrize("junk", ["Hello", b"\xff\x00" * 50, b"\x0a" * 3_000_000])
def test_frames_that_mean_nothing_do_no_harm(running, junk):
    mine = id_of(fetch(running.url, headers=HTML))
    with connected(running) as stranger:
        stranger.send(junk)

        assert said_to(running, mine)[0] == f"owner: {owner_of(mine)}"


@pytest.mark.parametrize("visitor_id", [None, "guess", "0" * 63])
def test_a_session_without_a_cookie_of_ours_has_no_visitor(running, visitor_id):
    assert said_to(running, visitor_id) == ("owner: None", [])


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.test",
        "null",
        "http://localhost.evil.test",
        "http://localhost:9999",
        "http://0.0.0.0:5",
    ],
)
def test_another_sites_page_is_refused_and_nobody_is_asked_on_the_internet(
    running, black_hole, origin
):
    with pytest.raises(InvalidStatus, match="403"):
        connected(running, origin=origin)

    with pytest.raises(BlockingIOError):  # nothing waits to be accepted
        black_hole.accept()


def session_of(running: Process, existing: str = "", **headers: str) -> str:
    """The id of the session that a websocket gets which asks for an existing one."""
    wanted = [Subprotocol(each) for each in ("streamlit", "-", existing or "-")]
    with connected(running, additional_headers=headers, subprotocols=wanted) as socket:
        socket.send(BackMsg(rerun_script=ClientState()).SerializeToString())
        while True:
            message = ForwardMsg()
            message.ParseFromString(socket.recv(timeout=PATIENCE_S))
            if message.WhichOneof("type") == "new_session":
                return message.new_session.initialize.session_id


def test_a_session_is_for_the_browser_that_began_it(running):
    mine, another = {"Cookie": f"{COOKIE}={new_id()}"}, {"Cookie": f"{COOKIE}={new_id()}"}
    id = session_of(running, **mine)

    assert session_of(running, id, **another) != id
    assert session_of(running, id) != id, "Neither without a cookie."
    assert session_of(running, id, **mine) == id
    assert id not in running.log()


def test_a_browser_without_cookies_comes_back_to_its_session_too(running):
    id = session_of(running)

    assert session_of(running, id, Cookie=f"{COOKIE}={new_id()}") != id
    assert session_of(running, id) == id


def test_nobody_uploads_into_another_visitors_session(running):
    number = generate_xsrf_token_string()
    mine = {
        "Cookie": f"{COOKIE}={new_id()}; {XSRF_COOKIE_NAME}={number}",
        "X-Xsrftoken": number,
    }
    another = {**mine, "Cookie": f"{COOKIE}={new_id()}; {XSRF_COOKIE_NAME}={number}"}
    with connected(running, additional_headers=mine) as socket:
        socket.send(BackMsg(rerun_script=ClientState()).SerializeToString())
        id = ""
        while not id:
            message = ForwardMsg()
            message.ParseFromString(socket.recv(timeout=PATIENCE_S))
            id = message.new_session.initialize.session_id
        address = f"{running.url}/_stcore/upload_file/{id}/a-file"
        files = {"a.txt": b"Hi"}

        refused = httpx.put(address, files=files, headers=another, timeout=PATIENCE_S)
        stranger = {**mine, "Origin": "http://localhost:9999"}
        foreign = httpx.put(address, files=files, headers=stranger, timeout=PATIENCE_S)
        taken = httpx.put(address, files=files, headers=mine, timeout=PATIENCE_S)

    assert (refused.status_code, foreign.status_code, taken.status_code) == (403, 403, 204)
    assert "another visitor" in refused.text
    assert "another site" in foreign.text


def test_many_at_once_are_each_themselves(running):
    with ThreadPoolExecutor(8) as pool:
        ids = [*pool.map(lambda _: id_of(fetch(running.url, headers=HTML)), range(8))]
        said = [*pool.map(lambda each: said_to(running, each)[0], ids)]

    assert len(set(ids)) == 8
    assert said == [f"owner: {owner_of(each)}" for each in ids]


# As docs/OPERATING.md says.
UVICORN = ("--ws-ping-interval", "10", "--ws-ping-timeout", "10", "--limit-concurrency", "1000")


@pytest.fixture(params=["python server.py", "uvicorn server:app"])
def behind_a_proxy(request) -> Iterator[Process]:
    """The server, started either way. uvicorn itself is told to believe everybody."""
    if request.param == "python server.py":
        yield request.getfixturevalue("running")
        return
    environ = {"TRUSTED_PROXIES": "127.0.0.2", "FORWARDED_ALLOW_IPS": "*"}
    command = ("-m", "uvicorn", "server:app", "--port", "{port}", *UVICORN)
    with Process(command, "/_stcore/health", environ=environ) as server:
        yield server


def test_the_running_server_believes_its_proxy_and_no_other_program_of_the_machine(behind_a_proxy):
    https = {"X-Forwarded-Proto": "https"}

    if not is_secure(from_address(behind_a_proxy, "127.0.0.2", **https)):
        pytest.fail("The trusted proxy was not believed.")
    assert not is_secure(from_address(behind_a_proxy, "127.0.0.1", **https))
    assert not is_secure(from_address(behind_a_proxy, "127.0.0.2"))
    # It does not become a proxy by saying that it is one.
    as_proxy = {"X-Forwarded-For": "127.0.0.2"}
    assert not is_secure(from_address(behind_a_proxy, "127.0.0.1", **https, **as_proxy))


def test_the_security_headers_are_there_with_the_cookie(running):
    response = fetch(running.url, headers=HTML)

    assert id_of(response)
    policy = response.headers["content-security-policy"]
    assert "frame-ancestors 'self'" in policy
    assert "connect-src 'self' data: blob:;" in policy, "No other server is a way out."


def test_a_quiet_websocket_outlives_the_patience_of_each_proxy_that_is_shipped():
    files = [server.ROOT / "deploy/proxy" / name for name in ("nginx.conf", "haproxy.cfg")]
    for file in files:
        limits = re.findall(
            r"(?:proxy_read_timeout|timeout (?:tunnel|server))\s+(\d+)s", file.read_text()
        )
        assert limits
        assert all(int(each) > 2 * server.PING_S for each in limits)


def test_health_and_files_of_the_running_server_bring_no_cookie(running):
    page = fetch(running.url, headers=HTML).text
    scripts = re.findall(r'(?:src|href)="\./(static/[^"]+)"', page)

    assert scripts
    for path in (*scripts, "healthz", "_stcore/health", "_stcore/host-config"):
        assert not id_of(fetch(f"{running.url}/{path}", headers=HTML)), path


def test_the_running_server_counts_its_pages_for_who_has_the_token(running):
    headers = {"Authorization": f"Bearer {NUMBERS}"}

    def sessions():
        page = fetch(f"{running.url}/metrics", headers=headers)
        assert not id_of(page)
        return float(re.search(r"^clarifai_chat_sessions (\S+)$", page.text, re.M)[1])

    assert fetch(f"{running.url}/metrics").status_code == 401
    assert fetch(f"{running.url}/_stcore/metrics").status_code == 404, "Streamlit's is for anybody."
    until(lambda: sessions() == 0)  # of other tests
    with connected(running) as socket:
        ask = BackMsg()
        ask.rerun_script.query_string = ""
        socket.send(ask.SerializeToString())
        until(lambda: sessions() == 1)


def test_no_id_is_in_the_log_even_of_a_page_that_fails(running):
    mine = id_of(fetch(running.url, headers=HTML))
    said_to(running, mine, "fail=1")

    log = running.log()

    assert re.search(r"app-[0-9a-f]{8}: RuntimeError while a page was drawn", log)
    assert COOKIE not in log
    assert mine not in log
    assert owner_of(mine) not in log
