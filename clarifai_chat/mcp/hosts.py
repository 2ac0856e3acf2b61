"""Decide which MCP servers may be reached: those on the hosts in MCP_HOSTS.

A name on the list is not enough: whoever owns it could let it stand for an address within the
operator's network. Such an address must be on the list itself, or be `localhost`.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from clarifai_chat.config import is_loopback, settings
from clarifai_chat.network.guarded import Refused
from clarifai_chat.text import cut

MAX_ADDRESS_CHARS = 2000
_NAT64 = ip_network("64:ff9b::/96")
_USUAL = {"http": 80, "https": 443}


def allowed() -> list[str]:
    """Return the operator's list; [] where MCP servers are switched off."""
    return settings().mcp_hosts.split()


def checked(typed: str) -> str:
    """Return the address of an MCP server as it is asked. Raises `Refused` with a sentence."""
    text = typed.strip()
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port or _USUAL.get(parts.scheme, 0)
    except ValueError:
        host, port = "", 0
    is_plain = len(text) <= MAX_ADDRESS_CHARS and text.isascii() and text.isprintable()
    if not host or not port or not is_plain or " " in text:
        raise Refused(
            "This is not the address of an MCP server. It must look like"
            " https://tools.example.com/mcp."
        )
    if parts.username is not None or parts.password is not None:
        raise Refused("The address has a name or a password in it. Use the field for a token.")
    if not _is_listed(host, port):
        raise Refused(
            f"{cut(host, 80)} with port {port} is not among the hosts that this app's operator"
            f" allows: {', '.join(allowed())}."
        )
    return text.partition("#")[0]


def takes_token(address: str) -> bool:
    """Return whether a token may be sent: over https, or within this machine."""
    parts = urlsplit(address)
    return parts.scheme == "https" or is_loopback(parts.hostname or "")


def may_connect(host: str, port: int, addresses: Sequence[str]) -> None:
    """Raise `Refused` unless this host is listed and each of its addresses may be reached."""
    if not _is_listed(host, port):
        raise Refused(f"{cut(host, 80)} is not among the hosts that the operator allows.")
    for address in addresses:
        if not (_is_outside(address) or _is_listed(address, port) or _is_home(host, address)):
            raise Refused(
                f"{cut(host, 80)} stands for {address}, an address inside a network. The operator"
                " has to list that address itself to allow it."
            )


def _is_listed(host: str, port: int) -> bool:
    host = _bare(host)
    for entry in allowed():
        parts = urlsplit(f"//{entry}")
        if _bare(parts.hostname or "") == host and port in (
            (parts.port,) if parts.port else _USUAL.values()
        ):
            return True
    return False


def _is_home(host: str, address: str) -> bool:
    return host.lower() == "localhost" and is_loopback(address)


def _is_outside(address: str) -> bool:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if inner is None and found in _NAT64:
            inner = IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return inner.is_global and not inner.is_multicast
    return found.is_global and not found.is_multicast


def _bare(host: str) -> str:
    host = host.lower().rstrip(".")
    try:
        return str(ip_address(host))
    except ValueError:
        return host
