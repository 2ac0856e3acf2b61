"""`code`: write the code that makes a request."""

from pathlib import Path

import click

from clarifai_chat.cli.ending import say
from clarifai_chat.llm import code
from clarifai_chat.llm.endpoints import base_of
from clarifai_chat.llm.request import ChatRequest
from clarifai_chat.text import listed


def write(kind: str, request: ChatRequest, folder: Path | None) -> None:
    """Write a request as code of a kind: to stdout, or with its files into a folder."""
    snippet = code.snippet(kind, request, base_of(request.model))
    for note in snippet.notes:
        say(f"Note: {note}")
    if folder is None:
        click.echo(snippet.text, nl=not snippet.text.endswith("\n"))
        if snippet.files:
            say(f"It needs {listed(list(snippet.files))} beside it: --save FOLDER writes all.")
        return
    contents = {snippet.filename: snippet.text.encode(), **snippet.files}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            (folder / Path(name).name).write_bytes(content)
    except OSError as error:
        raise click.UsageError(f"{folder} cannot be written: {error.strerror}.") from None
    say(f"Written to {folder}: {listed(list(contents))}.")
