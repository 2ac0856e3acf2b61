"""Tokens of turns and texts: counted once, estimated where there is no time for it."""

import pytest

from clarifai_chat import llm
from clarifai_chat.chat.token_counts import PER_MESSAGE, TokenCounter, estimate, size
from tests.some_chats import attachment, turn


class Counter:
    """A token for each word; `texts` is what was counted."""

    def __init__(self):
        self.texts = []

    def __call__(self, text):
        self.texts.append(text)
        return len(text.split())


def test_a_turn_is_counted_once():
    count, counted, asked = Counter(), {}, turn("one two", "three")

    assert TokenCounter(count, counted).of_turn(asked) == 3 + 2 * PER_MESSAGE
    assert TokenCounter(count, counted).of_turn(asked) == 3 + 2 * PER_MESSAGE

    assert count.texts == ["one two", "three"]


def test_a_turn_that_was_asked_for_the_rest_is_counted_again():
    count, counted, asked = Counter(), {}, turn("one two", "three")
    TokenCounter(count, counted).of_turn(asked)

    asked["replies"][0]["content"] += " four"
    asked["ended_at"] += 1

    assert TokenCounter(count, counted).of_turn(asked) == 4 + 2 * PER_MESSAGE


def test_a_turn_that_is_not_over_is_not_remembered():
    counted, asked = {}, turn("one two", "three", ended_at=None)
    assert TokenCounter(Counter(), counted).of_turn(asked) == 3 + 2 * PER_MESSAGE

    asked["replies"][0]["content"] += " four"

    assert TokenCounter(Counter(), counted).of_turn(asked) == 4 + 2 * PER_MESSAGE
    assert counted == {}


def test_thoughts_are_not_counted_and_calls_and_files_are():
    call = {"id": "1", "type": "function", "function": {"name": "get", "arguments": "{ }"}}
    asked = turn("Hi", "")
    asked["replies"] = [
        {"role": "assistant", "content": "", "reasoning_content": "a b c", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": "a result"},
    ]
    asked["attachments"] = [
        {**attachment("a", "a.txt", "text", "text/plain", 1), "tokens": 100},
        attachment("b", "b.png", "image", "image/png", 1),
    ]

    assert TokenCounter(Counter()).of_turn(asked) == 4 * PER_MESSAGE + 1 + 3 + 2 + 100


def test_a_text_is_counted_again_when_it_has_changed():
    count, counted = Counter(), {}

    for text in ("be kind", "be kind", "be very kind"):
        tokens = TokenCounter(count, counted).of_text("system", text)

    assert tokens == 3
    assert count.texts == ["be kind", "be very kind"]
    assert "kind" not in repr(counted)
    assert TokenCounter(count, counted).of_text("system", "") == 0


def test_without_a_tokenizer_it_is_rough():
    counter, counted = TokenCounter(None), {}

    assert counter.of_turn(turn("12345678", "1234")) == 3 + 2 * PER_MESSAGE
    assert counter.is_rough
    assert counted == {}


def test_what_was_counted_is_no_estimate():
    counted, asked = {}, turn("one two", "three")
    TokenCounter(Counter(), counted).of_turn(asked)

    counter = TokenCounter(None, counted)

    assert counter.of_turn(asked) == 3 + 2 * PER_MESSAGE
    assert not counter.is_rough


def test_more_than_is_allowed_is_not_counted_at_once():
    count = Counter()
    counter = TokenCounter(count, most_chars=100)

    counter.of_turn(turn("a " * 40, ""))
    assert not counter.is_rough
    counter.of_turn(turn("b " * 40, ""))
    assert counter.is_rough
    counter.of_turn(turn("c", "d"))

    assert not any("b" in text for text in count.texts)
    assert count.texts[-2:] == ["c", "d"]


@pytest.mark.parametrize("text", ["", "a", "a word", "naïve 漢字", "\ud800", "w" * 5000])
def test_no_tokenizer_makes_more_tokens_than_a_text_has_bytes(text):
    assert TokenCounter(llm.count_tokens).of_text("system", text) <= size(text)
    assert estimate(text) <= size(text)


def test_one_endless_word_is_counted_in_a_moment():
    assert TokenCounter(llm.count_tokens).of_text("system", "A" * 1_000_000) > 0


def test_two_turns_of_one_id_have_tokens_of_their_own():
    count, counted = Counter(), {}
    first, second = turn("one", "", id="a"), turn("one two", "", id="a", at=1.0)

    for _ in range(2):
        counter = TokenCounter(count, counted)
        assert counter.of_turn(second) == counter.of_turn(first) + 1

    assert count.texts == ["one two", "one"]
