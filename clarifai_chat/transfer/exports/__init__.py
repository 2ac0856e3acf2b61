"""Export conversations as files: JSON without loss, Markdown, or an HTML page; runs and comparisons
as HTML pages."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

from clarifai_chat.access_token import Redactor
from clarifai_chat.chat.chats import Chat, fork, path
from clarifai_chat.chat.turn import files_of
from clarifai_chat.config import settings
from clarifai_chat.llm.exchange import without
from clarifai_chat.messages import OfferedTools
from clarifai_chat.playground.chat_tools import IMPORTED
from clarifai_chat.playground.runs import Run
from clarifai_chat.text import whole_data
from clarifai_chat.tools.builtins import BUILTINS
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
    above: str = "",
) -> str:
    """Return the shown branches as a self-contained page.

    `app` is the app's address, to which the page leads back; `above` is HTML to begin with. Pages
    get passed on: neither the visitor's `secret` nor the operator's tokens are in it.
    """
    redact = redactor(secret)
    return as_html.document(redact(_sound(chats)), redact, redact({**contents}), app, above)


def to_copy(chat: Chat, *, secret: str, contents: Mapping[str, bytes] = NO_CONTENTS) -> str:
    """Return a conversation as JSON for others to continue: what its page shows, and no more.

    Besides, what providers mark as theirs, without which some refuse to continue.
    """
    redact = redactor(secret)
    (sound,) = redact(_sound([chat]))
    pictures = {
        each["id"]
        for turn in path(sound)
        for each in files_of(turn)
        if each["mime"] in as_html.PICTURES
    }
    shown = {id: data for id, data in contents.items() if id in pictures}
    return as_json.document([_only_shown(sound)], "", redact(shown))


def _only_shown(chat: Chat) -> Chat:
    turns = path(chat)
    copy = fork(chat, turns[-1]) if turns else chat
    copy["pinned"] = False
    for turn in copy["turns"]:
        turn["earlier"] = []
        turn.pop("feedback", None)
        turn.pop("pace", None)
        if "tools" in turn:
            _leave_out_answers(turn["tools"])
            turn["tools"]["drafts"] = {}
    if "tools" in copy["settings"]:
        _leave_out_answers(copy["settings"]["tools"])
    return copy


def _leave_out_answers(tools: OfferedTools) -> None:
    """Leave out what a visitor prepared as answers to calls; only built-in tools go on."""
    tools["source"], tools["automatic"], tools["results"] = IMPORTED, False, {}
    tools["answerers"] = {t: by for t, by in tools["answerers"].items() if by in BUILTINS}
    tools.pop("mocks", None)


def run_to_html(
    run: Run,
    *,
    secret: str,
    contents: Mapping[str, bytes] = NO_CONTENTS,
    app: str = "",
    above: str = "",
) -> str:
    """Return a playground run as such a page: timeline, verdicts, and what went over the wire."""
    redact = redactor(secret)
    # Atomic, because a worker may be filling the turn.
    sound = whole_data(json.loads(json.dumps(run, default=str)))
    # Between events too: the key of the request is hidden already, other tokens may not be.
    for token in _tokens(secret):
        sound["exchanges"] = [without(exchange, token) for exchange in sound["exchanges"]]
    return as_run.document(redact(sound), redact, redact({**contents}), app, above)


def comparison_to_html(
    chats: Sequence[Chat],
    *,
    secret: str,
    contents: Mapping[str, bytes] = NO_CONTENTS,
    app: str = "",
    above: str = "",
) -> str:
    """Return conversations that were asked side by side as such a page."""
    redact = redactor(secret)
    return as_comparison.document(redact(_sound(chats)), redact, redact({**contents}), app, above)


def redactor(secret: str) -> Callable[[Any], Any]:
    """Return a function that removes the visitor's `secret` and the operator's tokens from data."""
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
    titles = redactor(secret)([title(chat) for chat in chats])
    words = _slug(titles[0]) if len(titles) == 1 else ""
    return f"{words or 'conversations'}.{kind}"


def run_file_name(run: Run, *, secret: str) -> str:
    """Return a name for a run's page, from its prompt."""
    return f"{_slug(redactor(secret)(as_run.title(run))) or 'run'}.html"


def comparison_file_name(chats: Sequence[Chat], *, secret: str) -> str:
    """Return a name for a comparison's page, from its first question."""
    return f"{_slug(redactor(secret)(as_comparison.title(chats))) or 'comparison'}.html"


def _slug(title: str) -> str:
    return "-".join(re.findall(r"[^\W_]+", title.lower())[:8])[:60]


def _sound(chats: Iterable[Chat]) -> list[Chat]:
    # Atomic, because a worker may be filling a turn.
    copies = [json.loads(json.dumps(chat, default=str)) for chat in chats]
    return [validate.chat(copy, []) for copy in copies]
