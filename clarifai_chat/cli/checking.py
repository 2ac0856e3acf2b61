"""`check`: say before a deployment what the app will say when it starts."""

import json
import logging
from dataclasses import asdict

import click

from clarifai_chat import checkup
from clarifai_chat.checkup import Finding
from clarifai_chat.cli.ending import ExitCode, printable
from clarifai_chat.config import settings
from clarifai_chat.serving import start


def run(*, online: bool, as_json: bool) -> ExitCode:
    """Write what was found; return 0, 1 for a warning or 2 if the app does not start."""
    logging.disable(logging.CRITICAL)  # the same sentences would come twice
    try:
        found = list(checkup.findings(online=online))
        if found[0].level != "fails":
            found += _port()
    finally:
        logging.disable(logging.NOTSET)
    levels = {each.level for each in found}
    code = ExitCode.OK
    if levels - {"ok"}:
        code = ExitCode.USAGE if "fails" in levels else ExitCode.INVALID
    if as_json:
        told = {"exit_code": int(code), "findings": [asdict(each) for each in found]}
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return code
    for each in found:
        click.echo(printable(f"{each.level:8} {each.text}"))
    return code


def _port() -> list[Finding]:
    problem = start.port_problem(settings().host, settings().port)
    if not problem:
        return [Finding("ok", f"Address: {start.address_of(settings())}.")]
    return [Finding("warning" if problem.startswith("Cannot listen") else "fails", problem)]
