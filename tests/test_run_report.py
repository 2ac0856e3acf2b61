"""A run told in short: what it came to, what sets it apart from another, its diagram."""

import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat.catalog import DEMO
from clarifai_chat.chat.turn import STOPPED, apply, end
from clarifai_chat.errors import CutOff
from clarifai_chat.events import Finished, TextDelta, ToolCallDone, Usage
from clarifai_chat.playground import runs
from clarifai_chat.playground.run_report import (
    DIAGRAM_LAYOUT,
    MAX_LABEL_CHARS,
    WORDS,
    comparison,
    diagram,
    duration_s,
    line,
    outcome,
    settings_text,
)
from clarifai_chat.tools.verdict.verdict import Status

ASKED = {
    "url": "https://clarifai.com/a/b/models/c",
    "name": "Model C",
    "input_price": 1.0,
    "output_price": 2.0,
}
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"location": {"type": "string"}},
            "required": ["location"],
        },
    },
}


def call(arguments='{"location": "Paris"}', name="get_weather", id="call_1", **fields):
    function = {"name": name, "arguments": arguments}
    return {"id": id, "type": "function", "function": function, **fields}


def run_of(*events, prompt="Weather in Paris?", tools=(WEATHER,), model=ASKED, **settings):
    """A run with events folded in, one a second."""
    run = runs.new_run(prompt, model, tools, {**runs.default_settings(), **settings}, {}, {})
    run["turn"]["asked_at"] = 1.0
    for number, event in enumerate(events, 1):
        apply(run["turn"], event, float(number))
    return run


def called(*calls, **options):
    events = [ToolCallDone(each, number) for number, each in enumerate(calls)]
    return run_of(*events, Usage(10, 5), Finished("tool_calls"), **options)


# --- In a line ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (run_of(), "running"),
        (run_of(TextDelta("Hello"), Finished("stop")), "no call"),
        (called(call()), "called get_weather: valid"),
        (called(call('{"location": 7}')), "called get_weather: invalid"),
        (called(call('{"location": ')), "called get_weather: not JSON"),
        (called(call(name="get_whether")), "called get_whether: unknown tool"),
        (called(call(name="")), "called a tool without a name: unknown tool"),
        (run_of(ToolCallDone(call('{"lo'), 0)), "called get_weather: incomplete"),
        (
            called(call(quirks=["from_text"])),
            "called get_weather: valid (recovered from text)",
        ),
        (called(call(), call("{}", id="2"), call(id="3")), "3 calls: 2 valid, 1 invalid"),
        (
            called(call(), call(id="2", quirks=["from_text"])),
            "2 calls: 1 valid, 1 valid (recovered from text)",
        ),
    ],
)
def test_the_outcome_is_what_the_model_did(run, said):
    assert outcome(run) == said


def test_a_failure_before_any_call_is_the_outcome():
    run = run_of()
    end(run["turn"], "", 1.0, CutOff().problem())

    assert outcome(run) == CutOff.what


def test_every_status_has_a_word():
    assert set(WORDS) == set(get_args(Status))


def test_a_line_shows_model_outcome_requests_tokens_price_and_time():
    run = called(call())
    run["exchanges"] = [{"step": 0}]

    assert line(run) == (
        "Model C · called get_weather: valid · 1 request · 10 tokens in, 5 out · under $0.0001 · "
        "3.0 s"
    )


def test_a_line_counts_all_steps_and_their_time():
    run = called(call())
    run["exchanges"] = [{"step": 0}]
    runs.answer(run, {"call_1": "rain"})
    assert duration_s(run) is None
    assert line(run).endswith("price unknown")
    for second, event in enumerate((TextDelta("Rain."), Usage(1000, 500), Finished("stop")), 1):
        apply(run["turn"], event, float(second))
    run["exchanges"] = [{"step": 0}, {"step": 1}]

    assert duration_s(run) == 6.0
    assert " · 2 requests · 1,010 tokens in, 505 out · " in line(run)


def test_a_run_of_the_demo_is_free():
    run = called(call(), model={**ASKED, "url": DEMO.url})

    assert " · free · " in line(run)


# --- Beside another ----------------------------------------------------------------------------


def test_a_run_beside_itself_is_the_same():
    run = called(call())

    assert all(one == other for _, one, other in comparison(run, run))


def test_differences_between_two_runs_are_shown():
    changed = {**WEATHER, "function": {**WEATHER["function"], "description": "Weather"}}
    one = called(call())
    other = run_of(
        TextDelta("It rains."),
        Finished("stop"),
        tools=[changed],
        temperature=0.5,
        system="Be brief.",
    )
    found = {name: (first, second) for name, first, second in comparison(one, other)}

    assert found["Model"] == ("Model C", "Model C")
    assert found["System prompt"] == ("none", "Be brief.")
    assert found["Tools"] == ("get_weather", "get_weather (get_weather changed between them)")
    assert found["Outcome"] == ("called get_weather: valid", "no call")
    assert found["Calls"] == ('get_weather({"location": "Paris"})', "none")
    assert found["Answer"] == ("none", "It rains.")
    assert found["Finish reasons"] == ("tool_calls", "stop")
    assert found["First token"] == ("1.0 s", "1.0 s")
    assert found["Duration"] == ("3.0 s", "2.0 s")
    assert "temperature 0.5" in found["Settings"][1]


def test_what_is_not_known_of_a_run_is_said():
    running, interrupted, at_once = run_of(), run_of(), run_of()
    end(interrupted["turn"], STOPPED, None)
    end(at_once["turn"], STOPPED, 0.0)

    def duration(run):
        return next(value for name, value, _ in comparison(run, run) if name == "Duration")

    assert [duration(run) for run in (running, interrupted, at_once)] == [
        "not over",
        "not reported",
        "0 ms",
    ]


def test_settings_are_told_as_they_were_sent():
    assert settings_text(run_of()) == "tool_choice auto, streaming"
    assert settings_text(run_of(tools=(), stream=False)) == "not streaming"
    assert settings_text(
        run_of(parallel=False, strict=True, temperature=0.0, max_tokens=1000, tool_choice="none")
    ) == (
        "tool_choice none, parallel calls off, strict on, temperature 0, at most 1,000 tokens,"
        " streaming"
    )


# --- As a diagram ------------------------------------------------------------------------------


def test_a_diagram_shows_who_said_what_to_whom():
    run = called(call(), call("{}", "other", "call_2"))
    runs.answer(run, {"call_1": "rain", "call_2": ""})
    apply(run["turn"], TextDelta("It rains"), 1.0)
    apply(run["turn"], Finished("stop"), 2.0)

    assert diagram(run).splitlines() == [
        DIAGRAM_LAYOUT,
        "sequenceDiagram",
        "    actor You",
        "    participant Model as Model C",
        "    participant T0 as get_weather",
        "    participant T1 as other",
        "    You->>Model: Weather in Paris?",
        "    Model->>T0: #123;#34;location#34;#58; #34;Paris#34;#125;",
        "    Note right of T0: valid",
        "    T0-->>Model: rain",
        "    Model->>T1: #123;#125;",
        "    Note right of T1: unknown tool",
        "    T1-->>Model: nothing",
        "    Model-->>You: It rains",
    ]


def test_a_long_text_is_cut_in_a_diagram():
    shown = diagram(run_of(prompt="a" * 500)).splitlines()[-1]

    assert shown == f"    You->>Model: {'a' * (MAX_LABEL_CHARS - 1)}…"


STATEMENT = re.compile(
    r"""\ {4}(?: actor\ You
        | participant\ (?:Model|T\d+)\ as\ (?P<alias>.+)
        | (?:You|Model|T\d+)-?->>(?:You|Model|T\d+):\ (?P<said>.+)
        | Note\ right\ of\ T\d+:\ (?P<note>.+) )""",
    re.VERBOSE,
)
HOSTILE = [
    "a\nYou->>Model: forged",
    "a;You->>Model: forged",
    "a\u2028\x85\r\x0b\x0c\x1cYou->>Model: forged",
    "```\n<script>alert(1)</script>\n```",
    "%%{init: {'theme': 'dark'}}%%",
    "end",
    "#59;You->>Model: forged",
    " as x",
    "\u202e\x00\x1b[0m\ud83d",
    "",
    "  ",
    "\x00 \x00",
    "$$x$$ `y` \\n [a](b)",
]


def assert_one_statement_a_line(text):
    assert text.replace("\n", "").isprintable()
    layout, first, *statements = text.split("\n")
    assert (layout, first) == (DIAGRAM_LAYOUT, "sequenceDiagram")
    for statement in statements:
        match = STATEMENT.fullmatch(statement)
        assert match
        label = next(filter(None, match.groups()), "You")
        plain = re.sub(r"#\d+;", "", label)
        assert not set(plain) & set('#;:<>%{}[]()"`\\$\n\r')
        assert label.strip()


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_labels(text):
    run = called(call(text, text), prompt=text, model={**ASKED, "name": text})
    runs.answer(run, {"call_1": text})
    apply(run["turn"], TextDelta(text or "x"), 1.0)

    assert_one_statement_a_line(diagram(run))
    assert diagram(run).encode()


@given(st.text(), st.text(), st.text())
def test_any_texts_stay_labels(prompt, name, arguments):
    assert_one_statement_a_line(diagram(called(call(arguments, name), prompt=prompt)))
