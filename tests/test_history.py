"""Conversations that are kept while they go on: in a file, beside other tabs, without a store."""

import base64
import threading

import pytest
from sqlalchemy import select, update

from clarifai_chat.chat import chats, replies
from clarifai_chat.chat.turn import INTERRUPTED, apply, end, new_turn
from clarifai_chat.events import Finished, PictureCame, TextDelta
from clarifai_chat.history import attachment_contents, database, file_reading, keeper, saving
from clarifai_chat.history.store import Store, StoreTrouble, open_store, tables
from clarifai_chat.history.store.trouble import StoreFull
from clarifai_chat.transfer import chat_files, imports
from clarifai_chat.transfer.exports import to_json
from tests.patience import until
from tests.some_chats import PNG

ADA, BOB = "a" * 64, "b" * 64
MODEL = {"url": "https://x/y", "name": "Y", "input_price": None, "output_price": None}


@pytest.fixture(autouse=True)
def file(tmp_path, set_up, monkeypatch):
    """The database of one test, and a keeper that looks all the time."""
    path = tmp_path / "history.db"
    set_up(DATABASE_URL=f"sqlite:///{path}")
    monkeypatch.setattr(keeper, "EVERY_S", 0.005)
    monkeypatch.setattr(database, "RETRY_S", 0.0)
    saving.forget_store()
    yield path
    for handle in list(replies._replies.values()):
        handle.stop()
    saving.forget_store()


@pytest.fixture
def kept(file):
    """What is in the file, as another process finds it."""
    store = open_store(f"sqlite:///{file}")
    yield store
    store.close()


def a_chat(*prompts):
    chat = chats.new_chat()
    for prompt in prompts:
        ask(chat, prompt)
    return chat


def ask(chat, prompt, answer="Yes."):
    turn = new_turn(prompt, MODEL)
    turn["asked_at"] = 1.0
    apply(turn, TextDelta(answer), 0.1)
    end(turn, "stop", 0.2)
    shown = chats.path(chat)
    chats.add(chat, turn, shown[-1] if shown else None)
    return turn


class Running:
    """A reply that says what it is told to, word by word."""

    def __init__(self, chat, prompt="Go on?"):
        self.turn = new_turn(prompt, MODEL)
        shown = chats.path(chat)
        chats.add(chat, self.turn, shown[-1] if shown else None)
        self.words = threading.Semaphore(0)
        self.may_end = threading.Event()
        replies.ask(self.turn, self._events, queue=chat["id"], is_here=lambda: True)

    def _events(self, call):
        number = 0
        while not self.may_end.is_set():
            if self.words.acquire(timeout=0.005):
                number += 1
                yield TextDelta(f"word{number} ")
        yield Finished("stop")

    def say(self):
        self.words.release()

    def end(self):
        self.may_end.set()
        until(lambda: replies.get(self.turn) is None)


def prompts(chat):
    return [turn["prompt"] for turn in chat["turns"]]


def answer(turn):
    return turn["replies"][0]["content"] if turn["replies"] else ""


def first_answer(store, chat, owner=ADA):
    return answer(store.load(owner, chat["id"])["turns"][0])


def titles(owner=ADA, query=""):
    return [summary.title for summary in saving.listing(owner, query)]


class Broken:
    """A store that fails in every method but those of the one that it stands for."""

    def __init__(self, store, *works):
        self._store, self._works = store, works

    def __getattr__(self, name):
        if name in self._works or name == "close":
            return getattr(self._store, name)

        def fail(*arguments):
            raise StoreFull

        return fail


@pytest.fixture
def break_store(monkeypatch):
    """`break_store("load")` lets only `load` work from now on; what comes back mends it."""

    def break_store(*works):
        saving.listing(ADA)
        whole = database._state.store
        monkeypatch.setattr(database._state, "store", Broken(whole, *works))
        return lambda: monkeypatch.setattr(database._state, "store", whole)

    return break_store


# --- Saved and found again ----------------------------------------------------------------------


def test_a_conversation_is_found_again_as_it_was(kept):
    chat = a_chat("One?", "Two?")

    assert saving.save(ADA, chat)

    assert chat["revision"] == 1
    saving.forget_store()  # as after a restart
    assert saving.load(ADA, chat["id"]) == chat == kept.load(ADA, chat["id"])
    assert titles() == ["One?"]
    assert titles(query="yes") == ["One?"]
    assert titles(query="no such words") == []
    assert saving.every_chat(ADA) == [chat]
    assert saving.trouble() == ""


def test_a_conversation_that_was_saved_with_half_a_character_is_loaded_without(kept):
    chat = a_chat("Hi")
    chat["title"] = "half \ud83c"
    chat["turns"][0]["replies"][0]["content"] = "half \ud83c, whole \ud83c\udf0a"
    kept.save_chat(ADA, chat)

    for found in (saving.load(ADA, chat["id"]), *saving.every_chat(ADA)):
        assert found["title"] == "half \ufffd"
        assert found["turns"][0]["replies"][0]["content"] == "half \ufffd, whole 🌊"
    assert [each.title for each in saving.listing(ADA)] == ["half \ufffd"]


def test_a_picture_of_an_answer_is_saved_with_it_and_its_files(kept):
    png = base64.b64encode(PNG).decode()
    chat = a_chat("Draw.")
    saving.save(ADA, chat)
    (turn,) = chat["turns"]
    turn["ended_at"] = None
    keeper.follow(ADA, chat, turn)
    came = [PictureCame(f"data:image/png;base64,{png}"), PictureCame("https://a.test/")]
    for event in file_reading.keep_pictures(ADA, came):
        apply(turn, event, 1.0)
    end(turn, "stop", 2.0)

    assert turn["replies"][0]["lost_pictures"] == 1
    (file,) = turn["pictures"]
    until(lambda: kept.load_attachment(ADA, file["id"]))
    until(lambda: saving.load(ADA, chat["id"])["turns"] == [turn])
    attachment_contents.forget(ADA)
    assert attachment_contents.thumbnail(ADA, file)


def test_visitors_see_only_their_own_conversations():
    chat = a_chat("Mine?")
    saving.save(ADA, chat)

    assert saving.load(BOB, chat["id"]) is None
    assert titles(BOB) == []
    assert saving.every_chat(BOB) == []
    assert not saving.delete(BOB, chat["id"])
    assert saving.delete_everything(BOB)

    assert saving.load(ADA, chat["id"]) == chat


def test_a_deletion_can_be_undone():
    chat = a_chat("One?")
    saving.save(ADA, chat)

    assert saving.delete(ADA, chat["id"])
    assert saving.load(ADA, chat["id"]) is None
    assert not saving.delete(ADA, chat["id"])

    assert saving.undelete(ADA, chat["id"])
    assert saving.load(ADA, chat["id"]) == chat


def test_everything_of_one_visitor_can_be_removed():
    mine, other = a_chat("Mine?"), a_chat("Other?")
    saving.save(ADA, mine)
    saving.save(BOB, other)

    assert saving.delete_everything(ADA)

    assert titles(ADA) == []
    assert not saving.undelete(ADA, mine["id"])
    assert titles(BOB) == ["Other?"]


def test_without_a_setting_the_file_is_beside_the_app(set_up):
    set_up(DATABASE_URL="")
    assert database.address().database == str(database.ROOT / "data" / "history.db")


# --- Two tabs -----------------------------------------------------------------------------------


def test_what_two_tabs_asked_is_in_both(kept):
    here = a_chat("One?")
    saving.save(ADA, here)
    there = saving.load(ADA, here["id"])
    there["pinned"] = True
    ask(there, "There?")
    saving.save(ADA, there)
    first, list_of_turns = here["turns"][0], here["turns"]
    ask(here, "Here?")

    assert saving.save(ADA, here)

    assert sorted(prompts(here)) == ["Here?", "One?", "There?"]
    assert here["pinned"]
    assert kept.load(ADA, here["id"]) == here
    # Pages and workers hold both.
    assert here["turns"] is list_of_turns
    assert next(turn for turn in here["turns"] if turn["prompt"] == "One?") is first
    assert chats.path(here)[-1]["prompt"] == "Here?"


def test_an_answer_that_another_tab_continued_is_taken_over(kept):
    here = a_chat("One?")
    saving.save(ADA, here)
    there = saving.load(ADA, here["id"])
    there["turns"][0]["replies"][0]["content"] += " And more."
    saving.save(ADA, there)
    first = here["turns"][0]
    ask(here, "Here?")

    saving.save(ADA, here)

    assert here["turns"][0] is first
    assert answer(first) == "Yes. And more."


def test_a_chat_that_was_deleted_elsewhere_goes_on_as_a_new_one(kept):
    chat = a_chat("One?")
    saving.save(ADA, chat)
    old = chat["id"]
    saving.delete(ADA, old)
    ask(chat, "Two?")

    assert saving.save(ADA, chat)

    assert chat["id"] != old
    assert prompts(kept.load(ADA, chat["id"])) == ["One?", "Two?"]
    assert kept.load(ADA, old) is None
    saving.undelete(ADA, old)
    assert prompts(kept.load(ADA, old)) == ["One?"]


def test_a_reply_that_another_tab_asked_for_is_seen_running_after_a_merge():
    here = a_chat("One?")
    saving.save(ADA, here)
    there = saving.load(ADA, here["id"])
    running = Running(there)
    saving.save(ADA, there)
    keeper.follow(ADA, there, running.turn)
    here["pinned"] = True

    saving.save(ADA, here)

    assert here["turns"][-1] is running.turn
    running.end()


# --- A reply that runs --------------------------------------------------------------------------


def test_a_running_reply_is_saved_while_it_arrives_and_at_its_end(kept):
    chat = chats.new_chat()
    running = Running(chat)
    saving.save(ADA, chat)
    keeper.follow(ADA, chat, running.turn)

    running.say()
    until(lambda: first_answer(kept, chat) == "word1 ")
    running.say()
    until(lambda: first_answer(kept, chat) == "word1 word2 ")
    assert kept.load(ADA, chat["id"])["turns"][0]["ended_at"] is None
    running.end()

    until(lambda: not keeper._state.followed)
    assert kept.load(ADA, chat["id"])["turns"] == [running.turn]
    until(lambda: keeper._state.thread is None)


def test_what_is_saved_is_soon_found_as_it_is_read(kept):
    chat = a_chat("One")
    chat["turns"][0]["replies"][0]["content"] = "**Five** o'clock"
    saving.save(ADA, chat)
    until(lambda: titles(query='"five o\'clock"') == [chat["title"]])

    running = Running(chat)
    keeper.follow(ADA, chat, running.turn)
    running.may_end.set()
    until(lambda: not keeper._state.followed)
    until(lambda: kept.read_some() == 0 and keeper._state.thread is None)


def test_a_conversation_that_is_loaded_has_the_running_reply_itself():
    chat = a_chat("One?")
    running = Running(chat)
    saving.save(ADA, chat)
    keeper.follow(ADA, chat, running.turn)

    again = saving.load(ADA, chat["id"])

    assert again is not chat
    assert again["turns"][1] is running.turn
    assert again["turns"][0] == chat["turns"][0]
    running.end()


def test_a_reply_that_has_just_ended_is_not_loaded_as_it_was_before(monkeypatch):
    monkeypatch.setattr(keeper, "EVERY_S", 60)
    chat = chats.new_chat()
    running = Running(chat)
    saving.save(ADA, chat)
    keeper.follow(ADA, chat, running.turn)
    running.say()
    until(lambda: answer(running.turn))
    running.end()

    (turn,) = saving.load(ADA, chat["id"])["turns"]

    assert turn is running.turn
    keeper._state.thread = None  # it sleeps for a minute


def test_a_turn_of_the_same_id_in_another_conversation_is_not_the_running_one():
    chat = chats.new_chat()
    running = Running(chat)
    saving.save(ADA, chat)
    keeper.follow(ADA, chat, running.turn)
    copied = chats.new_chat()
    copied["turns"] = [{**running.turn, "replies": []}]
    saving.save(BOB, copied)
    running.say()
    until(lambda: answer(running.turn))

    assert answer(saving.load(BOB, copied["id"])["turns"][0]) == ""
    running.end()


def test_an_unfollowed_reply_of_the_conversation_is_found_by_its_queue():
    chat = chats.new_chat()
    running = Running(chat)
    saving.save(ADA, chat)

    assert saving.load(ADA, chat["id"])["turns"][0] is running.turn
    running.end()


def test_a_removed_turn_is_not_followed_any_more(kept):
    chat = chats.new_chat()
    running = Running(chat)
    saving.save(ADA, chat)
    keeper.follow(ADA, chat, running.turn)
    chats.splice(chat, running.turn)
    saving.save(ADA, chat)
    running.end()

    until(lambda: not keeper._state.followed)

    assert kept.load(ADA, chat["id"])["turns"] == []


@pytest.mark.parametrize("whole", [False, True])
def test_deleting_ends_what_runs_there_and_nothing_else(whole):
    chat, other, bobs = chats.new_chat(), chats.new_chat(), chats.new_chat()
    running = [Running(each) for each in (chat, other, bobs)]
    for each, reply, owner in zip((chat, other, bobs), running, (ADA, ADA, BOB), strict=True):
        saving.save(owner, each)
        keeper.follow(owner, each, reply.turn)

    if whole:
        saving.delete_everything(ADA)
    else:
        saving.delete(ADA, chat["id"])

    ended = [replies.get(reply.turn) is None for reply in running]
    assert ended == [True, whole, False]
    for reply in running:
        reply.end()
    until(lambda: not keeper._state.followed)
    assert titles() == ([] if whole else ["Go on?"])


# --- A store that does not work -----------------------------------------------------------------


def test_a_store_that_cannot_be_opened_says_why_and_works_later(set_up, tmp_path, monkeypatch):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    set_up(DATABASE_URL=f"sqlite:///{blocked / 'history.db'}")
    monkeypatch.setattr(database, "RETRY_S", 3600)
    chat = a_chat("One?")

    assert not saving.save(ADA, chat)
    assert saving.listing(ADA) == []
    assert saving.load(ADA, chat["id"]) is None
    assert not saving.delete(ADA, chat["id"])
    assert "cannot be written" in saving.trouble()
    assert "cannot be written" in saving.trouble(chat)
    assert chat["revision"] == 0

    blocked.unlink()
    assert not saving.save(ADA, chat)  # it is not tried with each click
    monkeypatch.setattr(database, "RETRY_S", 0)
    assert saving.save(ADA, chat)
    assert saving.trouble() == saving.trouble(chat) == ""
    assert titles() == ["One?"]


def test_a_store_that_fails_later_says_so_until_it_has_caught_up(break_store, kept, monkeypatch):
    chat = a_chat("One?")
    saving.save(ADA, chat)
    monkeypatch.setattr(database, "RETRY_S", 3600)
    keeper._state.tried_again_at = keeper.time.monotonic()
    repair = break_store("load", "listing")
    ask(chat, "Two?")

    assert not saving.save(ADA, chat)
    assert "disk" in saving.trouble(chat)
    assert titles() == ["One?"]  # reading works, and does not hide that writing does not
    assert "disk" in saving.trouble(chat)
    assert saving.trouble() == ""

    repair()
    monkeypatch.setattr(database, "RETRY_S", 0)
    until(lambda: not saving.trouble(chat))
    assert prompts(kept.load(ADA, chat["id"])) == ["One?", "Two?"]
    assert chat["revision"] == 2


def test_what_ran_while_the_store_failed_is_kept_in_the_end(break_store, kept):
    chat = chats.new_chat()
    running = Running(chat)
    saving.save(ADA, chat)
    repair = break_store()
    keeper.follow(ADA, chat, running.turn)
    running.say()
    until(lambda: saving.trouble(chat))
    running.end()
    assert keeper._state.followed

    repair()

    until(lambda: not keeper._state.followed)
    assert saving.trouble(chat) == ""
    assert kept.load(ADA, chat["id"])["turns"] == [running.turn]
    assert answer(running.turn) == "word1 "


def test_a_conflict_while_catching_up_loses_nothing(break_store, kept):
    chat = a_chat("One?")
    saving.save(ADA, chat)
    repair = break_store()
    ask(chat, "Two?")
    saving.save(ADA, chat)
    there = kept.load(ADA, chat["id"])
    ask(there, "There?")
    kept.save_chat(ADA, there)

    repair()
    until(lambda: not saving.trouble(chat))

    assert sorted(prompts(kept.load(ADA, chat["id"]))) == ["One?", "There?", "Two?"]
    ask(chat, "Three?")
    saving.save(ADA, chat)
    assert sorted(prompts(chat)) == ["One?", "There?", "Three?", "Two?"]
    assert kept.load(ADA, chat["id"]) == chat


def test_a_store_that_fails_slowly_is_left_alone_for_a_while(break_store, monkeypatch):
    monkeypatch.setattr(database, "SLOW_S", -1)
    monkeypatch.setattr(database, "RETRY_S", 3600)
    repair = break_store()
    chat = a_chat("One?")
    assert not saving.save(ADA, chat)
    repair()

    assert not saving.save(ADA, chat)
    assert "disk" in saving.trouble()

    monkeypatch.setattr(database, "RETRY_S", 0)
    assert saving.save(ADA, chat)


def test_only_so_many_conversations_wait_for_a_store(break_store, monkeypatch):
    monkeypatch.setattr(keeper, "MAX_UNSAVED", 2)
    monkeypatch.setattr(keeper, "EVERY_S", 60)
    break_store()
    waiting = [a_chat(f"{n}?") for n in range(3)]
    for chat in waiting:
        saving.save(ADA, chat)

    assert [each.chat for each in keeper._state.unsaved.values()] == waiting[1:]
    keeper._state.thread = None


def test_a_waiting_conversation_that_is_deleted_does_not_come_back(break_store, monkeypatch, kept):
    monkeypatch.setattr(keeper, "EVERY_S", 60)
    chat, other = a_chat("One?"), a_chat("Other?")
    saving.save(ADA, chat)
    saving.save(ADA, other)
    repair = break_store("delete", "running")
    for each in (chat, other):
        ask(each, "Two?")
        saving.save(ADA, each)

    saving.delete(ADA, chat["id"])

    assert [each.chat for each in keeper._state.unsaved.values()] == [other]
    repair()
    keeper._state.thread = None


def test_a_keeper_that_died_is_replaced(monkeypatch, kept):
    dead = threading.Thread(target=lambda: None)
    dead.start()
    dead.join()
    monkeypatch.setattr(keeper._state, "thread", dead)
    chat = chats.new_chat()
    running = Running(chat)
    saving.save(ADA, chat)
    keeper.follow(ADA, chat, running.turn)
    running.say()

    until(lambda: first_answer(kept, chat) == "word1 ")
    running.end()


def test_trouble_is_a_sentence_with_what_to_do():
    assert str(StoreTrouble()).count(".") >= 2


# --- The end of the process ---------------------------------------------------------------------


def test_all_that_was_shown_is_saved_when_the_app_stops(file, monkeypatch):
    chat = chats.new_chat()
    running = Running(chat)
    saving.save(ADA, chat)
    monkeypatch.setattr(keeper, "_start", lambda: None)  # its second is not over yet
    keeper.follow(ADA, chat, running.turn)
    for _ in range(3):
        running.say()
    until(lambda: answer(running.turn) == "word1 word2 word3 ")

    saving.close()
    running.end()

    store = open_store(f"sqlite:///{file}")
    (turn,) = store.load(ADA, chat["id"])["turns"]
    store.close()
    assert answer(turn) == "word1 word2 word3 "
    assert turn["ending"] == INTERRUPTED
    assert not saving.save(ADA, chat)
    assert saving.trouble(chat) == "The app is stopping."


def test_what_waited_for_the_store_is_saved_when_the_app_stops(break_store, file, monkeypatch):
    monkeypatch.setattr(database, "RETRY_S", 3600)
    chat = a_chat("One?")
    repair = break_store()
    saving.save(ADA, chat)
    repair()

    saving.close()

    store = open_store(f"sqlite:///{file}")
    assert prompts(store.load(ADA, chat["id"])) == ["One?"]
    store.close()


# --- Old ones -----------------------------------------------------------------------------------


def test_old_conversations_go_once_an_hour(set_up, file, kept, monkeypatch):
    set_up(HISTORY_DAYS=1)
    asked = []
    monkeypatch.setattr(Store, "expire", lambda store, days, awake_s: asked.append(days) or 0)
    monkeypatch.setattr(keeper._state, "expired_at", -keeper.EXPIRE_S * 10)
    for prompt in ("One?", "Two?"):
        chat = chats.new_chat()
        running = Running(chat, prompt)
        saving.save(ADA, chat)
        keeper.follow(ADA, chat, running.turn)
        running.end()
        until(lambda: not keeper._state.followed)
    until(lambda: asked)

    assert asked == [1]


def test_reading_a_conversation_keeps_it(kept):
    chat = a_chat("One?")
    saving.save(ADA, chat)
    with kept._writer.begin() as connection:
        connection.execute(update(tables.chats).values(saved_at=1.0))

    saving.load(ADA, chat["id"])

    def is_noted():
        with kept._engine.connect() as connection:
            return connection.scalar(select(tables.chats.c.saved_at)) > 1.0

    until(is_noted)


# --- Files --------------------------------------------------------------------------------------


def an_attachment(chat):
    about = {
        "id": "f" * 32,
        "name": "notes.txt",
        "kind": "text",
        "mime": "text/plain",
        "size": 5,
        "tokens": 1,
        "sha256": "",
    }
    chat["turns"][0]["attachments"] = [about]
    return {about["id"]: b"Notes"}


def test_importing_saves_conversations_and_attachments_under_new_ids():
    chat = a_chat("One?", "Two?")
    data = to_json([chat], secret="", contents=an_attachment(chat)).encode()

    for _ in range(2):
        (came,) = chat_files.import_chats(ADA, imports.read(data))
        assert prompts(came) == ["One?", "Two?"]
        assert len(chats.path(came)) == 2
        ids = {each["id"] for each in (came, *came["turns"])}
        assert not ids & {each["id"] for each in (chat, *chat["turns"])}
        assert came["turns"][0]["attachments"][0]["id"] != "f" * 32
        assert list(chat_files.contents(ADA, [came]).values()) == [b"Notes"]
        assert chat_files.contents(BOB, [came]) == {}

    assert titles() == ["One?", "One?"]


def test_a_reply_exported_while_running_is_not_watched_after_the_import():
    chat = chats.new_chat()
    running = Running(chat)
    saving.save(ADA, chat)
    keeper.follow(ADA, chat, running.turn)
    data = to_json([chat], secret="").encode()

    (came,) = chat_files.import_chats(BOB, imports.read(data))

    assert replies.get(came["turns"][0]) is None
    assert came["turns"][0]["ending"] == INTERRUPTED
    running.end()


@pytest.mark.parametrize("works", [(), ("save_attachment",), ("save_chat",)])
def test_a_store_that_fails_keeps_no_half_of_a_file(break_store, works):
    chat = a_chat("One?")
    data = to_json([chat], secret="", contents=an_attachment(chat)).encode()
    break_store(*works)

    assert chat_files.import_chats(ADA, imports.read(data)) == []
    assert chat_files.contents(ADA, [chat]) == {}


def test_conversations_without_attachments_ask_the_store_for_none(break_store):
    break_store()
    assert chat_files.contents(ADA, [a_chat("One?")]) == {}
    assert saving.trouble() == ""
