"""Change the text of the tools in the session, and undo that."""

import json
from collections.abc import Sequence
from copy import deepcopy

from clarifai_chat import llm
from clarifai_chat.messages import ToolSpec
from clarifai_chat.playground.chat_tools import mocks_in
from clarifai_chat.playground.runs import MOCKED, default_settings
from clarifai_chat.playground.toolset import ToolSet
from clarifai_chat.tools import mock_draft
from clarifai_chat.tools.lint.check import CheckResult, check
from clarifai_chat.tools.templates import TEMPLATES, Template, text_of
from clarifai_chat.tools.text.parse import Tool
from components.playground import code_editor, request_text, run_values
from components.state.session import session
from components.state.slots import forget_widgets, widget

KEY = "tools"
PLAIN_KEY = "tools_plain"
MAX_UNDO = 20
MAX_COUNTED = 3000


def begin() -> None:
    """Open the first template once, so that a first click on Run shows something."""
    if not session.tools["gen"] and not session.tools["text"]:
        open_template(TEMPLATES[0])


def sent(checked: CheckResult) -> list[ToolSpec]:
    """Return the tools that are switched on."""
    return sent_of(checked.tools)


def sent_of(tools: Sequence[Tool]) -> list[ToolSpec]:
    off = set(session.tools_off)
    return [tool.spec for tool in tools if tool.name not in off]


def tokens(tools: Sequence[ToolSpec]) -> int | None:
    """Return about how many tokens the tools add to a request, or None if not countable yet."""
    if not tools or not llm.is_ready():
        return None
    texts = [json.dumps(tool, ensure_ascii=False) for tool in tools]
    known = session.counted_tools if len(session.counted_tools) < MAX_COUNTED else {}
    new = {hash(text): llm.count_tokens(text) for text in texts if hash(text) not in known}
    session.counted_tools = known = {**known, **new}
    return sum(known[hash(text)] for text in texts) + len(tools)  # and the commas between them


def current() -> ToolSet:
    """Return the playground's tools, prompt, model, settings and mocks, for Undo or an export."""
    there = {tool.name for tool in check(session.tools["text"]).tools}
    answerers = {tool: by for tool, by in session.answerers.items() if tool in there}
    made: ToolSet = {
        "tools": session.tools["text"],
        "prompt": session.run_prompt,
        "model": session.chosen,
        "settings": deepcopy(session.run_settings),
        "mocks": mocks_in(session.mocks, answerers),
    }
    if texts := request_text.changed():
        made["texts"] = texts
    return made


def change(text: str) -> None:
    """Replace the tools' text; Undo restores the old one, and nothing else. For callbacks."""
    put_aside(session.tools["text"])
    _replace(text)


def _replace(text: str) -> None:
    code_editor.replace(session.tools, text)
    forget_widgets(PLAIN_KEY)


def put_aside(what: ToolSet | str | None = None) -> None:
    """Let Undo restore a whole set, the current one if none is given, or only a text."""
    what = current() if what is None else what
    session.set_aside = [*session.set_aside, what][-MAX_UNDO:]


def open_set(toolset: ToolSet) -> None:
    """Fill the playground with a set; Undo restores what was there."""
    if session.tools["text"].strip():
        put_aside()
    _fill(toolset)


def open_template(template: Template) -> None:
    settings = default_settings()
    settings["system"] = template.system
    open_set(
        {
            "tools": text_of(template),
            "prompt": template.prompt,
            "model": "",
            "settings": settings,
        }
    )
    session.results = {**session.results, **template.results}


def _fill(toolset: ToolSet) -> None:
    code_editor.replace(session.tools, toolset["tools"])
    session.run_prompt = toolset["prompt"]
    session.run_settings = deepcopy(toolset["settings"])
    session.tools_off = []
    session.fixing = []
    _fill_mocks(toolset)
    forget_drawn()
    request_text.begin_all(toolset)
    if toolset["model"]:
        session.choose(toolset["model"])


def _fill_mocks(toolset: ToolSet) -> None:
    """Let the set's mocks answer, and no others; a set that says nothing of them changes nothing.

    What is typed for a mock stays, for the way back.
    """
    if "mocks" not in toolset:
        return
    mocks = toolset["mocks"]
    others = {tool: by for tool, by in session.answerers.items() if by != MOCKED}
    session.answerers = {**others, **dict.fromkeys(mocks, MOCKED)}
    typed = {tool: mock_draft.typed(mock) for tool, mock in mocks.items()}
    session.mocks = {**session.mocks, **typed}


def forget_drawn() -> None:
    """Let the widgets take their values from the session again. For callbacks."""
    forget_widgets(
        PLAIN_KEY,
        "plain_editor",
        "send:",
        "answerer:",
        "mock:",
        "param:",
        "text_plain:",
        *run_values.KEYS,
    )


def latest() -> str:
    """Return the text with what was typed last, for callbacks that run before the editor's."""
    if session.form_view:
        return session.tools["text"]
    if not session.plain_editor:
        return code_editor.latest(session.tools, KEY)
    typed = widget(PLAIN_KEY)
    if isinstance(typed, str):
        session.tools["text"] = typed
    return session.tools["text"]


def undo() -> None:
    """Restore what the app replaced last. For callbacks."""
    if session.set_aside:
        *session.set_aside, last = session.set_aside
        if isinstance(last, str):
            session.fixing = []
            _replace(last)
        else:
            _fill(last)
