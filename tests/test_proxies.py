"""Whether a visitor came over https: what is believed, and of whom."""

import pytest

from clarifai_chat.proxies import is_https, networks

TRUSTED = networks("10.0.0.5, 192.168.0.0/16 2001:db8::/32,::1")


def test_addresses_and_networks_are_read_with_commas_and_spaces_between():
    assert [str(network) for network in TRUSTED] == [
        "10.0.0.5/32",
        "192.168.0.0/16",
        "2001:db8::/32",
        "::1/128",
    ]
    assert networks("") == ()


@pytest.mark.parametrize("text", ["proxy", "10.0.0.5/8", "10.0.0.256", "*", "1;2"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        networks(text)


@pytest.mark.parametrize(("scheme", "so"), [("http", False), ("https", True), ("wss", True)])
def test_without_a_proxy_the_connection_decides(scheme, so):
    assert is_https(scheme, "10.0.0.5", [], TRUSTED) is so
    assert is_https(scheme, "10.0.0.5", [], ()) is so


@pytest.mark.parametrize(
    "client", ["10.0.0.5", "192.168.7.7", "::ffff:10.0.0.5", "2001:db8::7", "::1"]
)
def test_a_trusted_proxy_is_believed(client):
    assert is_https("http", client, ["https"], TRUSTED)
    assert not is_https("https", client, ["http"], TRUSTED)


@pytest.mark.parametrize(
    "client", ["10.0.0.6", "127.0.0.1", "::ffff:10.0.0.6", "2001:db9::7", "", "/run/app.sock", "x"]
)
def test_nobody_else_is_believed(client):
    assert not is_https("http", client, ["https"], TRUSTED)
    assert is_https("https", client, ["http"], TRUSTED)


@pytest.mark.parametrize("client", ["10.0.0.5", "127.0.0.1", "::1"])
def test_where_no_proxy_is_trusted_none_is_believed(client):
    assert not is_https("http", client, ["https"], ())


@pytest.mark.parametrize(
    ("forwarded", "so"),
    [
        (["https, http"], True),
        (["http, https"], False),
        (["https", "http"], True),
        ([" HTTPS "], True),
        (["wss"], True),
        ([""], False),
        (["nonsense"], False),
    ],
)
def test_of_a_chain_of_proxies_the_first_tells_how_the_visitor_came(forwarded, so):
    assert is_https("http", "10.0.0.5", forwarded, TRUSTED) is so
