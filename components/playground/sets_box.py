"""Draw the visitor's sets: save the tools, prompt and settings under a name, open, delete."""

from typing import TYPE_CHECKING

import streamlit as st

from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.playground import keeping, kept
from clarifai_chat.playground.toolset import ToolSet
from clarifai_chat.text import unused
from clarifai_chat.transfer import presets
from components.playground import request_text, run_form, tool_text
from components.state import kept_playground, persistence
from components.state.session import session
from components.state.slots import forget_widgets, seed, set_widget, widget
from components.state.streamlit_patches import uninterrupted

if TYPE_CHECKING:  # the database library is loaded only when something is saved
    from clarifai_chat.history.store.playground import SetSummary


def show() -> None:
    """Draw the popover."""
    with st.popover("Sets", icon=":material/folder_open:", key="sets", on_change="rerun") as box:
        if not box.open:
            return
        if why := kept_playground.why_not():
            st.caption(f":material/info: {escaped(why)}")
            return
        owner = persistence.owner() or ""
        st.text_input(
            "Save tools, prompt and settings as",
            key="set_name",
            max_chars=presets.MAX_NAME_CHARS,
            placeholder="A name",
        )
        with st.container(horizontal=True):
            st.button("Save as", key="save_set", icon=":material/save:", on_click=_save)
            st.button(
                "Rename",
                key="rename_set",
                disabled=not session.open_set["name"],
                help="Rename the open set",
                on_click=_rename,
            )
        found, why = kept.sets(owner)
        if why:
            st.caption(f":material/info: {escaped(why)}")
        _show_known(found)
        st.button("New set", key="new_set", icon=":material/add:", on_click=_begin)
        forget_widgets("temporary_set")  # a temporary chat may have begun
        seed("temporary_set", session.is_set_temporary)
        st.toggle(
            "Temporary",
            key="temporary_set",
            disabled=session.is_temporary,
            help="What you change and run from now on is not saved; a reload deletes it",
            on_change=_switch_temporary,
        )


def show_state() -> None:
    """Say which set is open, what became of it, and why something is not saved."""
    of = session.open_set
    session.drawn_state = kept_playground.said()
    if of["notice"]:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info(escaped(of["notice"]), icon=":material/call_split:", width="stretch")
            st.button("Dismiss", key="dismiss_notice", type="tertiary", on_click=_dismiss)
    elif of["name"]:
        st.caption(f":material/folder_open: {escaped(of['name'])}")
    if why := kept_playground.trouble():
        st.caption(f":orange[:material/warning:] {escaped(why)}")
    if session.deleted_set:
        st.button(
            f"Restore “{escaped(session.deleted_set[1])}”",
            key="undo_set",
            icon=":material/undo:",
            type="tertiary",
            on_click=_undo,
        )


def _show_known(found: "list[SetSummary]") -> None:
    labels = _labels(found)
    if not labels:
        st.caption("No sets yet. What you change here is saved by itself; a name keeps it apart.")
        return
    # Drawn afresh in each run: the browser knows an option by its label only, and labels change.
    chosen = widget("chosen_set")
    forget_widgets("chosen_set")
    seed("chosen_set", chosen if chosen in labels else None)
    st.selectbox(
        "Your sets",
        list(labels),
        index=None,
        key="chosen_set",
        format_func=lambda id: labels.get(id, ""),
        placeholder="Choose one",
    )
    chosen = widget("chosen_set")
    with st.container(horizontal=True):
        st.button(
            "Open",
            key="open_set",
            icon=":material/check:",
            disabled=not chosen or chosen == session.open_set["id"],
            on_click=_open,
        )
        st.button(
            "Delete",
            key="delete_set",
            icon=":material/delete:",
            disabled=not chosen,
            on_click=_delete,
        )


def _labels(found: "list[SetSummary]") -> dict[str, str]:
    """Return a unique label for each set's id: the browser sends back only the label."""
    labels: dict[str, str] = {}
    for each in sorted(found, key=lambda each: not each.name):
        name = each.name or f"Unnamed: {each.about or 'empty'}"
        name += " (open)" if each.id == session.open_set["id"] else ""
        labels[each.id] = unused(name, labels.values())
    return labels


# --- What a click does ----------------------------------------------------------------------------


@uninterrupted()
def _save() -> None:
    _take_typed()
    owner, of = persistence.owner(), session.open_set
    name = presets.name_of(widget("set_name") or "")
    if not owner:
        return
    if not name:
        st.toast("Give the set a name first.")
        return
    if session.is_temporary:
        st.toast("A temporary chat is open on the chat page, so nothing is saved. Leave it first.")
        return
    session.is_set_temporary, session.held_by, why = False, 0, ""
    if of["name"]:  # that set stays as it is saved
        kept_playground.leave_set()
        session.open_set["name"] = name
    elif of["revision"]:
        of["name"], why = kept.rename(owner, of["id"], name)
    else:
        of["name"], session.noted_set = name, kept_playground.NEVER
    kept_playground.note()
    keeping.flush(owner)
    if why := why or kept_playground.set_trouble():
        st.toast(f"“{escaped(name)}” was not saved. {escaped(why)}")
        return
    set_widget("set_name", "")
    st.toast(f"Saved “{escaped(session.open_set['name'])}”. Changes are saved into it.")


@uninterrupted()
def _rename() -> None:
    owner, of = persistence.owner(), session.open_set
    name = presets.name_of(widget("set_name") or "")
    if not name:
        st.toast("Type the new name above first.")
    elif owner:
        new, why = kept.rename(owner, of["id"], name)
        if why:
            st.toast(f"It was not renamed. {escaped(why)}")
            return
        of["name"] = new
        set_widget("set_name", "")


@uninterrupted()
def _open() -> None:
    owner, wanted = persistence.owner(), widget("chosen_set")
    if not owner or not wanted:
        return
    unsaved = _leave(owner)
    found = kept.open_set(owner, wanted)
    if found is None:
        st.toast("This set was deleted in another tab, or cannot be read at the moment.")
        return
    _change_to(found[1], unsaved)
    session.open_set = found[0]
    if isinstance(model := found[1].get("model"), str) and model:
        session.choose(model)


@uninterrupted()
def _begin() -> None:
    if owner := persistence.owner():
        _change_to({}, _leave(owner))


@uninterrupted()
def _delete() -> None:
    owner, wanted = persistence.owner(), widget("chosen_set")
    if not owner or not wanted:
        return
    names = {each.id: each.name or f"Unnamed: {each.about}" for each in kept.sets(owner)[0]}
    if wanted == session.open_set["id"]:
        _leave(owner)
    if why := kept.delete(owner, wanted):
        st.toast(f"It was not deleted. {escaped(why)}")
        return
    session.deleted_set = [wanted, names.get(wanted, "the set")]
    if wanted == session.open_set["id"]:
        _change_to({}, None)


@uninterrupted()
def _undo() -> None:
    owner, gone = persistence.owner(), session.deleted_set
    session.deleted_set = []
    if owner and gone and (why := kept.undelete(owner, gone[0])):
        st.toast(f"It was not restored. {escaped(why)}")
    else:
        st.toast(f"“{escaped(gone[1])}” is among your sets again.")


@uninterrupted()
def _switch_temporary() -> None:
    session.is_set_temporary = bool(widget("temporary_set"))


@uninterrupted()
def _dismiss() -> None:
    session.open_set["notice"] = ""


def _take_typed() -> None:
    """Read what was typed last: a click's callback may run before those of the boxes."""
    tool_text.latest()
    run_form.latest_prompt()


def _leave(owner: str) -> ToolSet | None:
    """Save the open set now; return its work if that cannot be saved as it is."""
    _take_typed()
    kept_playground.note()
    keeping.flush(owner)
    is_saved = not kept_playground.set_trouble() and not session.held_by
    return None if is_saved else tool_text.current()


def _change_to(slots: dict[str, object], unsaved: ToolSet | None) -> None:
    """Open another set; Undo restores work that could not be saved."""
    held_by, shown = session.held_by, session.request_texts
    kept_playground.begin_set(slots)
    tool_text.forget_drawn()
    for name in request_text.NAMES:  # those that the set does not have, from its settings
        if name in shown and name not in session.request_texts:
            request_text.draft(name)["gen"] = shown[name]["gen"] + 1
    session.noted_set = None  # as it is now, it is saved
    if unsaved:
        session.set_aside = [*session.set_aside, unsaved]
        session.held_by, session.noted_set = held_by, kept_playground.NEVER
