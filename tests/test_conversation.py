"""Turns: events folded in, who moves next, and what is sent."""

import json

import pytest

from clarifai_chat.chat.request import to_messages
from clarifai_chat.chat.turn import (
    CARRY_ON,
    INTERRUPTED,
    STOPPED,
    answer_text,
    apply,
    can_continue,
    end,
    is_over,
    is_thinking,
    lacks_answer,
    new_turn,
    pending_calls,
    resume,
)
from clarifai_chat.errors import CutOff
from clarifai_chat.events import (
    CallDelta,
    Finished,
    PictureCame,
    ReasoningDelta,
    Retrying,
    Sources,
    StepEnded,
    TextDelta,
    TextWasThought,
    ToolCallDone,
    ToolResult,
    Usage,
)
from clarifai_chat.messages import pieces

MODEL = {"url": "https://clarifai.com/a/b/models/c", "name": "c"}
ASKED = {**MODEL, "input_price": None, "output_price": None}


def turn(*events, prompt="Hi", every_s=1.0):
    """A turn with events folded in, one each `every_s`."""
    turn = new_turn(prompt, ASKED)
    turn["asked_at"] = 1.0
    for number, event in enumerate(events, 1):
        apply(turn, event, number * every_s)
    return turn


def call(id="call_1", name="get_weather", arguments="{}"):
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def answer(turn, id, content):
    turn["replies"].append({"role": "tool", "tool_call_id": id, "content": content})


def user(content):
    return {"role": "user", "content": content}


def assistant(content, **fields):
    return {"role": "assistant", "content": content, **fields}


def test_thoughts_after_words_keep_their_places():
    asked = turn(
        ReasoningDelta("One."),
        TextDelta("First. "),
        ReasoningDelta("Tw"),
        ReasoningDelta("o."),
        TextDelta("Second."),
        ReasoningDelta("Three."),
    )
    (message,) = asked["replies"]

    assert is_thinking(asked)
    assert message["reasoning_content"] == "One."
    assert pieces(message) == [
        ("thought", "One."),
        ("text", "First. "),
        ("thought", "Two."),
        ("text", "Second."),
        ("thought", "Three."),
    ]
    assert answer_text(asked) == "First. Second."
    apply(asked, TextDelta(" End."), 9.0)
    assert not is_thinking(asked)
    assert asked["figures"]["thought_s"] == 1.0  # before the first word


def test_text_that_was_a_thought_leaves_the_answer_of_this_request_only():
    asked = turn(TextDelta("Half a th"), TextDelta("ought."), TextWasThought(15), TextDelta("Two."))
    assert asked["replies"] == [assistant("Two.", reasoning_content="Half a thought.")]

    end(asked, STOPPED, 9.0)
    resume(asked)
    for event in (TextDelta("So, "), TextWasThought(4), TextDelta(" And more.")):
        apply(asked, event, 1.0)
    assert pieces(asked["replies"][0])[1:] == [
        ("text", "Two."),
        ("thought", "So, "),
        ("text", " And more."),
    ]


def test_places_of_thoughts_from_a_file_may_be_anything():
    later = [{"after": after, "text": str(after)} for after in (-5, 2, 1, 99)]
    found = pieces(assistant("abcd", later_thoughts=later))

    assert "".join(text for kind, text in found if kind == "text") == "abcd"
    assert [text for kind, text in found if kind == "thought"] == ["-5", "2", "1", "99"]


def test_sources_and_pictures_stay_with_the_answer():
    source = {"url": "https://a.test/", "title": "A"}
    asked = turn(TextDelta("x"), Sources([source]), PictureCame(source["url"]), Sources([source]))

    assert asked["replies"] == [assistant("x", sources=[source], lost_pictures=1)]


def test_text_and_thoughts_make_one_message():
    asked = turn(
        ReasoningDelta("Let me "),
        ReasoningDelta("think."),
        TextDelta("Hel"),
        TextDelta("lo"),
        Finished("stop"),
    )

    assert asked["replies"] == [assistant("Hello", reasoning_content="Let me think.")]
    assert answer_text(asked) == "Hello"
    assert (asked["ending"], is_over(asked)) == ("stop", True)


def test_a_turn_is_plain_json_at_every_step():
    asked = new_turn("Hi", ASKED)
    events = (
        Retrying("Busy.", 1, 2, 3),
        ReasoningDelta("Hm."),
        TextDelta("Hello"),
        CallDelta(0, "call_1", "get_weather", "{"),
        ToolCallDone(call(), 0),
        Usage(1, 2),
        StepEnded("tool_calls", "id"),
        ToolResult("call_1", "rain"),
        TextDelta("Rain."),
        Finished("stop", "id"),
    )
    for event in events:
        apply(asked, event, 1.0)
        assert json.loads(json.dumps(asked)) == asked


def test_every_turn_has_an_id_that_cannot_be_guessed():
    assert len({new_turn("Hi", ASKED)["id"] for _ in range(100)}) == 100
    assert len(new_turn("Hi", ASKED)["id"]) == 32


def test_times_and_tokens_are_kept():
    asked = turn(
        ReasoningDelta("a"),
        ReasoningDelta("b"),
        TextDelta("c"),
        TextDelta("d"),
        Usage(5, 6, 7, 8),
        Finished("stop", "r"),
    )
    figures = asked["figures"]

    assert (figures["first_token_s"], figures["thought_s"], figures["total_s"]) == (1, 2, 6)
    assert (figures["prompt_tokens"], figures["completion_tokens"]) == (5, 6)
    assert (figures["reasoning_tokens"], figures["cached_tokens"]) == (7, 8)
    assert asked["request_id"] == "r"


def test_a_retry_is_not_a_first_token_and_the_next_event_clears_it():
    asked = turn(Retrying("Busy.", 5, 2, 4))

    assert asked["notice"]["what"] == "Busy."
    assert (asked["notice"]["attempt"], asked["notice"]["attempts"]) == (2, 4)
    assert asked["figures"]["first_token_s"] is None
    apply(asked, TextDelta("Hello"), 2.0)
    assert "notice" not in asked
    assert asked["figures"]["first_token_s"] == 2.0


def test_the_first_ending_counts():
    asked = turn(TextDelta("Hel"))

    end(asked, STOPPED, 1.0)
    end(asked, INTERRUPTED, 2.0, CutOff().problem())
    apply(asked, Finished("stop"), 3.0)

    assert (asked["ending"], asked["problem"]) == (STOPPED, None)
    assert asked["figures"]["total_s"] == 1.0
    assert answer_text(asked) == "Hel"


def test_a_model_thinks_until_it_says_or_does_something():
    assert not is_thinking(turn())
    assert is_thinking(turn(ReasoningDelta("a")))
    assert not is_thinking(turn(ReasoningDelta("a"), TextDelta("b")))
    assert not is_thinking(turn(ReasoningDelta("a"), ToolCallDone(call(), 0)))
    assert not is_thinking(turn(ReasoningDelta("a"), Finished("stop")))


def test_a_call_is_pending_until_it_is_answered():
    asked = turn(ToolCallDone(call("1"), 0), ToolCallDone(call("2"), 1), Finished("tool_calls"))
    assert pending_calls(asked) == [call("1"), call("2")]

    answer(asked, "1", "rain")

    assert pending_calls(asked) == [call("2")]


def test_what_comes_after_an_answer_is_a_new_message():
    asked = turn(ToolCallDone(call("1"), 0))
    answer(asked, "1", "rain")
    apply(asked, TextDelta("It rains."), 2.0)

    assert [message["role"] for message in asked["replies"]] == ["assistant", "tool", "assistant"]
    assert answer_text(asked).strip() == "It rains."


# --- Calls as they arrive ---------------------------------------------------------------------


def test_a_call_grows_by_its_pieces_until_it_is_there():
    asked = turn(CallDelta(0, "call", "get_", ""), CallDelta(0, "_1", "weather", '{"a"'))
    assert asked["replies"] == [assistant("", tool_calls=[call(arguments='{"a"')])]
    assert asked["figures"]["first_token_s"] == 1.0

    apply(asked, CallDelta(1, "call_2", "get_time", "{}"), 3.0)
    apply(asked, ToolCallDone(call(arguments='{"a": 1}'), 0), 4.0)

    assert asked["replies"][0]["tool_calls"] == [
        call(arguments='{"a": 1}'),
        call("call_2", "get_time"),
    ]


def test_a_call_that_turns_out_to_be_two_becomes_two():
    asked = turn(
        CallDelta(0, "1", "a", "{}{}"),
        CallDelta(1, "3", "b", "{}"),
        ToolCallDone(call("1", "a"), 0),
        ToolCallDone(call("2", "a"), 1),
        ToolCallDone(call("3", "b"), 2),
    )

    assert asked["replies"][0]["tool_calls"] == [call("1", "a"), call("2", "a"), call("3", "b")]


def test_a_piece_of_a_later_call_may_come_first():
    asked = turn(CallDelta(1, "call_2", "get_weather", "{}"))

    assert asked["replies"][0]["tool_calls"] == [call("", "", ""), call("call_2")]
    assert pending_calls(asked) == [call("call_2")]


def test_only_the_calls_of_the_last_reply_can_be_open():
    asked = turn(ToolCallDone(call("1"), 0), StepEnded("tool_calls"), ToolResult("1", "rain"))
    assert pending_calls(asked) == []
    apply(asked, ToolCallDone(call("1", arguments='{"again": 1}'), 0), 4.0)

    assert pending_calls(asked) == [call("1", arguments='{"again": 1}')]


def test_nothing_is_open_before_a_reply_came():
    assert pending_calls(turn()) == []


# --- Several requests in one turn -------------------------------------------------------------


def test_each_request_has_figures_of_its_own():
    asked = turn(
        TextDelta("Wait."),  # 1 s after the turn began
        ToolCallDone(call(), 0),
        Usage(10, 1),
        StepEnded("tool_calls"),  # 4 s
        ToolResult("call_1", "rain"),  # 5 s: from here on the second request counts
        ReasoningDelta("Hm."),
        TextDelta("Rain."),  # 7 s
        Usage(20, 2),
        Finished("stop", "r"),  # 9 s
    )

    (first,), second = asked["before"], asked["figures"]
    assert (first["first_token_s"], first["total_s"], first["ending"]) == (1, 4, "tool_calls")
    assert (first["prompt_tokens"], first["completion_tokens"]) == (10, 1)
    assert (second["began_s"], second["first_token_s"], second["thought_s"]) == (5, 1, 1)
    assert (second["total_s"], second["ending"], second["prompt_tokens"]) == (4, "stop", 20)
    assert [asked["replies"][figures["reply"]]["content"] for figures in (first, second)] == [
        "Wait.",
        "Rain.",
    ]
    assert (asked["ending"], asked["request_id"]) == ("stop", "r")


def test_a_later_request_that_fails_is_timed_from_its_own_start():
    asked = turn(ToolCallDone(call(), 0), StepEnded("tool_calls"), ToolResult("call_1", "rain"))
    end(asked, "", 10.0, CutOff().problem())

    assert (asked["figures"]["total_s"], asked["figures"]["ending"]) == (7.0, "")


def test_a_request_without_a_reply_names_none():
    asked = turn(ToolCallDone(call(), 0), StepEnded("tool_calls"), ToolResult("call_1", "rain"))
    end(asked, "stop", 5.0)

    assert asked["before"][0]["reply"] == 0
    assert "reply" not in asked["figures"]


def test_a_page_that_reads_between_two_requests_sees_each_once():
    seen = []

    class Turn(dict):
        def __setitem__(self, name, value):
            super().__setitem__(name, value)
            seen.append(any(figures is self["figures"] for figures in self["before"]))

    asked = Turn(turn(ToolCallDone(call(), 0)))
    apply(asked, StepEnded("tool_calls"), 2.0)

    assert seen
    assert not any(seen)


# --- What is sent -----------------------------------------------------------------------------


def test_the_conversation_so_far_is_sent_and_the_question_last():
    first = turn(TextDelta("Hello"), Finished("stop"))
    last = turn(prompt="And now?")

    assert to_messages([first, last], last, system="Be brief.") == [
        {"role": "system", "content": "Be brief."},
        user("Hi"),
        assistant("Hello"),
        user("And now?"),
    ]
    assert to_messages([first], last) == [user("Hi"), assistant("Hello"), user("And now?")]


def test_what_comes_after_the_question_is_not_sent():
    first, second = turn(prompt="one"), turn(TextDelta("2"), Finished("stop"), prompt="two")

    assert to_messages([first, second], first) == [user("one")]


def test_an_unanswered_question_is_left_out_but_a_partial_answer_is_sent():
    failed, stopped = turn(prompt="failed"), turn(TextDelta("Half"), prompt="stopped")
    end(failed, "", 1.0, CutOff().problem())
    end(stopped, STOPPED, 1.0)
    running = turn(TextDelta("Not yet"), prompt="running")
    last = turn(prompt="last")

    assert to_messages([failed, stopped, running, last], last) == [
        user("stopped"),
        assistant("Half"),
        user("last"),
    ]


@pytest.mark.parametrize("events", [(), (ReasoningDelta("Hm."),), (TextDelta(" \n"),)])
@pytest.mark.parametrize("ending", ["stop", STOPPED])
def test_an_empty_answer_is_not_sent_and_its_question_is_left_out(events, ending):
    empty = turn(*events, prompt="empty")
    end(empty, ending, 9.0)
    last = turn(prompt="last")

    assert to_messages([empty], last) == [user("last")]
    assert lacks_answer(empty) == (ending == "stop")
    assert not lacks_answer(last)


def test_an_empty_reply_after_a_tools_result_is_not_sent():
    asked = turn(
        ToolCallDone(call("1"), 0),
        StepEnded("tool_calls"),
        ToolResult("1", "rain"),
        ReasoningDelta("It rains."),
        Finished("stop"),
    )

    assert lacks_answer(asked)
    assert [m["role"] for m in to_messages([asked], turn(prompt="last"))] == [
        "user",
        "assistant",
        "tool",
        "user",
    ]


def test_a_call_that_stayed_open_is_answered():
    opened = turn(ToolCallDone(call("1"), 0), ToolCallDone(call("2"), 1), Finished("tool_calls"))
    answer(opened, "1", "rain")
    last = turn(prompt="last")

    tools = [message for message in to_messages([opened], last) if message["role"] == "tool"]

    assert [(m["tool_call_id"], m["content"]) for m in tools] == [("1", "rain"), ("2", "stopped")]


def test_answers_to_its_calls_are_sent_with_their_own_question():
    asked = turn(ToolCallDone(call("1"), 0), Finished("tool_calls"))
    answer(asked, "1", "rain")

    assert [message["role"] for message in to_messages([asked], asked)] == [
        "user",
        "assistant",
        "tool",
    ]


def stopped(*calls, text=""):
    """A turn that was stopped while it wrote these calls."""
    deltas = [
        CallDelta(number, each["id"], each["function"]["name"], each["function"]["arguments"])
        for number, each in enumerate(calls)
    ]
    asked = turn(*([TextDelta(text)] if text else []), *deltas)
    end(asked, STOPPED, 9.0)
    return asked


HALF = call("half", arguments='{"loc')


def test_a_call_that_broke_off_is_not_sent():
    assert to_messages([stopped(HALF)], turn(prompt="last")) == [user("Hi"), user("last")]
    assert to_messages([stopped(HALF, text="Wait.")], turn(prompt="last")) == [
        user("Hi"),
        assistant("Wait."),
        user("last"),
    ]


@pytest.mark.parametrize("half", [HALF, call(""), call("", arguments="")])
def test_a_whole_call_before_one_that_broke_off_is_sent_and_closed(half):
    asked = stopped(call("1"), half)

    assert to_messages([asked], turn(prompt="last")) == [
        user("Hi"),
        assistant("", tool_calls=[call("1")]),
        {"role": "tool", "tool_call_id": "1", "content": STOPPED},
        user("last"),
    ]
    assert len(asked["replies"][0]["tool_calls"]) == 2  # the reader has seen both


def test_a_call_with_invalid_arguments_is_sent_once_it_is_answered():
    asked = turn(ToolCallDone(HALF, 0), Finished("tool_calls"))
    answer(asked, "half", "That is no JSON.")
    resume(asked)

    assert to_messages([], asked) == [
        user("Hi"),
        assistant("", tool_calls=[HALF]),
        {"role": "tool", "tool_call_id": "half", "content": "That is no JSON."},
    ]


def test_an_answer_after_a_call_that_broke_off_is_a_reply_of_its_own():
    asked = stopped(HALF, text="Wait.")
    resume(asked)
    assert to_messages([], asked)[-2:] == [assistant("Wait."), user(CARRY_ON)]
    apply(asked, CallDelta(0, "1", "get_weather", "{}"), 1.0)
    apply(asked, Finished("tool_calls"), 2.0)

    assert asked["replies"] == [
        assistant("Wait.", tool_calls=[HALF]),
        assistant("", tool_calls=[call("1")]),
    ]
    assert pending_calls(asked) == [call("1")]
    answer(asked, "1", "rain")
    assert to_messages([], asked) == [
        user("Hi"),
        assistant("Wait."),
        assistant("", tool_calls=[call("1")]),
        {"role": "tool", "tool_call_id": "1", "content": "rain"},
    ]


def test_a_turn_of_many_steps_is_sent_step_by_step():
    asked = turn(
        ToolCallDone(call("1"), 0),
        StepEnded("tool_calls"),
        ToolResult("1", "rain"),
        ToolCallDone(call("1"), 0),
        Finished("tool_calls"),
    )
    before = json.dumps(asked)

    assert to_messages([], asked) == [
        user("Hi"),
        assistant("", tool_calls=[call("1")]),
        {"role": "tool", "tool_call_id": "1", "content": "rain"},
        assistant("", tool_calls=[call("1")]),
        {"role": "tool", "tool_call_id": "1", "content": STOPPED},
    ]
    assert json.dumps(asked) == before


# --- Going on ---------------------------------------------------------------


@pytest.mark.parametrize("ending", [STOPPED, INTERRUPTED, "length"])
def test_an_answer_that_broke_off_can_be_continued(ending):
    asked = turn(TextDelta("Half"))
    assert not can_continue(asked)
    end(asked, ending, 1.0)
    assert can_continue(asked)

    resume(asked)
    apply(asked, TextDelta(" and half"), 2.0)

    assert (answer_text(asked), is_over(asked), asked["problem"]) == ("Half and half", False, None)


@pytest.mark.parametrize(
    "events",
    [[TextDelta("Whole"), Finished("stop")], [Finished("length")], [ToolCallDone(call(), 0)]],
)
def test_only_an_answer_that_broke_off_in_its_text_can_be_continued(events):
    asked = turn(*events)
    end(asked, STOPPED, 1.0)

    assert not can_continue(asked)
