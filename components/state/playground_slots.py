"""Keep what a tab remembers about the tool playground."""

from typing import Any, Literal, NotRequired, TypedDict

from clarifai_chat.attachments.attachment import Attachment
from clarifai_chat.background import Job
from clarifai_chat.evidence.cases import Case
from clarifai_chat.history.file_reading import Guess
from clarifai_chat.playground.from_chat import FromChat
from clarifai_chat.playground.kept_data import KeptRun, OpenSet, new_set
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
    answers: Any  # the schema of its answers, or None


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
    is_written: NotRequired[bool]  # by a model, from a description
    server: NotRequired[str]  # the address of the MCP server that listed the tools


class PlaygroundSlots:
    """The tools as text, the settings of the next run, and the last runs.

    All but those with `kept=False` are a set: they are saved while they change. A slot that may
    hold a secret, or what only this tab is about, is not kept.
    """

    tools = Slot[Draft](new_draft)  # the playground's tools, as text
    tools_off = Slot[list[str]](list)  # names of those that are not sent
    tool_filter = Slot(str, kept=False)  # which tools the list shows
    more_tools = Slot(int, kept=False)  # how many of them beyond the first
    # The hash of a tool as it is sent → its tokens.
    counted_tools = Slot[dict[int, int]](dict, kept=False)
    # What the app replaced, newest last: a whole set, or only the text.
    set_aside = Slot[list[ToolSet | str]](list)
    # Which fix is shown: the code and place of its finding.
    fixing = Slot[list[str]](list, kept=False)
    importing = Slot(bool, kept=False)  # the panel is open
    incoming = Slot[Incoming | None](lambda: None, kept=False)
    import_text = Slot(str, kept=False)  # pasted, and not read as tools
    import_error = Slot(str, kept=False)
    described = Slot(str)  # what the tools are to do, for a model that writes them
    writing = Slot[Job | None](lambda: None, kept=False)  # its answer, while asked for
    server_address = Slot(str, kept=False)  # of the MCP server that was asked last
    server_listing = Slot[Job | None](lambda: None, kept=False)  # its tools, while asked for
    tool_servers = Slot[dict[str, str]](dict)  # tool → the address of the server that listed it
    plain_editor = Slot(bool)
    form_view = Slot(bool)  # the tools as a form, in place of their text
    form_tool = Slot(int, kept=False)  # the place of the tool whose form is shown
    form_open = Slot[list[Path]](list, kept=False)  # the schemas in it that are opened
    form_gen = Slot(int, kept=False)  # the `gen` of the text that its boxes show
    # Schemas renamed since the form was drawn: from, to.
    form_moves = Slot[list[tuple[Path, Path]]](list, kept=False)
    # A box's key → what was typed, and why not.
    form_refused = Slot[dict[str, list[Any]]](dict, kept=False)
    try_tool = Slot(str, kept=False)  # the tool that is called by hand
    try_texts = Slot[dict[str, str]](dict)  # tool → arguments, or a whole call
    try_json = Slot(bool, kept=False)  # they are shown as JSON, in place of a form
    # The part of an anyOf that was chosen for a value.
    try_branches = Slot[dict[Path, int]](dict, kept=False)
    # A built-in, the arguments that it got, its answer.
    try_result = Slot[list[str]](list, kept=False)
    run_prompt = Slot(str)
    run_files = Slot[list[Attachment]](list)  # for the next run
    # How those were read of which it is a guess, by id.
    run_guesses = Slot[dict[str, Guess]](dict)
    # One sentence for each file that was refused last.
    run_refused = Slot[list[str]](list, kept=False)
    run_uploads = Slot(int, kept=False)  # how many times files were added
    # Parts of the next request as JSON text: messages, schema and extra, as far as they were shown.
    request_texts = Slot[dict[str, Draft]](dict)
    run_settings = Slot[RunSettings](default_settings)
    answerers = Slot[dict[str, str]](dict)  # tool → built-in, or "" for by hand, if chosen
    mocks = Slot[dict[str, Any]](dict)  # tool → what is typed for its mock, a `mock_draft.Draft`
    results = Slot[dict[str, str]](dict)  # tool → the last answer typed for it
    answer_schemas = Slot[dict[str, Any]](dict)  # tool → the schema of its answers, where known
    answer_form = Slot(bool)  # answers are typed into a form, in place of text
    # An answer's place → the part of an anyOf that was chosen for a value of it.
    answer_branches = Slot[dict[str, dict[Path, int]]](dict, kept=False)
    # A tool → what was typed as the schema of its answers, and why not.
    answer_schema_refused = Slot[dict[str, list[str]]](dict, kept=False)
    runs = Slot[list[Run]](list, kept=False)  # newest last; saved one by one
    opened_run = Slot(str, kept=False)  # the turn id of the run on the page
    compared_run = Slot(str, kept=False)
    drawn_run = Slot(str, kept=False)
    # Cases that judge these tools, for the page Evaluate.
    my_cases = Slot[list[Case]](list)
    address_tools = Slot(str)  # the ?tools= of the URL that was applied last

    from_chat = Slot[FromChat | None](lambda: None, kept=False)  # a turn on its way here
    came_from = Slot[list[str]](list, kept=False)  # the chat it came from: its id and its title

    open_set = Slot[OpenSet](new_set, kept=False)
    kept_runs = Slot[dict[str, KeptRun]](dict, kept=False)  # by turn id
    is_restored = Slot(bool, kept=False)  # what was saved has been looked for
    noted_set = Slot[int | None](lambda: None, kept=False)  # a hash of the set as last seen
    held_by = Slot(int, kept=False)  # a hash of the token that is in the open set; 0 if none is
    noted_token = Slot(int, kept=False)  # a hash of the token that the set was searched for
    drawn_state = Slot[list[str]](list, kept=False)  # what the page says about saving
    is_set_temporary = Slot(bool, kept=False)  # the open set is not saved
    deleted_set = Slot[list[str]](list, kept=False)  # deleted last, for Undo: its id and its name
