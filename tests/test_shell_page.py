"""The frame of every page: links, model, access token, and updates without a click."""

import pytest

from clarifai_chat.config import ROOT
from tests.canary import CANARY
from tests.pages import head, open_access, passed_by, type_token
from tests.patience import until

PAGES = ["app.py", *sorted(f"pages/{file.name}" for file in (ROOT / "pages").glob("*.py"))]


@pytest.mark.parametrize("name", PAGES)
def test_every_page_has_the_links_the_picker_and_the_token_box(open_app, name):
    app = open_app(name)

    assert {"Chat", "Tool playground", "Models"} <= {link.label for link in app.sidebar.page_link}
    assert len(app.sidebar.page_link) == len(PAGES)
    assert app.has("model_picker")
    assert open_access(app).main.text_input(key="pat")


@pytest.mark.parametrize("name", PAGES)
def test_every_page_shows_the_result_of_background_jobs_without_a_click(open_app, fake, name):
    def answers_late(handler, body):
        until(lambda: any("Checking token" in text for text in passed_by(app)))
        handler._me(handler.seen[-1], CANARY)

    app = open_app(name)
    fake.next(answers_late, on="me")

    type_token(app, CANARY)

    assert "of **ada**" in head(app)
