"""Read a run that was saved to a file, with its calls, answers and exchanges.

Anything may be in the file: each part that does not fit is left out.
"""

import json
import math
import re
from typing import Any, cast, get_args

from clarifai_chat import catalog
from clarifai_chat.attachments import clean_name, known_mime
from clarifai_chat.attachments.attachment import Attachment
from clarifai_chat.attachments.limits import MAX_FILES
from clarifai_chat.chat.turn import INTERRUPTED, ModelRef, RequestMetrics, Turn, new_turn
from clarifai_chat.errors import Problem, Side
from clarifai_chat.llm.exchange import Exchange
from clarifai_chat.messages import Message, Quirk, ToolCall, ToolSpec, opaque, web_address
from clarifai_chat.playground.runs import MAX_STEPS, Run, RunSettings
from clarifai_chat.playground.server_calls import Outcome, ServerCall, is_server
from clarifai_chat.text import whole
from clarifai_chat.tools.mocks import sound_mocks

_ID = re.compile(r"[0-9a-f]{32}")
_FIGURES = (
    "first_token_s", "thought_s", "total_s", "prompt_tokens", "completion_tokens",
    "reasoning_tokens", "cached_tokens",
)  # fmt: skip


def run_in(saved: dict[str, Any], settings: RunSettings) -> Run | None:
    """Return the run in a file that `run_file.as_json` wrote; None if it has no step."""
    steps = [each for each in _list(saved.get("steps")) if isinstance(each, dict)][:MAX_STEPS]
    if not steps:
        return None
    turn = new_turn(_text(saved.get("prompt")), _model(saved.get("model")))
    if files := [file for each in _list(saved.get("attachments")) if (file := _file(each))]:
        turn["attachments"] = files[:MAX_FILES]
    run: Run = {
        "turn": turn,
        "tools": [_tool(each) for each in _list(saved.get("tools")) if _is_tool(each)],
        "settings": settings,
        # A file does not decide which server gets the next calls.
        "answerers": {
            tool: by for tool, by in _texts(saved.get("answerers")).items() if not is_server(by)
        },
        "results": {},
        "exchanges": [],
        "answered_by": _texts(saved.get("answered_by")),
        "drafts": {},
    }
    if mocks := sound_mocks(saved.get("mocks")):
        run["mocks"] = mocks
    if made := _server_calls(saved.get("server_calls")):
        run["server_calls"] = made
    for number, step in enumerate(steps):
        figures = _figures(step.get("figures"))
        if message := _message(step.get("reply")):
            figures["reply"] = len(turn["replies"])
            turn["replies"].append(message)
            answers = _texts(step.get("answers"))
            for call in message.get("tool_calls", []):
                if call["id"] in answers:
                    turn["replies"].append(_answer(call, answers[call["id"]]))
        if number + 1 < len(steps):
            turn["before"].append(figures)
        else:
            turn["figures"] = figures
        run["exchanges"] += [_exchange(e, number) for e in _list(step.get("exchanges"))]
    _end(turn, saved, run["exchanges"])
    return run


def _end(turn: Turn, saved: dict[str, Any], exchanges: list[Exchange]) -> None:
    asked_at = exchanges[0]["sent_at"] if exchanges else 0.0
    turn["asked_at"] = asked_at
    turn["ended_at"] = asked_at + (turn["figures"]["total_s"] or 0.0)
    turn["ending"] = _text(saved.get("ending")) or INTERRUPTED
    if pace := _text(saved.get("pace")):
        turn["pace"] = pace
    found = saved.get("problem")
    if isinstance(found, dict) and all(isinstance(found.get(k), str) for k in ("what", "advice")):
        side = found.get("side")
        code = found.get("code")
        turn["problem"] = cast(
            Problem,
            {
                "kind": _text(found.get("kind")),
                "what": _text(found["what"]),
                "side": side if side in get_args(Side) else "you",
                "advice": _text(found["advice"]),
                "detail": _text(found.get("detail")),
                "code": code if type(code) is int else None,
                "request_id": _text(found.get("request_id")),
                "can_retry": found.get("can_retry") is True,
            },
        )


def _server_calls(found: Any) -> dict[str, ServerCall]:
    rows = found.items() if isinstance(found, dict) else ()
    return {
        whole(str(place)): {
            "server": _text(row.get("server")),
            "sent_at": min(_number(row.get("sent_at")) or 0.0, 253_402_300_799.0),
            "took_s": _number(row.get("took_s")) or 0.0,
            "chars": int(_number(row.get("chars")) or 0),
            "outcome": row["outcome"] if row.get("outcome") in get_args(Outcome) else "failed",
            "notes": [_text(each) for each in _list(row.get("notes"))],
        }
        for place, row in rows
        if isinstance(row, dict)
    }


def _model(found: Any) -> ModelRef:
    found = found if isinstance(found, dict) else {}
    address = found.get("url")
    return {
        "url": (catalog.parse_address(address) or "") if isinstance(address, str) else "",
        "name": _text(found.get("name")) or "unknown model",
        "input_price": _number(found.get("input_price")),
        "output_price": _number(found.get("output_price")),
    }


def _is_tool(found: Any) -> bool:
    return isinstance(found, dict) and isinstance(found.get("function"), dict)


def _file(found: Any) -> Attachment | None:
    """Return what a run says about a file; its content is not in a saved run."""
    if not isinstance(found, dict) or not _ID.fullmatch(_text(found.get("id"))):
        return None
    kind = found.get("kind")
    if kind not in ("image", "text", "audio"):
        return None
    tokens = _number(found.get("tokens"))
    return {
        "id": found["id"],
        "name": clean_name(_text(found.get("name"))),
        "kind": kind,
        "mime": known_mime(kind, _text(found.get("mime"))),
        "size": int(_number(found.get("size")) or 0),
        "tokens": None if tokens is None else int(tokens),
        "sha256": _text(found.get("sha256")),
    }


def _tool(found: dict[str, Any]) -> ToolSpec:
    return cast(ToolSpec, {**found, "type": "function"})


def _message(found: Any) -> Message | None:
    if not isinstance(found, dict):
        return None
    made: Message = {"role": "assistant", "content": _text(found.get("content"))}
    if thoughts := _text(found.get("reasoning_content")):
        made["reasoning_content"] = thoughts
    if later := [each for each in _list(found.get("later_thoughts")) if _is_later(each)]:
        made["later_thoughts"] = [
            {"after": int(each["after"]), "text": _text(each.get("text"))} for each in later
        ]
    if sources := [each for each in _list(found.get("sources")) if isinstance(each, dict)]:
        made["sources"] = [
            {"url": web_address(_text(each.get("url"))), "title": _text(each.get("title"))}
            for each in sources
        ]
    if (place := found.get("thoughts_in")) in ("reasoning", "tags"):
        made["thoughts_in"] = place
    details = [each for each in _list(found.get("reasoning_details")) if isinstance(each, dict)]
    if kept := opaque(details):
        made["reasoning_details"] = kept
    if extra := _opaque(found.get("extra_content")):
        made["extra_content"] = extra
    if calls := [_call(each) for each in _list(found.get("tool_calls")) if _is_tool(each)]:
        made["tool_calls"] = calls
    return made


def _is_later(found: Any) -> bool:
    return isinstance(found, dict) and _number(found.get("after")) is not None


def _call(found: dict[str, Any]) -> ToolCall:
    function = found["function"]
    call: ToolCall = {
        "id": _text(found.get("id")),
        "type": "function",
        "function": {
            "name": _text(function.get("name")),
            "arguments": _text(function.get("arguments")),
        },
    }
    known = get_args(Quirk)
    if quirks := [quirk for quirk in _list(found.get("quirks")) if quirk in known]:
        call["quirks"] = quirks
    if extra := _opaque(found.get("extra_content")):
        call["extra_content"] = extra
    return call


def _opaque(found: Any) -> dict[str, Any]:
    return (opaque(found) or {}) if isinstance(found, dict) else {}


def _answer(call: ToolCall, content: str) -> Message:
    return {"role": "tool", "tool_call_id": call["id"], "content": content}


def _figures(found: Any) -> RequestMetrics:
    found = found if isinstance(found, dict) else {}
    made: dict[str, Any] = {name: _number(found.get(name)) for name in _FIGURES}
    for name in _FIGURES[3:]:  # counts of tokens
        made[name] = None if made[name] is None else int(made[name])
    if isinstance(found.get("ending"), str):
        made["ending"] = _text(found["ending"])
    if (began := _number(found.get("began_s"))) is not None:
        made["began_s"] = began
    return cast(RequestMetrics, made)


def _exchange(found: Any, step: int) -> Exchange:
    found = found if isinstance(found, dict) else {}
    status = found.get("status")
    chunks = [
        (_number(each[0]) or 0.0, _body(each[1]))
        for each in _list(found.get("chunks"))
        if isinstance(each, list) and len(each) == 2
    ]
    return {
        "step": step,
        "sent_at": min(_number(found.get("sent_at")) or 0.0, 253_402_300_799.0),
        "method": _text(found.get("method")) or "POST",
        "url": _text(found.get("url")),
        "headers": _texts(found.get("headers")),
        "request": _body(found.get("request")),
        "status": status if type(status) is int else None,
        "response_headers": _texts(found.get("response_headers")),
        "responded_s": _number(found.get("responded_s")),
        "body": _body(found.get("body")),
        "chunks": chunks,
        "left_out": int(_number(found.get("left_out")) or 0),
        "ended_s": _number(found.get("ended_s")),
    }


def _body(found: Any) -> str:
    """Return a body as it went over the wire, but for spaces: files hold it as JSON."""
    if isinstance(found, str):
        return _text(found)
    return "" if found is None else whole(json.dumps(found, ensure_ascii=False))


def _text(found: Any) -> str:
    return whole(found) if isinstance(found, str) else ""


def _texts(found: Any) -> dict[str, str]:
    items = found.items() if isinstance(found, dict) else ()
    return {whole(str(key)): whole(value) for key, value in items if isinstance(value, str)}


def _list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


def _number(found: Any) -> float | None:
    """Return a number that is not negative and not beyond every clock and count."""
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return found if 0 <= found <= 2**53 and math.isfinite(found) else None
