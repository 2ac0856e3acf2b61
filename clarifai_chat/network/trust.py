"""Decide which certificate authorities are trusted: once, for all requests of this process.

Authorities that the operator names replace the system's. What is named and cannot be read is
reported, and never stops the app: the Demo needs no certificate.
"""

import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import certifi

NAMES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")  # how OpenSSL finds a certificate in a folder


@dataclass(frozen=True, slots=True)
class Trust:
    """The trusted authorities, where they come from, and what could not be used."""

    context: ssl.SSLContext
    source: str
    problems: tuple[str, ...] = ()


@cache
def trusted() -> Trust:
    """Return what this process trusts, read on first use."""
    return read_trust(os.environ)


def read_trust(environ: Mapping[str, str]) -> Trust:
    """Return what the variables in NAMES say; without one that can be used, the system's trust."""
    context = ssl.create_default_context(cafile=certifi.where())  # strict where Python is
    named = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    used, problems = [], []
    for name in NAMES:
        if not (value := environ.get(name, "").strip()):
            continue
        if problem := _load(named, value):
            problems.append(
                f"{name}={value} {problem}, so it is ignored. Name a file or folder of"
                f" certificates in PEM form, or unset {name}."
            )
        else:
            used.append(f"{name}={value}")
    if used:
        named.verify_flags, named.options = context.verify_flags, context.options
        return Trust(named, ", ".join(used), tuple(problems))
    context.load_default_certs()
    usual = ssl.get_default_verify_paths()
    for place in (usual.openssl_cafile, usual.openssl_capath):  # a variable may hide them
        _load(context, place)
    return Trust(context, "the system's and certifi's", tuple(problems))


def _load(context: ssl.SSLContext, places: str) -> str:
    """Trust the certificates in a file, or in folders; return what prevents it."""
    found, problem = 0, "holds no certificates"
    for place in places.split(os.pathsep):
        try:
            found += _load_one(context, Path(place))
        except FileNotFoundError:
            problem = "is not there"
        except ssl.SSLError:
            problem = "holds no certificates"
        except OSError as error:
            problem = f"cannot be read ({error.strerror})"
    return "" if found else problem


def _load_one(context: ssl.SSLContext, place: Path) -> int:
    """Trust a file or a folder; return how many files that is."""
    if not place.is_dir():
        context.load_verify_locations(place)
        return 1
    names = sorted(path.name for path in place.iterdir())
    if any(_HASHED.fullmatch(name) for name in names):  # OpenSSL looks into it when it needs to
        context.load_verify_locations(capath=place)
        return 1
    files = [place / name for name in names if name.lower().endswith((".pem", ".crt", ".cer"))]
    for file in files:
        context.load_verify_locations(file)
    return len(files)
