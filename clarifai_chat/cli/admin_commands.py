"""Declare the operator's commands: `python -m clarifai_chat admin …`."""

import click

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Write one JSON value to stdout, for scripts."
)


@click.group()
def admin() -> None:
    """Look after the database of a running app: for its operator.

    Each command works while the app runs. Visitors are named by hashes; nothing that they wrote is
    shown.
    """


@admin.command()
@json_option
def status(as_json: bool) -> None:
    """Say what is stored, what was spent today and what visitors are told."""
    from clarifai_chat.cli import administering

    administering.status(as_json=as_json)


@admin.command()
@click.option("--top", type=click.IntRange(1, 1000), default=20, help="How many. Usual: 20.")
@json_option
def usage(top: int, as_json: bool) -> None:
    """List the visitors with most turns: conversations, turns, files, last use."""
    from clarifai_chat.cli import administering

    administering.usage(top, as_json=as_json)


@admin.command()
def expire() -> None:
    """Look for what has expired now, as the app does once an hour.

    Conversations that HISTORY_DAYS lets go are marked first, and removed a day later.
    """
    from clarifai_chat.cli import administering

    administering.expire()


@admin.command()
@click.argument("visitor")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(visitor: str, yes: bool) -> None:
    """Remove everything of VISITOR for good, on request.

    VISITOR is the code that the visitor's own Help page shows, or as many of its first characters
    as only one visitor has: 8 at least. A page that is still open saves the next question again.
    """
    from clarifai_chat.cli import administering

    administering.delete(visitor, is_sure=yes)


@admin.command()
@click.argument("link")
def revoke(link: str) -> None:
    """Take back a page that a visitor shares, by its LINK: it stops working at once."""
    from clarifai_chat.cli import administering

    administering.revoke(link)


@admin.command()
def migrate() -> None:
    """Create or update the tables, as the app does when it starts. `check` says the state.

    Make a backup first: an older version refuses tables that a newer one has updated.
    """
    from clarifai_chat.cli import administering

    administering.migrate()


@admin.command()
@click.argument("text", required=False)
@click.option("--clear", is_flag=True, help="Show nothing any more.")
def say(text: str | None, clear: bool) -> None:
    """Show TEXT at the top of every visitor's page, or say what is shown.

    Pages show it with their next click, seconds later.
    """
    if clear and text:
        raise click.UsageError("TEXT and --clear exclude each other.")
    from clarifai_chat.cli import administering

    administering.say(None if text is None and not clear else (text or "").strip())
