"""Ask a model to write tools from a description in words."""

import re
import time
from collections.abc import Callable, Sequence

from clarifai_chat.chat.replies import turn_size
from clarifai_chat.chat.turn import ModelRef, answer_text, apply
from clarifai_chat.errors import Runaway
from clarifai_chat.llm.endpoints import Endpoint
from clarifai_chat.llm.transport import InFlight
from clarifai_chat.playground import runs
from clarifai_chat.tools.lint import refusals
from clarifai_chat.tools.lint.check import check
from clarifai_chat.tools.text.diagnostics import Diagnostic

MAX_CHARS = 8_000  # of a description
MAX_ANSWER_CHARS = 400_000
MAX_FINDINGS = 30  # that a model is told
_ASK = """\
Write the tools that are described below, for a language model that calls them.

Answer with JSON alone: a list of tools as OpenAI's API takes them, each
{{"type": "function", "function": {{"name": "…", "description": "…", "parameters": {{…}}}}}}.

- A tool's description says what it does, and when to call it.
- "parameters" is a JSON Schema of type object. Each property has a type and a description, with the
  format or an example where that helps. If only a few values are allowed, they are an enum.
- "required" names what must be given, and "additionalProperties" is false.
- Names are in snake_case.

The description:

{description}
"""
_AGAIN = """
These tools were written from it:

{tools}

A linter found in them:

{findings}

Write all tools again, without these problems.
"""
_FENCED = re.compile(r"```[^\n`]*\n(.*?)```", re.DOTALL)
_BARE = re.compile(r"[\[{].*[\]}]", re.DOTALL)


def write(
    description: str,
    model: ModelRef,
    endpoint: Callable[[], Endpoint],
    earlier: str = "",
    found: Sequence[Diagnostic] = (),
) -> str:
    """Return what the model answered. Raises `ChatError`. Takes as long as it takes; for a thread.

    With the text of `earlier` tools, the model is also told what was `found` in them.
    """
    prompt = _ASK.format(description=description.strip())
    if earlier:
        lines = [f"- {finding.message}" for finding in found[:MAX_FINDINGS]]
        prompt += _AGAIN.format(tools=earlier, findings="\n".join(lines))
    run = runs.new_run(prompt, model, (), runs.default_settings(), {}, {})
    turn, in_flight, began = run["turn"], InFlight(), time.monotonic()
    for event in runs.events(run, endpoint, in_flight):
        apply(turn, event, time.monotonic() - began)
        if turn_size(turn) > MAX_ANSWER_CHARS:
            in_flight.cut()
            raise Runaway
    return answer_text(turn)


def tools_in(answer: str) -> str:
    """Return the part of an answer that holds tools: its code, or its JSON without words around."""
    if fenced := _FENCED.search(answer):
        return fenced[1].strip()
    bare = _BARE.search(answer)
    return bare[0] if bare else answer.strip()


def findings(text: str, model: str) -> list[Diagnostic]:
    """Return what our lint finds in the text of tools, errors first, for a model of this name."""
    return [finding for finding in check(text).findings if refusals.concerns(finding, model)]
