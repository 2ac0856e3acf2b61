"""What the browser is told, so that it keeps what is typed but not sent."""

import json

import pytest

from clarifai_chat.history.owner import owner_of_account
from components.state import owner
from tests.canary import CANARY
from tests.fake_clarifai import says
from tests.pages import ask
from tests.patience import until
from tests.test_attachments_page import memory, patient, send, slow, store  # noqa: F401 - fixtures

PAGES = ["pages/help.py", "pages/models.py", "pages/tool_playground.py"]


def told(app):
    """Return what the browser's half of the drafts is told."""
    (data,) = (
        json.loads(each.proto.json)
        for each in app.get("bidi_component")
        if each.proto.id == "drafts"
    )
    return data


def test_a_conversation_that_is_saved_has_a_draft_of_its_own(open_app, fake, store):  # noqa: F811
    app = open_app(pat=CANARY)
    assert (told(app)["name"], told(app)["received"]) == ("new", 0)

    fake.next(says("Yes."))
    ask(app, "Really?")
    assert told(app)["name"] == told(app)["chat"] == app.session_state["session.chat"]["id"]
    assert told(app)["received"] == 1

    app.click("new_chat")
    assert told(app)["name"] == "new"
    assert told(app)["chat"] == app.session_state["session.chat"]["id"]


def test_a_temporary_chat_has_no_draft_that_is_stored(open_app):
    assert told(open_app(is_temporary=True))["name"] == ""


def test_a_links_question_goes_before_what_was_typed(open_app):
    app = open_app(query={"q": "Why so?"})
    filled = told(app)["filled"]

    assert (filled["text"], filled["waits"]) == ("Why so?", "")
    assert told(app.run())["filled"] == filled  # told again, but put in once, by its id


def test_a_refused_question_is_put_back_and_one_that_waits_is_not_typed(
    open_app,
    fake,
    slow,  # noqa: F811
    monkeypatch,
):
    monkeypatch.setattr("components.frame.shell.wait_for_jobs", lambda pending: None)
    app = send(open_app(pat=CANARY), "What is in it?", notes_doc=b"\xd0\xcf\x11\xe0" * 200)
    assert told(app)["filled"]["waits"] == "What is in it?"
    assert told(app)["filled"]["text"] == ""
    assert told(app)["files"] == ["notes.doc"]
    assert told(app)["received"] == 1

    slow.set()
    until(lambda: app.session_state["session.reading"][0]["job"]["state"] == "done")
    app.run()

    assert told(app)["filled"]["text"] == "What is in it?"
    assert told(app)["filled"]["waits"] == ""
    assert told(app)["files"] == []


@pytest.mark.parametrize("name", PAGES)
def test_forget_makes_the_browser_forget_on_every_page(open_app, name):
    app = open_app(name, pat=CANARY)
    before = told(app)
    assert not before["box"]
    assert [32, CANARY[-4:]] in before["traces"]

    after = told(app.click("forget"))

    assert after["forgotten"] == before["forgotten"] + 1
    assert after["traces"] == []


def test_the_draft_of_an_account_is_marked_as_its_own(open_app, monkeypatch, store):  # noqa: F811
    assert told(open_app())["account"] == ""
    monkeypatch.setattr(owner, "proxy_user", lambda: "ada")

    assert told(open_app())["account"] == owner_of_account("proxy", "ada")[:8]
