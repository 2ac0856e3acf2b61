"""Read the operator's settings: the environment and .env, once, into one frozen Settings.

Nothing in `.env` enters the process environment, where every library and every visitor's session
could see it.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from ipaddress import IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from clarifai_chat.dotenv_file import BadFile, read_lines, remarks_on, remarks_on_environment

ROOT = Path(__file__).parent.parent
DOTENV = ROOT / ".env"
LEVELS = ("debug", "info", "warning", "error")
_OWN_PATHS = {"_stcore", "app", "auth", "component", "healthz", "livez", "media", "metrics"}
_OWN_PATHS |= {"oauth2callback", "readyz", "shared", "static"} | {
    page.stem for page in (ROOT / "pages").glob("*.py")
}


class BadSettings(ValueError):
    """The operator's settings cannot be used; `str(error)` names each one and what it may be."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting, with its default. Each field is documented in README's table of settings."""

    api_base: str = "https://api.clarifai.com"
    host: str = "127.0.0.1"
    port: int = 8501
    base_path: str = ""  # with a slash at its beginning, and none at its end
    other_base: str = ""  # an OpenAI-compatible API that is not Clarifai's
    other_key: str = field(default="", repr=False)
    local_base: str = ""
    shared_pat: str = field(default="", repr=False)
    allow_shared_pat: bool = False
    shared_pat_session_limit: int = 20
    shared_pat_hour_limit: int = 100
    shared_pat_budget_usd: float = 0.0  # a day; 0 is no limit
    shared_pat_price_usd: float = 0.0  # per million tokens of a model without a known price
    shared_pat_models: str = ""
    default_model: str = ""
    reply_lease_s: float = 150.0
    drain_s: float = 120.0
    reply_timeout_s: float = 120.0
    max_replies: int = 200
    max_reply_chars: int = 1_000_000
    max_conversation_chars: int = 5_000_000
    max_memory_mb: int = 4096
    max_session_uploads_mb: int = 200
    max_uploads_mb: int = 1000
    history: bool = True
    history_days: int = 0
    sharing: bool = False  # pages that visitors share, for whoever has the link
    database_url: str = field(default="", repr=False)  # a password may be in it
    trusted_proxies: str = ""
    trusted_user_header: str = ""
    allowed_origins: str = ""
    frame_ancestors: str = "'self'"
    mcp_hosts: str = ""  # those that visitors may name, with a port or without, and spaces between
    welcome_file: str = ""  # the greeting and the starters of an empty chat
    demos_dir: str = ""  # demos of the operator's own, beside the shipped ones
    log_level: str = "info"
    log_format: str = "lines"
    metrics_token: str = field(default="", repr=False)

    @property
    def openai_base(self) -> str:
        """The OpenAI-compatible API that visitors' keys are for: Clarifai's, or another server's.

        Source of Clarifai's path: its docs, compute/inference/open-ai.
        """
        return self.other_base or f"{self.api_base}/v2/ext/openai/v1"

    @property
    def other_host(self) -> str:
        """The host and port of the server in place of Clarifai; "" where it is Clarifai."""
        return server_name(self.other_base)

    @property
    def shared_key(self) -> str:
        """The operator's key for `openai_base`; a Clarifai token is for Clarifai alone."""
        return self.other_key if self.other_base else self.shared_pat


def load_settings(environ: Mapping[str, str], dotenv: Path | None = None) -> Settings:
    """Settings from `environ`, and from the file `dotenv` for what the environment leaves unset.

    An empty value counts as unset. Raises `BadSettings` naming every value that cannot be used.
    """
    values: dict[str, str] = {}
    try:
        lines = read_lines(dotenv) if dotenv else []
    except BadFile as error:
        raise BadSettings(str(error)) from None
    for source in ({line.name: line.value for line in lines}, environ):
        values |= {name: text.strip() for name, text in source.items() if text.strip()}
    settings: dict[str, Any] = {}
    wrong: list[str] = []
    for name, (attribute, read) in _READERS.items():
        if name in values:
            try:
                settings[attribute] = read(values[name])
            except ValueError as error:
                wrong.append(f"{name} {error}")
    if wrong:
        raise BadSettings("; ".join(wrong))
    return Settings(**settings)


@cache
def settings() -> Settings:
    """This process's settings, read on first use."""
    return load_settings(os.environ, DOTENV)


def remarks() -> list[str]:
    """Return a sentence on each name in .env or the environment that sets nothing."""
    try:
        lines = read_lines(DOTENV)
    except BadFile:  # `settings` says so
        lines = []
    return [*remarks_on(lines, SETTING_NAMES), *remarks_on_environment(os.environ, SETTING_NAMES)]


def in_force() -> str:
    """Return the settings that differ from their defaults, without secrets, for a log."""
    secret = {field.name for field in fields(Settings) if not field.repr}
    told = []
    for name, (attribute, _) in _READERS.items():
        value = getattr(settings(), attribute)
        if value != getattr(Settings(), attribute):
            shown = re.sub(r"//[^/]*@", "//", str(value))
            told.append(f"{name}={'(set)' if attribute in secret else shown}")
    return ", ".join(told) or "defaults"


_listening: list[str] = []


def announce(host: str) -> None:
    """The server says which address it listens on; only it can know."""
    _listening[:] = [host]


def announced() -> str:
    """Return the address that the server listens on; "" if it is not known."""
    return _listening[0] if _listening else ""


def is_loopback(host: str) -> bool:
    """Return whether `host`, a name or an address without its port, is this machine alone.

    A name counts only if it is `localhost`: anybody can own a name that begins with "127.".
    """
    if host.lower() == "localhost":
        return True
    try:
        address = ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def host_of(header: str) -> str:
    """Return the name or address in a Host header, without its port; "" if there is none."""
    try:
        parts = urlsplit(f"//{header}")
        return "" if parts.username is not None else parts.hostname or ""
    except ValueError:
        return ""


def server_name(url: str) -> str:
    """Return the host and port in a URL, as a person is shown them."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _text(text: str) -> str:
    return text


# Clarifai's docs name the base with its path.
_PATH = re.compile(r"/v2(/ext(/openai(/v1(/chat/completions)?)?)?)?$")


def _address(text: str, example: str) -> str:
    base = text.rstrip("/")
    try:
        parts = urlsplit(base)
        named = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        named = False
    if not named or any(c.isspace() or c in "?#" for c in base):
        raise ValueError(f"must be an address such as {example}")
    return base


def _origin(text: str) -> str:
    return _PATH.sub("", _address(text, "https://api.clarifai.com"))


def _base(text: str) -> str:
    base = _address(text, "http://127.0.0.1:4000/v1")
    if base.endswith(("/chat/completions", "/models")):
        raise ValueError("must end before /chat/completions, as in http://127.0.0.1:4000/v1")
    return base


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(text)

    return read


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 < seconds <= 86_400:
        raise ValueError("must be a number of seconds, more than 0 and at most 86400")
    return seconds


def _usd(text: str) -> float:
    try:
        usd = float(text.removeprefix("$"))
    except ValueError:
        usd = -1
    if not 0 <= usd <= 1_000_000:
        raise ValueError("must be a number of US dollars from 0 to 1000000")
    return usd


def _one_word(text: str) -> str:
    if len(text.split()) != 1:
        raise ValueError("must be one model, as on the Models page")
    return text


def _yes_or_no(text: str) -> bool:
    if text.lower() not in ("true", "false", "yes", "no", "on", "off", "1", "0"):
        raise ValueError("must be true or false")
    return text.lower() in ("true", "yes", "on", "1")


def _one_line(text: str) -> str:
    if any(c in text for c in ";,\r\n"):
        raise ValueError("must be a list of origins separated by spaces")
    return text


def _hosts(text: str) -> str:
    hosts = text.replace(",", " ").split()
    for each in hosts:
        try:
            parts = urlsplit(f"//{each}")
            is_host = parts.netloc == each and parts.hostname and parts.port != 0
        except ValueError:
            is_host = False
        if not is_host or not re.fullmatch(r"[A-Za-z0-9.:_\[\]-]+", each):
            raise ValueError("must be hosts separated by spaces, such as tools.example.com:8443")
    return " ".join(hosts)


def _level(text: str) -> str:
    if text.lower() not in LEVELS:
        raise ValueError("must be debug, info, warning or error")
    return text.lower()


def _format(text: str) -> str:
    if text.lower() not in ("lines", "json"):
        raise ValueError("must be lines or json")
    return text.lower()


def _long_word(text: str) -> str:
    if not re.fullmatch(r"[!-~]{16,}", text):
        raise ValueError("must be 16 characters or more, without spaces")
    return text


def _database(text: str) -> str:
    if not re.match(r"(sqlite(\+\w+)?:///|postgres(ql)?(\+\w+)?://)", text):
        raise ValueError("must be an address such as postgresql://name:password@host/database")
    return text


def _origins(text: str) -> str:
    origins = [each.rstrip("/") for each in text.replace(",", " ").split()]
    try:
        parts = [urlsplit(each) for each in origins]
        ports = [part.port for part in parts]
    except ValueError:
        parts, ports = [], []
    plain = [f"{part.scheme}://{part.netloc}" for part in parts if part.hostname]
    if plain != origins or len(ports) != len(origins) or any("@" in each for each in plain):
        raise ValueError("must be origins separated by spaces, such as https://chat.example.com")
    return " ".join(origins)


def _path(text: str) -> str:
    parts = text.strip("/").split("/")
    if parts == [""]:
        return ""
    if parts[0] in _OWN_PATHS or not all(re.fullmatch(r"[A-Za-z0-9_~-][\w.~-]*", p) for p in parts):
        raise ValueError("must be a path such as /chat, and not the name of a page or of a route")
    return "/" + "/".join(parts)


def _header(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9-]+", text):
        raise ValueError("must be the name of a header, such as X-Forwarded-User")
    return text


def _addresses(text: str) -> str:
    try:
        for each in text.replace(",", " ").split():
            ip_network(each)
    except ValueError:
        message = "must be addresses or networks, such as 10.0.0.5 or 10.0.0.0/8"
        raise ValueError(message) from None
    return text


# The name an operator types → the field it sets, and how its text is read.
_READERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "CLARIFAI_API_BASE": ("api_base", _origin),
    "CLARIFAI_OPENAI_BASE": ("other_base", _base),
    "CLARIFAI_OPENAI_KEY": ("other_key", _text),
    "LOCAL_API_BASE": ("local_base", _base),
    "CLARIFAI_PAT": ("shared_pat", _text),
    "ALLOW_SHARED_PAT": ("allow_shared_pat", _yes_or_no),
    "SHARED_PAT_SESSION_LIMIT": ("shared_pat_session_limit", _whole(0, 1_000_000)),
    "SHARED_PAT_HOUR_LIMIT": ("shared_pat_hour_limit", _whole(0, 1_000_000)),
    "SHARED_PAT_BUDGET_USD": ("shared_pat_budget_usd", _usd),
    "SHARED_PAT_PRICE_USD": ("shared_pat_price_usd", _usd),
    "SHARED_PAT_MODELS": (
        "shared_pat_models",
        lambda text: " ".join(text.replace(",", " ").split()),
    ),
    "DEFAULT_MODEL": ("default_model", _one_word),
    "HOST": ("host", _text),
    "PORT": ("port", _whole(1, 65_535)),
    "BASE_PATH": ("base_path", _path),
    "REPLY_LEASE_S": ("reply_lease_s", _seconds),
    "DRAIN_S": ("drain_s", _seconds),
    "REPLY_TIMEOUT_S": ("reply_timeout_s", _seconds),
    "MAX_REPLIES": ("max_replies", _whole(1, 100_000)),
    "MAX_REPLY_CHARS": ("max_reply_chars", _whole(1000, 1_000_000_000)),
    "MAX_CONVERSATION_CHARS": ("max_conversation_chars", _whole(1000, 1_000_000_000)),
    "MAX_MEMORY_MB": ("max_memory_mb", _whole(0, 1_000_000)),
    "MAX_SESSION_UPLOADS_MB": ("max_session_uploads_mb", _whole(1, 1_000_000)),
    "MAX_UPLOADS_MB": ("max_uploads_mb", _whole(1, 1_000_000)),
    "HISTORY": ("history", _yes_or_no),
    "HISTORY_DAYS": ("history_days", _whole(0, 36_500)),
    "SHARING": ("sharing", _yes_or_no),
    "DATABASE_URL": ("database_url", _database),
    "TRUSTED_PROXIES": ("trusted_proxies", _addresses),
    "TRUSTED_USER_HEADER": ("trusted_user_header", _header),
    "ALLOWED_ORIGINS": ("allowed_origins", _origins),
    "FRAME_ANCESTORS": ("frame_ancestors", _one_line),
    "MCP_HOSTS": ("mcp_hosts", _hosts),
    "WELCOME_FILE": ("welcome_file", _text),
    "DEMOS_DIR": ("demos_dir", _text),
    "LOG_LEVEL": ("log_level", _level),
    "LOG_FORMAT": ("log_format", _format),
    "METRICS_TOKEN": ("metrics_token", _long_word),
}
SETTING_NAMES = tuple(_READERS)
