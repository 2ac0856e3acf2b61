"""Read the operator's own greeting and starters: WELCOME_FILE, YAML or JSON.

A file that cannot be used changes nothing: the app keeps its own, and the log and `check` say why.
"""

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from clarifai_chat.config import settings
from clarifai_chat.text import size
from clarifai_chat.tools.formats import yaml_text
from clarifai_chat.tools.formats.yaml_text import NotYaml

MAX_BYTES = 50_000
MAX_STARTERS = 8
MAX_LABEL_CHARS = 60
MAX_CHARS = 4_000  # of a question
_FORM = "{label: …, question: …}"


class Welcome(NamedTuple):
    """A greeting, "" for the app's own, and (label, question) of each starter, none for its own."""

    greeting: str
    starters: tuple[tuple[str, str], ...]


class BadWelcome(ValueError):
    """A file that cannot be used. Its text is a clause for a sentence."""


OWN = Welcome("", ())


def welcome() -> Welcome:
    """Return what the operator's file says; `OWN` without one, or if it cannot be used."""
    return _loaded(settings().welcome_file)[0]


def problems() -> list[str]:
    """Return a sentence on a file that cannot be used."""
    file = settings().welcome_file
    why = _loaded(file)[1]
    return [f"WELCOME_FILE={file} is not used: {why}."] if why else []


@cache
def _loaded(file: str) -> tuple[Welcome, str]:
    if not file:
        return OWN, ""
    try:
        with Path(file).open("rb") as opened:
            return read(opened.read(MAX_BYTES + 1)), ""
    except OSError as error:
        return OWN, f"it cannot be read ({error.strerror})"
    except BadWelcome as error:
        return OWN, str(error)


def read(data: bytes) -> Welcome:
    """Return the greeting and the starters in a file. Raises `BadWelcome`."""
    if len(data) > MAX_BYTES:
        raise BadWelcome(f"it is too large: at most {size(MAX_BYTES)} are read")
    try:
        documents = yaml_text.read(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadWelcome("it is not text in UTF-8") from None
    except NotYaml as error:
        raise BadWelcome(f"it is not YAML: {error}") from None
    found = documents[0] if len(documents) == 1 else None
    if not isinstance(found, dict) or not found.keys() <= {"greeting", "starters"}:
        raise BadWelcome("it has to be one mapping with greeting, starters or both")
    starters = found.get("starters")
    if starters is not None and (not isinstance(starters, list) or len(starters) > MAX_STARTERS):
        raise BadWelcome(f"starters has to be a list of at most {MAX_STARTERS}")
    return Welcome(
        _text(found.get("greeting", ""), "greeting", MAX_LABEL_CHARS * 2),
        tuple(_starter(each, number) for number, each in enumerate(starters or (), 1)),
    )


def _starter(found: Any, number: int) -> tuple[str, str]:
    where = f"starter {number}"
    if not isinstance(found, dict) or found.keys() != {"label", "question"}:
        raise BadWelcome(f"{where} has to be {_FORM}")
    label = _text(found["label"], f"the label of {where}", MAX_LABEL_CHARS)
    question = _text(found["question"], f"the question of {where}", MAX_CHARS)
    if not label or not question:
        raise BadWelcome(f"{where} has an empty label or question")
    return label, question


def _text(found: Any, what: str, most: int) -> str:
    if not isinstance(found, str) or len(found) > most:
        raise BadWelcome(f"{what} has to be text of at most {most:,} characters")
    return found.strip()
