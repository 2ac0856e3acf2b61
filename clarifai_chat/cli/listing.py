"""`models`: list the models that can be asked."""

import sys
from collections.abc import Sequence
from dataclasses import asdict

import click
from rich.console import Console
from rich.table import Table

from clarifai_chat import catalog
from clarifai_chat.catalog import Model, live
from clarifai_chat.cli import answer, inputs
from clarifai_chat.cli.ending import advice, printable, say
from clarifai_chat.config import settings
from clarifai_chat.errors import ChatError
from clarifai_chat.text import listed


def models(pat: str) -> tuple[Model, ...]:
    """Return the server's list as it is now if there is a token, else the app's own."""
    if not pat:
        return inputs.models()
    try:
        *found, demo = live.models(pat, settings())
    except ChatError as error:
        problem = error.problem()
        say(f"The server's own list is not available: {problem['what']} {advice(problem)}")
        say("This is the list that comes with the app.")
        return inputs.models()
    return (*found, *inputs.local_models(), demo)


def of_family(models: Sequence[Model], family: str | None) -> Sequence[Model]:
    """Return the models of a family, whatever the case of its name; all where none is named."""
    if family is None:
        return models
    families = {model.family.casefold(): model.family for model in models}
    if family.casefold() not in families:
        known = listed(sorted(families.values()), last="or")
        raise click.BadParameter(f"{family} is not one of them: {known}.", param_hint="--family")
    return [model for model in models if model.family.casefold() == family.casefold()]


def write(models: Sequence[Model], *, as_json: bool, pat: str) -> None:
    """Write a table for a person, lines with tabs for the next program, or JSON."""
    if as_json:
        answer.write_json([asdict(model) | {"family": model.family} for model in models], pat)
        return
    rows = [
        (
            model.url.removeprefix("https://clarifai.com/"),
            printable(model.name),
            catalog.context_text(model),
            catalog.price_text(model),
            catalog.abilities_text(model),
        )
        for model in models
    ]
    if not rows:
        say("No model matches.")
    elif inputs.is_terminal(sys.stdout):
        table = Table("Model", "Name", "Context", "Price in USD", "Abilities")
        for row in rows:
            table.add_row(*row)
        Console(file=sys.stdout, markup=False, highlight=False).print(table)
    else:
        for row in rows:
            click.echo("\t".join(row))
