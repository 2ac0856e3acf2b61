"""`admin`: what the operator sees and does beside a running app."""

import json

import pytest
from click.testing import CliRunner
from streamlit.runtime.context import ContextProxy

from clarifai_chat.cli.commands import app
from clarifai_chat.history import database, notice, saving
from clarifai_chat.history.owner import COOKIE, new_id, owner_of
from clarifai_chat.history.store import open_store
from clarifai_chat.history.store.shared import SharedPage
from tests.canary import assert_no_canary
from tests.old_tables import go_back
from tests.pages import page
from tests.test_backup import filled
from tests.test_store import ADA, BOB, a_chat, age, saved

pytest_plugins = ["tests.postgres"]


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'history.db'}"
    return request.getfixturevalue("postgres").database()


@pytest.fixture
def file(tmp_path):
    return f"sqlite:///{tmp_path / 'history.db'}"


@pytest.fixture
def admin(set_up):
    """`admin(address, "status", …)`: its exit code, and all that it says."""

    def admin(address, *arguments, stdin="", **settings):
        set_up(DATABASE_URL=address, **settings)
        result = CliRunner().invoke(app, ["admin", *arguments], input=stdin)
        assert "Traceback" not in result.output
        assert_no_canary("the command line", result.output)
        return result.exit_code, result.output

    yield admin
    saving.forget_store()


def test_a_shared_page_is_revoked_by_its_link(admin, file):
    store = open_store(file)
    store.shared.add(ADA, SharedPage("an-id", "chat", "Title", 1.0, 9e9), "", "<p>", "")

    assert "1 shared page of 1 visitor" in admin(file, "status")[1]
    code, said = admin(file, "revoke", "https://chat.example.com/chat/shared/an-id")
    assert (code, "does not work any more" in said) == (0, True)
    assert store.shared.page("an-id") is None
    assert "No page is shared under this link" in admin(file, "revoke", "an-id")[1]
    store.close()


def test_status_says_what_is_there_and_not_what_is_in_it(admin, address):
    store = filled(address)
    store.spend("2001-01-01", 5_000_000, None)
    store.close()

    code, said = admin(address, "status", SHARED_PAT_BUDGET_USD=3)

    assert code == 0
    assert "is up to date." in said
    assert "3 conversations (9 turns), 1 attachment" in said
    assert "of 2 visitors" in said
    assert "today (UTC): $0.00 of $3.00." in said
    assert "Visitors are told: nothing" in said
    assert "Still running?" not in said
    told = json.loads(admin(address, "status", "--json")[1])
    assert (told["counts"]["chats"], told["counts"]["owners"]) == (3, 2)


def test_usage_lists_who_has_most(admin, address):
    store = open_store(address)
    for owner, questions in ((ADA, 2), (BOB, 3)):
        saved(store, a_chat(*(["Secret plans"] * questions)), owner)
    store.close()

    code, said = admin(address, "usage", "--top", "5")

    assert code == 0
    assert [line.split()[:3] for line in said.splitlines()[1:]] == [
        [BOB[:16], "1", "3"],
        [ADA[:16], "1", "2"],
    ]
    assert "Secret" not in said
    assert json.loads(admin(address, "usage", "--json")[1])[0]["owner"] == BOB


def test_what_expired_goes_in_two_steps_on_demand(admin, file):
    store = open_store(file)
    saved(store, a_chat("Old"))
    age(store, 31)

    assert "Removed 0 conversations. Kept: 30 days" in admin(file, "expire", HISTORY_DAYS=30)[1]
    assert len(store.listing(ADA)) == 1
    assert "until visitors delete it" in admin(file, "expire", HISTORY_DAYS=0)[1]
    store.close()


def test_one_visitors_data_goes_on_request(admin, address):
    filled(address).close()

    code, said = admin(address, "delete", ADA[:8], stdin="n\n")
    assert (code, "Aborted" in said) == (1, True) or code == 130

    code, said = admin(address, "delete", ADA[:16], stdin="y\n")

    assert code == 0
    assert said.strip().endswith(
        f"Removed 1 conversation with 7 turns, and all else of {ADA[:16]}."
    )
    store = open_store(address)
    assert store.listing(ADA) == []
    assert store.presets(BOB)
    store.close()
    assert "No visitor with this code" in admin(address, "delete", ADA[:16], "--yes")[1]


@pytest.mark.parametrize("code", ["", "abc", "everyone", "%" * 8, "a" * 7])
def test_what_is_no_code_of_a_visitor_is_refused(admin, file, code):
    open_store(file).close()

    exit_code, said = admin(file, "delete", "--yes", "--", code)

    assert exit_code == 2
    assert "VISITOR is 8 to 64 digits" in said


def test_a_code_of_two_visitors_deletes_nothing(admin, file):
    store = open_store(file)
    for last in "01":
        saved(store, a_chat("One"), "a" * 63 + last)

    code, said = admin(file, "delete", "a" * 8, "--yes")

    assert (code, "Several visitors have this code" in said) == (2, True)
    assert len(store.listing("a" * 63 + "0")) == 1
    store.close()


def test_tables_are_updated_on_demand(admin, file):
    store = open_store(file)
    with store._writer.begin() as connection:
        go_back(connection.exec_driver_sql, "0003")
    store.close()
    assert "of an earlier version" in admin(file, "status")[1]

    code, said = admin(file, "migrate")

    assert code == 0
    assert "Before: Database: SQLite" in said
    assert said.strip().endswith("is up to date.")


def test_a_database_that_is_not_there_is_a_sentence(admin, set_up):
    code, said = admin("sqlite:////dev/null/x.db", "usage")
    assert (code, "cannot be written" in said) == (5, True)

    code, said = admin("sqlite:////dev/null/x.db", "usage", HISTORY="false")
    assert (code, "HISTORY is false" in said) == (2, True)


# --- What visitors see --------------------------------------------------------------------------


@pytest.fixture
def visitor(monkeypatch):
    visitor_id = new_id()
    cookies = property(lambda context: {COOKIE: visitor_id})
    monkeypatch.setattr(ContextProxy, "cookies", cookies)
    notice.forget()
    yield owner_of(visitor_id)
    notice.forget()


def test_a_word_to_all_is_on_each_page_until_it_is_cleared(admin, file, visitor, open_app):
    assert "told: Back at *noon*" in admin(file, "say", "Back at *noon*")[1]
    assert "told: Back at *noon*" in admin(file, "say")[1]
    for path in ("app.py", "pages/help.py"):
        assert r"Back at \*noon\*" in [each.value for each in open_app(path).info]

    assert "told: nothing" in admin(file, "say", "--clear")[1]
    notice.forget()
    assert not [each.value for each in open_app().info if "noon" in each.value]
    assert admin(file, "say", "x" * 501)[0] == 2
    assert "of 0 visitors" in admin(file, "status")[1], "It is no visitor's."


def test_a_word_stays_while_the_database_fails(admin, file, visitor, open_app, monkeypatch):
    admin(file, "say", "Back at noon")
    assert "Back at noon" in [each.value for each in open_app().info]
    monkeypatch.setattr(notice, "AGAIN_S", 0)
    monkeypatch.setattr(database, "result_of", lambda action, otherwise: otherwise)

    assert notice.text() == "Back at noon"


def test_the_help_page_shows_the_code_that_the_operator_needs(
    admin, file, visitor, open_app, set_up
):
    set_up(DATABASE_URL=file)
    assert f"knows you as `{visitor[:16]}`" in page(open_app("pages/help.py"))
