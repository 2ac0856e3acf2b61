"""Change the conversation's settings in the session, and undo that."""

from collections.abc import Callable, Collection
from typing import Any, cast

from clarifai_chat.chat.settings import ANY_JSON, ChatSettings, is_any_json, stops_in
from components.state import persistence
from components.state.session import session
from components.state.slots import forget_widgets, has_widget, widget

PREFIX = "set_"  # of the keys of all widgets for the conversation's settings
NOT_SENT = "Not sent"
OFF, ANY, SCHEMA = "Off", "Any JSON", "By a schema"


def read_widgets() -> set[str]:
    """Read the settings' widgets into the conversation; return the names that changed.

    For callbacks, which run in any order: a question's may run before that of text typed earlier.
    """
    settings = session.chat["settings"]
    before = settings.copy()
    for name, (key, read) in _READERS.items():
        if not has_widget(key):
            continue
        value = read(widget(key))
        if value is None:
            settings.pop(name, None)  # type: ignore[misc]  # a key of the TypedDict
        else:
            settings[name] = value  # type: ignore[literal-required]  # a key of the TypedDict
    _take_json(settings)
    return _changed(settings, before)


def replace(settings: ChatSettings) -> None:
    """Replace all settings; `undo` restores the old ones. For callbacks."""
    read_widgets()
    session.former_settings = session.chat["settings"]
    session.chat["settings"] = cast(ChatSettings, {**settings})
    forget_widgets(PREFIX)
    save({*settings, *session.former_settings})


def undo() -> None:
    replace(session.former_settings)


def save(typed: Collection[str]) -> None:
    """Save the conversation with its settings, unless it is new and empty.

    The settings named in `typed` win over changes from another tab.
    """
    if not (session.chat["turns"] or session.chat["revision"]):
        return
    mine: dict[str, Any] = {**session.chat["settings"]}
    persistence.save()
    settings = session.chat["settings"]
    lost = _changed(settings, cast(ChatSettings, mine)).intersection(typed)
    if not lost:
        return
    kept = {name: value for name, value in settings.items() if name not in lost}
    again = {name: mine[name] for name in lost if name in mine}
    session.chat["settings"] = cast(ChatSettings, {**kept, **again})
    persistence.save()


def leave() -> None:
    """Save what was typed last, before another conversation is shown."""
    if typed := read_widgets():
        save(typed)
    forget_widgets(PREFIX)


def mode(settings: ChatSettings) -> str:
    """Return the JSON mode: OFF, ANY or SCHEMA."""
    if "json_schema" not in settings:
        return OFF
    return ANY if is_any_json(settings["json_schema"]) else SCHEMA


def _changed(now: ChatSettings, before: ChatSettings) -> set[str]:
    return {name for name in {**before, **now} if now.get(name) != before.get(name)}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _effort(value: Any) -> str | None:
    return None if value == NOT_SENT else value


def _number(value: Any) -> Any:
    return value


_READERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "system": ("set_system", _text),
    "temperature": ("set_temperature", _number),
    "top_p": ("set_top_p", _number),
    "max_tokens": ("set_max_tokens", _number),
    "seed": ("set_seed", _number),
    "presence_penalty": ("set_presence_penalty", _number),
    "frequency_penalty": ("set_frequency_penalty", _number),
    "stop": ("set_stop", lambda value: stops_in(value or "") or None),
    "reasoning_effort": ("set_effort", _effort),
}


def _take_json(settings: ChatSettings) -> None:
    """Read the JSON mode and the schema; restore a schema typed before."""
    if not has_widget("set_json"):
        return
    wanted, schema = widget("set_json"), settings.get("json_schema", "")
    is_drawn = has_widget("set_schema")
    if is_drawn:
        schema = widget("set_schema") or ""
    if wanted == SCHEMA and (is_drawn or mode(settings) == SCHEMA):
        settings["json_schema"] = schema
        return
    if schema.strip() and not is_any_json(schema):
        session.former_schema = schema
    if wanted == OFF:
        settings.pop("json_schema", None)
    elif wanted == ANY:
        settings["json_schema"] = ANY_JSON
    else:
        from clarifai_chat.chat.json_schema import EXAMPLE  # rarely needed, and slow to load

        settings["json_schema"] = session.former_schema or EXAMPLE
