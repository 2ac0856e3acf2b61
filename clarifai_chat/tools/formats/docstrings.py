"""Read docstrings in Google's, NumPy's, Sphinx's and Epydoc's styles."""

import re
from typing import NamedTuple

import docstring_parser

_WRAPPED = re.compile(r"(?<!\n)\n(?!\n)[ \t]*")  # one paragraph, in several lines
MAX_CHARS = 20_000  # the parser's expressions are for docstrings, not for books


class Docstring(NamedTuple):
    """What a docstring says: about the whole, and about each parameter or attribute."""

    text: str = ""
    parameters: dict[str, str] = {}  # noqa: RUF012 - the empty default is never changed
    types: dict[str, str] = {}  # noqa: RUF012 - as written, of parameters without a hint


def read(docstring: str | None) -> Docstring:
    """Return the parts of a docstring; all of it is text if it has no known style."""
    if not docstring:
        return Docstring()
    whole = docstring.strip()
    if len(docstring) > MAX_CHARS:
        return Docstring(whole[:MAX_CHARS])
    try:
        found = docstring_parser.parse(docstring)
    except (docstring_parser.ParseError, ValueError, IndexError, KeyError, AttributeError):
        return Docstring(whole)
    parts = [part for part in (found.short_description, found.long_description) if part]
    gap = "\n\n" if found.blank_after_short_description else "\n"
    parameters = {
        each.arg_name.lstrip("*"): _WRAPPED.sub(" ", each.description)
        for each in found.params
        if each.arg_name and each.description
    }
    types = {
        each.arg_name.lstrip("*"): each.type_name.removesuffix(", optional")
        for each in found.params
        if each.arg_name and each.type_name
    }
    return Docstring(gap.join(parts).strip(), parameters, types)
