"""`admin`: look after the database that all visitors share."""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from clarifai_chat import VERSION
from clarifai_chat.cli.database import in_sentences
from clarifai_chat.cli.ending import printable
from clarifai_chat.config import settings
from clarifai_chat.history import database, notice
from clarifai_chat.history.store import Store, open_store
from clarifai_chat.history.store.tables import EVERYONE
from clarifai_chat.text import counted, size

T = TypeVar("T")
SHORTEST = 8  # characters of a visitor's code


def status(*, as_json: bool) -> None:
    if as_json or "is up to date" in _look():
        told = _with_store(_status)
    else:  # looking at it changes nothing
        click.echo(_look())
        return
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    budget = settings().shared_pat_budget_usd
    click.echo(f"Clarifai Chat {VERSION}. {_look()}")
    click.echo(f"Stored: {told['stored']}.")
    click.echo(f"Kept: {_retention()}.")
    click.echo(
        f"Spent of CLARIFAI_PAT today (UTC): ${told['spent_usd']:.2f}"
        + (f" of ${budget:,.2f}." if budget else "; there is no budget, so nothing is counted.")
    )
    click.echo(printable(f"Visitors are told: {told['notice'] or 'nothing'}"))


def _look() -> str:
    return in_sentences(lambda: f"Database: {database.look()}")


def _status(store: Store) -> dict[str, Any]:
    counts = store.overview.counts()
    return {
        "version": VERSION,
        "stored": str(counts),
        "counts": asdict(counts),
        "spent_usd": store.overview.spent(datetime.now(UTC).date().isoformat()) / 1_000_000,
        "notice": store.choices(EVERYONE).get("notice", ""),
    }


def _retention() -> str:
    days = settings().history_days
    return f"{counted(days, 'day')} after the last use" if days else "until visitors delete it"


def usage(top: int, *, as_json: bool) -> None:
    found = _with_store(lambda store: store.overview.uses(top))
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], indent=2))
        return
    click.echo(f"{'visitor':16} {'chats':>7} {'turns':>8} {'files':>9}  last use (UTC)")
    for each in found:
        last = datetime.fromtimestamp(each.last_at, UTC).strftime("%Y-%m-%d %H:%M")
        files = size(each.attachment_bytes)
        click.echo(f"{each.owner[:16]} {each.chats:>7,} {each.turns:>8,} {files:>9}  {last}")


def expire() -> None:
    gone = _with_store(lambda store: store.expire(settings().history_days))
    click.echo(f"Removed {counted(gone, 'conversation')}. Kept: {_retention()}.")


def delete(visitor: str, *, is_sure: bool) -> None:
    code = visitor.strip().lower()
    if len(code) < SHORTEST or set(code) - set("0123456789abcdef"):
        raise click.UsageError(f"VISITOR is {SHORTEST} to 64 digits and letters from a to f.")
    owners = _with_store(lambda store: store.overview.owners(code))
    if len(owners) != 1:
        raise click.UsageError(
            "Several visitors have this code: give more of it." if owners
            else "No visitor with this code has anything stored."
        )  # fmt: skip
    (owner,) = owners
    use = _with_store(lambda store: store.overview.use(owner))
    what = f"{counted(use.chats, 'conversation')} with {counted(use.turns, 'turn')}"
    if not is_sure:
        click.confirm(f"Remove {what}, and all else of {owner[:16]}, for good?", abort=True)
    _with_store(lambda store: store.delete_all(owner))
    click.echo(f"Removed {what}, and all else of {owner[:16]}.")


def revoke(link: str) -> None:
    id = link.strip().rstrip("/").rpartition("/")[2]
    if not _with_store(lambda store: store.shared.revoke(id)):
        raise click.UsageError("No page is shared under this link. It may have expired.")
    click.echo("Revoked. The link does not work any more.")


def migrate() -> None:
    before = _look()
    _with_store(lambda store: None)
    click.echo(f"Before: {before}\nNow: {_look()}")


def say(text: str | None) -> None:
    """Show `text` to all, nothing for ""; None says what is shown."""
    if text is not None and len(text) > notice.MOST_CHARACTERS:
        raise click.UsageError(f"TEXT has more than {notice.MOST_CHARACTERS} characters.")
    if text is None:
        shown = _with_store(lambda store: store.choices(EVERYONE).get("notice", ""))
    else:
        changed = {"notice": text}
        _with_store(lambda store: store.change_choices(EVERYONE, lambda _: changed))
        shown = text
    click.echo(printable(f"Visitors are told: {shown or 'nothing'}"))


def _with_store(action: Callable[[Store], T]) -> T:
    if not settings().history:
        raise click.UsageError("HISTORY is false: nothing is stored.")

    def act() -> T:
        store = open_store(database.address())
        try:
            return action(store)
        finally:
            store.close()

    return in_sentences(act)
