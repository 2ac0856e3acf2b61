"""A company's network: its own certificate authority, a SOCKS proxy, and addresses that are wrong.

The account check, the list of models, replies and sign-in go the same way and trust the same
authorities.
"""

import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest
from authlib.integrations.starlette_client import OAuth, StarletteOAuth2App

from clarifai_chat import network, secrets_file
from clarifai_chat.catalog.clarifai_api import list_models, who_am_i
from clarifai_chat.errors import (
    ChatError,
    NoSuchHost,
    ProxyFailed,
    RefusedConnection,
    Unreachable,
    Untrusted,
    WrongScheme,
)
from clarifai_chat.llm import transport
from clarifai_chat.serving import sign_in
from tests.canary import CANARY, assert_no_canary
from tests.conftest import NOWHERE, Heard, send
from tests.fake_clarifai import FakeClarifai, says
from tests.fake_oidc import CLIENT_ID, CLIENT_SECRET, FakeOidc
from tests.network import Authority, SecureClarifai, Socks

MODEL = "https://clarifai.com/openai/chat-completion/models/gpt-4_1"
VARIABLES = [f"{name}_PROXY" for name in ("HTTP", "HTTPS", "ALL", "NO")]
VARIABLES += [*map(str.lower, VARIABLES), "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"]


@pytest.fixture
def environment(monkeypatch, waits):
    """`environment(ALL_PROXY=…)`: the variables of the process, read as at its start."""

    def forget():
        if transport.client.cache_info().currsize:
            transport.client().close()
        for cached in (network.proxy_rules, network.trusted, transport.client):
            cached.cache_clear()

    def environment(**variables):
        for name in VARIABLES:
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, str(value))
        forget()

    waits(None)
    environment()
    yield environment
    forget()


@pytest.fixture
def signing_in(monkeypatch, tmp_path):
    """`signing_in(url)`: what authlib, as Streamlit uses it, learns of the provider there."""
    monkeypatch.setattr(secrets_file, "files", lambda: [tmp_path])
    before = StarletteOAuth2App.client_cls
    sign_in.go_the_one_way()
    assert StarletteOAuth2App.client_cls is before, "Nothing sets it up."
    (tmp_path / "secrets.toml").write_text("")
    monkeypatch.setattr(secrets_file, "files", lambda: [tmp_path / "secrets.toml"])
    monkeypatch.setattr(StarletteOAuth2App, "client_cls", before)  # and again at the end
    sign_in.go_the_one_way()

    def signing_in(base):
        oauth = OAuth()
        metadata = f"{base}/.well-known/openid-configuration"
        options = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        client = oauth.register("corp", server_metadata_url=metadata, **options)
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, client.load_server_metadata()).result()["issuer"]

    return signing_in


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


def secure(authority, *names, **options):
    return SecureClarifai(authority.server_context(*(names or ["localhost"]), **options))


def outcomes(base):
    """What the account check, the list of models and a reply say of the server at `base`."""
    found = []
    for ask in (
        lambda: who_am_i(CANARY, api_base=base).user_id,
        lambda: [model.name for model in list_models(CANARY, api_base=base)],
        lambda: Heard(send(MODEL, api_base=f"{base}/v2/ext/openai/v1")).text,
    ):
        try:
            found.append(ask())
        except ChatError as error:
            assert_no_canary("the error", f"{error!r} {error.problem()}")
            found.append(error)
    return found


def assert_all_fail(base, kind, more=""):
    """Assert that all three fail in the same words, and that each left a line in the log."""
    found = outcomes(base)
    assert [type(each) for each in found] == [kind] * 3
    assert {each.problem()["what"] for each in found} == {f"{kind.what} {more}".strip()}


def told(caplog):
    return [record.getMessage() for record in caplog.records if record.name.endswith("failures")]


# --- Certificates ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"])
def test_a_companys_authority_counts_for_every_request(environment, authority, name):
    environment(**{name: authority.folder if name == "SSL_CERT_DIR" else authority.file})
    with secure(authority) as server:
        server.users[CANARY] = "ada"
        server.next(says("Hello"))

        account, models, reply = outcomes(server.base)

    assert account == "ada"
    assert isinstance(models, list)
    assert reply == "Hello"


@pytest.mark.parametrize(
    ("options", "trusted", "why"),
    [
        ({}, False, "Its certificate authority is unknown here."),
        ({"expired": True}, True, "It has expired."),
        ({"names": ["other.test"]}, True, "It is for another name."),
    ],
)
def test_a_certificate_that_is_not_trusted_is_told_from_the_rest(
    environment, authority, caplog, options, trusted, why
):
    environment(**({"SSL_CERT_FILE": authority.file} if trusted else {}))
    with secure(authority, *options.pop("names", []), **options) as server:
        assert_all_fail(server.base, Untrusted, why)

        assert server.journal == []
    host = server.base.removeprefix("https://") if server._http else "localhost:"
    assert len(told(caplog)) == 3
    assert all(line.startswith(host) and line.endswith(why) for line in told(caplog))


# --- Addresses that are wrong ---------------------------------------------------------------------


def test_a_closed_port_is_told_from_the_rest(environment, caplog):
    assert_all_fail(NOWHERE, RefusedConnection)

    assert told(caplog)[0].startswith("127.0.0.1:9: The model's server refused")


def test_a_name_that_is_unknown_is_told_from_the_rest(environment, caplog, monkeypatch):
    def getaddrinfo(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    assert_all_fail("https://clarifai.test", NoSuchHost)

    assert "clarifai.test: The name" in told(caplog)[0]


def test_https_at_a_port_of_http_is_told_from_the_rest(environment, caplog, monkeypatch):
    with FakeClarifai() as server:
        assert_all_fail(server.base.replace("http:", "https:"), WrongScheme)

    assert "http" in told(caplog)[0]


def test_http_at_a_port_of_https_is_told_from_the_rest(environment, authority, caplog):
    with secure(authority) as server:
        assert_all_fail(server.base.replace("https:", "http:"), WrongScheme)

    assert told(caplog)[0].endswith("It speaks https at this port, and was asked by http.")


@pytest.mark.parametrize("words", ["The plain HTTP request was sent to HTTPS port"])
def test_a_server_that_says_so_itself_is_understood(ask, words):
    from tests.fake_clarifai import status

    heard = ask(status(400, f"<html><title>400 {words}</title></html>"))

    assert type(heard.error) is WrongScheme


def test_a_server_that_only_hangs_up_is_unreachable(environment):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer_all, args=(listener, None), daemon=True).start()
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"

        assert {type(each) for each in outcomes(base)} == {Unreachable}


def answer_all(listener, answer):
    """Say the same to everybody and then nothing; hang up for None."""
    connections = []
    with suppress(OSError):
        while True:
            connections.append(listener.accept()[0])
            if answer is None:
                connections.pop().close()
            else:
                connections[-1].sendall(answer)


# --- Proxies --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ALL_PROXY", "all_proxy", "HTTP_PROXY"])
@pytest.mark.parametrize("scheme", ["socks5", "socks5h", "socks"])
def test_every_request_takes_the_socks_proxy(environment, fake, name, scheme):
    with Socks(int(fake.base.rpartition(":")[2])) as proxy:
        environment(**{name: f"{scheme}://{proxy.address}", "NO_PROXY": "[::1],fd00::/8"})
        fake.next(says("Hello"))

        account, models, reply = outcomes("http://clarifai.test")

    assert (account, reply) == ("ada", "Hello")
    assert isinstance(models, list)
    assert set(proxy.asked) == {("clarifai.test", 80)}


def test_signing_in_takes_the_proxy_too(environment, signing_in):
    with FakeOidc() as provider, Socks(int(provider.issuer.rpartition(":")[2])) as proxy:
        environment(ALL_PROXY=f"socks5://{proxy.address}", NO_PROXY="[::1],fd00::/8")

        assert signing_in("http://oidc.test") == provider.issuer
        assert signing_in(provider.issuer) == provider.issuer, "This machine is reached directly."

    assert set(proxy.asked) == {("oidc.test", 80)}


def test_signing_in_never_avoids_a_proxy_that_cannot_be_used(environment, signing_in):
    environment(ALL_PROXY="nonsense://")

    with pytest.raises(httpx.ProxyError):
        signing_in("http://oidc.test")


def test_an_http_proxy_is_taken_too(environment, fake):
    environment(HTTP_PROXY=fake.base)
    fake.next(says("Hello"))

    assert outcomes("http://clarifai.test")[::2] == ["ada", "Hello"]


def test_this_machines_own_servers_are_reached_without_the_proxy(environment, fake):
    environment(ALL_PROXY=f"socks5://me:{CANARY}@127.0.0.1:9")
    fake.next(says("Hello"))

    assert outcomes(fake.base)[::2] == ["ada", "Hello"]


@pytest.mark.parametrize(
    "proxy",
    ["socks5://me:secret@127.0.0.1:9", "http://me:secret@127.0.0.1:9", "socks4://me:secret@x"],
)
def test_a_proxy_that_fails_is_told_from_the_server(environment, caplog, proxy):
    environment(ALL_PROXY=proxy)

    assert_all_fail("https://clarifai.test", ProxyFailed)

    assert "secret" not in caplog.text


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # httpcore's socket
@pytest.mark.parametrize("answer", [b"HTTP/1.0 400 Bad Request\r\n\r\n", b""])
def test_what_is_not_a_socks_proxy_is_told(environment, monkeypatch, answer):
    monkeypatch.setattr(network.routes, "PROXY_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer_all, args=(listener, answer), daemon=True).start()
        environment(ALL_PROXY=f"socks5://127.0.0.1:{listener.getsockname()[1]}")

        assert_all_fail("http://clarifai.test", ProxyFailed)


def test_the_certificate_behind_a_proxy_is_told_from_the_proxy(environment, authority):
    with secure(authority) as server, Socks(int(server.base.rpartition(":")[2])) as proxy:
        environment(ALL_PROXY=f"socks5://{proxy.address}")

        assert_all_fail(
            "https://localhost.test", Untrusted, "Its certificate authority is unknown here."
        )
