"""Make a case of a run: what the model did becomes what is expected."""

import json
import re
from collections.abc import Collection
from typing import Any

from clarifai_chat.chat.turn import answer_text
from clarifai_chat.evidence.cases import MAX_ID_CHARS, Case, ExpectedCall
from clarifai_chat.playground import runs
from clarifai_chat.playground.runs import Run, steps
from clarifai_chat.text import unused
from clarifai_chat.tools.mocks import Mock

ABOUT = "Kept from a run: read it, and loosen what may be said in another way."


def case_of(run: Run, known: Collection[str] = ()) -> Case | None:
    """Return a case whose expectation is what the model did; None if a call is not valid.

    Each argument is expected as it was, and each answer of a tool becomes a mock. `known` are the
    ids that are taken.
    """
    done = steps(run)
    judged = [pair for step in done for pair in step.judged]
    if any(verdict.status != "valid" for _, verdict in judged):
        return None
    if not judged and not answer_text(run["turn"]).strip():
        return None
    prompt, settings = runs.prompt(run), run["settings"]
    words = re.findall(r"[a-z0-9]+", prompt.lower())[:5] or ["case"]
    case: Case = {
        "id": unused("-".join(words)[: MAX_ID_CHARS - 10], known),
        "topic": "mine",
        "prompt": prompt,
        "expect": {"calls": [_expected(verdict.name, verdict.arguments) for _, verdict in judged]},
        "about": ABOUT,
    }
    if said := runs.system(run):
        case["system"] = said
    if settings["messages"]:
        case["messages"] = [*settings["messages"]]
    if run["tools"]:
        case["tools"] = [*run["tools"]]
    answers: dict[str, list[str]] = {}
    for step in done:
        for call, verdict in step.judged:
            if call["id"] in step.answers:
                answers.setdefault(verdict.name, []).append(step.answers[call["id"]])
    if answers and not done[-1].judged:
        case["steps"] = len(done)
        case["mocks"] = {name: _mock(texts) for name, texts in answers.items()}
    elif answers:  # the run has no end in words: its first reply is what is judged
        first = done[0].judged
        case["expect"]["calls"] = [
            _expected(verdict.name, verdict.arguments) for _, verdict in first
        ]
    return case


def _expected(tool: str, arguments: dict[str, Any]) -> ExpectedCall:
    return {"tool": tool, "arguments": {name: _literal(v) for name, v in arguments.items()}}


def _literal(value: Any) -> Any:
    """Return a value as a rule that expects it, also where a key in it looks like a rule."""
    return {"$equals": value} if '"$' in json.dumps(value) else value


def _mock(texts: list[str]) -> Mock:
    if len(texts) == 1:
        return {"kind": "fixed", "answer": texts[0]}
    return {"kind": "sequence", "answers": texts}
