"""Clarifai's own HTTP API: whose token is it, which models are featured, what do they cost."""

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import httpx

from clarifai_chat.access_token import sendable
from clarifai_chat.catalog import Model, parse_address
from clarifai_chat.errors import (
    BadReply,
    ChatError,
    MissingScope,
    NoPat,
    OddPat,
    TimedOut,
    Unreachable,
    meaning,
    parse,
    read_error,
)
from clarifai_chat.text import whole_data

SOURCE = "Clarifai, live"
TIMEOUT_S = 10.0
PER_PAGE = 100
MAX_PAGES = 20
PRICES_PER_REQUEST = 50

SUCCESS = 10000
INSUFFICIENT_SCOPES = 11007
TRAINED = (21100, "21100", "MODEL_TRAINED")
IMAGE = (9, "9", "IMAGE")
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
        with _session(client) as http:
            body = _ask(http, "GET", f"{api_base}/v2/users/me", pat)
    except MissingScope as error:
        if error.code != INSUFFICIENT_SCOPES:  # a plain 403 may come from anything on the way
            raise
        return Account("", restricted=True)
    user_id = _dict(body.get("user")).get("id")
    if not isinstance(user_id, str) or not user_id:
        raise BadReply
    return Account(user_id)


def list_models(pat: str, *, api_base: str, client: httpx.Client | None = None) -> list[Model]:
    """Return the featured models that can chat, as ranked by Clarifai, with their prices where
    told.

    Raises a `ChatError` when the list cannot be had whole: half a list would make the rest look
    like models that are gone. Prices that cannot be had are unknown.
    """
    with _session(client) as http:
        rows = sorted(_featured(http, pat, api_base), key=_rank, reverse=True)
        models = {model.url: model for model in map(_model, rows) if model}
        return _priced(list(models.values()), http, pat, api_base)


def _featured(http: httpx.Client, pat: str, api_base: str) -> Iterator[dict[str, Any]]:
    """Every row of every page. A short page is not the last one: the server may cap its size."""
    seen: set[str] = set()
    for page in range(1, MAX_PAGES + 1):
        query = {"featured_only": "true", "page": page, "per_page": PER_PAGE}
        body = _ask(http, "GET", f"{api_base}/v2/models", pat, params=query)
        if "models" not in body and read_error(body)[0] != SUCCESS:
            raise BadReply
        rows = [row for row in _list(body.get("models")) if isinstance(row, dict)]
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
    rank = _number(order.get("value") if isinstance(order, dict) else order)
    return -math.inf if rank is None else rank


def _model(row: dict[str, Any]) -> Model | None:
    """Return the model of one row of the list; None when it cannot chat, or makes no sense."""
    url = parse_address(_path(row))
    version = _dict(row.get("model_version"))
    signatures = [s for s in _list(version.get("method_signatures")) if isinstance(s, dict)]
    names = {s["name"] for s in signatures if isinstance(s.get("name"), str)}
    code = _dict(version.get("status")).get("code")
    if url is None or not names >= TRANSPORTS or code not in TRAINED:
        return None
    params = _dict(_dict(row.get("open_router_info")).get("params"))
    context = _first_number(params, CONTEXT_NAMES)
    abilities = (_tools(row), _vision(row, signatures), _reasoning(params))
    return Model.at(
        url,
        context_window=context,
        max_output_tokens=_first_number(params, OUTPUT_NAMES),
        tools=abilities[0],
        vision=abilities[1],
        reasoning=abilities[2],
        tier="live",
        source=SOURCE,
        as_of=datetime.now(UTC).date().isoformat(),
        context_source="unknown" if context is None else SOURCE,
        abilities_source="unknown" if set(abilities) == {None} else SOURCE,
    )


def _tools(row: dict[str, Any]) -> bool | None:
    use_cases = _list(row.get("use_cases"))
    return "function-calling" in use_cases if use_cases else None


def _vision(row: dict[str, Any], signatures: list[dict[str, Any]]) -> bool | None:
    fields = [_dict(f) for s in signatures for f in _list(s.get("input_fields"))]
    takes_images = any(
        f.get("name") in ("image", "images") or f.get("type") in IMAGE for f in fields
    )
    if takes_images or row.get("model_type_id") == "multimodal-to-text":
        return True
    return False if row.get("model_type_id") == "text-to-text" else None


def _reasoning(params: dict[str, Any]) -> bool | None:
    if isinstance(params.get("reasoning"), bool):
        return bool(params["reasoning"])
    features = [feature for name in FEATURE_NAMES for feature in _list(params.get(name))]
    return True if "reasoning" in features or "include_reasoning" in features else None


def _priced(models: list[Model], http: httpx.Client, pat: str, api_base: str) -> list[Model]:
    """`models`, with what Clarifai asks for them. A failure leaves the rest of them unpriced."""
    priced: list[Model] = []
    for start in range(0, len(models), PRICES_PER_REQUEST):
        batch = models[start : start + PRICES_PER_REQUEST]
        asked = [{"id": m.id, "user_id": m.owner, "app_id": m.app} for m in batch]
        url = f"{api_base}/v2/resource_prices/searches"
        try:
            body = _ask(http, "POST", url, pat, json={"models": asked})
        except ChatError:
            return priced + models[start:]
        prices: dict[str, dict[str, Any]] = {}
        for entry in _list(body.get("model_prices")):
            about = [m for m in batch if _is_about(_dict(entry), m)]
            found = _prices(entry) if len(about) == 1 else {}  # an id alone may fit several
            if found:
                prices.setdefault(about[0].url, found)
        priced += [replace(model, **prices.get(model.url, {})) for model in batch]
    return priced


def _is_about(entry: dict[str, Any], model: Model) -> bool:
    """Return whether a price names `model`. How an entry names it is undocumented: nested, or
    flat."""
    nested = _dict(entry.get("model"))
    said = entry | _dict(entry.get("user_app_id")) | nested | _dict(nested.get("user_app_id"))
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
    number = _number(millicents)
    return round(number * 10, 6) if number is not None and number > 0 else None


def _ask(http: httpx.Client, method: str, url: str, pat: str, **request: Any) -> dict[str, Any]:
    """Return the JSON object that Clarifai answers with. Raises a `ChatError` that holds no
    token."""
    if not pat:
        raise NoPat
    if not sendable(pat):
        raise OddPat
    answer = _send(http, method, url, pat, **request)
    if isinstance(answer, ChatError):
        raise answer
    if answer.is_redirect:
        raise BadReply("The server sends requests elsewhere; the access token is not sent there.")
    body = whole_data(parse(answer.text))
    code, _, _ = read_error(body)
    if answer.is_success and isinstance(body, dict) and code in (SUCCESS, None):
        return body
    if answer.is_success and code is None:
        raise BadReply
    raise meaning(
        500 if answer.is_success else answer.status_code,  # a code it does not know: their fault
        body,
        pat=pat,
        request_id=answer.headers.get("x-request-id", ""),
        retry_after_s=_number(answer.headers.get("retry-after")),
    )


def _send(
    http: httpx.Client, method: str, url: str, pat: str, **request: Any
) -> httpx.Response | ChatError:
    """Return the answer, or the error to raise: httpx's own holds the request, and so the token."""
    headers = {"Authorization": f"Key {pat}", "Accept": "application/json"}
    try:
        return http.request(method, url, headers=headers, follow_redirects=False, **request)
    except httpx.ConnectTimeout:
        return Unreachable()
    except httpx.TimeoutException:
        return TimedOut()
    except (httpx.TransportError, httpx.InvalidURL):
        return Unreachable()
    except httpx.HTTPError:  # a body that cannot be decoded
        return BadReply()


@contextmanager
def _session(client: httpx.Client | None) -> Iterator[httpx.Client]:
    if client:
        yield client
        return
    with new_client() as own:
        yield own


def new_client() -> httpx.Client:
    """Return a client that follows no redirect: another host must never see the token."""
    return httpx.Client(timeout=TIMEOUT_S, follow_redirects=False)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _number(value: Any) -> float | None:
    """Return a finite number, sent as one or as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _first_number(params: dict[str, Any], names: Iterable[str]) -> int | None:
    numbers = (_number(params.get(name)) for name in names)
    return next((int(number) for number in numbers if number and number >= 1), None)
