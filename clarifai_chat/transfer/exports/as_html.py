"""Write conversations as one self-contained page of HTML."""

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from html import escape

from clarifai_chat.attachments.attachment import Attachment
from clarifai_chat.chat import links
from clarifai_chat.chat.chats import Chat, branches, path
from clarifai_chat.chat.turn import Turn
from clarifai_chat.chat.usage import total
from clarifai_chat.markdown.rendered import code, rendered
from clarifai_chat.messages import Message, Source, pieces, web_address
from clarifai_chat.playground import chat_tools, run_report
from clarifai_chat.transfer.exports import page, words
from clarifai_chat.transfer.exports.page import Render, code_of, folded

PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")  # types that cannot run code


def document(
    chats: Sequence[Chat],
    hide: Callable[[str], str],
    contents: Mapping[str, bytes],
    app: str = "",
    above: str = "",
) -> str:
    """Return the page. `hide` removes access tokens from a text; `app` is the app's address.

    `above` is HTML to begin the page with.
    """
    many = len(chats) != 1
    title = f"{len(chats)} conversations" if many else words.title(chats[0])
    top = 2 if many else 1
    render = partial(rendered, hide=hide, top=top + 2)
    body = [
        part for n, chat in enumerate(chats) for part in _chat(chat, n, top, render, contents, app)
    ]
    if many:
        link = page.open_link(app)
        body = [f"<h1>{title}</h1>\n", link, *_contents_of_page(chats), *body]
    return page.whole(title, body, above=above)


def _contents_of_page(chats: Sequence[Chat]) -> Iterator[str]:
    yield '<nav aria-label="Conversations"><ol>\n'
    for number, chat in enumerate(chats):
        yield f'<li><a href="#chat-{number}" dir="auto">{escape(words.title(chat))}</a></li>\n'
    yield "</ol></nav>\n"


def _chat(
    chat: Chat,
    number: int,
    top: int,
    render: Render,
    contents: Mapping[str, bytes],
    app: str,
) -> Iterator[str]:
    title = escape(words.title(chat))
    yield f'<article id="chat-{number}">\n<h{top} dir="auto">{title}</h{top}>\n'
    if top == 1:
        yield page.open_link(_address(chat, app))
    yield page.facts([total(chat["turns"]).text])
    yield from settings(chat)
    versions = branches(chat)
    for place, turn in enumerate(path(chat)):
        yield from question(turn, top + 1, contents)
        yield from answer(turn, versions, top + 1, render, f"chat-{number}-{place}", contents)
    yield "</article>\n"


def _address(chat: Chat, app: str) -> str:
    """Return a link to the app with model, system prompt and first question, as far as they fit."""
    asked = [turn["prompt"] for turn in path(chat)[:1]]
    carried = {"model": chat["model"], "system": chat["settings"].get("system", "").strip()}
    return links.passed_on(app, {**carried, "q": "".join(asked).strip()})


def settings(chat: Chat) -> Iterator[str]:
    """Yield what the conversation was set to."""
    found = chat["settings"]
    rows = [("Begun", words.day(chat["created_at"])), *words.settings(chat)]
    yield page.facts(f"{name} {value}" for name, value in rows if value)
    if system := found.get("system", "").strip():
        yield folded("System prompt", page.typed(system))
    if schema := words.schema(chat):
        yield folded("JSON Schema of the answers", code(schema, "json"))
    if tools := found.get("tools"):
        names = [str(spec["function"].get("name", "")) for spec in tools["specs"]]
        yield page.facts([f"Tools offered: {', '.join(names)}"])


def question(turn: Turn, level: int, contents: Mapping[str, bytes]) -> Iterator[str]:
    """Yield a question with its files."""
    yield f'<section class="question">\n<h{level}>You</h{level}>\n'
    if turn["prompt"].strip():
        yield page.typed(turn["prompt"])
    for attachment in turn.get("attachments", []):
        yield attached(attachment, contents.get(attachment["id"]))
    yield "</section>\n"


def attached(attachment: Attachment, content: bytes | None, what: str = "Attached") -> str:
    """Return a file: its picture if it is one and is at hand, else its name, kind and size."""
    words_ = escape(words.attached(attachment))
    if content is None or attachment["mime"] not in PICTURES:
        return f'<p class="facts" dir="auto">{what}: {words_}</p>\n'
    source = f"data:{attachment['mime']};base64,{base64.b64encode(content).decode()}"
    name = escape(attachment["name"])
    return f'<figure><img src="{source}" alt="{name}"><figcaption>{words_}</figcaption></figure>\n'


def answer(
    turn: Turn,
    versions: words.Versions,
    level: int,
    render: Render,
    ids: str,
    contents: Mapping[str, bytes],
) -> Iterator[str]:
    """Yield what came back for a question, with its figures; `ids` begins the ids on the page."""
    name = escape(turn["model"]["name"])
    yield f'<section class="answer">\n<h{level} dir="auto">{name}</h{level}>\n'
    names = words.tool_names(turn)
    thought = words.thought(turn)
    for place, message in enumerate(turn["replies"]):
        yield from message_of(message, names, thought, render, f"{ids}-{place}")
        yield from _calls(turn, place)
    for picture in turn.get("pictures", []):
        yield attached(picture, contents.get(picture["id"]), "Picture")
    yield page.facts([words.facts(turn)])
    for remark in words.remarks(turn, versions):
        yield page.remark(remark)
    yield "</section>\n"


def _calls(turn: Turn, place: int) -> Iterator[str]:
    """Yield the calls of a reply, each with its verdict where its tools are known."""
    for call, verdict in chat_tools.step_at(chat_tools.run_of(turn), place).judged:
        function, word = call["function"], run_report.word(call, verdict)
        judged = verdict if "tools" in turn else None
        yield page.call(function["name"], function["arguments"], word, judged, every=False)


def message_of(
    message: Message, names: dict[str, str], thought: str, render: Render, ids: str
) -> Iterator[str]:
    """Yield one message: thoughts, folded under the words `thought`, text and sources."""
    if message["role"] == "tool":
        yield f'<p class="call">{escape(words.result_of(message, names))}</p>\n'
        yield code_of(message["content"])
        return
    summary = thought
    for place, (kind, text) in enumerate(pieces(message)):
        if kind == "thought":
            yield folded(summary, f'<div class="thoughts">{render(text.strip())}</div>')
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
