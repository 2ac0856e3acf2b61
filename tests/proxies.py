"""Real proxies in front of the app, from the files in deploy/proxy/, with other names and ports."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.browser import ROOT, free_port
from tests.patience import until

SHIPPED = ROOT / "deploy" / "proxy"
HOST = "chat.localhost"  # browsers look for every name below localhost on this machine
PORTAL = "portal.localhost"  # another site


def program(name: str) -> str:
    """Return where the program is; Debian has some outside of a user's PATH."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed (Debian: nginx-light, caddy, haproxy).")
    return found


@cache
def certificate() -> tuple[bytes, bytes]:
    """Return a certificate that no authority has signed, and its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    return made.public_bytes(pem), key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)


@contextmanager
def running(command: list[str], folder: Path, port: int) -> Iterator[None]:
    """Run a proxy from when it listens on `port` until the block ends."""
    log = folder / "log"
    with log.open("w") as out:
        home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        process = subprocess.Popen(command, cwd=folder, env=home, stdout=out, stderr=out)
    try:
        until(lambda: process.poll() is not None or listens(port))
        assert process.poll() is None, log.read_text()
        yield
    finally:
        process.terminate()
        process.wait()


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def shipped(name: str, **substitutes: str) -> str:
    """Return a file of deploy/proxy/ with other texts in it, each of which must have been there."""
    text = (SHIPPED / name).read_text("utf-8")
    for old, new in substitutes.items():
        assert old in text, f"{name} has no {old}."
        text = text.replace(old, new)
    return text


@contextmanager
def nginx(
    folder: Path, app_port: int, *, port: int = 0, portal: str = "", **changes: str
) -> Iterator[str]:
    """Run nginx with deploy/proxy/nginx.conf; `changes` are made in it too.

    `portal` is another site's page, at `PORTAL` and the same port.
    """
    port, folder = port or free_port(), new(folder)
    cert, key = certificate()
    (folder / "chat.pem").write_bytes(cert)
    (folder / "chat.key").write_bytes(key)
    text = shipped(
        "nginx.conf",
        **{
            "chat.example.com;": f"{HOST};",
            "/etc/ssl/chat.example.com": f"{folder}/chat",
            "listen 443": f"listen 127.0.0.1:{port}",
            "listen 80": f"listen 127.0.0.1:{free_port()}",
            "127.0.0.1:8501": f"127.0.0.1:{app_port}",
            **changes,
        },
    )
    (folder / "chat.conf").write_text(text, "utf-8")
    site = f"listen 127.0.0.1:{port} ssl; server_name {PORTAL}; default_type text/html;"
    site += f" ssl_certificate chat.pem; ssl_certificate_key chat.key; return 200 '{portal}';"
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log stderr;\n"
        f"events {{}}\nhttp {{ access_log off; {places} include {folder}/chat.conf;\n"
        + (f"server {{ {site} }} }}\n" if portal else "}\n")
    )
    command = [program("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    scheme = "http" if "443" not in text and "ssl;" not in text else "https"
    with running(command, folder, port):
        yield f"{scheme}://{HOST}:{port}"


@contextmanager
def caddy(folder: Path, app_port: int) -> Iterator[str]:
    """Run Caddy with deploy/proxy/Caddyfile; it makes a certificate of its own for `HOST`."""
    port, folder = free_port(), new(folder)
    text = shipped(
        "Caddyfile",
        **{"chat.example.com": HOST, "127.0.0.1:8501": f"127.0.0.1:{app_port}"},
    )
    options = f"admin off\n https_port {port}\n http_port {free_port()}\n skip_install_trust"
    (folder / "Caddyfile").write_text(f"{{\n {options}\n}}\n{text}", "utf-8")
    command = [program("caddy"), "run", "--config", str(folder / "Caddyfile")]
    with running([*command, "--adapter", "caddyfile"], folder, port):
        yield f"https://{HOST}:{port}"


@contextmanager
def haproxy(folder: Path, app_port: int) -> Iterator[str]:
    """Run HAProxy with deploy/proxy/haproxy.cfg."""
    port, folder = free_port(), new(folder)
    (folder / "chat.pem").write_bytes(b"".join(certificate()))
    text = shipped(
        "haproxy.cfg",
        **{
            "/etc/haproxy/chat.example.com.pem": str(folder / "chat.pem"),
            "bind :443": f"bind 127.0.0.1:{port}",
            "bind :80": f"bind 127.0.0.1:{free_port()}",
            "127.0.0.1:8501": f"127.0.0.1:{app_port}",
        },
    )
    (folder / "haproxy.cfg").write_text(text, "utf-8")
    command = [program("haproxy"), "-db", "-f", str(folder / "haproxy.cfg")]
    with running(command, folder, port):
        yield f"https://{HOST}:{port}"


@contextmanager
def sharing(folder: Path, *ports: int) -> Iterator[str]:
    """Run HAProxy with deploy/replicas/haproxy.cfg, in front of two replicas."""
    port, folder = free_port(), new(folder)
    changes = {"127.0.0.1:8501": f"127.0.0.1:{port}"}
    changes |= {f"127.0.0.1:{8511 + at}": f"127.0.0.1:{each}" for at, each in enumerate(ports)}
    text = (SHIPPED.parent / "replicas" / "haproxy.cfg").read_text("utf-8")
    for old, new_text in changes.items():
        assert old in text
        text = text.replace(old, new_text)
    (folder / "haproxy.cfg").write_text(text, "utf-8")
    command = [program("haproxy"), "-db", "-f", str(folder / "haproxy.cfg")]
    with running(command, folder, port):
        yield f"http://localhost:{port}"


def new(folder: Path) -> Path:
    made = folder / f"proxy-{free_port()}"
    made.mkdir()
    return made
