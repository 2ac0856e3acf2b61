"""`evaluate`: ask cases several times, and judge the runs by the rules of docs/EVIDENCE.md."""

import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from clarifai_chat.access_token import holds
from clarifai_chat.catalog import Model
from clarifai_chat.chat.turn import ModelRef, asked_of
from clarifai_chat.cli import inputs, tool_runs
from clarifai_chat.cli.ending import BY_SIDE, ExitCode, Refused, printable, say
from clarifai_chat.evidence import cases, reports, words
from clarifai_chat.evidence.cases import Case
from clarifai_chat.evidence.experiment import (
    OWN_TOOLS,
    Experiment,
    ToolSet,
    estimate,
    new_experiment,
)
from clarifai_chat.evidence.html_report import as_html
from clarifai_chat.evidence.record import InMemory
from clarifai_chat.evidence.record_file import BadRecord, InFile
from clarifai_chat.evidence.runner import Runner
from clarifai_chat.llm.endpoints import Endpoint, endpoint_for

EVERY_S = 5.0  # the least time between two lines of progress


def planned(
    file: Path | None,
    models: Sequence[Model],
    tools: Sequence[Path],
    only: Sequence[str],
    options: Mapping[str, Any],
) -> Experiment:
    """Return the experiment that was asked for on the command line."""
    found = [case for case in _cases(file) if not only or {case["id"], case["topic"]} & {*only}]
    if not found:
        raise click.UsageError("No case has one of these ids or topics.")
    sets = [_tool_set(path) for path in tools] or [OWN_TOOLS]
    name = file.name if file else "The forty cases"
    return new_experiment(name, found, [asked_of(model) for model in models], sets, **options)


def _cases(file: Path | None) -> Sequence[Case]:
    if file is None:
        return cases.shipped()
    try:
        return cases.read(inputs.read_text(file))
    except cases.BadCases as why:
        raise click.UsageError(f"{file}: {why}") from None


def _tool_set(path: Path) -> ToolSet:
    opened = tool_runs.opened(path)
    system = opened.toolset["settings"]["system"]
    found: ToolSet = {"name": path.name, "tools": [*opened.tools], "system": system}
    mocks = opened.toolset.get("mocks")
    return {**found, "mocks": mocks} if mocks else found


def run(
    experiment: Experiment,
    pat: str,
    at_least: float,
    files: Mapping[str, Path | None],
    record_file: Path | None = None,
) -> ExitCode:
    """Ask all, write the reports, and return 0 if each column's lower end is high enough.

    What is in `record_file` is not asked again.
    """
    if holds(experiment, pat):
        raise Refused("The access token is in the cases or tools. Remove it, and run this again.")
    plan = estimate(experiment)
    for sentence in plan.left_out:
        say(f"Left out: {sentence}")
    say(f"Asking {words.estimated(plan)}")
    if not plan.runs:
        raise click.UsageError("No case can be asked with these tools.")
    record = _record(record_file, experiment)
    runner = Runner(experiment, record, lambda model: _endpoint(model, pat))
    if runner.asked:
        say(f"{runner.asked:,} of {runner.total:,} are in {record_file} already.")
    was_stopped = _wait(runner)
    click.echo(printable(reports.as_text(runner.tally)))
    for why in runner.whys:
        say(why)
    _write(runner, record, files)
    if was_stopped:
        return ExitCode.INTERRUPTED
    found = reports.columns(runner.tally)
    if any(column["rate"] is None for column in found) or runner.state != "done":
        say("Not everything was judged, so this is no success.")
        return BY_SIDE[runner.sides[0]] if runner.sides else ExitCode.THEIRS
    return ExitCode.OK if all(c["low"] >= at_least for c in found) else _too_low(found, at_least)


def _record(path: Path | None, experiment: Experiment) -> InMemory:
    try:
        return InFile(path, experiment) if path else InMemory()
    except BadRecord as why:
        raise click.UsageError(str(why)) from None


def _too_low(found: Sequence[Mapping[str, Any]], at_least: float) -> ExitCode:
    for column in found:
        if column["low"] < at_least:
            say(
                f"{column['name']}: the lower end of the interval is {column['low'] * 100:.1f} %,"
                f" below {at_least * 100:g} %."
            )
    return ExitCode.INVALID


def _endpoint(model: ModelRef, pat: str) -> Endpoint:
    return endpoint_for(model["url"], pat, None)


def _wait(runner: Runner) -> bool:
    """Wait until it is over; return whether Ctrl+C stopped it. A second one cuts what runs."""
    stops = 0

    def stop(*_: object) -> None:
        nonlocal stops
        stops += 1
        runner.stop(now=stops > 1)

    former = signal.signal(signal.SIGINT, stop)
    try:
        runner.start()
        said_at = time.monotonic()
        while runner.is_running:
            runner.wait(runner.version, 0.5)
            if time.monotonic() - said_at >= EVERY_S:
                said_at = time.monotonic()
                say(f"{runner.asked:,} of {runner.total:,}")
    finally:
        signal.signal(signal.SIGINT, former)
    return stops > 0


def _write(runner: Runner, record: InMemory, files: Mapping[str, Path | None]) -> None:
    made = {
        "json": lambda: reports.as_json(runner.tally, record),
        "csv": lambda: reports.as_csv(runner.experiment, record),
        "junit": lambda: reports.as_junit(runner.tally, record),
        "html": lambda: as_html(runner.tally, record),
    }
    for kind, path in files.items():
        if path:
            try:
                path.write_text(made[kind](), "utf-8", errors="replace")
            except OSError as error:
                raise click.UsageError(f"{path} cannot be written: {error.strerror}.") from None
