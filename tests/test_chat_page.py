"""What a person sees on the chat page, from the first answer to a long conversation."""

import re
import threading

import pytest

from clarifai_chat import catalog, demo, llm, memory
from clarifai_chat.catalog import DEFAULT_URL
from clarifai_chat.chat import chats, replies
from clarifai_chat.chat.turn import Turn, apply, new_turn
from clarifai_chat.errors import AppFull, ChatFull, Runaway
from clarifai_chat.events import Finished, Retrying, TextDelta
from components.reply.answer_view import PIECE_CHARS
from components.reply.status import waiting_text
from tests.canary import CANARY
from tests.conftest import NOWHERE
from tests.fake_clarifai import cut, no_usage, says, status, think_tags
from tests.pages import Gate, Page, ask, drawn, head, markdown_of, page, passed_by, questions, reply
from tests.patience import until

KIMI = "https://clarifai.com/moonshotai/chat-completion/models/Kimi-K2_6"
UNPRICED = "https://clarifai.com/openai/chat-completion/models/gpt-4o"


def asked_of(url: str = DEFAULT_URL) -> dict[str, object]:
    model = catalog.describe(catalog.shipped(), url)
    return {"url": url, "name": model.name, "input_price": None, "output_price": None}


def finished_turn(number: int) -> Turn:
    turn = new_turn(f"Question {number}", asked_of())
    turn["asked_at"] = 1.0
    apply(turn, TextDelta(f"Answer {number}."), 0.1)
    apply(turn, Finished("stop"), 0.2)
    return turn


# --- The first answer --------------------------------------------------------------------------


def test_the_first_answer_needs_no_token_and_no_network(open_app, set_up, fake):
    set_up(CLARIFAI_API_BASE=NOWHERE)
    app = open_app()
    assert "You are talking to the Demo" in page(app).replace("**", "")

    ask(app, "Hello")

    assert len(app.turns) == 1
    assert not app.turns[0]["problem"]
    assert app.turns[0]["replies"][0]["content"] in reply(app)
    assert fake.journal == []


def test_what_a_new_process_hears_before_it_has_drawn_the_page_is_done(open_app):
    """A browser that reconnects to another process sends it at once what is typed or clicked."""
    asked, clicked = open_app(), open_app()
    asked.chat_input(key="prompt").set_value("Hello")
    clicked.main.button(key="starter:0").click()

    for left in (asked, clicked):
        app = Page([])._run(left._tree.get_widget_states())
        assert len(app.turns) == 1
        assert app.turns[0]["replies"][0]["content"] in reply(app)
        assert len(app.run().turns) == 1


def test_the_demo_is_labelled_wherever_it_answers(open_app):
    app = ask(open_app(), "Hello")

    first, *_, last = reply(app).splitlines()
    assert "Demo: scripted, not an LLM" in first
    assert last.startswith("Demo: scripted, not an LLM · ")
    assert last.endswith(" · free")
    assert "Demo: scripted, not an LLM" in head(app)
    assert app.chat_input(key="prompt").placeholder == "Message Demo: scripted, not an LLM"


def test_starters_ask(open_app):
    app = open_app()
    labels = [button.label for button in app.main.button]
    assert labels == [label for label, _ in demo.STARTERS]

    app.click("starter:1")

    assert questions(app) == [demo.STARTERS[1][1]]
    assert reply(app)
    assert not app.has("starter:1")


def test_starters_for_real_models_do_not_mention_the_demo(open_app, fake):
    app = open_app(pat=CANARY)
    assert "Demo" not in "\n".join(button.label for button in app.main.button)
    fake.next(says("Like this."))

    app.click("starter:0")

    assert fake.chats[0].body["messages"][-1]["content"] == questions(app)[0]


# --- An answer ---------------------------------------------------------------------------------


def test_an_answer_is_markdown_with_a_line_of_facts(open_app, fake):
    fake.next(says("Hello **Ada**,\n\n", "```python\nprint(1)\n```\n"))

    app = ask(open_app(pat=CANARY), "Hi")

    text, facts = reply(app).rsplit("\n", 1)
    assert "Hello **Ada**" in text
    assert "```python\nprint(1)\n```" in text
    assert facts.startswith("GPT OSS 120B High Throughput · first token ")
    assert "11 tokens in, 7 out" in facts
    assert facts.endswith(" · under $0.0001")  # 11 at $0.09 and 7 at $0.36 for 1M
    (chat,) = fake.chats
    assert chat.headers["authorization"] == f"Bearer {CANARY}"
    assert chat.body["model"] == DEFAULT_URL


def test_an_unknown_price_is_shown_as_unknown(open_app, fake):
    fake.next(says("Hello"))

    app = ask(open_app(pat=CANARY, chosen=UNPRICED), "Hi")

    assert reply(app).endswith("11 tokens in, 7 out · price unknown")


def test_usage_that_is_not_reported_is_shown_as_not_reported(open_app, fake):
    fake.next(no_usage("Hello"))

    app = ask(open_app(pat=CANARY), "Hi")

    assert reply(app).endswith("tokens not reported · price unknown")


@pytest.mark.parametrize(
    "thinks",
    [
        says("It is 4.", reasoning=["Two and ", "two."]),
        says("It is 4.", reasoning=["Two and ", "two."], reasoning_field="reasoning"),
        think_tags("Two and two.", "It is 4."),
    ],
    ids=["reasoning_content", "reasoning", "think tags"],
)
def test_thinking_folds_into_a_block_with_its_duration(open_app, fake, thinks):
    fake.next(thinks)

    app = ask(open_app(pat=CANARY), "2 + 2?")

    (thinking,) = app.chat_message[1].status
    assert thinking.label.startswith("Thought for ")
    assert thinking.label.endswith((" ms", " s"))
    assert thinking.state == "complete"
    assert not thinking.proto.expanded
    assert markdown_of(thinking) == ["Two and two."]
    assert markdown_of(app.chat_message[1]) == ["Two and two.", "It is 4."]


def test_the_browser_gets_the_markdown_that_the_model_wrote(open_app, fake):
    text = "It costs $5 to $10, and $x^2$; :red[x] ![a cat](https://example.com/cat.png)"
    fake.next(says(text))

    app = ask(open_app(pat=CANARY), "Hi")

    assert markdown_of(app.chat_message[1]) == [text]


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        (["a wave: ", "\ud83c", "\udf0a", "!"], "a wave: \U0001f30a!"),
        (["half: ", "\ud83c", " and on"], "half: \ufffd and on"),
        (["at the end: ", "\ud83c"], "at the end: \ufffd"),
    ],
)
def test_half_a_character_is_joined_or_replaced_when_it_is_drawn(open_app, pieces, shown):
    turn = new_turn("Hi", asked_of())
    turn["asked_at"] = 1.0
    for piece in pieces:
        apply(turn, TextDelta(piece), 0.1)
    apply(turn, Finished("stop"), 0.2)

    app = open_app(turns=[turn])

    assert markdown_of(app.chat_message[1]) == [shown]


def test_a_long_answer_is_sent_in_pieces_and_once_more_as_a_whole(open_app, fake):
    words = [f"word {number} " for number in range(400)]
    fake.next(says(*words, delay_s=0.005))

    app = ask(open_app(pat=CANARY), "Hi")

    (text,) = markdown_of(app.chat_message[1])
    assert text == "".join(words)
    sent = [each for each in passed_by(app) if each.startswith("word")]
    assert max(map(len, sent)) < 4 * PIECE_CHARS  # no piece grows with the answer
    pieces = len(app.chat_message[1].get("bidi_component"))

    app.run()

    assert markdown_of(app.chat_message[1]) == [text]
    assert pieces > len(app.chat_message[1].get("bidi_component")) == 1


def test_a_question_is_shown_as_it_was_typed(open_app):
    typed = "    # $5 **bold** ![x](http://example.com/x.png)\n<b>two</b> :smile:"

    app = ask(open_app(), typed)

    assert questions(app) == [typed]
    assert not app.chat_message[0].markdown


def test_history_looks_as_the_stream_did(open_app, fake):
    paragraphs = [f"Paragraph {n} " + "of some length " * 20 + "\n\n" for n in range(5)]
    fake.next(says(*paragraphs, reasoning=["Hm. ", "So."], delay_s=0.005))
    app = ask(open_app(pat=CANARY), "Hi")
    streamed = reply(app)

    app.run()

    assert reply(app) == streamed
    assert drawn(app) == drawn(app.run())
    assert len(fake.chats) == 1


def test_an_answer_cut_by_the_length_limit_says_so(open_app, fake):
    fake.next(says("Once upon a", finish="length"))

    app = ask(open_app(pat=CANARY), "Hi")

    assert "Once upon a" in reply(app)
    assert "Cut by the length limit" in reply(app)


# --- A conversation ----------------------------------------------------------------------------


def test_earlier_turns_are_sent_with_the_next_question(open_app, fake):
    fake.next(says("Paris.", reasoning=["Easy."]), says("Yes."))
    app = ask(open_app(pat=CANARY), "The capital of France?")

    ask(app, "Sure?")

    assert fake.chats[1].body["messages"] == [
        {"role": "user", "content": "The capital of France?"},
        {"role": "assistant", "content": "Paris."},
        {"role": "user", "content": "Sure?"},
    ]
    assert questions(app) == ["The capital of France?", "Sure?"]


def test_a_new_chat_is_empty(open_app, fake):
    fake.next(says("Hello"), says("Hello again"))
    app = open_app(pat=CANARY)
    assert app.button(key="new_chat").disabled
    ask(app, "Hi")

    app.click("new_chat")

    assert not app.chat_message
    assert app.has("starter:0")
    ask(app, "Who am I?")
    assert [m["content"] for m in fake.chats[1].body["messages"]] == ["Who am I?"]


def test_an_answer_keeps_its_model_when_another_is_chosen(open_app, fake):
    fake.next(says("One"), says("Two"))
    app = ask(open_app(pat=CANARY), "Hi")

    app.session_state["session.chosen"] = KIMI
    ask(app, "And you?")

    assert reply(app, 0).splitlines()[-1].startswith("GPT OSS 120B High Throughput · ")
    assert reply(app, 1).splitlines()[-1].startswith("Kimi K2.6 · ")
    assert [chat.body["model"] for chat in fake.chats] == [DEFAULT_URL, KIMI]


def test_a_long_conversation_shows_its_end_and_the_rest_on_request(open_app):
    app = open_app(turns=[finished_turn(number) for number in range(32)])
    assert questions(app) == [f"Question {number}" for number in range(15, 32)]
    assert app.button(key="earlier").label == "Show earlier messages (15)"

    app.click("earlier")
    assert questions(app) == [f"Question {number}" for number in range(32)]
    assert not app.has("earlier")


@pytest.mark.usefixtures("at_a_glance")
def test_a_click_in_a_long_conversation_sends_no_more_than_in_a_short_one(open_app):
    def sent_by_a_click(turns):
        app = open_app(turns=[finished_turn(number) for number in range(turns)])
        app.click("earlier")  # then both draw as many, and both have more
        before = len(app.sent)
        app.run()
        return len(app.sent) - before, sum(m.ByteSize() for m in app.sent[before:])

    short, long = sent_by_a_click(40), sent_by_a_click(1000)

    assert long[0] == short[0]
    assert long[1] < short[1] * 1.1  # names and numbers have more digits


def test_each_tab_has_its_own_conversation(open_app, fake):
    first, second = open_app(pat=CANARY), open_app(pat=CANARY)
    fake.next(*(says(f"Answer {number}.") for number in range(6)))
    for number in range(3):
        ask(first, f"First tab, {number}?")
        ask(second, f"Second tab, {number}?")

    assert questions(first) == [f"First tab, {number}?" for number in range(3)]
    assert questions(second) == [f"Second tab, {number}?" for number in range(3)]
    for number in range(3):
        assert f"Answer {2 * number}." in reply(first, number)
        assert f"Answer {2 * number + 1}." in reply(second, number)
    assert "First" not in str(fake.chats[-1].body["messages"])


@pytest.mark.usefixtures("at_a_glance")
def test_replies_of_two_tabs_that_run_at_once_go_where_they_were_asked(open_app, fake):
    tabs = [open_app(pat=CANARY) for _ in range(2)]
    gates = [Gate("Half of one ", "and all."), Gate("Half of two ", "and all.")]
    for tab, gate in zip(tabs, gates, strict=True):
        fake.next(gate)
        ask(tab, "Hi")
        until(lambda tab=tab: tab.turns[0]["replies"])

    tabs[0].run().click("stop")  # ends its own reply only
    gates[1].open()
    until(lambda: tabs[1].turns[0]["ended_at"])

    assert "Half of one" in reply(tabs[0].run())
    assert "Stopped." in reply(tabs[0])
    assert "Half of two and all." in reply(tabs[1].run())


# --- Stop, wait, return ------------------------------------------------------------------------


@pytest.mark.usefixtures("at_a_glance")
def test_a_stopped_answer_keeps_its_text_and_says_so(open_app, fake):
    fake.next(Gate("Half an "))
    app = ask(open_app(pat=CANARY), "Hi")
    until(lambda: app.turns[0]["replies"])
    app.run()
    assert "Half an" in reply(app)

    app.click("stop")

    assert "Half an" in reply(app)
    assert "Stopped. The text up to here is kept." in reply(app)
    assert not app.has("stop")
    assert fake.was_left()
    assert drawn(app) == drawn(app.run())
    assert len(fake.chats) == 1


@pytest.mark.usefixtures("at_a_glance")
def test_an_answer_stopped_before_its_first_word_is_retried_only_on_request(open_app, fake):
    fake.next(Gate(""))
    app = ask(open_app(pat=CANARY), "Hi")
    until(lambda: fake.chats)
    app.click("stop")
    app.run()
    assert "Stopped." in reply(app)
    assert len(fake.chats) == 1
    fake.next(says("Here I am."))

    app.click(f"retry:{app.turns[0]['id']}")
    until(lambda: app.turns[0]["ended_at"])

    assert "Here I am." in reply(app.run())
    assert questions(app) == ["Hi"]


@pytest.mark.usefixtures("at_a_glance")
def test_an_answer_continues_while_another_page_is_open(open_app, fake):
    gate = Gate("Half an ", "answer.")
    fake.next(gate)
    app = ask(open_app(pat=CANARY), "Hi")

    app.switch_page("pages/models.py").run()
    gate.open()
    until(lambda: app.turns[0]["ended_at"])
    app.switch_page("app.py").run()

    assert "Half an answer." in reply(app)


@pytest.mark.usefixtures("at_a_glance")
def test_a_question_waits_for_the_answer_above_it(open_app, fake):
    gate = Gate()
    fake.next(gate, says("Second."))
    app = ask(open_app(pat=CANARY), "First?")

    ask(app, "Second?")

    assert questions(app) == ["First?", "Second?"]
    assert "Waiting for the answer above." in reply(app, 1)
    assert len(app.turns) == 2
    gate.open()
    until(lambda: app.turns[1]["ended_at"])
    app.run()
    assert "Half an answer." in reply(app, 0)
    assert "Second." in reply(app, 1)
    assert fake.chats[1].body["messages"][1]["content"] == "Half an answer."


def test_the_page_sees_a_waiting_question_being_asked(open_app, fake):
    fake.next(says("Second."))
    app = open_app(pat=CANARY)
    first = new_turn("First?", asked_of())
    chat = app.session_state["session.chat"]
    chats.add(chat, first, None)
    may_end = threading.Event()

    def events(call):
        until(may_end.is_set)
        yield TextDelta("First.")
        yield Finished("stop")

    def end_the_first_once_the_second_waits():
        until(lambda: any("Waiting for the answer above." in text for text in passed_by(app)))
        may_end.set()

    replies.ask(first, events, queue=chat["id"])
    threading.Thread(target=end_the_first_once_the_second_waits, daemon=True).start()
    ask(app, "Second?")  # watched until both are over

    assert "First." in reply(app, 0)
    assert "Second." in reply(app, 1)
    assert "Waiting" not in reply(app, 1)


@pytest.mark.usefixtures("at_a_glance")
def test_a_waiting_question_can_be_removed(open_app, fake):
    gate = Gate()
    fake.next(gate)
    app = ask(open_app(pat=CANARY), "First?")
    ask(app, "Second?")

    app.click(f"remove:{app.turns[1]['id']}")

    assert questions(app) == ["First?"]
    gate.open()
    until(lambda: app.turns[0]["ended_at"])
    until(lambda: not replies.running())
    assert len(fake.chats) == 1


@pytest.mark.usefixtures("at_a_glance")
def test_new_chat_stops_the_answer_and_drops_waiting_questions(open_app, fake):
    fake.next(Gate())
    app = ask(open_app(pat=CANARY), "First?")
    ask(app, "Second?")
    until(lambda: fake.chats)

    app.click("new_chat")

    assert not app.chat_message
    assert fake.was_left()
    until(lambda: not replies.running())
    assert len(fake.chats) == 1


def test_a_question_whose_worker_died_before_asking_does_not_wait_forever(open_app, fake):
    app = open_app(pat=CANARY, turns=[new_turn("Hi", asked_of())])
    assert "Waiting" not in reply(app)
    assert fake.journal == []
    fake.next(says("Here I am."))

    app.click(f"retry:{app.turns[0]['id']}")

    assert "Here I am." in reply(app)


def test_an_answer_whose_worker_died_is_interrupted_and_waits_for_the_visitor(open_app, fake):
    turn = new_turn("Hi", asked_of())
    turn["asked_at"] = 1.0
    app = open_app(pat=CANARY, turns=[turn])
    assert "Interrupted: the app was restarted before an answer came." in reply(app)
    app.run()
    assert fake.journal == []
    fake.next(says("Here I am."))

    app.click(f"retry:{turn['id']}")

    assert "Here I am." in reply(app)
    assert len(fake.chats) == 1


@pytest.mark.usefixtures("at_a_glance")
def test_a_question_asked_while_the_app_starts_up_waits_visibly(open_app, monkeypatch):
    monkeypatch.setattr(llm, "is_ready", lambda: False)
    app = open_app(pat=CANARY)
    monkeypatch.setattr(replies, "ask", lambda turn, *_, **__: turn.update(asked_at=1.0))
    monkeypatch.setattr(replies, "mark_interrupted", lambda turn, **_: None)

    ask(app, "Hi")

    assert questions(app) == ["Hi"]
    assert "Starting up: the model library is loading. Your question is kept." in reply(app)


def test_invalid_settings_are_explained_in_a_sentence(open_app, set_up):
    set_up(MAX_REPLIES="many")

    app = open_app()

    assert "This app's settings cannot be used: MAX_REPLIES must be a whole number" in page(app)
    assert not app.has("prompt")


# --- The operator's limits -----------------------------------------------------------------------


def test_an_endless_answer_is_stopped_and_can_be_continued(open_app, set_up, fake):
    set_up(MAX_REPLY_CHARS=1000)
    fake.next(says(*["word "] * 300), says("and the rest."))
    app = ask(open_app(pat=CANARY), "Hi")
    assert f"**{Runaway.what}** {Runaway.advice}" in reply(app)
    assert reply(app).count("word") == 201

    app.click(f"resume:{app.turns[0]['id']}")

    assert reply(app).count("word") == 201
    assert "and the rest." in reply(app)
    assert not app.error


def test_a_full_conversation_keeps_the_question_for_a_new_chat(open_app, set_up, fake):
    set_up(MAX_CONVERSATION_CHARS=1000)
    fake.next(says("word " * 200), says("Here I am."))
    app = ask(open_app(pat=CANARY), "Hi")
    ask(app, "And now?")
    assert f"**{ChatFull.what}** {ChatFull.advice}" in reply(app)
    assert questions(app) == ["Hi", "And now?"]
    assert len(fake.chats) == 1

    ask(app.click("new_chat"), "And now?")

    assert "Here I am." in reply(app)


def test_a_question_asked_without_free_memory_is_kept_and_can_be_retried(
    open_app, set_up, fake, monkeypatch
):
    set_up(MAX_MEMORY_MB=100)
    monkeypatch.setattr(memory, "used_mb", lambda: 101)
    app = ask(open_app(pat=CANARY), "Hi")
    assert f"**{AppFull.what}** {AppFull.advice}" in reply(app)
    assert questions(app) == ["Hi"]
    assert fake.journal == []
    monkeypatch.setattr(memory, "used_mb", lambda: 99)
    fake.next(says("Here I am."))

    app.click(f"retry:{app.turns[0]['id']}")

    assert "Here I am." in reply(app)


# --- Without a token, and after a failure --------------------------------------------------------


def test_asking_without_a_token_keeps_the_question_and_the_demo_can_answer_it(open_app, fake):
    app = ask(open_app(chosen=DEFAULT_URL), "Hello")
    assert "This model needs a Clarifai access token. None has been entered." in reply(app)
    assert "Type yours at the top" in reply(app)
    assert questions(app) == ["Hello"]

    app.click(f"use_demo:{app.turns[0]['id']}")

    assert questions(app) == ["Hello"]
    assert "Demo: scripted, not an LLM" in reply(app)
    assert not app.error
    assert fake.journal == []


def test_a_retry_keeps_what_had_arrived(open_app, fake):
    fake.next(cut("Half an ", "ans"))
    app = ask(open_app(pat=CANARY), "Hi")
    assert "Half an ans" in reply(app)
    fake.next(says("The whole answer."))

    app.click(f"retry:{app.turns[0]['id']}")

    assert "The whole answer." in reply(app)
    assert not app.error
    assert [m["content"] for m in fake.chats[1].body["messages"]] == ["Hi"]

    app.click(f"older:{app.turns[0]['id']}")
    assert "Half an ans" in reply(app)
    app.click(f"newer:{app.turns[0]['id']}")
    assert "The whole answer." in reply(app)


def test_a_question_without_any_reply_is_replaced_by_its_retry(open_app, fake):
    fake.next(status(401, 11008))
    app = ask(open_app(pat=CANARY), "Hi")
    fake.next(says("Hello."))

    app.click(f"retry:{app.turns[0]['id']}")

    assert "Hello." in reply(app)
    assert not app.has(f"older:{app.turns[0]['id']}")
    assert len(app.session_state["session.chat"]["turns"]) == 1


# --- A turn's menu ------------------------------------------------------------------------------


def two_answers(open_app, fake):
    fake.next(says("The first answer."), says("The second answer."))
    return ask(ask(open_app(pat=CANARY), "First?"), "Second?")


def test_a_question_can_be_edited_and_the_old_version_stays(open_app, fake):
    app = two_answers(open_app, fake)
    first = app.turns[0]
    fake.next(says("Another answer."))

    app.main.menu_button(key=f"turn:{first['id']}").click("Edit question").run()
    app.text_area(key=f"edit:{first['id']}").set_value("First, but better?")
    app.click(f"send_edit:{first['id']}")

    assert [turn["prompt"] for turn in app.turns] == ["First, but better?"]
    assert [m["content"] for m in fake.chats[-1].body["messages"]] == ["First, but better?"]
    app.click(f"older:{app.turns[0]['id']}")
    assert [turn["prompt"] for turn in app.turns] == ["First?", "Second?"]


def test_an_edit_can_be_cancelled(open_app, fake):
    app = two_answers(open_app, fake)
    first = app.turns[0]

    app.main.menu_button(key=f"turn:{first['id']}").click("Edit question").run()
    app.text_area(key=f"edit:{first['id']}").set_value("Oh no")
    app.click(f"leave_edit:{first['id']}")

    assert questions(app) == ["First?", "Second?"]
    assert len(fake.chats) == 2


def test_a_turn_can_be_continued_in_a_new_chat(open_app, fake):
    app = two_answers(open_app, fake)
    old = app.session_state["session.chat"]

    app.main.menu_button(key=f"turn:{app.turns[0]['id']}").click("Continue in a new chat").run()

    assert questions(app) == ["First?"]
    assert app.session_state["session.chat"]["id"] != old["id"]
    assert [turn["prompt"] for turn in old["turns"]] == ["First?", "Second?"]


def test_a_turn_is_deleted_with_all_after_it_and_undo_restores_them(open_app, fake):
    app = two_answers(open_app, fake)

    app.main.menu_button(key=f"turn:{app.turns[0]['id']}").click("Delete").run()
    assert app.turns == []
    app.click("put_back")

    assert questions(app) == ["First?", "Second?"]
    assert not app.has("put_back")


def test_an_answer_that_broke_off_can_be_continued(open_app, fake):
    fake.next(cut("Half an ", "ans"))
    app = ask(open_app(pat=CANARY), "Hi")
    fake.next(says("wer, and its end."))

    app.click(f"resume:{app.turns[0]['id']}")

    assert markdown_of(app.chat_message[1]) == ["Half an answer, and its end."]
    assert not app.error
    assert not app.has(f"resume:{app.turns[0]['id']}")
    assert [m["role"] for m in fake.chats[1].body["messages"]] == ["user", "assistant", "user"]
    assert fake.chats[1].body["messages"][1]["content"] == "Half an ans"
    assert drawn(app) == drawn(app.run())


@pytest.mark.usefixtures("at_a_glance")
def test_a_stopped_answer_can_be_continued(open_app, fake):
    fake.next(Gate("Half an "), says("answer."))
    app = ask(open_app(pat=CANARY), "Hi")
    until(lambda: app.turns[0]["replies"])
    app.run().click("stop")

    app.click(f"resume:{app.turns[0]['id']}")
    until(lambda: app.turns[0]["ended_at"])
    app.run()

    assert markdown_of(app.chat_message[1]) == ["Half an answer."]
    assert "Stopped" not in reply(app)


def test_a_failure_does_not_end_the_conversation(open_app, fake):
    fake.next(status(400, 11102), says("Fine."))
    app = ask(open_app(pat=CANARY), "Bad?")

    ask(app, "Good?")

    assert "Fine." in reply(app, 1)
    assert [m["content"] for m in fake.chats[1].body["messages"]] == ["Good?"]


@pytest.mark.usefixtures("quick_retries")
def test_a_notice_of_a_retry_appears_and_disappears(open_app, fake):
    fake.next(status(503, 21355), says("Ready."))

    app = ask(open_app(pat=CANARY), "Hi")

    assert "Ready." in reply(app)
    assert "Trying again" not in reply(app)
    assert len(fake.chats) == 2


def test_the_notice_of_a_retry_says_why_and_when():
    turn = new_turn("Hi", asked_of())
    turn["asked_at"] = 1.0

    apply(turn, Retrying("The model is loading.", 15, 2, 4), 0.1)

    assert "The model is loading. Trying again in 15 s (attempt 2 of 4)." in waiting_text(turn)


@pytest.mark.usefixtures("at_a_glance")
def test_a_pending_retry_is_shown_and_can_be_stopped(open_app, fake):
    fake.next(status(503, 21355))
    app = ask(open_app(pat=CANARY), "Hi")
    until(lambda: "notice" in app.turns[0])
    app.run()
    assert re.search(r"The model is loading\. Trying again in \d s \(attempt 2 of 4\)", reply(app))

    app.click("stop")

    assert "Stopped." in reply(app)
    until(lambda: not replies.running())
    assert len(fake.chats) == 1


class FilledMeanwhile(dict):
    """A turn whose worker writes its first words just after the page has checked for them."""

    def __getitem__(self, key):
        value = super().__getitem__(key)
        if key == "replies" and not value:
            paragraphs = "".join(f"Paragraph {n} " + "of some length " * 30 + "\n\n" for n in "12")
            self["replies"] = [{"role": "assistant", "content": paragraphs}]
            return []
        return value


def test_words_that_arrive_while_the_page_is_drawn_are_all_shown(open_app):
    turn = new_turn("Hi", asked_of())
    turn["asked_at"] = turn["ended_at"] = 1.0
    app = open_app(turns=[FilledMeanwhile(turn)])
    assert "Paragraph 1" in reply(app)
    assert "Paragraph 2" in reply(app)


def choose(app, turn, what):
    return app.main.menu_button(key=f"turn:{turn['id']}").click(what).run()


@pytest.mark.usefixtures("at_a_glance")
def test_turns_after_a_deleted_one_are_stopped_and_not_sent(open_app, fake):
    gate = Gate()
    fake.next(says("One."), gate, says("Three."))
    app = ask(open_app(pat=CANARY), "First?")
    until(lambda: not replies.running())
    app.run()
    ask(app, "Second?")
    until(lambda: len(fake.chats) == 2)
    ask(app, "Third?")

    choose(app, app.turns[0], "Delete")

    until(lambda: not replies.running())
    assert app.turns == []
    assert [chat.body["messages"][-1]["content"] for chat in fake.chats] == ["First?", "Second?"]


def test_undo_is_shown_beside_the_welcome(open_app, fake):
    fake.next(says("Yes."))
    app = ask(open_app(pat=CANARY), "Hi")

    choose(app, app.turns[0], "Delete")

    assert app.has("put_back")
    assert app.has("starter:0")


def test_any_model_of_the_list_can_be_asked_the_same_question(open_app, fake):
    fake.next(says("Hello"), says("Salut"))
    app = open_app(pat=CANARY)
    ask(app, "Hi")
    first = app.turns[-1]
    app.main.menu_button(key=f"turn:{first['id']}").click("Ask another model…").run()
    models = app.selectbox(key=f"other_model:{first['id']}")
    assert len(models.options) == len(catalog.shipped())  # all but this one, and the Demo
    other = [m for m in catalog.shipped() if m.url != first["model"]["url"]][-1]

    models.set_value(other.url).run()

    assert fake.chats[-1].body["model"].endswith(other.url.removeprefix("https://"))
    assert app.turns[-1]["model"]["url"] == other.url
    assert app.session_state["session.chosen"] != other.url
    assert not app.has(f"other_model:{first['id']}")
