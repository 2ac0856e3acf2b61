"""`chat`: ask one question, or hold a conversation."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from clarifai_chat import llm
from clarifai_chat.chat.turn import Turn
from clarifai_chat.cli import answer, inputs, pictures
from clarifai_chat.cli.conversation import Conversation
from clarifai_chat.cli.ending import ExitCode, say, say_problem
from clarifai_chat.errors import ChatError
from clarifai_chat.events import StreamEvent
from clarifai_chat.llm.endpoints import endpoint_for
from clarifai_chat.llm.transport import InFlight
from clarifai_chat.playground.compatibility import about_files, about_made, chat_cautions


def one_question(
    talk: Conversation,
    pat: str,
    prompt: str,
    paths: Sequence[Path],
    *,
    as_json: bool,
    thinking: bool,
) -> ExitCode:
    """Ask a question and write its answer."""
    turn = _turn(talk, prompt, paths)
    code = _ask(talk, turn, pat, as_json=as_json, thinking=thinking)
    talk.pictures.write(f"To save it, ask again with {pictures.OPTION}.")
    schema = talk.settings.get("json_schema")
    wrong = ""
    if schema is not None and code is ExitCode.OK:
        wrong = answer.schema_problem(answer.words(turn), schema)
    if as_json:
        result = {**answer.answer_as_json(turn), "pictures": talk.pictures.written}
        answer.write_json({**result, "schema_problem": wrong or None}, pat)
    if wrong:
        say(f"Error: {wrong}")
        return ExitCode.INVALID
    return code


def conversation(
    talk: Conversation, pat: str, paths: Sequence[Path], *, thinking: bool
) -> ExitCode:
    """Ask what the person types, until they leave. Ctrl+C stops an answer, and leaves between
    two."""
    with suppress(ImportError):  # with it, arrow keys work; Windows has its own
        import readline  # noqa: F401
    say(f"{talk.model.label}. /new begins again, /exit leaves, Ctrl+C stops an answer.")
    while True:
        try:
            typed = input("> ").strip()
        except EOFError:
            say("")
            return ExitCode.OK
        if typed == "/exit":
            return ExitCode.OK
        if typed == "/new":
            talk.turns.clear()
            say("A new conversation.")
        elif folder := re.fullmatch(r"/pictures +(.+)", typed):
            talk.pictures.folder = Path(folder[1]).expanduser()
            say(f"Pictures go to {talk.pictures.folder}.")
            with _complaining():
                talk.pictures.write("")
        elif typed:
            with _complaining():
                turn = _turn(talk, typed, paths)
                paths = ()  # they went with the first question, and stay in the conversation
                _ask(talk, turn, pat, as_json=False, thinking=thinking)
                talk.pictures.write("/pictures FOLDER saves it, and what comes after it.")


@contextmanager
def _complaining() -> Iterator[None]:
    """Say what goes wrong within this block; the conversation goes on."""
    try:
        yield
    except ChatError as error:
        say_problem(error.problem())
    except click.ClickException as error:
        error.show()


def _turn(talk: Conversation, prompt: str, paths: Sequence[Path]) -> Turn:
    files = inputs.files(paths, llm.count_tokens)
    kinds = {file.attachment["kind"] for file in files}
    first = not talk.turns
    has_pictures = bool(talk.turns) and "pictures" in talk.turns[-1]
    turn = talk.add(prompt, files)
    for caution in [
        *(chat_cautions(talk.model, talk.settings) if first else []),
        *about_files(talk.model, kinds),
        *filter(None, [about_made(talk.model) if has_pictures else ""]),
    ]:
        say(f"Note: {caution}")
    return turn


def _ask(talk: Conversation, turn: Turn, pat: str, *, as_json: bool, thinking: bool) -> ExitCode:
    request = talk.request(turn)
    if request.left_out:
        say(f"Note: {len(request.left_out)} of the oldest turns are left out to make room.")

    def events(in_flight: InFlight) -> Iterator[StreamEvent]:
        endpoint = endpoint_for(turn["model"]["url"], pat, None)
        return talk.pictures.keep(llm.events(request, endpoint, in_flight))

    answer.ask(turn, events, answer.writer_for(as_json=as_json, thinking=thinking))
    return answer.exit_code(turn)
