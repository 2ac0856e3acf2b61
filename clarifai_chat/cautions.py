"""What a model or the way to it cannot take of a request, said before it is sent."""

import re
from collections.abc import Collection, Iterator, Sequence

from clarifai_chat.catalog import Model
from clarifai_chat.messages import ToolSpec
from clarifai_chat.runs import RunSettings

# OpenAI's own reference: its reasoning models refuse any temperature but 1.
_FIXED_TEMPERATURE = re.compile(r"^(o[1-9]|gpt-5)", re.IGNORECASE)


def cautions(
    model: Model,
    settings: RunSettings,
    tools: Sequence[ToolSpec],
    answerers: Collection[str],
    added_tokens: int | None = None,
) -> list[str]:
    """Sentences about what may not work as set; none of them stands in the way of trying.

    `answerers` are the tools whose calls are answered without a person; `added_tokens` is about
    what the tools add to the prompt.
    """
    return [
        *_of_model(model, settings, tools, added_tokens),
        *_of_settings(settings, tools, answerers),
    ]


def _of_model(
    model: Model, settings: RunSettings, tools: Sequence[ToolSpec], added: int | None
) -> Iterator[str]:
    if tools and model.tools is False:
        yield f"{model.name} is not known to call tools. It may answer in words, or refuse."
    elif tools and model.tools is None and not model.is_demo:
        yield f"It is not known whether {model.name} calls tools."
    if settings["temperature"] not in (None, 1) and _FIXED_TEMPERATURE.match(model.id):
        yield f"{model.name} refuses a temperature other than 1: leave it empty."
    most, asked = model.max_output_tokens, settings["max_tokens"]
    if most and asked and asked > most:
        yield f"{model.name} writes at most {most:,} tokens: the limit of {asked:,} will be cut."
    if model.context_window and added and added > model.context_window // 2:
        yield (
            f"The tools take about {added:,} of {model.name}'s {model.context_window:,} tokens of"
            " context."
        )
    if model.is_demo and tools:
        yield "The Demo is scripted: it shows how a run works, not how a model decides."


def _of_settings(
    settings: RunSettings, tools: Sequence[ToolSpec], answerers: Collection[str]
) -> Iterator[str]:
    names = [tool["function"].get("name") for tool in tools]
    choice = settings["tool_choice"]
    if not tools and choice != "auto":
        yield f"No tools are sent, so tool choice “{choice}” is not sent either."
    elif tools and choice not in ("auto", "required", "none", *names):
        yield f"Tool choice names {choice}, which is not among the tools that are sent."
    if tools and settings["parallel"] is not None:
        yield "Clarifai does not document parallel tool calls on or off: see what comes back."
    waiting = [name for name in names if name not in answerers]
    if waiting and settings["answers"] == "automatic":
        listed = ", ".join(map(str, waiting))
        yield f"Nothing answers {listed} by itself, so the run will wait for you there."
