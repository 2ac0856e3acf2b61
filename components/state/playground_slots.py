"""Keep what a tab remembers about the tool playground."""

from typing import Any, Literal, NotRequired, TypedDict

from clarifai_chat.attachments.attachment import Attachment
from clarifai_chat.background import Job
from clarifai_chat.history.file_reading import Guess
from clarifai_chat.playground.runs import Run, RunSettings, default_settings
from clarifai_chat.playground.toolset import ToolSet
from clarifai_chat.tools.text.diagnostics import Path
from components.state.draft import Draft, new_draft
from components.state.slots import Slot


class IncomingTool(TypedDict):
    """A tool of the preview, with what changed in it and what was lost."""

    spec: dict[str, Any]
    changed: list[str]
    lost: list[str]
    label: str


class Incoming(TypedDict):
    """What was pasted or opened, until it is used."""

    kind: Literal["tools", "request", "set", "run"]
    what: str
    tools: list[IncomingTool]
    notes: list[str]
    toolset: ToolSet | None
    run: Run | None
    text: str
    menu: list[str]
    document: dict[str, Any] | None
    server: NotRequired[str]  # the address of the MCP server that listed the tools


class PlaygroundSlots:
    """The tools as text, the settings of the next run, and the last runs."""

    tools = Slot[Draft](new_draft)  # the playground's tools, as text
    tools_off = Slot[list[str]](list)  # names of those that are not sent
    tool_filter = Slot(str)  # which tools the list shows
    more_tools = Slot(int)  # how many of them beyond the first
    counted_tools = Slot[list[Any]](list)  # the tools as they are sent, and their tokens
    # What the app replaced, newest last: a whole set, or only the text.
    set_aside = Slot[list[ToolSet | str]](list)
    fixing = Slot[list[str]](list)  # the finding whose fix is shown: its code and place
    importing = Slot(bool)  # the panel is open
    incoming = Slot[Incoming | None](lambda: None)
    import_text = Slot(str)  # pasted, and not read as tools
    import_error = Slot(str)
    server_address = Slot(str)  # of the MCP server that was asked last
    server_listing = Slot[Job | None](lambda: None)  # its tools, while they are asked for
    tool_servers = Slot[dict[str, str]](dict)  # tool → the address of the server that listed it
    plain_editor = Slot(bool)
    form_view = Slot(bool)  # the tools as a form, in place of their text
    form_tool = Slot(int)  # the place of the tool whose form is shown
    form_open = Slot[list[Path]](list)  # the schemas in it that are opened
    form_gen = Slot(int)  # the `gen` of the text that its boxes show
    form_moves = Slot[list[tuple[Path, Path]]](list)  # renamed since it was drawn: from, to
    form_refused = Slot[dict[str, list[Any]]](dict)  # a box's key → what was typed, and why not
    try_tool = Slot(str)  # the tool that is called by hand
    try_texts = Slot[dict[str, str]](dict)  # tool → arguments, or a whole call
    try_json = Slot(bool)  # they are shown as JSON, in place of a form
    try_branches = Slot[dict[Path, int]](dict)  # the part of an anyOf that was chosen for a value
    try_result = Slot[list[str]](list)  # a built-in, the arguments that it got, its answer
    run_prompt = Slot(str)
    run_files = Slot[list[Attachment]](list)  # for the next run
    run_guesses = Slot[dict[str, Guess]](dict)  # how those were read of which it is a guess, by id
    run_refused = Slot[list[str]](list)  # one sentence for each file that was refused last
    run_uploads = Slot(int)  # how many times files were added
    # Parts of the next request as JSON text: messages, schema and extra, as far as they were shown.
    request_texts = Slot[dict[str, Draft]](dict)
    run_settings = Slot[RunSettings](default_settings)
    answerers = Slot[dict[str, str]](dict)  # tool → built-in, or "" for by hand, if chosen
    results = Slot[dict[str, str]](dict)  # tool → the last answer typed for it
    runs = Slot[list[Run]](list)  # newest last
    opened_run = Slot(str)  # the turn id of the run on the page
    compared_run = Slot(str)
    drawn_run = Slot(str)
    address_tools = Slot(str)  # the ?tools= of the URL that was applied last
