"""Let a conversation use tools: which ones, and each of its turns as a run.

A turn keeps the tools that went with it, so that its verdicts stay true whatever changes later.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from typing import Any, TypeVar, cast

from clarifai_chat.chat.turn import RequestMetrics, Turn, is_over, last_reply
from clarifai_chat.messages import OfferedTools, ToolSpec, UsedTools
from clarifai_chat.playground import runs
from clarifai_chat.playground.runs import BROKEN_OFF, MAX_STEPS, MOCKED, TYPED, Run, Step
from clarifai_chat.playground.server_calls import is_server
from clarifai_chat.text import size
from clarifai_chat.tools import mock_draft
from clarifai_chat.tools.builtins import BUILTINS
from clarifai_chat.tools.builtins.suggest import suggested
from clarifai_chat.tools.lint.check import check
from clarifai_chat.tools.mock_draft import BadMock
from clarifai_chat.tools.mocks import sound_mocks
from clarifai_chat.tools.templates import TEMPLATES
from clarifai_chat.tools.verdict.verdict import Verdict

Tools = TypeVar("Tools", OfferedTools, UsedTools)

BUILT_IN = "built-in"  # the source of tools that no set holds
IMPORTED = "imported"
BUILT_IN_NAME = "Built-in tools"
MAX_TOOLS = 128  # OpenAI's limit
MAX_CHARS = 200_000  # of a set's tools as JSON: each turn keeps them
USUAL_REQUESTS = 5


class NotOffered(ValueError):
    """A set whose tools cannot go with a conversation. Its text is a sentence for the reader."""


def built_in(ids: Collection[str] = tuple(BUILTINS)) -> OfferedTools:
    """Return some of the built-in tools, each with the definition of its template."""
    tools = {t.id: t.tools[0] for t in TEMPLATES if t.id in BUILTINS}
    chosen = {id: tools[id] for id in BUILTINS if id in ids}
    return {
        "source": BUILT_IN,
        "name": BUILT_IN_NAME,
        "specs": [cast(dict[str, Any], deepcopy(tool)) for tool in chosen.values()],
        "answerers": {tool["function"]["name"]: id for id, tool in chosen.items()},
        "results": {},
        "automatic": False,
        "max_requests": USUAL_REQUESTS,
    }


def built_in_ids(offered: OfferedTools) -> list[str]:
    """Return which built-ins are among the tools that `built_in` returned."""
    return [id for id in BUILTINS if id in offered["answerers"].values()]


def of_set(id: str, name: str, slots: Mapping[str, Any]) -> OfferedTools:
    """Return the tools that are switched on in a set of the playground, and who answers them.

    `slots` are the set's as it is saved. Raises `NotOffered`.
    """
    specs = specs_in(slots)
    if not specs:
        raise NotOffered(f"The set “{name}” has no tools that can be sent.")
    if len(specs) > MAX_TOOLS or len(json.dumps(specs)) > MAX_CHARS:
        most = f"at most {MAX_TOOLS} tools, and {size(MAX_CHARS)} of them"
        raise NotOffered(f"The set “{name}” has too many tools for a chat: {most}.")
    results = _texts(slots.get("results"))
    chosen, servers = _texts(slots.get("answerers")), _texts(slots.get("tool_servers"))
    answerers = answerers_of(specs, chosen, servers, results)
    mocks = mocks_in(slots.get("mocks"), answerers)
    answerers = {t: by for t, by in answerers.items() if by != MOCKED or t in mocks}
    made: OfferedTools = {
        "source": id,
        "name": name,
        "specs": specs,
        "answerers": answerers,
        "results": {t: results[t] for t, by in answerers.items() if by == TYPED and t in results},
        "automatic": False,
        "max_requests": USUAL_REQUESTS,
    }
    if mocks:
        made["mocks"] = mocks
    return made


def mocks_of(slots: Mapping[str, Any]) -> dict[str, Any]:
    """Return the mocks that answer tools in a set of the playground as it is saved."""
    return mocks_in(slots.get("mocks"), _texts(slots.get("answerers")))


def mocks_in(drafts: Any, answerers: Mapping[str, str]) -> dict[str, Any]:
    """Return the mocks that answer tools, of those typed in a set; without those of no use."""
    found = {}
    for tool, by in answerers.items():
        if by == MOCKED:
            typed = drafts.get(tool) if isinstance(drafts, dict) else None
            with suppress(BadMock):
                found[tool] = mock_draft.mock_of(mock_draft.draft_of(typed))
    return found


def specs_in(slots: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the tools that are switched on in a set of the playground as it is saved."""
    draft = slots.get("tools")
    text = draft.get("text") if isinstance(draft, dict) else None
    off = slots.get("tools_off")
    off = off if isinstance(off, list) else []
    found = check(text if isinstance(text, str) else "").tools
    return [cast(dict[str, Any], deepcopy(tool.spec)) for tool in found if tool.name not in off]


def of_request(found: Sequence[Any]) -> OfferedTools | None:
    """Return the tools of a request's body; None if none of them is a function."""
    specs = [t for t in found if isinstance(t, dict) and isinstance(t.get("function"), dict)]
    if not specs:
        return None
    return {
        "source": IMPORTED,
        "name": "Tools of the file",
        "specs": specs,
        "answerers": answerers_of(specs, {}, {}, ()),
        "results": {},
        "automatic": False,
        "max_requests": USUAL_REQUESTS,
    }


def answerers_of(
    specs: Sequence[Mapping[str, Any]],
    chosen: Mapping[str, str],
    servers: Mapping[str, str],
    results: Collection[str],
) -> dict[str, str]:
    """Return tool → who answers its calls, without the tools that the reader answers.

    That is the one `chosen`, else the server that listed it, the built-in that fits, or the answer
    typed last.
    """
    found = {}
    for spec in specs:
        name = str(spec["function"].get("name", ""))
        usual = suggested(cast(ToolSpec, spec)) or (TYPED if name in results else "")
        if answerer := chosen.get(name, servers.get(name, usual)):
            found[name] = answerer
    return found


def sound(found: Tools) -> Tools:
    """Return tools from a file, without what is no tool or would send calls to a server."""
    answerers = {t: by for t, by in _texts(found["answerers"]).items() if not is_server(by)}
    specs = [spec for spec in found["specs"] if isinstance(spec.get("function"), dict)]
    most = min(MAX_STEPS, max(1, found["max_requests"] or USUAL_REQUESTS))
    mocks = sound_mocks(found.get("mocks"))
    kept: dict[str, Any] = {
        **found,
        "specs": specs[:MAX_TOOLS],
        "answerers": {
            t: by
            for t, by in answerers.items()
            if by in BUILTINS or by == TYPED or (by == MOCKED and t in mocks)
        },
        "results": _texts(found["results"]),
        "max_requests": most,
    }
    kept.pop("mocks", None)
    if mocks:
        kept["mocks"] = mocks
    for name in ("answered_by", "drafts"):
        if name in kept:
            kept[name] = _texts(kept[name])
    if "server_calls" in kept:
        kept["server_calls"] = {}  # nothing shows that they were ever made
    return cast(Tools, kept)


def used(offered: OfferedTools) -> UsedTools:
    """Return the tools as a new turn keeps them."""
    kept = deepcopy({**offered})
    return cast(UsedTools, {**kept, "answered_by": {}, "server_calls": {}, "drafts": {}})


def run_of(turn: Turn) -> Run:
    """Return a turn of a conversation as a run: its calls are judged and answered like a run's.

    The run shares the turn, and notes who answered in the turn's tools.
    """
    tools = turn.get("tools")
    settings = runs.default_settings()
    settings["answers"] = "automatic" if tools and tools["automatic"] else "approve"
    settings["max_steps"] = tools["max_requests"] if tools else 1
    run: Run = {
        "turn": turn,
        "tools": [cast(ToolSpec, spec) for spec in tools["specs"]] if tools else [],
        "settings": settings,
        "answerers": tools["answerers"] if tools else {},
        "results": tools["results"] if tools else {},
        "exchanges": [],
        "answered_by": tools["answered_by"] if tools else {},
        "drafts": tools["drafts"] if tools else {},
        "server_calls": tools["server_calls"] if tools else {},
    }
    if tools and "mocks" in tools:
        run["mocks"] = tools["mocks"]
    return run


def step_at(run: Run, place: int) -> Step:
    """Return the reply at this place of a conversation's turn as a step, its calls judged."""
    turn = run["turn"]
    is_ended = is_over(turn)  # first: the worker goes on meanwhile
    replies, requests = turn["replies"], [*turn["before"], turn["figures"]]
    made = [figures for figures in requests if figures.get("reply") == place]
    figures = made[-1] if made else cast(RequestMetrics, {"reply": place})
    message = replies[place]
    calls, answers = message.get("tool_calls", []), runs.results_in(replies[place + 1 :])
    is_later = any(reply["role"] == "assistant" for reply in replies[place + 1 :])
    over = is_ended or is_later or (bool(calls) and all(call["id"] in answers for call in calls))
    reason = figures.get("ending", "")
    if not reason and is_ended and place == last_reply(turn):
        reason = turn["ending"]
    is_whole = over and reason not in BROKEN_OFF
    judged = runs.judged(calls, run["tools"], is_over=is_whole, reason=reason)
    if "tools" not in turn:
        judged = tuple((call, _unjudged(call["id"])) for call in calls)
    return Step(
        number=place,
        figures=figures,
        exchanges=(),
        message=message,
        judged=judged,
        answer=None,
        notes=(),
        answers=answers,
        is_over=over,
    )


def _unjudged(call_id: str) -> Verdict:
    said = "Not judged: the tools that went with this question are not known here."
    return Verdict(call_id, "", "undecided", summary=said)


def wants_answers(turn: Turn) -> bool:
    """Return whether a turn with tools waits for the reader to answer its calls."""
    return "tools" in turn and runs.wants_answers(run_of(turn))


def can_go_on(turn: Turn) -> bool:
    """Return whether a turn that broke off between its calls and its answer can go on."""
    has_results = any(reply["role"] == "tool" for reply in turn["replies"])
    return "tools" in turn and has_results and runs.can_go_on(run_of(turn))


def _texts(found: Any) -> dict[str, str]:
    items = found.items() if isinstance(found, dict) else ()
    return {str(name): text for name, text in items if isinstance(text, str)}
