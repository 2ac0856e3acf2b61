"""Read a `.env` file, and find names in it or in the environment that set nothing.

Nothing in the file enters the environment, and nothing is interpolated: `$` and `{` are characters
of a value. No sentence quotes a value, nor a line that may be one.
"""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from dotenv.parser import parse_stream

# What other programs call our settings.
_KNOWN_AS = {
    "CLARIFAI_KEY": "CLARIFAI_PAT",
    "CLARIFAI_API_KEY": "CLARIFAI_PAT",
    "CLARIFAI_TOKEN": "CLARIFAI_PAT",
    "CLARIFAI_ACCESS_TOKEN": "CLARIFAI_PAT",
    "CLARIFAI_BASE_URL": "CLARIFAI_API_BASE",
    "CLARIFAI_API_URL": "CLARIFAI_API_BASE",
    "POSTGRES_URL": "DATABASE_URL",
}
# Libraries read these from the environment, so in the file they do nothing.
_OF_THE_ENVIRONMENT = re.compile(
    r"(HTTPS?|ALL|NO)_PROXY|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|TZ|TMPDIR|PG\w+|STREAMLIT_\w+",
    re.IGNORECASE,
)
# Kubernetes and old Docker set these for a service or a container called "clarifai-…".
_OF_AN_ORCHESTRATOR = re.compile(r".*_(SERVICE_HOST|SERVICE_PORT\w*|PORT(_\d+_\w+)?|NAME|ENV_\w+)")


class BadFile(ValueError):
    """The file cannot be read; `str(error)` says which and why."""


class Line(NamedTuple):
    """One assignment in the file, or a line that is not one (then the name is "")."""

    number: int
    name: str
    value: str


def read_lines(path: Path) -> list[Line]:
    """Return what the file assigns, in order; nothing if there is no file. Raises `BadFile`."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    except IsADirectoryError:
        # Docker makes a folder where the file to be mounted is missing.
        raise BadFile(f"{path} is a folder, and must be a file") from None
    except OSError as error:
        raise BadFile(f"{path} cannot be read ({error.strerror})") from None
    if b"\0" in data:
        raise BadFile(f"{path} is not UTF-8 text (it looks like UTF-16): save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadFile(f"{path} is not UTF-8 text (line {line}): save it as UTF-8") from None
    lines = []
    for found in parse_stream(StringIO(text)):
        blank = found.original.string[: -len(found.original.string.lstrip()) or None]
        number = found.original.line + blank.count("\n")
        if found.error or (found.key and found.value is None):
            lines.append(Line(number, "", ""))
        elif found.key:
            lines.append(Line(number, found.key, found.value or ""))
    return lines


def remarks_on(lines: Iterable[Line], settings: Iterable[str]) -> list[str]:
    """Return a sentence on each line of a file that sets nothing."""
    remarks = []
    for number, name, _ in lines:
        where = f"Line {number} of .env"
        if not name:
            remarks.append(f"{where} is not NAME=value, so it is ignored.")
        elif name in settings:
            continue
        elif _OF_THE_ENVIRONMENT.fullmatch(name):
            remarks.append(
                f"{where}: {name} has no effect in this file. Set it in the environment."
            )
        elif meant := near(name, settings):
            remarks.append(f"{where}: {name} is not a setting. Did you mean {meant}?")
        elif re.fullmatch(r"[A-Z][A-Z0-9_]{0,40}", name):
            remarks.append(f"{where}: {name} is not a setting of this app.")
        else:  # it may be a piece of a value
            remarks.append(f"{where} sets nothing of this app.")
    return remarks


def remarks_on_environment(environ: Mapping[str, str], settings: Iterable[str]) -> list[str]:
    """Return a sentence on each variable that looks like a setting of ours and is not one."""
    remarks = []
    for name in sorted(environ):
        if name in settings or _OF_AN_ORCHESTRATOR.fullmatch(name):
            continue
        meant = near(name, settings) if "_" in name else ""
        if meant:
            remarks.append(f"{name} in the environment is not a setting. Did you mean {meant}?")
        elif name.upper().startswith("CLARIFAI_"):
            remarks.append(f"{name} in the environment is not a setting of this app.")
    return remarks


def near(name: str, settings: Iterable[str]) -> str:
    """Return the setting that was probably meant; "" if there is no such."""
    upper = name.upper().replace("-", "_")
    if upper in _KNOWN_AS:
        return _KNOWN_AS[upper]
    return next(iter(get_close_matches(upper, [*settings], 1, cutoff=0.85)), "")
