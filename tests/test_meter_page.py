"""The context meter: what the next question takes, what is left out, and what is sent."""

import threading

import pytest

from clarifai_chat import catalog, llm
from clarifai_chat.catalog import DEFAULT_URL, Model
from components.chat import context_meter
from tests.canary import CANARY
from tests.fake_clarifai import says, status
from tests.pages import Gate, ask, page, reply, texts
from tests.some_chats import attachment, turn

SMALL = "https://clarifai.com/ada/mine/models/small"  # takes 1,500 tokens, with room for an answer
UNKNOWN = "https://clarifai.com/ada/mine/models/unknown"
MARK = "Turns above are no longer sent"


def words(number):
    return " ".join(["word"] * number)


def long_turns(count):
    """Return turns of about 310 tokens each: Question 1, Question 2, …"""
    return [
        turn(f"Question {n} {words(150)}", words(150), at=float(n), id=f"turn{n}")
        for n in range(1, count + 1)
    ]


@pytest.fixture
def open_small(open_app):
    """Open a chat with a model that has a context of 2,000 tokens."""

    def open_small(count=0, chosen=SMALL, **session):
        live = [Model.at(SMALL, context_window=2000, input_price=2.0), Model.at(UNKNOWN)]
        models = catalog.merge(catalog.shipped(), live)
        listing = {"state": "done", "result": models, "problem": None, "at": 0.0}
        turns = long_turns(count)
        return open_app(pat=CANARY, turns=turns, listing=listing, chosen=chosen, **session)

    return open_small


def line(app):
    """Return the meter's line, or "" if there is none."""
    starts = ("About ", "Roughly ", "Too long: ", ":orange")
    found = [text for text in texts(app._tree) if text.startswith(starts) and " tokens" in text]
    return found[0] if found else ""


def sent(fake):
    """Return the first words of each question in the last request."""
    messages = fake.chats[-1].body["messages"]
    return [" ".join(m["content"].split()[:2]) for m in messages if m["role"] == "user"]


def marks(app):
    """Return the numbers of the marked turns, counted among those on the page."""
    found = [message for message in app.chat_message if message.name == "assistant"]
    return [n for n, each in enumerate(found, 1) if MARK in "\n".join(texts(each))]


def choose(app, choice):
    app.radio(key="older_turns").set_value(choice).run()
    return app


# --- The line -------------------------------------------------------------------------------------


def test_an_empty_chat_has_no_line(open_small):
    app = open_small()

    assert line(app) == ""
    assert "An estimate" not in page(app)


def test_the_line_tells_what_the_next_question_takes(open_small):
    app = open_small(2)

    assert line(app) == "About 629 of 2,000 tokens · 31 % · $0.0013"


def test_the_line_is_measured_again_when_an_answer_is_over(open_small, fake):
    fake.next(says(words(100)))
    app = ask(open_small(), "Hello")

    shown = line(app)
    assert shown == "About 116 of 2,000 tokens · 6 % · $0.00023"
    app.run()
    assert line(app) == shown


def test_an_unknown_window_or_price_is_not_guessed(open_small):
    app = open_small(1, chosen=UNKNOWN)

    assert line(app) == "About 318 tokens"
    assert "how many unknown takes is not known" in page(app)
    assert "The price of unknown is not known." in page(app)


def test_the_demo_is_free(open_app):
    app = ask(open_app(), "Hello")

    assert line(app).endswith(" tokens · free")


def test_a_system_prompt_counts_before_anything_is_asked(open_small):
    app = open_small()
    app.session_state["session.chat"]["settings"]["system"] = words(200)
    app.run()

    assert line(app) == "About 211 of 2,000 tokens · 11 % · $0.00042"
    assert "Counted: the system prompt." in page(app)
    assert not app.has("older_turns")


def test_waiting_files_count_but_images_do_not(open_small):
    text = {**attachment("a" * 32, "a.txt", "text", "text/plain", 9), "tokens": 400}
    picture = attachment("b" * 32, "b.png", "image", "image/png", 9)

    app = open_small(waiting=[text, picture])

    assert line(app).startswith("About 407 of 2,000 tokens")
    assert "Counted: 2 waiting files. Your question is added to that. Images" in page(app)


def test_details_are_a_click_away(open_small):
    shown = page(open_small(2))

    assert "About 629 of small's 2,000 tokens." in shown
    assert "Counted: 2 turns." in shown
    assert "Room for the answer: up to 1,371 tokens." in shown
    assert "Cost of sending this: $0.0013; the answer costs extra." in shown
    assert "An estimate: each model counts tokens differently." in shown


# --- Counting -------------------------------------------------------------------------------------


def test_nothing_is_counted_twice(open_small, monkeypatch):
    app = open_small(3)
    shown = line(app)
    counted = []
    monkeypatch.setattr(llm, "count_tokens", counted.append)

    app.run()

    assert counted == []
    assert line(app) == shown


def test_a_long_conversation_is_counted_in_the_background(open_small, monkeypatch):
    monkeypatch.setattr(context_meter, "AT_ONCE", 1000)
    threads = set()

    def count(text):
        threads.add(threading.current_thread().name)
        return len(text.split())

    monkeypatch.setattr(llm, "count_tokens", count)

    app = open_small(2)

    assert line(app).startswith("About 627 of 2,000 tokens")
    assert threads == {"background"}
    assert any("Roughly " in str(message) for message in app.sent)


def test_an_estimate_stays_rough_if_counting_fails(open_small, monkeypatch):
    monkeypatch.setattr(context_meter, "AT_ONCE", 1000)
    monkeypatch.setattr(llm, "count_tokens", lambda text: 1 / 0)

    app = open_small(2).run()

    assert line(app).startswith("Roughly ")


def test_the_page_does_not_wait_for_the_library(open_small, monkeypatch):
    monkeypatch.setattr(llm, "is_ready", lambda: False)
    monkeypatch.setattr(llm, "can_count", lambda: False)

    app = open_small(2)

    assert line(app).startswith("Roughly ")
    assert app.session_state["session.counting"] is None


def test_nothing_is_counted_while_an_answer_arrives(open_small, fake, monkeypatch, at_a_glance):
    gate = Gate()
    fake.next(gate)
    app = open_small(1)
    before = line(app)
    app.session_state["session.counted"] = {}
    app.session_state["session.leave_out"] = 0

    ask(app, "Hi")
    assert line(app).startswith("Roughly ")
    assert app.session_state["session.counted"] == {}

    gate.open()
    while app.turns[-1]["ended_at"] is None:
        app.run()
    app.run()
    assert line(app).startswith("About ")
    assert line(app) != before


# --- Leaving out ----------------------------------------------------------------------------------


def test_turns_that_do_not_fit_are_shown_before_they_are_left_out(open_small, fake):
    app = open_small(6)

    assert line(app) == "About 1,251 of 2,000 tokens · 63 % · without the 2 oldest turns · $0.0025"
    assert marks(app) == [2]
    assert "the 2 oldest turns will be left out, to leave room for the answer." in page(app)

    fake.next(says("Yes."))
    ask(app, "And now?")

    assert sent(fake) == ["Question 3", "Question 4", "Question 5", "Question 6", "And now?"]
    assert app.turns[-1]["left_out"] == ["turn1", "turn2"]
    assert "Asked without the 2 oldest turns." in reply(app)
    assert MARK in reply(app, 1)


def test_all_that_fits_is_sent(open_small, fake):
    fake.next(says("Yes."))

    app = ask(open_small(2), "And now?")

    assert sent(fake) == ["Question 1", "Question 2", "And now?"]
    assert "left_out" not in app.turns[-1]
    assert "Asked without" not in reply(app)
    assert marks(app) == []


def test_a_long_question_leaves_out_more_and_says_so_afterwards(open_small, fake):
    fake.next(says("Yes."))
    app = open_small(4)
    assert "without" not in line(app)

    ask(app, f"Long question {words(700)}")

    assert sent(fake) == ["Question 3", "Question 4", "Long question"]
    assert "Asked without the 2 oldest turns." in reply(app)


def test_the_mark_moves_when_the_answer_was_long(open_small, fake):
    fake.next(says(words(300)))
    app = open_small(5)
    assert marks(app) == [1]

    ask(app, "And now?")

    assert marks(app) == [2]
    app.run()
    assert marks(app) == [2]


def test_a_mark_above_what_is_shown_is_not_drawn(open_small):
    app = open_small(22)

    assert "without the 18 oldest turns" in line(app)
    assert marks(app) == [13]  # of 17 that are shown
    app.session_state["session.shown_turns"] = -13
    app.run()
    assert marks(app) == []


def test_everything_can_be_sent_anyway(open_small, fake):
    app = choose(open_small(6), "none")

    assert line(app).startswith(":orange[:material/warning:] Too long: about 1,873 of 2,000")
    assert marks(app) == []
    assert "because nothing is left out. The model may refuse it." in page(app)

    fake.next(status(400, {"error": {"message": "maximum context length is 2000"}}))
    ask(app, "And now?")

    assert len(sent(fake)) == 7
    assert "left_out" not in app.turns[-1]
    assert "Leave out older turns" in reply(app)


def test_any_number_of_turns_can_be_left_out(open_small, fake):
    app = choose(open_small(3), "number")
    assert "without the oldest turn" in line(app)

    app.number_input(key="leave_out").set_value(2).run()
    assert "without the 2 oldest turns" in line(app)
    assert marks(app) == [2]
    assert f"{MARK}: as you chose." in page(app)

    fake.next(says("Yes."))
    ask(app, "And now?")
    assert sent(fake) == ["Question 3", "And now?"]


def test_a_choice_can_be_undone(open_small):
    app = choose(open_small(3), "number")

    choose(app, "fit")

    assert "without" not in line(app)
    assert marks(app) == []


def test_a_choice_is_for_one_conversation(open_small):
    app = choose(open_small(3), "none")

    app.click("new_chat")

    assert app.session_state["session.leave_out"] is None
    assert line(app) == ""


def test_a_number_from_a_longer_branch_still_works(open_small):
    app = open_small(3, leave_out=9)

    assert app.number_input(key="leave_out").value == 9
    assert "without the 3 oldest turns" in line(app)


def test_a_question_that_cannot_fit_is_sent_anyway(open_small, fake):
    fake.next(says("Yes."))
    app = open_small(1)
    app.session_state["session.chat"]["settings"]["system"] = words(1800)
    app.run()
    assert "Too long: about 1,8" in line(app)

    ask(app, "And now?")

    assert sent(fake) == ["And now?"]
    assert reply(app).startswith("Yes.")


def test_a_waiting_question_counts_the_answers_that_arrived_before_it(
    open_small, fake, at_a_glance
):
    gate = Gate(words(400), words(400))
    fake.next(gate, says("Yes."))
    app = ask(open_small(3), "First")
    ask(app, "Second")

    gate.open()
    while app.turns[-1]["ended_at"] is None:
        app.run()

    assert sent(fake) == ["Question 2", "Question 3", "First", "Second"]
    assert app.turns[-1]["left_out"] == ["turn1"]


def test_the_window_is_that_of_the_asked_model(open_small, fake):
    fake.next(says("Yes."))
    app = open_small(6)

    app.session_state["session.chosen"] = DEFAULT_URL
    app.run()
    assert "without" not in line(app)
    ask(app, "And now?")

    assert len(sent(fake)) == 7


def test_a_refused_question_says_what_it_was_sent_without(open_small, fake):
    fake.next(status(400, {"error": {"message": "maximum context length is 1000"}}))

    app = ask(open_small(5), "And now?")

    assert "Asked without the oldest turn." in reply(app)
    assert "too long for this model" in reply(app)
