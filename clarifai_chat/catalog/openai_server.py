"""List the models of an OpenAI-compatible server other than Clarifai: a proxy, or a local one."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

import httpx

from clarifai_chat.catalog.json_api import (
    TIMEOUT_S,
    ask,
    dict_of,
    first_whole,
    list_of,
    number_of,
    session,
)
from clarifai_chat.catalog.models import LOCAL, Model, parse_address, server_of
from clarifai_chat.config import server_name
from clarifai_chat.errors import ChatError, UnknownName

# What servers call the context window in a list of models: LiteLLM, vLLM, llama.cpp, OpenRouter.
CONTEXT_NAMES = ("max_input_tokens", "max_model_len", "n_ctx", "context_length", "context_window")
MAX_MODELS = 2000


def list_models(key: str, base: str, *, client: httpx.Client | None = None) -> list[Model]:
    """Return the models that the server at `base` lists for `key`.

    The names that a LiteLLM Proxy invents for a wildcard are left out; what its `/model/info` says
    of a model is taken over. Empty for a server without a list. Raises a `ChatError`.
    """
    source = server_name(base)
    with session(client) as http:
        rows = _rows(http, key, base)
        infos = _litellm_infos(http, key, base) if rows else []
    hidden = _invented(rows, infos)
    found = []
    for name, row in rows.items():
        if name not in hidden and parse_address(name) == name and server_of(name) == "other":
            info = next((i for i in infos if i.get("model_name") == name), {})
            found.append(_listed(name, row, dict_of(info.get("model_info")), source))
    return found


def _invented(names: Iterable[str], infos: list[dict[str, Any]]) -> set[str]:
    """Return the names that a proxy made up for a wildcard, and the wildcards themselves.

    Seen: `/model/info` tells of each such name as of the same deployment; older proxies tell of the
    wildcard there.
    """
    names_of: dict[str, set[str]] = {}  # deployment → the names under which it is told of
    for info in infos:
        name = str(info.get("model_name"))
        names_of.setdefault(str(dict_of(info.get("model_info")).get("id") or name), set()).add(name)
    own = {name for each in names_of.values() if len(each) == 1 for name in each}
    shared = {name for each in names_of.values() if len(each) > 1 for name in each}
    wildcards = {name for name in (*names, *own) if "*" in name}
    if infos:
        shared |= {name for name in names if any(fnmatchcase(name, each) for each in wildcards)}
    return (shared - own) | wildcards


def list_local(
    key: str, base: str, *, timeout_s: float = TIMEOUT_S, client: httpx.Client | None = None
) -> list[Model]:
    """Return the models of the operator's own server, with what llama.cpp says of its one."""
    source = server_name(base)
    with session(client, timeout_s) as http:
        rows = _rows(http, key, base)
        props = _llama_props(http, key, base) if len(rows) == 1 else {}
    return [_local(name, row, props, source) for name, row in rows.items()]


def _rows(http: httpx.Client, key: str, base: str) -> dict[str, dict[str, Any]]:
    """Return name → what `/models` says of it, in the server's order."""
    try:
        body = ask(http, "GET", f"{base}/models", key, scheme="Bearer")
    except UnknownName:  # 404: there is no list
        return {}
    rows = [dict_of(row) for row in list_of(body.get("data"))]
    return {row["id"]: row for row in rows if isinstance(row.get("id"), str)}


def _litellm_infos(http: httpx.Client, key: str, base: str) -> list[dict[str, Any]]:
    """Return the deployments that a LiteLLM Proxy tells of; empty for other servers."""
    try:
        body = ask(http, "GET", f"{base}/model/info", key, scheme="Bearer")
    except ChatError:
        return []
    return [dict_of(info) for info in list_of(body.get("data"))]


def _llama_props(http: httpx.Client, key: str, base: str) -> dict[str, Any]:
    """Return what llama.cpp's server says of its model; empty for other servers."""
    try:
        return ask(http, "GET", f"{re.sub('/v1$', '', base)}/props", key, scheme="Bearer")
    except ChatError:
        return {}


def _listed(name: str, row: dict[str, Any], info: dict[str, Any], source: str) -> Model:
    prices = (_price(info.get("input_cost_per_token")), _price(info.get("output_cost_per_token")))
    abilities = {
        "tools": _yes_or_no(info.get("supports_function_calling")),
        "vision": _yes_or_no(info.get("supports_vision")),
        "reasoning": _yes_or_no(info.get("supports_reasoning")),
        "audio": _yes_or_no(info.get("supports_audio_input")),
    }
    context = first_whole(info, CONTEXT_NAMES) or _context(row)
    return Model.at(
        name,
        **abilities,
        context_window=context,
        max_output_tokens=first_whole(info, ["max_output_tokens"]),
        input_price=prices[0],
        output_price=prices[1],
        tier="listed",
        source=source,
        price_source=_source(prices, source),
        context_source=_source([context], source),
        abilities_source=_source(abilities.values(), source),
    )


def _local(name: str, row: dict[str, Any], props: dict[str, Any], source: str) -> Model:
    caps = dict_of(props.get("chat_template_caps"))
    abilities = {
        "tools": _yes_or_no(caps.get("supports_tools")),
        "vision": _yes_or_no(dict_of(props.get("modalities")).get("vision")),
        "audio": _yes_or_no(dict_of(props.get("modalities")).get("audio")),
    }
    context = first_whole(dict_of(props.get("default_generation_settings")), CONTEXT_NAMES)
    context = context or _context(row)
    return Model.at(
        LOCAL + name,
        name=name.rpartition("/")[2] if name.endswith(".gguf") else name,  # a path of llama.cpp's
        **abilities,
        context_window=context,
        input_price=0.0,
        output_price=0.0,
        tier="local",
        source=source,
        price_source="the operator's own server",
        context_source=_source([context], source),
        abilities_source=_source(abilities.values(), source),
    )


def _context(row: dict[str, Any]) -> int | None:
    return first_whole(row, CONTEXT_NAMES) or first_whole(dict_of(row.get("meta")), CONTEXT_NAMES)


def _price(usd_per_token: Any) -> float | None:
    """USD per 1M tokens. A proxy says 0 of a model whose price it does not know."""
    number = number_of(usd_per_token)
    return round(number * 1_000_000, 6) if number is not None and number > 0 else None


def _yes_or_no(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _source(facts: Iterable[Any], source: str) -> str:
    return source if any(fact is not None for fact in facts) else "unknown"
