"""The access token as a visitor meets it: typed, verified, masked, forgotten; or the operator's."""

import pytest
from streamlit.runtime.context import ContextProxy, StreamlitHeaders

from clarifai_chat import access_token, config
from clarifai_chat.catalog import DEFAULT_URL
from clarifai_chat.history import saving
from clarifai_chat.history.owner import COOKIE
from clarifai_chat.llm import endpoints, spending
from tests.canary import CANARY
from tests.fake_clarifai import OTHER_PAT, PAT, RESTRICTED_PAT, says, status
from tests.pages import ask, head, open_access, open_picker, page, reply, type_token

NEEDS_ONE = "This model needs a token. The Demo model needs none."


def bearers(fake):
    return [chat.headers["authorization"].removeprefix("Bearer ") for chat in fake.chats]


# --- A visitor's own -----------------------------------------------------------------------------


def test_a_page_without_a_token_says_where_to_get_one(open_app):
    app = open_app()

    box = open_access(app).text_input(key="pat")
    assert box.proto.type == box.proto.PASSWORD
    assert "a reload forgets it" in box.help
    (link,) = [link for link in app.main.link_button if "Get a token" in link.label]
    assert link.url == "https://clarifai.com/me/settings/secrets"
    assert app.button(key="verify").label == "Verify"


def test_a_typed_token_is_verified_and_then_masked(open_app, fake):
    app = type_token(open_app(), CANARY)

    assert f"Token …{CANARY[-4:]} of **ada**" in head(app)
    assert not app.has("pat")
    assert "the credit of **ada**" in head(app)
    me = next(seen for seen in fake.journal if seen.path == "/v2/users/me")
    assert me.headers["authorization"] == f"Key {CANARY}"


def test_a_typed_token_is_what_the_next_question_carries(open_app, fake):
    fake.next(says("Hello Ada."))
    app = type_token(open_app(), CANARY)

    ask(app, "Hi")

    assert "Hello Ada." in reply(app)
    assert bearers(fake) == [CANARY]
    assert fake.chats[0].body["model"] == DEFAULT_URL


def test_the_token_is_there_on_every_page(open_app, fake):
    app = type_token(open_app("pages/models.py"), CANARY)
    assert "of **ada**" in head(app)

    app.switch_page("app.py").run()

    assert "of **ada**" in head(app)
    assert [seen.path for seen in fake.journal].count("/v2/users/me") == 1


def test_two_visitors_have_two_tokens(open_app, fake):
    fake.next(says("One"), says("Two"))
    ada, grace = type_token(open_app(), CANARY), type_token(open_app(), OTHER_PAT)

    ask(ada, "Hi")
    ask(grace, "Hi")

    assert bearers(fake) == [CANARY, OTHER_PAT]
    assert "**ada**" in head(ada)
    assert "**grace**" in head(grace)


@pytest.mark.parametrize(
    "pasted",
    [f"Bearer {CANARY}", f"Key {CANARY}", f' "{CANARY}" ', f"CLARIFAI_PAT='{CANARY}'\n"],
    ids=["Bearer", "Key", "quotes and blanks", "a line of .env"],
)
def test_what_surrounds_a_pasted_token_is_taken_off(open_app, fake, pasted):
    app = type_token(open_app(), pasted)

    assert "of **ada**" in head(app)
    assert fake.journal[0].headers["authorization"] == f"Key {CANARY}"


def test_a_token_of_odd_form_is_warned_of_and_used(open_app, fake):
    fake.users["an-odd-token-1234"] = "ada"
    fake.next(says("Hello"))

    app = ask(type_token(open_app(), "an-odd-token-1234"), "Hi")

    assert "Token …1234 of **ada**" in head(app)
    assert "Clarifai's tokens usually have 32 characters; this one has 17." in head(app)
    assert bearers(fake) == ["an-odd-token-1234"]


@pytest.mark.parametrize("unsendable", ["two words", "pässword"])
def test_a_token_that_cannot_be_sent_is_refused_with_a_sentence(open_app, fake, unsendable):
    app = type_token(open_app(), unsendable)

    assert "That cannot be a token" in head(app)
    assert app.text_input(key="pat").value == ""
    assert fake.journal == []

    type_token(app, CANARY)
    assert "That cannot be a token" not in head(app)


def test_the_sentence_stays_when_verify_is_clicked_after_typing(open_app):
    # A click on Verify leaves the box first: the browser sends what was typed, then the click.
    app = type_token(open_app(), "two words")

    app.click("verify")

    assert "That cannot be a token" in head(app)


def test_verify_with_nothing_typed_asks_nobody(open_app, fake):
    app = open_app()

    app.click("verify")

    assert fake.journal == []
    assert open_access(app).has("pat")


def test_a_wrong_token_says_so(open_app):
    app = type_token(open_app(), "f" * 32)

    assert "Token …ffff: Clarifai does not accept this access token." in head(app)
    assert "Check it at the top" in head(app)
    assert app.has("forget")


def test_a_restricted_token_is_told_apart_from_a_wrong_one(open_app, fake):
    fake.next(says("Hello"))

    app = type_token(open_app(), RESTRICTED_PAT)

    assert "Token …1107 is valid but restricted" in head(app)
    assert "11007" in head(app)
    assert "does not accept" not in head(app)
    assert "Hello" in reply(ask(app, "Hi"))


def test_a_token_that_could_not_be_checked_can_be_checked_again(open_app, fake):
    fake.next(status(500), on="me")
    app = type_token(open_app(), CANARY)
    assert f"Token …{CANARY[-4:]}: Clarifai had an internal error." in head(app)

    app.click("verify")

    assert "of **ada**" in head(app)


def test_forget_drops_the_token_and_all_that_came_with_it(open_app, fake):
    app = open_picker(type_token(open_app(), CANARY))
    assert "Clarifai's list, fetched just now." in page(app)
    live = len(app.session_state["session.listing"]["result"])

    app.click("forget")

    assert app.text_input(key="pat").value == ""
    assert "ada" not in head(app)
    assert "Shipped list." in page(open_picker(app))
    assert app.session_state["session.account"] is None
    assert app.session_state["session.listing"] is None
    assert CANARY not in repr(app.session_state.to_dict())
    assert live

    app.session_state["session.chosen"] = DEFAULT_URL
    assert "None has been entered" in reply(ask(app, "Hi"))
    assert fake.chats == []


def test_after_forget_another_token_can_be_typed(open_app, fake):
    fake.next(says("Hello Grace."))
    app = type_token(open_app(), CANARY)
    app.click("forget")

    ask(type_token(app, OTHER_PAT), "Hi")

    assert "of **grace**" in head(app)
    assert bearers(fake) == [OTHER_PAT]


def test_a_short_token_is_not_shown_at_all():
    assert access_token.masked("abc1234") == "…"


def test_a_leak_into_the_page_turns_a_test_red(open_app, monkeypatch):
    monkeypatch.setattr(access_token, "masked", lambda token: token)

    with pytest.raises(AssertionError, match="The access token is in what a browser was sent"):
        type_token(open_app(), CANARY)


# --- The operator's ------------------------------------------------------------------------------


@pytest.fixture
def shared(open_app, set_up):
    """An operator who has set their own token."""
    set_up(CLARIFAI_PAT=PAT)
    return set_up


@pytest.fixture
def at_home(shared):
    """The same, with an app that listens on this machine alone."""
    config.announce("127.0.0.1")  # open_app has the test's own announcement
    return shared


@pytest.mark.usefixtures("at_home")
def test_at_home_the_operators_token_is_used_without_being_seen(open_app, fake):
    fake.next(says("Hello"))
    app = open_app()
    assert "Replies are paid by this app's operator: 20 left for you in this hour." in head(app)

    ask(app, "Hi")

    assert "Hello" in reply(app)
    assert bearers(fake) == [PAT]
    assert PAT[-4:] not in page(app)
    assert "19 left" in head(app.run())


PAID = "https://clarifai.com/openai/chat-completion/models/gpt-oss-120b"


def offered_to(app):
    """The addresses in the short list of the picker."""
    start = "use:short:"
    buttons = [button.key or "" for button in app.main.button]
    return [key.removeprefix(start) for key in buttons if key.startswith(start)]


def model_in_use(app):
    return app.get_by_key("model_picker").proto.popover.label


@pytest.fixture
def budget(shared, monkeypatch, tmp_path):
    """An operator who pays for everybody, as much as a budget allows."""
    monkeypatch.setattr(spending, "_spending", spending._Spending())
    saving.forget_store()

    def budget(**settings):
        here = f"sqlite:///{tmp_path / 'spending.db'}"
        shared(ALLOW_SHARED_PAT="true", DATABASE_URL=here, **settings)

    yield budget
    saving.forget_store()


def test_when_the_budget_is_spent_the_page_says_so_and_an_own_token_works(open_app, fake, budget):
    budget(SHARED_PAT_BUDGET_USD="0.000001")
    fake.next(says("Hello"), says("Hello again"))
    app = open_app()
    assert "Replies are paid by this app's operator" in head(app)

    ask(app, "Hi")
    assert "Hello" in reply(app)
    ask(app.run(), "Hi again")

    assert "The replies that this app's operator pays for are used up for now." in reply(app)
    assert "Today's budget for all visitors, $0.00, is used up." in reply(app)
    assert "is used up" in head(app.run())
    assert len(fake.chats) == 1
    type_token(app, CANARY)
    ask(app, "And now?")
    assert "Hello again" in reply(app)
    assert bearers(fake) == [PAT, CANARY]


def test_only_models_that_the_operator_pays_are_offered(open_app, budget):
    budget(SHARED_PAT_MODELS="clarifai.com/openai/chat-completion/models/gpt-oss-120b")

    app = open_picker(open_app())

    assert model_in_use(app) == "GPT OSS 120B"
    assert offered_to(app) == [PAID, "demo"]
    assert len(offered_to(open_picker(type_token(open_app(), CANARY)))) > 2


def test_a_model_that_is_not_paid_says_so(open_app, fake, budget):
    budget(SHARED_PAT_MODELS=PAID)
    app = open_app(chosen=DEFAULT_URL)

    ask(app, "Hi")

    assert "This app's operator does not pay for this model." in reply(app)
    assert fake.chats == []


@pytest.mark.parametrize(
    ("chosen", "met"),
    [("openai/chat-completion/models/gpt-oss-120b", "GPT OSS 120B"), ("demo", "Demo")],
)
def test_a_new_visitor_meets_the_model_that_the_operator_chose(open_app, budget, chosen, met):
    budget(DEFAULT_MODEL=chosen)

    assert model_in_use(open_app()) == met


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("address", ["", "0.0.0.0", "192.168.1.20"])  # noqa: S104 (not bound)
def test_elsewhere_it_is_not_offered(open_app, fake, address):
    config.announce(address)
    app = open_app(chosen=DEFAULT_URL)
    assert NEEDS_ONE in head(app)

    ask(app, "Hi")

    assert "None has been entered" in reply(app)
    assert fake.chats == []


@pytest.mark.usefixtures("at_home")
@pytest.mark.parametrize("host", ["chat.example.com", "127.evil.test:8501", "localhost.evil.test"])
def test_behind_a_proxy_or_another_name_it_is_not_offered(open_app, fake, monkeypatch, host):
    app = open_app(chosen=DEFAULT_URL)
    headers = StreamlitHeaders([("Host", host)])
    monkeypatch.setattr(ContextProxy, "headers", property(lambda context: headers))

    ask(app, "Hi")

    assert NEEDS_ONE in head(app)
    assert fake.chats == []


@pytest.mark.usefixtures("at_home")
@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "via", "X-Real-IP"])
def test_behind_a_proxy_that_changes_the_name_it_is_not_offered(
    open_app, fake, monkeypatch, header
):
    app = open_app(chosen=DEFAULT_URL)
    headers = StreamlitHeaders([("Host", "localhost:8501"), (header, "x")])
    monkeypatch.setattr(ContextProxy, "headers", property(lambda context: headers))

    ask(app, "Hi")

    assert NEEDS_ONE in head(app)
    assert fake.chats == []


def test_elsewhere_a_reload_is_no_new_visitor(open_app, shared, fake, monkeypatch):
    shared(ALLOW_SHARED_PAT="true", SHARED_PAT_SESSION_LIMIT=1)
    cookies = {COOKIE: "a" * 64}
    monkeypatch.setattr(ContextProxy, "cookies", property(lambda context: cookies))
    fake.next(says("Hello"), says("Hello you"))
    ask(open_app(), "Hi")

    assert "One visitor may ask once an hour" in reply(ask(open_app(), "Hi"))
    assert len(fake.chats) == 1
    cookies[COOKIE] = "b" * 64
    assert "Hello you" in reply(ask(open_app(), "Hi"))


def test_elsewhere_a_browser_without_cookies_is_counted_by_its_address(
    open_app, shared, fake, monkeypatch
):
    shared(ALLOW_SHARED_PAT="true", SHARED_PAT_SESSION_LIMIT=1)
    address = ["2001:db8::1"]
    monkeypatch.setattr(ContextProxy, "ip_address", property(lambda context: address[0]))
    fake.next(says("Hello"), says("Hello you"))
    ask(open_app(), "Hi")
    address[0] = "2001:db8::2"

    assert "All visitors from one address together may ask once" in reply(ask(open_app(), "Hi"))
    address[0] = "2001:db8:0:1::1"
    assert "Hello you" in reply(ask(open_app(), "Hi"))


def test_elsewhere_it_is_offered_when_the_operator_says_so(open_app, shared, fake):
    shared(ALLOW_SHARED_PAT="true")
    config.announce("0.0.0.0")  # noqa: S104 (a name, nothing is bound)
    fake.next(says("Hello"))

    app = ask(open_app(), "Hi")

    assert "Hello" in reply(app)
    assert bearers(fake) == [PAT]


def test_a_visit_has_its_cap(open_app, at_home, fake):
    at_home(SHARED_PAT_SESSION_LIMIT=1)
    fake.next(says("Hello"), says("Hello you"))
    app = ask(open_app(), "Hi")

    ask(app, "More?")

    assert "The replies that this app's operator pays for are used up for now." in reply(app)
    assert "One visitor may ask once an hour at the operator's cost." in reply(app)
    assert len(fake.chats) == 1
    assert "Hello you" in reply(ask(open_app(), "Hi"))  # another visit has its own


def test_all_visits_together_have_their_cap(open_app, at_home, fake):
    at_home(SHARED_PAT_HOUR_LIMIT=1)
    fake.next(says("Hello"))
    ask(open_app(), "Hi")

    app = ask(open_app(), "Hi")

    assert "All visitors together may ask once an hour at the operator's cost." in reply(app)
    assert len(fake.chats) == 1


def test_an_hour_later_it_may_be_used_again(open_app, at_home, fake, monkeypatch):
    at_home(SHARED_PAT_HOUR_LIMIT=1)
    app = open_app()
    fake.next(says("Hello"), says("Hello again"))
    assert "Hello" in reply(ask(app, "Hi"))
    assert "used up for now" in reply(ask(app, "Hi"))
    now = endpoints.time.monotonic()
    monkeypatch.setattr(endpoints.time, "monotonic", lambda: now + 3601)

    assert "Hello again" in reply(ask(app, "Hi"))


@pytest.mark.usefixtures("at_home")
def test_the_demo_answers_when_the_operators_credit_is_used_up(open_app, set_up, fake):
    set_up(SHARED_PAT_SESSION_LIMIT=0)
    app = ask(open_app(), "Hello")

    app.click(f"use_demo:{app.turns[0]['id']}")

    assert "Demo: scripted, not an LLM" in reply(app)
    assert fake.chats == []


@pytest.mark.usefixtures("at_home")
def test_a_visitors_own_token_wins(open_app, fake):
    fake.next(says("One"), says("Two"))
    app = type_token(open_app(), CANARY)
    ask(app, "Hi")
    assert "the credit of **ada**" in head(app)
    assert "operator" not in head(app)

    app.click("forget")
    ask(app, "Hi again")

    assert bearers(fake) == [CANARY, PAT]
    assert "paid by this app's operator" in head(app)


@pytest.mark.parametrize(
    ("session", "says_who_pays"),
    [
        ({}, "The Demo answers inside this app: free"),
        ({"chosen": DEFAULT_URL}, NEEDS_ONE),
        ({"chosen": DEFAULT_URL, "pat": CANARY}, "Replies are paid with the credit of your token."),
    ],
    ids=["demo", "no token", "token not verified"],
)
def test_the_sidebar_says_whose_credit_is_spent(open_app, session, says_who_pays):
    assert says_who_pays in head(open_app(**session))
