"""A provider's chunks → events: what only the assembler decides, chunk by chunk."""

import json
from contextlib import suppress
from dataclasses import asdict
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat.errors import BadReply, Busy, ChatError, ModelFailed
from clarifai_chat.events import (
    CallDelta,
    Kept,
    PictureCame,
    ReasoningDelta,
    Sources,
    TextDelta,
    TextWasThought,
    ToolCallDone,
    Usage,
)
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
    thoughts = answer = ""
    for event in found:
        match event:
            case ReasoningDelta(text):
                thoughts += text
            case TextDelta(text):
                answer += text
            case TextWasThought(length):
                thoughts += answer[-length:]
                answer = answer[:-length]
    return thoughts, answer


def in_order(found):
    """[kind, text] of the thoughts and the words, joined where the same kind follows."""
    pieces = []
    for event in found:
        if isinstance(event, ReasoningDelta | TextDelta):
            kind = "thought" if isinstance(event, ReasoningDelta) else "text"
            if not pieces or pieces[-1][0] != kind:
                pieces.append([kind, ""])
            pieces[-1][1] += event.text
    return pieces


def letters(text):
    """The text as deltas, letter by letter."""
    return [delta(letter) for letter in text]


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
    if "<think>" not in text and "</think>" not in text:
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


@pytest.mark.parametrize(
    ("text", "thoughts", "answer"),
    [
        ("[THINK]The moon.[/THINK]Two tides.", "The moon.", "Two tides."),
        ("<thinking>The moon.</thinking>\n\nTwo tides.", "The moon.", "Two tides."),
        ('<think type="deep" n=2>The moon.</think>Two tides.', "The moon.", "Two tides."),
        ("<Think>The moon.</THINK>Two tides.", "The moon.", "Two tides."),
        ("◁think▷The moon.◁/think▷Two tides.", "The moon.", "Two tides."),
        ("<think>a</think><think>b</think>Two.", "a\n\nb", "Two."),
        ("<think>The moon.</think></think>Two tides.", "The moon.", "Two tides."),
        ("</think>Two tides.", "", "Two tides."),
        ("<think>\n\n</think>\n\nTwo tides.", "", "Two tides."),
        ("<thinker>A statue.", "", "<thinker>A statue."),
        ("[THINKING] is a tag.", "", "[THINKING] is a tag."),
        (
            "<|channel|>analysis<|message|>The moon.<|end|><|start|>assistant<|channel|>final"
            "<|message|>Two <|x|> tides.<|return|>",
            "The moon.",
            "Two <|x|> tides.",
        ),
        ("<|channel|>final<|message|>Two tides.", "", "Two tides."),
        ("<|start|>assistant<|channel|>analysis<|message|>The moon.", "The moon.", ""),
        (
            "<|channel|>commentary to=functions.f <|constrain|>json<|message|>{}<|call|>",
            "",
            "<|channel|>commentary to=functions.f <|constrain|>json<|message|>{}<|call|>",
        ),
        ("Harmony ends with <|end|>, doesn't it?", "", "Harmony ends with <|end|>, doesn't it?"),
        # Without an opening tag, all before the closing one was a thought.
        ("The moon.\n</think>\n\nTwo tides.", "The moon.\n", "Two tides."),
        ("The moon.</think>Two tides.", "The moon.", "Two tides."),
        ("The moon.[/THINK]\nTwo tides.", "The moon.", "Two tides."),
        ("Only a thought.</think>", "Only a thought.", ""),
        # A tag that is only spoken of, and tags in code, are text.
        ("It ends with </think>, always.", "", "It ends with </think>, always."),
        ("Write `</think>` here.", "", "Write `</think>` here."),
        ("```xml\n<think>\nx\n</think>\n```\nSo.", "", "```xml\n<think>\nx\n</think>\n```\nSo."),
        ("- `<think>`\n- b", "", "- `<think>`\n- b"),
    ],
)
def test_thoughts_in_other_tags(text, thoughts, answer):
    assert said(events(delta(text))) == (thoughts, answer)
    assert said(events(*letters(text))) == (thoughts, answer)


@pytest.mark.parametrize(
    "text",
    [
        "<think>One.</think>First words.\n<think>Two.</think>Then more.",
        "[THINK]One.[/THINK]First words.\n[THINK]Two.[/THINK]\nThen more.",
        "<think>One.</think>First words.\n\n<thinking>Two.</thinking>\n\nThen more.",
        "<think>One.</think>First words. <think>Two.</think>Then more.",
        "<|channel|>analysis<|message|>One.<|end|><|start|>assistant<|channel|>final<|message|>"
        "First words.<|end|><|start|>assistant<|channel|>analysis<|message|>Two.<|end|>"
        "<|start|>assistant<|channel|>final<|message|> Then more.<|return|>",
    ],
)
def test_a_second_thought_after_words_keeps_its_place(text):
    for found in (events(delta(text)), events(*letters(text))):
        assert [(kind, piece.strip()) for kind, piece in in_order(found)] == [
            ("thought", "One."),
            ("text", "First words."),
            ("thought", "Two."),
            ("text", "Then more."),
        ]


@given(
    st.lists(
        st.sampled_from(
            [
                "<think>",
                "</think>",
                "[THINK]",
                "[/THINK]",
                "<|channel|>analysis<|message|>",
                "<|end|>",
                "<|start|>assistant",
                "w.",
                "<",
                "é",
                "`",
                "```\n",
                "\n",
            ]
        )
    ),
    st.data(),
)
def test_thoughts_and_words_stay_the_same_however_they_are_split(pieces, data):
    text = "".join(pieces)
    cuts = data.draw(st.lists(st.integers(0, len(text))))
    parts = [text[a:b] for a, b in pairwise([0, *sorted(cuts), len(text)])]
    thoughts, answer = said(events(delta(text)))

    assert said(events(*map(delta, parts))) == (thoughts, answer)
    assert thoughts.count("w.") + answer.count("w.") == text.count("w.")


@pytest.mark.parametrize("tag", ["<", "[", "<think ", "</think> ", "`<think>` ", "<|channel|>"])
def test_a_text_full_of_tags_takes_no_more_than_one_of_words(tag):
    """Otherwise each would copy the rest, and the test would not end."""
    text = f"Words. {tag * 20_000}"

    assert said(events(delta(text))) == ("", text)


def test_thoughts_and_words_that_take_turns_stay_in_order():
    found = events(
        delta(reasoning_content="One."),
        delta("First "),
        delta(" words."),
        delta(reasoning_content=" "),
        delta(reasoning_content="Two."),
        delta(" More."),
    )

    assert in_order(found) == [
        ["thought", "One."],
        ["text", "First  words."],
        ["thought", " Two."],
        ["text", " More."],
    ]


# --- Words in other places --------------------------------------------------------------------


def parts_of(kind, text):
    return {"type": kind, kind: text}


@pytest.mark.parametrize(
    "field",
    [
        {"reasoning_content": "Hm."},
        {"reasoning": "Hm."},
        {"thinking": "Hm."},
        {"thinking": [{"type": "text", "text": "Hm."}]},
        {"thinking_blocks": [{"type": "thinking", "thinking": "Hm.", "signature": "x"}]},
        {"reasoning_details": [{"type": "reasoning.text", "text": "Hm.", "index": 0}]},
        {"reasoning_details": [{"type": "reasoning.summary", "summary": "Hm."}]},
        {"reasoning": "Hm.", "reasoning_details": [{"type": "reasoning.text", "text": "Hm."}]},
        {"reasoning": "Hm.", "reasoning_content": "Hm."},
        {"content": [parts_of("thinking", [{"type": "text", "text": "Hm."}])]},
        {"content": [parts_of("thinking", "Hm.")]},
        {"content": [parts_of("reasoning", "Hm.")]},
        {"content": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]}]},
        {"content": [{"text": "Hm.", "thought": True}]},
    ],
)
def test_thoughts_are_found_in_every_place(field):
    assert said(events(delta(**field), delta("Two."))) == ("Hm.", "Two.")
    whole = {"choices": [{"message": {"content": "", **field}}]}
    assert said(events(whole)) == ("Hm.", "")


@pytest.mark.parametrize(
    "choice",
    [
        {"delta": {"content": None, "refusal": "I cannot."}},
        {"message": {"content": None, "refusal": "I cannot."}},
        {"delta": {"content": [{"type": "refusal", "refusal": "I cannot."}]}},
        {"delta": {"content": [{"type": "output_text", "text": "I cannot."}]}},
        {"delta": {"content": {"type": "text", "text": "I cannot."}}},
        {"text": "I cannot."},
        {"delta": {}, "text": "I cannot."},
        {"delta": {"content": None, "audio": {"id": "a", "transcript": "I cannot."}}},
        {"index": "0", "delta": {"content": "I cannot."}},
        {"delta": {"content": ""}, "message": {"content": "I cannot."}},
    ],
)
def test_words_are_found_in_every_place(choice):
    assert said(events({"choices": [choice]})) == ("", "I cannot.")


def test_another_alternative_is_left_out_also_by_an_index_as_text():
    assert events({"choices": [{"index": "1", "delta": {"content": "no"}}]}) == []


@pytest.mark.parametrize("last", [{"delta": {}}, {"delta": {"content": ""}}, {}])
def test_a_whole_message_at_the_end_counts_once(last):
    call = part("f", "{}", "1", index=0)
    message = {"role": "assistant", "content": "Two tides.", "tool_calls": [call]}
    found = events(
        delta("Two "),
        delta("tides."),
        {"choices": [{**last, "message": message, "finish_reason": "stop"}]},
    )

    assert said(found) == ("", "Two tides.")
    assert called(found) == [("f", "{}")]


def test_words_beside_a_refusal_and_calls_with_an_index_as_text():
    found = events(
        delta(tool_calls=[part("f", '{"a"', "1", index="0")]),
        delta(tool_calls=[part(None, ":1}", index=0)]),
        delta("No", refusal=", I cannot."),
    )

    assert said(found) == ("", "No, I cannot.")
    assert called(found) == [("f", '{"a":1}')]


# --- Halves of characters ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (["High \ud83c", "\udf0a tide"], "High 🌊 tide"),
        (["\ud83c", "", "\udf0a"], "🌊"),
        (["half \ud83c", " alone"], "half \ufffd alone"),
        (["\udf0a alone"], "\ufffd alone"),
        (["the end \ud83c"], "the end \ufffd"),
        (["\ud83c\ud83c", "\udf0a\udf0a"], "\ufffd🌊\ufffd"),
    ],
)
def test_halves_of_a_character_are_joined_or_replaced(pieces, expected):
    assert said(events(*map(delta, pieces))) == ("", expected)
    assert said(events(*(delta(reasoning=each) for each in pieces))) == (expected, "")
    calls = [part(None, each, index=0) for each in pieces]
    found = events(
        delta(tool_calls=[part("f", "", "1", index=0)]), *(delta(tool_calls=[c]) for c in calls)
    )
    assert called(found) == [("f", expected)]
    assert "".join(e.arguments for e in found if isinstance(e, CallDelta)) == expected


def test_halves_in_names_ids_and_finish_reasons_are_replaced():
    assembler = Assembler()
    call = part("f\ud83c", {"a": "\ud83c"}, "1\udf0a")
    found = [*assembler.feed(delta("", "sto\ud83c", tool_calls=[call])), *assembler.finish()]

    (done,) = (event.call for event in found if isinstance(event, ToolCallDone))
    assert (done["id"], done["function"]["name"]) == ("1\ufffd", "f\ufffd")
    assert done["function"]["arguments"] == '{"a": "\ufffd"}'
    assert assembler.reason == "sto\ufffd"


@given(st.text("\ud83c\udf0a\ud83d<a\n"), st.data())
def test_no_half_a_character_comes_through_however_the_text_is_split(text, data):
    cuts = data.draw(st.lists(st.integers(0, len(text))))
    parts = [text[a:b] for a, b in pairwise([0, *sorted(cuts), len(text)])]
    thoughts, answer = said(events(*map(delta, parts)))

    assert (thoughts + answer).encode().decode() == thoughts + answer
    assert said(events(delta(text))) == (thoughts, answer)


# --- Errors, and what is not an answer --------------------------------------------------------


@pytest.mark.parametrize(
    "last",
    [
        {"error": {"code": 502, "message": "It failed."}, "choices": [{"delta": {"content": "b"}}]},
        {"choices": [{"delta": {"content": "b"}, "error": {"message": "It failed."}}]},
        {"choices": [{"delta": {"content": "b"}, "finish_reason": "error", "error": "It failed."}]},
        {"status": {"code": 21313, "description": "It failed."}, "choices": [{"text": "b"}]},
    ],
)
def test_an_error_beside_words_is_raised_and_the_words_are_kept(last):
    assembler, found = Assembler(), []

    def feed():
        for each in (delta("a"), last):
            for event in assembler.feed(each):
                found.append(event)

    with pytest.raises(ModelFailed) as failure:
        feed()

    assert failure.value.detail == "It failed."
    assert said(found) == ("", "ab")


@pytest.mark.parametrize(
    "chunk",
    [
        {"choices": "text"},
        {"choices": {"0": {}}},
        {"choices": [{"delta": "Hello"}]},
        {"choices": [{"delta": ["Hello"]}]},
        {"choices": [{"message": 7}]},
        delta(tool_calls={"index": 0}),
        delta(tool_calls=[{"function": "f"}]),
        delta(images="one"),
    ],
)
def test_an_odd_chunk_is_not_an_answer(chunk):
    with pytest.raises(BadReply):
        events(chunk)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "delta",
                    "message",
                    "content",
                    "text",
                    "type",
                    "thinking",
                    "reasoning",
                    "tool_calls",
                    "function",
                    "name",
                    "arguments",
                    "index",
                    "id",
                    "error",
                    "usage",
                    "finish_reason",
                    "refusal",
                    "audio",
                    "images",
                    "annotations",
                    "citations",
                    "url_citation",
                    "url",
                    "title",
                    "search_results",
                    "function_call",
                    "status",
                    "code",
                    "prompt_tokens_details",
                    "reasoning_details",
                    "image_url",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(JSON, JSON)
def test_any_json_is_an_answer_or_a_failure_in_words(choice, more):
    more = more if isinstance(more, dict) else {}
    with suppress(ChatError):
        found = events({**more, "choices": [choice]}, {"choices": [{"delta": more}]})
        json.dumps([asdict(event) for event in found], ensure_ascii=False).encode()


# --- Sources and pictures ---------------------------------------------------------------------

A, B = "https://a.test/one", "https://b.test/two?x=1&y=(2)"


def cited(url, title=""):
    return {"type": "url_citation", "url_citation": {"url": url, "title": title, "start_index": 0}}


@pytest.mark.parametrize(
    "chunks",
    [
        [delta("x", annotations=[cited(A, "One"), cited(B)])],
        [delta("x", annotations=[cited(A, "One")]), delta(annotations=[cited(B), cited(A)])],
        [delta("x", annotations=[{"type": "url_citation", "url": A, "title": "One"}, cited(B)])],
        [
            {**delta("x"), "citations": [A]},
            {**delta("y"), "citations": [{"url": A}, {"url": B}]},
            delta(annotations=[cited(A, "One")]),
        ],
        [{**delta("x"), "citations": [A, B], "search_results": [{"url": A, "title": "One"}]}],
        [
            delta([{"type": "text", "text": "x", "annotations": [cited(A, "One")]}]),
            delta(citations=[A, B]),
        ],
        [{"choices": [{"message": {"content": "x", "annotations": [cited(A, "One"), cited(B)]}}]}],
    ],
)
def test_sources_are_collected_in_the_order_of_their_numbers(chunks):
    found = [event for event in events(*chunks) if isinstance(event, Sources)]

    assert found == [Sources([{"url": A, "title": "One"}, {"url": B, "title": ""}])]


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "https://", "ftp://a.test", "https://a.test/<b>", "http://[", "x"],
)
def test_a_source_that_is_no_web_address_keeps_its_number_without_a_link(url):
    (found,) = events({"choices": [], "citations": [url, A]})

    assert found == Sources([{"url": "", "title": url}, {"url": A, "title": ""}])


@pytest.mark.parametrize(
    "sent",
    [
        {"images": [{"type": "image_url", "image_url": {"url": A}}]},
        {"images": [{"image_url": A}]},
        {"images": [A]},
        {"content": [{"type": "image_url", "image_url": {"url": A}}]},
    ],
)
def test_pictures_are_found_in_every_place(sent):
    assert events(delta(**sent), delta("A cat.")) == [TextDelta("A cat."), PictureCame(A)]


def test_a_picture_without_an_address_is_one():
    assert events(delta(images=[{"type": "image_url"}])) == [PictureCame("")]


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

    assert found[:3] == [
        Kept({"thoughts_in": "tags"}),
        ReasoningDelta("Hm."),
        TextDelta("Hello"),
    ]
    assert called(found) == [("f", "{}")]
