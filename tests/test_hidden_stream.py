"""The access token in a stream that is recorded: hidden wherever the events cut it."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat.access_token import Redactor, holds, redact
from clarifai_chat.llm import exchange
from clarifai_chat.llm.exchange import TOKEN as MARK
from clarifai_chat.llm.exchange import Recorder
from tests.test_echo import FORMS, PIECES, TOKEN
from tests.test_recording import request


class Stream:
    """A stream as it is recorded, looked at after each event."""

    def __init__(self, secret=TOKEN):
        self.exchanges, self.sent = [], []
        self.recorder = Recorder(self.exchanges, 0)
        self.recorder.hide(secret)
        self.recorder.request(request())

    @property
    def events(self):
        return [data for _, data in self.exchanges[0]["chunks"]]

    def send(self, *events):
        for data in events:
            before = [at for at, _ in self.exchanges[0]["chunks"]]
            self.recorder.chunk(data)
            self.sent.append(data)
            chunks = self.exchanges[0]["chunks"]
            assert [at for at, _ in chunks][:-1] == before, "Times stay."
            assert len(chunks) == len(self.sent)
        return self

    def over(self):
        self.recorder.end()
        return self.events


def content(text):
    return json.dumps({"id": "c3", "choices": [{"index": 0, "delta": {"content": text}}]})


def thought(text):
    return json.dumps({"choices": [{"index": 0, "delta": {"reasoning_content": text}}]})


def argument(text, number=0):
    call = {"index": number, "function": {"arguments": text}}
    return json.dumps({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})


def text_of(event):
    """The text in an event of one of the kinds."""
    try:
        delta = json.loads(event)["choices"][0]["delta"]
    except (ValueError, TypeError):
        return event
    if "tool_calls" in delta:
        return delta["tool_calls"][0]["function"]["arguments"]
    return delta.get("content", delta.get("reasoning_content"))


def whole(text):
    """The text with halves of characters joined, as JSON does."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


KINDS = {"answer": content, "thought": thought, "argument": argument, "no JSON": str}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cut", range(1, len(TOKEN)))
def test_a_token_in_two_events_is_hidden_in_both(kind, cut):
    write = KINDS[kind]
    stream = Stream().send(write("Hi"), write(f"It is {TOKEN[:cut]}"))

    assert not any(TOKEN[:4] in event for event in stream.events), "Nothing is shown early."
    stream.send(write(f"{TOKEN[cut:]}, I think."))

    first, second, third = stream.over()
    assert first == write("Hi")
    assert (text_of(second), text_of(third)) == (f"It is {MARK}", ", I think.")


@pytest.mark.parametrize("first", range(1, len(TOKEN) - 1))
def test_a_token_in_three_events_is_hidden_in_all(first):
    for second in range(first + 1, len(TOKEN)):
        pieces = TOKEN[:first], TOKEN[first:second], TOKEN[second:]
        events = Stream().send(*(content(f"{piece}") for piece in pieces)).over()
        assert [text_of(event) for event in events] == [MARK, "", ""]


def test_a_token_that_comes_letter_by_letter_is_hidden():
    stream = Stream()
    for number, letter in enumerate(TOKEN, 1):
        stream.send(content(letter))
        shown = "".join(map(text_of, stream.events))
        assert shown == (MARK if number > 3 else TOKEN[:number])

    assert "".join(map(text_of, stream.over())) == MARK


@given(PIECES, st.sampled_from([*FORMS.values()]), PIECES, st.sampled_from([*KINDS]), st.data())
def test_a_token_in_any_form_is_hidden_wherever_it_is_cut(before, token, after, kind, data):
    text = "".join(before) + "|" + token + "|" + "".join(after)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(text) - 1), max_size=20)))
    pieces = [text[start:end] for start, end in pairwise([0, *cuts, len(text)])]
    write = KINDS[kind]
    stream = Stream()
    for number, piece in enumerate(pieces, 1):
        others = [content, argument][kind == "answer"](f"{number}")  # between, and no part of it
        stream.send(write(piece), others)
        assert not holds("".join(map(text_of, stream.events[::2])), TOKEN)

    came = stream.over()[::2]
    assert whole("".join(map(text_of, came))) == whole(redact(text, TOKEN, MARK))
    assert stream.events[1::2] == stream.sent[1::2]


@given(st.lists(st.text("3f9a6c0e5b1d \n", max_size=20)), st.sampled_from([*KINDS]))
def test_what_only_resembles_the_token_is_recorded_as_it_came(pieces, kind):
    events = [KINDS[kind](piece) for piece in pieces if KINDS[kind](piece)]

    assert Stream().send(*events).over() == events


def test_events_of_other_places_do_not_come_between():
    stream = Stream().send(
        argument(TOKEN[:9], 0), argument("other", 1), content("Hi"), argument(TOKEN[9:], 0)
    )

    assert [text_of(event) for event in stream.over()] == [MARK, "other", "Hi", ""]


def test_half_a_token_at_the_end_stays_hidden_and_a_few_letters_do_not():
    assert text_of(Stream().send(content(f"It is {TOKEN[:31]}")).over()[0]) == f"It is {MARK}"
    few = content(f"It is {TOKEN[:6]}")
    assert Stream().send(few).over() == [few]


def test_a_second_request_does_not_go_on_with_the_texts_of_the_first():
    stream = Stream().send(content(TOKEN[:6]))
    stream.recorder.end()
    stream.recorder.request(request())
    stream.recorder.chunk(content(TOKEN[6:]))
    stream.recorder.end()

    assert [chunk[1] for each in stream.exchanges for chunk in each["chunks"]] == [
        content(TOKEN[:6]),
        content(TOKEN[6:]),
    ]


def test_a_token_that_the_limit_cuts_is_hidden(monkeypatch):
    first = content("Hi " + TOKEN[:12])
    monkeypatch.setattr(exchange, "MAX_CHARS", len(first) + 60)
    stream = Stream()
    stream.recorder.chunk(first)
    stream.recorder.chunk(content(TOKEN[12:] + " and more" * 20))
    stream.recorder.chunk(content("more"))

    (one, two) = stream.over()
    assert text_of(one) == f"Hi {MARK}"
    assert TOKEN[12:16] not in two
    assert stream.exchanges[0]["left_out"] > 0


@pytest.mark.parametrize("secret", ["", "demo"])
def test_a_word_that_is_no_secret_stays_in_two_events(secret):
    events = [content("a de"), content("mo")]
    assert Stream(secret).send(*events).over() == events


@given(st.text(max_size=30), st.sampled_from([*FORMS.values()]), st.text(max_size=30))
def test_the_places_of_a_token_are_what_is_replaced(before, form, after):
    text = f"{before}|{form}|{after}"
    places = Redactor(TOKEN).places(text)

    assert places
    assert not holds("".join(text[a:b] for a, b in pairwise([0, *sum(places, ()), len(text)])
                             if (a, b) not in places), TOKEN)  # fmt: skip
