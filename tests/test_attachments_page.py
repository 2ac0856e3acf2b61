"""Files with a question, as a person meets them: sent, refused, waiting, shown, gone."""

import base64
import io
import threading
import wave
from types import SimpleNamespace

import pytest
from PIL import Image
from streamlit.elements.widgets import chat as chat_widgets
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1.element_tree import ChatInput

from clarifai_chat import attachments
from clarifai_chat.attachments.limits import limits
from clarifai_chat.catalog import DEMO
from clarifai_chat.history import content_memory, database, file_reading, saving
from clarifai_chat.history.owner import COOKIE, new_id, owner_of
from clarifai_chat.history.store import Store, StoreTrouble, open_store
from components.chat.attachment_input import GUESSES_PX
from components.state import streamlit_patches
from components.state.streamlit_patches import _and_tell_of_a_lost_recording
from tests.canary import CANARY, assert_no_canary
from tests.fake_clarifai import says
from tests.pages import answers, ask, page, passed_by, questions, reply
from tests.patience import PATIENCE_S, until

SEES = "https://clarifai.com/openai/chat-completion/models/gpt-4_1"
BLIND = "https://clarifai.com/openai/chat-completion/models/gpt-oss-120b-high-throughput"
UNKNOWN = "https://clarifai.com/me/mine/models/own"


def picture():
    made = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(made, "PNG")
    return made.getvalue()


@pytest.fixture(autouse=True)
def memory(monkeypatch):
    monkeypatch.setattr(content_memory, "memory", content_memory.Memory())


@pytest.fixture
def forget(monkeypatch):
    """Return a function that forgets all files in memory, as a restart does."""
    return lambda: monkeypatch.setattr(content_memory, "memory", content_memory.Memory())


@pytest.fixture
def store(tmp_path, set_up, monkeypatch):
    """Save conversations for a visitor; return the database as another process sees it."""
    visitor, address = new_id(), f"sqlite:///{tmp_path / 'history.db'}"
    monkeypatch.setattr(ContextProxy, "cookies", property(lambda context: {COOKIE: visitor}))
    monkeypatch.setattr(database, "RETRY_S", 0.0)
    set_up(DATABASE_URL=address)
    saving.forget_store()
    store = open_store(address)
    store.owner = owner_of(visitor)
    yield store
    store.close()
    saving.forget_store()


@pytest.fixture
def slow(monkeypatch):
    """Make reading a file take until `slow.set()`."""
    opened = threading.Event()
    accept = attachments.accept

    def wait(*args):
        assert opened.wait(PATIENCE_S)
        return accept(*args)

    monkeypatch.setattr(attachments, "accept", wait)
    monkeypatch.setattr("components.chat.attachment_input.HEAD_START_S", 0.0)
    yield opened
    opened.set()


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Give files as much time as they need within a click, even on a busy machine."""
    monkeypatch.setattr("components.chat.attachment_input.HEAD_START_S", PATIENCE_S)


def send(app, text, **files):
    """Send a question with files; a name's last underscore is its dot."""
    box = app.chat_input(key="prompt")
    for name, data in files.items():
        box.upload(".".join(name.rsplit("_", 1)), data)
    box.set_value(text).run()
    return app


def box(app):
    """Return what the run has put into the box, or None if it did not change it."""
    proto = app.chat_input(key="prompt").proto
    return proto.value if proto.set_value else None


def pictures(app):
    return [image for element in app.get("image") for image in element.proto.imgs]


# --- Sending ----------------------------------------------------------------------------------


def test_a_text_goes_before_the_question(open_app, fake):
    fake.next(says("Fruit."))
    app = send(open_app(pat=CANARY), "What is in it?", notes_txt=b"Apples")

    (message,) = fake.chats[0].body["messages"]
    assert message["role"] == "user"
    assert message["content"].startswith("File: notes.txt (")
    assert message["content"].endswith("```txt\nApples\n```\n\nWhat is in it?")
    assert reply(app).startswith("Fruit.")
    assert app.turns[0]["prompt"] == "What is in it?"
    assert "Apples" not in str(app.session_state["session.chat"])


def test_an_image_is_sent_as_a_part_and_shown_as_a_thumbnail(open_app, fake):
    fake.next(says("Red."))
    app = send(open_app(pat=CANARY, chosen=SEES), "Which colour?", photo_png=picture())

    text, image = fake.chats[0].body["messages"][0]["content"]
    assert text == {"type": "text", "text": "Which colour?"}
    assert image["image_url"]["url"].startswith("data:image/jpeg;base64,")
    (shown,) = pictures(app)
    assert (shown.alt, shown.caption) == ("photo.png", r"photo\.png")
    assert "sees pictures" not in page(app)


def test_files_can_be_sent_without_a_question(open_app, fake, store):
    fake.next(says("Two files."))
    app = send(open_app(pat=CANARY), "", a_txt=b"Apples", b_txt=b"Pears")

    content = fake.chats[0].body["messages"][0]["content"]
    assert content.index("Apples") < content.index("Pears")
    assert app.session_state["session.chat"]["title"] == "a.txt, b.txt"


def test_an_empty_message_is_not_sent(open_app, fake):
    app = open_app(pat=CANARY)
    app.chat_input(key="prompt").set_value("").run()

    assert app.turns == []


def test_earlier_files_are_sent_again(open_app, fake):
    fake.next(says("Apples."), says("Yes."))
    app = send(open_app(pat=CANARY), "What is in it?", notes_txt=b"Apples")
    ask(app, "Are you sure?")

    first, _, second = fake.chats[1].body["messages"]
    assert "Apples" in first["content"]
    assert second["content"] == "Are you sure?"


@pytest.mark.parametrize("action", ["retry", "edit", "resume", "fork"])
def test_a_turns_files_are_sent_again_with_its_question(open_app, fake, store, action):
    fake.next(says("Half", finish="length") if action == "resume" else says("Apples."))
    fake.next(says("Again."))
    app = send(open_app(pat=CANARY), "What is in it?", notes_txt=b"Apples")
    turn = app.turns[0]

    if action == "edit":
        choose(app, turn, "Edit question")
        app.text_area(key=f"edit:{turn['id']}").set_value("And now?")
        app.click(f"send_edit:{turn['id']}")
    elif action == "retry":
        choose(app, turn, "Retry")
    elif action == "resume":
        app.click(f"resume:{turn['id']}")
    else:
        choose(app, turn, "Continue in a new chat")
        ask(app, "And now?")

    assert "Apples" in fake.chats[1].body["messages"][0]["content"]
    assert "notes.txt" in questions(app)[0]
    assert reply(app, -1)


def choose(app, turn, entry):
    menu = next(node for node in app._tree if getattr(node, "key", "") == f"turn:{turn['id']}")
    app.send(menu.proto.id, entry)


# --- Refused, and waiting -----------------------------------------------------------------------


def test_a_refused_file_sends_nothing_and_loses_nothing(open_app, fake):
    app = send(open_app(pat=CANARY), "What is in them?", a_txt=b"Apples", b_zip=b"PK\x03\x04")

    assert fake.chats == []
    assert app.turns == []
    assert box(app) == "What is in them?"
    (warning,) = app.warning
    assert "b.zip cannot be added. Archives are not supported." in warning.value.replace("\\", "")
    assert "Nothing was sent: your question is in the box." in warning.value
    (waiting,) = app.session_state["session.waiting"]
    label = app.button(key=f"take_away:{waiting['id']}").label
    assert label.replace("\\", "").startswith("a.txt · about ")


def test_a_question_whose_file_was_dropped_while_the_page_was_away_is_not_sent(
    open_app, fake, monkeypatch
):
    app = open_app(pat=CANARY)
    monkeypatch.setattr("components.chat.attachment_input.lost_files", lambda: ["notes.txt"])
    send(app, "What is in it?", other_txt=b"Apples")

    assert questions(app) == fake.chats == []
    assert "notes.txt is not here any more. Attach the files of this question again." in (
        app.warning[0].value.replace("\\", "")
    )
    assert box(app) == "What is in it?"


def test_waiting_files_go_with_the_next_question(open_app, fake):
    app = send(open_app(pat=CANARY), "What is it?", a_txt=b"Apples", b_zip=b"PK\x03\x04")
    fake.next(says("Fruit."))

    send(app, "What is it?", c_txt=b"Pears")

    content = fake.chats[0].body["messages"][0]["content"]
    assert content.index("Apples") < content.index("Pears") < content.index("What is it?")
    assert app.session_state["session.waiting"] == []
    assert not app.warning
    assert box(app) is None


def test_waiting_files_can_be_removed(open_app, fake):
    app = send(open_app(pat=CANARY), "What is it?", a_txt=b"Apples", b_zip=b"PK\x03\x04")
    (waiting,) = app.session_state["session.waiting"]
    fake.next(says("Nothing."))

    app.click(f"take_away:{waiting['id']}")
    ask(app, "What is it?")

    assert fake.chats[0].body["messages"] == [{"role": "user", "content": "What is it?"}]
    assert not app.has(f"take_away:{waiting['id']}")


def test_waiting_files_count_towards_the_limit_of_files(open_app, fake, monkeypatch):
    monkeypatch.setattr("components.chat.attachment_input.MAX_FILES", 1)
    app = send(open_app(pat=CANARY), "What is it?", a_txt=b"Apples", b_zip=b"PK\x03\x04")

    send(app, "What is it?", c_txt=b"Pears")

    assert "c.txt was not added" in app.warning[0].value.replace("\\", "")
    assert [file["name"] for file in app.session_state["session.waiting"]] == ["a.txt"]
    assert fake.chats == []


def test_a_file_that_contains_the_access_token_is_refused(open_app, fake, store):
    app = send(open_app(pat=CANARY), "What is it?", notes_txt=f"token={CANARY}".encode())

    assert fake.chats == []
    assert "contains your access token" in app.warning[0].value
    assert_no_canary("the page", page(app))
    assert app.session_state["session.waiting"] == []


def test_a_file_whose_token_was_typed_later_is_not_saved(open_app, fake, store):
    fake.next(says("Apples."))
    app = send(open_app(), "What is it?", notes_txt=f"token={CANARY}".encode(), b_zip=b"PK\x03\x04")
    app.session_state["session.access"] = {"pat": CANARY, "visit": "a visit"}

    ask(app, "What is it?")

    (file,) = app.turns[0]["attachments"]
    assert store.load_attachment(store.owner, file["id"]) is None
    assert store.listing(store.owner) == []
    assert "This conversation contains your access token" in page(app)


def test_a_file_name_is_not_markup(open_app, fake):
    fake.next(says("Yes."))
    app = open_app(pat=CANARY, chosen=SEES)
    name = "![x](picture)**a**.txt"
    app.chat_input(key="prompt").upload(name, b"Apples").set_value("Hi").run()

    labels = [node.label for node in app.expander]
    assert any(r"\!\[x\]" in label for label in labels), labels


def test_a_message_says_what_was_left_out_of_a_file(open_app, fake, monkeypatch):
    accept = attachments.accept

    def cut(*args):
        file = accept(*args)
        return attachments.AcceptedFile(file.attachment, file.content, "Of 200 pages only 100.")

    monkeypatch.setattr(attachments, "accept", cut)
    fake.next(says("Yes."))

    app = send(open_app(pat=CANARY), "Hi", a_txt=b"Apples")

    assert [toast.value.replace("\\", "") for toast in app.toast] == [
        "a.txt: Of 200 pages only 100."
    ]


# --- Files that do not say how they are to be read -----------------------------------------------

CHINESE = "城市,高度\n布雷斯特,7.2 米\n多佛,6.0 米\n"


def guess(app):
    """Return the box that says how the one waiting file was read."""
    (waiting,) = app.session_state["session.waiting"]
    return app.selectbox(key=f"read_as:{waiting['id']}")


def test_a_guessed_encoding_is_shown_before_anything_is_sent(open_app, fake):
    app = send(open_app(pat=CANARY), "Which is higher?", heights_csv=CHINESE.encode("gb18030"))

    assert fake.chats == []
    assert box(app) == "Which is higher?"
    assert guess(app).label.replace("\\", "") == "heights.csv was read as"
    assert guess(app).value == "GB18030 (Chinese)"
    assert [code.value for code in app.code] == [CHINESE.strip()]
    assert "Then send. Your question is in the box." in app.info[0].value
    assert not app.has("send_files")


def test_a_checked_file_goes_with_the_question(open_app, fake):
    app = send(open_app(pat=CANARY), "Which is higher?", heights_csv=CHINESE.encode("gb18030"))
    fake.next(says("Brest."))

    ask(app, "Which is higher?")

    (message,) = fake.chats[0].body["messages"]
    assert message["content"].endswith(f"```csv\n{CHINESE}```\n\nWhich is higher?")
    assert reply(app).startswith("Brest.")
    assert not app.selectbox
    assert app.session_state["session.guesses"] == {}


def test_a_wrong_guess_can_be_changed(open_app, fake):
    text = "氏名,住所\n山田太郎,東京都千代田区\n"  # too little for a right guess
    app = send(open_app(pat=CANARY), "Where is it?", people_csv=text.encode("euc_jp"))
    assert app.code[0].value != text.strip()
    (before,) = app.session_state["session.waiting"]

    guess(app).select("EUC-JP (Japanese)").run()

    assert app.code[0].value == text.strip()
    (after,) = app.session_state["session.waiting"]
    assert (after["id"], after["sha256"] != before["sha256"]) == (before["id"], True)
    fake.next(says("In Japan."))
    ask(app, "Where is it?")
    assert text in fake.chats[0].body["messages"][0]["content"]


def test_a_changed_guess_says_which_characters_broke(open_app, fake):
    data = (CHINESE + "a" * 2000).encode("gb18030")
    app = send(open_app(pat=CANARY), "Hi", heights_csv=data)
    assert not app.toast

    guess(app).select("Shift-JIS (Japanese)").run()

    assert "shown as �" in app.toast[0].value


def test_a_web_page_can_be_sent_as_source_code(open_app, fake):
    app = send(open_app(pat=CANARY), "Fix it", page_html=b"<h1>Tides</h1>")
    assert app.code[0].value == "# Tides"

    guess(app).select("Source code").run()
    fake.next(says("Done."))
    ask(app, "Fix it")

    assert "```html\n<h1>Tides</h1>\n```" in fake.chats[0].body["messages"][0]["content"]


def test_a_question_of_only_a_guessed_file_can_be_sent(open_app, fake):
    app = send(open_app(pat=CANARY), "", heights_csv=CHINESE.encode("gb18030"))
    assert "Your question" not in app.info[0].value
    fake.next(says("Heights."))

    app.click("send_files")

    assert CHINESE in fake.chats[0].body["messages"][0]["content"]
    assert not app.has("send_files")


def test_many_guessed_files_do_not_hide_the_conversation(open_app, fake):
    data = CHINESE.encode("gb18030")
    app = send(open_app(pat=CANARY), "Hi", a_csv=data, b_csv=data, c_csv=data)

    assert len(app.selectbox) == len(app.code) == 3
    heights = [
        node.proto.height_config.pixel_height
        for node in app._tree
        if hasattr(getattr(node, "proto", None), "height_config")
    ]
    assert GUESSES_PX in heights


def test_a_guessed_file_can_be_removed(open_app, fake):
    app = send(open_app(pat=CANARY), "Hi", heights_csv=CHINESE.encode("gb18030"))
    (waiting,) = app.session_state["session.waiting"]

    app.click(f"take_away:{waiting['id']}")

    assert not app.selectbox
    assert not app.info


def test_a_file_dropped_from_memory_cannot_be_read_in_another_way(open_app, fake, forget):
    app = send(open_app(pat=CANARY), "Hi", heights_csv=CHINESE.encode("gb18030"))
    forget()

    guess(app).select("Big5 (Chinese)").run()

    assert "dropped from memory. Attach it again." in app.warning[0].value.replace("\\", "")
    assert guess(app).value == "GB18030 (Chinese)"


def test_the_access_token_is_found_in_whatever_a_file_is_read_as(open_app, fake):
    page = f"<p>Hello</p><script>{CANARY}</script>".encode()
    app = send(open_app(pat=CANARY), "Hi", page_html=page)

    guess(app).select("Source code").run()

    assert "contains your access token" in app.warning[0].value
    assert app.code[0].value == "Hello"


def test_a_document_is_shown_as_the_model_gets_it(open_app, fake):
    from tests.test_documents import docx, paragraph

    fake.next(says("Tides."))
    data = docx(paragraph("Tides", "Heading1"), paragraph("Twice a day"))
    app = send(open_app(pat=CANARY), "What is it?", report_docx=data)

    app.open(f"file:{app.turns[0]['id']}:0")

    (shown,) = app.code
    assert fake.chats[0].body["messages"][0]["content"].startswith(shown.value)
    assert "# Tides\n\nTwice a day" in shown.value


def test_a_nul_in_a_log_is_said_and_the_log_is_sent(open_app, fake):
    fake.next(says("Fine."))

    app = send(open_app(pat=CANARY), "Hi", run_log=b"line one\nline\x00two\n")

    assert "line␀two" in fake.chats[0].body["messages"][0]["content"]
    assert "It has 1 NUL byte, shown as ␀" in app.toast[0].value.replace("\\", "")


# --- Reading that takes a while -----------------------------------------------------------------


def test_while_a_file_is_read_the_page_says_so_and_then_asks(open_app, fake, slow):
    fake.next(says("Fruit."))
    app = open_app(pat=CANARY)

    def read_it_once_the_page_says_so():
        until(lambda: any("Reading notes.txt" in text for text in passed_by(app)))
        slow.set()

    threading.Thread(target=read_it_once_the_page_says_so, daemon=True).start()
    send(app, "What is in it?", notes_txt=b"Apples")

    assert app.session_state["session.reading"] == []
    assert reply(app).startswith("Fruit.")
    assert len(fake.chats) == 1


def test_the_box_is_closed_and_shows_the_question_while_its_file_is_read(
    open_app, fake, slow, monkeypatch
):
    monkeypatch.setattr("components.frame.shell.wait_for_jobs", lambda pending: None)
    app = send(open_app(pat=CANARY), "What is in it?", notes_txt=b"Apples")

    assert box(app) == "What is in it?"
    assert app.chat_input(key="prompt").disabled
    assert "Reading notes.txt" in page(app)
    assert app.turns == []

    fake.next(says("Apples."))
    slow.set()
    until(lambda: app.session_state["session.reading"][0]["job"]["state"] == "done")
    app.run()

    assert box(app) == ""
    assert not app.chat_input(key="prompt").disabled
    assert reply(app).startswith("Apples.")
    assert "Reading" not in page(app)


def test_reading_a_file_can_be_cancelled(open_app, fake, slow, monkeypatch):
    monkeypatch.setattr("components.frame.shell.wait_for_jobs", lambda pending: None)
    app = send(open_app(pat=CANARY), "What is in it?", notes_txt=b"Apples")

    app.click("leave_reading")

    assert box(app) == "What is in it?"
    assert not app.chat_input(key="prompt").disabled
    slow.set()
    app.run()
    assert app.turns == []
    assert fake.chats == []


def test_a_question_is_not_asked_in_a_chat_opened_while_its_file_was_read(
    open_app, fake, slow, monkeypatch, store
):
    monkeypatch.setattr("components.frame.shell.wait_for_jobs", lambda pending: None)
    app = open_app(pat=CANARY)
    fake.next(says("Hello."))
    ask(app, "Hi")
    send(app, "What is in it?", notes_txt=b"Apples")

    app.click("new_chat")
    slow.set()
    until(lambda: app.session_state["session.reading"][0]["job"]["state"] == "done")
    app.run()

    assert app.turns == []
    assert len(fake.chats) == 1
    assert box(app) == "What is in it?"
    assert "You switched chats" in app.warning[0].value
    assert [file["name"] for file in app.session_state["session.waiting"]] == ["notes.txt"]


def test_a_second_question_does_not_overtake_one_whose_file_is_read(
    open_app, fake, slow, monkeypatch
):
    monkeypatch.setattr("components.frame.shell.wait_for_jobs", lambda pending: None)
    app = send(open_app(pat=CANARY), "First", notes_txt=b"Apples")
    reading = app.session_state["session.reading"]
    app.session_state["session.reading"] = [*reading, {**reading[0], "prompt": "Second"}]
    fake.next(says("One."), says("Two."))
    slow.set()
    until(lambda: reading[0]["job"]["state"] == "done")

    app.run()

    assert [turn["prompt"] for turn in app.turns] == ["First", "Second"]


def test_a_job_that_failed_loses_nothing(open_app, fake, monkeypatch):
    monkeypatch.setattr(file_reading, "read_uploads", lambda *_, **__: 1 / 0)

    app = send(open_app(pat=CANARY), "What is in it?", notes_txt=b"Apples")

    assert "notes.txt could not be read." in app.warning[0].value.replace("\\", "")
    assert box(app) == "What is in it?"


# --- Showing ------------------------------------------------------------------------------------


def test_a_text_file_is_shown_as_it_goes_into_the_prompt(open_app, fake):
    fake.next(says("Apples."))
    app = send(open_app(pat=CANARY), "What is in it?", notes_txt=b"Apples")
    turn = app.turns[0]
    assert not app.code

    app.open(f"file:{turn['id']}:0")

    (shown,) = app.code
    assert fake.chats[0].body["messages"][0]["content"].startswith(shown.value)
    assert shown.value.endswith("```txt\nApples\n```")


def test_an_audio_file_can_be_played(open_app, fake):
    from tests.test_attachments import wav

    fake.next(says("Silence."))
    app = send(open_app(pat=CANARY, chosen=SEES), "What is it?", beep_wav=wav())
    turn = app.turns[0]

    kinds = [part["type"] for part in fake.chats[0].body["messages"][0]["content"]]
    assert kinds == ["text", "input_audio"]
    assert "It is not known whether" in page(app)
    app.open(f"file:{turn['id']}:0")
    assert app.get("audio")


def test_a_saved_conversation_shows_its_files_again(open_app, fake, store, forget):
    fake.next(says("Red."))
    app = send(open_app(pat=CANARY, chosen=SEES), "Which colour?", photo_png=picture())
    chat = app.session_state["session.chat"]["id"]
    forget()

    again = open_app(query={"chat": chat})

    assert [image.alt for image in pictures(again)] == ["photo.png"]
    assert store.load_attachment(store.owner, again.turns[0]["attachments"][0]["id"])


def test_the_files_of_a_temporary_chat_are_not_saved(open_app, fake, store):
    fake.next(says("Apples."))
    app = open_app(pat=CANARY, is_temporary=True)
    send(app, "What is in it?", notes_txt=b"Apples")

    (file,) = app.turns[0]["attachments"]
    assert "Apples" in fake.chats[0].body["messages"][0]["content"]
    assert store.load_attachment(store.owner, file["id"]) is None


def test_a_missing_file_is_reported_and_its_question_is_not_sent_without_it(open_app, fake, forget):
    fake.next(says("Red."), says("Red again."))
    app = send(open_app(pat=CANARY, chosen=SEES), "Which?", photo_png=picture(), a_txt=b"Apples")
    turn = app.turns[0]
    forget()

    app.open(f"file:{turn['id']}:1")
    assert page(app).count("This file has been dropped from memory.") == 2
    ask(app, "Are you sure?")

    assert len(fake.chats) == 1
    assert "A file of this conversation has been dropped from memory" in reply(app)
    send(app, "Are you sure?", photo_png=picture(), a_txt=b"Apples")
    assert len(fake.chats) == 2
    assert "Red again." in reply(app)
    assert len(fake.chats[1].body["messages"][0]["content"]) == 2, "Also the earlier question."


def test_a_database_failure_is_reported_and_nothing_is_sent_without_the_file(
    open_app, fake, store, forget, monkeypatch
):
    fake.next(says("Red."), says("Red again."))
    app = send(open_app(pat=CANARY), "What is in it?", a_txt=b"Apples")
    turn = app.turns[0]
    forget()
    attempt = database.attempt
    monkeypatch.setattr(database, "attempt", lambda action: (None, "The disk is full."))

    app.open(f"file:{turn['id']}:0")
    assert "The disk is full." in page(app)
    ask(app, "Are you sure?")
    assert len(fake.chats) == 1
    assert "A file of this conversation cannot be read at the moment" in reply(app)

    monkeypatch.setattr(database, "attempt", attempt)
    app.click(f"retry:{app.turns[1]['id']}")
    assert "Red again." in reply(app)


def test_deleting_everything_forgets_the_contents_of_files(open_app, fake, store):
    fake.next(says("Apples."))
    app = send(open_app(pat=CANARY), "What is in it?", notes_txt=b"Apples")
    assert content_memory.memory._held

    app.open("chat_menu")
    app.toggle(key="all_chats").set_value(True)
    app.open("chat_menu")
    app.checkbox(key="delete_sure").check()
    app.open("chat_menu")
    app.button(key="delete_everything").click()
    app.open("chat_menu")

    assert not content_memory.memory._held


def test_deleting_everything_removes_files_that_wait_or_are_being_read(open_app, fake, store):
    app = ask(open_app(pat=CANARY), "Hi")
    waiting = file_reading.read_uploads(store.owner, [("a.txt", "", b"Apples")], len)["files"]
    reading = {"chat": "", "prompt": "Second", "names": ["b.txt"], "job": {"state": "running"}}
    app.session_state["session.waiting"] = waiting
    app.session_state["session.refused"] = ["c.zip is an archive."]

    app.open("chat_menu")
    app.toggle(key="all_chats").set_value(True)
    app.open("chat_menu")
    app.checkbox(key="delete_sure").check()
    app.open("chat_menu")
    assert app.has(f"take_away:{waiting[0]['id']}")
    app.session_state["session.reading"] = [reading]
    app.click("delete_everything")

    for name in ("waiting", "reading", "refused"):
        assert app.session_state[f"session.{name}"] == []
    assert not app.has(f"take_away:{waiting[0]['id']}")
    assert not app.has("leave_reading")


# --- Models that may not take them ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (BLIND, "is not known to see pictures"),
        (UNKNOWN, "It is not known whether own sees pictures."),
        (DEMO.url, "The Demo is scripted: it names files"),
    ],
)
def test_a_model_not_known_to_see_images_gets_a_caution_and_the_file(open_app, fake, model, said):
    fake.next(says("Sorry."))
    app = send(open_app(pat=CANARY, chosen=model), "Which colour?", photo_png=picture())

    assert said in questions(app)[0]
    assert len(answers(app)) == 1
    assert app.turns[0]["problem"] is None


def test_a_caution_is_shown_before_a_waiting_file_is_sent(open_app, fake):
    app = open_app(pat=CANARY, chosen=BLIND)
    send(app, "Which colour?", photo_png=picture(), b_zip=b"PK\x03\x04")

    assert "is not known to see pictures" in page(app)


def test_the_demo_names_the_files_it_received(open_app):
    app = send(open_app(), "/error 500 is no command", a_txt=b"riddle", b_png=picture())

    assert "You attached a.txt and a picture." in reply(app).replace("*", "")
    assert "Demo" in reply(app)


def test_limits_are_shown_before_a_file_is_chosen(open_app):
    text = page(open_app())

    for limit in limits():
        assert limit.words in text
    assert "up to 10 files" in text


def test_files_that_are_too_large_together_are_refused_unread(open_app, fake, monkeypatch):
    monkeypatch.setattr("clarifai_chat.chat.request.MAX_SENT_BYTES", 20)
    fake.next(says("Yes."), says("Yes."))
    app = send(open_app(pat=CANARY), "What?", a_txt=b"Apples and pears")
    send(app, "And this?", b_txt=b"Plums")
    until(lambda: app.run().turns[-1]["ended_at"])

    assert app.turns[-1]["problem"]["kind"] == "TooManyFiles"
    assert "start a new chat" in page(app)
    assert len(fake.chats) == 1

    monkeypatch.setattr("clarifai_chat.chat.request.MAX_SENT_BYTES", 21)
    ask(app, "And now?")
    assert len(fake.chats) == 2


def test_files_of_a_question_asked_while_the_database_was_down_are_saved_with_it(
    open_app, fake, store, monkeypatch
):
    broken = True

    def failing(name):
        works = getattr(Store, name)

        def method(*args):
            if broken:
                raise StoreTrouble
            return works(*args)

        monkeypatch.setattr(Store, name, method)

    for name in ("save_chat", "save_turn", "save_attachment"):
        failing(name)
    fake.next(says("Fruit."))
    app = send(open_app(pat=CANARY), "What?", a_txt=b"Apples")
    (file,) = app.turns[0]["attachments"]
    assert store.load_attachment(store.owner, file["id"]) is None

    broken = False
    until(lambda: store.listing(store.owner))

    assert store.load_attachment(store.owner, file["id"]) == b"Apples"


# --- Voice ---------------------------------------------------------------------------------------

HEARS = "https://clarifai.com/nvidia/chat-completion/models/nemotron-nano-v3-omni"


def recording():
    """Return a second of silence as the browser records it."""
    made = io.BytesIO()
    with wave.open(made, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes(bytes(32_000))
    return made.getvalue()


@pytest.fixture
def spoken(monkeypatch):
    """Send the files of the box as a recording, which AppTest cannot."""
    as_files = ChatInput._widget_state.fget

    def as_recording(box):
        state = as_files(box)
        value = state.chat_input_value
        for file in value.file_uploader_state.uploaded_file_info:
            value.audio_file_info.CopyFrom(file)
        value.ClearField("file_uploader_state")
        return state

    monkeypatch.setattr(ChatInput, "_widget_state", property(as_recording))


@pytest.mark.parametrize(("model", "hears"), [(HEARS, True), (SEES, False), (DEMO.url, False)])
def test_only_a_model_that_hears_can_be_spoken_to(open_app, model, hears):
    app = open_app(pat=CANARY, chosen=model)

    assert app.chat_input(key="prompt").proto.accept_audio is hears


def test_a_recording_goes_with_the_question_as_other_files_do(open_app, fake, spoken):
    fake.next(says("I heard nothing."))
    app = open_app(pat=CANARY, chosen=HEARS)

    app.chat_input(key="prompt").upload("audio.wav", recording(), "audio/wav").set_value("").run()

    [sound] = fake.chats[-1].body["messages"][-1]["content"]
    assert sound["type"] == "input_audio"
    assert sound["input_audio"]["format"] == "wav"
    assert base64.b64decode(sound["input_audio"]["data"])[:4] == b"RIFF"
    assert "recording.wav" in page(app)
    assert "I heard nothing." in reply(app)


def test_a_recording_that_is_not_here_any_more_is_not_dropped_without_a_word(
    open_app, fake, spoken, monkeypatch
):
    app = open_app(pat=CANARY, chosen=HEARS)
    box = app.chat_input(key="prompt").upload("audio.wav", recording(), "audio/wav")
    gone = _and_tell_of_a_lost_recording(lambda _: None)
    monkeypatch.setattr(chat_widgets, "_pop_audio_file", gone)
    here = SimpleNamespace()
    monkeypatch.setattr(streamlit_patches, "session_of_this_run", lambda: here)

    box.set_value("What did I say?").run()

    assert not fake.chats
    assert "The recording is not here any more." in page(app)
