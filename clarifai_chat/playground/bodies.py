"""Convert the request bodies of Anthropic, Gemini and OpenAI's Responses API to chat completions.

What the other form cannot hold is named. The shapes are those of the makers' API references.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from clarifai_chat.playground import anthropic_body, gemini_body, responses_body
from clarifai_chat.playground.body_parts import Lost
from clarifai_chat.text import listed


class Form(NamedTuple):
    name: str  # fits "This is a request of …"
    is_one: Callable[[dict[str, Any]], bool]
    converted: Callable[[dict[str, Any], Lost], dict[str, Any]]


FORMS = (
    Form("Anthropic's API", anthropic_body.is_one, anthropic_body.converted),
    Form("Gemini's API", gemini_body.is_one, gemini_body.converted),
    Form("OpenAI's Responses API", responses_body.is_one, responses_body.converted),
)


def form_of(body: Any) -> Form | None:
    """Return whose form a body has if it is not that of chat completions."""
    if not isinstance(body, dict):
        return None
    return next((form for form in FORMS if form.is_one(body)), None)


def as_chat(body: dict[str, Any], notes: list[str]) -> dict[str, Any]:
    """Return a body as one of chat completions; what is lost goes into `notes`."""
    form = form_of(body)
    if form is None:
        return body
    lost = Lost()
    made = form.converted(body, lost)
    notes.append(f"Converted from {form.name} to OpenAI's chat completions.")
    if lost:
        notes.append(f"Not carried over: {_listed(lost)}.")
    return {name: value for name, value in made.items() if value is not None}


def _listed(lost: Iterable[str]) -> str:
    return listed([*lost], most=12)


__all__ = ["FORMS", "Form", "as_chat", "form_of", "json"]
