"""Read and write the parameters of a chat's URL. A stranger may have written it."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from urllib.parse import quote, urlencode, urlsplit

from clarifai_chat.access_token import may_hold

MAX_CHARS = 4_000  # of each text; browsers and proxies take more, but many mail programs do not

# Invisible to people, but read by models: zero-width and direction characters, and Unicode's tags,
# which can hide whole sentences. Not the joiners that some scripts need.
_UNSEEN = re.compile(
    "[\u00ad\u180e\ufe00-\ufe0d\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)


class BadLink(ValueError):
    """A bad address. Its text tells the reader what in it was not used, and why."""


def read(found: str, what: str, secret: str = "") -> str:
    """Return a cleaned text of an address; `what` names it in a `BadLink`."""
    if len(found) > MAX_CHARS:
        raise BadLink(
            f"The {what} in this page's address was not used: it has {len(found):,} characters,"
            f" more than the limit of {MAX_CHARS:,}."
        )
    text = clean(found)
    if may_hold(text, secret):
        raise BadLink(
            f"The {what} in this page's address was not used: something in it looks like an access"
            " token. Addresses end up in histories and logs; if it is yours, create a new one."
        )
    return text


def clean(text: str) -> str:
    """Return `text` without invisible characters, other than line breaks and tabs."""
    text = _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(sign for sign in text if sign in "\n\t" or _is_seen(sign)).strip()


def to(page: str, carried: Mapping[str, str]) -> str | None:
    """Return the page's address with these parameters; None if it would be too long."""
    if any(len(text) > MAX_CHARS for text in carried.values()):
        return None
    query = urlencode({name: text for name, text in carried.items() if text}, quote_via=quote)
    return f"{page}?{query}" if query else page


def passed_on(page: str, carried: Mapping[str, str]) -> str:
    """Return an address for a file that others get: with these parameters if it stays short.

    Returns the bare `page` if something in a parameter may be an access token.
    """
    if not page or any(map(may_hold, carried.values())):
        return page
    address = to(page, carried)
    return address if address and len(address) <= MAX_CHARS else page


def app_address(url: str, pages: Collection[str]) -> str:
    """Return the app's address, with a slash at its end, from that of one of its pages.

    Without credentials and parameters; "" if `url` is not an address on the web.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    host, path = parts.netloc.rpartition("@")[2], parts.path.rstrip("/")
    if parts.scheme not in ("http", "https") or not host:
        return ""
    folder, _, last = path.rpartition("/")
    return f"{parts.scheme}://{host}{folder if last in pages else path}/"


def _is_seen(sign: str) -> bool:
    return unicodedata.category(sign) not in ("Cc", "Cs", "Cn", "Co")
