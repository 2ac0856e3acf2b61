"""Keep the value that the app gave a widget, whatever a page that does not show it yet reports.

Streamlit sends such a value once, and takes each report of the browser as if it were chosen there.
streamlit_patches.py applies these patches. Neither is reported upstream.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from streamlit import runtime
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state import SafeSessionState, SessionState
from streamlit.runtime.state.common import RegisterWidgetResult, WidgetMetadata
from streamlit.runtime.state.session_state import WStates

QUESTION = "chat_input_value"
TRIGGERS = (QUESTION, "trigger_value", "string_trigger_value", "json_trigger_value")
CHOSEN = (  # what the app may set; None is an empty box
    "bool_value",
    "double_value",
    "int_value",
    "string_value",
    "double_array_value",
    "int_array_value",
    "string_array_value",
    None,
)


@dataclass
class _Values:
    """What is known of a session's widgets. Values are hashes: one of them is the token's."""

    given: dict[str, tuple[Any, int]] = field(default_factory=dict)  # until the browser reports it
    # What the browser may hold without a new choice: reported, and given since.
    held: dict[str, set[int]] = field(default_factory=dict)
    arrived: dict[str, int] = field(default_factory=dict)  # in the last one of all
    chosen: set[str] = field(default_factory=set)  # the old value, by hand
    outdated: set[str] = field(default_factory=set)  # of the report that this run is for

    def forget(self, widget: str) -> None:
        self.given.pop(widget, None)
        self.chosen.discard(widget)


def session_of_this_run() -> Any:
    context = get_script_run_ctx()
    if context is None or not runtime.exists():
        return None
    manager = getattr(runtime.get_instance(), "_session_mgr", None)  # AppTest's runtime has none
    info = manager.get_session_info(context.session_id) if manager else None
    return info.session if info else None


def _of(session: Any) -> _Values:
    values: _Values = vars(session).setdefault("_widget_values", _Values())
    return values


def until_the_browser_has_it(method: Callable[..., Any]) -> Callable[..., Any]:
    """Send a widget's value to the browser until the browser reports the widget.

    Streamlit sends a value with one run only. If a newer run begins soon, the server drops what is
    left of the first one's messages, or the browser draws only the newer one's. Either way it shows
    an empty box, and then reports that as if it were typed.
    """

    def register_widget(
        state: SafeSessionState, metadata: WidgetMetadata[Any], user_key: str | None
    ) -> RegisterWidgetResult[Any]:
        is_from_browser = metadata.id in state._state._new_widget_state.states
        result: RegisterWidgetResult[Any] = method(state, metadata, user_key)
        session = session_of_this_run()
        if session is None:
            return result
        values = _of(session)
        if metadata.id in values.outdated and not result.value_changed:
            result = replace(result, value_changed=metadata.id not in values.given)
        values.outdated.discard(metadata.id)
        if result.value_changed:
            values.forget(metadata.id)
            serialized = _serialized(metadata, result.value)
            values.given[metadata.id] = result.value, serialized
            values.held.setdefault(metadata.id, set()).add(serialized)
        elif is_from_browser:  # the browser draws the widget, and its value may have been typed
            values.forget(metadata.id)
        elif metadata.id in values.given:
            given, _ = values.given[metadata.id]
            is_question = metadata.value_type == QUESTION
            if is_question or given == result.value:
                return replace(result, value=given, value_changed=True)
            values.forget(metadata.id)  # it was away since, and begins again
        return result

    return register_widget


def until_it_is_sent(
    method: Callable[..., list[ForwardMsg]],
) -> Callable[..., list[ForwardMsg]]:
    """Forget what a box for questions shows once it is sent: the browser reports only questions."""

    def flush_browser_queue(session: AppSession) -> list[ForwardMsg]:
        messages = method(session)
        values = _of(session)
        if values.given:
            for message in messages:
                box = message.delta.new_element.chat_input
                if box.set_value:
                    values.forget(box.id)
        return messages

    return flush_browser_queue


def without_outdated(method: Callable[..., None]) -> Callable[..., None]:
    """Leave out of a request what the browser reports of a widget that it shows as it was before.

    A request holds the values of all widgets. If the app gave one a value and the browser has not
    drawn it, the next click would bring the old value back, and call the widget's callback.
    """

    def on_script_will_rerun(
        state: SafeSessionState, fresh: WidgetStates | None, *args: Any, **options: Any
    ) -> None:
        session = session_of_this_run()
        if session is not None and fresh is not None and fresh.widgets:
            fresh = _without_outdated(state._state, fresh, _of(session))
        method(state, fresh, *args, **options)

    return on_script_will_rerun


def _without_outdated(state: SessionState, fresh: WidgetStates, values: _Values) -> WidgetStates:
    now = _hashes(fresh)
    values.outdated = {
        widget.id
        for widget in fresh.widgets
        if now[widget.id] in values.held.get(widget.id, ())
        and widget.id not in values.chosen
        and widget.WhichOneof("value") in CHOSEN
        and _is_changed_since(state, widget.id, now[widget.id], values.given)
    }
    values.held = {
        widget: {value, *((values.given[widget][1],) if widget in values.given else ())}
        for widget, value in now.items()
    }
    if not values.outdated:
        return fresh
    return WidgetStates(widgets=[w for w in fresh.widgets if w.id not in values.outdated])


def _is_changed_since(
    state: SessionState, widget: str, reported: int, given: Mapping[str, tuple[Any, int]]
) -> bool:
    """Return whether the app gave the widget another value than the one reported, or removed it."""
    metadata = state.get_widget_metadata(widget)
    if metadata is None:
        return False
    key = state._key_id_mapper.id_key_mapping.get(widget)
    if key is not None and state.is_new_state_value(key):
        return _serialized(metadata, state[key]) != reported
    if widget in given:
        return given[widget][1] != reported
    return widget not in state


def and_hear_what_is_chosen_again(method: Callable[..., None]) -> Callable[..., None]:
    """Note which old values are chosen again by hand, once the browser shows the app's.

    One click changes one widget. If nothing else has changed, it was the one with the old value.
    """

    def request_rerun(session: Any, asked: ClientState | None) -> None:
        if asked is not None and asked.widget_states.widgets:
            values = _of(session)
            now, before = _hashes(asked.widget_states), values.arrived
            values.arrived = now
            old = {id for id in list(values.given) if now.get(id) in values.held.get(id, ())}
            is_by_itself = asked.is_auto_rerun or _changes(asked.widget_states, before, values)
            if old and not is_by_itself:
                values.chosen |= old
        method(session, asked)

    return request_rerun


def _changes(reported: WidgetStates, before: Mapping[str, int], values: _Values) -> bool:
    """Return whether a report has a click or a changed value, besides those that the app gave."""
    for widget in reported.widgets:
        is_click = widget.WhichOneof("value") in TRIGGERS
        now = _hash(widget)
        is_given = widget.id in values.given and values.given[widget.id][1] == now
        if is_click or (before.get(widget.id, now) != now and not is_given):
            return True
    return False


def _serialized(metadata: WidgetMetadata[Any], value: Any) -> int:
    """Return the hash that a report of this value would have; 0 for what is not compared."""
    if metadata.value_type not in CHOSEN:
        return 0
    states = WStates()
    states.set_widget_metadata(metadata)
    states.set_from_value(metadata.id, value)
    widget = states.get_serialized(metadata.id)
    return _hash(widget) if widget else 0


def _hashes(states: WidgetStates) -> dict[str, int]:
    return {widget.id: _hash(widget) for widget in states.widgets}


def _hash(widget: WidgetState) -> int:
    return hash(widget.SerializeToString(deterministic=True))
