"""Search, filter and choose a model; its price, context and abilities, and where they are from.

Nothing here is a fragment or a dialog: those wait until a running reply ends, and choosing the next
model must not.
"""

import time

import streamlit as st

from clarifai_chat import catalog
from clarifai_chat.catalog import Model, local
from clarifai_chat.config import server_name, settings
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.text import counted
from components.frame import measured, model_ids, token_box
from components.state.session import session
from components.state.slots import set_widget, widget
from components.state.streamlit_patches import uninterrupted

EXPECTED = ("live", "featured", "listed", "local")  # models that answer as a rule
STAR_PX = 28  # a target that a finger can hit
ROWS = 12  # drawn at once; searching is quicker than scrolling
ABILITIES = {"tools": "Tools", "vision": "Vision", "reasoning": "Reasoning"}


def show() -> None:
    """Draw the chosen model, and the popover in which another one is chosen."""
    model = session.model
    picker = st.popover(
        escaped(model.name),
        key="model_picker",
        on_change="rerun",
        icon=":material/smart_toy:",
    )
    model_ids.show_popover(model)
    if picker.open:
        with picker:
            _show_choice()


def show_facts() -> None:
    """Draw what is known of the chosen model, in two lines."""
    model = session.model
    if model.is_demo:
        st.caption(f"**{model.label}**")
        return
    hint = "" if model.tier in EXPECTED else f"{escaped(model.callable_hint)} "
    st.caption(
        f"{escaped(model.provider)} · {facts(model)}  \n{hint}Facts: {escaped(model.source)}",
        help=f"{escaped(model.callable_hint)} Where the facts are from: {escaped(sources(model))}.",
    )


def facts(model: Model) -> str:
    """Context, price and abilities as Markdown; what was measured stands beside what is claimed."""
    parts = [catalog.context_text(model), catalog.price_text(model), catalog.abilities_text(model)]
    if found := measured.text(model.url):
        parts[2:] = [f"claimed: {parts[2]}", f"measured: {found}"]
    return escaped(" · ".join(parts))


def sources(model: Model) -> str:
    """Return where the facts are from: one source where all agree, else one for each."""
    named = {
        "context": model.context_source,
        "price": model.price_source,
        "abilities": model.abilities_source,
    }
    if len(set(named.values())) == 1:
        return model.context_source
    return "; ".join(f"{what}: {source}" for what, source in named.items())


def _show_choice() -> None:
    is_other = bool(settings().other_base)
    text = st.text_input(
        "Search, or type a model's name" if is_other else "Search, or paste a model's address",
        key="model",
        type="search",
        live=True,
        placeholder="gpt-4o" if is_other else "gpt-oss, anthropic, https://clarifai.com/…",
        on_change=_take_address,
    )
    wanted = st.pills(
        "Only models with",
        list(ABILITIES),
        selection_mode="multi",
        format_func=ABILITIES.__getitem__,
        key="abilities",
    )
    family = show_families("family")
    flags = {ability: ability in wanted for ability in ABILITIES}
    models = session.offered
    if text or wanted or family:
        found = catalog.of_family(catalog.search(models, text or "", **flags), family)
        _show_rows(found, "found")
        is_name = is_other or (text or "").startswith(catalog.LOCAL)
        typed = catalog.parse_address(text or "") if is_name else None
        if typed and typed not in {model.url for model in found}:
            st.button(
                f"Use **{escaped(typed)}** as it is typed",
                key="use_typed",
                icon=":material/keyboard:",
                on_click=choose,
                args=(typed,),
            )
        elif not found and is_other:
            st.info("No model matches. Clear a filter, or type the whole name of a model.")
        elif not found:
            st.info(
                "No model matches. Clear a filter, or paste the model's full address:"
                " it is used as it is."
            )
    else:
        _show_rows(catalog.short_list(models, session.favourites, session.recent), "short")
        for provider, group in catalog.by_provider(models).items():
            section = st.expander(
                f"{escaped(provider)} ({len(group)})",
                key=f"provider:{provider}",
                type="compact",
                on_change="rerun",
            )
            if section.open:
                with section:
                    _show_rows(group, provider)
    _show_age()


def show_families(key: str) -> str | None:
    """Draw the filter by family; return the family that is chosen."""
    return st.pills("Family", catalog.FAMILIES, key=key, wrap=True)


def _show_rows(models: list[Model], where: str) -> None:
    more = f"more:{where}"
    limit = ROWS * (1 + session.opened.get(more, 0))
    for model in models[:limit]:
        _show_row(model, where)
    if len(models) > limit:
        st.button(
            f"Show more ({len(models) - limit} left)",
            key=more,
            type="tertiary",
            on_click=_show_more,
            args=(more,),
        )


def _show_row(model: Model, where: str) -> None:
    is_favourite = model.url in session.favourites
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", wrap=False):
        st.button(
            "★" if is_favourite else "☆",
            key=f"star:{where}:{model.url}",
            type="tertiary",
            help="Remove from favourites" if is_favourite else "Add to favourites",
            width=STAR_PX,
            on_click=_star,
            args=(model.url,),
        )
        with st.container(gap=None):
            in_use = ":material/check: " if model.url == session.model.url else ""
            st.button(
                f"{in_use}**{escaped(model.name)}** · {escaped(model.provider)}",
                key=f"use:{where}:{model.url}",
                type="tertiary",
                on_click=choose,
                args=(model.url,),
            )
            st.caption(_row_text(model))


def _row_text(model: Model) -> str:
    if model.is_demo:
        return escaped(f"{model.label} · free, offline")
    hint = f"{escaped(model.callable_hint)}  \n" if model.tier not in EXPECTED else ""
    return f"{hint}{facts(model)} · *{escaped(sources(model))}*"


def _show_age() -> None:
    listing, host = session.listing, escaped(settings().other_host)
    whose = host or "Clarifai"
    with st.container(horizontal=True, vertical_alignment="center"):
        if listing is None and host:
            st.caption(f"With a key, the models of {host} are listed here.")
        elif listing is None:
            st.caption("Shipped list. With an access token, Clarifai's live list joins it.")
        else:
            if listing["state"] == "running":
                st.caption(f":shimmer[Fetching {whose}'s list]")
            elif listing["state"] == "done":
                age = catalog.age_text(time.time() - listing["at"])
                st.caption(f"{whose}'s list, fetched {age}.")
            elif listing["problem"]:
                kept = "" if host else ", so this is the shipped list"
                kept = ", so this is the list from before" if listing["result"] else kept
                st.caption(f"No live list{kept}: {listing['problem']['what']}")
            st.button(
                "Refresh",
                key="refresh_models",
                type="tertiary",
                icon=":material/refresh:",
                disabled=listing["state"] == "running" or not (session.pat or session.may_share),
                on_click=token_box.refresh_models,
            )
    show_local("picker")


def show_local(where: str) -> None:
    """Draw what is known of the operator's own server, where there is one."""
    asked = local.listing()
    if asked is None:
        return
    host = escaped(server_name(settings().local_base))
    with st.container(horizontal=True, vertical_alignment="center"):
        if asked["state"] == "running":
            st.caption(f":shimmer[Asking {host} for its models]")
        elif asked["problem"]:
            kept = " Its models as last known are listed." if asked["result"] else ""
            st.caption(
                f"Local models: {host} gave no list. {escaped(asked['problem']['what'])}{kept}"
                " It is asked again by itself."
            )
        else:
            age = catalog.age_text(time.time() - asked["at"])
            found = counted(len(asked["result"]), "local model")
            st.caption(f"{found} on {host}, asked {age}.")
        st.button(
            "Ask again",
            key=f"refresh_local:{where}",
            type="tertiary",
            icon=":material/refresh:",
            disabled=asked["state"] == "running",
            on_click=_ask_local,
        )


@uninterrupted()
def choose(url: str) -> None:
    """Use this model everywhere from now on, and close the picker. A callback."""
    session.choose(url)
    set_widget("model_picker", False)


@uninterrupted()
def _ask_local() -> None:
    local.listing(now=True)


@uninterrupted()
def _take_address() -> None:
    text = widget("model") or ""
    if text.startswith(catalog.LOCAL) or settings().other_base:
        return  # what is typed may be the begin of a name
    if url := catalog.parse_address(text):
        set_widget("model", "")
        choose(url)


@uninterrupted()
def _show_more(which: str) -> None:
    session.opened = {**session.opened, which: session.opened.get(which, 0) + 1}


@uninterrupted()
def _star(url: str) -> None:
    kept = [u for u in session.favourites if u != url]
    session.favourites = kept if url in session.favourites else [url, *kept]
