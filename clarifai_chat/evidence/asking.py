"""Ask one run of an experiment to its end, and judge it."""

import json
import time
from collections.abc import Callable
from typing import Any

from clarifai_chat.access_token import redact
from clarifai_chat.chat.replies import turn_size
from clarifai_chat.chat.turn import Turn, apply, end, is_over
from clarifai_chat.chat.usage import cost_usd, tokens
from clarifai_chat.config import settings
from clarifai_chat.errors import AppFault, ChatError, Runaway
from clarifai_chat.events import Retrying
from clarifai_chat.evidence.cases import Case
from clarifai_chat.evidence.causes import Strings
from clarifai_chat.evidence.checker import Outcome, check
from clarifai_chat.evidence.tally import as_result
from clarifai_chat.llm.endpoints import Endpoint
from clarifai_chat.llm.transport import InFlight
from clarifai_chat.messages import Message
from clarifai_chat.playground import runs
from clarifai_chat.playground.run_report import duration_s
from clarifai_chat.playground.runs import Run
from clarifai_chat.text import cut

MAX_TEXT_CHARS = 4_000  # of each message of a run that is kept
MAX_MESSAGES = 12  # of it


class Asked:
    """A run that was asked: what came of it, and the error that ended it, if one did."""

    def __init__(self, run: Run, case: Case, strings: Strings) -> None:
        self.run = run
        self.error: ChatError | None = None
        self._case, self._strings = case, strings

    @property
    def has_begun(self) -> bool:
        """Return whether anything of an answer came."""
        return bool(self.run["turn"]["replies"])

    def outcome(self) -> Outcome:
        return check(self.run, self._case, self._strings)


def ask(
    run: Run,
    case: Case,
    strings: Strings,
    endpoint: Callable[[], Endpoint],
    in_flight: InFlight,
    when_refused: Callable[[float], None] = lambda wait_s: None,
) -> Asked:
    """Ask a run to its end. Never raises.

    `when_refused` gets the seconds to wait when the server asks for a pause before a retry.
    """
    asked, turn = Asked(run, case, strings), run["turn"]
    most, began = settings().max_reply_chars, time.monotonic()
    turn["asked_at"] = time.time()
    try:
        for event in runs.events(run, endpoint, in_flight):
            if isinstance(event, Retrying):
                when_refused(event.wait_s)
            apply(turn, event, time.monotonic() - began)
            if turn_size(turn) > most:
                in_flight.cut()
                raise Runaway
    except ChatError as error:
        asked.error = error
        end(turn, "", time.monotonic() - began, error.problem())
    except Exception as error:  # noqa: BLE001 - a mistake of ours must not end all other runs
        asked.error = AppFault(more=f"({type(error).__name__})")
        end(turn, "", time.monotonic() - began, asked.error.problem())
    if not is_over(turn):
        end(turn, "", time.monotonic() - began, AppFault().problem())
    return asked


def kept(asked: Asked, key: str) -> tuple[str, dict[str, Any], str]:
    """Return status, result and body of a run as they are kept, without the access token."""
    outcome, turn = asked.outcome(), asked.run["turn"]
    result = as_result(outcome, _figures(asked.run))
    body: dict[str, Any] = {"calls": outcome.arguments[:MAX_TEXT_CHARS], "replies": _replies(turn)}
    if turn["problem"]:
        body["problem"] = turn["problem"]
    for token in filter(None, (key, settings().shared_pat)):
        result, body = redact(result, token), redact(body, token)
    return outcome.status, result, json.dumps(body)


def _figures(run: Run) -> dict[str, Any]:
    turn = run["turn"]
    took = duration_s(run)
    return {
        "seconds": None if took is None else round(took, 3),
        "requests": len(run["exchanges"]) or 1,
        "tokens_in": tokens(turn, "prompt_tokens"),
        "tokens_out": tokens(turn, "completion_tokens"),
        "usd": cost_usd(turn),
    }


def _replies(turn: Turn) -> list[dict[str, Any]]:
    return [_message(message) for message in turn["replies"][:MAX_MESSAGES]]


def _message(message: Message) -> dict[str, Any]:
    made: dict[str, Any] = {
        "role": message["role"],
        "content": cut(message["content"], MAX_TEXT_CHARS),
    }
    if calls := message.get("tool_calls"):
        made["calls"] = [
            {
                "name": call["function"]["name"],
                "arguments": cut(call["function"]["arguments"], MAX_TEXT_CHARS),
                "quirks": call.get("quirks", []),
            }
            for call in calls
        ]
    return made
