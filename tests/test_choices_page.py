"""What a visitor chose is there again after a reload: stars, recent models, the last model."""

import pytest
from streamlit.runtime.context import ContextProxy

from clarifai_chat.catalog import DEFAULT_URL, DEMO
from clarifai_chat.history import database, saving
from clarifai_chat.history.owner import COOKIE, new_id, owner_of
from clarifai_chat.history.store import open_store
from tests.canary import CANARY
from tests.pages import open_picker, page, search_models

KIMI = "https://clarifai.com/moonshotai/chat-completion/models/Kimi-K2_6"
GPT_4O = "https://clarifai.com/openai/chat-completion/models/gpt-4o"


@pytest.fixture
def cookies(monkeypatch):
    found = {COOKIE: new_id()}
    monkeypatch.setattr(ContextProxy, "cookies", property(lambda context: found))
    return found


@pytest.fixture(autouse=True)
def kept(cookies, tmp_path, set_up):
    """Return the database, read as another process would."""
    set_up(DATABASE_URL=f"sqlite:///{tmp_path / 'history.db'}")
    saving.forget_store()
    store = open_store(f"sqlite:///{tmp_path / 'history.db'}")
    yield lambda: store.choices(owner_of(cookies[COOKIE]))
    store.close()
    saving.forget_store()


def star(app, url):
    search_models(open_picker(app), url.rpartition("/")[2].replace("_", "."))
    return app.click(f"star:found:{url}")


def starred(app):
    rows = [b.key for b in open_picker(app).button if (b.key or "").startswith("star:short:")]
    labels = {b.key: b.label for b in app.button}
    return [key.removeprefix("star:short:") for key in rows if labels[key] == "★"]


def chosen(app):
    return app.session_state["session.chosen"]


@pytest.mark.parametrize("first", ["app.py", "pages/models.py"])
def test_a_reload_finds_stars_and_the_last_model(open_app, first):
    app = star(open_app(), GPT_4O)
    star(app, KIMI)
    app.click(f"use:found:{KIMI}")
    saving.forget_store()  # the server was restarted

    again = open_app(first)

    assert starred(again) == [KIMI, GPT_4O]
    assert chosen(again) == KIMI
    assert again.session_state["session.recent"] == [KIMI]


def test_a_model_whose_token_is_gone_stays_chosen_and_says_what_it_needs(open_app):
    star(open_app(pat=CANARY), KIMI).click(f"use:found:{KIMI}")

    again = open_app()

    assert chosen(again) == KIMI
    assert "Kimi K2.6** needs a Clarifai access token" in page(again)


def test_nothing_of_the_token_is_saved(open_app, kept):
    app = open_app(pat=CANARY)
    app.session_state["session.favourites"] = [f"https://clarifai.com/{CANARY}/a/models/m", KIMI]
    app.session_state["session.recent"] = [CANARY]
    app.run()

    assert kept() == {"favourites": [KIMI], "recent": [], "model": "", "measured": {}}


def test_another_browser_has_choices_of_its_own(open_app, cookies):
    star(open_app(), KIMI)
    cookies[COOKIE] = new_id()
    assert starred(open_app()) == []

    cookies.clear()  # without a cookie nothing is saved
    star(open_app(), KIMI)
    assert starred(open_app()) == []


def test_a_temporary_chat_leaves_no_choice_behind(open_app, kept):
    app = open_app(favourites=[GPT_4O])
    app.session_state["session.is_temporary"] = True
    star(app, KIMI).click(f"use:found:{KIMI}")
    app.session_state["session.is_temporary"] = False
    app.run()

    assert kept() == {"favourites": [GPT_4O], "recent": [], "model": "", "measured": {}}
    assert chosen(app) == KIMI


def test_what_was_measured_is_there_after_a_reload_and_goes_with_everything(open_app, kept):
    app = open_app("pages/models.py", chosen=DEMO.url).click("measure_model")
    app.run()
    (found,) = kept()["measured"][DEMO.url].values()
    assert found["of"] == 3
    saving.forget_store()  # the server was restarted

    again = open_app("pages/models.py")

    assert f"passed {found['passed']} of 3 on 20" in page(again)
    again.session_state["session.is_temporary"] = True
    again.click("measure_model").run()
    assert kept()["measured"][DEMO.url]["tools"] == found  # a temporary chat leaves nothing


def test_a_link_chooses_before_what_was_saved(open_app):
    star(open_app(), KIMI).click(f"use:found:{KIMI}")

    assert chosen(open_app(query={"model": DEFAULT_URL})) == DEFAULT_URL


def test_two_tabs_keep_the_stars_of_both_and_their_own_models(open_app):
    one, other = open_app(), open_app()
    star(one, KIMI).click(f"use:found:{KIMI}")
    star(other, GPT_4O)

    assert other.session_state["session.favourites"] == [GPT_4O, KIMI]
    assert chosen(one.run()) == KIMI
    assert chosen(other) == ""


def test_what_cannot_be_read_yet_is_read_later(open_app, kept, monkeypatch):
    star(open_app(), KIMI)
    saving.forget_store()
    with monkeypatch.context() as broken:
        broken.setattr(database, "attempt", lambda action: (None, "The database is locked."))
        app = star(open_app(), GPT_4O)

    app.run()

    assert kept()["favourites"] == [GPT_4O, KIMI]


def test_everything_deleted_is_the_choices_too(open_app, kept):
    app = star(open_app(), KIMI)
    app.session_state["session.chosen"] = DEMO.url
    app.session_state["session.measured"] = {
        KIMI: {"json": {"at": 1.0, "passed": 3, "of": 3, "whys": []}}
    }
    app.chat_input(key="prompt").set_value("Hi").run()
    app.open("chat_menu")
    app.toggle(key="all_chats").set_value(True).run()
    app.checkbox(key="delete_sure").check().run()

    app.click("delete_everything")

    assert kept() == {}
    assert app.session_state["session.favourites"] == app.session_state["session.recent"] == []
    assert app.session_state["session.measured"] == {}
    assert starred(open_app()) == []
