"""An access token that a server sends back: hidden in the answer, and kept nowhere."""

import base64
import json
import urllib.parse
from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat.access_token import MARK, GrowingRedactor, Redactor, holds, redact
from clarifai_chat.chat import chats
from clarifai_chat.chat.turn import apply, new_turn
from clarifai_chat.events import Sources, TextDelta, ToolCallDone
from clarifai_chat.history import keeper, saving
from clarifai_chat.llm.assembler import Assembler
from components.state import persistence
from tests.conftest import Heard
from tests.fake_clarifai import calls, chunks, deltas, says
from tests.pages import ask as ask_on_page
from tests.pages import reply
from tests.some_chats import rich_chat, turn

TOKEN = "3f9a6c0e5b1d4f7f8a2b7c9d0e1f2a3b"
OWNER = "a" * 64
FORMS = {
    "as it is": TOKEN,
    "in upper case": TOKEN.upper(),
    "spaced": " ".join(TOKEN),
    "with dashes": "-".join(TOKEN),
    "with invisible blanks": "\u200b".join(TOKEN),
    "backwards": TOKEN[::-1],
    "backwards and spaced": " ".join(TOKEN[::-1]),
    "in base64": base64.b64encode(b"x" + TOKEN.encode()).decode(),
    "in hexadecimal": TOKEN.encode().hex(),
    "in a URL": "".join(f"%{ord(each):02X}" for each in TOKEN),
    "in JSON": "".join(f"\\u{ord(each):04x}" for each in TOKEN),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_token_is_found_however_it_is_written(form):
    said = f"Key {FORMS[form]} is wrong."

    assert holds({"a": [said]}, TOKEN)
    assert MARK in redact(said, TOKEN)
    assert FORMS[form] not in redact(said, TOKEN)
    assert not holds(redact(said, TOKEN), TOKEN)
    assert redact(said, TOKEN).startswith("Key ")
    assert redact(said, TOKEN).endswith(" is wrong.")


@given(st.text("3f9a6c0e5b1d \n", max_size=200))
def test_what_only_resembles_the_token_stays(text):
    growing = GrowingRedactor(TOKEN)

    assert "".join([*map(growing.add, text), growing.rest()]) == text


PIECES = st.lists(st.sampled_from(["Hi ", TOKEN[:5], TOKEN[0], "3", "\ud83d", "\ude00", "é"]))


@given(PIECES, st.sampled_from([*FORMS.values()]), PIECES, st.data())
def test_a_token_is_hidden_wherever_the_pieces_of_the_text_are_cut(before, token, after, data):
    text = "".join(before) + "|" + token + "|" + "".join(after)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=20)))
    ends = [0, *cuts, len(text)]
    growing = GrowingRedactor(TOKEN)

    shown = [growing.add(text[start:end]) for start, end in pairwise(ends)]

    shown.append(growing.rest())
    assert "".join(before) + "|" in "".join(shown)
    assert "|" + "".join(after) in "".join(shown)
    if token == TOKEN:  # whose first characters are held back too
        assert "".join(shown) == redact(text, TOKEN)


def heard(*said, recover=None):
    """The events of a reply, and the turn that they make."""
    assembler, events = Assembler(TOKEN, recover), Heard()
    for each in said:
        events += assembler.feed({"choices": [{"index": 0, "delta": each}]})
    events += assembler.finish()
    asked = new_turn("Hi", {"url": "u", "name": "n", "input_price": None, "output_price": None})
    for event in events:
        apply(asked, event, 0.1)
    return events, asked


@pytest.mark.parametrize("cut", range(1, 32))
@pytest.mark.parametrize("field", ["content", "reasoning_content"])
def test_an_answer_and_a_thought_hide_it_also_in_two_pieces(field, cut):
    events, asked = heard({field: f"It is {TOKEN[:cut]}"}, {field: f"{TOKEN[cut:]}, I think."})

    assert f"It is {MARK}, I think." in (events.text, events.thoughts)
    assert not holds(asked, TOKEN)
    assert not any(TOKEN[:cut] in event.text for event in events.of(TextDelta) if cut > 2)


def test_what_waits_comes_before_what_is_said_elsewhere():
    _, asked = heard({"content": "3"}, {"reasoning_content": "3f"}, {"content": " words"})

    (said,) = asked["replies"]
    assert said["content"] == "3 words"
    assert said["later_thoughts"] == [{"after": 1, "text": "3f"}]


def test_a_tool_call_and_a_source_hide_it():
    call = {"index": 0, "id": f"c{TOKEN}", "function": {"name": f"f{TOKEN[:9]}", "arguments": ""}}
    more = {"index": 0, "function": {"name": TOKEN[9:], "arguments": json.dumps({"a": TOKEN})}}
    cited = {"annotations": [{"url": f"https://a.test/{TOKEN}", "title": TOKEN.upper()}]}

    events, asked = heard({"tool_calls": [call]}, {"tool_calls": [more]}, cited)

    (done,) = events.of(ToolCallDone)
    assert done.call["id"] == f"c{MARK}"
    assert json.loads(done.call["function"]["arguments"]) == {"a": MARK}
    assert events.of(Sources)[0].sources == [{"url": f"https://a.test/{MARK}", "title": MARK}]
    assert not holds(asked, TOKEN)


def test_a_call_that_was_written_as_text_hides_it():
    def recover(text):
        function = {"name": "f", "arguments": text}
        return [{"id": "", "type": "function", "function": function}]

    events, _ = heard({"content": TOKEN[:9]}, {"content": TOKEN[9:]}, recover=recover)

    assert events.calls == [("f", MARK)]


BEHAVIOURS = {
    "words": says("It is ", TOKEN[:9], TOKEN[9:]),
    "words, backwards": says(f"It is {TOKEN[::-1]}"),
    "thoughts": deltas({"reasoning_content": TOKEN}, {"content": "Hello"}),
    "a call": calls("get_weather", json.dumps({"location": TOKEN})),
    "a source": chunks({"citations": [f"https://a.test/{urllib.parse.quote(TOKEN.upper())}"]}),
    "an error": chunks({"error": {"message": f"Bad key {' '.join(TOKEN)}", "type": TOKEN}}),
    "an error's id": chunks({"status": {"code": 11008, "req_id": TOKEN, "details": TOKEN[::-1]}}),
}


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_no_server_can_put_it_into_a_conversation(ask, behaviour):
    found = ask(BEHAVIOURS[behaviour], pat=TOKEN)

    assert not holds([repr(event) for event in found], TOKEN)
    assert not found.error or not holds(repr(vars(found.error)), TOKEN)


def test_a_page_shows_a_mark_in_its_place(open_app, fake):
    fake.next(says("Your key is ", TOKEN[:7], TOKEN[7:], "."))
    fake.users[TOKEN] = "ada"
    app = open_app(pat=TOKEN)

    assert f"Your key is {MARK}." in reply(ask_on_page(app, "Hi"))


# --- What is kept ---------------------------------------------------------------------------------


@pytest.fixture
def tab(tmp_path, set_up, monkeypatch):
    """A visitor's tab with the token, and the database in which its conversation is kept."""
    path = tmp_path / "history.db"
    set_up(DATABASE_URL=f"sqlite:///{path}")
    saving.forget_store()
    tab = SimpleNamespace(pat=TOKEN, access={"pat": TOKEN}, is_temporary=False, path=path)
    tab.searched, tab.unsaved_chats = {}, []
    tab.chat_of = lambda turn: tab.chat
    monkeypatch.setattr(persistence, "session", tab)
    monkeypatch.setattr(persistence, "visitor", lambda: OWNER)
    monkeypatch.setattr(keeper, "_start", lambda: None)
    yield tab
    saving.forget_store()


def with_token_in(data, number, token):
    """The data with the token in its text of this number; None if it has no more texts."""
    left = [number]

    def copy(each):
        if isinstance(each, str):
            left[0] -= 1
            return f"{each[:3]} {token}" if left[0] == -1 else each
        if isinstance(each, list):
            return [copy(one) for one in each]
        return {key: copy(one) for key, one in each.items()} if isinstance(each, dict) else each

    found = copy(data)
    return found if left[0] < 0 else None


def whole_turn():
    made = rich_chat()["turns"][0]
    made["replies"][0] |= {
        "later_thoughts": [{"after": 0, "text": "Hm."}],
        "sources": [{"url": "https://a.test", "title": "A"}],
    }
    last = turn("", "An earlier answer.")
    made["earlier"] = [{name: last[name] for name in rich_chat()["turns"][2]["earlier"][0]}]
    made["problem"] = rich_chat()["turns"][2]["problem"]
    made["pictures"] = [dict(made["attachments"][0])]
    del made["parent"]  # it is set when the turn is added
    return made


def rows(path):
    """All that the database's files have, in bytes."""
    return b"".join(each.read_bytes() for each in path.parent.iterdir())


@pytest.mark.parametrize("token", [TOKEN, TOKEN.upper(), TOKEN[::-1]])
def test_a_token_in_any_field_of_a_turn_is_in_no_row(tab, token):
    number = 0
    while odd := with_token_in(whole_turn(), number, token):
        chat = tab.chat = chats.new_chat()
        tab.is_temporary, tab.searched = False, {}
        chats.add(chat, odd, None)

        persistence.save()
        with persistence.asking(odd):
            pass
        for each in keeper._state.followed.values():
            keeper._save_turn(each)

        assert tab.is_temporary, number
        number += 1
    assert number > 40
    tab.chat, tab.is_temporary = chats.new_chat(), False
    chats.add(tab.chat, turn("A question that is kept"), None)
    persistence.save()
    assert b"A question that is kept" in rows(tab.path)
    assert token.encode() not in rows(tab.path)
    assert not Redactor(TOKEN).finds_in(rows(tab.path))


def test_a_token_that_comes_while_a_reply_is_followed_is_in_no_row(tab):
    running = turn("Go on", "A word")
    tab.chat = chats.new_chat()
    chats.add(tab.chat, running, None)
    persistence.save()
    with persistence.asking(running):
        pass

    running["replies"][0]["content"] += f" and {TOKEN}"
    for each in keeper._state.followed.values():
        assert keeper._save_turn(each)

    assert b"A word" in rows(tab.path)
    assert TOKEN.encode() not in rows(tab.path)


def test_a_conversation_that_waits_for_the_database_is_not_kept_once_it_has_the_token(tab):
    tab.chat = chats.new_chat()
    chats.add(tab.chat, turn("Hi"), None)
    keeper.note(OWNER, tab.chat, "The database cannot be reached.")

    chats.add(tab.chat, turn(f"Is {TOKEN} right?"), tab.chat["turns"][0])
    persistence.save()

    assert not keeper._state.unsaved
