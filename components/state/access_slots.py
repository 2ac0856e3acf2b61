"""Keep a tab's token, the account behind it, and the selected model."""

from collections.abc import Callable
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Any, TypedDict
from uuid import uuid4

import streamlit as st

from clarifai_chat import catalog
from clarifai_chat.background import Job
from clarifai_chat.catalog import Model, local
from clarifai_chat.chat.turn import ModelRef, Turn, asked_of
from clarifai_chat.config import announced, host_of, is_loopback, settings
from clarifai_chat.history.choices import MOST_RECENT, Choices
from clarifai_chat.history.measured import Findings
from clarifai_chat.llm.endpoints import Endpoint, Sharer, endpoint_for, may_share_for, prices_of
from clarifai_chat.origins import came_through_proxy
from components.state.owner import visitor
from components.state.slots import Slot

FREE = ("demo", "local")  # servers that need no token


class Access(TypedDict):
    """The access that this session's requests use.

    Waiting questions hold this dict, not the token, so that a forgotten token is gone for them too.
    """

    pat: str
    visit: str  # a random name


class CodeRequest(TypedDict):
    """A request to show as code."""

    about: str  # one sentence: which request it is
    model: str  # its model's address
    body: dict[str, Any]  # its JSON body


class AccessSlots:
    """The token, the account, and the model for the next question."""

    server_tokens = Slot[dict[str, str]](dict)  # address of an MCP server → its token
    access = Slot[Access](lambda: {"pat": "", "visit": uuid4().hex})
    # Whose token it is: a job of clarifai_api.who_am_i; of another server's key, its list.
    account = Slot[Job | None](lambda: None)
    listing = Slot[Job | None](lambda: None)  # the live catalog: a job whose result is the models

    chosen = Slot(str)  # the model's address; "" lets the app choose
    address_model = Slot(str)  # the ?model= of the URL that was applied last
    notice = Slot(str)  # one sentence about the last thing typed, shown once
    favourites = Slot[list[str]](list)
    recent = Slot[list[str]](list)
    saved_choices = Slot[Choices | None](lambda: None)  # as last saved or read
    code = Slot[CodeRequest | None](lambda: None)  # shown by "Get code", on any page
    forgotten = Slot(int)  # how often the browser was asked to forget what is typed
    measured = Slot[Findings](dict)  # saved with the visitor, as the choices
    measuring = Slot[dict[str, Job]](dict)  # a model's address → a job of `probe.measure`
    opened_ids = Slot(str)  # address of the model whose ids the Models page shows
    opened = Slot[dict[str, int]](dict)  # list → how often "Show more" was clicked

    @property
    def pat(self) -> str:
        return self.access["pat"]

    @property
    def may_share(self) -> bool:
        """Return whether this visitor may use the operator's token."""
        return bool(settings().shared_key) and (settings().allow_shared_pat or self._is_at_home)

    @property
    def _is_at_home(self) -> bool:
        """Return whether the app listens only on this machine, and was requested by a local name.

        The name matters too: behind a proxy, the app may listen on loopback for the whole internet.
        So do the headers that a proxy adds: some proxies change the name to a local one.
        """
        headers = st.context.headers
        if came_through_proxy(headers.keys()):
            return False
        asked_for = headers.get("Host") or "localhost"
        return is_loopback(listening_on()) and is_loopback(host_of(asked_for))

    @property
    def sharer(self) -> Sharer | None:
        """Return who uses the operator's token here, as they are counted; None if it may not be.

        At home each visit counts: it is the operator's own.
        """
        if not self.may_share:
            return None
        if self._is_at_home:
            return Sharer(self.access["visit"])
        address = _network(st.context.ip_address or "")
        return Sharer(visitor() or ("" if address else self.access["visit"]), address)

    def endpoint(self, turn: Turn) -> Callable[[], Endpoint]:
        """Return a function that finds the endpoint when the turn's request is sent.

        It may be called from any thread, and uses the token that the session has by then.
        """
        url, access, sharer = turn["model"]["url"], self.access, self.sharer
        # Not the turn's prices: it may have come with an imported conversation.
        prices = prices_of(catalog.describe(self.models, url))
        return lambda: endpoint_for(url, access["pat"], sharer, prices)

    @property
    def models(self) -> tuple[Model, ...]:
        """Return the server's list of models if there is one, else the shipped one; local ones too.

        The shipped list is Clarifai's.
        """
        listing = self.listing
        models: tuple[Model, ...] = _shipped()
        if settings().other_base:
            models = (catalog.DEMO,)
        if listing and listing["result"]:
            models = listing["result"]
        return (*models[:-1], *local.models(), catalog.DEMO)

    @property
    def offered(self) -> tuple[Model, ...]:
        """Return the models to choose from: where the operator pays, those that they pay for."""
        if self.pat or not self.may_share:
            return self.models
        return tuple(m for m in self.models if m.server in FREE or may_share_for(m))

    @property
    def model(self) -> Model:
        """Return the model for the next question."""
        if self.chosen:
            return catalog.describe(self.models, self.chosen)
        may_ask = bool(self.pat) or self.may_share
        wanted = catalog.parse_address(settings().default_model)
        if not wanted and not settings().other_base:
            wanted = catalog.DEFAULT_URL
        model = catalog.describe(self.models, wanted) if wanted else None
        if model and (
            model.server in FREE or self.pat or (self.may_share and may_share_for(model))
        ):
            return model
        tiers: set[str] = {"listed", "local"} if may_ask else {"local"}
        if self.may_share and settings().shared_pat_models:
            tiers = {str(model.tier) for model in self.offered} - {catalog.DEMO.tier}
        return next((model for model in self.offered if model.tier in tiers), catalog.DEMO)

    @property
    def lacks_key(self) -> bool:
        """Return whether the selected model needs a token or key that is not there."""
        return self.lacks_key_for(self.model)

    def lacks_key_for(self, model: Model) -> bool:
        """Return whether a model needs a token or key that is not there."""
        if self.pat or model.server in FREE:
            return False
        return not (self.may_share and may_share_for(model))

    @property
    def asked_model(self) -> ModelRef:
        return asked_of(self.model)

    def choose(self, url: str) -> None:
        self.chosen = url
        self.recent = [url, *(u for u in self.recent if u != url)][:MOST_RECENT]

    def forget_access(self) -> None:
        """Forget the token, everything fetched with it, and what is typed but not sent."""
        self.access["pat"] = ""  # in place: questions that wait share this dict
        self.server_tokens.clear()  # in place, for the same reason
        self.account = None
        self.listing = None
        self.forgotten += 1


@cache
def _shipped() -> tuple[Model, ...]:
    return catalog.merge(catalog.shipped(), ())


def listening_on() -> str:
    """Return the address that the server listens on; "" means all addresses, or unknown."""
    return announced() or str(st.get_option("server.address") or "")


def _network(address: str) -> str:
    """Return an address as it is counted: of IPv6, each home has a whole network."""
    try:
        is_wide = ip_address(address).version == 6
    except ValueError:
        return address
    return str(ip_network(f"{address}/64", strict=False)) if is_wide else address
