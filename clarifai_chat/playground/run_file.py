"""Write a playground run, or one of its requests, as JSON; read what such a file sets."""

import json
from collections.abc import Sequence
from typing import Any

from clarifai_chat import json_text
from clarifai_chat.access_token import redact
from clarifai_chat.config import settings
from clarifai_chat.llm.exchange import TOKEN, Exchange, without
from clarifai_chat.playground import toolset
from clarifai_chat.playground.runs import Run, steps
from clarifai_chat.playground.toolset import ToolSet
from clarifai_chat.tools.schema.budget import MAX_DEPTH, is_deeper
from clarifai_chat.tools.verdict.verdict import Verdict


def as_json(run: Run, pat: str = "") -> str:
    """Return the whole run for a file: what was asked, sent and received, and the verdicts.

    Contains neither the visitor's `pat` nor the operator's token, even if somebody typed them.
    """
    turn = run["turn"]
    whole = {
        "prompt": turn["prompt"],
        "attachments": turn.get("attachments", []),
        "model": turn["model"],
        "settings": run["settings"],
        "tools": run["tools"],
        "answerers": run["answerers"],
        "answered_by": run["answered_by"],
        "mocks": run.get("mocks", {}),
        "server_calls": run.get("server_calls", {}),
        "ending": turn["ending"],
        "pace": turn.get("pace", ""),  # what had arrived when: see chat/pace.py
        "problem": turn["problem"],
        "steps": [
            {
                "reply": step.message,
                "verdicts": [verdict_as_json(verdict) for _, verdict in step.judged],
                "answer": step.answer and verdict_as_json(step.answer),
                "notes": step.notes,
                "answers": step.answers,
                "figures": step.figures,
                "exchanges": _exchanges(step.exchanges, pat),
            }
            for step in steps(run)
        ],
    }
    for token in _tokens(pat):
        whole = redact(whole, token, TOKEN)
    return pretty(whole)


def exchanges_as_json(exchanges: Sequence[Exchange], pat: str = "") -> str:
    """Return some exchanges for a file, without the tokens that `as_json` removes."""
    found = _exchanges(exchanges, pat)
    for token in _tokens(pat):
        found = redact(found, token, TOKEN)
    return pretty(found)


def _exchanges(exchanges: Sequence[Exchange], pat: str) -> list[dict[str, Any]]:
    found = [*exchanges]
    for token in _tokens(pat):
        found = [without(exchange, token) for exchange in found]
    return [exchange_as_json(exchange) for exchange in found]


def _tokens(pat: str) -> list[str]:
    return [*dict.fromkeys(filter(None, (pat, settings().shared_pat, settings().other_key)))]


def set_of(run: dict[str, Any]) -> ToolSet:
    """Return what a saved run sets the playground to."""
    model = run.get("model")
    named = {
        "tools": pretty(run["tools"]),
        "prompt": run.get("prompt"),
        "model": model.get("url") if isinstance(model, dict) else None,
        "settings": run.get("settings"),
        "mocks": run.get("mocks"),
    }
    return toolset.from_data(named)


def verdict_as_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "call_id": verdict.call_id,
        "name": verdict.name,
        "status": verdict.status,
        "summary": verdict.summary,
        "arguments": [
            {"path": r.path, "given": r.given, "expected": r.expected, "problem": r.problem}
            for r in verdict.rows
        ],
        "notes": verdict.notes,
    }


def exchange_as_json(exchange: Exchange) -> dict[str, Any]:
    """Return an exchange with its bodies as JSON, or as text if they are not JSON."""
    return {
        **exchange,
        "request": loaded(exchange["request"]),
        "body": loaded(exchange["body"]),
        "chunks": [[after_s, loaded(data)] for after_s, data in exchange["chunks"]],
    }


def loaded(text: str) -> Any:
    """Return the value of a JSON text that can be written as JSON again, else the text."""
    try:
        value = json_text.read(text)
        json.dumps(value, allow_nan=False)  # Python reads NaN and 1e999, which JSON cannot express
    except (ValueError, RecursionError):
        return text
    return text if is_deeper(value, MAX_DEPTH) else value


def pretty(value: Any) -> str:
    """Return indented JSON. Half a surrogate pair, which a model may send, stays escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return text.encode("utf-8", "backslashreplace").decode()
