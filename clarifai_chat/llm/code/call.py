"""Define a snippet, and what all kinds of code are written from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from clarifai_chat.text import are, listed

# What OpenAI's client takes as arguments: the others go into the body beside them.
OPENAIS = frozenset((
    "messages", "model", "stream", "stream_options", "tools", "temperature", "top_p", "max_tokens",
    "max_completion_tokens", "stop", "seed", "presence_penalty", "frequency_penalty",
    "reasoning_effort", "response_format", "tool_choice", "parallel_tool_calls", "logit_bias",
    "logprobs", "top_logprobs", "n", "user", "metadata", "store",
))  # fmt: skip
KEY = "CLARIFAI_PAT"  # the variable of the environment that holds the token


@dataclass(frozen=True, slots=True)
class Snippet:
    """Code that sends one request, and what belongs to it."""

    kind: str
    label: str
    language: str  # to highlight it
    filename: str
    text: str
    files: Mapping[str, bytes] = field(default_factory=dict)  # what lies beside it, by name
    notes: tuple[str, ...] = ()  # sentences for the page, in Markdown


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a server: Clarifai, or a proxy in front of it."""

    body: dict[str, Any]
    base: str
    key: str = KEY  # the variable that holds the key
    extra: Mapping[str, Any] = field(default_factory=dict)  # parameters that a proxy would change

    @property
    def url(self) -> str:
        return f"{self.base.rstrip('/')}/chat/completions"

    @property
    def streams(self) -> bool:
        return bool(self.body.get("stream"))

    @property
    def has_tools(self) -> bool:
        return "tools" in self.body


def about_files(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the sentence about the files beside the code; nothing where there is none."""
    if not files:
        return ()
    names = listed([f"`{name}`" for name in files])
    it = "it" if len(files) == 1 else "them"
    return (
        f"The code reads {names}, which {are(len(files))} too long to be in it:"
        f" keep {it} in the folder where you run it.",
    )
