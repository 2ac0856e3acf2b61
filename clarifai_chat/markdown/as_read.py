"""Return Markdown as its reader sees it, as text: for searches."""

from collections.abc import Iterator

from markdown_it.token import Token

from clarifai_chat.markdown.formulas import without_marks
from clarifai_chat.markdown.grammar import grammar
from clarifai_chat.text import whole

_parser = grammar()


def as_read(text: str) -> str:
    """Return the words of `text` without markup, a block to a line, and then where its links lead.

    Code and formulas are as written. An address that is in the text is not repeated.
    """
    tokens = _parser.parse(whole(text))
    words = "\n".join(line for token in tokens for line in _words(token))
    targets = [target for token in tokens for target in _targets(token) if target not in words]
    return "\n".join([words, *dict.fromkeys(targets)])


def _words(token: Token) -> Iterator[str]:
    if token.children is not None:
        yield "".join(map(_piece, token.children))
    elif token.type in ("fence", "code_block"):
        yield token.info
        yield token.content
    elif token.type == "formula_block":
        yield without_marks(token.content)


def _piece(token: Token) -> str:
    if token.type in ("softbreak", "hardbreak"):
        return "\n"
    if token.type == "formula":
        return without_marks(token.content)
    if token.type in ("task", "note_mark"):
        return ""
    return token.content


def _targets(token: Token) -> Iterator[str]:
    for each in token.children or ():
        if target := each.attrs.get("href") or each.attrs.get("src"):
            yield _parser.normalizeLinkText(str(target))
