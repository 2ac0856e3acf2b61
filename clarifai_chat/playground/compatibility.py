"""Warn about parts of a request that a model may refuse, before it is sent."""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from clarifai_chat.catalog import Model
from clarifai_chat.chat.settings import ChatSettings, given, is_any_json
from clarifai_chat.messages import ToolSpec
from clarifai_chat.playground.runs import RunSettings

# OpenAI's reference: its reasoning models refuse any temperature or top p other than 1, and two of
# them refuse stop sequences. No other models are known to refuse these.
_FIXED_TEMPERATURE = re.compile(r"^(o[1-9]|gpt-5)", re.IGNORECASE)
_NO_STOP = re.compile(r"^(o3|o4-mini)(?![0-9])", re.IGNORECASE)
# OpenAI's reasoning models refuse both penalties; litellm's code for xAI notes that a frequency
# penalty makes Grok 4 fail.
_NO_PENALTY = {
    "presence_penalty": _FIXED_TEMPERATURE,
    "frequency_penalty": re.compile(r"^(o[1-9]|gpt-5|grok-4|grok-code-fast)", re.IGNORECASE),
}
DEMO_TOOLS = (
    "The Demo is scripted: it calls tools by the words of a question, and shows how calls work, not"
    " how a model decides."
)
MAX_STOPS = 4  # OpenAI's reference


def cautions(
    model: Model,
    settings: RunSettings,
    tools: Sequence[ToolSpec],
    answerers: Collection[str],
    added_tokens: int | None = None,
) -> list[str]:
    """Return sentences about settings that may not work; none of them prevents a try.

    `answerers` are the tools whose calls are answered automatically; `added_tokens` is roughly what
    the tools add to the prompt.
    """
    return [
        *_of_model(model, settings, tools, added_tokens),
        *_of_settings(settings, tools, answerers),
    ]


def chat_cautions(model: Model, settings: ChatSettings) -> list[str]:
    """Return such sentences about the settings of a conversation."""
    found = given(settings)
    tools = found.pop("tools", None)
    if model.is_demo:
        said = ["The Demo is scripted: settings do not change its answers."] if found else []
        return said or [DEMO_TOOLS] if tools else said
    return [
        *_of_tools(model, tools["specs"] if tools else []),
        *_of_numbers(model, found.get("temperature"), found.get("max_tokens")),
        *_of_the_rest(model, found),
    ]


def _of_model(
    model: Model, settings: RunSettings, tools: Sequence[ToolSpec], added: int | None
) -> Iterator[str]:
    yield from _of_tools(model, tools)
    yield from _of_numbers(model, settings["temperature"], settings["max_tokens"])
    if model.context_window and added and added > model.context_window // 2:
        yield (
            f"The tools take about {added:,} of {model.name}'s {model.context_window:,} tokens of"
            " context."
        )
    if model.is_demo and tools:
        yield "The Demo is scripted: it shows how a run works, not how a model decides."


def _of_tools(model: Model, tools: Collection[Any]) -> Iterator[str]:
    if tools and model.tools is False:
        yield f"{model.name} is not known to call tools. It may answer in words, or refuse."
    elif tools and model.tools is None and not model.is_demo:
        yield f"It is not known whether {model.name} calls tools."


def _of_numbers(model: Model, temperature: float | None, max_tokens: int | None) -> Iterator[str]:
    if temperature not in (None, 1) and _FIXED_TEMPERATURE.match(model.id):
        yield f"{model.name} refuses a temperature other than 1: leave it empty."
    most = model.max_output_tokens
    if most and max_tokens and max_tokens > most:
        cut = f"the limit of {max_tokens:,} will be cut"
        yield f"{model.name} writes at most {most:,} tokens: {cut}."


def _of_the_rest(model: Model, settings: ChatSettings) -> Iterator[str]:
    if settings.get("top_p", 1) != 1 and _FIXED_TEMPERATURE.match(model.id):
        yield f"{model.name} refuses a top p other than 1: leave it empty."
    for penalty, refusers in _NO_PENALTY.items():
        if penalty in settings and refusers.match(model.id):
            yield f"{model.name} refuses a {penalty.replace('_', ' ')}: leave it empty."
    stops = len(settings.get("stop", []))
    if stops and _NO_STOP.match(model.id):
        yield f"{model.name} refuses stop sequences: leave them empty."
    elif stops > MAX_STOPS:
        yield f"Most servers take up to {MAX_STOPS} stop sequences; these are {stops}."
    if "reasoning_effort" in settings and model.reasoning is False:
        yield f"{model.name} is not known to reason. It may refuse a reasoning effort."
    elif "reasoning_effort" in settings and model.reasoning is None:
        yield f"It is not known whether {model.name} takes a reasoning effort."
    is_mode = is_any_json(settings.get("json_schema", ""))
    if is_mode and "json" not in settings.get("system", "").lower():
        yield (
            "Many models answer in JSON only when asked to, and some refuse this request"
            " unless the word JSON is in it: mention it in the system prompt."
        )


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
        yield f"No automatic answer for {listed}: the run will wait for you there."


def about_made(model: Model) -> str:
    """Return why the pictures of an answer do not go with the next question; "" if they do."""
    if model.is_demo or model.vision:
        return ""
    if model.vision is None:
        why = f"it is not known whether {model.name} sees pictures"
    else:
        why = f"{model.name} is not known to see pictures"
    return f"Not sent with the next question: {why}. Attach it to ask about it."


def about_files(model: Model, kinds: Collection[str]) -> list[str]:
    """Return such sentences about attached files of these kinds: "image", "text", "audio"."""
    if model.is_demo:
        return ["The Demo is scripted: it names files but does not read them."] if kinds else []
    said = []
    if "image" in kinds and model.vision is False:
        said.append(f"{model.name} is not known to see pictures: it may refuse or overlook them.")
    elif "image" in kinds and model.vision is None:
        said.append(f"It is not known whether {model.name} sees pictures.")
    if "audio" in kinds and model.audio is False:
        said.append(f"{model.name} is not known to hear sounds: it may refuse or overlook them.")
    elif "audio" in kinds and model.audio is None:
        said.append(f"It is not known whether {model.name} hears sounds: most models refuse them.")
    return said
