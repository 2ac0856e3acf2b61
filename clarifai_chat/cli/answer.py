"""Ask a turn and write its answer as it arrives: rendered on a terminal, as it is elsewhere."""

import json
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, Self

import click
from rich.console import Console
from rich.live import Live
from rich.markdown import Markdown

from clarifai_chat import gc_thread
from clarifai_chat.access_token import redact
from clarifai_chat.chat import replies
from clarifai_chat.chat.turn import (
    ERROR,
    STOPPED,
    Attempt,
    Turn,
    is_over,
    lacks_answer,
    lost_pictures,
)
from clarifai_chat.chat.usage import cost_usd, tokens
from clarifai_chat.cli.ending import ExitCode, advice, printable, say, say_problem
from clarifai_chat.cli.inputs import is_terminal
from clarifai_chat.errors import CAUSES, Problem
from clarifai_chat.markdown.blocks import Blocks
from clarifai_chat.messages import thoughts as thoughts_of
from clarifai_chat.playground.run_file import pretty
from clarifai_chat.text import counted

LOOK_S = 1.0  # so often a wait is left, for Ctrl+C on systems that do not end it
FRAMES_PER_S = 8


class Writer(Protocol):
    """What shows a turn while its answer arrives."""

    def show(self, turn: Turn) -> None:
        """Write what is new."""

    def close(self, turn: Turn) -> None:
        """Write the rest: the turn is over."""


def ask(turn: Turn, events: replies.Events, writer: Writer) -> None:
    """Ask a turn, and write its answer until it is over. Ctrl+C stops it; what came is kept."""
    gc_thread.collect_between_bytecodes()
    notice = None
    with _Interrupts() as interrupts:
        replies.ask(turn, events, queue=turn["id"])
        while not interrupts.came and (reply := replies.get(turn)):
            version = reply.version
            if (now := turn.get("notice")) and now != notice:
                notice = now
                wait_s = max(0, round(now["until"] - time.time()))
                attempt = f"attempt {now['attempt']} of {now['attempts']}"
                say(f"{now['what']} Trying again in {wait_s} s ({attempt}).")
            writer.show(turn)
            interrupts.end(partial(replies.wait_for_news, {reply: version}, LOOK_S))
        if interrupts.came:
            replies.stop(turn)
        writer.close(turn)


class _Interrupts:
    """Notes Ctrl+C, and lets it end only a wait: in mid-writing, text would come twice."""

    def __init__(self) -> None:
        self.came = False
        self._is_waiting = False

    def __enter__(self) -> Self:
        self._former = signal.getsignal(signal.SIGINT)
        signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *error: object) -> None:
        signal.signal(signal.SIGINT, self._former)

    def end(self, wait: Callable[[], object]) -> None:
        """Call `wait`, which Ctrl+C ends."""
        with suppress(KeyboardInterrupt):
            self._is_waiting = True
            if not self.came:
                wait()
            self._is_waiting = False
        self._is_waiting = False

    def _note(self, *_: object) -> None:
        self.came = True
        if self._is_waiting:
            raise KeyboardInterrupt


def exit_code(turn: Turn) -> ExitCode:
    """Say how a turn ended, where that is not well; return its exit code."""
    if turn["problem"]:
        return say_problem(turn["problem"])
    if turn["ending"] == STOPPED:
        say("Stopped.")
        return ExitCode.INTERRUPTED
    if turn["ending"] == "length":
        say("The answer was cut off by the limit of tokens (--max-tokens, or the model's own).")
    elif turn["ending"] == ERROR:
        say("The model's server broke off the answer and gave no reason.")
        return ExitCode.THEIRS
    elif lacks_answer(turn):
        say("The model ended without an answer.")
    if lost := lost_pictures(turn):
        came = counted(lost, "picture", one="a")
        say(f"The model sent {came} that cannot be read here: not kept.")
    return ExitCode.OK


def words(attempt: Attempt) -> str:
    """Return all that the model answered in words; a reply without any leaves no blank line."""
    said = (message["content"] for message in attempt["replies"] if message["role"] == "assistant")
    return "\n\n".join(filter(None, said))


def thoughts(attempt: Attempt) -> str:
    """Return all that the model thought aloud."""
    return "\n\n".join(each for message in attempt["replies"] for each in thoughts_of(message))


# --- Writers -------------------------------------------------------------------------------------


class Silence:
    """Write nothing: the whole result follows."""

    def show(self, turn: Turn) -> None:
        pass

    def close(self, turn: Turn) -> None:
        pass


class Thoughts:
    """Write the model's thoughts to stderr, dimmed where that is a terminal."""

    def __init__(self) -> None:
        self._written = 0
        self._is_open = False

    def has_news(self, turn: Turn) -> bool:
        return len(thoughts(turn)) > self._written

    def show(self, turn: Turn) -> None:
        new = thoughts(turn)[self._written :]
        if new:
            self._written += len(new)
            self._is_open = not new.endswith("\n")
            click.echo(click.style(printable(new), dim=True), nl=False, err=True)

    def close(self) -> None:
        """End the line, before something else is written."""
        if self._is_open:
            self._is_open = False
            click.echo(err=True)


class Raw:
    """Write the answer to stdout as it comes."""

    def __init__(self, *, thinking: bool) -> None:
        self._thoughts = Thoughts() if thinking else None
        self._written = ""

    def show(self, turn: Turn) -> None:
        if self._thoughts:
            self._thoughts.show(turn)
        text = words(turn)
        if not text.startswith(self._written):  # what is written was a thought
            click.echo()
            self._written = ""
        if new := text[len(self._written) :]:
            if self._thoughts:
                self._thoughts.close()
            click.echo(new.encode("utf-8", "replace").decode(), nl=False)
            self._written = text

    def close(self, turn: Turn) -> None:
        self.show(turn)
        if self._thoughts:
            self._thoughts.close()
        if self._written and not words(turn).endswith("\n"):
            click.echo()


class Rendered:
    """Write the answer to the terminal as Markdown: finished blocks for good, the rest live."""

    def __init__(self, *, thinking: bool) -> None:
        self._thoughts = Thoughts() if thinking else None
        self._console = Console(file=sys.stdout)
        self._blocks = Blocks()
        self._text = ""
        self._printed = 0  # of the finished blocks
        self._live: Live | None = None

    def show(self, turn: Turn) -> None:
        if self._thoughts and self._thoughts.has_news(turn):
            self._stop()
            self._thoughts.show(turn)
        text = printable(words(turn))
        if not text.startswith(self._text):  # what is printed was a thought
            self._stop()
            self._blocks, self._printed = Blocks(), 0
        self._text = text
        if not text.strip():
            return
        if self._thoughts:
            self._thoughts.close()
        self._blocks.follow(text, over=is_over(turn))
        for block in self._blocks.finished[self._printed :]:
            self._print(block)
            self._printed += 1
        if self._live is None and not is_over(turn):
            self._live = Live(
                console=self._console,
                transient=True,
                refresh_per_second=FRAMES_PER_S,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        if self._live:
            self._live.update(_markdown(self._blocks.tail))

    def close(self, turn: Turn) -> None:
        self._stop()
        self.show(turn)
        if self._thoughts:
            self._thoughts.close()
        self._stop()
        if self._blocks.tail.strip():
            self._print(self._blocks.tail)

    def _print(self, block: str) -> None:
        if self._printed:
            self._console.print()
        self._console.print(_markdown(block))

    def _stop(self) -> None:
        if self._live:
            self._live.stop()
            self._live = None


def _markdown(text: str) -> Markdown:
    # Without terminal links: the reader sees where a link leads before following it.
    return Markdown(text, hyperlinks=False)


def writer_for(*, as_json: bool, thinking: bool) -> Writer:
    """Return what writes answers to where stdout leads."""
    if as_json:
        return Silence()
    return Rendered(thinking=thinking) if is_terminal(sys.stdout) else Raw(thinking=thinking)


# --- As JSON -------------------------------------------------------------------------------------


def write_json(value: Any, pat: str) -> None:
    """Write a command's one result to stdout. The token is not in it, whoever wrote it there."""
    click.echo(pretty(redact(value, pat)))


def answer_as_json(turn: Turn) -> dict[str, Any]:
    """Return what came of a turn, by the names that README lists."""
    calls = [call for message in turn["replies"] for call in message.get("tool_calls", [])]
    return {
        "model": turn["model"]["url"],
        "text": words(turn),
        "reasoning": thoughts(turn),
        "tool_calls": [{"id": call["id"], **call["function"]} for call in calls],
        "finish_reason": turn["ending"],
        "request_id": turn["request_id"],
        "usage": {
            "prompt_tokens": tokens(turn, "prompt_tokens"),
            "completion_tokens": tokens(turn, "completion_tokens"),
            "reasoning_tokens": tokens(turn, "reasoning_tokens"),
        },
        "cost_usd": cost_usd(turn),
        "problem": problem_as_json(turn["problem"]),
    }


def problem_as_json(problem: Problem | None) -> dict[str, Any] | None:
    if problem is None:
        return None
    return {
        "kind": problem["kind"],
        "what": problem["what"],
        "cause": CAUSES[problem["side"]],
        "advice": advice(problem),
        "detail": problem["detail"],
        "code": problem["code"],
        "request_id": problem["request_id"],
    }


# --- Against the schema --------------------------------------------------------------------------


def schema_problem(text: str, schema: str) -> str:
    """Return how an answer departs from the JSON schema that it was asked for, in a sentence; ""
    where it does not."""
    from clarifai_chat.tools.schema.budget import SchemaTrouble
    from clarifai_chat.tools.schema.explain import problem
    from clarifai_chat.tools.schema.validator import errors_in
    from clarifai_chat.tools.schema.wording import path_text

    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return "The answer is not JSON."
    try:
        errors = errors_in(value, json.loads(schema))
    except SchemaTrouble as trouble:
        return f"The answer cannot be judged by its schema: {trouble}"
    if not errors:
        return ""
    where = path_text(tuple(errors[0].absolute_path)) or "the whole"
    more = f" (And {len(errors) - 1} more.)" if len(errors) > 1 else ""
    return f"The answer does not follow the schema: {where}: {problem(errors[0])}.{more}"
