"""`backup` and `restore`: save the conversations into a file, and bring them back."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from clarifai_chat.cli.ending import ExitCode
from clarifai_chat.history import database
from clarifai_chat.history.store import backup
from clarifai_chat.history.store.address import place_of, read_address
from clarifai_chat.history.store.trouble import StoreTrouble
from clarifai_chat.text import size

T = TypeVar("T")


class _BadFile(click.ClickException):
    exit_code = ExitCode.USAGE


class _BadDatabase(click.ClickException):
    exit_code = ExitCode.APP


def save(file: Path, *, replace: bool) -> None:
    """Save everything, and say how much it was."""
    counts = in_sentences(lambda: backup.save(database.address(), file, replace=replace))
    click.echo(f"Saved {counts} in {file} ({size(file.stat().st_size)}).")


def restore(file: Path, *, replace: bool) -> None:
    """Restore everything, and say how much it was."""
    counts = in_sentences(lambda: backup.restore(database.address(), file, replace=replace))
    place = place_of(read_address(database.address()))
    click.echo(f"Restored {counts} from {file}. The database {place} has nothing else.")


def in_sentences(action: Callable[[], T]) -> T:
    """Do it; what goes wrong with the database ends the command with a sentence."""
    try:
        return action()
    except backup.BadBackup as error:
        raise _BadFile(str(error)) from None
    except StoreTrouble as error:
        raise _BadDatabase(" ".join(filter(None, (error.what, error.more, error.advice)))) from None
