"""Which way a request goes, and whom it trusts: read from the environment, never fatal."""

import ssl

import certifi
import httpx
import pytest

from clarifai_chat.network import routes, trust
from clarifai_chat.network.routes import read_rules
from clarifai_chat.network.trust import read_trust
from tests.canary import CANARY, assert_no_canary
from tests.network import Authority


def proxy_for(url, no="", **proxies):
    return read_rules({**(proxies or {"all": "http://proxy:1"}), "no": no}, {}).proxy_for(
        httpx.URL(url)
    )


def test_each_scheme_has_its_proxy():
    proxies = {"http": "one:1", "https": "http://two:2", "all": "socks5://three:3"}

    assert proxy_for("http://a.test", **proxies) == "http://one:1"
    assert proxy_for("https://a.test", **proxies) == "http://two:2"
    assert proxy_for("https://a.test", all=proxies["all"]) == "socks5://three:3"
    assert proxy_for("https://a.test", http=proxies["http"]) is None


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "[::1]"])
def test_this_machine_is_reached_directly(host):
    assert proxy_for(f"http://{host}:8080/v1") is None


@pytest.mark.parametrize(
    ("entry", "direct", "by_proxy"),
    [
        ("*", ["http://a.test", "http://10.0.0.1", "http://[fd00::1]"], []),
        ("corp.test", ["http://corp.test", "http://a.corp.test"], ["http://uncorp.test"]),
        (".corp.test", ["http://a.corp.test", "http://corp.test"], ["http://corp.test.evil"]),
        ("*.corp.test", ["http://a.corp.test"], ["http://acorp.test"]),
        ("CORP.test", ["http://corp.TEST"], ["http://other.test"]),
        ("corp.test:8080", ["http://corp.test:8080"], ["http://corp.test"]),
        ("corp.test:443", ["https://corp.test"], ["http://corp.test"]),
        ("https://corp.test", ["https://corp.test"], ["https://other.test"]),
        ("10.0.0.1", ["http://10.0.0.1:99"], ["http://10.0.0.2"]),
        ("10.0.0.0/8", ["http://10.255.0.1"], ["http://11.0.0.1", "http://ten.test"]),
        ("10.1.2.3/8", ["http://10.255.0.1"], ["http://11.0.0.1"]),
        ("192.168.*", ["http://192.168.7.7"], ["http://192.169.0.1"]),
        ("fd00::/8", ["http://[fd12::1]"], ["http://[fe80::1]", "http://fd.test"]),
        ("[fd00::]/8", ["http://[fd12::1]"], ["http://[fe80::1]"]),
        ("::1", [], ["http://[::2]"]),
        ("[2001:db8::1]", ["http://[2001:db8::1]"], ["http://[2001:db8::2]"]),
        ("2001:db8::1", ["http://[2001:DB8:0::1]:80"], ["http://[2001:db8::2]"]),
        ("[2001:db8::1]:99", ["http://[2001:db8::1]:99"], ["http://[2001:db8::1]"]),
        ("a.test, 10.0.0.0/8 b.test", ["http://b.test", "http://10.1.1.1"], ["http://c.test"]),
    ],
)
def test_an_exception_is_a_name_an_address_or_a_network(entry, direct, by_proxy):
    rules = read_rules({"all": "http://proxy:1", "no": entry}, {})

    assert [url for url in direct if rules.proxy_for(httpx.URL(url))] == []
    assert [url for url in by_proxy if not rules.proxy_for(httpx.URL(url))] == []
    assert rules.problems == ()


def test_an_exception_that_means_nothing_is_named_and_the_others_hold():
    found = {"all": "http://proxy:1", "no": "10.0.0.0/33, corp.test, corp.test/x"}

    rules = read_rules(found, {"no_proxy": ""})

    assert [problem.split("”")[0] for problem in rules.problems] == [
        "no_proxy has “10.0.0.0/33",
        "no_proxy has “corp.test/x",
    ]
    assert rules.proxy_for(httpx.URL("http://corp.test")) is None


@pytest.mark.parametrize(
    ("written", "used"),
    [
        ("socks5://127.0.0.1:1080", "socks5://127.0.0.1:1080"),
        ("socks5h://127.0.0.1:1080", "socks5h://127.0.0.1:1080"),
        ("socks://127.0.0.1:1080/", "socks5h://127.0.0.1:1080/"),
        ("HTTP://proxy.test:3128", "http://proxy.test:3128"),
        ("proxy.test:3128", "http://proxy.test:3128"),
        ("https://proxy.test", "https://proxy.test"),
    ],
)
def test_a_proxy_may_speak_socks(written, used):
    rules = read_rules({"all": written}, {})

    assert rules.proxy_for(httpx.URL("https://a.test")) == used
    assert rules.problems == ()
    routes.Routes(rules).close()


@pytest.mark.parametrize(
    "written", ["socks4://h:1", "ftp://h:1", "http://h:port", "http://", "://"]
)
def test_a_proxy_that_cannot_be_used_is_named_and_never_avoided(written):
    rules = read_rules({"https": written.replace("h:", f"me:{CANARY}@h:")}, {"HTTPS_PROXY": ""})

    (problem,) = rules.problems
    assert problem.startswith("HTTPS_PROXY is not the address of a proxy")
    assert_no_canary("the problem", problem)
    with httpx.Client(transport=routes.Routes(rules)) as client, pytest.raises(httpx.ProxyError):
        client.get("https://a.test")


def test_the_rules_are_told_without_a_password():
    found = {"all": f"http://me:{CANARY}@proxy:1", "https": "http://two:2", "no": "a.test,b.test"}

    rules = read_rules(found, {})

    assert str(rules) == "https: http://two:2, http://proxy:1, not for a.test,b.test"
    assert_no_canary("the rules", repr(rules))
    assert str(read_rules({"no": "a.test"}, {})) == "none"


# --- Whom to trust --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


def subjects(found):
    return [dict(pairs[0] for pairs in each["subject"]) for each in found.context.get_ca_certs()]


OURS = {"commonName": "Example Corp. CA"}


@pytest.mark.parametrize("name", trust.NAMES)
def test_a_named_authority_is_trusted_in_place_of_the_systems(authority, name):
    found = read_trust({name: str(authority.file)})

    assert subjects(found) == [OURS]
    assert found.source == f"{name}={authority.file}"
    assert found.problems == ()
    assert found.context.verify_mode == ssl.CERT_REQUIRED
    assert found.context.check_hostname


@pytest.mark.parametrize("name", trust.NAMES)
def test_a_folder_need_not_be_hashed(authority, name):
    assert subjects(read_trust({name: str(authority.folder)})) == [OURS]


def test_several_names_count_together(authority, tmp_path):
    found = read_trust(
        {"SSL_CERT_FILE": certifi.where(), "REQUESTS_CA_BUNDLE": str(authority.file)}
    )

    assert OURS in subjects(found)
    assert len(subjects(found)) > 50


def test_without_a_name_the_systems_and_certifis_are_trusted():
    for environ in ({}, {"SSL_CERT_FILE": " ", "SSL_CERT_DIR": ""}):
        found = read_trust(environ)

        assert len(subjects(found)) > 50
        assert found.problems == ()


@pytest.mark.parametrize("name", trust.NAMES)
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "is not there"),
        (b"", "holds no certificates"),
        (b"-----BEGIN CERTIFICATE-----\nno\n", "holds no certificates"),
        ("folder", "holds no certificates"),
    ],
)
def test_what_cannot_be_used_is_named_and_the_system_is_trusted(tmp_path, name, content, said):
    place = tmp_path / "ca.pem"
    if content == "folder":
        place.mkdir()
    elif content is not None:
        place.write_bytes(content)

    found = read_trust({name: str(place)})

    (problem,) = found.problems
    assert problem.startswith(f"{name}={place} {said}, so it is ignored.")
    assert problem.endswith(f"or unset {name}.")
    assert len(subjects(found)) > 50
