"""Declare the commands and their options. What a command does is imported when it runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from clarifai_chat.cli.admin_commands import admin
from clarifai_chat.cli.ending import HELP, App, ExitCode

Command = TypeVar("Command", bound=Callable[..., Any])

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
MAX_REPEAT = 20
# Written here because what defines them takes its time to load; a test compares.
EFFORTS = ("minimal", "low", "medium", "high")
KINDS = ("litellm", "openai", "curl", "javascript", "fetch", "proxy")


def _model(usual: str) -> Callable[[Command], Command]:
    about = f"Its address or path on Clarifai, its id, or demo. {usual}"
    return click.option("--model", "-m", metavar="MODEL", help=about)


_MODEL = _model("Usual: the app's own choice; without a token, the Demo.")
_TOKEN = click.option(
    "--token-stdin",
    is_flag=True,
    help="Read the access token from stdin; on a terminal it is typed unseen. Otherwise it is"
    " CLARIFAI_PAT, from the environment or .env.",
)
_PICTURES = click.option(
    "--pictures",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write pictures that the model makes into this folder.",
)
_JSON = click.option(
    "--json", "as_json", is_flag=True, help="Write one JSON value to stdout, for scripts."
)
_SETTINGS = (
    click.option("--system", "-s", metavar="TEXT", help="The system prompt."),
    click.option("--temperature", type=click.FloatRange(0, 2), help="Higher is more varied."),
    click.option("--top-p", type=click.FloatRange(0, 1), help="The share of likely words."),
    click.option("--max-tokens", type=click.IntRange(1, 1_000_000), help="Of the answer."),
    click.option("--seed", type=int, help="The same one gives the same answer, mostly."),
    click.option("--presence-penalty", type=click.FloatRange(-2, 2), help="For new subjects."),
    click.option("--frequency-penalty", type=click.FloatRange(-2, 2), help="Against repetition."),
    click.option(
        "--stop", multiple=True, metavar="TEXT", help=r"Ends the answer; \n is a new line. Repeat."
    ),
    click.option("--reasoning-effort", type=click.Choice(EFFORTS), help="How long it thinks."),
    click.option("--json-mode", is_flag=True, help="Ask for an answer in JSON."),
    click.option("--schema", type=FILE, help="Ask for JSON that follows this schema."),
    click.option(
        "--file", "-f", "paths", type=FILE, multiple=True, help="A file for the model. Repeat."
    ),
    click.option("--stream/--no-stream", default=True, help="Whether the answer is streamed."),
)


def _with(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def _end(code: ExitCode) -> None:
    click.get_current_context().exit(code)


@click.group(cls=App, epilog=HELP, context_settings={"help_option_names": ["-h", "--help"]})
def app() -> None:
    """Talk to the language models on Clarifai.

    The Demo, a script that runs in here, needs neither a token nor a network:

    \b
      python -m clarifai_chat chat --model demo "Compare three models in a table"
    """


@app.command(epilog=HELP)
@click.argument("prompt", required=False)
@_with(_MODEL, *_SETTINGS, _PICTURES, _TOKEN, _JSON)
@click.option("--thinking/--no-thinking", default=True, help="Whether it is shown, on stderr.")
def chat(
    prompt: str | None,
    model: str | None,
    paths: tuple[Path, ...],
    stream: bool,
    pictures: Path | None,
    token_stdin: bool,
    as_json: bool,
    thinking: bool,
    **given: Any,
) -> None:
    """Ask a model PROMPT, and what stdin has after it.

    PROMPT is "-" to read stdin alone. With neither, on a terminal, a conversation begins. The
    answer is rendered as Markdown on a terminal, and written as it is elsewhere. Ctrl+C stops it.

    --json writes an object with the fields model, text, reasoning, tool_calls, finish_reason,
    request_id, usage, cost_usd, problem, pictures (the files that were written) and schema_problem.
    """
    _refuse_both(given)
    from clarifai_chat.cli import chatting, inputs
    from clarifai_chat.cli.conversation import Conversation, settings_of

    asked = inputs.prompt(prompt, stdin_is_free=not token_stdin)
    is_conversation = not asked.strip() and prompt is None and inputs.is_at_terminal()
    if not asked.strip() and not paths and not is_conversation:
        raise click.UsageError("There is no question: give PROMPT, or write it to stdin.")
    if is_conversation and as_json:
        raise click.UsageError("--json needs a question: give PROMPT, or write it to stdin.")
    pat = inputs.token(token_stdin)
    chosen = inputs.model(model, pat)
    talk = Conversation(chosen, settings_of(**given), pat, stream=stream, pictures=pictures)
    if is_conversation:
        _end(chatting.conversation(talk, pat, paths, thinking=thinking))
    _end(chatting.one_question(talk, pat, asked, paths, as_json=as_json, thinking=thinking))


@app.command(epilog=HELP)
@click.argument("search", default="")
@click.option("--family", metavar="NAME", help="OpenAI, Anthropic, Gemini, xAI, Open source.")
@click.option("--tools", is_flag=True, help="Only models that are known to call tools.")
@click.option("--vision", is_flag=True, help="Only models that are known to see pictures.")
@click.option("--reasoning", is_flag=True, help="Only models that are known to reason.")
@_with(_TOKEN, _JSON)
def models(
    search: str,
    family: str | None,
    tools: bool,
    vision: bool,
    reasoning: bool,
    token_stdin: bool,
    as_json: bool,
) -> None:
    """List the models in which every word of SEARCH occurs.

    With a token the list is Clarifai's own, as it is now; else it is the one that comes with the
    app. Where stdout is not a terminal, lines are divided by tabs; the first field is the model.

    --json writes a list of objects with the fields url, name, family, context_window,
    max_output_tokens, input_price, output_price (USD per 1M tokens), tools, vision, reasoning and
    others; null is unknown.
    """
    from clarifai_chat import catalog
    from clarifai_chat.cli import inputs, listing

    pat = inputs.token(token_stdin)
    known = listing.of_family(listing.models(pat), family)
    found = catalog.search(known, search, tools=tools, vision=vision, reasoning=reasoning)
    listing.write(found, as_json=as_json, pat=pat)


@app.group(epilog=HELP)
def tools() -> None:
    """Try out tools, as the tool playground does."""


@tools.command(epilog=HELP)
@click.argument("file", type=FILE)
@click.option("--prompt", "-p", metavar="TEXT", help="In place of the prompt in FILE.")
@click.option("--repeat", type=click.IntRange(1, MAX_REPEAT), default=1, help="How many runs.")
@_with(_model("Usual: the one in FILE."), _PICTURES, _TOKEN, _JSON)
def run(
    file: Path,
    prompt: str | None,
    repeat: int,
    model: str | None,
    pictures: Path | None,
    token_stdin: bool,
    as_json: bool,
) -> None:
    """Run the tools of FILE against a model, and judge each call by its schema.

    FILE is a set or a run that the playground saved, or a bare list of tools. Where the set says
    that calls are answered automatically, built-in tools answer them. The exit code is 1 when a
    call is not valid, or when none came and one was required.

    --json writes an object with the fields model, prompt, ok and runs; each run has ok, calls,
    notes, text, reasoning, finish_reason, request_id, usage, cost_usd, problem and pictures; each
    call has step, call_id, name, status, summary, arguments, arguments_text, notes and answer.
    """
    from clarifai_chat.cli import inputs, tool_runs

    found = tool_runs.opened(file)
    asked = found.toolset["prompt"] if prompt is None else prompt
    if not asked.strip():
        raise click.UsageError(f"There is no prompt in {file}: give one with --prompt.")
    pat = inputs.token(token_stdin)
    chosen = inputs.model(model or found.toolset["model"] or None, pat)
    _end(tool_runs.run(found, chosen, asked, pat, pictures, repeat=repeat, as_json=as_json))


@app.command(epilog=HELP)
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("prompt", required=False)
@click.option("--from", "file", type=FILE, help="A set or a run that the playground saved.")
@click.option(
    "--save",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write it into this folder, not to stdout.",
)
@_with(_model("Usual: the app's own choice."), *_SETTINGS)
def code(
    kind: str,
    prompt: str | None,
    file: Path | None,
    folder: Path | None,
    model: str | None,
    paths: tuple[Path, ...],
    stream: bool,
    **given: Any,
) -> None:
    """Write the code that asks a model PROMPT.

    KIND is Python with litellm or with the OpenAI client (openai), curl, JavaScript with the
    OpenAI client (javascript) or with fetch, or the config of a LiteLLM Proxy (proxy). Nothing is
    sent, and the code reads the token from CLARIFAI_PAT.

    With --from, the request is that of a run of the playground. --save writes the code into a
    folder, with the files that it needs.
    """
    _refuse_both(given)
    from clarifai_chat.cli import inputs

    pat = inputs.token(False)
    if file is None:
        asked = inputs.prompt(prompt, stdin_is_free=True)
        if not asked.strip() and not paths:
            raise click.UsageError("There is no question: give PROMPT, or write it to stdin.")
    elif given_names := sorted(name for name, value in given.items() if value):
        raise click.UsageError(f"With --from, the file has the settings: {', '.join(given_names)}.")
    from clarifai_chat import llm
    from clarifai_chat.catalog import DEFAULT_URL
    from clarifai_chat.cli import snippets, tool_runs
    from clarifai_chat.cli.conversation import Conversation, settings_of, without_token
    from clarifai_chat.playground import runs

    if file is None:
        chosen = inputs.model(model, pat, without_token=DEFAULT_URL)
        talk = Conversation(chosen, settings_of(**given), pat, stream=stream)
        request = talk.request(talk.add(asked, inputs.files(paths, llm.count_tokens)))
    else:
        found = tool_runs.opened(file)
        named = model or found.toolset["model"] or None
        chosen = inputs.model(named, pat, without_token=DEFAULT_URL)
        asked = found.toolset["prompt"] if prompt is None else prompt
        request = without_token(runs.request(tool_runs.new_run(found, chosen, asked)), pat)
    if chosen.is_demo:
        raise click.UsageError("The Demo runs inside this app only: choose another with --model.")
    snippets.write(kind, request, folder)


_OUT = click.Path(dir_okay=False, path_type=Path)


@app.command(epilog=HELP)
@click.argument("file", type=FILE, required=False)
@click.option("--model", "-m", "names", metavar="MODEL", multiple=True, help="Up to 4. Repeat.")
@click.option("--tools", type=FILE, multiple=True, help="Tools for all cases, up to 2. Repeat.")
@click.option("--only", metavar="WORD", multiple=True, help="Cases with this id or topic. Repeat.")
@click.option("--repeat", type=click.IntRange(1, 50), default=3, help="How often each is asked.")
@click.option(
    "--at-least", type=click.FloatRange(0, 100), default=0, help="Percent, of the interval's end."
)
@click.option("--strict", is_flag=True, help="Compare texts to the letter, not as BFCL does.")
@click.option("--temperature", type=click.FloatRange(0, 2), help="Higher is more varied.")
@click.option("--at-once", type=click.IntRange(1, 8), default=2, help="Requests to one model.")
@click.option("--max-usd", type=click.FloatRange(0, min_open=True), help="Spend no more than that.")
@click.option("--max-seconds", type=click.FloatRange(0, min_open=True), help="Take no longer.")
@click.option("--resume", type=_OUT, help="Keep results in this file, and go on with what it has.")
@click.option("--json", "json_file", type=_OUT, help="Write all figures and runs into this file.")
@click.option("--csv", "csv_file", type=_OUT, help="Write one line for each run into this file.")
@click.option("--junit", "junit_file", type=_OUT, help="Write JUnit XML into this file.")
@click.option("--html", "html_file", type=_OUT, help="Write a report for people into this file.")
@_with(_TOKEN)
def evaluate(
    file: Path | None,
    names: tuple[str, ...],
    tools: tuple[Path, ...],
    only: tuple[str, ...],
    at_least: float,
    strict: bool,
    token_stdin: bool,
    resume: Path | None,
    json_file: Path | None,
    csv_file: Path | None,
    junit_file: Path | None,
    html_file: Path | None,
    repeat: int,
    temperature: float | None,
    at_once: int,
    max_usd: float | None,
    max_seconds: float | None,
) -> None:
    """Ask the cases in FILE several times, and judge each run; without FILE, the forty that ship.

    Cases and rules are described in docs/EVIDENCE.md. The exit code is 0 if the lower end of each
    model's 95 % interval is at least --at-least, and 1 if one is not. Failures of the provider do
    not count as the model's.
    """
    from clarifai_chat.cli import evaluating, inputs

    if len(names) > 4 or len(tools) > 2:
        raise click.UsageError("At most 4 models and 2 files of tools can be compared.")
    pat = inputs.token(token_stdin)
    models = [inputs.model(name, pat) for name in names or (None,)]
    options = {
        "repeats": repeat,
        "strings": "strict" if strict else "loose",
        "temperature": temperature,
        "at_once": at_once,
        "max_usd": max_usd,
        "max_s": max_seconds,
    }
    experiment = evaluating.planned(file, models, tools, only, options)
    files = {"json": json_file, "csv": csv_file, "junit": junit_file, "html": html_file}
    _end(evaluating.run(experiment, pat, at_least / 100, files, resume))


_FORCE = "Replace what is there."


@app.command(epilog=HELP)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help=_FORCE)
def backup(file: Path, force: bool) -> None:
    """Save all conversations of all visitors into FILE, also while the app runs.

    The database is the one in DATABASE_URL, or the file beside the app. Attachments, presets
    and favourites are included. FILE is an SQLite database, also if the database is PostgreSQL.
    """
    from clarifai_chat.cli import database

    database.save(file, replace=force)


@app.command(epilog=HELP)
@click.argument("file", type=FILE)
@click.option("--force", is_flag=True, help=_FORCE)
def restore(file: Path, force: bool) -> None:
    """Restore all conversations from FILE, which `backup` made, into the database.

    Stop the app first. The database may be of another kind than the one that FILE was made from. A
    database with conversations in it is refused, unless --force replaces them.
    """
    from clarifai_chat.cli import database

    database.restore(file, replace=force)


@app.command()
@click.option("--online", is_flag=True, help="Ask the model's server too, without a token.")
@_with(_JSON)
def check(online: bool, as_json: bool) -> None:
    """Check settings, files, network and database before a deployment.

    It changes nothing: missing tables are created when the app starts. No secret is written.

    --json writes an object with the fields exit_code and findings; each has level and text.

    \b
    Exit codes:
      0    all is well
      1    the app starts, but goes without something that was set
      2    the app does not start: a setting cannot be used
    """
    from clarifai_chat.cli import checking

    _end(checking.run(online=online, as_json=as_json))


app.add_command(admin)


def _refuse_both(given: dict[str, Any]) -> None:
    if given["json_mode"] and given["schema"] is not None:
        raise click.UsageError("--json-mode and --schema exclude each other.")
