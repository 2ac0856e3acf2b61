"""Write a recording to a file, without tokens; read one, whoever wrote it.

The file is a bug report and a test's fixture too: it holds the settings, the question, the whole
answer, what of it had arrived when (`pace`), tokens, times and prices; of a run also the tools and
what went over the wire. What is in attached files is left out.
"""

import json
from typing import Any, cast

from clarifai_chat import json_text
from clarifai_chat.access_token import redact
from clarifai_chat.chat.chats import new_chat, path
from clarifai_chat.chat.turn import is_over
from clarifai_chat.config import settings
from clarifai_chat.playground import run_file, saved_run, toolset
from clarifai_chat.recordings.recording import (
    KINDS,
    Column,
    Kind,
    Recording,
    is_measured,
    models,
    of_run,
)
from clarifai_chat.text import size
from clarifai_chat.transfer import validate

FORMAT, VERSION = "clarifai-chat-recording", 1
MAX_BYTES = 20_000_000
MAX_COLUMNS = 4
MAX_TURNS = 200  # of a column


class BadRecording(ValueError):
    """A file that is not a recording. Its text tells the reader why and what to do."""


def as_json(recording: Recording, pat: str = "") -> str:
    """Return the file's text.

    Contains neither the visitor's `pat` nor the operator's tokens, even if somebody typed them.
    """
    if recording["run"]:
        return run_file.as_json(recording["run"], pat)
    # Atomic: a worker may be filling a turn.
    columns = json.loads(json.dumps(recording["columns"], default=str))
    whole: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "kind": recording["kind"],
        "recorded_at": recording["recorded_at"],
        "models": models(recording),
        "timing": "measured" if is_measured(recording) else "made up when it is played",
        "columns": columns,
    }
    for token in (pat, settings().shared_pat, settings().other_key):
        whole = redact(whole, token)
    return run_file.pretty(whole)


def read(data: bytes) -> Recording:
    """Return the recording in a file; each part that does not fit is left out.

    Also reads a run of the playground and an exported conversation. Raises `BadRecording`.
    """
    if len(data) > MAX_BYTES:
        raise BadRecording(f"The file is too large: at most {size(MAX_BYTES)} can be opened.")
    try:
        found = json_text.read(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadRecording("The file is not text. Recordings are saved as JSON.") from None
    except (ValueError, RecursionError):
        raise BadRecording("The file is not JSON. It may have been cut off on the way.") from None
    if isinstance(found, dict) and isinstance(found.get("steps"), list):
        return _run(found)
    if isinstance(found, dict) and found.get("format") == FORMAT:
        if found.get("version") != VERSION:
            raise BadRecording("The file is from another version of this app, which can open it.")
        return _columns(found)
    if isinstance(found, dict) and found.get("format") == "clarifai-chat":
        rows = found.get("chats")
        return _columns({"columns": rows[:1] if isinstance(rows, list) else []})
    raise BadRecording(
        "The file is not a recording: save one from the menu of an answer, from a run of the"
        " playground or from a comparison."
    )


def _run(found: dict[str, Any]) -> Recording:
    run = saved_run.run_in(found, toolset.settings_in(found.get("settings")))
    if run is None:
        raise BadRecording("This run has no step that could be played.")
    return of_run(run)


def _columns(found: dict[str, Any]) -> Recording:
    rows = found.get("columns")
    columns = [_column(row) for row in rows[:MAX_COLUMNS]] if isinstance(rows, list) else []
    columns = [column for column in columns if column["turns"]]
    if not columns:
        raise BadRecording("This recording has no answer in it.")
    kind: Any = found.get("kind")
    at: Any = found.get("recorded_at")
    asked = [turn["asked_at"] or 0.0 for column in columns for turn in column["turns"]]
    is_time = isinstance(at, int | float) and 0 <= at <= validate.LATEST
    return {
        "kind": cast(Kind, kind) if kind in KINDS[:2] else "answer",
        "recorded_at": float(at) if is_time else max(asked),
        "columns": columns,
        "run": None,
    }


def _column(row: Any) -> Column:
    found = row if isinstance(row, dict) else {}
    chat = validate.chat({**new_chat(), **found}, [])
    turns = [turn for turn in path(chat) if is_over(turn)]
    for turn in turns:
        turn.pop("parent", None)
    return {"settings": chat["settings"], "turns": turns[:MAX_TURNS]}
