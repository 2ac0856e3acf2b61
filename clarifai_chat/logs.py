"""Set up the log: on stderr, each line with its time and level, or as JSON."""

import json
import logging
import sys
import threading
import traceback
from datetime import UTC, datetime
from typing import TextIO

OURS = ("clarifai_chat", "components", "pages", "server", "serving", "__main__")
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class EachLine(logging.Formatter):
    """Begins each line of a record with time and level, those of a traceback too."""

    def format(self, record: logging.LogRecord) -> str:
        first, *others = super().format(record).splitlines() or [""]
        head = f"{self.formatTime(record)} {record.levelname} {record.name}:"
        return "\n".join([first, *(f"{head} {line}" for line in others)])


class JsonLine(logging.Formatter):
    """Writes a record as one line of JSON, with a traceback's lines in its message."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told = {"time": at, "level": record.levelname, "logger": record.name}
        told["message"] = super().format(record)
        if request_id := getattr(record, "request_id", ""):
            told["request_id"] = request_id
        return json.dumps(told)


class _ToStderr(logging.StreamHandler[TextIO]):
    """Writes to stderr as it is when a record comes, which may not be the one of the start."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def _is_wanted(record: logging.LogRecord, chosen: int) -> bool:
    """Return whether a record is logged, also if a library has set its own level lower."""
    is_ours = record.name.partition(".")[0] in OURS
    return record.levelno >= (chosen if is_ours else max(logging.WARNING, chosen))


def set_up(level: str, form: str = "lines") -> None:
    """Log `level` and above of this app; of libraries, warnings and above. `form` may be "json".

    Libraries at a lower level would log requests, with tokens and questions. Safe to repeat.
    """
    chosen = logging.getLevelNamesMapping()[level.upper()]
    handler = _ToStderr()
    handler.setFormatter(JsonLine() if form == "json" else EachLine(FORMAT))
    handler.addFilter(lambda record: _is_wanted(record, chosen))
    handler.set_name("clarifai_chat")
    root = logging.getLogger()
    for old in [each for each in root.handlers if each.get_name() == handler.get_name()]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(max(logging.WARNING, chosen))
    for name in OURS:
        logging.getLogger(name).setLevel(chosen)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        through_root(logging.getLogger(name))
    logging.captureWarnings(True)
    threading.excepthook = _log_end_of_thread


def through_root(logger: logging.Logger) -> None:
    """Let the root write what a library's logger would write in its own form."""
    logger.handlers.clear()
    logger.propagate = True
    logger.setLevel(max(logging.WARNING, logging.root.level))


def _log_end_of_thread(args: threading.ExceptHookArgs) -> None:
    """Log where a thread broke off, not the error's text, which may be private."""
    frames = "".join(traceback.format_tb(args.exc_traceback)[-4:])
    name = args.thread.name if args.thread else "a thread"
    logging.getLogger(__name__).error(
        "%s ended thread %s\n%s", args.exc_type.__name__, name, frames
    )
