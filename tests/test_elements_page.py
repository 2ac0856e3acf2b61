"""A run of the chat page sends few elements: the browser walks each of them, at each click.

docs/ARCHITECTURE.md names the budget.
"""

import re

import pytest

from clarifai_chat.config import ROOT
from components.chat.chat_pane import RECENT_TURNS, STEP
from components.reply import answer_view, live
from components.reply.answer_view import AnswerView
from tests.canary import CANARY
from tests.pages import Gate, Page, ask
from tests.patience import PATIENCE_S
from tests.test_chat_page import finished_turn

PAGE, TURN = map(
    int,
    re.search(
        r"at most (\d+) elements and (\d+) for each turn",
        " ".join((ROOT / "docs/ARCHITECTURE.md").read_text("utf-8").split()),
    ).groups(),
)


def sent_by_a_click(app: Page) -> int:
    app.run()
    before = len(app.sent)
    app.run()
    return sum(message.HasField("delta") for message in app.sent[before:])


@pytest.mark.parametrize("turns", [0, 1, 15, 19, 100])
def test_a_click_sends_no_more_elements_than_the_budget(open_app, turns):
    app = open_app(pat=CANARY, turns=[finished_turn(number) for number in range(turns)])

    shown = min(turns, RECENT_TURNS + STEP - 1)
    assert len([each for each in app.chat_message if each.name == "user"]) <= shown
    assert sent_by_a_click(app) <= PAGE + TURN * shown


class Place:
    """A place on the page that notes what is drawn there."""

    def container(self, **_):
        return self


def pieces_of(answer, monkeypatch):
    """Draw an answer as it grows, about as fast as people read; return the pieces sent."""
    sent = []
    monkeypatch.setattr(answer_view, "_drawn", lambda place, id, data: sent.append(data) or Place())
    view = AnswerView(Place(), "answer")
    view.begin()
    for end in range(25, len(answer) + 25, 25):
        view.draw(answer[:end], over=end >= len(answer))
    return sent


def test_little_of_a_growing_answer_is_sent_again_and_a_long_one_has_few_pieces(monkeypatch):
    short, long = "word " * 500, "word " * 20_000

    sent = pieces_of(short, monkeypatch)
    assert sum(len(each["text"]) for each in sent) < 2.5 * len(short)
    assert len({each["at"] for each in sent}) < 40
    assert "".join({each["at"]: each["text"] for each in sent}.values()) == short

    assert len({each["at"] for each in pieces_of(long, monkeypatch)}) < 550


@pytest.mark.usefixtures("at_a_glance")
def test_the_first_word_is_sent_before_the_rest_of_the_page(open_app, fake, monkeypatch):
    monkeypatch.setattr(live, "FIRST_WORD_S", PATIENCE_S)  # this machine may be busy
    app = open_app(pat=CANARY, turns=[finished_turn(number) for number in range(15)])
    gate = Gate("Paris", ".")
    fake.next(gate)
    before = len(app.sent)

    ask(app, "Which town?")
    gate.open()

    elements = [m.delta.new_element for m in app.sent[before:] if m.HasField("delta")]
    kinds = [each.WhichOneof("type") for each in elements]
    words = [each.bidi_component.json for each in elements]
    first = next(place for place, word in enumerate(words) if '"Paris' in word)
    # Before it: its own turn and the places of the others.
    assert "button" not in kinds[:first]
    assert "chat_input" not in kinds[:first]
    assert sum("Question" in word or "Answer" in word for word in words[:first]) == 0
