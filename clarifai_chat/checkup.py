"""Look at what the app was given: settings, files, network, database; say it in sentences.

The log at start and `python -m clarifai_chat check` say the same.
"""

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Literal

from clarifai_chat import VERSION, config, network, secrets_file, surroundings, welcome_file
from clarifai_chat.catalog import parse_address
from clarifai_chat.config import BadSettings, server_name, settings
from clarifai_chat.errors import ChatError
from clarifai_chat.history import database
from clarifai_chat.presenting import plans


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. "fails": the app does not start; "warning": it goes without."""

    level: Literal["ok", "warning", "fails"]
    text: str


def problems() -> list[str]:
    """Return a sentence on each thing that the app does without, or understands differently."""
    found = [*surroundings.prepare(), *config.remarks(), *network.problems()]
    named = [*settings().shared_pat_models.split(), settings().default_model]
    found += [
        f"{each} is not the address of a model."
        for each in named
        if each and not parse_address(each)
    ]
    if settings().sharing and not settings().history:
        found.append("Nothing can be shared: SHARING needs HISTORY, which is false.")
    found += [*plans.problems(), *welcome_file.problems()]
    if sign_in := secrets_file.problem():
        found.append(f"Sign-in is switched off: {sign_in}.")
    return found


def start_line(address: str) -> str:
    """Return what runs, where, and with which settings, without secrets."""
    return (
        f"Clarifai Chat {VERSION} is at {address}. Python {platform.python_version()}, Streamlit"
        f" {version('streamlit')}, litellm {version('litellm')}. Database: {database.place()}."
        f" Settings: {config.in_force()}. Proxy: {network.proxy_rules()}. Certificates:"
        f" {network.trusted().source}."
    )


def findings(*, online: bool) -> Iterator[Finding]:
    """Look at everything; with `online`, at the model's server too, without a token."""
    try:
        settings()
    except BadSettings as error:
        yield Finding("fails", f"These settings cannot be used: {error}.")
        return
    yield Finding("ok", f"Settings: {config.in_force()}.")
    for problem in problems():
        yield Finding("warning", problem)
    yield _database()
    yield Finding("ok", f"Proxy: {network.proxy_rules()}.")
    yield Finding("ok", f"Certificates: {network.trusted().source}.")
    if online:
        yield _server()


def _database() -> Finding:
    if not settings().history:
        return Finding("ok", "Database: none, because HISTORY is false.")
    try:
        return Finding("ok", f"Database: {database.look()}")
    except ChatError as error:
        return Finding("warning", f"Database: {error}")


def _server() -> Finding:
    url = f"{settings().openai_base}/models"
    place = server_name(url)
    try:
        status = network.status_of(url)
    except ChatError as error:
        return Finding("warning", f"{place}: {error.what} {error.more}".strip())
    return Finding(
        "ok", f"{place} answers, with HTTP status {status} to a request without a token."
    )
