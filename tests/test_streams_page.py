"""What providers send besides plain words, and every text from outside, on the page."""

import base64
import json
from copy import deepcopy
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clarifai_chat.attachments.attachment import Attachment
from clarifai_chat.chat.chats import add, new_chat
from clarifai_chat.chat.request import MADE, ONLY_PICTURES
from clarifai_chat.chat.turn import STOPPED
from clarifai_chat.errors import ModelFailed
from clarifai_chat.history import attachment_contents
from clarifai_chat.history.store import open_store
from clarifai_chat.text import whole_data
from clarifai_chat.transfer import exports
from tests.canary import CANARY
from tests.fake_clarifai import chunk, chunks, deltas, says, stream
from tests.pages import answers, ask, markdown_of, reply
from tests.patience import until
from tests.some_chats import PNG, turn
from tests.test_attachments_page import BLIND, SEES, UNKNOWN, pictures

THOUGHTS = "Two tides a day: the moon and its far side."


def words(*pieces):
    return [{"content": piece} for piece in pieces]


def fold(app):
    """The last answer's folds: (label, is it open, what is in it)."""
    return [
        (each.label, each.proto.expanded, "\n".join(markdown_of(each)).strip())
        for each in answers(app)[-1].get("status")
    ]


# --- Halves of characters ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (words("half a sign: \ud83c", " and on"), "half a sign: \ufffd and on"),
        (words("High tide \ud83c", "\udf0a now"), "High tide 🌊 now"),
        (words("to the end \ud83c"), "to the end \ufffd"),
    ],
)
def test_half_a_character_leaves_the_answer_and_the_chat_as_they_were(open_app, fake, sent, shown):
    fake.next(deltas(*sent), says("Next."))
    app = ask(open_app(pat=CANARY), "Hi")
    assert shown in reply(app)

    assert "Next." in reply(ask(app, "And now?"))
    assert fake.chats[-1].body["messages"][1] == {"role": "assistant", "content": shown}


def test_half_a_character_of_an_error_is_replaced(open_app, fake):
    fake.next(chunks({"error": {"message": "It \ud83c broke."}}))

    assert "“It \ufffd broke.”" in reply(ask(open_app(pat=CANARY), "Hi"))


def test_a_byte_order_mark_hides_no_event(open_app, fake):
    first, last = ({"choices": [{"delta": {"content": each}}]} for each in ("FIRST ", "second."))
    end = 'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'
    fake.next(stream(f"\ufeffdata: {json.dumps(first)}\n\ndata: {json.dumps(last)}\n\n{end}"))

    assert "FIRST second." in reply(ask(open_app(pat=CANARY), "Hi"))


# --- How a reply ends -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "finish", "says_", "buttons"),
    [
        ([], "stop", "The model ended without an answer.", {"retry"}),
        (
            [{"reasoning_content": THOUGHTS}],
            "stop",
            "without an answer. It has thoughts only.",
            {"retry"},
        ),
        (
            [{"reasoning_content": THOUGHTS}],
            "length",
            "before an answer came. It has thoughts only.",
            {"retry"},
        ),
        ([], "length", "Cut by the length limit", {"retry"}),
        ([], "content_filter", "content filter, before an answer", {"retry"}),
        ([], "tool_calls", "without an answer. Its finish reason: tool", {"retry"}),
        (words("<think>", THOUGHTS), "stop", "The model ended without an answer.", {"retry"}),
        ([{"reasoning_content": THOUGHTS}], "length", "Cut by the length limit", {"retry"}),
        (words("The tide comes at"), "error", "broke off the answer", {"retry", "resume"}),
        ([], "error", "broke off the answer", {"retry"}),
        (words("Two tides."), "stop", "", set()),
        ([{"refusal": "I cannot "}, {"refusal": "help."}], "stop", "I cannot help.", set()),
    ],
)
def test_an_end_that_is_no_answer_says_so(open_app, fake, sent, finish, says_, buttons):
    fake.next(deltas(*sent, finish=finish))
    app = ask(open_app(pat=CANARY), "Hi")

    assert says_ in reply(app)
    assert ("without an answer" in reply(app)) == ("without an answer" in says_)
    id = app.turns[0]["id"]
    assert {step for step in ("retry", "resume") if app.has(f"{step}:{id}")} == buttons


def test_thoughts_without_an_answer_are_unfolded_and_can_be_asked_again(open_app, fake):
    fake.next(deltas({"reasoning_content": THOUGHTS}), says("Two."))
    app = ask(open_app(pat=CANARY), "How many tides?")
    assert [(is_open, text) for _, is_open, text in fold(app)] == [(True, THOUGHTS)]

    app.click(f"retry:{app.turns[0]['id']}")

    assert "Two." in reply(app)
    assert "without an answer" not in reply(app)


def test_a_question_after_one_that_got_only_thoughts_is_sent_without_an_empty_answer(
    open_app, fake
):
    fake.next(deltas({"reasoning_content": THOUGHTS}), says("Hello."))
    app = ask(ask(open_app(pat=CANARY), "How many tides?"), "Hello?")

    assert "Hello." in reply(app)
    assert fake.chats[-1].body["messages"] == [{"role": "user", "content": "Hello?"}]


@pytest.mark.usefixtures("at_a_glance")
def test_stop_while_the_model_thinks_leaves_nothing_empty_to_be_sent(open_app, fake):
    def thinks(handler, body):
        handler.open_stream("fake-thinks")
        for number in count():
            handler.send_event(chunk(body, {"reasoning_content": f"thought {number} "}))
            handler.pause(0.01)

    fake.next(thinks, says("Hello."))
    app = ask(open_app(pat=CANARY), "How many tides?")
    until(lambda: app.turns[0]["replies"])
    app.run().click("stop")
    assert app.turns[0]["ending"] == STOPPED
    ask(app, "Hello?")
    until(lambda: app.turns[1]["ended_at"])

    assert all(message["content"] for message in fake.chats[-1].body["messages"])


# --- Thoughts ---------------------------------------------------------------------------------


def test_thoughts_and_words_are_drawn_in_their_order(open_app, fake):
    sent = [{"reasoning_content": "FIRST"}, *words("The moon pulls. ")]
    sent += [{"reasoning_content": "SECOND"}, *words("The sun too.")]
    fake.next(deltas(*sent))
    app = ask(open_app(pat=CANARY), "Hi")

    text = reply(app)
    places = [text.index(each) for each in ("FIRST", "The moon", "SECOND", "The sun")]
    assert places == sorted(places)
    assert [each for *_, each in fold(app)] == ["FIRST", "SECOND"]
    assert app.turns[0]["replies"][0]["content"] == "The moon pulls. The sun too."

    chat = app.session_state["session.chat"]
    for export in (exports.to_markdown, exports.to_html):
        file = export([chat], secret="")
        places = [file.index(each) for each in ("FIRST", "The moon", "SECOND", "The sun")]
        assert places == sorted(places)


def test_an_empty_thought_has_no_fold(open_app, fake):
    fake.next(deltas(*words("<think>\n\n</think>\n\n", "Two tides.")))
    app = ask(open_app(pat=CANARY), "Hi")

    assert "Two tides." in reply(app)
    assert fold(app) == []


@pytest.mark.parametrize("is_drawn_before", [True, False])
def test_text_that_turns_out_to_be_a_thought_is_folded(
    open_app, fake, at_a_glance, is_drawn_before
):
    go_on = []

    def thinks(handler, body):
        handler.open_stream("fake-unopened")
        handler.send_event(chunk(body, {"content": "The moon pulls.\n\n" * 40}))
        while not go_on:
            handler.pause(0.01)
        handler.send_event(chunk(body, {"content": "</think>\n\nTwo tides."}, "stop"))
        handler.send_event("[DONE]")
        handler.close_stream()

    fake.next(thinks)
    app = ask(open_app(pat=CANARY), "Hi")
    until(lambda: app.turns[0]["replies"])
    if is_drawn_before:
        assert "The moon pulls." in reply(app.run())
    go_on.append(True)
    until(lambda: app.turns[0]["ended_at"])
    app.run()

    ((_, is_open, thought),) = fold(app)
    assert not is_open
    assert thought.count("The moon pulls.") == reply(app).count("The moon pulls.") == 40
    assert app.turns[0]["replies"][0]["content"] == "Two tides."


def test_a_run_of_the_page_takes_a_thought_out_of_the_text_that_it_drew(open_app, fake):
    """In one run, as in a browser: the text is drawn, then belongs to a thought."""
    fake.next(deltas(*words("The moon ", "pulls.\n", "</think>", "Two tides.")))
    app = ask(open_app(pat=CANARY), "Hi")

    assert [text for *_, text in fold(app)] == ["The moon pulls."]
    assert reply(app).count("The moon pulls.") == 1
    assert "Two tides." in reply(app)


# --- Sources and pictures ---------------------------------------------------------------------


def test_sources_are_listed_by_number_under_the_answer_and_in_exports(open_app, fake):
    named = {"url": "https://a.test/one?x=(1)", "title": "On ]tides[ *now*"}
    fake.next(
        chunks(
            {"choices": [{"delta": {"content": "The tide comes at six [1][2]."}}]},
            {
                "citations": [named["url"], "https://b.test/", "javascript:alert(1)"],
                "choices": [
                    {
                        "delta": {"annotations": [{"type": "url_citation", "url_citation": named}]},
                        "finish_reason": "stop",
                    }
                ],
            },
        )
    )
    app = ask(open_app(pat=CANARY), "Hi")

    (drawn,) = [each.value for each in answers(app)[-1].markdown if "Sources" in each.value]
    assert drawn.splitlines()[2:] == [
        r"1. [On \]tides\[ \*now\*](<https://a.test/one?x=(1)>) · a\.test",
        r"2. [b\.test](<https://b.test/>)",
        r"3. javascript\:alert\(1\)",
    ]
    chat = app.session_state["session.chat"]
    assert "(<https://b.test/>)" in exports.to_markdown([chat], secret="")
    page = exports.to_html([chat], secret="")
    assert '<a href="https://b.test/" rel="noopener noreferrer">https://b.test/</a>' in page
    assert 'href="javascript' not in page
    assert json.loads(exports.to_json([chat], secret=""))["chats"][0]["turns"][0]["replies"][0][
        "sources"
    ] == [
        named,
        {"url": "https://b.test/", "title": ""},
        {"url": "", "title": "javascript:alert(1)"},
    ]
    ask(app, "And now?")
    assert fake.chats[-1].body["messages"][1].keys() == {"role", "content"}


def picture(url):
    return {"images": [{"type": "image_url", "image_url": {"url": url}}]}


def drawn_pictures(app):
    return [image.alt for image in pictures(app)]


def test_a_picture_is_the_answer_kept_with_the_chat_and_exported(open_app, fake):
    url = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    fake.next(deltas({"content": "", **picture(url)}), says("Yes."))
    app = ask(open_app(pat=CANARY, chosen=SEES), "Draw a square.")

    assert drawn_pictures(app) == ["Picture 1"]
    assert "without an answer" not in reply(app)
    chat = app.session_state["session.chat"]
    (file,) = attachment_contents.attachments_of(chat)
    found, _ = attachment_contents.find(None, [file])
    page = exports.to_html([chat], secret="", contents=found)
    assert f'<img src="data:{file["mime"]};base64,' in page
    assert "Picture: Picture 1" in exports.to_markdown([chat], secret="")
    exported = json.loads(exports.to_json([chat], secret="", contents=found))
    assert base64.b64decode(exported["contents"][file["id"]]) == found[file["id"]]

    assert "Yes." in reply(ask(app, "Is it one?"))
    assert drawn_pictures(app.run()) == ["Picture 1"]
    assert "Not sent with the next question" not in reply(app, 1)
    assert fake.chats[-1].body["messages"] == [
        {"role": "user", "content": "Draw a square."},
        {"role": "assistant", "content": ONLY_PICTURES},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": MADE},
                {"type": "image_url", "image_url": {"url": sent_as(found[file["id"]], file)}},
                {"type": "text", "text": "Is it one?"},
            ],
        },
    ]


def sent_as(data, file):
    return f"data:{file['mime']};base64,{base64.b64encode(data).decode()}"


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (BLIND, "GPT OSS 120B High Throughput is not known to see pictures."),
        (UNKNOWN, "it is not known whether own sees pictures."),
    ],
)
def test_a_picture_is_said_not_to_go_back_to_a_model_that_may_not_see_it(
    open_app, fake, model, why
):
    url = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    fake.next(deltas({"content": "Here.", **picture(url)}), says("Yes."))
    app = ask(open_app(pat=CANARY, chosen=model), "Draw a square.")

    assert f"Not sent with the next question: {why}" in reply(app)

    ask(app, "Is it one?")
    assert [m["content"] for m in fake.chats[-1].body["messages"]] == [
        "Draw a square.",
        "Here.",
        "Is it one?",
    ]


@pytest.mark.parametrize(
    "url",
    [
        "https://a.test/cat.png",
        "data:image/png;base64,AAAA",
        "data:image/png;base64,???",
        "data:text/html;base64,PGI+",
        "data:image/svg+xml;base64,PHN2Zz48L3N2Zz4=",
        "",
    ],
)
def test_a_picture_that_cannot_be_kept_is_said_to_have_come(open_app, fake, url):
    fake.next(deltas(picture(url)))
    app = ask(open_app(pat=CANARY), "Draw a cat.")

    assert "The model sent a picture, which this app does not keep." in reply(app)
    assert "without an answer" not in reply(app)
    assert drawn_pictures(app) == []
    chat = app.session_state["session.chat"]
    assert "The model sent a picture" in exports.to_markdown([chat], secret="")


# --- Any text ---------------------------------------------------------------------------------

# Each has half a character or a NUL in it: by itself, hypothesis makes hardly any.
TEXTS = st.tuples(
    st.text(st.characters(codec=None), max_size=9),
    st.sampled_from(["\ud83c", "\udf0a", "\udf0a\ud83c", "\ud83c\udf0a", "\0"]),
    st.text("`*_[]()<>|$:#\\\n \ud83c\udf0aab", max_size=20),
).map("".join)


def turn_of(text):
    """A turn with this text in each of its fields."""
    call = {"id": text, "type": "function", "function": {"name": text, "arguments": text}}
    message = {
        "role": "assistant",
        "content": text,
        "reasoning_content": text,
        "later_thoughts": [{"after": 2, "text": text}],
        "sources": [{"url": text, "title": text}, {"url": "https://a.test/", "title": text}],
        "tool_calls": [call],
    }
    file: Attachment = {
        "id": "file",
        "name": text,
        "kind": "text",
        "mime": "text/plain",
        "size": 3,
        "sha256": "0" * 64,
        "tokens": 1,
    }
    made = turn(text, text)
    made["replies"] = [message, {"role": "tool", "tool_call_id": text, "content": text}, message]
    made["earlier"] = [deepcopy({k: made[k] for k in made if k not in ("earlier", "model")})]
    made["model"] |= {"name": text}
    made["problem"] = ModelFailed(text, more=text, request_id=text).problem()
    made |= {"request_id": text, "ending": text, "attachments": [file]}
    return made


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXTS, min_size=4, max_size=4))
def test_any_text_in_any_field_is_drawn_saved_and_exported(open_app, tmp_path, texts):
    turns = [turn_of(text) for text in texts]
    app = open_app(turns=deepcopy(turns))
    assert len(answers(app)) == len(turns)

    chat = new_chat()
    chat["title"] = texts[0]
    for before, each in zip([None, *turns], turns, strict=False):
        add(chat, each, before)
    store = open_store(f"sqlite:///{tmp_path}/history.db")
    try:
        store.save_chat("ada", chat)
        loaded = whole_data(store.load("ada", chat["id"]))
    finally:
        store.close()
    json.dumps(loaded, ensure_ascii=False).encode()
    for export in (exports.to_json, exports.to_markdown, exports.to_html):
        assert export([chat], secret="").encode()
