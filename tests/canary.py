"""The access token that every test uses, and the search for places where it must not be."""

import base64
import logging
import os
import urllib.parse
from typing import Self

CANARY = "c0a1f1e5c0a1f1e5deadbeefcafe0042"  # the form of Clarifai's tokens
_FORMS = (
    CANARY,
    CANARY.upper(),
    urllib.parse.quote(CANARY),
    base64.b64encode(CANARY.encode()).decode().rstrip("="),
)


def leaks_in(text: str) -> bool:
    """Whether the token can be read in `text`, as it is or in a form that anybody can turn back."""
    return any(form in text for form in _FORMS)


def assert_no_canary(where: str, text: str) -> None:
    """Fail when `text` (a page, a URL, a file, an error) holds the token; `where` names the place.

    The message does not repeat the text, so that a failing test does not leak it once more.
    """
    __tracebackhide__ = True
    if leaks_in(text):
        raise AssertionError(f"The access token is in {where}.")


class Ears(logging.Handler):
    """Hears what every logger says, at DEBUG; `told` are the names of those that told the token.

    litellm's own loggers keep the levels that the app gives them: that they are quiet is its doing.
    """

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.told: list[str] = []
        self._format = logging.Formatter("%(message)s")
        self._levels: dict[logging.Logger, int] = {}

    def emit(self, record: logging.LogRecord) -> None:
        # As text with its traceback, and with the fields that only a JSON log would show.
        if leaks_in(self._format.format(record)) or leaks_in(repr(vars(record))):
            self.told.append(record.name)

    def __enter__(self) -> Self:
        for logger in _loggers():
            if not logger.name.startswith("LiteLLM") and (logger is logging.root or logger.level):
                self._levels[logger] = logger.level
                logger.setLevel(logging.DEBUG)
            if logger is logging.root or not logger.propagate:
                logger.addHandler(self)
        return self

    def __exit__(self, *exc_info: object) -> None:
        for logger, level in self._levels.items():
            logger.setLevel(level)
        for logger in _loggers():
            logger.removeHandler(self)


def _loggers() -> list[logging.Logger]:
    """The root and every logger that exists so far."""
    known = list(logging.root.manager.loggerDict.values())
    return [logging.root, *(each for each in known if isinstance(each, logging.Logger))]


def leaking_variables() -> list[str]:
    """The names of environment variables that hold the token."""
    return [name for name, value in os.environ.items() if leaks_in(name + value)]
