"""Read what a command is given: stdin, the access token, the model, files."""

import mimetypes
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TextIO

import click

from clarifai_chat import access_token, attachments, catalog
from clarifai_chat.attachments import AcceptedFile, FileRejected, charsets, texts
from clarifai_chat.attachments.limits import MAX_FILES
from clarifai_chat.catalog import DEFAULT_URL, DEMO, Model, local, openai_server
from clarifai_chat.cli.ending import say
from clarifai_chat.config import settings
from clarifai_chat.errors import ChatError


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether a person reads or types there."""
    return stream is not None and not stream.closed and stream.isatty()


def is_at_terminal() -> bool:
    """Return whether a person can hold a conversation here."""
    return is_terminal(sys.stdin) and is_terminal(sys.stdout)


def token(from_stdin: bool) -> str:
    """Return the access token: from stdin, where it is asked for on a terminal; else from the
    settings."""
    if not from_stdin:
        return settings().shared_key
    if is_terminal(sys.stdin):
        return access_token.clean(click.prompt("Access token", hide_input=True, err=True))
    piped = charsets.decode(_piped())
    found = access_token.clean(piped.text if piped else "")
    if not found:
        raise click.UsageError("--token-stdin: there is no token on stdin.")
    return found


def prompt(typed: str | None, *, stdin_is_free: bool) -> str:
    """Return the question: what was typed, then what stdin has where that is no terminal."""
    is_asked_for = typed == "-"
    if is_asked_for and not stdin_is_free:
        raise click.UsageError("With --token-stdin, stdin is the token, so it cannot be a prompt.")
    words = "" if is_asked_for else typed or ""
    may_read = stdin_is_free and not is_terminal(sys.stdin)
    if not is_asked_for and not may_read:
        return words
    piped = _decoded(_piped(), "What came on stdin")
    if piped is None:
        raise click.UsageError("What came on stdin is not text. Send a file with --file.")
    return "\n\n".join(part for part in (words, texts.clean(piped).strip("\n")) if part.strip())


def _decoded(data: bytes, what: str) -> str | None:
    """Return a text, and say which encoding was guessed; None if it is not text."""
    found = charsets.decode(data)
    if found and found.is_guess:
        say(f"{what} was read as {found.encoding}.")
    return found.text if found else None


def _piped() -> bytes:
    return sys.stdin.buffer.read() if sys.stdin else b""


def model(asked: str | None, pat: str, *, without_token: str = DEMO.url) -> Model:
    """Return the model that was asked for by address, id or name; else the usual one."""
    if asked is None:
        if not pat and without_token == DEMO.url:
            say("There is no access token (CLARIFAI_PAT), so the Demo answers: a script, no LLM.")
        if settings().other_base and (pat or without_token != DEMO.url):
            raise click.UsageError(f"Name a model of {settings().other_host} with --model.")
        return catalog.describe(models(), DEFAULT_URL if pat else without_token)
    if url := catalog.parse_address(asked):
        return catalog.describe(models(), url)
    same = [m for m in models() if asked.casefold() in (m.id.casefold(), m.name.casefold())]
    if len(same) != 1:
        raise click.BadParameter(
            f"{asked} is not the address, id or name of a model."
            f" `python -m clarifai_chat models WORD` finds one.",
            param_hint="--model",
        )
    return same[0]


@cache
def models() -> tuple[Model, ...]:
    """Return the models that are known without a token, the Demo last."""
    *shipped, demo = (DEMO,) if settings().other_base else catalog.merge(catalog.shipped(), ())
    return (*shipped, *local_models(), demo)


def local_models() -> list[Model]:
    """Return the models of LOCAL_API_BASE; none, with a sentence, if it does not answer."""
    base = settings().local_base
    if not base:
        return []
    try:
        return openai_server.list_local(local.KEY, base, timeout_s=local.TIMEOUT_S)
    except ChatError as error:
        say(f"The local server's models are not listed: {error.what}")
        return []


def read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise click.UsageError(f"{path} cannot be read: {error.strerror}.") from None


def read_text(path: Path) -> str:
    found = _decoded(read_bytes(path), str(path))
    if found is None:
        raise click.UsageError(f"{path} is not a text.")
    return found


def files(paths: Sequence[Path], count: Callable[[str], int]) -> list[AcceptedFile]:
    """Return files as they go with a question: all of them, or none with a reason."""
    if len(paths) > MAX_FILES:
        raise click.UsageError(f"At most {MAX_FILES} files go with a question.")
    found = []
    for path in paths:
        mime = mimetypes.guess_type(path.name)[0] or ""
        try:
            file = attachments.accept(path.name, mime, read_bytes(path), count)
        except FileRejected as why:
            raise click.UsageError(str(why)) from None
        if file.read_as:
            say(f"{path.name} was read as: {file.read_as}.")
        if file.note:
            say(f"{path.name}: {file.note}")
        found.append(file)
    return found
