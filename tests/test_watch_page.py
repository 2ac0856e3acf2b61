"""Several replies on one page arrive side by side."""

import pytest

from clarifai_chat.chat import replies
from clarifai_chat.chat.turn import is_over
from clarifai_chat.events import Finished, TextDelta
from tests.pages import Page, passed_by
from tests.patience import until
from tests.some_chats import turn

PAGE = """
import builtins
from components.chat import transcript
from components.reply import live
from components.state.bootstrap import bootstrap

bootstrap()
views = [transcript.TurnView(turn, {}) for turn in builtins.TURNS]
live.watch(views, has_news=lambda: False, when_over=lambda: None)
"""


class SideBySide:
    """Providers that each send a name, and continue once all names are on the page."""

    def __init__(self, app, count):
        self.app = app
        self.turns = [
            turn(f"Question {n}", "", asked_at=None, ended_at=None, ending="") for n in range(count)
        ]
        self.names = [f"Model {n} says" for n in range(count)]

    def ask(self, number, queue):
        def events(in_flight):
            yield TextDelta(self.names[number])
            until(lambda: in_flight.is_cut or set(self.names) <= set(passed_by(self.app)))
            yield TextDelta(" goodbye.")
            yield Finished("stop")

        replies.ask(self.turns[number], events, queue=queue)


@pytest.mark.usefixtures("open_app")
@pytest.mark.parametrize("count", [1, 2, 4])
def test_every_reply_is_drawn_while_all_of_them_run(tmp_path, monkeypatch, count):
    app = Page([])
    both = SideBySide(app, count)
    page = tmp_path / "page.py"
    page.write_text(PAGE)
    app._script_path = str(page)
    monkeypatch.setattr("builtins.TURNS", both.turns, raising=False)
    for number in range(count):
        both.ask(number, queue=f"queue {number}")

    app.run()

    assert [each["problem"] for each in both.turns] == [None] * count
    assert all(map(is_over, both.turns))
    shown = "\n".join(passed_by(app))
    for name in both.names:
        assert f"{name} goodbye." in shown
