"""What attachments hold: taken in, kept in memory or in the database, found again and sent."""

import base64
import io

import pytest
from PIL import Image

from clarifai_chat import attachments
from clarifai_chat.attachments import images
from clarifai_chat.attachments.limits import MAX_FILES
from clarifai_chat.chat import chats
from clarifai_chat.chat.request import to_messages
from clarifai_chat.chat.turn import new_turn
from clarifai_chat.errors import FileGone, FileOutOfReach
from clarifai_chat.history import (
    attachment_contents,
    content_memory,
    database,
    file_reading,
    saving,
)
from clarifai_chat.history.store import open_store
from tests.canary import CANARY

ADA, BOB = "a" * 64, "b" * 64
MODEL = {"url": "demo", "name": "Demo", "input_price": 0.0, "output_price": 0.0}


def words(text):
    return len(text.split())


def picture(size=(40, 20), mode="RGB"):
    made = io.BytesIO()
    Image.new(mode, size, "red").save(made, "PNG")
    return made.getvalue()


@pytest.fixture(autouse=True)
def memory(monkeypatch):
    """A memory of its own for each test."""
    monkeypatch.setattr(content_memory, "memory", content_memory.Memory())
    return content_memory.memory


@pytest.fixture
def forget(monkeypatch):
    """As if the process had been started again."""
    return lambda: monkeypatch.setattr(content_memory, "memory", content_memory.Memory())


@pytest.fixture
def kept(tmp_path, set_up, monkeypatch):
    """The database, as another process sees it."""
    address = f"sqlite:///{tmp_path / 'history.db'}"
    set_up(DATABASE_URL=address)
    monkeypatch.setattr(database, "RETRY_S", 0.0)
    saving.forget_store()
    store = open_store(address)
    yield store
    store.close()
    saving.forget_store()


@pytest.fixture
def broken(set_up, tmp_path, monkeypatch):
    """A database that cannot be opened, as a file is where its folder should be: remove it."""
    file = tmp_path / "folder"
    file.touch()
    set_up(DATABASE_URL=f"sqlite:///{file / 'history.db'}")
    monkeypatch.setattr(database, "RETRY_S", 0.0)
    saving.forget_store()
    yield file
    saving.forget_store()


def take(owner, *uploads, **options):
    files = [(name, "", data) for name, data in uploads]
    return file_reading.read_uploads(owner, files, words, **options)


def asked(prompt, files, **fields):
    turn = new_turn(prompt, MODEL)
    turn["attachments"] = files
    turn.update(fields)
    return turn


def chat_of(*turns):
    chat = chats.new_chat()
    for turn in turns:
        chats.add(chat, turn, chat["turns"][-1] if chat["turns"] else None)
    return chat


# --- Taking in --------------------------------------------------------------------------------


def test_files_that_can_be_sent_are_kept_and_the_rest_is_reported():
    taken = take(ADA, ("a.txt", b"Apples"), ("b.zip", b"PK\x03\x04 and more"), ("c.txt", b"Pears"))

    assert [file["name"] for file in taken["files"]] == ["a.txt", "c.txt"]
    assert "b.zip" in taken["refused"][0]
    assert "Archives are not supported" in taken["refused"][0]
    found, why = attachment_contents.find(ADA, taken["files"])
    assert (list(found.values()), why) == ([b"Apples", b"Pears"], "")


def test_no_more_files_are_taken_than_a_question_can_have():
    many = [(f"{n}.txt", b"words") for n in range(MAX_FILES + 1)]

    taken = take(ADA, *many)
    more = take(ADA, ("z.txt", b"words"), room=0)

    assert len(taken["files"]) == MAX_FILES
    (sentence,) = taken["refused"]
    assert sentence.startswith(f"{MAX_FILES}.txt was not added: a question can have {MAX_FILES}")
    assert more["files"] == []
    assert len(more["refused"]) == 1


def test_what_there_is_no_room_for_is_not_read(monkeypatch):
    read = []
    accept = attachments.accept
    monkeypatch.setattr(attachments, "accept", lambda *file: (read.append(file), accept(*file))[1])

    taken = take(ADA, *[(f"dir/{number}.txt", b"words") for number in range(30)])

    assert len(read) == MAX_FILES
    assert len(taken["refused"]) == 30 - MAX_FILES
    assert taken["refused"][-1].startswith("29.txt was not added")


def test_a_token_in_a_name_is_not_repeated_though_there_is_no_room():
    (sentence,) = take(ADA, (f"{CANARY}.txt", b"words"), secret=CANARY, room=0)["refused"]

    assert "file name contains your access token" in sentence
    assert CANARY not in sentence


@pytest.mark.parametrize(
    "upload",
    [
        ("notes.txt", f"My token is {CANARY}.".encode()),
        ("notes.txt", f"My token is {CANARY}.".encode("utf-16")),
        (f"{CANARY}.txt", b"words"),
        (f"{CANARY}.zip", b"PK\x03\x04"),
    ],
)
def test_a_file_with_the_access_token_in_it_is_refused_without_repeating_it(upload, memory):
    taken = take(ADA, upload, secret=CANARY)

    assert taken["files"] == []
    (sentence,) = taken["refused"]
    assert "contains your access token" in sentence
    assert CANARY not in sentence
    assert not memory._held


def test_a_bug_of_ours_is_a_sentence_too(monkeypatch, caplog):
    def accept(*_):
        raise KeyError("what the visitor wrote")

    monkeypatch.setattr(attachments, "accept", accept)

    taken = take(ADA, ("dir/a.txt", b"words"))

    (sentence,) = taken["refused"]
    assert sentence.startswith("a.txt could not be read: this app made a mistake.")
    assert "KeyError" in caplog.text
    assert "what the visitor wrote" not in caplog.text


def test_notes_about_omissions_name_the_file(monkeypatch):
    accept = attachments.accept

    def cut(*args):
        file = accept(*args)
        return attachments.AcceptedFile(file.attachment, file.content, "Of 200 pages only 100.")

    monkeypatch.setattr(attachments, "accept", cut)

    assert take(ADA, ("a.txt", b"words"))["notes"] == ["a.txt: Of 200 pages only 100."]


# --- Memory -----------------------------------------------------------------------------------


def test_only_the_owner_finds_a_file_whoever_knows_its_id():
    (file,) = take(ADA, ("a.txt", b"Apples"))["files"]

    assert attachment_contents.find(ADA, [file])[0] == {file["id"]: b"Apples"}
    assert attachment_contents.find(None, [file])[0] == {}
    (nobodys,) = take(None, ("b.txt", b"Pears"))["files"]
    assert attachment_contents.find(None, [nobodys])[0] == {nobodys["id"]: b"Pears"}


def test_the_least_recently_used_goes_first_and_what_can_be_had_again_before_it(monkeypatch):
    monkeypatch.setattr(content_memory, "MIN_BYTES", 30)
    monkeypatch.setattr(content_memory, "MAX_BYTES", 30)
    memory = content_memory.memory
    memory.put(ADA, "old", b"x" * 10, is_safe=False)
    memory.put(ADA, "used", b"x" * 10, is_safe=False)
    memory.put(ADA, "safe", b"x" * 10, is_safe=True)
    memory.get(ADA, "old")

    memory.put(ADA, "new", b"x" * 10, is_safe=False)
    assert memory.get(ADA, "safe") is None
    memory.put(ADA, "newer", b"x" * 10, is_safe=False)

    assert [id for _, id in memory._held] == ["old", "new", "newer"]
    memory.put(ADA, "huge", b"x" * 100, is_safe=False)
    assert [id for _, id in memory._held] == ["huge"], "The newest is never dropped."
    assert memory._size == 100


def test_the_memory_is_a_share_of_what_the_operator_allows(set_up):
    assert content_memory.most_bytes() == content_memory.MAX_BYTES
    set_up(MAX_MEMORY_MB=1024)
    assert content_memory.most_bytes() == 1024 * content_memory.MB / 16
    set_up(MAX_MEMORY_MB=100)
    assert content_memory.most_bytes() == content_memory.MIN_BYTES
    set_up(MAX_MEMORY_MB=0)
    assert content_memory.most_bytes() == content_memory.MAX_BYTES


def test_a_token_entered_after_the_file_was_attached_is_found():
    files = take(ADA, ("a.txt", b"Apples"), ("b.txt", f"My token is {CANARY}.".encode()))["files"]
    chat = chat_of(asked("What is it?", files))

    assert attachment_contents.mention(ADA, chat, CANARY)
    assert not attachment_contents.mention(ADA, chat, "another")
    assert not attachment_contents.mention(ADA, chat_of(asked("What is it?", files[:1])), CANARY)
    assert not attachment_contents.mention(BOB, chat, CANARY)


def test_all_of_an_owners_can_be_forgotten():
    (mine,) = take(ADA, ("a.txt", b"Apples"))["files"]
    (other,) = take(BOB, ("b.txt", b"Pears"))["files"]

    attachment_contents.forget(ADA)

    assert content_memory.memory.get(ADA, mine["id"]) is None
    assert content_memory.memory.get(BOB, other["id"]).content == b"Pears"


# --- The database -----------------------------------------------------------------------------


def test_files_of_a_kept_conversation_outlive_the_process(kept, forget):
    (file,) = take(ADA, ("a.txt", b"Apples"))["files"]
    chat = chat_of(asked("What is in it?", [file]))

    attachment_contents.write(ADA, chat)
    saving.save(ADA, chat)
    forget()

    assert attachment_contents.find(ADA, [file]) == ({file["id"]: b"Apples"}, "")
    assert content_memory.memory.get(ADA, file["id"]).is_safe, "It is remembered."
    assert attachment_contents.find(BOB, [file]) == ({}, "")


def test_each_file_is_written_once(kept, monkeypatch):
    (file,) = take(ADA, ("a.txt", b"Apples"))["files"]
    chat = chat_of(asked("What is in it?", [file]))
    attachment_contents.write(ADA, chat)

    monkeypatch.setattr(database, "attempt", lambda action: pytest.fail("The database was asked."))

    attachment_contents.write(ADA, chat)


def test_files_without_a_question_are_not_saved(kept):
    (file,) = take(ADA, ("a.txt", b"Apples"))["files"]

    attachment_contents.write(ADA, chat_of(asked("Something else", [])))

    assert kept.load_attachment(ADA, file["id"]) is None


def test_what_could_not_be_written_is_written_once_the_database_works(broken):
    (file,) = take(ADA, ("a.txt", b"Apples"))["files"]
    chat = chat_of(asked("What is in it?", [file]))
    attachment_contents.write(ADA, chat)
    assert attachment_contents.find(ADA, [file]) == ({file["id"]: b"Apples"}, "")

    broken.unlink()
    attachment_contents.write(ADA, chat)

    store = open_store(f"sqlite:///{broken / 'history.db'}")
    assert store.load_attachment(ADA, file["id"]) == b"Apples"
    store.close()


def test_many_can_be_read_without_filling_the_memory(kept, forget):
    (file,) = take(ADA, ("a.txt", b"Apples"))["files"]
    attachment_contents.write(ADA, chat_of(asked("?", [file])))
    forget()

    assert attachment_contents.find(ADA, [file], hold=False)[0] == {file["id"]: b"Apples"}
    assert not content_memory.memory._held


# --- Sending ----------------------------------------------------------------------------------


def test_files_stand_before_the_question_and_pictures_are_parts_of_their_own():
    files = take(None, ("a.txt", b"Apples"), ("b.png", picture()))["files"]

    text, image = attachment_contents.as_sent(None, asked("What is it?", files))

    assert text == {
        "type": "text",
        "text": "File: a.txt (5 tokens)\n```txt\nApples\n```\n\nWhat is it?",
    }
    kind, _, data = image["image_url"]["url"].partition(",")
    assert kind == "data:image/jpeg;base64"
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (40, 20)


def test_a_question_without_files_is_plain_text():
    assert attachment_contents.as_sent(ADA, new_turn("Hello", MODEL)) == "Hello"


def test_earlier_questions_are_sent_with_their_files_again():
    (file,) = take(None, ("a.txt", b"Apples"))["files"]
    reply = {"role": "assistant", "content": "Fruit."}
    first = asked("What is it?", [file], replies=[reply], ended_at=1.0)
    second = new_turn("Are you sure?", MODEL)

    messages = to_messages(
        [first, second], second, content=lambda t: attachment_contents.as_sent(None, t)
    )

    assert [message["role"] for message in messages] == ["user", "assistant", "user"]
    assert "Apples" in messages[0]["content"]
    assert messages[2]["content"] == "Are you sure?"


def test_nothing_is_sent_without_a_file_that_is_gone(forget):
    (file,) = take(None, ("a.txt", b"Apples"))["files"]
    forget()

    with pytest.raises(FileGone):
        attachment_contents.as_sent(None, asked("What is it?", [file]))


def test_a_database_in_trouble_is_no_loss(broken, forget):
    (file,) = take(ADA, ("a.txt", b"Apples"))["files"]
    forget()

    with pytest.raises(FileOutOfReach):
        attachment_contents.as_sent(ADA, asked("What is it?", [file]))


def test_a_file_that_is_gone_is_there_again_when_it_is_attached_again(forget):
    (file,) = take(None, ("a.txt", b"Apples"))["files"]
    first = asked("What is it?", [file])
    forget()
    (again,) = take(None, ("renamed.txt", b"Apples"))["files"]
    second = asked("And now?", [again])

    assert "File: a.txt" in attachment_contents.as_sent(None, first, [first, second])
    assert "Apples" in attachment_contents.as_sent(None, first), "It stays."


def test_files_of_no_known_content_are_not_taken_for_each_other(forget):
    lost, other = take(None, ("a.txt", b"Apples"), ("b.txt", b"Pears"))["files"]
    lost["sha256"] = other["sha256"] = ""
    forget()
    content_memory.memory.put(None, other["id"], b"Pears", is_safe=False)
    first, second = asked("A?", [lost]), asked("B?", [other])

    with pytest.raises(FileGone):
        attachment_contents.as_sent(None, first, [first, second])


# --- Thumbnails -------------------------------------------------------------------------------


def test_a_thumbnail_is_small_and_made_once(monkeypatch):
    (file,) = take(None, ("a.png", picture((1000, 500))))["files"]

    small = attachment_contents.thumbnail(None, file)

    assert Image.open(io.BytesIO(small)).size == (images.SMALL, images.SMALL // 2)
    monkeypatch.setattr(images, "small", lambda data: pytest.fail("It was made again."))
    assert attachment_contents.thumbnail(None, file) == small


def test_a_damaged_picture_has_no_thumbnail(forget):
    (file,) = take(None, ("a.png", picture()))["files"]
    content_memory.memory.put(None, file["id"], b"<svg onload='alert(1)'>", is_safe=False)
    assert attachment_contents.thumbnail(None, file) is None
    forget()
    assert attachment_contents.thumbnail(None, file) is None


def test_a_damaged_picture_is_decoded_once(monkeypatch):
    (file,) = take(None, ("a.png", picture()))["files"]
    content_memory.memory.put(None, file["id"], picture((400, 400))[:-40], is_safe=True)
    decoded = []
    small = images.small
    monkeypatch.setattr(images, "small", lambda data: (decoded.append(data), small(data))[1])

    assert [attachment_contents.thumbnail(None, file) for _ in range(3)] == [None] * 3
    assert len(decoded) == 1


def test_a_picture_that_is_there_again_has_a_thumbnail_again(forget):
    data = picture()
    (file,) = take(None, ("a.png", data))["files"]
    forget()
    assert attachment_contents.thumbnail(None, file) is None

    content_memory.memory.put(None, file["id"], data, is_safe=False)

    assert attachment_contents.thumbnail(None, file)


def test_a_transparent_picture_stays_so_when_it_is_small():
    made = io.BytesIO()
    Image.new("RGBA", (640, 640), (255, 0, 0, 100)).save(made, "PNG")

    small = Image.open(io.BytesIO(images.small(made.getvalue())))

    assert (small.mode, small.size) == ("RGBA", (200, 200))
