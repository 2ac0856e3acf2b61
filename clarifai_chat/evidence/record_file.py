"""Keep what came of an experiment's runs in a file of lines, so that a killed command goes on."""

import hashlib
import json
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from clarifai_chat import json_text
from clarifai_chat.evidence.experiment import Experiment
from clarifai_chat.evidence.record import InMemory, NotKept

# What may differ when it goes on: the name, when it was made, and limits.
_OF_NO_MATTER = ("id", "name", "created_at", "at_once", "max_usd", "max_s")


class BadRecord(ValueError):
    """A file that cannot be gone on with. Its text is a sentence for the reader."""


class InFile(InMemory):
    """A record whose every change is a line of the file before it counts."""

    def __init__(self, path: Path, experiment: Experiment) -> None:
        """Read what is in the file. Raises `BadRecord` if it is of another experiment."""
        super().__init__()
        self._path, self._one = path, threading.Lock()
        mark = _mark(experiment)
        try:
            text = path.read_text("utf-8") if path.exists() else ""
            self._read(text, mark)
            if text and not text.endswith("\n"):  # what a kill cut short must end here
                self._append("\n")
        except (OSError, UnicodeDecodeError) as why:
            said = why.strerror if isinstance(why, OSError) else "it is not text"
            raise BadRecord(f"{path} cannot be used: {said}.") from None
        if not text:
            self._write({"experiment": mark})

    def claim(self, number: int) -> bool:
        with self._one:
            is_free = super().claim(number)
            if is_free:
                self._write({"claimed": number})
            return is_free

    def finish(self, number: int, status: str, result: dict[str, Any], body: str) -> None:
        with self._one:
            super().finish(number, status, result, body)
            self._write({"run": number, "status": status, "result": result, "body": body})

    def release(self, numbers: Iterable[int]) -> None:
        gone = [*numbers]
        with self._one:
            super().release(gone)
            self._write({"released": gone})

    def _write(self, row: dict[str, Any]) -> None:
        try:
            self._append(json.dumps(row) + "\n")
        except OSError as why:
            raise NotKept(f"{self._path} cannot be written: {why.strerror}.") from None

    def _append(self, line: str) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    def _read(self, text: str, mark: str) -> None:
        for number, line in enumerate(text.splitlines()):
            try:
                row = json_text.read(line)
            except (ValueError, RecursionError):
                row = None  # cut short by a kill
            if number == 0 and (not isinstance(row, dict) or row.get("experiment") != mark):
                raise BadRecord(
                    f"{self._path} is not of these cases, models and settings. Name another file,"
                    " or ask the same again."
                )
            match row:
                case {"claimed": int() as claimed}:
                    super().claim(claimed)
                case {"run": int() as run, "status": str() as status, "result": dict() as result}:
                    super().finish(run, status, result, str(row.get("body", "")))
                case {"released": list() as gone}:
                    super().release(gone)


def _mark(experiment: Experiment) -> str:
    """Return what is the same for experiments that ask the same."""
    asked = {name: value for name, value in experiment.items() if name not in _OF_NO_MATTER}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
