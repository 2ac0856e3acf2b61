"""Read the fields of a run into the session, in whichever order callbacks run."""

from collections.abc import Callable
from typing import Any

from clarifai_chat.chat.settings import stops_in
from clarifai_chat.playground import parameters, variables
from components.playground import request_text, servers_field
from components.state.session import session
from components.state.slots import has_widget, widget
from components.state.streamlit_patches import uninterrupted

NOT_SENT = "Not sent"
SWITCH = {"not sent": None, "on": True, "off": False}
STRICT = {"as written": None, "on": True, "off": False}
VARIABLE = "variable:"  # begins the key of a variable's value
MORE = "param:"  # begins the keys of the parameters that few need
# Widgets that take their values from the session again once they are forgotten.
KEYS = (
    "run_prompt",
    "run_system",
    "tool_choice",
    "run_parallel",
    "run_strict",
    "run_temperature",
    "run_max_tokens",
    "run_stream",
    "run_sent_back",
    "answers",
    "max_steps",
    "max_calls",
    servers_field.KEY,
    VARIABLE,
    MORE,
)


@uninterrupted()
def keep() -> None:
    """Read every field that is drawn. For callbacks."""
    read()


def read() -> None:
    """Read every field that is drawn, and the editors."""
    if isinstance(prompt := widget("run_prompt"), str):
        session.run_prompt = prompt
    settings = session.run_settings
    for name, (key, value_of) in _SETTINGS.items():
        if has_widget(key):
            settings[name] = value_of(widget(key))  # type: ignore[literal-required]  # a key of the TypedDict
    for name, (key, value_of) in _PARAMETERS.items():
        if has_widget(key):
            _set(name, value_of(widget(key)))
    _read_format()
    request_text.read_all()
    _read_variables()


def _read_variables() -> None:
    settings = session.run_settings
    names = variables.names(session.run_prompt, settings["system"], settings["messages"])
    typed = {n: widget(VARIABLE + n) for n in names if has_widget(VARIABLE + n)}
    kept = {**settings["variables"], **typed}
    settings["variables"] = {name: text for name, text in kept.items() if text}


def _set(name: str, value: Any) -> None:
    """Set or remove a parameter with a field; the one typed as JSON gives way to it."""
    extra = session.run_settings["extra"]
    before = extra.get(name)
    if value == before or (value is None and not parameters.fits(name, before)):
        return
    if value is None:
        del extra[name]
    else:
        extra[name] = value
    request_text.leave_out(name)


def _read_format() -> None:
    """Read the kind of `response_format`, the schema's name and `strict`; the schema has its own
    editor."""
    if not has_widget("param:format"):
        return
    kind = widget("param:format")
    now: Any = session.run_settings["extra"].get("response_format")
    if kind == NOT_SENT:
        _set("response_format", None)
    elif kind != "json_schema":
        _set("response_format", {"type": kind})
    elif not parameters.fits("response_format", now) or now["type"] != "json_schema":
        schema = request_text.schema_typed_before() or parameters.example_schema()
        _set("response_format", parameters.format_with(schema, "answer", None))
        request_text.begin("schema")
    elif has_widget("param:schema_name"):
        inner = now["json_schema"]
        made = parameters.format_with(
            inner["schema"],
            widget("param:schema_name") or "",
            SWITCH[widget("param:schema_strict")],
        )
        _set("response_format", made)


def _as_it_is(value: Any) -> Any:
    return value


_SETTINGS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "system": ("run_system", lambda value: value or ""),
    "tool_choice": ("tool_choice", lambda value: value or "auto"),
    "parallel": ("run_parallel", SWITCH.get),
    "strict": ("run_strict", STRICT.get),
    "temperature": ("run_temperature", _as_it_is),
    "max_tokens": ("run_max_tokens", _as_it_is),
    "stream": ("run_stream", bool),
    "sent_back": ("run_sent_back", lambda value: value or "automatic"),
    "answers": ("answers", lambda value: value or "by hand"),
    "max_steps": ("max_steps", lambda value: value or 5),
    "max_calls": ("max_calls", lambda value: value or 10),
}
_PARAMETERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    **{name: (f"{MORE}{name}", _as_it_is) for name in parameters.NUMBERS},
    "stop": ("param:stop", lambda value: stops_in(value or "") or None),
    "reasoning_effort": ("param:effort", lambda value: None if value == NOT_SENT else value),
}
