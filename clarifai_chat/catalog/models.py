"""The models that can be chosen: shipped and live lists merged, searched, and told in words."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from math import floor, log10
from typing import Any, Literal, Self

from clarifai_chat.config import ROOT, server_name, settings

Tier = Literal["demo", "live", "featured", "announced", "legacy", "pasted", "listed", "local"]
Server = Literal["demo", "local", "other", "Clarifai"]

SHIPPED = ROOT / "clarifai_chat" / "data" / "models.json"
DEFAULT_URL = "https://clarifai.com/openai/chat-completion/models/gpt-oss-120b-high-throughput"
SHORT_LIST_LENGTH = 8
MAX_LOCAL_IN_SHORT_LIST = 3
LOCAL = "local:"  # begins the address of a model on the operator's own server
MAX_NAME_CHARS = 256

# Families are those of LiteLLM's page on Clarifai. Clarifai itself owns a few models of others.
FAMILY_OF_ID = {"gemini": "Gemini", "gpt-5": "OpenAI", "gpt-oss": "OpenAI"}
PROVENANCE = {
    "price_source": ("input_price", "output_price"),
    "context_source": ("context_window", "max_output_tokens"),
    "abilities_source": ("tools", "vision", "reasoning", "audio"),
}


@dataclass(frozen=True, slots=True)
class Model:
    """The facts about one model. None is "unknown", and every fact says where it comes from.

    `url` is https://clarifai.com/USER/APP/models/MODEL, or "demo", or "local:NAME", or the plain
    name that a server in place of Clarifai knows. Prices are USD per 1M tokens.
    """

    url: str
    name: str
    owner: str = ""
    app: str = ""
    id: str = ""
    context_window: int | None = None
    max_output_tokens: int | None = None
    input_price: float | None = None
    output_price: float | None = None
    tools: bool | None = None
    vision: bool | None = None
    reasoning: bool | None = None
    audio: bool | None = None  # takes recordings with a question
    agentic: bool = False  # takes `mcp_servers`, whose tools Clarifai runs while it answers
    tier: Tier = "pasted"
    source: str = "unknown"
    as_of: str = ""
    price_source: str = "unknown"
    context_source: str = "unknown"
    abilities_source: str = "unknown"

    @classmethod
    def at(cls, url: str, **facts: Any) -> Self:
        """Return a model from its URL: owner, app, id and a readable name are read from it."""
        match = _ADDRESS.fullmatch(url)
        plain = url.removeprefix(LOCAL)
        owner, app, model_id = match.group("owner", "app", "id") if match else ("", "", plain)
        # Clarifai's ids have no dots.
        name = re.sub(r"(?<=\d)_(?=\d)", ".", model_id) if match else plain
        theirs = {"url": url, "owner": owner, "app": app, "id": model_id}
        return cls(**{"name": name} | facts | theirs)

    @property
    def is_demo(self) -> bool:
        return self.tier == "demo"

    @property
    def page(self) -> str | None:
        """Its page on Clarifai; models of other servers have none, nor has the Demo."""
        return self.url if self.url.startswith("https://clarifai.com/") else None

    @property
    def provider(self) -> str:
        """Who makes it, where Clarifai's address tells; else whose server it is on."""
        if self.owner:
            return _providers().get(self.owner, self.owner)
        return {"demo": "This app", "local": "Local"}.get(self.server, settings().other_host)

    @property
    def server(self) -> Server:
        return server_of(self.url)

    @property
    def family(self) -> str:
        """One of the five families of LiteLLM's page; else the Demo, or whose server it is on."""
        if self.is_demo:
            return "Demo"
        if not self.owner:
            return self.provider
        for start, family in FAMILY_OF_ID.items():
            if self.id.lower().startswith(start):
                return family
        return self.provider if self.provider in ("OpenAI", "Anthropic", "xAI") else "Open Sourced"

    @property
    def label(self) -> str:
        if self.is_demo:
            return f"{self.name}: scripted, not an LLM"
        return f"{self.name} · {self.provider}" if self.provider else self.name

    @property
    def callable_hint(self) -> str:
        """One sentence on whether it can be expected to answer."""
        return {
            "demo": "Runs inside this app: needs no token and no network.",
            "live": "Listed by Clarifai as featured.",
            "featured": f"Featured when last known ({self.as_of}); not checked live.",
            "announced": f"Announced by Clarifai ({self.as_of}); not checked live.",
            "legacy": "No longer featured: may need your own deployment.",
            "pasted": f"Not in the list: {self.host} says whether it exists when it is asked.",
            "listed": f"Listed by {self.host}.",
            "local": f"Runs on a server of this app's operator, {self.host}: needs no token.",
        }[self.tier]

    @property
    def host(self) -> str:
        """The server that answers, as a person is shown it."""
        if self.server == "local":
            return server_name(settings().local_base) or "a local server"
        return settings().other_host or "Clarifai"


DEMO = Model(
    url="demo",
    name="Demo",
    id="demo",
    input_price=0.0,
    output_price=0.0,
    tools=True,
    vision=False,
    reasoning=True,
    audio=False,
    tier="demo",
    source="scripted, runs inside this app",
    price_source="free: scripted, runs inside this app",
    abilities_source="scripted, runs inside this app",
)

# In no list, but on the page that compares: two of them can be shown without a token.
BRIEF_DEMO = replace(DEMO, url="demo:brief", id="demo:brief", name="Demo, in brief")
_DEMOS = {demo.url: demo for demo in (DEMO, BRIEF_DEMO)}


@cache
def shipped() -> tuple[Model, ...]:
    """Return the list that comes with the app: featured, then announced, then legacy. Without the
    Demo."""
    facts = Model.__dataclass_fields__
    return tuple(Model.at(**{k: v for k, v in row.items() if k in facts}) for row in _rows())


def merge(shipped: Iterable[Model], live: Iterable[Model]) -> tuple[Model, ...]:
    """`live` in its order, each gap filled from `shipped`; the rest of `shipped`; then the Demo.

    Where there is a live list, what it lacks is no longer featured. An empty one proves nothing.
    """
    known = {model.url: model for model in shipped if not model.is_demo}
    listed = {model.url: model for model in live if not model.is_demo}
    first = [_filled(row, known[url]) if url in known else row for url, row in listed.items()]
    rest = [model for url, model in known.items() if url not in listed]
    return (*first, *(replace(m, tier="legacy") if listed else m for m in rest), DEMO)


def find(models: Iterable[Model], url: str) -> Model | None:
    return next((model for model in models if model.url == url), None)


def describe(models: Sequence[Model], url: str) -> Model:
    """Return the model at `url`: listed, or typed; a version of a listed model shares its facts."""
    url = parse_address(url) or url
    if found := _DEMOS.get(url) or find(models, url):
        return found
    listed = find(models, url.partition("/versions/")[0])
    return replace(listed, url=url, tier="pasted") if listed else Model.at(url)


# Clarifai's ids hold letters, digits, - and _. A dot is taken in a model's id only, so that a host
# never passes for a user.
_ADDRESS = re.compile(
    r"(?:openai/)?(?:(?i:(?:https?://)?(?:www\.)?clarifai\.com)/)?(?P<path>"
    r"(?P<owner>[A-Za-z0-9_-]{1,128})/(?P<app>[A-Za-z0-9_-]{1,128})"
    r"/models/(?P<id>[A-Za-z0-9_-][A-Za-z0-9._-]{0,127})(?:/versions/[A-Za-z0-9_-]{1,128})?"
    r")/?(?:[?#].*)?"
)
_DOTTED = re.compile(r"clarifai/([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9._-]+)")


def parse_address(text: str) -> str | None:
    """Return the address of the model that a person types, pastes or puts into a link.

    That is "demo" or "demo:brief", "local:NAME" where the operator has a local server, and what the
    server of visitors' keys knows: `clarifai_address(text)`, or any name where that server is not
    Clarifai. None for everything else.
    """
    text = text.strip(" \t\r\n")
    if text.lower() in _DEMOS:
        return text.lower()
    if text.startswith(LOCAL):
        is_known = settings().local_base and _is_name(text.removeprefix(LOCAL))
        return text if is_known else None
    if settings().other_base:
        return text if _is_name(text) else None
    return clarifai_address(text)


def server_of(url: str) -> Server:
    """Return which server answers for the model at this address."""
    if url in _DEMOS:
        return "demo"
    if url.startswith(LOCAL):
        return "local"
    return "other" if settings().other_base else "Clarifai"


def wire_name(url: str) -> str:
    """Return the model's name as its server knows it."""
    before = {"local": LOCAL, "Clarifai": "openai/"}.get(server_of(url), "")
    return url.removeprefix(before)


def _is_name(text: str) -> bool:
    return 0 < len(text) <= MAX_NAME_CHARS and text.isprintable() and text == text.strip()


def clarifai_address(text: str) -> str | None:
    """Return the canonical URL of a model on Clarifai.

    Takes Clarifai's URLs and paths, with `openai/` before them or not, and litellm's
    `clarifai/user.app.model`. None for everything else: other hosts, users in URLs, blanks.
    """
    text = text.strip(" \t\r\n")
    if " " in text or not text.isprintable():
        return None
    if match := _ADDRESS.fullmatch(text):
        return f"https://clarifai.com/{match['path']}"
    dotted = _DOTTED.sub(r"\1/\2/models/\3", text) if _DOTTED.fullmatch(text) else ""
    return clarifai_address(dotted) if dotted else None


def search(
    models: Iterable[Model],
    text: str,
    *,
    tools: bool = False,
    vision: bool = False,
    reasoning: bool = False,
) -> list[Model]:
    """Return the models in which every word of `text` occurs, and that are known for what is
    asked."""
    words = [word for word in map(_letters, text.split()) if word]
    return [
        model
        for model in models
        if (model.tools or not tools)
        and (model.vision or not vision)
        and (model.reasoning or not reasoning)
        and all(word in _search_key(model) for word in words)
    ]


def short_list(
    models: Sequence[Model], favourites: Iterable[str] = (), recent: Iterable[str] = ()
) -> list[Model]:
    """Return what a picker shows first: favourites, recent, local and featured ones, the Demo.

    `favourites` and `recent` are addresses. Every favourite is shown, however many, and every model
    where there are few.
    """
    starred = [describe(models, url) for url in favourites]
    used = [describe(models, url) for url in recent]
    local = [m for m in models if m.tier == "local"][:MAX_LOCAL_IN_SHORT_LIST]
    featured = [m for m in models if m.tier in ("live", "listed")] or sorted(
        (m for m in models if m.tier == "featured"),
        key=lambda m: (m.url != DEFAULT_URL, not m.tools),
    )
    few = models if len(models) <= SHORT_LIST_LENGTH else ()
    found = (*starred, *used, *local, *featured, *few)
    rows = {model.url: model for model in found if not model.is_demo}
    length = max(SHORT_LIST_LENGTH - 1, len({model.url for model in starred} - {DEMO.url}))
    return [*list(rows.values())[:length], DEMO]


def by_provider(models: Iterable[Model]) -> dict[str, list[Model]]:
    """Models under their provider's name, in their order; legacy ones last, in each and overall."""
    groups: dict[str, list[Model]] = {}
    for model in sorted(models, key=lambda m: m.tier == "legacy"):
        groups.setdefault(model.provider, []).append(model)
    return groups


def context_text(model: Model) -> str:
    """ "131k context"; rounded down, so that it never promises too much."""
    tokens = model.context_window
    if tokens is None:
        return "context unknown"
    if tokens >= 1_000_000:
        return f"{floor(tokens / 100_000) / 10:g}M context"
    return f"{tokens // 1000}k context" if tokens >= 1000 else f"{tokens} context"


def price_text(model: Model) -> str:
    """ "$0.09 in · $0.36 out per 1M"; an unknown price is said to be unknown, never 0."""
    if model.is_demo or model.input_price == model.output_price == 0:
        return "free"
    if model.input_price is None and model.output_price is None:
        return "price unknown"
    return f"{_dollars(model.input_price)} in · {_dollars(model.output_price)} out per 1M"


def abilities_text(model: Model) -> str:
    """ "tools · no vision · reasoning unknown"."""
    facts = {"tools": model.tools, "vision": model.vision, "reasoning": model.reasoning}
    if set(facts.values()) == {None}:
        return "abilities unknown"
    words = {True: "{}", False: "no {}", None: "{} unknown"}
    said = [words[known].format(ability) for ability, known in facts.items()]
    return " · ".join([*said, "audio"] if model.audio else said)  # most models do not hear


def age_text(seconds: float) -> str:
    """ "just now", "3 min ago", "2 h ago", "1 d ago"."""
    for length, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit} ago"
    return "just now"


def _rows() -> Any:
    return json.loads(SHIPPED.read_text("utf-8"))["models"]


@cache
def _providers() -> dict[str, str]:
    return {row["owner"]: row["provider"] for row in _rows()}


def _filled(live: Model, shipped: Model) -> Model:
    """`live`, with what it does not know from `shipped`; its own name is only its id."""
    # The live list does not say which models are agentic.
    facts: dict[str, Any] = {"name": shipped.name, "agentic": shipped.agentic}
    for source, names in PROVENANCE.items():
        gaps = [name for name in names if getattr(live, name) is None]
        gained = {name: fact for name in gaps if (fact := getattr(shipped, name)) is not None}
        if gained:
            facts |= gained | {source: getattr(shipped, source)}
            if len(gaps) < len(names):
                what = ", ".join(gained).replace("_", " ")
                facts[source] = f"{getattr(live, source)}; {what}: {facts[source]}"
    return replace(live, **facts)


@lru_cache(maxsize=4096)
def _search_key(model: Model) -> str:
    """Return a model's words, each bare of punctuation; blanks keep a word from matching across
    two."""
    words = (model.name, model.id, model.owner, model.provider, model.family)
    return " ".join(map(_letters, words))


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _dollars(price: float | None) -> str:
    """Three significant digits, at least cents: $0.09, $0.115, $12.50."""
    if not price:
        return "unknown" if price is None else "free"
    places = max(2, 2 - floor(log10(price)))
    whole, _, cents = f"{price:,.{places}f}".partition(".")
    return f"${whole}.{cents.rstrip('0'):0<2}"
