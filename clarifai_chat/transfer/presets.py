"""Save presets (named settings, with a model), and write them to and read them from files."""

import json
from collections.abc import Mapping
from typing import Any, cast

from clarifai_chat import json_text
from clarifai_chat.access_token import redact
from clarifai_chat.catalog import parse_address
from clarifai_chat.chat.links import clean
from clarifai_chat.chat.settings import ChatSettings, given
from clarifai_chat.history import database
from clarifai_chat.text import listed, size, unused
from clarifai_chat.transfer import validate

FORMAT, VERSION = "clarifai-chat-presets", 1
MAX_FILE_BYTES = 1_000_000
MAX_NAME_CHARS = 60
MAX_PRESETS = 100  # of one visitor
FULL = f"There are {MAX_PRESETS} presets already. Delete one first, or save all of them as a file."


class Preset(ChatSettings, total=False):
    """Settings, and the address of a model."""

    model: str


class BadPresets(ValueError):
    """A file without usable presets. Its text tells the reader what is wrong and what to do."""


def made(settings: ChatSettings, model: str) -> Preset:
    """Return a preset of the settings; `model` is "" for whichever model is chosen later."""
    preset = cast(Preset, dict(given(settings)))
    if model:
        preset["model"] = model
    return preset


def settings_of(preset: Preset) -> ChatSettings:
    found = {name: value for name, value in preset.items() if name != "model"}
    return cast(ChatSettings, found)


def name_of(text: str) -> str:
    """Return a name as saved, on one short line; "" if nothing is left of it."""
    return " ".join(clean(text).split())[:MAX_NAME_CHARS].strip()


# --- Saved ----------------------------------------------------------------------------------------


def listing(owner: str) -> tuple[dict[str, Preset], str]:
    """Return an owner's presets by name, and why they cannot be read, or ""."""
    kept, why = database.attempt(lambda store: store.presets(owner))
    return {name: _sound(body, []) for name, body in (kept or {}).items()}, why


def save(owner: str, found: Mapping[str, Preset]) -> str:
    """Save presets, replacing those of the same name; return why not all are saved, or ""."""

    def write(store: Any) -> None:
        for name, preset in found.items():
            store.save_preset(owner, name, preset)

    return database.attempt(write)[1]


def delete(owner: str, name: str) -> str:
    """Remove a preset; return why it is still there, or ""."""
    return database.attempt(lambda store: store.delete_preset(owner, name))[1]


# --- As a file -----------------------------------------------------------------------------------


def to_json(presets: Mapping[str, Preset], secret: str) -> str:
    """Return the file's text, without the access token."""
    rows = redact({**presets}, secret)
    document = {"format": FORMAT, "version": VERSION, "presets": rows}
    return json.dumps(document, ensure_ascii=False, indent=1)


def from_json(data: bytes) -> tuple[dict[str, Preset], list[str]]:
    """Return a file's presets, and a sentence for each that lost a part. Raises `BadPresets`."""
    if len(data) > MAX_FILE_BYTES:
        raise BadPresets(
            f"The file is too large: at most {size(MAX_FILE_BYTES)} of presets can be read."
        )
    try:
        document = json_text.read(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadPresets("The file is not text. Presets are saved as JSON, in UTF-8.") from None
    except (ValueError, RecursionError):
        raise BadPresets("The file is not JSON. It may have been cut off on the way.") from None
    rows = document.get("presets") if isinstance(document, dict) else None
    if not isinstance(rows, dict) or document.get("format") != FORMAT:
        raise BadPresets("The file holds no presets: they are saved under Settings, Presets.")
    if document.get("version") != VERSION:
        raise BadPresets("The file is from another version of this app, and only that can read it.")
    if len(rows) > MAX_PRESETS:
        raise BadPresets(
            f"The file has {len(rows):,} presets; at most {MAX_PRESETS} can be kept. Remove some."
        )
    found: dict[str, Preset] = {}
    notes: list[str] = []
    for title, body in rows.items():
        name = name_of(title)
        if not name or not isinstance(body, dict):
            notes.append(f"Left out: “{name or 'a preset without a name'}”, which is not a preset.")
            continue
        odd: list[str] = []
        found[unused(name, found)] = _sound(body, odd)
        if odd:
            notes.append(f"Left out of “{name}”: {_listed(odd)}.")
    return found, notes


def beside(known: Mapping[str, Preset], found: Mapping[str, Preset]) -> dict[str, Preset]:
    """Return the presets in `found` that are not known yet, under unused names."""
    fresh: dict[str, Preset] = {}
    for name, preset in found.items():
        if known.get(name) != preset:
            fresh[unused(name, {**known, **fresh})] = preset
    return fresh


def _sound(body: Mapping[str, Any], odd: list[str]) -> Preset:
    """Return the valid parts of a preset; the names of others go into `odd`."""
    rest = {name: value for name, value in body.items() if name != "model"}
    preset = cast(Preset, dict(given(validate.settings(rest, odd))))
    model = body.get("model")
    if isinstance(model, str) and (url := parse_address(model)):
        preset["model"] = url
    elif model:
        odd.append("model")
    return preset


def _listed(odd: list[str]) -> str:
    return listed([validate.plain(name[:40]) for name in odd], last="", most=5)
