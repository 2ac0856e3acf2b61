"""`tools run`: run tools against a model as the playground does, and judge the calls."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from clarifai_chat.catalog import Model
from clarifai_chat.chat.turn import asked_of
from clarifai_chat.cli import answer, inputs
from clarifai_chat.cli.conversation import without_token
from clarifai_chat.cli.ending import ExitCode, printable, say
from clarifai_chat.cli.pictures import OPTION, Pictures
from clarifai_chat.llm.endpoints import endpoint_for
from clarifai_chat.messages import ToolSpec
from clarifai_chat.playground import clarifai_servers, door, run_file, runs, variables
from clarifai_chat.playground.compatibility import cautions
from clarifai_chat.playground.run_report import line, word
from clarifai_chat.playground.runs import CHOICES, Run, Step
from clarifai_chat.playground.toolset import ToolSet
from clarifai_chat.tools.builtins.suggest import suggested
from clarifai_chat.tools.formats.tool_import import NotTools
from clarifai_chat.tools.lint.check import check


@dataclass(frozen=True, slots=True)
class Opened:
    """A file of tools, ready to run."""

    toolset: ToolSet
    tools: tuple[ToolSpec, ...]


def opened(path: Path) -> Opened:
    """Return the saved set, the saved run, or the tools of any format in a file."""
    try:
        toolset = door.set_in(inputs.read_text(path))
    except NotTools as why:
        raise click.UsageError(f"{path}: {why}") from None
    checked = check(toolset["tools"])
    for finding in checked.findings:
        if finding.level == "error":
            say(f"{path}: in the tools, line {finding.line}: {finding.message}")
    if checked.is_broken:
        raise click.UsageError(f"{path} has no tools that can be sent.")
    return Opened(toolset, tuple(tool.spec for tool in checked.tools))


def new_run(found: Opened, model: Model, prompt: str) -> Run:
    """Return a run of a file's tools, its calls answered by its mocks and built-ins that fit."""
    settings, tools = clarifai_servers.asked(model, found.toolset["settings"], found.tools)
    if why := variables.problem(
        settings["variables"], prompt, settings["system"], settings["messages"]
    ):
        raise click.UsageError(why)
    answerers = {str(t["function"].get("name", "")): suggested(t) for t in tools}
    mocks = found.toolset.get("mocks", {})
    answerers |= dict.fromkeys(mocks.keys() & answerers.keys(), runs.MOCKED)
    made = runs.new_run(
        prompt,
        asked_of(model),
        tools,
        settings,
        {name: answerer for name, answerer in answerers.items() if answerer},
        {},
    )
    if mocks:
        made["mocks"] = mocks
    return made


def run(
    found: Opened,
    model: Model,
    prompt: str,
    pat: str,
    folder: Path | None,
    *,
    repeat: int,
    as_json: bool,
) -> ExitCode:
    """Make the runs one after another and write their verdicts; return the worst exit code."""
    if not found.tools:
        raise click.UsageError("There are no tools in the file.")
    first = new_run(found, model, prompt)
    for caution in cautions(model, first["settings"], first["tools"], first["answerers"]):
        say(f"Note: {caution}")
    codes: list[ExitCode] = []
    results: list[dict[str, Any]] = []
    for number in range(repeat):
        made = new_run(found, model, prompt)
        came = Pictures(folder)
        code = _made(made, pat, came)
        came.write(f"To save it, run again with {OPTION}.")
        codes.append(code)
        if as_json:
            results.append({**run_as_json(made, code), "pictures": came.written})
        else:
            if number:
                click.echo()
            _write(made)
        if code is ExitCode.INTERRUPTED:
            break
    if as_json:
        told = {"model": model.url, "prompt": prompt, "runs": results, "ok": not any(codes)}
        answer.write_json(told, pat)
    elif repeat > 1:
        click.echo(f"\n{codes.count(ExitCode.OK)} of {len(codes)} runs as asked")
    return max(codes)


def _made(made: Run, pat: str, came: Pictures) -> ExitCode:
    turn = made["turn"]
    without_token(runs.request(made), pat)
    answer.ask(
        turn,
        lambda in_flight: came.keep(
            runs.events(made, lambda: endpoint_for(turn["model"]["url"], pat, None), in_flight)
        ),
        answer.Silence(),
    )
    code = answer.exit_code(turn)
    return ExitCode.INVALID if code is ExitCode.OK and not is_as_asked(made) else code


def is_as_asked(made: Run) -> bool:
    """Return whether every call of a run is valid, and a call came where one was required."""
    steps = runs.steps(made)
    if any(verdict.status != "valid" for step in steps for _, verdict in step.judged):
        return False
    choice = made["settings"]["tool_choice"]
    if not made["tools"] or choice == "auto":
        return True
    called = [verdict.name for step in steps[:1] for _, verdict in step.judged]
    if choice == "none":
        return not called
    return bool(called) if choice in CHOICES else choice in called


# --- As text -------------------------------------------------------------------------------------


def _write(made: Run) -> None:
    for step in runs.steps(made):
        _write_step(step)
    if text := answer.words(made["turn"]).strip():
        click.echo(printable(text))
    click.echo(printable(line(made)))


def _write_step(step: Step) -> None:
    for call, verdict in step.judged:
        function = call["function"]
        click.echo(printable(f"{function['name']}({function['arguments']})"))
        said = word(call, verdict)
        if verdict.summary and verdict.status != "valid":
            said += f": {verdict.summary}"
        click.echo(printable(f"  {said}"))
        _write_notes(verdict.notes)
        if call["id"] in step.answers:
            click.echo(printable(f"  answered: {step.answers[call['id']]}"))
    _write_notes(step.notes)


def _write_notes(notes: Sequence[str]) -> None:
    for note in notes:
        click.echo(printable(f"  note: {note}"))


# --- As JSON -------------------------------------------------------------------------------------


def run_as_json(made: Run, code: ExitCode) -> dict[str, Any]:
    """Return a run by the names that README lists; verdicts are as in a saved run."""
    steps = runs.steps(made)
    result = answer.answer_as_json(made["turn"])
    del result["model"], result["tool_calls"]
    calls = [
        {
            **run_file.verdict_as_json(verdict),
            "step": step.number,
            "arguments_text": call["function"]["arguments"],
            "answer": step.answers.get(call["id"]),
        }
        for step in steps
        for call, verdict in step.judged
    ]
    notes = [note for step in steps for note in step.notes]
    return {"ok": code is ExitCode.OK, "calls": calls, "notes": notes, **result}
