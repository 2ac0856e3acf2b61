"""The access token as people paste it: cleaned, looked at, masked. Nothing here keeps it."""

import re

# Zero-width and other invisible characters that web pages and chat programs add.
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_AROUND = " \t\r\n\v\f\u00a0\u2028\u2029\"'`´‘’‚‛“”„‟«»‹›"  # noqa: RUF001 (quotes, as pasted)
_BEFORE = re.compile(
    r"(?:export\s+|os\.environ\[[\"'])?CLARIFAI_(?:PAT|API_KEY)[\"'\]]*\s*[:=]"
    r"|authorization\s*[:=]|(?:bearer|key)\s+",
    re.IGNORECASE,
)


def clean(text: str) -> str:
    """The token in what was pasted, without blanks, quotes, `Key ` or `CLARIFAI_PAT=` around it."""
    text, pasted = _INVISIBLE.sub("", text), None
    while text != pasted:
        pasted = text
        text = text.strip(_AROUND)
        if before := _BEFORE.match(text):
            text = text[before.end() :]
    return text


def odd(pat: str) -> str:
    """One sentence of warning when `pat` does not look like Clarifai's tokens, else "".

    Never a reason to refuse it: Clarifai documents no format.
    """
    if not pat or re.fullmatch(r"[0-9a-f]{32}", pat):
        return ""
    if len(pat) != 32:
        return f"Clarifai's tokens have 32 characters as a rule; this one has {len(pat)}."
    return "Clarifai's tokens are made of 0-9 and a-f as a rule; this one has other characters."


def stands_in(text: str) -> bool:
    """Whether something in `text` looks like one of Clarifai's tokens."""
    return bool(re.search(r"(?<![0-9A-Za-z])[0-9a-fA-F]{32}(?![0-9A-Za-z])", text))


def sendable(pat: str) -> bool:
    """Whether a request header can carry `pat`: printable ASCII, no blanks, and not empty."""
    return bool(pat) and all("!" <= character <= "~" for character in pat)


def masked(pat: str) -> str:
    """ "…" and the last four characters; "…" alone for a token so short that they would tell it."""
    return "…" + (pat[-4:] if len(pat) >= 8 else "")
