"""Keep whose token a tab uses, the account behind it, and the chosen model."""

from collections.abc import Callable
from functools import cache
from typing import TypedDict

import streamlit as st

from clarifai_chat import catalog
from clarifai_chat.background import Job
from clarifai_chat.catalog import Model, local
from clarifai_chat.chat.turn import ModelRef, Turn
from clarifai_chat.config import announced, host_of, is_loopback, settings
from clarifai_chat.llm.endpoints import Endpoint, SharedUse, endpoint_for
from components.state.slots import Slot

RECENT_MODELS = 5


class Access(TypedDict):
    """The access of this session's requests. Waiting questions hold this dict, not the token, so
    that a forgotten token is gone for them too."""

    pat: str
    shared: SharedUse


class AccessSlots:
    """The token, the account, and the model for the next question."""

    access = Slot[Access](lambda: {"pat": "", "shared": {"used": 0}})
    # Whose token it is: a job of clarifai_api.who_am_i; of another server's key, its list.
    account = Slot[Job | None](lambda: None)
    listing = Slot[Job | None](lambda: None)  # the live catalog: a job whose result is the models

    chosen = Slot(str)  # the model's address; "" lets the app choose
    address_model = Slot(str)  # the ?model= that was taken from the address already
    notice = Slot(str)  # one sentence about the last thing typed, shown once
    favourites = Slot[list[str]](list)
    recent = Slot[list[str]](list)
    opened = Slot[dict[str, int]](dict)  # list → how often "Show more" was asked of it

    @property
    def pat(self) -> str:
        return self.access["pat"]

    @property
    def may_share(self) -> bool:
        """Whether this visitor may use the operator's token."""
        return bool(settings().shared_key) and (settings().allow_shared_pat or self._is_at_home)

    @property
    def _is_at_home(self) -> bool:
        """Whether the app listens on this machine alone, and was asked for by such a name.

        The name matters too: a proxy in front of a loopback address is asked by its public one.
        """
        asked_for = st.context.headers.get("Host") or "localhost"
        return is_loopback(listening_on()) and is_loopback(host_of(asked_for))

    def endpoint(self, turn: Turn) -> Callable[[], Endpoint]:
        """Return what finds the endpoint for the turn's model when its request goes out.

        It may be called from any thread, and uses the token that the session has by then.
        """
        url, access = turn["model"]["url"], self.access
        may_share = self.may_share
        return lambda: endpoint_for(url, access["pat"], access["shared"] if may_share else None)

    @property
    def models(self) -> tuple[Model, ...]:
        """The catalog: the live list where there is one, else the shipped one; local models too.

        The shipped one is Clarifai's.
        """
        listing = self.listing
        models: tuple[Model, ...] = _shipped()
        if settings().other_base:
            models = (catalog.DEMO,)
        if listing and listing["result"]:
            models = listing["result"]
        return (*models[:-1], *local.models(), catalog.DEMO)

    @property
    def model(self) -> Model:
        """The model that the next question goes to."""
        if self.chosen:
            return catalog.describe(self.models, self.chosen)
        may_ask = bool(self.pat) or self.may_share
        if may_ask and not settings().other_base:
            return catalog.describe(self.models, catalog.DEFAULT_URL)
        tiers = ("listed", "local") if may_ask else ("local",)
        return next((model for model in self.models if model.tier in tiers), catalog.DEMO)

    @property
    def asked_model(self) -> ModelRef:
        return asked_of(self.model)

    def choose(self, url: str) -> None:
        self.chosen = url
        self.recent = [url, *(u for u in self.recent if u != url)][:RECENT_MODELS]

    def forget_access(self) -> None:
        """Drop the token and all that was fetched with it."""
        self.access["pat"] = ""  # in place: questions that wait share this dict
        self.account = None
        self.listing = None


def asked_of(model: Model) -> ModelRef:
    """Return a model as a turn keeps it."""
    return {
        "url": model.url,
        "name": model.label if model.is_demo else model.name,
        "input_price": model.input_price,
        "output_price": model.output_price,
    }


@cache
def _shipped() -> tuple[Model, ...]:
    return catalog.merge(catalog.shipped(), ())


def listening_on() -> str:
    """Return the address that the server listens on; "" is all of them, or unknown."""
    return announced() or str(st.get_option("server.address") or "")
