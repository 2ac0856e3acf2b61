"""Find the server and the key for a model."""

import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from clarifai_chat import demo
from clarifai_chat.catalog import Model, local, parse_address, server_of
from clarifai_chat.config import Settings, settings
from clarifai_chat.errors import NoKey, NoPat, NoServer, SharedPatElsewhere, SharedPatSpent
from clarifai_chat.llm import spending
from clarifai_chat.text import times


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenAI-compatible base URL, and the key for it alone."""

    api_base: str
    key: str = field(repr=False)
    elsewhere: bool = False  # not Clarifai, nor the Demo, which speaks as Clarifai does
    prices: spending.Prices | None = None  # where the operator pays, within a budget


def base_of(model_url: str) -> str:
    """Return the base URL for a model in code outside the app, where the Demo does not exist."""
    return settings().local_base if server_of(model_url) == "local" else settings().openai_base


@dataclass(frozen=True, slots=True)
class Sharer:
    """Who uses the operator's token, as they are counted: a reload changes neither."""

    visitor: str = ""  # the hash of a visitor's id
    address: str = ""  # the visitor's address or network

    def limits(self, limits: Settings) -> dict[str, int]:
        """Return how many uses an hour each name of this sharer may have.

        Many visitors may share one address, so it may have half of all there is. A browser without
        a cookie is known by its address alone.
        """
        most = limits.shared_pat_session_limit
        found = {f"visitor {self.visitor}": most} if self.visitor else {}
        if self.address:
            half = max(most, limits.shared_pat_hour_limit // 2)
            found[f"address {self.address}"] = half if self.visitor else most
        return found


def endpoint_for(
    model_url: str,
    pat: str,
    sharer: Sharer | None,
    prices: tuple[float | None, float | None] = (None, None),
) -> Endpoint:
    """Return the endpoint of a model. A visitor's own `pat` wins over the operator's.

    Both are for `settings().openai_base` and go nowhere else: the Demo and a local server are sent
    a word that is no secret. `sharer` is a visitor who may use the operator's key; the request that
    follows is counted. `prices` are the model's, in US dollars per million tokens in and out.
    Raises `NoPat`, `NoKey`, `NoServer`, `SharedPatElsewhere` or `SharedPatSpent`.
    """
    server = server_of(model_url)
    if server == "demo":
        return Endpoint(demo.start(), demo.KEY)
    if server == "local":
        if not settings().local_base:
            raise NoServer
        return Endpoint(settings().local_base, local.KEY, elsewhere=True)
    elsewhere = server == "other"
    if pat:
        return Endpoint(settings().openai_base, pat, elsewhere)
    if sharer is None:
        raise NoKey if elsewhere else NoPat
    if not _is_chosen(model_url):
        raise SharedPatElsewhere(more="The operator chose other models for it.")
    counted = _counted(prices)
    if counted is None and settings().shared_pat_budget_usd:
        raise SharedPatElsewhere(more="Its price is not known, and there is a budget.")
    _uses.take(sharer, settings())
    return Endpoint(settings().openai_base, settings().shared_key, elsewhere, counted)


def may_share_for(model: Model) -> bool:
    """Return whether the operator's key may be used for a model."""
    has_price = not settings().shared_pat_budget_usd or _counted(prices_of(model)) is not None
    return _is_chosen(model.url) and has_price


def prices_of(model: Model) -> tuple[float | None, float | None]:
    """Return what a model costs, in US dollars per million tokens in and out."""
    return model.input_price, model.output_price


def _is_chosen(model_url: str) -> bool:
    chosen = settings().shared_pat_models.split()
    return not chosen or model_url in map(parse_address, chosen)


def _counted(prices: tuple[float | None, float | None]) -> spending.Prices | None:
    """Return the prices that the operator's budget counts; None without a budget or a price."""
    ceiling = settings().shared_pat_price_usd or None
    paid_in, paid_out = (ceiling if price is None else price for price in prices)
    if not settings().shared_pat_budget_usd or paid_in is None or paid_out is None:
        return None
    return paid_in, paid_out


EVERYONE = "everyone"


class Register(Protocol):
    """Where uses are kept, so that a restart and other processes know them. None in trouble."""

    def take(self, most: Mapping[str, int]) -> str | None:
        """Count one use for each name; if a name has `most` already, count nothing, return it."""

    def counts(self, names: Iterable[str]) -> Mapping[str, int] | None:
        """Return how many uses each name had in the last hour."""


class _Uses:
    """The uses of the operator's token in the last hour, by anybody."""

    def __init__(self) -> None:
        self.register: Register | None = None
        self._lock = threading.Lock()
        self._last_hour: deque[tuple[float, list[str]]] = deque()
        self._by_name: Counter[str] = Counter()

    def take(self, sharer: Sharer, limits: Settings) -> None:
        """Count one more use. Raises `SharedPatSpent` where there is none left."""
        most = _most(sharer, limits)
        full = self.register.take(most) if self.register else None
        with self._lock:  # this process counts too, for when the register is in trouble
            self._forget_older()
            if full is None:
                mine = self._by_name | Counter({EVERYONE: len(self._last_hour)})
                full = next((name for name, limit in most.items() if mine[name] >= limit), "")
            if full:
                raise SharedPatSpent(more=_who_may_ask(full, most[full]))
            self._last_hour.append((time.monotonic(), [*sharer.limits(limits)]))
            self._by_name.update(sharer.limits(limits).keys())

    def left(self, sharer: Sharer, limits: Settings) -> int:
        most = _most(sharer, limits)
        found = self.register.counts(most) if self.register else None
        with self._lock:
            self._forget_older()
            if found is None:
                found = self._by_name | Counter({EVERYONE: len(self._last_hour)})
            return max(0, min(limit - found.get(name, 0) for name, limit in most.items()))

    def _forget_older(self) -> None:
        while self._last_hour and time.monotonic() - self._last_hour[0][0] > 3600:
            for name in self._last_hour.popleft()[1]:
                self._by_name[name] -= 1
                if not self._by_name[name]:
                    del self._by_name[name]


_uses = _Uses()


def keep_in(register: Register) -> None:
    """Keep the uses of the last hour in `register` too."""
    _uses.register = register


def _most(sharer: Sharer, limits: Settings) -> dict[str, int]:
    """Return how many uses an hour each name of a sharer may have, and all together."""
    return {**sharer.limits(limits), EVERYONE: limits.shared_pat_hour_limit}


def shared_uses_left(sharer: Sharer) -> int:
    """Return how many questions this visitor may still ask at the operator's cost in this hour."""
    return 0 if spending.is_spent() else _uses.left(sharer, settings())


def _who_may_ask(name: str, most: int) -> str:
    who = "One visitor" if name.startswith("visitor") else "All visitors from one address together"
    who = "All visitors together" if name == EVERYONE else who
    return f"{who} may ask {times(most)} an hour at the operator's cost."
