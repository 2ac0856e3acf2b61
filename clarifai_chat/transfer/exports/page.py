"""Frame an exported page: its head, the way back to the app, folds, tables, calls with verdicts."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from pathlib import Path

from clarifai_chat.markdown.rendered import code
from clarifai_chat.messages import is_json, web_address
from clarifai_chat.tools.verdict.verdict import Argument, Verdict

STYLE = Path(__file__).parent / "page.css"
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none';"
    " form-action 'none'"
)
BAD = ("invalid", "not_json", "unknown_tool")

Render = Callable[..., str]


def whole(title: str, body: Iterable[str], *, wide: bool = False, above: str = "") -> str:
    """Return the document. `body` is HTML, as what is `above` it; a wide one has columns."""
    kind = ' class="columns"' if wide else ""
    inside = "".join(body)
    # What scrolls is reached by keys. No text has these words as they are: its "<" is escaped.
    for scrolls in ("<pre", '<div class="wide"'):
        inside = inside.replace(scrolls, f'{scrolls} tabindex="0"')
    return "".join([*_head(title), f"<main{kind}>\n", above, inside, "</main>\n</body>\n</html>\n"])


def _head(title: str) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield '<meta name="color-scheme" content="light dark">\n'
    yield '<meta name="referrer" content="no-referrer">\n'
    yield '<link rel="icon" href="data:,">\n'  # otherwise browsers ask the page's server for one
    yield f"<title>{escape(title)}</title>\n<style>\n{STYLE.read_text('utf-8')}</style>\n</head>\n"
    yield "<body>\n"


def open_link(address: str) -> str:
    """Return a link to the app, with its address to read on paper; "" if it is not on the web."""
    if not web_address(address):
        return ""
    shown = escape(address.partition("?")[0])
    return (
        f'<p class="facts"><a href="{escape(address)}" rel="noopener noreferrer">Open in the app'
        f"</a> {shown}</p>\n"
    )


def shared(until: str, copy: str) -> str:
    """Return what tells readers of a shared page what it is; `copy` is a link, or ""."""
    link = f' <a href="{escape(copy)}" rel="nofollow">Continue as my copy</a>' if copy else ""
    said = f"Shared as it was then, without what came later. This link works until {until}."
    return f'<p class="shared">{escape(said)}{link}</p>\n'


def facts(texts: Iterable[str]) -> str:
    """Return a line of facts; "" without any."""
    line = " · ".join(filter(None, texts))
    return f'<p class="facts">{escape(line)}</p>\n' if line else ""


def remark(text: str) -> str:
    return f'<p class="remark" dir="auto">{escape(text)}</p>\n'


def folded(summary: str, html: str) -> str:
    return f"<details><summary>{escape(summary)}</summary>\n{html}\n</details>\n"


def typed(text: str) -> str:
    """Return what a person wrote, line by line as written."""
    return f'<div class="typed" dir="auto">{escape(text)}</div>\n'


def code_of(text: str) -> str:
    return code(text, "json" if is_json(text) else "")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table, the first cell of each row being its heading."""
    titles = "".join(f'<th scope="col">{escape(each)}</th>\n' for each in head)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>\n'
        + "".join(f"<td>{escape(cell)}</td>\n" for cell in rest)
        + "</tr>\n"
        for first, *rest in rows
    )
    return (
        f'<div class="wide" dir="auto"><table>\n<thead><tr>{titles}</tr></thead>\n'
        f"<tbody>{body}</tbody>\n</table></div>\n"
    )


def call(name: str, arguments: str, word: str, verdict: Verdict | None, *, every: bool) -> str:
    """Return a tool call with its verdict; `every`: also the arguments of a valid one as a table.

    `word` is the verdict in a word.
    """
    named = f"<code>{escape(name)}</code>" if name else "a tool without a name"
    if verdict is None:
        return f'<p class="call">Called {named}</p>\n{code_of(arguments)}'
    is_fine = verdict.status == "valid"
    parts = [f'<p class="call">Called {named} {badge(word, verdict.status)}</p>\n']
    parts.append(remark(verdict.summary) if verdict.summary else "")
    if verdict.rows and (every or not is_fine):
        parts.append(argument_table(verdict.rows))
    parts += [remark(note) for note in verdict.notes]
    parts.append(code_of(arguments) if arguments else remark("No arguments were sent."))
    return "".join(parts)


def badge(word: str, status: str) -> str:
    """Return the verdict in a word: a colour only repeats what the word says."""
    kind = "good" if status == "valid" else "bad" if status in BAD else "open"
    return f'<span class="badge {kind}">{escape(word)}</span>'


def argument_table(arguments: Sequence[Argument]) -> str:
    return table(
        ["Argument", "Given", "Expected", "Verdict"],
        [
            [
                row.path or "(all arguments)",
                row.given or "nothing",
                row.expected,
                "fits" if row.ok else row.problem,
            ]
            for row in arguments
        ],
    )
