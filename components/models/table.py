"""The catalog as a table: choose a model, copy its ids."""

import streamlit as st

from clarifai_chat import catalog
from clarifai_chat.catalog import Model
from clarifai_chat.markdown.sanitize import escaped
from components.frame import measured, model_ids, model_picker
from components.state.session import session
from components.state.slots import widget
from components.state.streamlit_patches import uninterrupted

STATUS = {
    "demo": "in this app",
    "live": "featured",
    "featured": "featured, not checked live",
    "announced": "announced, not checked live",
    "legacy": "no longer featured",
    "pasted": "not in the list",
    "listed": "listed",
    "local": "local",
}
YES_NO = {True: "yes", False: "no", None: "unknown"}


def row(model: Model) -> dict[str, object]:
    """One model as a row of the table; None says "unknown" on the page."""
    return {
        "Use": "✓ In use" if model.url == session.model.url else "Use this",
        "Model": model.name,
        "Id": None if model.is_demo else "Copy id",
        "Provider": model.provider,
        "Context": model.context_window,
        "In": model.input_price,
        "Out": model.output_price,
        "Tools": YES_NO[model.tools],
        "Vision": YES_NO[model.vision],
        "Reasoning": YES_NO[model.reasoning],
        "Measured": measured.text(model.url) or "not measured",
        "Status": STATUS[model.tier],
        "Facts from": model_picker.sources(model),
        "Page": model.page,
    }


def clicked(key: str, models: list[Model]) -> str:
    """Return the address of the model whose button was clicked; "" if its row is gone."""
    click = widget(key)
    is_there = click is not None and 0 <= click["row"] < len(models)
    return models[click["row"]].url if is_there else ""


@uninterrupted()
def use_this(models: list[Model]) -> None:
    if url := clicked("use_model", models):
        session.choose(url)


@uninterrupted()
def open_ids(models: list[Model]) -> None:
    session.opened_ids = clicked("open_ids", models)


@uninterrupted()
def close_ids() -> None:
    session.opened_ids = ""


def show_ids(model: Model) -> None:
    with st.container(border=True, key="ids"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"Model id of **{escaped(model.name)}**", width="stretch")
            st.button("Close", key="close_ids", type="tertiary", on_click=close_ids)
        model_ids.show(model)


def show(found: list[Model]) -> None:
    """Draw the models, and above them the ids of the one whose ids are open."""
    if session.opened_ids:
        show_ids(catalog.describe(session.models, session.opened_ids))
    if found:
        st.dataframe(
            [row(model) for model in found],
            hide_index=True,
            height=560,
            placeholder="unknown",
            key="models_table",
            alt="The models of the catalog with context window, prices and abilities",
            column_config={
                "Use": st.column_config.ButtonColumn(
                    "Use", key="use_model", on_click=use_this, args=(found,), pinned=True
                ),
                "Model": st.column_config.TextColumn("Model", width=230),
                "Id": st.column_config.ButtonColumn(
                    "Model id", key="open_ids", type="tertiary", on_click=open_ids, args=(found,)
                ),
                "Context": st.column_config.NumberColumn("Context (tokens)", format="localized"),
                "In": st.column_config.NumberColumn("$ per 1M in", format="%.4g"),
                "Out": st.column_config.NumberColumn("$ per 1M out", format="%.4g"),
                "Tools": st.column_config.TextColumn("Tools, claimed"),
                "Vision": st.column_config.TextColumn("Vision, claimed"),
                "Reasoning": st.column_config.TextColumn("Reasoning, claimed"),
                "Page": st.column_config.LinkColumn("On Clarifai", display_text="open"),
            },
        )
    else:
        st.info("No model matches. Clear a filter, or type less.")
