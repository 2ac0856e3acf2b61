"""Write conversations as one self-contained page of HTML."""

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from html import escape
from pathlib import Path

from clarifai_chat.attachments.attachment import Attachment
from clarifai_chat.chat.chats import Chat, branches, path
from clarifai_chat.chat.turn import Turn
from clarifai_chat.markdown.rendered import code, rendered
from clarifai_chat.messages import Message, Source, is_json, pieces, web_address
from clarifai_chat.transfer.exports import words

STYLE = Path(__file__).parent / "page.css"
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none';"
    " form-action 'none'"
)
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")  # types that cannot run code

Render = Callable[..., str]


def document(
    chats: Sequence[Chat], hide: Callable[[str], str], contents: Mapping[str, bytes]
) -> str:
    """Return the page. `hide` removes the access token from a text."""
    many = len(chats) != 1
    title = f"{len(chats)} conversations" if many else words.title(chats[0])
    top = 2 if many else 1
    render = partial(rendered, hide=hide, top=top + 2)
    body = [part for n, chat in enumerate(chats) for part in _chat(chat, n, top, render, contents)]
    if many:
        body = [f"<h1>{title}</h1>\n", *_contents_of_page(chats), *body]
    return "".join([*_head(title), "<main>\n", *body, "</main>\n</body>\n</html>\n"])


def _head(title: str) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield '<meta name="color-scheme" content="light dark">\n'
    yield '<meta name="referrer" content="no-referrer">\n'
    yield '<link rel="icon" href="data:,">\n'  # otherwise browsers ask the page's server for one
    yield f"<title>{escape(title)}</title>\n<style>\n{STYLE.read_text('utf-8')}</style>\n</head>\n"
    yield "<body>\n"


def _contents_of_page(chats: Sequence[Chat]) -> Iterator[str]:
    yield '<nav aria-label="Conversations"><ol>\n'
    for number, chat in enumerate(chats):
        yield f'<li><a href="#chat-{number}" dir="auto">{escape(words.title(chat))}</a></li>\n'
    yield "</ol></nav>\n"


def _chat(
    chat: Chat, number: int, top: int, render: Render, contents: Mapping[str, bytes]
) -> Iterator[str]:
    title = escape(words.title(chat))
    yield f'<article id="chat-{number}">\n<h{top} dir="auto">{title}</h{top}>\n'
    yield from _settings(chat)
    versions = branches(chat)
    for place, turn in enumerate(path(chat)):
        yield from _question(turn, top + 1, contents)
        yield from _answer(turn, versions, top + 1, render, f"chat-{number}-{place}", contents)
    yield "</article>\n"


def _settings(chat: Chat) -> Iterator[str]:
    settings = chat["settings"]
    rows = [("Begun", words.day(chat["created_at"])), *words.settings(chat)]
    texts = [f"{name} {value}" for name, value in rows if value]
    if texts:
        yield f'<p class="facts">{escape(" · ".join(texts))}</p>\n'
    if system := settings.get("system", "").strip():
        yield _folded("System prompt", f'<div class="typed" dir="auto">{escape(system)}</div>')
    if schema := words.schema(chat):
        yield _folded("JSON Schema of the answers", code(schema, "json"))


def _question(turn: Turn, level: int, contents: Mapping[str, bytes]) -> Iterator[str]:
    yield f'<section class="question">\n<h{level}>You</h{level}>\n'
    if turn["prompt"].strip():
        yield f'<div class="typed" dir="auto">{escape(turn["prompt"])}</div>\n'
    for attachment in turn.get("attachments", []):
        yield _attached(attachment, contents.get(attachment["id"]))
    yield "</section>\n"


def _attached(attachment: Attachment, content: bytes | None, what: str = "Attached") -> str:
    words_ = escape(words.attached(attachment))
    if content is None or attachment["mime"] not in PICTURES:
        return f'<p class="facts" dir="auto">{what}: {words_}</p>\n'
    source = f"data:{attachment['mime']};base64,{base64.b64encode(content).decode()}"
    name = escape(attachment["name"])
    return f'<figure><img src="{source}" alt="{name}"><figcaption>{words_}</figcaption></figure>\n'


def _answer(
    turn: Turn,
    versions: words.Versions,
    level: int,
    render: Render,
    ids: str,
    contents: Mapping[str, bytes],
) -> Iterator[str]:
    name = escape(turn["model"]["name"])
    yield f'<section class="answer">\n<h{level} dir="auto">{name}</h{level}>\n'
    names = words.tool_names(turn)
    thought = words.thought(turn)
    for place, message in enumerate(turn["replies"]):
        yield from _message(message, names, thought, render, f"{ids}-{place}")
        for called, arguments in words.calls_of(turn, place):
            yield f'<p class="call">Called <code>{escape(called)}</code></p>\n'
            yield _code(arguments)
    for picture in turn.get("pictures", []):
        yield _attached(picture, contents.get(picture["id"]), "Picture")
    yield f'<p class="facts">{escape(words.facts(turn))}</p>\n'
    for remark in words.remarks(turn, versions):
        yield f'<p class="remark" dir="auto">{escape(remark)}</p>\n'
    yield "</section>\n"


def _message(
    message: Message, names: dict[str, str], thought: str, render: Render, ids: str
) -> Iterator[str]:
    if message["role"] == "tool":
        yield f'<p class="call">{escape(words.result_of(message, names))}</p>\n'
        yield _code(message["content"])
        return
    summary = thought
    for place, (kind, text) in enumerate(pieces(message)):
        if kind == "thought":
            yield _folded(summary, f'<div class="thoughts">{render(text.strip())}</div>')
            summary = words.MORE_THOUGHTS
        else:
            notes = f"{ids}-{place}"
            yield f'<div class="said">{render(text, notes=notes)}</div>\n'
    yield from _sources(message.get("sources", []))


def _sources(sources: Sequence[Source]) -> Iterator[str]:
    if not sources:
        return
    yield '<p class="call">Sources</p>\n<ol>\n'
    for number, source in enumerate(sources, 1):
        title = escape(words.source(number, source))
        if url := web_address(source["url"]):
            title = f'<a href="{escape(url)}" rel="noopener noreferrer">{title}</a>'
        yield f'<li dir="auto">{title}</li>\n'
    yield "</ol>\n"


def _folded(summary: str, html: str) -> str:
    return f"<details><summary>{escape(summary)}</summary>\n{html}\n</details>\n"


def _code(text: str) -> str:
    return code(text, "json" if is_json(text) else "")
