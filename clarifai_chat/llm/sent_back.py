"""Decide what of a model's earlier replies goes back to it with the results of its calls.

These fields are extensions of the API: one provider refuses a request without them, another one a
request with them. The rules were read on 2026-11-29 on the pages named in `FAMILIES`; whether
Clarifai's own serving keeps them is not verified live. The reader can choose otherwise.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any, Literal, NamedTuple, get_args

from clarifai_chat.catalog import wire_name
from clarifai_chat.text import counted, listed

SentBack = Literal["automatic", "nothing", "signatures", "thoughts", "everything"]
Kind = Literal["signatures", "thoughts", "names"]

CHOICES: tuple[SentBack, ...] = get_args(SentBack)
SENT_FIELDS = ("role", "content", "tool_calls", "tool_call_id")  # of a message, always
# Of a message, by the rule; a request that was pasted may have them too.
EXTRA_FIELDS: dict[str, Kind] = {
    "name": "names",
    "reasoning_content": "thoughts",
    "reasoning": "thoughts",
    "reasoning_details": "thoughts",
    "extra_content": "signatures",
}
_KINDS: dict[SentBack, tuple[Kind, ...]] = {
    "nothing": (),
    "signatures": ("signatures", "names"),
    "thoughts": ("thoughts",),
    "everything": ("signatures", "thoughts", "names"),
}
_WORDS: dict[Kind, str] = {
    "signatures": "thought signatures",
    "thoughts": "thoughts",
    "names": "tool names",
}


class Family(NamedTuple):
    """Models whose makers ask for the same."""

    name: str
    words: tuple[str, ...]  # one of them is in the model's address
    kinds: tuple[Kind, ...]
    source: str


FAMILIES = (
    # Gemini 3 refuses a request whose current turn lacks a signature; of parallel calls only the
    # first has one. The name: https://github.com/NousResearch/hermes-agent/pull/19728
    Family(
        "Gemini",
        ("gemini",),
        ("signatures", "names"),
        "https://ai.google.dev/gemini-api/docs/thought-signatures",
    ),
    # Refuses a request whose replies with calls lack `reasoning_content`, be it empty.
    Family(
        "DeepSeek",
        ("deepseek",),
        ("thoughts",),
        "https://api-docs.deepseek.com/guides/thinking_mode",
    ),
    # The same: "thinking is enabled but reasoning_content is missing in assistant tool call
    # message", https://github.com/mastra-ai/mastra/issues/12592
    Family(
        "Kimi",
        ("kimi", "moonshot"),
        ("thoughts",),
        "https://platform.kimi.ai/docs/guide/use-kimi-k2-thinking-model",
    ),
    Family(
        "GLM",
        ("glm", "zai/"),
        ("thoughts",),
        "https://docs.z.ai/guides/capabilities/thinking-mode",
    ),
    # As `reasoning_details`, or between <think> tags in the content: where they came.
    Family(
        "MiniMax",
        ("minimax",),
        ("thoughts",),
        "https://platform.minimax.io/docs/guides/text-m2-function-call",
    ),
    # As `reasoning`, until the answer in words; the server's template drops older ones.
    Family(
        "gpt-oss",
        ("gpt-oss",),
        ("thoughts",),
        "https://github.com/openai/openai-cookbook/blob/main/articles/gpt-oss/handle-raw-cot.md",
    ),
    # Refuses them: "Extra inputs are not permitted".
    Family(
        "Mistral",
        ("mistral", "ministral", "magistral", "devstral"),
        (),
        "https://github.com/BerriAI/litellm/issues/30835",
    ),
    # Its compatible API returns no thoughts, so there are none to send.
    Family(
        "Claude",
        ("claude", "anthropic"),
        (),
        "https://platform.claude.com/docs/en/cli-sdks-libraries/libraries/openai-sdk",
    ),
)
# Their APIs insist on the field, even an empty one, once the model thinks.
_INSISTS = ("DeepSeek", "Kimi")


def family_of(model: str) -> Family | None:
    """Return the family of a model, by its address; None if none has a rule."""
    low = wire_name(model).lower()
    return next((f for f in FAMILIES if any(word in low for word in f.words)), None)


def label(choice: SentBack) -> str:
    """Return what a choice sends back, in words."""
    kinds = _KINDS.get(choice, ())
    return listed([_WORDS[kind] for kind in kinds]) if kinds else choice


def rule(model: str) -> str:
    """Return what goes back to a model automatically: "thoughts (Kimi)"."""
    family = family_of(model)
    kinds = listed([_WORDS[kind] for kind in family.kinds]) if family else ""
    return f"{kinds or 'nothing'} ({family.name})" if family else "nothing"


def as_sent(
    messages: Iterable[Mapping[str, Any]], model: str, choice: SentBack
) -> list[dict[str, Any]]:
    """Return a copy of the messages with the fields that go to this model; it may be changed."""
    messages = list(messages)
    family = family_of(model)
    if choice == "automatic":
        kinds: tuple[Kind, ...] = family.kinds if family else ()
        insists = family is not None and family.name in _INSISTS
    else:
        kinds, insists = _KINDS[choice], False
    insists = insists and any(_thought(message) for message in messages)
    names: dict[str, str] = {}  # of the calls so far; a later reply may use an id again
    sent = []
    for message in messages:
        one: dict[str, Any] = {n: deepcopy(v) for n, v in message.items() if n in SENT_FIELDS}
        for call in _calls(one):
            call.pop("quirks", None)
            if "signatures" not in kinds:
                call.pop("extra_content", None)
            names[str(call.get("id"))] = str(_dict(call.get("function")).get("name") or "")
        if "signatures" in kinds and "extra_content" in message:
            one["extra_content"] = deepcopy(message["extra_content"])
        if "names" in kinds:
            name = message.get("name") or names.get(str(message.get("tool_call_id")))
            if name:
                one["name"] = name
        # Of answers in words nobody asks for them back.
        if "thoughts" in kinds and (choice != "automatic" or _calls(one)):
            _put_thoughts(one, message, insists=insists)
        sent.append(one)
    return sent


def _put_thoughts(sent: dict[str, Any], message: Mapping[str, Any], *, insists: bool) -> None:
    """Put a reply's thoughts where the server had put them."""
    thought = _thought(message)
    if details := message.get("reasoning_details"):
        sent["reasoning_details"] = deepcopy(details)
    elif thought and message.get("thoughts_in") == "tags":
        sent["content"] = f"<think>\n{thought.strip()}\n</think>\n\n{sent['content']}"
    elif thought:
        is_other = message.get("thoughts_in") == "reasoning" or "reasoning" in message
        sent["reasoning" if is_other else "reasoning_content"] = thought
    elif insists:
        sent["reasoning_content"] = ""


def _thought(message: Mapping[str, Any]) -> str:
    if message.get("role") != "assistant":
        return ""
    first = message.get("reasoning_content") or message.get("reasoning") or ""
    return str(first) + "".join(each["text"] for each in message.get("later_thoughts", ()))


def summary(kept: Iterable[Mapping[str, Any]], body: Any) -> str:
    """Return a sentence on what a request's body sends back, and what of `kept` it does not.

    `kept` are the replies before it, as the run has them. "" if there is nothing of the kind.
    """
    had, went = _counts(kept), _counts(_dicts(_dict(body).get("messages")))
    parts = [_words(kind, count) for kind, count in went.items() if count]
    rest = [_words(k, had[k] - went[k]) for k in had if k != "names" and had[k] > went[k]]
    said = [f"Sent back from earlier replies: {listed(parts)}."] if parts else []
    said += [f"Kept, not sent: {listed(rest)}."] if rest else []
    return " ".join(said)


def _counts(messages: Iterable[Mapping[str, Any]]) -> dict[Kind, int]:
    counts: dict[Kind, int] = {"signatures": 0, "thoughts": 0, "names": 0}
    for message in messages:
        counts["signatures"] += "extra_content" in message
        counts["signatures"] += sum("extra_content" in call for call in _calls(message))
        in_words = str(message.get("content") or "").startswith("<think>\n")
        is_reply = message.get("role") == "assistant"
        has_thoughts = bool(_thought(message) or message.get("reasoning_details"))
        counts["thoughts"] += is_reply and (has_thoughts or in_words)
        counts["names"] += message.get("role") == "tool" and bool(message.get("name"))
    return counts


def _words(kind: Kind, count: int) -> str:
    if kind == "signatures":
        return counted(count, "thought signature")
    of = "reply" if kind == "thoughts" else "tool result"
    return f"{_WORDS[kind]} of {counted(count, of, 'replies' if of == 'reply' else '')}"


def _calls(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    return _dicts(message.get("tool_calls"))


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
