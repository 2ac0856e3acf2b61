"""Build what the Demo sends: OpenAI's chat completions, Clarifai's status objects."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from clarifai_chat.demo import files

Json = dict[str, Any]

MODEL = "demo"
CREATED = 1_767_225_600  # a fixed time, so that a reply is the same every time


@dataclass(frozen=True, slots=True)
class Reply:
    """One scripted reply. `calls` are pairs of a tool's name and its arguments as JSON text."""

    text: str = ""
    thinking: str = ""
    calls: tuple[tuple[str, str], ...] = ()
    finish: str = "stop"
    most_fragments: int = 12  # of a call's arguments, in a stream
    fragment_pauses: int = 4  # after each fragment, in pauses between words, so that it is seen
    on_one_index: bool = False  # all calls share an index, and only their ids differ


def messages_of(body: Json) -> list[Json]:
    """Return the request's messages, without anything that is not one."""
    messages = body.get("messages")
    return [m for m in messages if isinstance(m, dict)] if isinstance(messages, list) else []


def last_prompt(body: Json) -> str:
    """Return what the person asked last, without files, or ""."""
    prompts = [files.asked(text_of(m)) for m in messages_of(body) if m.get("role") == "user"]
    return prompts[-1].strip() if prompts else ""


def text_of(message: Json) -> str:
    """Return a message's text, whether its content is a string or a list of parts."""
    content = message.get("content")
    if isinstance(content, list):
        parts = (p.get("text") for p in content if isinstance(p, dict))
        return "\n".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def tokens(text: str) -> list[str]:
    """Return `text` in word-size pieces that join up to exactly `text`."""
    return re.findall(r"\s*\S+|\s+\Z", text)


def fragments(arguments: str, most: int) -> list[str]:
    """Return `arguments` in at most `most` equal pieces of two or more characters."""
    size = max(2, -(-len(arguments) // most))
    return [arguments[at : at + size] for at in range(0, len(arguments), size)]


def estimate_tokens(text: str) -> int:
    """Return a simple estimate: every word and every punctuation mark is one token."""
    return len(re.findall(r"\w+|[^\w\s]", text))


def completion(body: Json, reply: Reply) -> Json:
    """Return the reply in one piece: OpenAI's `chat.completion`."""
    message: Json = {"role": "assistant", "content": reply.text or None}
    if reply.thinking:
        message["reasoning_content"] = reply.thinking
    if reply.calls:
        message["tool_calls"] = [_call(body, i, *call) for i, call in enumerate(reply.calls)]
    choice = {"index": 0, "message": message, "finish_reason": reply.finish}
    head = _head(body, "chat.completion")
    return {**head, "choices": [choice], "usage": usage(body, reply)}


def chunks(body: Json, reply: Reply, *, finished: bool = True) -> Iterator[Json]:
    """Yield the reply as OpenAI's `chat.completion.chunk`s.

    If not `finished`, it ends without a finish reason.
    """
    head = _head(body, "chat.completion.chunk")

    def chunk(delta: Json, finish: str | None = None) -> Json:
        return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    yield chunk({"role": "assistant", "content": ""})
    for token in tokens(reply.thinking):
        yield chunk({"reasoning_content": token})
    for token in tokens(reply.text):
        yield chunk({"content": token})
    for number, (name, arguments) in enumerate(reply.calls):
        index = 0 if reply.on_one_index else number
        opening = _call(body, number, name, "")
        yield chunk({"tool_calls": [{"index": index, **opening}]})
        for part in fragments(arguments, reply.most_fragments):
            yield chunk({"tool_calls": [{"index": index, "function": {"arguments": part}}]})
    if finished:
        yield chunk({}, reply.finish)
        if (body.get("stream_options") or {}).get("include_usage"):
            yield {**head, "choices": [], "usage": usage(body, reply)}


def has_call(chunk: Json) -> bool:
    """Return whether a chunk carries a part of a tool call."""
    return any("tool_calls" in choice["delta"] for choice in chunk["choices"])


def usage(body: Json, reply: Reply) -> Json:
    """Return token counts: the prompt's are estimated, the completion's are those streamed."""
    asked = " ".join(text_of(message) for message in messages_of(body))
    if body.get("tools"):
        asked += json.dumps(body["tools"])
    thought = len(tokens(reply.thinking))
    called = sum(1 + len(fragments(text, reply.most_fragments)) for _, text in reply.calls)
    prompt, answered = estimate_tokens(asked), len(tokens(reply.text)) + called
    return {
        "prompt_tokens": prompt,
        "completion_tokens": thought + answered,
        "total_tokens": prompt + thought + answered,
        "completion_tokens_details": {"reasoning_tokens": thought},
    }


def clarifai_status(code: int, details: str = "", seed: str = "") -> Json:
    """Return Clarifai's native `status` object."""
    req_id = hashlib.sha256(f"{code} {details} {seed}".encode()).hexdigest()[:32]
    description = DESCRIPTIONS.get(code, f"Status {code}")
    return {"code": code, "description": description, "details": details, "req_id": req_id}


PREDICTION_FAILED: Json = {
    "code": 21313,
    "description": "Model prediction failed",
    "details": "The model stopped with an error of its own. You asked the Demo model for it.",
}


def _head(body: Json, kind: str) -> Json:
    model = body.get("model") or MODEL
    return {
        "id": f"chatcmpl-{fingerprint(body)}",
        "object": kind,
        "created": CREATED,
        "model": model,
    }


def _call(body: Json, index: int, name: str, arguments: str) -> Json:
    function = {"name": name, "arguments": arguments}
    return {"id": f"call_{fingerprint(body)}_{index}", "type": "function", "function": function}


def request_id(body: Json) -> str:
    return f"demo-{fingerprint(body)}"


def fingerprint(body: Json) -> str:
    asked = json.dumps([body.get("messages"), body.get("tools")], sort_keys=True)
    return hashlib.sha256(asked.encode()).hexdigest()[:16]


DESCRIPTIONS = {
    11000: "Account issues",
    11005: "Too many requests",
    11006: "Account limits exceeded",
    11007: "Insufficient scopes",
    11008: "Invalid API key or Invalid API key/application pair",
    11101: "Resource does not exist",
    11102: "Invalid request",
    21200: "Model does not exist",
    21201: "Model permission denied",
    21313: "Model prediction failed",
    21350: "Model deployment failed",
    21351: "Model is deploying",
    21353: "Model is not deployed",
    21354: "Model is busy, please retry",
    21355: "Model is loading",
    39997: "Request disabled for maintenance",
    98009: "Internal timeout",
    99009: "Internal error",
}
# Clarifai documents no HTTP status for its codes; these are what a client would expect.
HTTP_OF_CODE = {
    **dict.fromkeys((11001, 11002, 11008, 11009), 401),
    **dict.fromkeys((11000, 11003, 11004, 11006, 69000, 69001, 99005), 402),
    **dict.fromkeys((11007, 11104, 11200, 21201), 403),
    **dict.fromkeys((11101, 21200), 404),
    **dict.fromkeys((11100, 11102, 11103, 21202, 21203, 30101, 30105, 30106, 39996, 40001), 400),
    **dict.fromkeys((10030, 21350, 21351, 21352, 21353, 21354, 21355, 25604, 39997), 503),
    11005: 429,
    98009: 504,
}
CODE_OF_HTTP = {
    400: 11102, 401: 11008, 402: 11006, 403: 11007, 404: 21200, 408: 98009, 413: 11102,
    429: 11005, 503: 21354, 504: 98009, 529: 21354,
}  # fmt: skip
