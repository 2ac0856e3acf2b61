# ruff: noqa: E501 (fragments of what strangers write)
"""A target for each reader of text and bytes that strangers write: any input gets an answer.

The suite tries the same few inputs for each, always. `make fuzz-commit` tries others for each
commit, in a minute for all; `make fuzz` searches for a minute or so with each.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clarifai_chat import access_token, attachments, errors, json_text, origins
from clarifai_chat.attachments import FileRejected, charsets, images
from clarifai_chat.catalog import parse_address
from clarifai_chat.chat import links
from clarifai_chat.chat.chats import auto_title
from clarifai_chat.history import owner
from clarifai_chat.history.store import searching
from clarifai_chat.llm.assembler import Assembler
from clarifai_chat.llm.thought_tags import ThoughtTags
from clarifai_chat.markdown.blocks import Blocks
from clarifai_chat.markdown.contained import contained
from clarifai_chat.markdown.rendered import rendered
from clarifai_chat.playground import pasted, toolset
from clarifai_chat.tools.lint.check import check
from clarifai_chat.tools.verdict.text_calls import recover
from clarifai_chat.tools.verdict.verdict import judge_call
from clarifai_chat.transfer import imports, presets
from clarifai_chat.transfer.exports import to_html, to_json, to_markdown
from tests.canary import CANARY
from tests.some_chats import CONTENTS, PIECES, PNG, rich_chat

WORDS = [
    *PIECES, CANARY, CANARY[::-1], "[^1]", "[^1]: ", "$$", "\\(", "\\[\n", "www.a.b", "https://a.test/)",
    "<think>", "</think>", "<|channel|>analysis<|message|>", "<tool_call>", "[TOOL_CALLS]f", "```json\n",
    '{"name": "f", "arguments": {"a": 1}}', "{", "}", "[", "]", '"', ":", ",", "null", "1e999", "\\u", "'",
    '{"type": "function", "function": ', '"parameters": {"type": "object", "$ref": "#"', "curl -d ", "-H ",
    "__proto__", "\u202e", "\ufeff", "\x85", "9" * 50, "-", "NaN",
]  # fmt: skip
TEXT = st.lists(st.sampled_from(WORDS) | st.text(max_size=8), max_size=20).map("".join)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "role",
                    "content",
                    "messages",
                    "text",
                    "type",
                    "choices",
                    "delta",
                    "message",
                    "tool_calls",
                    "function",
                    "name",
                    "arguments",
                    "index",
                    "id",
                    "error",
                    "status",
                    "code",
                    "usage",
                    "citations",
                    "url",
                    "title",
                    "mapping",
                    "parent",
                    "children",
                    "author",
                    "parts",
                    "conversations",
                    "from",
                    "value",
                    "chat_messages",
                    "sender",
                    "format",
                    "chats",
                    "turns",
                    "replies",
                    "settings",
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)
_ids = count()
with patch("time.time", lambda: 1.8e9), patch("uuid.uuid4", lambda: uuid.UUID(int=next(_ids))):
    RICH = rich_chat()  # the same in each run, or a seed would stand for other inputs each time
EXPORTS = [
    to_json([RICH], secret="", contents=CONTENTS).encode(),
    json.dumps({"messages": [{"role": "user", "content": "Hi"}]}).encode(),
    json.dumps([{"mapping": {"a": {"message": None, "parent": None, "children": []}}}]).encode(),
]


@st.composite
def damaged(draw: Any, whole: bytes) -> bytes:
    """A file with a few of its bytes replaced, left out or repeated."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        more = draw(st.integers(0, 12))
        data[at : at + more] = draw(st.binary(max_size=6) | st.just(bytes(data[at - more : at])))
    return bytes(data)


FILE = st.one_of(
    st.binary(max_size=60),
    TEXT.map(lambda text: text.encode("utf-8", "replace")),
    VALUE.map(lambda value: json.dumps(value).encode()),
    *map(damaged, EXPORTS),
)


def finished(text: str) -> None:
    blocks = Blocks()
    for end in range(0, len(text), 7):
        blocks.follow(text[:end])
    blocks.follow(text, over=True)
    assert "".join(blocks.finished) + blocks.tail == text


def thought(text: str) -> None:
    tags = ThoughtTags()
    assert all([*tags.split(text), *tags.rest()])


def streamed(value: Any) -> None:
    assembler = Assembler(CANARY, lambda text: recover(text, ["f"]))
    for chunk in value if isinstance(value, list) else [value]:
        if isinstance(chunk, dict):
            events = [*assembler.feed(chunk)]
            assert not access_token.holds([repr(event) for event in events], CANARY)
    list(assembler.finish())


def judged(value: Any) -> None:
    schema, given = value if isinstance(value, list) and len(value) == 2 else (value, value)
    function: Any = {"name": "f", "parameters": schema}
    text = given if isinstance(given, str) else json.dumps(given)
    call: Any = {"id": "", "type": "function", "function": {"name": "f", "arguments": text}}
    assert judge_call(call, [{"type": "function", "function": function}]).status


def imported(data: bytes) -> None:
    found = imports.read(data)
    to_html(found.chats, secret=CANARY, contents=found.contents)
    to_markdown(found.chats, secret=CANARY)
    again = to_json(found.chats, secret=CANARY, contents=found.contents)
    assert imports.read(again.encode()).chats


def exported(text: str) -> None:
    chat = rich_chat()
    chat["title"] = chat["turns"][0]["prompt"] = chat["turns"][0]["replies"][-1]["content"] = text
    page = to_html([chat], secret=CANARY)
    assert not access_token.holds(page, CANARY)
    assert "<script" not in page.partition("</head>")[2].lower().replace("&lt;", "")


Target = tuple[st.SearchStrategy[Any], Callable[[Any], object], tuple[type[Exception], ...]]
# Reader → its input, what reads it, and the exceptions that are answers.
TARGETS: dict[str, Target] = {
    "answers, in an export": (TEXT, lambda text: rendered(text, str), ()),
    "answers, in a page": (TEXT, exported, ()),
    "answers, on a terminal": (TEXT, finished, ()),
    "answers, in Markdown": (TEXT, contained, ()),
    "answers, as they come": (st.lists(VALUE, max_size=4), streamed, (errors.ChatError,)),
    "thoughts": (TEXT, thought, ()),
    "calls in words": (TEXT, lambda text: recover(text, ["f"]), ()),
    "arguments": (st.lists(VALUE, min_size=2, max_size=2), judged, ()),
    "errors": (VALUE, lambda body: errors.meaning(400, body, pat=CANARY), ()),
    "errors in words": (TEXT, lambda text: errors.plain(text, CANARY), ()),
    "JSON": (TEXT, json_text.read, (ValueError, RecursionError)),
    "tools": (TEXT, check, ()),
    "tool sets": (TEXT, toolset.from_json, (toolset.BadToolSet,)),
    "tool sets in a link": (TEXT, toolset.from_parameter, (toolset.BadToolSet,)),
    "pasted requests": (TEXT, pasted.read, (pasted.BadPaste,)),
    "imports": (FILE, imported, (imports.BadImport,)),
    "presets": (FILE, presets.from_json, (presets.BadPresets,)),
    "texts": (st.binary(max_size=200) | FILE, charsets.decode, ()),
    "pictures": (damaged(PNG), lambda data: images.read("a.png", data, "PNG"), (FileRejected,)),
    "files": (
        st.tuples(TEXT, TEXT, st.binary(max_size=80)),
        lambda file: attachments.accept(*file, count=len),
        (FileRejected,),
    ),
    "links": (TEXT, lambda text: links.read(text, "question", CANARY), (links.BadLink,)),
    "addresses of models": (TEXT, parse_address, ()),
    "titles": (TEXT, auto_title, ()),
    "searches": (TEXT, lambda text: searching.snippet(text, searching.terms_of(text)), ()),
    "tokens": (TEXT, access_token.clean, ()),
    "cookies": (st.lists(TEXT, max_size=3), owner.id_in, ()),
    "origins": (st.tuples(TEXT, TEXT), lambda pair: origins.is_own(*pair, pair), ()),
}


@pytest.mark.parametrize("name", TARGETS)
@settings(suppress_health_check=list(HealthCheck))  # a large input is what is looked for
@given(data=st.data())
def test_any_input_gets_an_answer(name: str, data: st.DataObject) -> None:
    inputs, read, answers = TARGETS[name]
    found, said = data.draw(inputs), ""
    try:
        read(found)
    except answers as answer:
        said = f"{answer} {vars(answer)}"
    if name.startswith(("answers", "errors")):  # others name what the visitor typed or chose
        assert not access_token.holds(said, CANARY)


ROOT = Path(__file__).parent.parent
PLANTED = """
def pytest_collection_modifyitems(items):
    targets = items[0].module.TARGETS

    def breaks(text):
        assert "<" not in text

    targets["titles"] = (targets["titles"][0], breaks, ())
"""


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_an_input_that_breaks_a_reader_is_shown_with_the_command_that_tries_it_again(
    tmp_path: Path,
) -> None:
    (tmp_path / "planted.py").write_text(PLANTED)
    venv = Path(sys.prefix)
    ready = [f"--assume-old={venv / name}" for name in (".ready-to-test", ".ready-to-run")]
    asked = ("fuzz-commit", f"VENV={venv}", "SEED=abc", "ARGS=-n 0 -p planted -k titles")
    outer = ("PYTEST_", "MAKE", "MFLAGS")  # the suite's own run
    environ = {name: text for name, text in os.environ.items() if not name.startswith(outer)}

    done = subprocess.run(
        ["make", *ready, *asked],
        cwd=ROOT,
        env={**environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )

    assert done.returncode != 0
    assert "The inputs are those of the seed abc." in done.stdout
    assert re.search("Draw 1: '.*<", done.stdout)
    assert done.stderr.splitlines()[0] == "The same inputs again: make fuzz-commit SEED=abc"
