"""MCP servers: a real one of the SDK, a hostile one, and the hosts that may be asked at all."""

import os
import socket
import subprocess
import sys
import threading

import anyio
import pytest

from clarifai_chat.access_token import MARK
from clarifai_chat.config import ROOT
from clarifai_chat.mcp import client, hosts
from clarifai_chat.mcp.client import McpTrouble, Stopped, call_tool, list_tools
from clarifai_chat.mcp.results import text_of
from clarifai_chat.network import guarded
from clarifai_chat.network.guarded import Refused
from tests.browser import free_port
from tests.canary import CANARY
from tests.hostile_mcp import ACTS, HostileServer
from tests.mcp_server import TOOLS
from tests.patience import PATIENCE_S, until

pytestmark = pytest.mark.slow


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def started(port=0, **environ):
    """Start the real server in a process of its own; return the process and its host."""
    port = port or free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.mcp_server", str(port)],
        cwd=ROOT,
        env={**os.environ, **environ},
    )
    until(lambda: listens(port) or process.poll() is not None)
    return process, f"127.0.0.1:{port}"


@pytest.fixture(scope="module")
def real():
    process, host = started()
    yield host
    process.kill()
    process.wait()


@pytest.fixture
def allow(set_up):
    """Let the operator allow these hosts."""
    return lambda *names: set_up(MCP_HOSTS=" ".join(names))


@pytest.fixture
def call(real, allow):
    allow(real)

    def call(name, arguments=None, stopped=None):
        stopped = stopped or threading.Event()
        return call_tool(f"http://{real}/mcp", name, arguments or {}, "", stopped)

    return call


@pytest.fixture
def hostile(allow):
    with HostileServer() as server:
        allow(server.host)
        yield server


# --- A real server ------------------------------------------------------------------------------


def test_all_tools_of_a_server_are_listed_as_they_are(real, allow):
    allow(real)

    tools, notes = list_tools(f"http://{real}/mcp")

    assert [(t["name"], t["description"], t["inputSchema"]) for t in tools] == [
        (name, text, schema) for name, (text, schema) in TOOLS.items()
    ]
    assert len(tools) == 12
    assert notes == []


def test_a_call_is_answered(call):
    answer = call("get_weather", {"location": "Paris"})

    assert (answer.text, answer.is_error, answer.notes) == ("Rain in Paris.", False, ())
    assert answer.took_s > 0


def test_structured_content_is_sent_once(call):
    assert call("count", {"upto": 3}).text.count("numbers") == 1


def test_an_error_of_a_tool_is_an_answer(call):
    answer = call("fail")

    assert (answer.text, answer.is_error) == ("Error: It does not work.", True)


def test_a_picture_is_named(call):
    answer = call("draw")

    assert answer.text == "[image/png, 72 bytes: not sent]"
    assert answer.notes == ("Named to the model, and not sent: image/png, 72 bytes.",)


def test_a_long_answer_is_cut(call):
    answer = call("large")

    assert len(answer.text) == 100_000
    assert answer.notes == ("Only the first 100,000 of its 150,000 characters are sent.",)


def test_stop_ends_a_call_at_once(call):
    stopped, outcome = threading.Event(), []

    def ask():
        try:
            call("slow", stopped=stopped)
        except McpTrouble as why:
            outcome.append(why)

    thread = threading.Thread(target=ask)
    thread.start()
    stopped.set()
    thread.join(PATIENCE_S)

    assert isinstance(outcome[0], Stopped)


def test_a_slow_tool_is_left_when_its_time_is_over(call, monkeypatch):
    monkeypatch.setattr(client, "CALL_S", 3.0)

    with pytest.raises(McpTrouble, match=r"did not answer within 3 seconds\."):
        call("slow")


def test_a_token_goes_to_its_server_and_is_in_no_answer(set_up):
    token = "a-token-of-the-server"
    process, host = started(TOKEN=token)
    try:
        set_up(MCP_HOSTS=host)
        address = f"http://{host}/mcp"
        with pytest.raises(McpTrouble, match=r"asks for a token \(401\)"):
            list_tools(address)
        with pytest.raises(McpTrouble, match="does not accept this token") as why:
            list_tools(address, CANARY)
        assert CANARY not in str(why.value)
        assert len(list_tools(address, token)[0]) == 12
        answer = call_tool(address, "echo_token", {}, token, threading.Event())
        assert answer.text == f"Bearer {MARK}"
    finally:
        process.kill()
        process.wait()


# --- A hostile one ------------------------------------------------------------------------------

SENTENCES = {
    "large": "Its answer is too large.",
    "packed": "compressed",
    "endless": "did not answer within 3 seconds",
    "wrong_result": "something that is not MCP",
    "not_json": "something that is not MCP",
    "error_body": "refused: Out of <b>order</b>",
    "html": "a web page and not in MCP",
    "unauthorized": "does not accept this token (401)",
    "broken": "status 500",
    "redirect": "redirects to inside.example:9, which is not followed",
}


@pytest.mark.parametrize("act", SENTENCES)
def test_every_fault_gets_a_sentence(hostile, act, monkeypatch):
    monkeypatch.setattr(client, "LIST_S", 3.0 if act == "endless" else PATIENCE_S)

    with pytest.raises(McpTrouble) as why:
        list_tools(f"http://{hostile.host}/{act}", CANARY)

    assert SENTENCES[act] in str(why.value)
    assert len(str(why.value)) < 300
    assert CANARY not in str(why.value)


def test_every_act_is_tried():
    assert {*SENTENCES, "pages", "circle"} == set(ACTS)


def test_a_result_of_the_wrong_type_is_no_answer_to_a_call(hostile):
    with pytest.raises(McpTrouble, match="not MCP"):
        call_tool(f"http://{hostile.host}/wrong_result", "x", {}, "", threading.Event())


def test_a_list_without_end_is_left_after_some_pages(hostile):
    tools, notes = list_tools(f"http://{hostile.host}/pages")

    assert len(tools) == client.MAX_PAGES
    assert notes == ["The server's list has no end: its first 20 pages are taken."]


def test_a_list_in_circles_is_left(hostile):
    tools, notes = list_tools(f"http://{hostile.host}/circle")

    assert len(tools) == 2
    assert notes == ["The server's list goes in circles: it was left there."]


def test_nothing_listens(allow):
    host = f"127.0.0.1:{free_port()}"
    allow(host)

    with pytest.raises(McpTrouble, match="cannot be reached"):
        list_tools(f"http://{host}/mcp")


# --- Which hosts --------------------------------------------------------------------------------


def test_only_hosts_on_the_list_are_asked(allow):
    allow("tools.example.com", "localhost:8000", "10.0.0.5:8080")

    assert hosts.checked(" https://tools.example.com/mcp#x ") == "https://tools.example.com/mcp"
    assert hosts.checked("http://localhost:8000/mcp")
    assert hosts.checked("http://10.0.0.5:8080/")
    for refused in (
        "https://tools.example.com:8443/mcp",
        "https://a.tools.example.com/mcp",
        "https://tools.example.com.evil.example/mcp",
        "http://localhost/mcp",
        "http://10.0.0.5/mcp",
        "https://evil.example/mcp",
    ):
        with pytest.raises(Refused, match="not among the hosts"):
            hosts.checked(refused)


NO_ADDRESSES = [
    "tools.example.com",
    "ftp://tools.example.com/",
    "https://",
    "https://[",
    "https://tools.example.com:99999/",
    "https://töols.example.com/",
]


@pytest.mark.parametrize("typed", [*NO_ADDRESSES, "", "https://a b/", "https://a/" + "x" * 3000])
def test_what_is_no_address_is_refused(typed, allow):
    allow("tools.example.com")

    with pytest.raises(Refused, match="not the address of an MCP server"):
        hosts.checked(typed)


def test_a_password_in_the_address_is_refused(allow):
    allow("tools.example.com")

    with pytest.raises(Refused, match="field for a token"):
        hosts.checked("https://ada:secret@tools.example.com/mcp")


INSIDE = [
    "127.0.0.1",
    "10.1.2.3",
    "192.168.0.9",
    "169.254.169.254",
    "0.0.0.0",  # noqa: S104 (refused)
    "100.64.0.1",
    "224.0.0.1",
    "::1",
    "fe80::1%eth0",
    "fd00::1",
    "::ffff:127.0.0.1",
    "64:ff9b::a00:1",
    "ff02::1",
]


@pytest.mark.parametrize("address", INSIDE)
def test_a_listed_name_for_an_address_inside_is_refused(address, allow):
    allow("tools.example.com")

    with pytest.raises(Refused, match="inside a network"):
        hosts.may_connect("tools.example.com", 443, ["93.184.215.14", address])


def test_an_address_inside_is_allowed_if_it_is_listed_itself(allow):
    allow("tools.example.com", "10.1.2.3", "localhost:8000", "[fd00::1]:8443")

    hosts.may_connect("tools.example.com", 443, ["93.184.215.14", "2606:2800::1"])
    hosts.may_connect("tools.example.com", 443, ["10.1.2.3"])
    hosts.may_connect("10.1.2.3", 80, ["10.1.2.3"])
    hosts.may_connect("localhost", 8000, ["127.0.0.1", "::1"])
    hosts.may_connect("fd00::1", 8443, ["fd00::1"])
    with pytest.raises(Refused):
        hosts.may_connect("localhost", 8000, ["10.1.2.4"])


def test_the_address_that_was_checked_is_connected_to(hostile, allow, monkeypatch):
    """A name is looked up once: a second look could find another address."""
    port = hostile.host.partition(":")[2]
    looked_up = []

    async def look_up(host, port, **options):
        looked_up.append(host)
        assert len(looked_up) == len(set(looked_up)), "It was looked up again."
        found = "127.0.0.1" if len(looked_up) == 1 else "10.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, port))]

    monkeypatch.setattr(anyio, "getaddrinfo", look_up)
    monkeypatch.setattr(guarded.anyio, "getaddrinfo", look_up)
    allow(f"rebind.example:{port}")

    with pytest.raises(McpTrouble, match="inside a network"):
        list_tools(f"http://rebind.example:{port}/circle")
    assert hostile.asked == []


def test_a_token_goes_over_https_only(allow):
    allow("tools.example.com")

    with pytest.raises(McpTrouble, match="over https only"):
        list_tools("http://tools.example.com/mcp", CANARY)


# --- Results ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ({}, ""),
        ({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, "a\nb"),
        ({"content": [], "structuredContent": {"a": 1}}, '{"a": 1}'),
        ({"content": [{"type": "text", "text": "3"}], "structuredContent": {"result": 3}}, "3"),
        ({"content": [], "isError": True}, "Error: the tool failed without saying why."),
        ({"content": [{"type": "odd"}]}, ""),
        (
            {"content": [{"type": "resource_link", "name": "n", "uri": "file:///x"}]},
            "[link to n: file:///x]",
        ),
        ({"content": [{"type": "resource", "resource": {"uri": "u", "text": "t"}}]}, "t"),
        (
            {"content": [{"type": "resource", "resource": {"uri": "u", "blob": "eA=="}}]},
            "[file u: not sent]",
        ),
    ],
)
def test_results_become_text(result, text):
    assert text_of(result)[0] == text
