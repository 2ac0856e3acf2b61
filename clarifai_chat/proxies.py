"""Whether a visitor came over https, when a proxy in front of the app ends the encryption."""

from collections.abc import Sequence
from functools import cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Networks = tuple[IPv4Network | IPv6Network, ...]


@cache
def networks(text: str) -> Networks:
    """Addresses and networks as an operator lists them, parted by commas or spaces.

    Raises `ValueError` for anything else: a proxy that is misspelt must not go unnoticed.
    """
    return tuple(ip_network(each) for each in text.replace(",", " ").split())


def is_https(scheme: str, client: str, forwarded: Sequence[str], trusted: Networks) -> bool:
    """Whether a request came over https.

    `scheme` and `client` (an address) are those of the connection; `forwarded` are the values of
    its X-Forwarded-Proto headers, which anybody can send and only a trusted proxy is believed. Of a
    chain of proxies the first value is the visitor's.
    """
    if forwarded and _is_in(client, trusted):
        scheme = ",".join(forwarded).split(",")[0].strip().lower()
    return scheme in ("https", "wss")


def _is_in(address: str, trusted: Networks) -> bool:
    try:
        found = ip_address(address)
    except ValueError:  # a socket file has no address
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped  # as a server on "::" sees IPv4
    return any(found in network for network in trusted)
