"""Draw the presets: use, save, delete, export, import."""

import streamlit as st

from clarifai_chat.access_token import holds
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.text import counted
from clarifai_chat.transfer import presets
from clarifai_chat.transfer.presets import BadPresets, Preset
from components.state import chat_settings, persistence
from components.state.session import session
from components.state.slots import forget_widgets, set_widget, widget
from components.state.streamlit_patches import uninterrupted

REMOVE_IT = "These settings contain your access token, so they were not saved. Remove it."


def show() -> None:
    with st.popover(
        "Presets", icon=":material/bookmarks:", key="presets", on_change="rerun"
    ) as box:
        if not box.open:
            return
        known, why = _known()
        if why:
            st.caption(f":material/info: {escaped(why)}")
        if persistence.owner() is None:
            st.caption(":material/info: Presets are not saved here: a reload deletes them.")
        _show_known(list(known))
        st.text_input(
            "Save these settings and the model as",
            key="preset_name",
            max_chars=presets.MAX_NAME_CHARS,
            placeholder="A name",
        )
        st.button("Save", key="save_preset", icon=":material/save:", on_click=_save)
        if session.former_presets:
            name = next(iter(session.former_presets))
            st.button(
                f"Restore “{escaped(name)}”",
                key="undo_preset",
                icon=":material/undo:",
                type="tertiary",
                on_click=_undo,
            )
        if known:
            st.download_button(
                "Export all",
                lambda: presets.to_json(_known()[0], session.pat),
                file_name="presets.json",
                mime="application/json",
                key="export_presets",
                icon=":material/download:",
                on_click="ignore",
            )
        st.file_uploader(
            "Import presets",
            type=["json"],
            key="import_presets",
            max_upload_size=max(1, presets.MAX_FILE_BYTES // 1_000_000),
            help="A file exported here",
            on_change=_import,
        )


def _show_known(names: list[str]) -> None:
    if not names:
        return
    if widget("chosen_preset") not in names:  # deleted, perhaps in another tab
        forget_widgets("chosen_preset")
    chosen = st.selectbox(
        "Preset", names, index=None, key="chosen_preset", placeholder="Choose one"
    )
    with st.container(horizontal=True):
        st.button(
            "Use",
            key="use_preset",
            icon=":material/check:",
            disabled=not chosen,
            on_click=_use,
        )
        st.button(
            "Delete",
            key="delete_preset",
            icon=":material/delete:",
            disabled=not chosen,
            on_click=_delete,
        )


def _known() -> tuple[dict[str, Preset], str]:
    """Return the visitor's presets by name, and why they cannot be read, or ""."""
    owner = persistence.owner()
    return presets.listing(owner) if owner else (session.presets, "")


@uninterrupted()
def _use() -> None:
    preset = _known()[0].get(widget("chosen_preset") or "")
    if preset is None:
        st.toast("This preset was deleted in another tab.")
        return
    chat_settings.replace(presets.settings_of(preset))
    if model := preset.get("model"):
        session.choose(model)


@uninterrupted()
def _save() -> None:
    chat_settings.read_widgets()
    name = presets.name_of(widget("preset_name") or "")
    preset = presets.made(session.chat["settings"], session.chosen)
    known, why = _known()
    if not name:
        st.toast("Give the preset a name first.")
    elif holds([name, preset], session.pat):
        st.toast(REMOVE_IT)
    elif name not in known and len(known) >= presets.MAX_PRESETS:
        st.toast(presets.FULL)
    elif why or (why := _put({name: preset})):
        st.toast(f"“{escaped(name)}” was not saved. {escaped(why)}")
    else:
        is_other = name in known and known[name] != preset
        session.former_presets = {name: known[name]} if is_other else {}
        set_widget("preset_name", "")
        set_widget("chosen_preset", name)
        st.toast(f"{'Replaced' if is_other else 'Saved'} “{escaped(name)}”.")


@uninterrupted()
def _delete() -> None:
    name = widget("chosen_preset") or ""
    preset, owner = _known()[0].get(name), persistence.owner()
    if preset is None:
        return
    if owner and (why := presets.delete(owner, name)):
        st.toast(f"“{escaped(name)}” was not deleted. {escaped(why)}")
        return
    session.presets = {key: each for key, each in session.presets.items() if key != name}
    session.former_presets = {name: preset}
    forget_widgets("chosen_preset")


@uninterrupted()
def _undo() -> None:
    if why := _put(session.former_presets):
        st.toast(f"It was not restored. {escaped(why)}")
    else:
        session.former_presets = {}


@uninterrupted()
def _import() -> None:
    upload = widget("import_presets")
    if upload is None:
        return
    try:
        found, notes = presets.from_json(upload.getvalue())
    except BadPresets as error:
        st.toast(escaped(str(error)))
        return
    known, why = _known()
    fresh = presets.beside(known, found)
    held = [name for name, preset in fresh.items() if holds([name, preset], session.pat)]
    fresh = {name: preset for name, preset in fresh.items() if name not in held}
    if len(known) + len(fresh) > presets.MAX_PRESETS:
        why = presets.FULL
    for note in notes[:3]:
        st.toast(escaped(note))
    if held:
        st.toast(REMOVE_IT)
    if why or (why := _put(fresh)):
        st.toast(f"Nothing was imported. {escaped(why)}")
    else:
        known_already = len(found) - len(held) - len(fresh)
        already = f" ({known_already} already here)" if known_already else ""
        st.toast(f"Imported {counted(len(fresh), 'new preset')}{already}.")


def _put(found: dict[str, Preset]) -> str:
    """Save presets for this visitor; return why that failed, or ""."""
    if owner := persistence.owner():
        return presets.save(owner, found)
    session.presets = {**session.presets, **found}
    return ""
