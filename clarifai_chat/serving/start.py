"""Start the server: whether it can listen, where it is then, and what it says in the log."""

import logging
import socket
import sys
from ipaddress import ip_address

from clarifai_chat import checkup
from clarifai_chat.config import BadSettings, Settings, is_loopback, settings

log = logging.getLogger(__name__)


def report(address: str) -> None:
    """Log what runs where, and what is missing or misspelt."""
    log.info("%s", checkup.start_line(address))
    for problem in checkup.problems():
        log.warning("%s", problem)


def settings_problem() -> str:
    """Return why the settings cannot be used, in one sentence, or "" if they can."""
    try:
        settings()
    except BadSettings as error:
        return f"These settings cannot be used: {error}."
    return ""


def address_of(used: Settings) -> str:
    """Return the URL to open in a browser on this machine."""
    name = _name_here(used.host)
    path = f"{used.base_path}/" if used.base_path else ""
    return f"http://{f'[{name}]' if ':' in name else name}:{used.port}{path}"


def _name_here(host: str) -> str:
    """Return the name under which this machine reaches what listens on `host`."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not (address.is_unspecified or is_loopback(host)):
        return host
    # A server on an IPv6 address takes no IPv4, and "localhost" is that alone on many machines.
    is_ipv6 = address.version == 6 and address.ipv4_mapped is None
    return "::1" if is_ipv6 else "localhost"


def port_problem(host: str, port: int) -> str:
    """Return why the server cannot listen there, in one sentence, or "" if it can."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, proto) as probe:
            if sys.platform != "win32":  # where it would let two servers share the port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror:
        return (
            f"HOST={host} is not an address of this machine. Set HOST=127.0.0.1 for this machine"
            " alone, or HOST=0.0.0.0 for others too; conda and some shells set HOST by themselves."
        )
    except OverflowError:
        return f"PORT={port} is not a port."
    except OSError as error:
        return (
            f"Cannot listen on {host}:{port} ({error.strerror}). Is the app running already?"
            " Choose another port with PORT=8502."
        )
    return ""
