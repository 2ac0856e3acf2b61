"""Tools that go with a conversation: taken from a set, kept with a turn, exported and imported."""

import json

import pytest

from clarifai_chat.catalog import DEMO
from clarifai_chat.chat import chats
from clarifai_chat.chat.request import chat_request
from clarifai_chat.chat.token_counts import TokenCounter, size
from clarifai_chat.chat.turn import STOPPED, Turn, apply, asked_of, end, new_turn
from clarifai_chat.events import Finished, StepEnded, TextDelta, ToolCallDone, ToolResult
from clarifai_chat.playground import chat_tools
from clarifai_chat.playground.chat_tools import NotOffered
from clarifai_chat.recordings import playing
from clarifai_chat.transfer import validate
from clarifai_chat.transfer.exports import as_html, as_json, as_markdown
from clarifai_chat.transfer.imports import ours
from clarifai_chat.transfer.imports.reading import Notes

SERVER = "https://mcp.example.com/mcp"
ARGUMENTS = '{"expression": "1+1"}'


def called(*results: str, arguments: str = ARGUMENTS) -> Turn:
    """Return a turn with the built-in tools, one call, and its results."""
    turn = new_turn("1+1?", asked_of(DEMO))
    turn["tools"] = chat_tools.used(chat_tools.built_in())
    turn["asked_at"] = 1.0
    function = {"name": "calculate", "arguments": arguments}
    apply(turn, ToolCallDone({"id": "a", "type": "function", "function": function}, 0), 0.1)
    if not results:
        apply(turn, Finished("tool_calls"), 0.2)
        return turn
    apply(turn, StepEnded("tool_calls"), 0.2)
    for result in results:
        apply(turn, ToolResult("a", result), 0.2)
    return turn


def chat_of(turn: Turn) -> chats.Chat:
    chat = chats.new_chat()
    chat["settings"]["tools"] = chat_tools.built_in()
    chats.add(chat, turn, None)
    return chat


def word(turn: Turn, place: int = 0) -> str:
    [(_, verdict)] = chat_tools.step_at(chat_tools.run_of(turn), place).judged
    return verdict.status


# --- Which tools ---------------------------------------------------------------------------------


def test_each_built_in_tool_is_answered_by_its_built_in():
    offered = chat_tools.built_in(["units", "time"])

    names = [spec["function"]["name"] for spec in offered["specs"]]
    assert names == ["get_current_time", "convert_units"]
    assert offered["answerers"] == {"get_current_time": "time", "convert_units": "units"}
    assert chat_tools.built_in_ids(offered) == ["time", "units"]


def test_a_sets_tools_come_with_who_answers_them():
    specs = [
        {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}
        for name in ("search", "weather", "off", "mine")
    ]
    slots = {
        "tools": {"text": json.dumps(specs), "gen": 3},
        "tools_off": ["off"],
        "tool_servers": {"search": SERVER},
        "results": {"weather": "rain", "other": "x"},
    }

    offered = chat_tools.of_set("7", "Travel", slots)

    assert [spec["function"]["name"] for spec in offered["specs"]] == ["search", "weather", "mine"]
    assert offered["answerers"] == {"search": SERVER, "weather": "typed"}
    assert offered["results"] == {"weather": "rain"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[]", "no tools"),
        ("{", "no tools"),
        (
            json.dumps(
                [{"type": "function", "function": {"name": f"tool_{n}"}} for n in range(129)]
            ),
            "too many",
        ),
    ],
)
def test_a_set_that_cannot_be_offered_says_why(text, why):
    with pytest.raises(NotOffered, match=why):
        chat_tools.of_set("7", "Travel", {"tools": {"text": text}})


# --- Verdicts ------------------------------------------------------------------------------------


def test_a_call_is_judged_by_the_tools_that_went_with_its_turn():
    assert word(called()) == "valid"
    assert word(called(arguments='{"expression": 5}')) == "invalid"
    assert word(called(arguments="{")) == "not_json"


def test_a_call_is_over_as_soon_as_it_has_its_result():
    going = called('{"result": 2}')

    step = chat_tools.step_at(chat_tools.run_of(going), 0)

    assert going["ended_at"] is None
    assert step.is_over
    assert step.answers == {"a": '{"result": 2}'}


def test_a_call_without_known_tools_is_not_judged():
    turn = called()
    del turn["tools"]

    assert word(turn) == "undecided"
    assert not chat_tools.wants_answers(turn)


def test_what_broke_off_after_the_results_can_go_on_and_open_calls_cannot():
    stopped, open_ = called("2"), called()
    end(stopped, STOPPED, 1.0)

    assert chat_tools.can_go_on(stopped)
    assert not chat_tools.can_go_on(open_)
    assert chat_tools.wants_answers(open_)


# --- Sent ----------------------------------------------------------------------------------------


def test_calls_and_results_go_with_later_questions_and_tools_with_their_own_turn():
    first, second = called("2"), new_turn("And 2+2?", asked_of(DEMO))
    apply(first, TextDelta("Two."), 0.3)
    apply(first, Finished("stop"), 0.4)
    settings = {"tools": chat_tools.built_in()}

    asked = chat_request(second, [first, second], settings, DEMO, counter=TokenCounter(size))

    roles = [message["role"] for message in asked.messages]
    assert roles == ["user", "assistant", "tool", "assistant", "user"]
    assert not asked.tools  # switched off when it was asked


# --- Files ---------------------------------------------------------------------------------------


def test_an_exported_conversation_comes_back_with_tools_calls_and_results():
    turn = called('{"result": 2}')
    apply(turn, TextDelta("Two."), 0.3)
    apply(turn, Finished("stop"), 0.4)
    chat = chat_of(turn)
    document = json.loads(as_json.document([chat], "", {}))

    notes = Notes()
    back = ours.checked(document["chats"][0], notes)

    assert back["settings"]["tools"] == chat["settings"]["tools"]
    assert back["turns"][0]["tools"] == turn["tools"]
    assert back["turns"][0]["replies"] == turn["replies"]
    assert word(back["turns"][0]) == "valid"


def test_exports_say_whether_a_call_was_valid():
    chat = chat_of(called('{"result": 2}', arguments='{"expression": 5}'))

    page = as_html.document([chat], str, {})
    assert "calculate (invalid)" in as_markdown.document([chat])
    assert '<code>calculate</code> <span class="badge bad">invalid</span>' in page
    assert "5 is an integer" in page or "expected" in page.lower()
    for text in (as_markdown.document([chat]), page):
        assert "Result of calculate" in text
        assert "Built-in tools" in text


def test_a_recorded_call_is_judged_when_it_is_played():
    turn = called('{"result": 2}', arguments='{"expression": 5}')
    apply(turn, TextDelta("Two."), 0.3)
    apply(turn, Finished("stop"), 0.4)

    played = playing.fresh(turn)
    playing.show(played, turn, playing.length(turn))

    assert word(played) == "invalid"


def test_a_file_decides_neither_which_server_is_asked_nor_how_often():
    hostile = chat_tools.used(chat_tools.built_in())
    hostile["answerers"] = {"calculate": SERVER, "get_current_time": 5, "convert_units": "shell"}
    hostile["specs"].append({"no": "function"})
    hostile["specs"].append({"function": []})
    hostile["max_requests"] = 1_000_000
    hostile["server_calls"] = {"0:a": {"server": SERVER}}
    chat = chat_of(called())
    chat["settings"]["tools"] = chat["turns"][0]["tools"] = hostile

    found = validate.chat(json.loads(json.dumps(chat)), [])

    for tools in (found["settings"]["tools"], found["turns"][0]["tools"]):
        assert tools["answerers"] == {}
        assert len(tools["specs"]) == 4
        assert tools["max_requests"] == 20
    assert found["turns"][0]["tools"]["server_calls"] == {}
