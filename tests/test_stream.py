"""A provider's chunks → events: what only the assembler decides, chunk by chunk."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat.errors import Busy, ModelFailed
from clarifai_chat.events import CallDelta, ReasoningDelta, TextDelta, ToolCallDone, Usage
from clarifai_chat.llm.assembler import Assembler
from tests.canary import CANARY


def delta(content=None, finish=None, **fields):
    choice = {"index": 0, "delta": {"content": content, **fields}, "finish_reason": finish}
    return {"choices": [choice]}


def part(name=None, arguments=None, id=None, **fields):
    """A tool call's fragment; `index` only where it is given."""
    return {"id": id, "function": {"name": name, "arguments": arguments}, **fields}


def events(*chunks):
    assembler = Assembler()
    fed = [event for chunk in chunks for event in assembler.feed(chunk)]
    return [*fed, *assembler.finish()]


def said(found):
    """(thoughts, answer) of the events."""
    return tuple(
        "".join(e.text for e in found if isinstance(e, k)) for k in (ReasoningDelta, TextDelta)
    )


def called(found):
    functions = [e.call["function"] for e in found if isinstance(e, ToolCallDone)]
    return [(function["name"], function["arguments"]) for function in functions]


def quirks(found):
    return [e.call.get("quirks", []) for e in found if isinstance(e, ToolCallDone)]


@pytest.mark.parametrize(
    "chunk",
    [
        {},
        {"choices": None},
        {"choices": []},
        {"choices": [None]},
        {"choices": [{"delta": None}]},
        {"choices": [{"index": 1, "delta": {"content": "another answer"}}]},
        {"usage": None, "choices": []},
        delta(""),
        delta(tool_calls=None),
    ],
)
def test_an_empty_chunk_has_no_events(chunk):
    assert events(chunk) == []


def test_text_comes_through_piece_by_piece():
    assert events(delta("Hel"), delta("lo ")) == [TextDelta("Hel"), TextDelta("lo ")]


def test_content_in_parts_is_joined():
    parts = [{"type": "text", "text": "Hel"}, {"type": "image"}, None, {"text": "lo"}]

    assert events(delta(parts)) == [TextDelta("Hello")]


def test_the_last_usage_counts_and_invalid_numbers_are_not_reported():
    details = {"completion_tokens_details": {"reasoning_tokens": 4}, "prompt_tokens_details": None}
    first = {"usage": {"prompt_tokens": 1, "completion_tokens": 1}}
    last = {"usage": {"prompt_tokens": 9, "completion_tokens": "many", **details}}

    assert events(first, last) == [Usage(9, None, reasoning_tokens=4, cached_tokens=None)]


def test_the_finish_reason_is_the_one_that_was_sent():
    assembler = Assembler()
    assert assembler.reason == ""
    list(assembler.feed(delta("x", finish="length")))
    list(assembler.feed(delta()))

    assert assembler.reason == "length"


@pytest.mark.parametrize(
    ("chunk", "kind"),
    [
        ({"error": {"message": "It failed."}}, ModelFailed),
        ({"error": "It failed."}, ModelFailed),
        ({"status": {"code": 21354, "description": "It failed."}}, Busy),
        ({"code": 21313, "description": "It failed."}, ModelFailed),
    ],
)
def test_a_chunk_that_is_an_error_is_raised(chunk, kind):
    with pytest.raises(kind) as failure:
        events(chunk)

    assert failure.value.detail == "It failed."


def test_the_token_is_removed_from_an_error():
    with pytest.raises(ModelFailed) as failure:
        list(Assembler(CANARY).feed({"error": {"message": f"No {CANARY} here"}}))

    assert failure.value.detail == "No [access token] here"


def test_a_success_status_is_not_an_error():
    assert events({"status": {"code": 10000}, **delta("Hello")}) == [TextDelta("Hello")]


# --- Thoughts ---------------------------------------------------------------------------------


@given(st.data())
def test_thoughts_are_separated_however_the_text_is_split(data):
    text = "\n <think>a < b, </thin> or\n</think>\n\nAnd <think> so on</think>."
    cuts = data.draw(st.lists(st.integers(0, len(text))))
    found = events(*(delta(text[a:b]) for a, b in pairwise([0, *sorted(cuts), len(text)])))

    assert said(found) == ("a < b, </thin> or\n", "And <think> so on</think>.")


@given(st.text(alphabet="<think>/ \na"), st.data())
def test_no_character_is_lost_however_the_text_is_split(text, data):
    cuts = data.draw(st.lists(st.integers(0, len(text))))
    pieces = [text[a:b] for a, b in pairwise([0, *sorted(cuts), len(text)])]

    assert said(events(*map(delta, pieces))) == said(events(delta(text)))
    if not text.strip().startswith("<think>"):
        assert said(events(delta(text))) == ("", text)


@pytest.mark.parametrize(
    ("text", "thoughts", "answer"),
    [
        ("<think>never closed", "never closed", ""),
        ("<think>never closed</thi", "never closed</thi", ""),
        ("<think></think>Hello", "", "Hello"),
        ("<thin", "", "<thin"),
        ("  ", "", "  "),
        ("Say <think> aloud</think>", "", "Say <think> aloud</think>"),
    ],
)
def test_tags_that_are_odd(text, thoughts, answer):
    assert said(events(delta(text))) == (thoughts, answer)


def test_what_is_held_back_can_be_had_at_any_time():
    assembler = Assembler()
    assert list(assembler.feed(delta("<thi"))) == []

    assert list(assembler.held()) == [TextDelta("<thi")]
    assert list(assembler.finish()) == []


# --- Tool calls -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parts",
    [
        [part("f", '{"a": 1}', "1", index=0)],
        [part("f", None, "1", index=0), part(None, '{"a"', index=0), part("", ": 1}", index=0)],
        [part("f", '{"a"', "1", index=0), part("f", ": 1}", "1", index=0)],  # repeats itself
        [part("f", {"a": 1}, "1")],
        [part("f", '{"a"', None), part(None, ": 1}", "1")],  # the id comes late
    ],
)
def test_fragments_of_a_call_are_joined(parts):
    found = events(*(delta(tool_calls=[each]) for each in parts))

    assert called(found) == [("f", '{"a": 1}')]
    assert [event.call["id"] for event in found if isinstance(event, ToolCallDone)] == ["1"]


@pytest.mark.parametrize(
    "parts",
    [
        [part("f", "{}", "1", index=0), part("g", "{}", "2", index=1)],
        [part("f", "{}", "1", index=0), part("g", "{}", "2", index=0)],
        [part("f", "{}", "1"), part("g", "{}", "2")],
        [part("f", "{}"), part("g", "{}")],
        [part("f", "", "1", index=0), part("g", "{}", "2", index=0), part(None, "")],
    ],
)
def test_two_calls_stay_two(parts):
    one_chunk = events(delta(tool_calls=parts))
    by_and_by = events(*(delta(tool_calls=[each]) for each in parts))

    for found in (one_chunk, by_and_by):
        assert [name for name, _ in called(found)] == ["f", "g"]
        ids = [event.call["id"] for event in found if isinstance(event, ToolCallDone)]
        assert len(set(ids)) == 2
        assert all(ids)


def test_the_apis_older_form_of_a_call_is_read():
    old = [delta(function_call={"name": "f"}), delta(function_call={"arguments": "{}"})]

    assert called(events(*old)) == [("f", "{}")]
    assert "legacy" in quirks(events(*old))[0]


def test_a_call_is_streamed_piece_by_piece():
    found = events(
        delta(tool_calls=[part("f", "", "1", index=0)]),
        delta(tool_calls=[part(None, '{"a"', index=0), part("g", "{", "2", index=1)]),
        delta(tool_calls=[part(None, ":1}", index=0)]),
        delta(tool_calls=[part(None, "}", index=1)]),
    )

    assert found[:5] == [
        CallDelta(0, "1", "f", ""),
        CallDelta(0, "", "", '{"a"'),
        CallDelta(1, "2", "g", "{"),
        CallDelta(0, "", "", ":1}"),
        CallDelta(1, "", "", "}"),
    ]
    assert called(found) == [("f", '{"a":1}'), ("g", "{}")]
    assert quirks(found) == [[], []]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([part("f", "{}", "1", index=0), part("g", "{}", "2", index=0)], [["shared_index"]] * 2),
        (
            [part("f", '{"a":1}{"a":2}', "1", index=0)],
            [["shared_index"], ["no_id", "shared_index"]],
        ),
        ([part("f", ' {"a":1}\n {"a":2} ', "1")], [["shared_index"], ["no_id", "shared_index"]]),
        ([part("f", "{}", index=0)], [["no_id"]]),
        ([part("f", "{}", "1", index=0), part("g", "{}", "1", index=1)], [[], ["same_id"]]),
        ([part("f", {"a": 1}, "1", index=0)], [["object"]]),
    ],
)
def test_what_is_odd_about_a_call_is_noted_with_it(parts, expected):
    found = events(delta(tool_calls=parts))

    assert [sorted(odd) for odd in quirks(found)] == expected
    ids = [event.call["id"] for event in found if isinstance(event, ToolCallDone)]
    assert len({*ids}) == len(ids)


@pytest.mark.parametrize(
    "arguments", ['{"a":1', '{"a":1}}', '{"a":1}[2]', "1 2", '{"a":1} and so on']
)
def test_malformed_arguments_stay_as_the_model_wrote_them(arguments):
    found = events(delta(tool_calls=[part("f", arguments, "1", index=0)]))

    assert called(found) == [("f", arguments)]


def test_a_call_written_as_text_is_recovered_when_there_is_no_other():
    def recover(text):
        assert text == "Let me call f."
        return [
            {
                "id": "",
                "type": "function",
                "function": {"name": "f", "arguments": "{}"},
                "quirks": ["from_text"],
            }
        ]

    assembler = Assembler(recover=recover)
    found = [
        *assembler.feed(delta("Let me ")),
        *assembler.feed(delta("call f.")),
        *assembler.finish(),
    ]

    assert said(found) == ("", "Let me call f.")
    assert called(found) == [("f", "{}")]
    assert quirks(found) == [["from_text"]]

    native = Assembler(recover=recover)
    found = [*native.feed(delta("Hm.", tool_calls=[part("g", "{}", "1")])), *native.finish()]
    assert called(found) == [("g", "{}")]


def test_a_whole_message_gives_the_same_events():
    call = part("f", "{}", "1")
    message = {"content": "<think>Hm.</think>Hello", "tool_calls": [call]}
    found = events({"choices": [{"message": message, "finish_reason": "tool_calls"}]})

    assert found[:2] == [ReasoningDelta("Hm."), TextDelta("Hello")]
    assert called(found) == [("f", "{}")]
