"""Who a visitor is: the id in the cookie, its hash, and which of them a session reads."""

import re
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat.history.owner import (
    COOKIE,
    KEPT_S,
    cookie,
    cookies_in,
    former_cookies,
    id_in,
    is_valid,
    new_id,
    owner_of,
    owner_of_account,
)
from clarifai_chat.serving.proxies import PROXY_USER
from components.state import owner as component

ID, OTHER = "0123456789abcdef" * 4, "f" * 64


def test_an_id_is_random_and_of_256_bits():
    ids = {new_id() for _ in range(100)}

    assert len(ids) == 100
    assert all(re.fullmatch(r"[0-9a-f]{64}", each) and is_valid(each) for each in ids)


@pytest.mark.parametrize("text", ["", ID[:-1], ID + "0", ID.upper(), ID + "\n", " " + ID, "g" * 64])
def test_text_of_another_form_is_not_an_id(text):
    assert not is_valid(text)


def test_the_owner_is_a_hash_from_which_the_id_does_not_follow():
    assert owner_of(ID) == "a8ae6e6ee929abea3afcfc5258c8ccd6f85273e0d4626d26c7279f3250f77c8e"
    assert owner_of(OTHER) != owner_of(ID)
    assert owner_of(owner_of(ID)) != owner_of(ID), "Who has read the hashes cannot come as one."


def test_an_account_is_identified_by_its_issuer_and_subject():
    accounts = [("https://a.test", "1"), ("https://b.test", "1"), ("https://a.test", "2")]
    accounts += [("https://a.test1", ""), ("", "https://a.test1")]

    owners = {owner_of_account(*account) for account in accounts}

    assert len(owners) == len(accounts)
    assert all(re.fullmatch(r"[0-9a-f]{64}", owner) for owner in owners)
    assert owner_of_account(*accounts[0]) == owner_of_account(*accounts[0])


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ([f"{COOKIE}={ID}"], ID),
        ([f"a=b; {COOKIE}={ID}; c=d"], ID),
        ([f"a=b;{COOKIE} = {ID} "], ID),
        ([f'{COOKIE}="{ID}"'], ID),
        (["a=b", f"{COOKIE}={ID}"], ID),
        ([f"{COOKIE}={OTHER}; {COOKIE}={ID}"], ID),
        ([f"{COOKIE}={ID}; {COOKIE}=broken"], None),
        ([f"x{COOKIE}={ID}; {COOKIE}x={ID}"], None),
        ([f"{COOKIE}"], None),
        ([f"{COOKIE}="], None),
        ([f"{COOKIE}={ID}x"], None),
        ([f"{COOKIE}={ID.upper()}"], None),
        ([";;;=;"], None),
        ([""], None),
        ([], None),
    ],
)
def test_the_id_is_found_in_the_cookies_of_a_request(headers, found):
    assert id_in(headers) == found


@given(st.lists(st.text(max_size=80) | st.just(f"{COOKIE}={ID}"), max_size=4))
def test_no_header_is_a_problem(headers):
    assert id_in(headers) in (ID, None)


def test_the_page_and_the_websocket_read_the_same_of_several():
    from starlette.requests import cookie_parser

    header = f"{COOKIE}={ID}; {COOKIE}={OTHER}"

    assert id_in([header]) == cookie_parser(header)[COOKIE] == OTHER


def test_the_cookie_is_for_this_site_alone_and_no_script_reads_it():
    attributes = f"Path=/; Max-Age={KEPT_S}; HttpOnly; SameSite=Lax"

    assert cookie(ID, secure=False) == f"{COOKIE}={ID}; {attributes}"
    assert cookie(ID, secure=True) == f"__Host-{COOKIE}={ID}; {attributes}; Secure"
    assert KEPT_S == 31_536_000


def test_under_a_path_the_cookie_has_the_name_that_a_browser_takes_there():
    made = cookie(ID, secure=True, path="/chat")

    assert made.startswith(f"__Secure-{COOKIE}={ID}; Path=/chat; ")
    assert made.endswith("; Secure")
    assert cookie(ID, secure=False, path="/chat").startswith(f"{COOKIE}={ID}; Path=/chat; ")


@pytest.mark.parametrize("strong", ["__Host-", "__Secure-"])
def test_a_name_that_nobody_can_plant_counts_before_the_others(strong):
    assert id_in([f"{strong}{COOKIE}={ID}; {COOKIE}={OTHER}"]) == ID
    assert id_in([f"{COOKIE}={OTHER}; {strong}{COOKIE}={ID}"]) == ID
    assert id_in([f"__Secure-{COOKIE}={OTHER}; __Host-{COOKIE}={ID}"]) == ID


def test_an_id_under_the_older_name_goes_on_under_the_new_one_and_the_old_one_ends():
    cookies = cookies_in([f"{COOKIE}={ID}"])

    (ended,) = former_cookies(cookies, secure=True)

    assert ended.startswith(f"{COOKIE}=; Path=/; Max-Age=0")
    assert former_cookies(cookies, secure=False) == []
    assert former_cookies({}, secure=True) == []


# --- What a session reads ---------------------------------------------------------------------


@pytest.fixture
def session(monkeypatch):
    """A session with these cookies and this account: `session(cookies, account)`."""

    def session(cookies=(), account=(), headers=None):
        streamlit = SimpleNamespace(
            context=SimpleNamespace(cookies=dict(cookies)),
            user=dict(account),
            get_option={"server.trustedUserHeaders": headers}.get,
        )
        monkeypatch.setattr(component, "st", streamlit)
        return component.visitor()

    return session


ACCOUNT = {"is_logged_in": True, "iss": "https://id.test", "sub": "42", "email": "ada@a.test"}


def test_a_session_reads_its_browsers_cookie_and_passes_on_its_hash(session):
    assert session({COOKIE: ID}) == owner_of(ID)
    assert session({COOKIE: ID}, {"is_logged_in": False}) == owner_of(ID)
    assert session({COOKIE: ID}, {"email": None}) == owner_of(ID)


@pytest.mark.parametrize("cookies", [{}, {COOKIE: ""}, {COOKIE: "guess"}, {"other": ID}])
def test_without_a_cookie_of_ours_there_is_no_visitor(session, cookies):
    assert session(cookies) is None


def test_one_who_signed_in_is_the_same_in_every_browser(session):
    owner = owner_of_account("https://id.test", "42")

    assert session({COOKIE: ID}, ACCOUNT) == session({COOKIE: OTHER}, ACCOUNT) == owner
    assert session({}, ACCOUNT) == owner
    assert session({}, ACCOUNT | {"email": "new@a.test"}) == owner


def test_two_accounts_in_one_browser_are_two_visitors(session):
    assert session({COOKIE: ID}, ACCOUNT) != session({COOKIE: ID}, ACCOUNT | {"sub": "43"})


@pytest.mark.parametrize("lost", ["iss", "sub"])
def test_an_ambiguous_account_is_not_a_visitor(session, lost):
    account = {name: value for name, value in ACCOUNT.items() if name != lost}

    assert session({COOKIE: ID}, account) is None


def test_whoever_a_proxy_has_signed_in_is_the_same_in_every_browser(session):
    by_proxy, ada = {"X-User": PROXY_USER}, {PROXY_USER: " ada "}

    owner = session({COOKIE: ID}, ada, by_proxy)

    assert owner == owner_of_account("proxy", "ada") == session({COOKIE: OTHER}, ada, by_proxy)
    assert session({}, ACCOUNT | ada, by_proxy) == owner
    assert session({}, {PROXY_USER: "grace"}, by_proxy) != owner
    assert session({COOKIE: ID}, {PROXY_USER: None}, by_proxy) == owner_of(ID)


def test_without_the_setting_no_claim_of_an_account_passes_for_a_proxys_word(session):
    account = ACCOUNT | {PROXY_USER: "ada"}

    assert session({COOKIE: ID}, account) == owner_of_account("https://id.test", "42")


def test_a_name_is_read_as_utf_8(session):
    sent = "zoë".encode().decode("latin-1")

    owner = session({}, {PROXY_USER: sent}, {"X-User": PROXY_USER})

    assert owner == session({}, {PROXY_USER: "zoë"}, {"X-User": PROXY_USER})


def test_outside_of_a_server_there_is_no_visitor():
    from streamlit.testing.v1 import AppTest

    def page():
        import streamlit as st

        from components.state.owner import visitor

        st.text(f"visitor: {visitor()}")

    app = AppTest.from_function(page).run()

    assert app.text[0].value == "visitor: None"
