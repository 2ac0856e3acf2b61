"""Find the body in a curl command. Its server, headers and key are never read."""

import re
import shlex

BODY_OPTIONS = ("-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--json")
_ANSI = re.compile(r"\$'((?:[^'\\]|\\.)*)'", re.DOTALL)  # as browsers copy text with a quote in it
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


class NoBody(ValueError):
    """A curl command without a body. Its message is a sentence for the reader."""


def is_curl(text: str) -> bool:
    """Return whether a text begins like a curl command."""
    return bool(re.match(r"\s*(?:\$\s+)?curl(?:\.exe)?\s", text))


def body(text: str) -> str:
    """Return the body in a curl command. Raises `NoBody`."""
    joined = re.sub(r"[\\^]\r?\n", " ", _ANSI.sub(_quoted, text))
    try:
        words = shlex.split(joined)
    except ValueError:
        raise NoBody("The curl command is not complete: a quote is not closed.") from None
    bodies: list[str] = []
    for number, word in enumerate(words):
        option, _, value = word.partition("=")
        if word in BODY_OPTIONS and number + 1 < len(words):
            bodies.append(words[number + 1])
        elif option in BODY_OPTIONS[1:] and value:
            bodies.append(value)
        elif re.match(r"-d.", word):
            bodies.append(word[2:])
    if not bodies:
        raise NoBody("The curl command has no body: it needs --data with the request's JSON.")
    if bodies[0].startswith("@"):
        raise NoBody(
            f"The curl command reads its body from the file {bodies[0][1:]}: paste what is in it."
        )
    return "&".join(bodies)


def _quoted(match: re.Match[str]) -> str:
    """Return text in `$'…'` as a plain shell word."""

    def plain(escape: re.Match[str]) -> str:
        code = escape[1]
        if len(code) > 1:
            return chr(int(code[1:], 16))
        return _ESCAPES.get(code, code)

    text = _ESCAPE.sub(plain, match[1])
    # Two escapes make one character beyond the 65,536 first ones.
    return shlex.quote(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
