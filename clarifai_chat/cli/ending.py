"""End a command: its exit code, and what it says on stderr."""

import os
import re
import sys
from contextlib import suppress
from enum import IntEnum
from typing import Any

import click

from clarifai_chat.config import BadSettings
from clarifai_chat.errors import CAUSES, AppFault, ChatError, Problem, Side


class ExitCode(IntEnum):
    """What a script learns of a command."""

    OK = 0
    INVALID = 1
    USAGE = 2
    YOURS = 3
    THEIRS = 4
    APP = 5
    INTERRUPTED = 130


BY_SIDE: dict[Side, ExitCode] = {
    "you": ExitCode.YOURS,
    "your account": ExitCode.YOURS,
    "your key": ExitCode.YOURS,
    "Clarifai": ExitCode.THEIRS,
    "the server": ExitCode.THEIRS,
    "the model": ExitCode.THEIRS,
    "the network": ExitCode.THEIRS,
    "this app": ExitCode.APP,
}

HELP = """\b
Exit codes:
  0    all is well
  1    the model's reply is not what was asked for: a tool call that is not
       valid, an answer that does not follow the schema
  2    the command line, a file that it names or a setting cannot be used
  3    the cause is your request, your token or your account
  4    the cause is the model, its server or the network
  5    the cause is this app
  130  you stopped it with Ctrl+C"""

# What to do, where a page says it by its own buttons and boxes.
ADVICE = {
    "NoPat": "Set CLARIFAI_PAT, in the environment or in .env, or add --token-stdin;"
    " --model demo needs no token.",
    "OddPat": "Copy it again, without anything around it.",
    "NoKey": "Set CLARIFAI_OPENAI_KEY, in the environment or in .env, or add --token-stdin;"
    " --model demo needs no key.",
    "WrongKey": "Check it: it may be mistyped, expired or deleted.",
    "WrongPat": "Check it: it may be mistyped, or deleted on Clarifai.",
    "TooLong": "Shorten the question, begin again, or choose a model with a longer context.",
    "BadRequest": "Begin again.",
    "BadSchema": "Fix the file and run the command again.",
    "Runaway": "What had arrived is kept. MAX_REPLY_CHARS sets the limit.",
    "ChatFull": "Begin again; MAX_CONVERSATION_CHARS sets the limit.",
    "TooManyFiles": "Send fewer or smaller files.",
}
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Refused(click.ClickException):
    """A question that is not sent, for a reason that lies in it; its text is a sentence."""

    exit_code = ExitCode.YOURS


class App(click.Group):
    """The commands. However one ends, it ends with a sentence and a code, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        code = ExitCode.OK
        try:
            super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit):
            raise  # click has a way for each
        except BrokenPipeError:  # `… | head` has read enough
            _write_nowhere()
        except (KeyboardInterrupt, click.Abort):
            code = ExitCode.INTERRUPTED
        except BadSettings as error:
            say(f"Error: the settings cannot be used: {error}.")
            code = ExitCode.USAGE
        except ChatError as error:
            code = say_problem(error.problem())
        except Exception as error:  # noqa: BLE001 - a traceback could hold what was typed
            say(f"Error: {AppFault.what} ({type(error).__name__})")
            code = ExitCode.APP
        ctx.exit(code)


def say(text: str) -> None:
    """Write a line for the person, not for the next program."""
    click.echo(printable(text), err=True)


def say_problem(problem: Problem) -> ExitCode:
    """Say what went wrong, whose doing it is and what can be done; return the exit code."""
    say(f"Error: {problem['what']} {advice(problem)}")
    if problem["detail"]:
        say(f"The server said: “{problem['detail']}”")
    cause = f"Cause: {CAUSES[problem['side']]}."
    if problem["code"]:
        cause += f" Clarifai code {problem['code']}."
    if problem["request_id"]:
        cause += f" Request id for support: {problem['request_id']}"
    say(cause)
    return BY_SIDE[problem["side"]]


def _write_nowhere() -> None:
    """Let what is still to be written go nowhere: the last flush would fail, with a traceback."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def advice(problem: Problem) -> str:
    return ADVICE.get(problem["kind"], problem["advice"])


def printable(text: str) -> str:
    """Return `text` without what would steer the terminal that it is written to."""
    text = _CONTROLS.sub("\ufffd", text.replace("\r", ""))
    return text.encode("utf-8", "replace").decode()
