"""Export conversations as files: JSON without loss, Markdown, or an HTML page."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Literal

from clarifai_chat.access_token import Redactor
from clarifai_chat.chat.chats import Chat
from clarifai_chat.transfer import validate
from clarifai_chat.transfer.exports import as_html, as_json, as_markdown
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
    chats: Iterable[Chat], *, secret: str, contents: Mapping[str, bytes] = NO_CONTENTS
) -> str:
    """Return the shown branches as a self-contained page."""
    redact = Redactor(secret).redact
    return as_html.document(redact(_sound(chats)), redact, redact({**contents}))


def file_name(chats: Iterable[Chat], kind: Kind) -> str:
    """Return a name for the file, from its conversation's title if it has only one."""
    titles = [title(chat) for chat in chats]
    words = re.findall(r"[^\W_]+", titles[0].lower())[:8] if len(titles) == 1 else []
    return f"{'-'.join(words)[:60] or 'conversations'}.{kind}"


def _sound(chats: Iterable[Chat]) -> list[Chat]:
    # Atomic, because a worker may be filling a turn.
    copies = [json.loads(json.dumps(chat, default=str)) for chat in chats]
    return [validate.chat(copy, []) for copy in copies]
