"""Read and write the parameters of a chat's URL. A stranger may have written it."""

import re
import unicodedata
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from clarifai_chat.access_token import may_hold

MAX_CHARS = 4_000  # of each text; browsers and proxies take more, mail programs often do not

# What no eye sees and a model reads: zero-width signs, signs that turn the direction of the text,
# and the tags of Unicode, in which whole sentences can be hidden. Not the joiners of scripts.
_UNSEEN = re.compile(
    "[\u00ad\u180e\ufe00-\ufe0d\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)


class BadLink(ValueError):
    """Its text is a sentence for the reader: what was not taken from the address, and why."""


def read(found: str, what: str, secret: str = "") -> str:
    """Return a text of an address as it is used; `what` names it in the sentence of a `BadLink`."""
    if len(found) > MAX_CHARS:
        raise BadLink(
            f"The {what} in this page's address was not taken: it has {len(found):,} characters,"
            f" and up to {MAX_CHARS:,} are."
        )
    text = clean(found)
    if may_hold(text, secret):
        raise BadLink(
            f"The {what} in this page's address was not taken: something in it looks like an access"
            " token. Addresses are kept in histories and logs; if it is yours, make a new one."
        )
    return text


def clean(text: str) -> str:
    """`text` without what is not seen: control characters and their like; line breaks stay."""
    text = _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(sign for sign in text if sign in "\n\t" or _is_seen(sign)).strip()


def to(page: str, carried: Mapping[str, str]) -> str | None:
    """Return the page's address with what it carries; None where that is too long for one."""
    if any(len(text) > MAX_CHARS for text in carried.values()):
        return None
    query = urlencode({name: text for name, text in carried.items() if text}, quote_via=quote)
    return f"{page}?{query}" if query else page


def _is_seen(sign: str) -> bool:
    return unicodedata.category(sign) not in ("Cc", "Cs", "Cn", "Co")
