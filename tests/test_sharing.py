"""Shared pages: who can read them, until when, and what is never on them."""

import asyncio
import re
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from streamlit.runtime.context import ContextProxy

from clarifai_chat import checkup
from clarifai_chat.chat.chats import add, new_chat, path
from clarifai_chat.config import settings
from clarifai_chat.history import database, saving
from clarifai_chat.history.owner import COOKIE, new_id, owner_of
from clarifai_chat.history.store import shared, tables
from clarifai_chat.serving import shared_pages
from clarifai_chat.serving.base_path import BasePath
from clarifai_chat.serving.pages import ConnectionScript, VisitorCookie
from clarifai_chat.serving.short_pages import ShortPages
from clarifai_chat.transfer import sharing
from clarifai_chat.transfer.exports import to_copy
from clarifai_chat.transfer.sharing import NotShared
from server import SecurityHeaders
from tests.canary import CANARY, assert_no_canary
from tests.conftest import MODEL
from tests.fake_clarifai import says
from tests.pages import ask, page, questions
from tests.some_chats import PNG, turn
from tests.test_compare_page import ask as ask_all
from tests.test_run_report import run_of
from tests.test_server import HTML
from tests.test_store import ADA, BOB, age

DAY_S = 24 * 3600
SECRET_HEX = "b0b0b0b0c1c1c1c1d2d2d2d2e3e3e3e3"


@pytest.fixture(autouse=True)
def switched_on(set_up, tmp_path):
    set_up(SHARING="true", DATABASE_URL=f"sqlite:///{tmp_path / 'history.db'}")
    saving.forget_store()
    yield
    saving.forget_store()


def a_chat(*prompts, **fields):
    chat = unsaved(*prompts, **fields)
    saving.save(ADA, chat)
    return chat


def unsaved(*prompts, answer="Yes."):
    chat, before = new_chat(), None
    for prompt in prompts:
        each = turn(prompt, answer)
        add(chat, each, before)
        before = each
    return chat


def share(chat, life_s=DAY_S, secret="", owner=ADA):
    return sharing.share_chat(owner, chat, life_s, secret=secret)


def get(path, method="GET", **headers):
    """A page as a browser gets it, behind what the server adds."""
    middleware = [BasePath, SecurityHeaders, VisitorCookie, ConnectionScript, ShortPages]
    routes = shared_pages.routes(settings().base_path)
    app = Starlette(routes=routes, middleware=[Middleware(each) for each in middleware])

    async def get():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://chat.test") as browser:
            return await browser.request(method, path, headers={**HTML, **headers})

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, get()).result()


# --- Reading --------------------------------------------------------------------------------------


def test_whoever_has_the_link_reads_what_there_was_without_cookie_and_script():
    chat = a_chat("Where is the Louvre?", answer="In Paris.")
    link = share(chat)
    add(chat, turn("A later question", "A later answer"), path(chat)[-1])
    saving.save(ADA, chat)

    found = get(f"/shared/{link.id}", cookie=f"{COOKIE}={new_id()}")

    assert found.status_code == 200
    assert "In Paris." in found.text
    assert "later question" not in found.text
    assert f'href="../?copy={link.id}"' in found.text
    assert "<script" not in found.text
    assert "set-cookie" not in found.headers
    headers = {name: found.headers[name] for name in ("x-robots-tag", "cache-control")}
    assert headers == {"x-robots-tag": "noindex, nofollow, noarchive", "cache-control": "no-store"}
    assert found.headers["referrer-policy"] == "no-referrer"
    (policy,) = found.headers.get_list("content-security-policy")
    assert policy.startswith("default-src 'none';")
    assert "frame-ancestors 'none'" in policy
    assert len(link.id) == 22  # 128 bits, in base 64


def test_a_link_works_below_a_base_path_whether_a_proxy_keeps_it_or_not(set_up):
    set_up(BASE_PATH="/chat")
    link = share(a_chat("Hi"))

    for path_ in (f"/chat/shared/{link.id}", f"/shared/{link.id}"):
        assert get(path_).status_code == 200


def is_there(link):
    return get(f"/shared/{link.id}").status_code == 200


def assert_gone(link):
    answer = get(f"/shared/{link.id}")

    assert answer.status_code == 404
    assert "There is no shared page here" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    with pytest.raises(NotShared, match="expired, or it was revoked"):
        sharing.copy_of(link.id)


@pytest.mark.parametrize("id", ["x", "../healthz", "%00", "A" * 22, "A" * 4000])
def test_other_addresses_are_404(id):
    assert get(f"/shared/{id}").status_code == 404


def test_a_revoked_page_is_gone_at_once_and_only_for_its_owner_to_revoke():
    link, other = share(a_chat("One")), share(a_chat("Two"))
    sharing.revoke(BOB, link.id)
    assert is_there(link)

    sharing.revoke(ADA, link.id)

    assert_gone(link)
    assert is_there(other)
    assert [each.id for each in sharing.listing(ADA)] == [other.id]
    assert sharing.listing(BOB) == []


@pytest.mark.parametrize(
    "act",
    [
        lambda chat: saving.delete(ADA, chat["id"]),
        lambda chat: saving.delete(ADA, chat["id"]) and saving.undelete(ADA, chat["id"]),
        lambda chat: database.attempt(lambda store: store.purge(ADA, chat["id"])),
        lambda chat: saving.delete_everything(ADA),
    ],
)
def test_what_is_deleted_is_not_shared_any_more(act):
    chat = a_chat("One")
    link, of_bob = share(chat), share(a_chat("Two"), owner=BOB)

    act(chat)

    assert_gone(link)
    assert is_there(of_bob)


def test_a_page_expires_and_its_row_goes_when_the_app_cleans_up():
    link = share(a_chat("Hi"))
    store = database.opened()
    age(store, 1, tables.shared_pages, "expires_at", id=link.id)

    assert_gone(link)
    assert sharing.listing(ADA) == []
    assert store.overview.counts().shared_pages == 1
    store.expire()  # the first look only notes the clock
    age(store, 1, tables.clock, "trusted_from")
    store.expire()
    assert store.overview.counts().shared_pages == 0


def test_no_link_outlives_the_operators_retention(set_up):
    set_up(HISTORY_DAYS=1)

    link = share(a_chat("Hi"), 30 * DAY_S)

    assert link.expires_at == pytest.approx(time.time() + DAY_S, abs=60)


@pytest.mark.parametrize("off", [{"SHARING": "false"}, {"HISTORY": "false"}])
def test_the_operator_can_switch_it_off_for_links_that_there_are(set_up, off):
    link = share(a_chat("Hi"))
    set_up(**off)

    assert_gone(link)
    with pytest.raises(NotShared, match="switched off"):
        share(a_chat("Hi"))
    needs = [said for said in checkup.problems() if "SHARING needs HISTORY" in said]
    assert bool(needs) == ("HISTORY" in off)


def test_a_database_that_fails_is_503_not_404(monkeypatch):
    link = share(a_chat("Hi"))
    monkeypatch.setattr(database, "attempt", lambda action: (None, "It fails."))

    answer = get(f"/shared/{link.id}")

    assert answer.status_code == 503
    assert "Try again in a minute" in answer.text


# --- Sharing --------------------------------------------------------------------------------------


def test_no_token_is_on_a_page_or_in_its_copy(set_up):
    set_up(CLARIFAI_PAT=SECRET_HEX, ALLOW_SHARED_PAT="true")
    hidden = f"{CANARY} and {SECRET_HEX}"
    chat = unsaved(f"My token is {hidden}", answer=f"You said {hidden}.")
    chat["title"], chat["settings"]["system"] = f"About {hidden}", f"Know {hidden}"
    run = run_of(system=hidden)
    run["turn"] |= {"ended_at": 1.0, "asked_at": 0.5, "prompt": hidden}

    links = [
        share(chat, secret=CANARY),
        sharing.share_comparison(ADA, [chat, chat], DAY_S, secret=CANARY, app="https://a.test/"),
        sharing.share_run(ADA, run, DAY_S, secret=CANARY, app="https://a.test/"),
    ]

    for link in links:
        copy = database.opened().shared.copy(link.id)
        for text in (sharing.html_of(link.id), link.title, copy):
            assert_no_canary("a shared page", text)
            assert SECRET_HEX not in text
    assert "[access token]" in sharing.html_of(links[0].id)


def test_a_copy_has_what_the_page_shows_and_no_more():
    chat = a_chat("First", "Second")
    first, second = chat["turns"]
    unseen = turn("Another branch", "Unseen answer")
    add(chat, unseen, first)
    chat["leaf"] = second["id"]
    second["earlier"] = [{**turn("Second", "An earlier answer"), "ending": "stop"}]
    second["feedback"] = "down"
    files = [("cat.png", "image", "image/png"), ("secret.txt", "text", "text/plain")]
    second["attachments"] = [
        {"id": str(n), "name": name, "kind": kind, "mime": mime, "size": 9, "sha256": ""}
        | {"tokens": None}
        for n, (name, kind, mime) in enumerate(files)
    ]

    copy = to_copy(chat, secret="", contents={"0": PNG, "1": b"What only its reader knows"})

    for gone in ("Another branch", "Unseen answer", "An earlier answer", '"feedback"'):
        assert gone not in copy
    assert re.findall(r'"prompt": "(\w+)"', copy) == ["First", "Second"]
    assert copy.count('"contents"') == 1
    assert "secret.txt" in copy
    assert "V2hhdCBvbmx5" not in copy  # base64 of the text


def test_what_cannot_be_shared_is_refused_in_a_sentence(monkeypatch):
    with pytest.raises(NotShared, match="nothing to share yet"):
        share(new_chat())
    running = a_chat("Hi")
    running["turns"][0] |= {"ended_at": None, "ending": ""}
    with pytest.raises(NotShared, match="still arriving"):
        share(running)
    with monkeypatch.context() as patch:
        patch.setattr(sharing, "MAX_BYTES", 1000)
        with pytest.raises(NotShared, match=r"at most 1 kB can be shared\. Export"):
            share(a_chat("Hi"))
    monkeypatch.setattr(shared, "MOST", 2)
    for _ in range(2):
        share(a_chat("Hi"))
    with pytest.raises(NotShared, match=r"2 pages already, .* Revoke one first"):
        share(a_chat("Hi"))
    share(a_chat("Hi"), owner=BOB)


# --- On the page ----------------------------------------------------------------------------------


@pytest.fixture
def cookies(monkeypatch):
    found = {COOKIE: new_id()}
    monkeypatch.setattr(ContextProxy, "cookies", property(lambda context: found))
    return found


def test_a_visitor_shares_sees_the_link_and_revokes_it(open_app, fake, cookies):
    fake.next(says("In Paris."))
    app = ask(open_app(pat=CANARY, chosen=MODEL), "Where is the Louvre?")
    app.click("share:chat")
    app.selectbox(key="share_for").set_value("1 hour").run()

    app.click("make_link")

    (link,) = sharing.listing(owner_of(cookies[COOKIE]))
    assert f"shared/{link.id}" in app.get("code")[0].value
    assert f"QR code of the shared page: {app.get('code')[0].value}" in page(app)
    assert link.expires_at == pytest.approx(time.time() + 3600, abs=60)
    assert_no_canary("the page", sharing.html_of(link.id))

    app.click(f"revoke:{link.id}")

    assert sharing.listing(owner_of(cookies[COOKIE])) == []
    assert "Revoke" not in page(app)


def test_continue_as_my_copy_makes_a_conversation_of_the_reader_and_sends_nothing(
    open_app, fake, cookies
):
    chat = a_chat("Where is the Louvre?", answer="In Paris.")
    chat["settings"]["system"] = "Be brief."
    link = share(chat)

    app = open_app(query={"copy": link.id})

    assert questions(app) == ["Where is the Louvre?"]
    assert "In Paris." in page(app)
    assert "This link set a system prompt" in page(app)
    assert fake.chats == []
    (mine,) = saving.every_chat(owner_of(cookies[COOKIE]))
    assert mine["id"] != chat["id"]
    assert app.query_params.get("copy") is None
    assert app.query_params["chat"] == mine["id"]
    assert saving.load(ADA, chat["id"])["turns"] == chat["turns"]


def test_a_copy_of_what_was_revoked_says_so(open_app, cookies):
    app = open_app(query={"copy": "A" * 22})

    assert "expired, or it was revoked" in app.toast[0].value
    assert app.query_params.get("copy") is None


@pytest.mark.parametrize(
    ("state", "why"),
    [({"is_temporary": True}, "Temporary chat"), ({}, "sent no cookie")],
)
def test_what_is_not_saved_is_not_shared(open_app, request, state, why):
    if state:
        request.getfixturevalue("cookies")
    app = open_app(turns=[turn("Hi", "Hello")], **state)

    app.click("share:chat")

    assert why in app.info[-1].value
    assert "make_link" not in [button.key for button in app.button]


def test_a_comparison_is_shared_after_the_vote(open_app, cookies):
    app = ask_all(open_app("pages/compare.py"), "Hi")
    app.click("share:comparison").click("make_link")

    (link,) = sharing.listing(owner_of(cookies[COOKIE]))
    assert (link.kind, link.title) == ("comparison", "Hi")

    app.session_state["session.is_blind"] = True
    app.run()
    assert app.button(key="share:comparison").disabled


def test_nothing_is_offered_where_it_is_off(open_app, set_up, cookies):
    set_up(SHARING="false")

    app = open_app(turns=[turn("Hi", "Hello")])

    assert not app.has("share:chat")
