"""Share a conversation, a run or a comparison as a page that others can read.

A page is what there was when it was shared, without access tokens. It is in the database, so that
every process serves it, and none does once it is revoked. Whoever knows its id can read it.
"""

import re
import secrets
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from clarifai_chat.chat.chats import Chat, path
from clarifai_chat.chat.turn import Turn, files_of, is_over
from clarifai_chat.config import settings
from clarifai_chat.history import attachment_contents, database
from clarifai_chat.playground.runs import Run
from clarifai_chat.text import counted, size
from clarifai_chat.transfer import chat_files, exports
from clarifai_chat.transfer.exports import as_comparison, as_run, page, words
from clarifai_chat.transfer.imports import BadImport, Imported, read

if TYPE_CHECKING:  # the database library is loaded only when something is shared
    from clarifai_chat.history.store.shared import SharedPage

PATH = "shared"  # below the app's address
ID_BYTES = 16  # 128 bits cannot be guessed
MAX_BYTES = 3_000_000  # of a page, and of the copy that goes with it
HOUR_S = 3600.0
LIFETIMES = {
    "1 hour": HOUR_S,
    "1 day": 24 * HOUR_S,
    "7 days": 168 * HOUR_S,
    "30 days": 720 * HOUR_S,
}
_ID = re.compile(r"[\w-]{22}", re.ASCII)
_GONE = "This shared page has expired, or it was revoked."


class NotShared(Exception):
    """Something cannot be shared, or read; its text is a sentence for the reader."""


def is_on() -> bool:
    """Return whether visitors may share; the operator decides."""
    return settings().sharing and settings().history


def until(at: float) -> str:
    """Return when a page expires: "2026-11-30 13:37 UTC"."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"


# --- Share ----------------------------------------------------------------------------------------


def share_chat(owner: str, chat: Chat, life_s: float, *, secret: str) -> "SharedPage":
    """Share the branch that is shown. Raises `NotShared`, as all of these do."""
    _refuse_unfinished(path(chat))
    contents = chat_files.contents(owner, [chat])
    copy = exports.to_copy(chat, secret=secret, contents=contents)

    def html(above: str) -> str:
        return exports.to_html([chat], secret=secret, contents=contents, above=above)

    return _add(owner, "chat", words.title(chat), [chat["id"]], life_s, html, copy, secret)


def share_comparison(
    owner: str, chats: Sequence[Chat], life_s: float, *, secret: str, app: str
) -> "SharedPage":
    """Share conversations side by side; `app` is the app's address, to which the page leads."""
    _refuse_unfinished([turn for chat in chats for turn in path(chat)])
    contents = chat_files.contents(owner, chats)

    def html(above: str) -> str:
        return exports.comparison_to_html(
            chats, secret=secret, contents=contents, app=app, above=above
        )

    ids, title = [chat["id"] for chat in chats], as_comparison.title(chats)
    return _add(owner, "comparison", title, ids, life_s, html, "", secret)


def share_run(owner: str, run: Run, life_s: float, *, secret: str, app: str) -> "SharedPage":
    """Share a run of the playground."""
    _refuse_unfinished([run["turn"]])
    contents, _ = attachment_contents.find(owner, files_of(run["turn"]), hold=False)

    def html(above: str) -> str:
        return exports.run_to_html(run, secret=secret, contents=contents, app=app, above=above)

    return _add(owner, "run", as_run.title(run), [], life_s, html, "", secret)


def _refuse_unfinished(turns: Sequence[Turn]) -> None:
    if not turns:
        raise NotShared("There is nothing to share yet.")
    if not all(map(is_over, turns)):
        raise NotShared("An answer is still arriving. Share this when it is complete.")


def _add(
    owner: str,
    kind: str,
    title: str,
    sources: Sequence[str],
    life_s: float,
    html: Callable[[str], str],
    copy: str,
    secret: str,
) -> "SharedPage":
    from clarifai_chat.history.store.shared import MOST, SharedPage

    if not is_on():
        raise NotShared("Sharing is switched off here.")
    now = time.time()
    days = settings().history_days
    expires_at = now + min([life_s, *([days * 24 * HOUR_S] if days else [])])
    id = secrets.token_urlsafe(ID_BYTES)
    made = html(page.shared(until(expires_at), f"../?copy={id}" if copy else ""))
    most = max(len(made.encode()), len(copy.encode()))
    if most > MAX_BYTES:
        raise NotShared(
            f"The page would have {size(most)}, and at most {size(MAX_BYTES)} can be shared. Export"
            " it as a file instead."
        )
    shared = SharedPage(id, kind, exports.redactor(secret)(title), now, expires_at)
    is_added, why = database.attempt(
        lambda store: store.shared.add(owner, shared, " ".join(sources), made, copy)
    )
    if why:
        raise NotShared(f"This was not shared. {why}")
    if not is_added:
        raise NotShared(
            f"You share {counted(MOST, 'page')} already, which is the limit. Revoke one first."
        )
    return shared


# --- The owner's list -----------------------------------------------------------------------------


def listing(owner: str) -> "list[SharedPage]":
    """Return what a visitor shares at the moment, the newest first."""
    nothing: list[SharedPage] = []
    return database.result_of(lambda store: store.shared.all(owner), nothing)


def revoke(owner: str, id: str) -> bool:
    """Take a page back: from now on nobody can read it. Return whether the database could."""
    return not database.attempt(lambda store: store.shared.revoke(id, owner))[1]


# --- The readers ----------------------------------------------------------------------------------


def html_of(id: str) -> str | None:
    """Return the shared page with this id, or None. Raises `NotShared`."""
    if not is_on() or not _ID.fullmatch(id):
        return None
    found, why = database.attempt(lambda store: store.shared.page(id))
    if why:
        raise NotShared("Shared pages cannot be read at the moment. Try again in a minute.")
    return found


def copy_of(id: str) -> Imported:
    """Return a shared conversation, to continue as one's own. Raises `NotShared`."""
    if not is_on() or not _ID.fullmatch(id):
        raise NotShared(_GONE)
    found, why = database.attempt(lambda store: store.shared.copy(id))
    if why:
        raise NotShared(f"The shared page cannot be read at the moment. {why}")
    if not found:
        raise NotShared(_GONE)
    try:
        return read(found.encode())
    except BadImport as error:
        raise NotShared(str(error)) from None
