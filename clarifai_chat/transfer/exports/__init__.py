"""Export conversations as files: JSON without loss, Markdown, or an HTML page; runs and comparisons
as HTML pages."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

from clarifai_chat.access_token import Redactor
from clarifai_chat.chat.chats import Chat
from clarifai_chat.config import settings
from clarifai_chat.llm.exchange import without
from clarifai_chat.playground.runs import Run
from clarifai_chat.text import whole_data
from clarifai_chat.transfer import validate
from clarifai_chat.transfer.exports import as_comparison, as_html, as_json, as_markdown, as_run
from clarifai_chat.transfer.exports.words import title

Kind = Literal["json", "md", "html"]
NO_CONTENTS: Mapping[str, bytes] = {}


def to_json(
    chats: Iterable[Chat], *, secret: str, contents: Mapping[str, bytes] = NO_CONTENTS
) -> str:
    """Return the conversations in full. `contents` are those of attachments, by id.

    `secret` is the access token, which is removed even where an answer repeats it.
    """
    return as_json.document(_sound(chats), secret, contents)


def to_markdown(chats: Iterable[Chat], *, secret: str) -> str:
    """Return the shown branches as Markdown."""
    return as_markdown.document(Redactor(secret).redact(_sound(chats)))


def to_html(
    chats: Iterable[Chat],
    *,
    secret: str,
    contents: Mapping[str, bytes] = NO_CONTENTS,
    app: str = "",
) -> str:
    """Return the shown branches as a self-contained page.

    `app` is the app's address, to which the page leads back. Pages get passed on: neither the
    visitor's `secret` nor the operator's tokens are in it.
    """
    redact = _redactor(secret)
    return as_html.document(redact(_sound(chats)), redact, redact({**contents}), app)


def run_to_html(
    run: Run, *, secret: str, contents: Mapping[str, bytes] = NO_CONTENTS, app: str = ""
) -> str:
    """Return a playground run as such a page: timeline, verdicts, and what went over the wire."""
    redact = _redactor(secret)
    # Atomic, because a worker may be filling the turn.
    sound = whole_data(json.loads(json.dumps(run, default=str)))
    # Between events too: the key of the request is hidden already, other tokens may not be.
    for token in _tokens(secret):
        sound["exchanges"] = [without(exchange, token) for exchange in sound["exchanges"]]
    return as_run.document(redact(sound), redact, redact({**contents}), app)


def comparison_to_html(
    chats: Sequence[Chat],
    *,
    secret: str,
    contents: Mapping[str, bytes] = NO_CONTENTS,
    app: str = "",
) -> str:
    """Return conversations that were asked side by side as such a page."""
    redact = _redactor(secret)
    return as_comparison.document(redact(_sound(chats)), redact, redact({**contents}), app)


def _redactor(secret: str) -> Callable[[Any], Any]:
    redactors = [Redactor(token) for token in _tokens(secret)]

    def redact(data: Any) -> Any:
        for each in redactors:
            data = each.redact(data)
        return data

    return redact


def _tokens(secret: str) -> list[str]:
    tokens = (secret, settings().shared_pat, settings().other_key)
    return [*dict.fromkeys(filter(None, tokens))]


def file_name(chats: Iterable[Chat], kind: Kind, *, secret: str = "") -> str:
    """Return a name for the file, from its conversation's title if it has only one."""
    titles = _redactor(secret)([title(chat) for chat in chats])
    words = _slug(titles[0]) if len(titles) == 1 else ""
    return f"{words or 'conversations'}.{kind}"


def run_file_name(run: Run, *, secret: str) -> str:
    """Return a name for a run's page, from its prompt."""
    return f"{_slug(_redactor(secret)(as_run.title(run))) or 'run'}.html"


def comparison_file_name(chats: Sequence[Chat], *, secret: str) -> str:
    """Return a name for a comparison's page, from its first question."""
    return f"{_slug(_redactor(secret)(as_comparison.title(chats))) or 'comparison'}.html"


def _slug(title: str) -> str:
    return "-".join(re.findall(r"[^\W_]+", title.lower())[:8])[:60]


def _sound(chats: Iterable[Chat]) -> list[Chat]:
    # Atomic, because a worker may be filling a turn.
    copies = [json.loads(json.dumps(chat, default=str)) for chat in chats]
    return [validate.chat(copy, []) for copy in copies]
