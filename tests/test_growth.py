"""Work on text from outside grows as its length does: no answer, file or link stops everybody.

Each function that reads such a text gets shapes that made some function quadratic. The time is this
process's own, so a busy machine does not count; only a text that takes long is measured twice.
"""

import gc
import json
import shutil
import subprocess
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat import access_token, errors, json_text
from clarifai_chat.attachments import charsets
from clarifai_chat.chat.chats import auto_title
from clarifai_chat.config import ROOT
from clarifai_chat.history.store import searching
from clarifai_chat.llm.assembler import Assembler
from clarifai_chat.llm.thought_tags import ThoughtTags
from clarifai_chat.markdown.blocks import Blocks
from clarifai_chat.markdown.contained import contained, line
from clarifai_chat.markdown.rendered import rendered
from clarifai_chat.tools.lint.check import check
from clarifai_chat.tools.verdict.arguments import read_arguments
from clarifai_chat.tools.verdict.text_calls import recover
from clarifai_chat.tools.verdict.verdict import judge_call
from clarifai_chat.transfer import imports
from clarifai_chat.transfer.exports.as_json import FORMAT
from tests.canary import CANARY

LENGTH = 6_000  # characters, against four times as many
QUICK_S = 0.25  # not measured any further
MOST = 9  # times as long for four times the text; quadratic work takes sixteen


def finished(text):
    Blocks().follow(text, over=True)


def thought(text):
    tags = ThoughtTags()
    return [*tags.split(text), *tags.rest()]


def assembled(text):
    assembler = Assembler(CANARY)
    for start in range(0, len(text), 50):
        list(assembler.feed({"choices": [{"delta": {"content": text[start : start + 50]}}]}))
    list(assembler.finish())


def imported(text):
    with suppress(imports.BadImport):
        imports.read(text.encode("utf-8", "replace"))


READERS = {
    "export": lambda text: rendered(text, access_token.Redactor(CANARY).redact),
    "terminal": finished,
    "markdown": contained,
    "line": line,
    "title": auto_title,
    "search": searching.fold,
    "terms": searching.terms_of,
    "snippet": lambda text: searching.snippet(text, ["nowhere"]),
    "thoughts": thought,
    "stream": assembled,
    "calls": lambda text: recover(text, {"weather": None}),
    "arguments": read_arguments,
    "tools": check,
    "charset": lambda text: charsets.decode(text.encode("utf-8", "replace")),
    "import": imported,
    "error": errors.plain,
    "token": access_token.clean,
    "hidden": access_token.Redactor(CANARY).redact,
    "link": access_token.may_hold,
}

OPENINGS = [
    "", "www.a", "[a](<", "$", "\\(", "`", "```md\n", "a|b\n-|-\n", "> ", "[^1]: ", "<details>",
    "<details><summary>", "\\begin{align}", "![", "&", "~~~", '{"a":', "<tool_call>", "$1",
]  # fmt: skip
RUNS = [
    " ", "\n", ".", ")", "(", "[", "]", "*", "_", "~", "`", "$", "\\", "<", "|", "-", ":", "a", "é",
    "中", "\ufeff", "\\[\n", "\\(", "[\\", "- ", "> ", "$x$ ", "[a](", "www.", "&a", "{", '"',
    "key ", "``a", "```md\n```a\n```\n", "a\n=\n", '[{"', "<think>", "</think>", "\u2028", "\\u00",
]  # fmt: skip
ENDS = ["", "a", "]", ")", "`\na"]
# Each opening and each run comes at least once in the suite; `search` tries them all.
SOME = [
    (OPENINGS[number % len(OPENINGS)], run, ENDS[number % len(ENDS)])
    for number, run in enumerate(RUNS)
] + [
    ("a|b\n-|-\n", "a", ""),
    ("<details>", " ", "a"),
    ("~~~", "~", "`\na"),
    ("```", " ", "`"),
    ("www.a", ".", "a"),
    ("www.a", ")", ""),
    ("$1", " ", "1$"),
    ("", "[", "]"),
    ("", "{", ""),
    ("", ":", ""),
    ("", "<details>", ""),
    ("", "<details>\n", ""),
    ("> ", "<details></details>", ""),
    ("", "<details><summary>a</summary>b", "</details>"),
    ("", "<details>\n<summary>\n", ""),
    ("<details>", "`</details>", "`"),
    ("", "- <details>\n", "</details>"),
]


def shape(opening, run, end, length):
    return opening + run * (length // len(run)) + end


def spent(work, text):
    """The processor time of this process for some work, in seconds."""
    gc.disable()  # a collection is about all that the other tests have left
    began = time.process_time()
    try:
        work(text)
    finally:
        gc.enable()
    return time.process_time() - began


def assert_grows_as_the_text(work, make):
    """Fail if four times the text takes much more than four times as long."""
    if spent(work, make(4 * LENGTH)) < QUICK_S:
        return
    short = min(spent(work, make(LENGTH)) for _ in range(3))
    long = min(spent(work, make(4 * LENGTH)) for _ in range(2))
    assert long < QUICK_S or long < MOST * short, f"{short:.2f} s, then {long:.2f} s"


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
def test_four_times_the_text_takes_four_times_as_long(reader):
    for parts in SOME:
        assert_grows_as_the_text(READERS[reader], lambda n, parts=parts: shape(*parts, n))


@pytest.mark.slow
@given(st.sampled_from([*READERS]), *map(st.sampled_from, (OPENINGS, RUNS, ENDS)))
def test_so_it_does_for_any_of_these_shapes(reader, opening, run, end):
    assert_grows_as_the_text(READERS[reader], lambda n: shape(opening, run, end, n))


def ticks(length):
    return "|".join("`" * count for count in range(1, int((2 * length) ** 0.5)))


def nested(length):
    return "".join("  " * depth + "- a\n" for depth in range(int(length**0.5)))


def defined(length):
    names = range(length // 20)
    return "".join(f"[a{n}]: b\n" for n in names) + "".join(f"[a{n}] " for n in names)


def noted(length):
    names = range(length // 25)
    return "".join(f"[^{n}] " for n in names) + "\n\n" + "".join(f"[^{n}]: b\n" for n in names)


def folded(length):
    return "<details><summary>a</summary>\n" * (length // 50) + "b</details>\n" * (length // 50)


def in_one_formula(length):
    return "So $$" + "x_{1} &= \\left[ |y|^2 * \\frac{a}{b} \\right] \\\\\n" * (length // 50) + "$$"


@pytest.mark.slow
@pytest.mark.parametrize("make", [ticks, nested, defined, noted, folded, in_one_formula])
@pytest.mark.parametrize("reader", ["export", "terminal", "markdown"])
def test_so_it_does_for_what_refers_to_itself(reader, make):
    assert_grows_as_the_text(READERS[reader], make)


def judged(count):
    values = [f"value {number}" for number in range(count)]
    parameters = {"type": "object", "properties": {"a": {"enum": values}}}
    function = {"name": "f", "parameters": parameters}
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"a": "b"}'}}
    verdict = judge_call(call, [{"type": "function", "function": function}])
    assert verdict.status == "invalid"


@pytest.mark.slow
def test_a_wrong_value_is_judged_at_once_however_many_are_right():
    assert_grows_as_the_text(judged, lambda n: n)


def test_a_file_of_a_million_messages_is_refused_in_a_sentence(monkeypatch):
    monkeypatch.setattr(imports, "MAX_MESSAGES", 1000)
    rows = [{"role": "user", "content": "Hi"}]

    assert len(imports.read(json.dumps({"messages": rows * 1000}).encode()).chats) == 1
    ours = {"format": FORMAT, "version": 1, "chats": [{"turns": [{}] * 1001}]}
    for found in (rows * 1001, {"messages": rows * 1001}, [{"messages": rows * 501}] * 2, ours):
        with pytest.raises(imports.BadImport, match=r"more than 1,000 messages\. Split it"):
            imports.read(json.dumps(found).encode())


def test_a_large_file_lets_other_threads_in_while_it_is_read(monkeypatch):
    monkeypatch.setattr(json_text, "LARGE", 10)
    turns = []
    monkeypatch.setattr(json_text, "_as_it_is", lambda found: turns.append(1) or found)

    assert json_text.read('[{"a": {"b": 1}}]') == [{"a": {"b": 1}}]
    assert len(turns) == 2


# --- The browser's half ---------------------------------------------------------------------------

IN_JAVASCRIPT = """
const { grammar } = await import(BUILT + "/built/answer/grammar.js");
const { settled } = await import(BUILT + "/src/answer/settled.js");
const parser = grammar();
const spent = (text, grows) => {
  const began = process.cpuUsage().user;
  parser.render(grows ? settled(text) : text, { ids: "n", grows });
  return (process.cpuUsage().user - began) / 1e6;
};
const slow = [];
for (const [opening, run, end] of SHAPES) {
  for (const grows of [false, true]) {
    const make = (length) => opening + run.repeat(length / run.length) + end;
    if (spent(make(4 * LENGTH), grows) < QUICK) continue;
    const short = Math.min(...[1, 2, 3].map(() => spent(make(LENGTH), grows)));
    const long = Math.min(...[1, 2].map(() => spent(make(4 * LENGTH), grows)));
    if (long > QUICK && long > MOST * short) slow.push([opening, run, end, grows, short, long]);
  }
}
console.log(JSON.stringify(slow));
"""


@pytest.mark.slow
def test_the_browsers_half_reads_a_hundred_thousand_characters_in_time():
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    names = {
        "BUILT": (ROOT / "frontend").as_uri(),
        "SHAPES": SOME,
        "LENGTH": 25_000,
        "QUICK": QUICK_S,
        "MOST": MOST,
    }
    head = "".join(f"const {name} = {json.dumps(value)};" for name, value in names.items())
    done = subprocess.run(
        [node, "--input-type=module", "-e", head + IN_JAVASCRIPT], capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []
