"""Convert a request body of Gemini's generateContent."""

import re
from typing import Any

from clarifai_chat.playground.body_parts import (
    Lost,
    as_dict,
    as_list,
    call,
    data_url,
    dicts,
    image_part,
    named_choice,
    result,
    said,
    schema_format,
    text_part,
)
from clarifai_chat.tools.formats.dialects import Notes, translated

_MODES = {"AUTO": "auto", "ANY": "required", "NONE": "none", "VALIDATED": "auto"}
_SENT_AS = {
    "temperature": "temperature",
    "topP": "top_p",
    "maxOutputTokens": "max_completion_tokens",
    "stopSequences": "stop",
    "seed": "seed",
    "presencePenalty": "presence_penalty",
    "frequencyPenalty": "frequency_penalty",
}
_FORMAT = ("responseMimeType", "responseSchema", "responseJsonSchema")
_SNAKE = re.compile(r"_([a-z])")


def is_one(body: dict[str, Any]) -> bool:
    return isinstance(body.get("contents"), list | str | dict) and "messages" not in body


def converted(body: dict[str, Any], lost: Lost) -> dict[str, Any]:
    body = _camel(body)
    # The SDK's `config` has what the API has beside the contents.
    config = _camel(as_dict(body.get("config")))
    settings = {**config, **_camel(as_dict(body.get("generationConfig")))}
    system = body.get("systemInstruction", config.get("systemInstruction"))
    tools = body.get("tools", config.get("tools"))
    tool_config = _camel(as_dict(body.get("toolConfig", config.get("toolConfig"))))
    lost.keys_of(
        body, "contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "config",
        "model",
    )  # fmt: skip
    lost.keys_of(settings, *_SENT_AS, *_FORMAT, "systemInstruction", "tools", "toolConfig")
    made: dict[str, Any] = {
        "model": body.get("model"),
        "messages": _messages(system, body["contents"], lost),
        "tools": tools,
    }
    made |= {ours: settings.get(theirs) for theirs, ours in _SENT_AS.items()}
    made["response_format"] = _format(settings)
    made["tool_choice"] = _choice(_camel(as_dict(tool_config.get("functionCallingConfig"))), lost)
    return made


def _camel(found: dict[str, Any]) -> dict[str, Any]:
    """Return an object with its keys as the API spells them; both spellings are accepted."""
    return {_SNAKE.sub(lambda m: m[1].upper(), name): value for name, value in found.items()}


def _choice(config: dict[str, Any], lost: Lost) -> Any:
    mode, names = str(config.get("mode", "")).upper(), as_list(config.get("allowedFunctionNames"))
    if mode == "ANY" and len(names) == 1:
        return named_choice(names[0])
    if names:
        lost.add("`allowedFunctionNames`")
    return _MODES.get(mode)


def _format(settings: dict[str, Any]) -> Any:
    schema = settings.get("responseJsonSchema")
    if schema is None and isinstance(settings.get("responseSchema"), dict):
        schema = translated(settings["responseSchema"], Notes())
    if isinstance(schema, dict):
        return schema_format(schema)
    return {"type": "json_object"} if settings.get("responseMimeType") == "application/json" else (
        None
    )  # fmt: skip


def _messages(system: Any, contents: Any, lost: Lost) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    words = [p["text"] for p in _parts(system) if isinstance(p.get("text"), str)]
    if words:
        made.append({"role": "system", "content": "\n\n".join(words)})
    ids = _Ids()
    for content in contents if isinstance(contents, list) else [contents]:
        role = "assistant" if as_dict(content).get("role") == "model" else "user"
        results, parts, calls = [], [], []
        for raw in _parts(content):
            part = _camel(raw)
            if asked := as_dict(part.get("functionCall")):
                one = call(ids.asked(asked), asked.get("name"), asked.get("args") or {})
                if signature := part.get("thoughtSignature"):
                    # As Gemini's own endpoint for OpenAI's clients writes it.
                    one["extra_content"] = {"google": {"thought_signature": signature}}
                calls.append(one)
            elif came := as_dict(part.get("functionResponse")):
                results.append(result(ids.answered(came), came.get("response", "")))
            elif kept := _part(part, lost):
                parts.append(kept)
        made += [*results, *([said(role, parts, calls)] if parts or calls else [])]
    return made


def _parts(content: Any) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return [{"text": content}]
    found = as_dict(content).get("parts", content)
    if isinstance(found, str):
        return [{"text": found}]
    return [*dicts(found if isinstance(found, list) else [found])]


def _part(part: dict[str, Any], lost: Lost) -> dict[str, Any] | None:
    if part.get("thought") is True:
        lost.add("thoughts")
        return None
    if isinstance(part.get("text"), str):
        return text_part(part["text"])
    inline = _camel(as_dict(part.get("inlineData")))
    if url := data_url(inline.get("mimeType"), inline.get("data")):
        return image_part(url)
    file = _camel(as_dict(part.get("fileData")))
    what = file.get("fileUri") or inline.get("mimeType") or next(iter(part), "an empty part")
    lost.add(f"`{str(what)[:80].replace('`', '')}`")
    return None


class _Ids:
    """Ids for calls, which Gemini's API leaves out: results are matched by name and order."""

    def __init__(self) -> None:
        self.open: list[tuple[str, str]] = []
        self.count = 0

    def asked(self, found: dict[str, Any]) -> str:
        self.count += 1
        id = str(found.get("id") or f"call_{self.count}")
        self.open.append((str(found.get("name")), id))
        return id

    def answered(self, found: dict[str, Any]) -> str:
        name, given = str(found.get("name")), found.get("id")
        fit = next((each for each in self.open if each[1] == given), None) or next(
            (each for each in self.open if each[0] == name), None
        )
        if fit is None:
            return str(given or "")
        self.open.remove(fit)
        return fit[1]
