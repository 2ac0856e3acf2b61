"""Clarifai's own HTTP API: whose token is it, which models are featured, what do they cost."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import httpx

from clarifai_chat.catalog import Model, clarifai_address
from clarifai_chat.catalog.json_api import (
    SUCCESS,
    ask,
    dict_of,
    first_whole,
    list_of,
    number_of,
    session,
)
from clarifai_chat.errors import BadReply, ChatError, MissingScope, read_error

SOURCE = "Clarifai, live"
PER_PAGE = 100
MAX_PAGES = 20
PRICES_PER_REQUEST = 50

INSUFFICIENT_SCOPES = 11007
TRAINED = (21100, "21100", "MODEL_TRAINED")
IMAGE = (9, "9", "IMAGE")
AUDIO = (13, "13", "AUDIO")
# What a model must offer to be spoken to as OpenAI's are. Source: clarifai-python, `list_models`.
TRANSPORTS = {"openai_transport", "openai_stream_transport"}

# `open_router_info.params` is undocumented: these are OpenRouter's names for its listings.
CONTEXT_NAMES = ("context_length", "context_window", "max_context_length", "max_context_window")
OUTPUT_NAMES = ("max_output_length", "max_output_tokens", "max_completion_tokens")
FEATURE_NAMES = ("supported_features", "supported_parameters", "features")


@dataclass(frozen=True, slots=True)
class Account:
    """Whose token it is. A restricted token is valid, but may not say whose it is."""

    user_id: str
    restricted: bool = False


def who_am_i(pat: str, *, api_base: str, client: httpx.Client | None = None) -> Account:
    """Return the account that `pat` belongs to. Raises a `ChatError` when the token cannot be
    used."""
    try:
        with session(client) as http:
            body = ask(http, "GET", f"{api_base}/v2/users/me", pat)
    except MissingScope as error:
        if error.code != INSUFFICIENT_SCOPES:  # a plain 403 may come from anything on the way
            raise
        return Account("", restricted=True)
    user_id = dict_of(body.get("user")).get("id")
    if not isinstance(user_id, str) or not user_id:
        raise BadReply
    return Account(user_id)


def list_models(pat: str, *, api_base: str, client: httpx.Client | None = None) -> list[Model]:
    """Return the featured models that can chat, as ranked by Clarifai, with their prices where
    told.

    Raises a `ChatError` when the list cannot be had whole: half a list would make the rest look
    like models that are gone. Prices that cannot be had are unknown.
    """
    with session(client) as http:
        rows = sorted(_featured(http, pat, api_base), key=_rank, reverse=True)
        models = {model.url: model for model in map(_model, rows) if model}
        return _priced(list(models.values()), http, pat, api_base)


def _featured(http: httpx.Client, pat: str, api_base: str) -> Iterator[dict[str, Any]]:
    """Every row of every page. A short page is not the last one: the server may cap its size."""
    seen: set[str] = set()
    for page in range(1, MAX_PAGES + 1):
        query = {"featured_only": "true", "page": page, "per_page": PER_PAGE}
        body = ask(http, "GET", f"{api_base}/v2/models", pat, params=query)
        if "models" not in body and read_error(body)[0] != SUCCESS:
            raise BadReply
        rows = [row for row in list_of(body.get("models")) if isinstance(row, dict)]
        new = {_path(row): row for row in rows if _path(row) not in seen}
        if not new:  # past the end, or a server that does not turn pages
            return
        seen |= new.keys()
        yield from new.values()


def _path(row: dict[str, Any]) -> str:
    """USER/APP/models/MODEL; "" for a row that does not say."""
    ids = [row.get("user_id"), row.get("app_id"), row.get("id")]
    return "{}/{}/models/{}".format(*ids) if all(isinstance(i, str) for i in ids) else ""


def _rank(row: dict[str, Any]) -> float:
    order = row.get("featured_order")
    rank = number_of(order.get("value") if isinstance(order, dict) else order)
    return -math.inf if rank is None else rank


def _model(row: dict[str, Any]) -> Model | None:
    """Return the model of one row of the list; None when it cannot chat, or makes no sense."""
    url = clarifai_address(_path(row))
    version = dict_of(row.get("model_version"))
    signatures = [s for s in list_of(version.get("method_signatures")) if isinstance(s, dict)]
    names = {s["name"] for s in signatures if isinstance(s.get("name"), str)}
    code = dict_of(version.get("status")).get("code")
    if url is None or not names >= TRANSPORTS or code not in TRAINED:
        return None
    params = dict_of(dict_of(row.get("open_router_info")).get("params"))
    context = first_whole(params, CONTEXT_NAMES)
    abilities = (_tools(row), _vision(row, signatures), _reasoning(params))
    return Model.at(
        url,
        context_window=context,
        max_output_tokens=first_whole(params, OUTPUT_NAMES),
        tools=abilities[0],
        vision=abilities[1],
        reasoning=abilities[2],
        audio=_audio(signatures),
        tier="live",
        source=SOURCE,
        as_of=datetime.now(UTC).date().isoformat(),
        context_source="unknown" if context is None else SOURCE,
        abilities_source="unknown" if set(abilities) == {None} else SOURCE,
    )


def _tools(row: dict[str, Any]) -> bool | None:
    use_cases = list_of(row.get("use_cases"))
    return "function-calling" in use_cases if use_cases else None


def _vision(row: dict[str, Any], signatures: list[dict[str, Any]]) -> bool | None:
    fields = [dict_of(f) for s in signatures for f in list_of(s.get("input_fields"))]
    takes_images = any(
        f.get("name") in ("image", "images") or f.get("type") in IMAGE for f in fields
    )
    if takes_images or row.get("model_type_id") == "multimodal-to-text":
        return True
    return False if row.get("model_type_id") == "text-to-text" else None


def _audio(signatures: list[dict[str, Any]]) -> bool | None:
    """Return True if a model takes audio; a model that does not say so may take it in messages."""
    fields = [dict_of(f) for s in signatures for f in list_of(s.get("input_fields"))]
    hears = any(f.get("name") in ("audio", "audios") or f.get("type") in AUDIO for f in fields)
    return True if hears else None


def _reasoning(params: dict[str, Any]) -> bool | None:
    if isinstance(params.get("reasoning"), bool):
        return bool(params["reasoning"])
    features = [feature for name in FEATURE_NAMES for feature in list_of(params.get(name))]
    return True if "reasoning" in features or "include_reasoning" in features else None


def _priced(models: list[Model], http: httpx.Client, pat: str, api_base: str) -> list[Model]:
    """`models`, with what Clarifai asks for them. A failure leaves the rest of them unpriced."""
    priced: list[Model] = []
    for start in range(0, len(models), PRICES_PER_REQUEST):
        batch = models[start : start + PRICES_PER_REQUEST]
        asked = [{"id": m.id, "user_id": m.owner, "app_id": m.app} for m in batch]
        url = f"{api_base}/v2/resource_prices/searches"
        try:
            body = ask(http, "POST", url, pat, json={"models": asked})
        except ChatError:
            return priced + models[start:]
        prices: dict[str, dict[str, Any]] = {}
        for entry in list_of(body.get("model_prices")):
            about = [m for m in batch if _is_about(dict_of(entry), m)]
            found = _prices(entry) if len(about) == 1 else {}  # an id alone may fit several
            if found:
                prices.setdefault(about[0].url, found)
        priced += [replace(model, **prices.get(model.url, {})) for model in batch]
    return priced


def _is_about(entry: dict[str, Any], model: Model) -> bool:
    """Return whether a price names `model`. How an entry names it is undocumented: nested, or
    flat."""
    nested = dict_of(entry.get("model"))
    said = entry | dict_of(entry.get("user_app_id")) | nested | dict_of(nested.get("user_app_id"))
    return (
        (nested.get("id") or said.get("model_id") or entry.get("id")) == model.id
        and said.get("user_id") in (model.owner, "", None)
        and said.get("app_id") in (model.app, "", None)
    )


def _prices(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the facts of a `Model` that one price tells; none where nothing is asked per token."""
    paid_in = _price(entry.get("price_per_prompt_token"))
    paid_out = _price(entry.get("price_per_completion_token"))
    if paid_in is None and paid_out is None:
        return {}
    return {"input_price": paid_in, "output_price": paid_out, "price_source": SOURCE}


def _price(millicents: Any) -> float | None:
    """USD per 1M tokens, from millicents per token. Nothing says that a 0 means free."""
    number = number_of(millicents)
    return round(number * 10, 6) if number is not None and number > 0 else None
