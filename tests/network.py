"""Networks as companies have them: a certificate authority of their own, and a SOCKS proxy."""

import datetime
import ipaddress
import socket
import ssl
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.fake_clarifai import FakeClarifai

DAY = datetime.timedelta(days=1)


@dataclass
class Authority:
    """A certificate authority that no system knows. `file` holds its certificate."""

    folder: Path

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Example Corp. CA")])
        basic = x509.BasicConstraints(ca=True, path_length=None)
        self.certificate = self._signed(self.name, self.key, 10 * DAY, basic)
        self.file = self._write("company.crt", self.certificate)

    def _signed(self, name, key, valid, *extensions):
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateBuilder(self.name, name, key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - 5 * DAY).not_valid_after(now + valid)
        for extension in extensions:
            builder = builder.add_extension(extension, isinstance(extension, x509.BasicConstraints))
        known = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = builder.add_extension(known, False).add_extension(issuer, False)
        return builder.sign(self.key, hashes.SHA256())

    def _write(self, name, certificate, key=None):
        data = certificate.public_bytes(serialization.Encoding.PEM)
        if key is not None:
            form = serialization.PrivateFormat.PKCS8
            data += key.private_bytes(
                serialization.Encoding.PEM, form, serialization.NoEncryption()
            )
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        return path

    def server_context(self, *names: str, expired: bool = False) -> ssl.SSLContext:
        """What a server with a certificate for these names and addresses serves with."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
        valid = -DAY if expired else DAY
        certificate = self._signed(
            subject, key, valid, x509.SubjectAlternativeName(map(_san, names))
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._write("private/server.pem", certificate, key))
        return context


def _san(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class SecureClarifai(FakeClarifai):
    """The fake Clarifai over TLS."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__()
        self.context = context

    def start(self) -> str:
        was_off = self._http is None
        super().start()
        if was_off:
            self._http.socket = self.context.wrap_socket(self._http.socket, server_side=True)
        return self.api_base

    @property
    def base(self) -> str:
        return super().base.replace("http://127.0.0.1", "https://localhost")


class Socks(ThreadingTCPServer):
    """A SOCKS 5 proxy that connects every name to one server; `asked` are the names."""

    daemon_threads = allow_reuse_address = True

    def __init__(self, leads_to: int) -> None:
        super().__init__(("127.0.0.1", 0), _Socks)
        self.leads_to, self.asked = leads_to, []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Socks(BaseRequestHandler):
    server: Socks

    def read(self, size):
        data = b""
        while len(data) < size:
            data += self.request.recv(size - len(data)) or b"\0" * size
        return data

    def handle(self):
        _, methods = self.read(2)
        self.read(methods)
        self.request.sendall(b"\x05\x00")
        _, _, _, kind = self.read(4)
        assert kind == 3  # a name: nothing else is asked for here
        name = self.read(self.read(1)[0]).decode()
        (port,) = struct.unpack("!H", self.read(2))
        self.server.asked.append((name, port))
        self.request.sendall(b"\x05\x00\x00\x01" + bytes(6))
        with socket.create_connection(("127.0.0.1", self.server.leads_to)) as inner:
            threading.Thread(target=_pipe, args=(inner, self.request), daemon=True).start()
            _pipe(self.request, inner)


def _pipe(source, target):
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
