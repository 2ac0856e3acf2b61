"""What a screen reader is told about replies, without a browser."""

import pytest

from clarifai_chat.chat.turn import ERROR, INTERRUPTED, STOPPED, UNWATCHED, apply, end, new_turn
from clarifai_chat.events import TextDelta
from clarifai_chat.text import words
from components.reply import announcer

MODEL = {"url": "https://x/y", "name": "Y", "input_price": None, "output_price": None}


def turn(text="", ending="", problem=None):
    asked = new_turn("Hi", MODEL)
    asked["asked_at"] = 1.0
    if text:
        apply(asked, TextDelta(text), 0.1)
    if ending:
        end(asked, ending, 0.2, problem)
    return asked


@pytest.mark.parametrize(
    ("text", "ending", "said"),
    [
        ("Yes.", "stop", "Answer complete, 1 word"),
        ("word " * 42, "stop", "Answer complete, 42 words"),
        ("Well, in", STOPPED, "Stopped, 2 words"),
        ("", STOPPED, "Stopped, 0 words"),
        ("Well,", UNWATCHED, "Stopped, 1 word"),
        ("Well,", INTERRUPTED, "Interrupted, 1 word"),
        ("Well,", "length", "Answer cut off, 1 word"),
        ("Well,", ERROR, "Answer broken off, 1 word"),
        ("", "stop", "The model answered with nothing"),
    ],
)
def test_an_ending_is_said_in_a_few_words(text, ending, said):
    assert announcer.ending(turn(text, ending)) == said


def test_a_failure_is_left_to_its_alert():
    assert announcer.ending(turn("Well,", ERROR, {"kind": "Unreachable"})) == ""


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 0),
        ("It's 3.5 km — or well-known **bold** `code`.", 7),
        ("東京は大きい", 6),
        ("Ça va? Größe, Ёлка!", 4),
    ],
)
def test_words_are_counted_in_any_script(text, number):
    assert words(text) == number


def test_of_several_replies_at_once_each_says_whose_it_is(monkeypatch):
    drawn = []
    monkeypatch.setattr(announcer, "draw_component", lambda *_, data, **__: drawn.append(data))
    monkeypatch.setattr(announcer.st, "empty", object)
    one, other = turn("Yes"), turn("No")
    other["model"] = {**MODEL, "name": "Z"}
    told = announcer.Announcer()

    told.draw([one, other])
    told.draw([one, other])
    end(one, "stop", 0.2)
    told.draw([one, other])

    assert [[reply["name"] for reply in each["replies"]] for each in drawn] == [
        ["Y: ", "Z: "],
        ["Y: ", "Z: "],
    ]
    assert drawn[-1]["replies"][0]["says"] == "Answer complete, 1 word"


def test_nothing_is_drawn_for_replies_that_ended_long_ago(monkeypatch):
    monkeypatch.setattr(announcer, "draw_component", lambda *_, **__: pytest.fail("drawn"))
    old = turn("Yes", "stop")
    old["ended_at"] = 2.0

    announcer.Announcer().draw([old])
