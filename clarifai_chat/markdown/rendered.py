"""Render Markdown as HTML that fetches and runs nothing, and shows mathematics as written."""

import re
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import Any

from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from clarifai_chat.markdown.sanitize import page_parser

_SAFE_TARGET = re.compile(r"(?:https?://|mailto:)[^\s\x00-\x1f]+", re.IGNORECASE)
_MATH = re.compile(
    # No bracket of its kind inside: each of many unclosed ones would search all of the rest.
    r"\\\((?:[^\\]|\\[^()\[\]])+\\\)|\\\[(?:[^\\]|\\[^()\[\]])+\\\]"
    r"|\$\$(?=[^$\s])[^$]+\$\$|\$(?=[^\s$])[^$\n]*(?<![\s\\])\$(?![\w$])"
)


def rendered(text: str, hide: Callable[[str], str], top: int = 3) -> str:
    """Return HTML for `text`, with its headings starting at level `top`.

    `hide` is applied to every text again: markup that Markdown removes may have split a token.
    """
    tokens = _parser.parse(text)
    for token in _all(tokens):
        _join_what_hides_a_token(token, hide)
        token.content, token.info = hide(token.content), hide(token.info)
        token.attrs = {k: hide(v) if isinstance(v, str) else v for k, v in token.attrs.items()}
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + top - 1)}"
        if token.type == "link_open":
            token.attrSet("rel", "noopener noreferrer nofollow")
    html: str = _parser.renderer.render(tokens, _parser.options, {})
    return html


def code(text: str, language: str = "") -> str:
    """Return a block of code."""
    label = f' data-language="{escape(language)}"' if language else ""
    return f"<pre{label}><code>{escape(text)}</code></pre>\n"


def _join_what_hides_a_token(token: Token, hide: Callable[[str], str]) -> None:
    """Remove markup between the characters of a token."""
    words = "".join(child.content for child in token.children or [])
    if (hidden := hide(words)) != words:
        token.children = [Token("text", "", 0, content=hidden)]


def _all(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _all(token.children or [])


def _math_inline(state: StateInline, silent: bool) -> bool:
    """Parse inline mathematics, in which stars and underscores are literal."""
    found = _MATH.match(state.src, state.pos) if state.src[state.pos] in "\\$" else None
    if not found:
        return False
    if not silent:
        state.push("math_inline", "", 0).content = found[0]
    state.pos = found.end()
    return True


# A render rule gets the renderer, the tokens, the index of one, options and environment.


def _draw_math_inline(_: Any, tokens: Sequence[Token], at: int, *__: Any) -> str:
    return f'<span class="math">{escape(tokens[at].content)}</span>'


def _draw_math(_: Any, tokens: Sequence[Token], at: int, *__: Any) -> str:
    mark = tokens[at].markup
    closing = "$$" if mark == "$$" else "\\]"
    return f'<div class="math">{escape(mark + tokens[at].content + closing)}</div>\n'


def _draw_fence(_: Any, tokens: Sequence[Token], at: int, *__: Any) -> str:
    language = tokens[at].info.split(maxsplit=1)[:1]
    return code(tokens[at].content, language[0] if language else "")


def _draw_image(_: Any, tokens: Sequence[Token], at: int, *__: Any) -> str:
    """Return a link, since a picture would be fetched from a stranger's server."""
    token = tokens[at]
    words = escape(token.content or "without a name")
    before = [each.type for each in tokens[:at]]
    if before.count("link_open") > before.count("link_close"):  # a link in a link is not one
        return f"Image: {words}"
    source = escape(str(token.attrs.get("src", "")))
    return f'<a href="{source}" rel="noopener noreferrer nofollow">Image: {words}</a>'


def _is_safe(target: str) -> bool:
    return bool(_SAFE_TARGET.fullmatch(target))


_parser = page_parser()
_parser.options["html"] = False
_parser.enable("strikethrough")
_parser.inline.ruler.before("escape", "math_inline", _math_inline)
_parser.validateLink = _is_safe  # type: ignore[assignment]  # its documented place
for _name, _rule in (
    ("math_inline", _draw_math_inline),
    ("math", _draw_math),
    ("fence", _draw_fence),
    ("image", _draw_image),
    ("table_open", lambda *_: '<div class="wide"><table>\n'),
    ("table_close", lambda *_: "</table></div>\n"),
):
    _parser.add_render_rule(_name, _rule)
