"""Render Markdown as HTML that fetches and runs nothing, and shows formulas as written."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from markdown_it.common.utils import escapeHtml, unescapeAll
from markdown_it.token import Token

from clarifai_chat.markdown.formulas import BLANK
from clarifai_chat.markdown.grammar import grammar
from clarifai_chat.text import whole

SHORT = 16  # of a cell's characters: it is never broken
REL = "noopener noreferrer nofollow"


def rendered(text: str, hide: Callable[[str], str], top: int = 3, notes: str = "") -> str:
    """Return HTML for `text`, with its headings starting at level `top`.

    `hide` is applied to every text again: markup that Markdown removes may have split a token.
    Footnotes are linked by ids that begin with `notes`, if it is given.
    """
    env = {"ids": notes}
    tokens = _parser.parse(whole(text), env)
    for token in _all(tokens):
        _join_what_hides_a_token(token, hide)
        token.content, token.info = hide(token.content), hide(token.info)
        token.attrs = {k: hide(v) if isinstance(v, str) else v for k, v in token.attrs.items()}
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + top - 1)}"
        if token.type == "link_open":
            token.attrSet("rel", REL)
    html: str = _parser.renderer.render(tokens, _parser.options, env)
    return html


def code(text: str, language: str = "") -> str:
    """Return a block of code."""
    label = f' data-language="{escapeHtml(language)}"' if language else ""
    return f"<pre{label}><code>{escapeHtml(text)}</code></pre>\n"


def _join_what_hides_a_token(token: Token, hide: Callable[[str], str]) -> None:
    """Remove markup between the characters of a token."""
    words = "".join(child.content for child in token.children or [])
    if (hidden := hide(words)) != words:
        token.children = [Token("text", "", 0, content=hidden)]


def _all(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _all(token.children or [])


# A render rule gets the renderer, the tokens, the index of one, options and environment.


def _draw_formula(_: Any, tokens: Sequence[Token], at: int, *__: Any) -> str:
    return f'<span class="math">{escapeHtml(tokens[at].content)}</span>'


def _draw_formula_block(_: Any, tokens: Sequence[Token], at: int, *__: Any) -> str:
    return f'<div class="math">{escapeHtml(tokens[at].content)}</div>\n'


def _draw_fence(_: Any, tokens: Sequence[Token], at: int, *__: Any) -> str:
    language = re.split(f"[{BLANK}]", unescapeAll(tokens[at].info).strip(BLANK), maxsplit=1)[0]
    return code(tokens[at].content, language)


def _draw_image(_: Any, tokens: Sequence[Token], at: int, *__: Any) -> str:
    """Return a link, since a picture would be fetched from a stranger's server."""
    token = tokens[at]
    words = escapeHtml(token.content or "without a name")
    before = [each.type for each in tokens[:at]]
    if before.count("link_open") > before.count("link_close"):  # a link in a link is not one
        return f"Image: {words}"
    source = escapeHtml(str(token.attrs.get("src", "")))
    return f'<a href="{source}" rel="{REL}">Image: {words}</a>'


def _draw_task(_: Any, tokens: Sequence[Token], at: int, *__: Any) -> str:
    return f'<span class="task">{"☑" if tokens[at].content else "☐"}</span> '


def _draw_note_mark(
    _: Any, tokens: Sequence[Token], at: int, __: Any, env: dict[str, Any], *___: Any
) -> str:
    number, ids = tokens[at].meta["number"], env.get("ids")
    if not ids or not tokens[at].meta["known"]:
        return f"<sup>{number}</sup>"
    return f'<sup><a href="#{ids}-note-{number}">{number}</a></sup>'


def _draw_note(
    _: Any, tokens: Sequence[Token], at: int, __: Any, env: dict[str, Any], *___: Any
) -> str:
    ids = env.get("ids")
    name = f' id="{ids}-note-{tokens[at].meta["number"]}"' if ids else ""
    return f"<li{name}>"


def _draw_cell(renderer: Any, tokens: Sequence[Token], at: int, options: Any, *_: Any) -> str:
    if len(tokens[at + 1].content) <= SHORT:
        tokens[at].attrSet("class", "short")
    html: str = renderer.renderToken(tokens, at, options, {})
    return html


_parser = grammar()
for _name, _rule in (
    ("formula", _draw_formula),
    ("formula_block", _draw_formula_block),
    ("fence", _draw_fence),
    ("code_block", _draw_fence),
    ("image", _draw_image),
    ("task", _draw_task),
    ("note_mark", _draw_note_mark),
    ("note_open", _draw_note),
    ("note_close", lambda *_: "</li>\n"),
    ("notes_open", lambda *_: '<ol class="notes" dir="auto">\n'),
    ("th_open", _draw_cell),
    ("td_open", _draw_cell),
    ("notes_close", lambda *_: "</ol>\n"),
    ("table_open", lambda *_: '<div class="wide" dir="auto"><table>\n'),
    ("table_close", lambda *_: "</table></div>\n"),
):
    _parser.add_render_rule(_name, _rule)
