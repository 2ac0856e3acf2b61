"""Saved conversations on the page: the list beside the chat, its menu, the address."""

import json
import time

import pytest
from streamlit.runtime.context import ContextProxy

from clarifai_chat.catalog import DEMO
from clarifai_chat.chat import chats, replies
from clarifai_chat.chat.turn import INTERRUPTED, apply, end, new_turn
from clarifai_chat.events import TextDelta
from clarifai_chat.history import database, keeper, saving
from clarifai_chat.history.owner import COOKIE, new_id, owner_of
from clarifai_chat.history.store import open_store
from clarifai_chat.transfer.exports import to_json
from tests.canary import CANARY, assert_no_canary
from tests.fake_clarifai import says
from tests.pages import (
    Gate,
    act,
    ask,
    grouped,
    listed,
    marked,
    open_listed,
    page,
    questions,
    reply,
    send_act,
    sidebar,
    snippets,
)
from tests.patience import until

MODEL = {"url": "https://clarifai.com/a/b/models/c", "name": "C"}
MODEL |= {"input_price": None, "output_price": None}


@pytest.fixture
def come_as(monkeypatch):
    """`come_as(visitor)` sets whose browser opens pages from now on; None has no cookies."""
    cookies = {}
    monkeypatch.setattr(ContextProxy, "cookies", property(lambda context: cookies))

    def come_as(visitor):
        cookies.clear()
        if visitor:
            cookies[COOKIE] = visitor

    return come_as


@pytest.fixture
def ada(come_as):
    """Return the visitor whose browser is used at first."""
    visitor = new_id()
    come_as(visitor)
    return visitor


@pytest.fixture(autouse=True)
def kept(ada, tmp_path, set_up, monkeypatch):
    """Return the database, read as another process would."""
    address = f"sqlite:///{tmp_path / 'history.db'}"
    set_up(DATABASE_URL=address)
    monkeypatch.setattr(keeper, "EVERY_S", 0.01)
    monkeypatch.setattr(database, "RETRY_S", 0.0)
    saving.forget_store()
    store = open_store(address)
    yield store
    store.close()
    for handle in list(replies._replies.values()):
        handle.stop()
    saving.forget_store()


@pytest.fixture
def keep(kept, ada):
    """Save conversations for Ada, one for each question, the last being the newest."""

    def keep(*prompts, answer="Yes.", is_over=True):
        made = []
        for prompt in prompts:
            chat, turn = chats.new_chat(), new_turn(prompt, MODEL)
            turn["asked_at"] = 1.0
            apply(turn, TextDelta(answer), 0.1)
            if is_over:
                end(turn, "stop", 0.2)
            chats.add(chat, turn, None)
            kept.save_chat(owner_of(ada), chat)
            made.append(chat)
        return made

    return keep


def address(app):
    found = app.query_params.get("chat", "")
    return found if isinstance(found, str) else found[0]


def toasts(app):
    return [toast.value for toast in app.toast]


def open_menu(app):
    return app.open("chat_menu")


def import_file(app, data, name="file.json"):
    uploader = app.get("file_uploader")[0]
    uploader.upload(name, data, "application/json")
    return app.run()


# --- The list -----------------------------------------------------------------------------------


def test_what_was_asked_is_listed_by_its_first_words(open_app, fake, kept, ada):
    app = open_app(pat=CANARY)
    assert not app.has("chats")
    assert address(app) == ""
    fake.next(says("Paris."))

    ask(app, "**What** is the capital of France?")

    app.run()
    assert listed(app) == ["What is the capital of France?"]
    assert marked(app) == "What is the capital of France?"
    (chat,) = kept.chats(owner_of(ada))
    assert address(app) == chat["id"]
    until(lambda: kept.load(owner_of(ada), chat["id"])["turns"] == app.turns)


def test_an_older_conversation_can_be_opened_and_continued(open_app, fake, keep):
    keep("First?", "Second?")
    app = open_app(pat=CANARY)
    assert listed(app) == ["Second?", "First?"]
    assert marked(app) is None
    fake.next(says("Still yes."))

    open_listed(app, "First?")
    assert questions(app) == ["First?"]
    assert "Yes." in reply(app)
    assert marked(app) == "First?"
    app.session_state["session.chosen"] = ""
    ask(app, "Sure?")

    assert [m["content"] for m in fake.chats[0].body["messages"]] == ["First?", "Yes.", "Sure?"]
    assert listed(app) == ["First?", "Second?"]
    open_listed(app, "Second?")
    assert questions(app) == ["Second?"]
    open_listed(app, "First?")
    assert questions(app) == ["First?", "Sure?"]


def test_a_new_chat_leaves_the_old_one_in_the_list(open_app, fake):
    fake.next(says("Hello"))
    app = ask(open_app(pat=CANARY), "Hi there")

    app.click("new_chat")

    assert questions(app) == []
    assert address(app) == ""
    assert listed(app) == ["Hi there"]
    assert marked(app) is None


def test_conversations_with_the_same_title_are_told_apart(open_app, keep):
    made = keep("Hi", "Hi", "Hi (2)", "Hi", answer="Hello")
    app = open_app()
    assert len(listed(app)) == 4

    for chat in made:
        act(app, "open", chat["id"])
        assert app.session_state["session.chat"]["id"] == chat["id"]


def test_a_title_is_not_markdown(open_app, keep):
    keep("Is 2 * 3 $6 or <b> and `c`?")
    (label,) = listed(open_app())
    assert label == "Is 2 * 3 $6 or <b> and c?"


def test_a_long_list_shows_its_first_entries_and_the_rest_on_request(open_app, keep):
    keep(*(f"Question {n}?" for n in range(35)))
    app = open_app()
    assert len(listed(app)) == 30

    app.click("more_chats")

    assert len(listed(app)) == 35
    assert not app.has("more_chats")


def test_a_search_finds_text_in_answers_and_shows_where(open_app, keep):
    keep(*(f"Question {n}?" for n in range(9)))
    keep("And this?", answer="The zebra is striped.")
    app = open_app()

    app.text_input(key="search_chats").set_value("ZEBRA").run()

    assert listed(app) == ["And this?"]
    (snippet,) = snippets(app)
    assert "The zebra is striped" in snippet
    open_listed(app, "And this?")
    assert questions(app) == ["And this?"]
    app.text_input(key="search_chats").set_value("no such animal").run()
    assert "Nothing found." in sidebar(app)
    app.text_input(key="search_chats").set_value("").run()
    assert len(listed(app)) == 10


def test_there_is_a_search_once_there_is_something_to_find(open_app, keep):
    assert not open_app().has("search_chats")
    keep("One?")
    assert open_app().has("search_chats")


def test_conversations_are_grouped_by_time(open_app, keep, kept, ada):
    pinned, *others = keep("Pinned?", "May?", "Week?", "Yesterday?", "Now?")
    kept.save_chat(owner_of(ada), {**pinned, "pinned": True, "revision": 1})
    day = 24 * 3600
    for chat, days in zip(others, (400, 5, 1, 0), strict=True):
        chat["updated_at"] = time.time() - days * day
        kept.save_chat(owner_of(ada), {**chat, "revision": 1})

    found = grouped(open_app())

    assert [*found][:4] == ["Pinned", "Today", "Yesterday", "Previous 7 days"]
    assert [*found.values()] == [["Pinned?"], ["Now?"], ["Yesterday?"], ["Week?"], ["May?"]]


@pytest.mark.parametrize("name", ["pages/models.py", "pages/tool_playground.py", "pages/help.py"])
def test_a_click_in_the_list_of_another_page_opens_the_chat_page(open_app, keep, name):
    keep("One?", "Two?")
    app = open_listed(open_app(name), "One?")
    assert questions(app) == ["One?"]

    app.switch_page(name).run()
    assert marked(app) == "One?"
    app.click("new_chat")
    assert app.has("prompt")
    assert questions(app) == []


def test_a_conversation_that_another_tab_deleted_is_not_opened(open_app, keep, kept, ada):
    (chat,) = keep("One?")
    app = open_app()
    kept.delete(owner_of(ada), chat["id"])

    act(app, "open", chat["id"])

    assert toasts(app) == ["This conversation was deleted in another tab."]
    assert questions(app) == []
    assert listed(app) == []


# --- The menu -----------------------------------------------------------------------------------


@pytest.mark.parametrize("is_open", [True, False])
def test_a_conversation_can_be_renamed(open_app, keep, kept, ada, is_open):
    (chat,) = keep("First words?")
    app = open_app(query={"chat": chat["id"]} if is_open else {})

    act(app, "rename", chat["id"], title="  My *title* ")
    assert listed(app) == ["My *title*"]
    assert marked(app) == ("My *title*" if is_open else None)
    assert kept.load(owner_of(ada), chat["id"])["title"] == "My *title*"

    act(app, "rename", chat["id"], title="")
    assert listed(app) == ["First words?"]


@pytest.mark.parametrize("is_open", [True, False])
def test_a_pinned_conversation_stays_on_top(open_app, keep, is_open):
    first, _ = keep("First?", "Second?")
    app = open_app(query={"chat": first["id"]} if is_open else {})

    act(app, "pin", first["id"])
    assert next(iter(grouped(app).items())) == ("Pinned", ["First?"])
    assert listed(app) == ["First?", "Second?"]
    assert marked(app) == ("First?" if is_open else None)

    act(app, "pin", first["id"])
    assert listed(app) == ["Second?", "First?"]


def test_another_conversation_can_be_deleted_and_restored(open_app, keep):
    first, second = keep("First?", "Second?")
    app = open_app(query={"chat": second["id"]})

    act(app, "delete", first["id"])
    assert questions(app) == ["Second?"]
    assert listed(app) == ["Second?"]

    app.click("undo_delete")
    assert questions(app) == ["First?"]
    assert listed(app) == ["Second?", "First?"]


@pytest.mark.parametrize("asked", [{}, {"act": "open"}, {"act": "x", "id": "y"}, "open", None])
def test_what_no_list_sends_changes_nothing(open_app, keep, asked):
    keep("First?")
    app = open_app()

    send_act(app, asked)

    assert listed(app) == ["First?"]
    assert toasts(app) == []


def test_a_deleted_conversation_can_be_restored(open_app, keep):
    first, _ = keep("First?", "Second?")
    app = open_app(query={"chat": first["id"]})

    act(app, "delete", first["id"])
    assert questions(app) == []
    assert listed(app) == ["Second?"]
    assert address(app) == ""

    app.click("undo_delete")
    assert questions(app) == ["First?"]
    assert listed(app) == ["Second?", "First?"]
    assert not app.has("undo_delete")
    assert address(app) == first["id"]


def test_undo_disappears_after_the_next_question(open_app, keep, fake):
    first, second, _ = keep("First?", "Second?", "Third?")
    app = open_app(query={"chat": first["id"]})
    act(app, "delete", first["id"])
    assert app.has("undo_delete")
    open_listed(app, "Third?")
    assert not app.has("undo_delete")

    open_listed(app, "Second?")
    act(app, "delete", second["id"])
    fake.next(says("Hello"))
    app.session_state["session.chosen"] = ""
    ask(app, "Something new")
    assert not app.has("undo_delete")
    app.click("new_chat")
    assert not app.has("undo_delete")


def test_deleting_a_conversation_ends_its_reply(open_app, fake, at_a_glance):
    gate = Gate()
    fake.next(gate)
    app = ask(open_app(pat=CANARY), "Go on")
    (turn,) = app.turns
    until(lambda: turn["replies"])

    act(app.run(), "delete", app.session_state["session.chat"]["id"])

    assert replies.get(turn) is None
    assert fake.was_left()
    app.click("undo_delete")
    assert "Half an" in reply(app)
    assert "Stopped" in reply(app)


def test_a_temporary_chat_is_not_saved(open_app, fake, kept, ada, keep):
    keep("Kept?")
    app = open_menu(open_app(pat=CANARY))
    fake.next(says("Psst."))
    app.toggle(key="temporary").set_value(True).run()
    assert "Temporary chat: nothing is saved." in sidebar(app)

    ask(app, "Secret?")

    assert "Psst." in reply(app)
    assert [chat["title"] for chat in kept.chats(owner_of(ada))] == ["Kept?"]
    assert not keeper._state.followed
    assert address(app) == ""
    assert listed(app) == ["Kept?"]

    app.click("new_chat")
    assert "Temporary chat: nothing is saved" not in sidebar(app)
    assert not app.toggle(key="temporary").value
    ask(app, "Open?")
    assert listed(app) == ["Open?", "Kept?"]


def test_a_conversation_opened_after_a_temporary_chat_is_saved_again(
    open_app, fake, keep, kept, ada
):
    (chat,) = keep("Kept?")
    app = open_menu(open_app(pat=CANARY))
    app.toggle(key="temporary").set_value(True).run()

    open_listed(app, "Kept?")
    ask(app, "And this?")

    assert len(kept.load(owner_of(ada), chat["id"])["turns"]) == 2


def test_a_visitor_can_delete_everything(open_app, keep, kept, ada, come_as):
    first, *_ = keep("First?", "Second?")
    other = new_id()
    kept.save_chat(owner_of(other), chats.new_chat())
    app = open_menu(open_app(query={"chat": first["id"]}))
    assert not app.has("delete_everything")

    app.toggle(key="all_chats").set_value(True).run()
    assert app.button(key="delete_everything").disabled
    app.checkbox(key="delete_sure").check().run()
    app.click("delete_everything")

    assert questions(app) == []
    assert listed(app) == []
    assert not app.has("undo_delete")
    assert address(app) == ""
    assert list(kept.chats(owner_of(ada))) == []
    assert len(list(kept.chats(owner_of(other)))) == 1


# --- Files --------------------------------------------------------------------------------------


def test_conversations_are_exported_without_the_token(open_app, keep, downloads):
    keep("Second?", answer=f"You sent {CANARY}, didn't you?")
    (first,) = keep("First?")
    app = open_menu(open_app(pat=CANARY, query={"chat": first["id"]}))
    app.toggle(key="all_chats").set_value(True).run()

    for kind in ("json", "md", "html"):
        for which in ("one", "all"):
            text = downloads(f"export:{which}:{kind}")
            assert_no_canary("an export", text)
            assert "First?" in text
            assert ("Second?" in text) == ("You sent" in text) == (which == "all")
    assert [button.label for button in app.get("download_button")] == ["JSON", "MD", "HTML"] * 2


def test_our_own_export_is_imported_under_a_new_id(open_app, keep, downloads):
    (chat,) = keep("First?")
    app = open_menu(open_app(query={"chat": chat["id"]}))
    data = downloads("export:one:json").encode()

    import_file(app, data)

    assert listed(app) == ["First?", "First?"]
    assert questions(app) == ["First?"]
    assert app.session_state["session.chat"]["id"] != chat["id"]
    assert address(app) == app.session_state["session.chat"]["id"]


def test_attachments_are_exported_and_imported(open_app, keep, downloads):
    (chat,) = keep("First?")
    about = {"id": "f" * 32, "name": "a.txt", "kind": "text", "mime": "text/plain"}
    about |= {"size": 5, "tokens": 1, "sha256": ""}
    chat["turns"][0]["attachments"] = [about]
    data = to_json([chat], secret="", contents={about["id"]: b"Notes"})

    app = import_file(open_menu(open_app()), data.encode())

    again = json.loads(downloads("export:one:json"))
    assert list(again["contents"].values()) == list(json.loads(data)["contents"].values())
    assert "a.txt" in downloads("export:one:html")
    assert app.turns[0]["attachments"][0]["id"] in again["contents"]


def test_openai_messages_are_imported_as_a_conversation(open_app, fake):
    messages = [
        {"role": "user", "content": "Hello?"},
        {"role": "assistant", "content": "Here I am."},
    ]

    app = import_file(open_menu(open_app(pat=CANARY)), json.dumps(messages).encode())

    assert questions(app) == ["Hello?"]
    assert "Here I am." in reply(app)
    assert listed(app) == ["Hello?"]
    assert fake.chats == []


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"a": 1}', b"\xff\xfe\x00"])
def test_a_file_without_conversations_is_refused_with_a_message(open_app, data):
    app = import_file(open_menu(open_app()), data)

    (toast,) = toasts(app)
    assert toast.startswith(("The file", "There is no conversation"))
    assert listed(app) == []


def test_a_message_says_what_an_import_left_out(open_app):
    content = ["Hello?", {"type": "hologram"}, {"type": "file", "file": {"filename": "a.pdf"}}]
    messages = [{"role": "user", "content": content}, {"role": "wizard", "content": "Hm."}]
    messages += [{"role": "assistant", "tool_calls": [5]}]

    app = import_file(open_menu(open_app()), json.dumps(messages).encode())

    shown = " ".join(toasts(app))
    for what in ("neither text, picture", "content of a file", "a known role", "invalid tool"):
        assert what in shown
    assert questions(app) == ["Hello?\n\n[File: a.pdf]"]


# --- The address --------------------------------------------------------------------------------


def test_an_address_opens_a_conversation(open_app, keep):
    first, _ = keep("First?", "Second?")

    app = open_app(query={"chat": first["id"]})

    assert questions(app) == ["First?"]
    assert marked(app) == "First?"
    assert toasts(app) == []


def test_an_address_changed_by_hand_opens_the_other_conversation(open_app, keep):
    first, second = keep("First?", "Second?")
    app = open_app(query={"chat": first["id"]})

    app.query_params["chat"] = second["id"]
    app.run()

    assert questions(app) == ["Second?"]


@pytest.mark.parametrize("asked", ["unknown", "a\x00b", "x" * 10_000])
def test_an_unknown_conversation_in_the_address_is_reported(open_app, asked):
    app = open_app(query={"chat": asked})

    assert len(toasts(app)) == 1
    assert "not one of yours, or was deleted" in toasts(app)[0]
    assert address(app) == ""
    app.run()
    assert toasts(app) == []


def test_another_visitors_conversation_does_not_open(open_app, keep, come_as):
    (chat,) = keep("Private?", answer="Very.")
    come_as(new_id())

    app = open_app(query={"chat": chat["id"]})

    assert "not one of yours" in toasts(app)[0]
    assert questions(app) == []
    assert listed(app) == []
    assert "Private" not in page(app)


def test_a_second_tab_sees_the_list_and_another_visitor_does_not(open_app, fake, ada, come_as):
    fake.next(says("Hello"))
    ask(open_app(pat=CANARY), "Hi there")

    assert listed(open_app()) == ["Hi there"]
    come_as(new_id())
    assert listed(open_app()) == []
    come_as(ada)
    assert listed(open_app()) == ["Hi there"]


def test_two_tabs_with_the_same_conversation_lose_nothing(open_app, fake, keep):
    (chat,) = keep("One?")
    here = open_app(pat=CANARY, query={"chat": chat["id"]}, chosen="")
    there = open_app(pat=CANARY, query={"chat": chat["id"]})
    for app, prompt in ((here, "Here?"), (there, "There?")):
        app.session_state["session.chosen"] = ""
        ask(app, prompt)
        assert questions(app) == ["One?", prompt]

    prompts = [turn["prompt"] for turn in there.session_state["session.chat"]["turns"]]
    assert sorted(prompts) == ["Here?", "One?", "There?"]
    assert len(fake.chats) == 2


# --- Reload and restart -------------------------------------------------------------------------


def test_a_reload_during_an_answer_watches_the_reply_and_sends_nothing_twice(
    open_app, fake, at_a_glance
):
    gate = Gate()
    fake.next(gate)
    before = ask(open_app(pat=CANARY), "Go on")
    until(lambda: before.turns[0]["replies"])

    after = open_app(query={"chat": address(before)})

    assert "Half an" in reply(after)
    assert after.has("stop")
    assert after.turns[0] is before.turns[0]
    gate.open()
    until(lambda: replies.get(after.turns[0]) is None)
    after.run()
    assert "Half an answer." in reply(after)
    assert "Interrupted" not in reply(after)
    assert not after.has("stop")
    assert len(fake.chats) == 1
    assert "Half an answer." in reply(open_app(query={"chat": address(before)}))


def test_a_turn_from_a_killed_process_is_interrupted_and_can_be_continued(open_app, fake, keep):
    (chat,) = keep("Go on", answer="The first half", is_over=False)
    app = open_app(pat=CANARY, query={"chat": chat["id"]})
    assert "The first half" in reply(app)
    assert "Interrupted" in reply(app)
    assert app.turns[0]["ending"] == INTERRUPTED
    assert fake.chats == []
    fake.next(says(", and the second."))

    app.click(f"resume:{chat['turns'][0]['id']}")

    assert "The first half, and the second." in reply(app)
    until(lambda: not keeper._state.followed)
    again = open_app(query={"chat": chat["id"]})
    assert "The first half, and the second." in reply(again)


# --- Where nothing is kept ----------------------------------------------------------------------


def test_without_a_cookie_the_page_says_so_and_saves_nothing(open_app, fake, come_as, keep):
    (chat,) = keep("One?")
    come_as(None)
    fake.next(says("Hello"))

    app = ask(open_app(pat=CANARY, query={"chat": chat["id"]}), "Hi")

    assert "Hello" in reply(app)
    assert (
        "This browser sent no cookie, so conversations are not saved: a reload deletes them."
        in sidebar(app)
    )
    assert not app.has("chats")
    assert not app.has("chat_menu")
    assert database._state.store is None
    assert not keeper._state.followed


def test_without_history_the_page_says_so_and_saves_nothing(open_app, fake, set_up, kept, ada):
    set_up(HISTORY="false")
    fake.next(says("Hello"))

    app = ask(open_app(pat=CANARY), "Hi")

    assert "Hello" in reply(app)
    assert "Conversations are not saved here: a reload deletes them." in sidebar(app)
    assert list(kept.chats(owner_of(ada))) == []
    app.click("new_chat")
    assert not app.has("chats")


@pytest.fixture
def no_store(set_up, tmp_path):
    """Make the database impossible to open; return a function that repairs it."""
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    set_up(DATABASE_URL=f"sqlite:///{blocked / 'history.db'}")
    saving.forget_store()
    return blocked.unlink


def test_a_database_failure_is_reported_and_the_chat_still_works(open_app, fake, no_store):
    app = open_app(pat=CANARY)
    fake.next(says("Hello"), says("Hello again"))

    ask(app, "Hi")
    ask(app, "And you?")

    assert questions(app) == ["Hi", "And you?"]
    assert "The database of conversations cannot be written." in sidebar(app)
    assert address(app) == ""

    no_store()
    until(lambda: not saving.trouble(app.session_state["session.chat"]))
    app.run()
    assert "cannot be written" not in sidebar(app)
    assert listed(app) == ["Hi"]
    assert address(app) == app.session_state["session.chat"]["id"]


def test_the_address_is_kept_while_the_database_cannot_be_read(open_app, no_store, kept, ada):
    chat = chats.new_chat()
    app = open_app(query={"chat": chat["id"]})
    assert "cannot be written" in sidebar(app)
    assert toasts(app) == []
    assert address(app) == chat["id"]

    no_store()
    turn = new_turn("One?", MODEL)
    end(turn, "stop", 0.1)
    chats.add(chat, turn, None)
    saving.save(owner_of(ada), chat)
    app.run()

    assert questions(app) == ["One?"]


def test_an_import_that_cannot_be_saved_is_reported(open_app, monkeypatch, keep):
    app = open_menu(open_app())
    data = to_json([chats.new_chat(), chats.new_chat()], secret="").encode()
    monkeypatch.setattr(saving, "save", lambda *_: False)

    import_file(app, data)

    assert any(toast.startswith("0 of 2 conversations were imported.") for toast in toasts(app))


@pytest.mark.parametrize("write", [str, str.upper], ids=["as it is", "in upper case"])
def test_a_conversation_that_contains_the_token_is_not_saved(open_app, kept, ada, write):
    token = "f00d" * 8  # a token of no account, so the page may show it
    app = ask(open_app(pat=token, chosen=DEMO.url), f"My token is {write(token)}, is that fine?")

    assert "This conversation contains your access token" in sidebar(app)
    assert reply(app)
    assert not list(kept.chats(owner_of(ada)))
    assert not keeper._state.followed

    app.click("forget")
    ask(app, "And now?")
    assert not list(kept.chats(owner_of(ada)))


TOKEN = "t0ken0of0some0length00123456789ab"


def enter(app, token):
    app.session_state["session.access"]["pat"] = token


def test_another_token_is_looked_for_in_turns_that_are_over_too(open_app, kept, ada):
    app = open_app()
    enter(app, TOKEN[::-1].replace("0", "1"))
    ask(app, f"What is {TOKEN}?")
    assert list(kept.chats(owner_of(ada)))

    enter(app, TOKEN)
    app.run()

    assert "This conversation contains your access token" in sidebar(app)


def fork(app):
    return (
        app.main.menu_button(key=f"turn:{app.turns[0]['id']}").click("Continue in a new chat").run()
    )


def test_a_fork_of_a_temporary_chat_is_temporary_too(open_app, fake, kept, ada):
    app = open_app(pat=CANARY)
    app.open("chat_menu")
    app.toggle(key="temporary").set_value(True).run()
    fake.next(says("Yes."))
    ask(app, "A secret of mine")

    fork(app)

    assert questions(app) == ["A secret of mine"]
    assert not list(kept.chats(owner_of(ada)))


def test_a_token_in_a_question_is_not_saved_after_it_was_forgotten(open_app, kept, ada):
    app = open_app()
    enter(app, TOKEN)
    ask(app, f"What is {TOKEN}?")
    enter(app, "")

    fork(app)

    assert not list(kept.chats(owner_of(ada)))


def test_a_token_in_a_title_is_not_saved(open_app, kept, ada):
    app = ask(open_app(), "Hi")
    enter(app, TOKEN)
    act(app, "rename", app.session_state["session.chat"]["id"], title=TOKEN)

    assert TOKEN not in json.dumps(list(kept.chats(owner_of(ada))))
    assert "This conversation contains your access token" in sidebar(app)


def test_a_token_in_the_title_of_another_conversation_is_refused(open_app, keep, kept, ada):
    (chat,) = keep("First?")
    app = open_app()
    enter(app, TOKEN)

    act(app, "rename", chat["id"], title=f"My {TOKEN}")

    assert toasts(app) == ["This title contains your access token, so it was not saved."]
    assert kept.load(owner_of(ada), chat["id"])["title"] == "First?"


def test_any_conversation_of_the_list_is_exported(open_app, keep, downloads):
    first, second = keep("First?", "Second?")
    app = open_app(query={"chat": second["id"]})

    act(app, "export", first["id"])

    assert "“First?”, as a file:" in sidebar(app)
    assert "First?" in downloads("export:row:md")
    assert "Second?" not in downloads("export:row:json")
    app.click("close_export")
    assert not app.has("close_export")


def test_an_import_that_contains_the_token_is_refused(open_app, kept, ada):
    turn = new_turn(f"My token is {TOKEN}", MODEL)
    end(turn, "stop", 1.0)
    chat = chats.new_chat()
    chats.add(chat, turn, None)
    app = open_app()
    enter(app, TOKEN)
    app.open("chat_menu")
    file = to_json([chat], secret="").encode()

    app.file_uploader(key="import_chats").upload("c.json", file, "application/json").run()

    assert not list(kept.chats(owner_of(ada)))
    assert "This file contains your access token" in app.toast[0].value
