"""Write a comparison as a page: each question once, the models' answers side by side."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from html import escape

from clarifai_chat.chat import links
from clarifai_chat.chat.chats import Chat, auto_title, path
from clarifai_chat.chat.turn import Turn
from clarifai_chat.chat.usage import dollars, seconds, tokens_per_s, total
from clarifai_chat.markdown.rendered import rendered
from clarifai_chat.text import listed
from clarifai_chat.transfer.exports import as_html, page
from clarifai_chat.transfer.exports.page import Render

HEAD = ("Model", "Answers", "Tokens in", "Tokens out", "Cost", "First token", "Tokens/s")


def title(chats: Sequence[Chat]) -> str:
    asked = [turn["prompt"] for chat in chats for turn in path(chat)[:1]]
    return auto_title("".join(asked[:1])) or "Comparison of models"


def document(
    chats: Sequence[Chat],
    hide: Callable[[str], str],
    contents: Mapping[str, bytes],
    app: str = "",
    above: str = "",
) -> str:
    """Return the page of conversations that were asked side by side; see `as_html.document`."""
    render = partial(rendered, hide=hide, top=4)
    body = [
        f'<h1 dir="auto">{escape(title(chats))}</h1>\n',
        page.open_link(_address(chats, app)),
        page.facts([f"Compared: {listed([_name(chat) for chat in chats])}"]),
        page.table(HEAD, map(_row, chats)),
        page.facts(["Cost and tokens are of all answers; speed is of the last."]),
        *_settings(chats),
        *_rounds(chats, render, contents),
    ]
    return page.whole(title(chats), body, wide=True, above=above)


def _address(chats: Sequence[Chat], app: str) -> str:
    """Return a link that chooses these models and fills in the first question."""
    asked = [turn["prompt"] for chat in chats for turn in path(chat)[:1]]
    models = ",".join(chat["model"] for chat in chats)
    where = f"{app}compare" if app else ""
    return links.passed_on(where, {"models": models, "q": "".join(asked[:1]).strip()})


def _name(chat: Chat) -> str:
    turns = path(chat)
    return turns[-1]["model"]["name"] if turns else chat["model"]


def _row(chat: Chat) -> list[str]:
    """Return a model's figures; what is not known is said to be, never 0."""
    turns = path(chat)
    sums = total(turns)
    at_least = "at least " if sums.unreported else ""
    is_known = bool(not sums.unreported or sums.sent or sums.received)
    cost = f"{at_least}{dollars(sums.cost_usd)}" if is_known else "not known"
    if sums.unpriced:
        cost = "price unknown"
    figures = turns[-1]["figures"] if turns else None
    first = figures["first_token_s"] if figures else None
    speed = tokens_per_s(figures) if figures else None
    return [
        _name(chat),
        f"{sums.answers:,}",
        f"{at_least}{sums.sent:,}" if is_known else "not reported",
        f"{at_least}{sums.received:,}" if is_known else "not reported",
        "free" if sums.is_free else cost,
        "not reported" if first is None else seconds(first),
        "not known" if speed is None else f"{speed:.0f}",
    ]


def _settings(chats: Sequence[Chat]) -> Iterator[str]:
    """Yield the settings: once if all have the same, else for each model."""
    if all(chat["settings"] == chats[0]["settings"] for chat in chats):
        for chat in chats[:1]:
            yield from as_html.settings(chat)
        return
    for chat in chats:
        yield f'<h2 dir="auto">Settings of {escape(_name(chat))}</h2>\n'
        yield from as_html.settings(chat)


def _rounds(chats: Sequence[Chat], render: Render, contents: Mapping[str, bytes]) -> Iterator[str]:
    paths = [path(chat) for chat in chats]
    for number in range(max(map(len, paths), default=0)):
        # Only one of the models may have been asked, so that the others are a question behind.
        asked: dict[str, list[tuple[int, Turn]]] = {}
        for at, turns in enumerate(paths):
            if number < len(turns):
                asked.setdefault(turns[number]["prompt"], []).append((at, turns[number]))
        for answered in asked.values():
            yield from as_html.question(answered[0][1], 2, contents)
            yield '<div class="side">\n'
            for at, turn in answered:
                ids = f"answer-{at}-{number}"
                yield from as_html.answer(turn, {}, 3, render, ids, contents)
            yield "</div>\n"
