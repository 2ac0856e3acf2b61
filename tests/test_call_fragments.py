"""Tool calls in the fragments in which servers send them: one call where one was meant."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat.events import CallDelta, ToolCallDone
from clarifai_chat.llm.assembler import Assembler
from clarifai_chat.tools.verdict.text_calls import recover

WATER = '{"bed": "B4", "litres": 12}'
PIECES = ['{"bed', '": "B', '4", "', "litre", 's": 1', "2}"]
NOTHING = object()


def part(arguments=NOTHING, *, index=0, id=NOTHING, name=NOTHING):
    """Return one fragment; what is not given is not in it."""
    function = {"arguments": arguments, "name": name}
    found = {"index": index, "id": id}
    found = {key: value for key, value in found.items() if value is not NOTHING}
    found["function"] = {key: each for key, each in function.items() if each is not NOTHING}
    return found


def come(*parts):
    """Return the events of a reply whose chunks hold one fragment each, or a list of them."""
    assembler, events = Assembler(), []
    for each in parts:
        calls = each if isinstance(each, list) else [each]
        events += assembler.feed({"choices": [{"index": 0, "delta": {"tool_calls": calls}}]})
    return [*events, *assembler.finish()]


def calls(*parts):
    return [event.call for event in come(*parts) if isinstance(event, ToolCallDone)]


def named(call):
    return call["function"]["name"], call["function"]["arguments"]


def one(*parts):
    """Return the arguments of the one call that arrived, and what was odd about it."""
    found = calls(*parts)
    assert [call["function"]["name"] for call in found] == ["water"]
    return found[0]["function"]["arguments"], found[0].get("quirks", [])


FIRST = part("", id="call_1", name="water")


@pytest.mark.parametrize(
    ("parts", "quirks"),
    [
        ([FIRST, *map(part, PIECES)], []),
        # Another id with each fragment, with and without the name once more.
        ([FIRST, *(part(p, id=f"z{n}") for n, p in enumerate(PIECES))], ["changing_id"]),
        ([FIRST, *(part(p, id=f"z{n}", name="") for n, p in enumerate(PIECES))], ["changing_id"]),
        (
            [FIRST, *(part(p, id=f"z{n}", name="water") for n, p in enumerate(PIECES))],
            ["changing_id"],
        ),
        # Empty arguments before the real ones.
        ([part("{}", id="c", name="water"), *map(part, PIECES)], ["placeholder"]),
        ([part("{}", id="c", name="water"), part("{}"), *map(part, PIECES)], ["placeholder"]),
        ([part("null", id="c", name="water"), *map(part, PIECES)], ["placeholder"]),
        ([part({}, id="c", name="water"), *map(part, PIECES)], ["object", "placeholder"]),
        ([part("{}", id="c", name="water"), part(WATER, name="water")], ["placeholder"]),
        ([part("{", id="c", name="water"), part("}"), *map(part, PIECES)], ["placeholder"]),
        # All of the arguments so far in each fragment.
        ([FIRST, *(part("".join(PIECES[:n])) for n in range(1, 7))], ["repeated"]),
        ([FIRST, part(WATER), part(WATER)], ["repeated"]),
        # An index that goes missing.
        ([FIRST, *(part(p, index=None) for p in PIECES)], []),
        ([part("", index=None, id="c", name="water"), *map(part, PIECES)], []),
        # The name once more beside the last brace.
        ([FIRST, part(WATER[:-1]), part("}", name="water")], []),
    ],
)
def test_the_one_call_that_was_meant_arrives(parts, quirks):
    assert one(*parts) == (WATER, quirks)


@pytest.mark.parametrize(
    "parts",
    [
        [part(WATER, id="a", name="water"), part("{}", id="b", name="water")],
        [part(WATER, id="a", name="water"), part("", id="b", name="water"), part("{}")],
        [part(WATER, id="a", name="water"), part("{}", index=1, id="b", name="water")],
        [part(WATER, index=NOTHING, name="water"), part("{}", index=NOTHING, name="water")],
        [part(WATER, name="water"), part("{}", name="water")],
        [FIRST, part(WATER + "{}")],
        [
            FIRST,
            part("", id="b", name="water", index=1),
            *([part(p), part("", index=1)] for p in PIECES),
            part("{}", index=1),
        ],
        [
            part('{"bed": "B4", ', id="a", name="water"),
            part("{", id="b", name="water"),
            part('"litres": 12}', id="a"),
            part("}", id="b"),
        ],
    ],
)
def test_two_calls_stay_two(parts):
    assert list(map(named, calls(*parts))) == [("water", WATER), ("water", "{}")]


def test_a_call_without_arguments_beside_another_is_no_placeholder():
    parts = [part("{}", index=NOTHING, name="water"), part(WATER, index=NOTHING, name="water")]

    assert list(map(named, calls(*parts))) == [("water", "{}"), ("water", WATER)]


@pytest.mark.parametrize("sent", ["{}", "null", "[]", " ", "", '""'])
def test_arguments_that_stay_empty_are_kept_as_sent(sent):
    assert one(part(sent, id="c", name="water")) == (sent, [])


def test_an_object_within_an_object_of_the_same_beginning_is_no_repetition():
    assert one(FIRST, part('{"a": '), part('{"a": 1}'), part("}")) == ('{"a": {"a": 1}}', [])


@pytest.mark.parametrize(
    ("sent", "kept"), [([], "[]"), (["B4", 12], '["B4", 12]'), (7, "7"), (False, "false")]
)
def test_arguments_of_another_kind_are_kept_and_named(sent, kept):
    assert one(part(sent, id="c", name="water")) == (kept, ["not_text"])


def test_a_made_up_id_is_nine_letters_and_digits():
    ids = [call["id"] for call in calls(part(WATER, name="water"), part("{}", id="", name="water"))]

    assert len(set(ids)) == 2
    assert all(len(each) == 9 and each.isascii() and each.isalnum() for each in ids)


def test_arguments_that_are_repeated_are_shown_once_while_they_grow():
    events = come(FIRST, *(part("".join(PIECES[:n])) for n in range(1, 7)))

    assert "".join(e.arguments for e in events if isinstance(e, CallDelta)) == WATER


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=4), VALUES), st.data())
def test_arguments_cut_anywhere_arrive_as_sent(arguments, data):
    text = json.dumps(arguments, ensure_ascii=data.draw(st.booleans()))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]

    assert one(FIRST, *map(part, pieces))[0] == text


FRAGMENTS = st.builds(
    part,
    st.sampled_from([NOTHING, None, "", "{}", "{", '{"a": 1', "}", WATER, "x", [], {}, 3]),
    index=st.sampled_from([NOTHING, None, 0, 1, "1", [0]]),
    id=st.sampled_from([NOTHING, None, "", "a", "b", 5]),
    name=st.sampled_from([NOTHING, None, "", "water", "prune", 4]),
)


@given(st.lists(FRAGMENTS, max_size=12))
def test_any_fragments_make_calls_that_can_be_answered(parts):
    found = calls(*parts)

    ids = [call["id"] for call in found]
    assert all(ids)
    assert len(set(ids)) == len(ids)
    assert bool(found) == bool(parts)


CALL = f'<tool_call>{{"name": "water", "arguments": {WATER}}}</tool_call>'


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"<think>I could write {CALL}, but no.</think>The bed is wet enough.", []),
        (f"I could write {CALL}, but no.</think>The bed is wet enough.", []),
        (f"[THINK]{CALL}[/THINK]Done.", []),
        (f"<think>I water it.</think>{CALL}", [("water", WATER)]),
        (CALL, [("water", WATER)]),
    ],
)
def test_what_is_written_within_a_thought_is_no_call(text, found):
    assembler = Assembler(recover=lambda words: recover(words, {"water": None}))
    for letter in text:
        list(assembler.feed({"choices": [{"index": 0, "delta": {"content": letter}}]}))
    list(assembler.feed({"choices": [{"index": 0, "delta": {"reasoning_content": CALL}}]}))
    list(assembler.finish())

    assert list(map(named, assembler.calls)) == found
