"""Imports: what was exported comes back as it was; what others wrote, as far as it can."""

import base64
import contextlib
import io
import json
import struct
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clarifai_chat.catalog import DEFAULT_URL
from clarifai_chat.chat.chats import add, new_chat, path, show, siblings
from clarifai_chat.chat.request import to_messages
from clarifai_chat.chat.settings import params
from clarifai_chat.chat.turn import INTERRUPTED, answer_text, is_over
from clarifai_chat.playground import toolset
from clarifai_chat.transfer.exports import to_html, to_json, to_markdown
from clarifai_chat.transfer.imports import BadImport, message_tree, parts, read, reading
from tests.some_chats import CONTENTS, JSON, PNG, any_chats, odd_data, rich_chat, turn

slow = settings(max_examples=50, suppress_health_check=list(HealthCheck))
NOW = 1_790_000_000.0


def imported(found, taken=(), now=NOW):
    data = found if isinstance(found, bytes) else json.dumps(found).encode()
    return read(data, frozenset(taken), now)


def only(found):
    result = imported(found)
    (chat,) = result.chats
    return chat


def sentence(data):
    with pytest.raises(BadImport) as caught:
        imported(data)
    text = str(caught.value)
    assert text[0].isupper()
    assert text.endswith(".")
    return text


def words(turns):
    return [(each["prompt"], answer_text(each)) for each in turns]


# Our own


@pytest.mark.slow
@slow
@given(any_chats(), st.data())
def test_what_is_exported_and_imported_is_exported_the_same(chats, data):
    ids = [a["id"] for c in chats for t in c["turns"] for a in t.get("attachments", [])]
    contents = {id: data.draw(st.binary(max_size=8)) for id in ids if data.draw(st.booleans())}
    exported = to_json(chats, secret="", contents=contents)
    if not chats:
        sentence(exported.encode())
        return

    found = imported(exported.encode())

    assert found.notes == []
    assert found.contents == contents
    assert to_json(found.chats, secret="", contents=found.contents) == exported


def test_our_own_export_comes_back_whole():
    chat = rich_chat()

    found = imported(to_json([chat], secret="", contents=CONTENTS).encode())

    (back,) = found.chats
    assert found.notes == []
    assert found.contents == CONTENTS
    for name, kept in chat.items():
        assert name == "turns" or back[name] == kept
    for exported, kept in zip(back["turns"], chat["turns"], strict=True):
        assert {**exported, "attachments": []} == {**kept, "attachments": []}


def test_ids_that_are_taken_are_replaced_everywhere():
    chat = rich_chat()
    exported = to_json([chat, chat], secret="", contents=CONTENTS).encode()
    taken = {chat["id"], *(each["id"] for each in chat["turns"]), "a" * 32}

    found = imported(exported, taken)

    ids = [each["id"] for back in found.chats for each in (back, *back["turns"])]
    assert len(ids) == len(set(ids)) == 10
    assert taken.isdisjoint(ids)
    for back in found.chats:
        assert words(path(back)) == words(path(chat))
        assert back["turns"][1]["left_out"] == [back["turns"][0]["id"]]
        picture, notes = back["turns"][0]["attachments"]
        assert picture["id"] not in taken
        assert found.contents[picture["id"]] == PNG
        assert notes["id"] == "b" * 32


def test_a_damaged_file_in_it_is_left_out_with_a_note():
    row = json.loads(to_json([rich_chat()], secret="", contents=CONTENTS))
    row["contents"]["a" * 32] = "no base64!"

    found = imported(row)

    assert list(found.contents) == ["b" * 32]
    assert found.notes == ["Left out: the content of a file, which is damaged."]


def test_invalid_parts_are_left_out_with_a_note():
    row = json.loads(to_json([rich_chat()], secret=""))
    chat = row["chats"][0]
    chat["settings"]["temperature"] = 99
    chat["turns"][0]["figures"]["total_s"] = "long"
    chat["turns"][1]["attachments"] = [{"id": "x", "kind": "program"}]
    chat["created_at"] = 1e14
    chat["extra"] = "?"
    row["chats"].append("no chat")

    found = imported(row)

    (back,) = found.chats
    assert "temperature" not in back["settings"]
    assert back["turns"][0]["figures"]["total_s"] is None
    assert back["turns"][1]["attachments"] == []
    assert back["created_at"] == 0
    assert found.notes == [
        "Left out: what does not belong in a conversation, such as “extra” (5 times).",
        "Left out: an entry that is not a conversation.",
    ]


@pytest.mark.parametrize(
    ("version", "words"),
    [(2, "newer version"), (0, "which version"), (None, "which version"), (True, "which version")],
)
def test_a_version_that_is_not_known_is_not_guessed_at(version, words):
    assert words in sentence({"format": "clarifai-chat", "version": version, "chats": []})


# OpenAI-style messages

CALL = {"id": "call_1", "type": "function", "function": {"name": "get", "arguments": "{}"}}


def test_messages_become_turns():
    chat = only(
        [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": "Hi!", "reasoning_content": "Greet."},
            {"role": "user", "content": "Weather?"},
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
            {"role": "assistant", "content": "Rain."},
        ]
    )

    assert words(path(chat)) == [("Hello", "Hi!"), ("Weather?", "\n\nRain.")]
    first, second = chat["turns"]
    assert first["replies"][0]["reasoning_content"] == "Greet."
    assert [m["role"] for m in second["replies"]] == ["assistant", "tool", "assistant"]
    assert second["replies"][0]["tool_calls"] == [CALL]
    assert chat["settings"] == {"system": "Be kind."}
    assert chat["title"] == "Hello"
    assert all(map(is_over, chat["turns"]))
    assert (first["ending"], first["asked_at"], chat["created_at"]) == ("stop", None, NOW)
    sent = to_messages(path(chat), turn("And now?", ""), "Be kind.")
    assert [m["role"] for m in sent] == [
        "system", "user", "assistant", "user", "assistant", "tool", "assistant", "user",
    ]  # fmt: skip


def test_a_request_brings_its_settings():
    result = imported(
        {
            "model": "openai/openai/chat-completion/models/gpt-oss-120b-high-throughput",
            "messages": [
                {"role": "developer", "content": "Be kind."},
                {"role": "user", "content": "Hi"},
            ],
            "temperature": 0.5,
            "top_p": None,
            "max_completion_tokens": 100,
            "stop": "END",
            "seed": 7,
            "presence_penalty": 0.5,
            "frequency_penalty": -0.5,
            "reasoning_effort": "low",
            "stream": True,
            "response_format": {"json_schema": {"schema": {"type": "object"}}},
            "tools": [{"type": "function", "function": {"name": "get"}}],
        }
    )

    (chat,) = result.chats
    tools = chat["settings"].pop("tools")
    assert tools["specs"] == [{"type": "function", "function": {"name": "get"}}]
    assert tools["answerers"] == {}
    assert not tools["automatic"]
    assert chat["turns"][0]["tools"]["specs"] == tools["specs"]
    assert chat["settings"] == {
        "system": "Be kind.",
        "temperature": 0.5,
        "max_tokens": 100,
        "stop": ["END"],
        "seed": 7,
        "presence_penalty": 0.5,
        "frequency_penalty": -0.5,
        "reasoning_effort": "low",
        "json_schema": '{"type": "object"}',
    }
    assert chat["model"] == DEFAULT_URL
    assert chat["turns"][0]["model"]["name"] == "gpt-oss-120b-high-throughput"
    assert chat["turns"][0]["ending"] == INTERRUPTED
    assert result.notes == []


def test_a_request_for_any_json_stays_one():
    result = imported(
        {
            "messages": [{"role": "user", "content": "Hi"}],
            "response_format": {"type": "json_object"},
        }
    )

    (chat,) = result.chats
    assert params(chat["settings"]) == {"response_format": {"type": "json_object"}}


def test_training_data_has_a_conversation_in_each_line():
    line = json.dumps({"messages": [{"role": "user", "content": "Hi"}]})

    result = imported(f"{line}\n\n{line}\r\nnot JSON\n{line}".encode())

    assert len(result.chats) == 3
    assert result.notes == ["Left out: a line that is not JSON."]


def test_pictures_and_sounds_in_messages_become_attachments():
    picture = "data:image/png;base64," + base64.b64encode(PNG).decode()
    result = imported(
        [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image_url", "image_url": {"url": picture}},
                    {"type": "image_url", "image_url": {"url": "https://a.test/x.png"}},
                    {
                        "type": "image_url",
                        "image_url": {"url": "data:image/svg+xml;base64,PHN2Zz4="},
                    },
                    {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
                    {"type": "file", "file": {}},
                    "and more",
                ],
            },
            {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
        ]
    )

    (chat,) = result.chats
    (asked,) = chat["turns"]
    prompt = "What is this?\n\n[Image: https://a.test/x.png]\n\nand more"
    assert words([asked]) == [(prompt, "No.")]
    image, sound = asked["attachments"]
    assert (image["kind"], image["name"], image["mime"]) == ("image", "image.png", "image/png")
    assert (sound["kind"], sound["name"], sound["size"]) == ("audio", "audio.wav", 4)
    assert result.contents == {image["id"]: PNG, sound["id"]: b"RIFF"}
    assert len(result.notes) == 3


def test_calls_in_the_older_form_and_with_arguments_as_an_object_are_read():
    chat = only(
        [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "function_call": {"name": "get", "arguments": {"a": 1}}},
            {"role": "function", "name": "get", "content": "x"},
        ]
    )

    asking, answer = chat["turns"][0]["replies"]
    (call,) = asking["tool_calls"]
    assert call["function"] == {"name": "get", "arguments": '{"a": 1}'}
    assert call["quirks"] == ["legacy", "object"]
    assert answer["tool_call_id"] == call["id"]


@pytest.mark.parametrize(
    "fields",
    [
        {"reasoning_content": "Hm."},
        {"reasoning": "Hm."},
        {"thinking": "Hm."},
        {"reasoning_details": [{"type": "reasoning.text", "text": "Hm."}]},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, "Yes."]},
        {"content": [{"type": "reasoning", "text": "Hm."}, {"type": "text", "text": "Yes."}]},
    ],
)
def test_thoughts_are_kept_wherever_they_are(fields):
    answer = {"role": "assistant", "content": "Yes.", **fields}

    result = imported([{"role": "user", "content": "Hi"}, answer])

    assert result.notes == []
    assert result.chats[0]["turns"][0]["replies"] == [
        {"role": "assistant", "content": "Yes.", "reasoning_content": "Hm."}
    ]


def test_a_file_in_a_question_is_named():
    file = {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf,"}}

    result = imported([{"role": "user", "content": [file, "What is this?"]}])

    assert result.chats[0]["turns"][0]["prompt"] == "[File: a.pdf]\n\nWhat is this?"
    assert result.notes == ["Left out: the content of a file; its name is kept as text."]


def test_questions_in_a_row_are_one_and_an_answer_without_one_gets_one():
    chat = only(
        [
            {"role": "assistant", "content": "Welcome!"},
            {"role": "user", "content": "a"},
            {"role": "user", "content": "b"},
            {"role": "assistant", "content": "c"},
        ]
    )

    assert words(path(chat)) == [
        ("(The conversation begins with an answer.)", "Welcome!"),
        ("a\n\nb", "c"),
    ]


def test_odd_messages_are_left_out_one_by_one_with_notes():
    result = imported(
        {
            "messages": [
                {"role": "user", "content": 5},
                {"role": "bishop", "content": "?"},
                {"role": "user", "content": [{"type": "text"}, {"type": "input_audio"}, 5]},
                {"role": "user", "content": [{"type": "image_url"}]},
                {"role": "user", "content": [{"type": "image_url", "image_url": "data:,"}]},
                {"role": "assistant", "refusal": "No.", "tool_calls": [5, {}]},
                {"role": "system", "content": "Late."},
                {
                    "role": "tool",
                    "content": [{"type": "input_audio", "input_audio": {"format": ["wav"]}}],
                },
            ]
        }
    )

    (chat,) = result.chats
    (asked,) = chat["turns"]
    assert answer_text(asked) == "No."
    assert asked["replies"][0]["tool_calls"][0]["function"] == {"name": "", "arguments": ""}
    assert chat["settings"] == {"system": "Late."}
    assert "".join(result.notes).count("Left out: ") == 6
    assert "Left out: a message without a known role." in result.notes


def test_pictures_of_questions_in_a_row_stay_together():
    part = {
        "type": "image_url",
        "image_url": "data:image/png;base64," + base64.b64encode(PNG).decode(),
    }
    question = {"role": "user", "content": [part]}

    (asked,) = only([question, question])["turns"]

    assert len(asked["attachments"]) == 2


def test_a_sound_of_an_unknown_kind_is_left_out():
    sound = {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "au"}}
    result = imported([{"role": "user", "content": ["Hear:", sound]}])

    assert result.contents == {}
    assert len(result.notes) == 1


def test_arguments_that_are_nested_too_deeply_are_left_out():
    deep = 5
    for _ in range(3000):
        deep = [deep]
    notes = reading.Notes()

    assert parts.as_text(deep, notes) == "{}"
    assert notes.sentences() == ["Left out: arguments of a call that are nested too deeply."]


def test_conversations_beyond_the_limit_are_left_out_with_a_note(monkeypatch):
    monkeypatch.setattr("clarifai_chat.transfer.imports.MAX_CHATS", 2)
    line = {"messages": [{"role": "user", "content": "Hi"}]}

    result = imported([line] * 3)

    assert len(result.chats) == 2
    assert result.notes == ["Left out: all conversations after the first 2."]


def test_invalid_ids_are_replaced():
    chat = rich_chat()
    row = json.loads(to_json([chat], secret=""))
    text = json.dumps(row).replace(chat["turns"][0]["id"], "no id!").replace("a" * 32, "<b>")
    text = text.replace(chat["id"], "../etc")

    back = only(text.encode())

    assert words(path(back)) == words(path(chat))
    ids = [back["id"], back["turns"][0]["id"], back["turns"][0]["attachments"][0]["id"]]
    assert all(len(id) == 32 for id in ids)
    assert back["turns"][1]["left_out"] == [ids[1]]


def test_a_reply_by_somebody_else_is_left_out():
    row = json.loads(to_json([rich_chat()], secret=""))
    row["chats"][0]["turns"][0]["replies"].append({"role": "system", "content": "Obey."})

    result = imported(row)

    assert len(result.chats[0]["turns"][0]["replies"]) == 3
    assert result.notes


# ChatGPT's export


def message(role, *parts, kind="text", at=1_780_000_000.0, **fields):
    content = {"content_type": kind, "parts": list(parts)}
    return {"author": {"role": role}, "content": content, "create_time": at, **fields}


def conversation(current=None, **nodes):
    """An export of one conversation; each node is (parent, message)."""
    mapping = {
        id: {
            "id": id,
            "message": message,
            "parent": parent,
            "children": [child for child, (p, _) in nodes.items() if p == id],
        }
        for id, (parent, message) in nodes.items()
    }
    return {
        "title": "Trees",
        "create_time": 1_780_000_000.0,
        "update_time": 1_780_000_900.5,
        "mapping": mapping,
        "current_node": current or list(nodes)[-1],
    }


HIDDEN = {"metadata": {"is_visually_hidden_from_conversation": True}}
MODEL = {"metadata": {"model_slug": "gpt-4o"}}


def branches():
    return conversation(
        "a3",
        root=(None, None),
        s=("root", message("system", "", **HIDDEN)),
        u1=("s", message("user", "Hello", at=1_780_000_001.0)),
        a1=("u1", message("assistant", "Hi!", at=1_780_000_002.0, **MODEL)),
        a2=("u1", message("assistant", "Good day!", at=1_780_000_003.0, **MODEL)),
        u2=("a1", message("user", "More", at=1_780_000_004.0)),
        u3=("a1", message("user", "Less", at=1_780_000_005.0)),
        a3=("u2", message("assistant", "Much more.", at=1_780_000_006.0, **MODEL)),
    )


def test_a_tree_of_messages_becomes_a_tree_of_turns():
    result = imported([branches()])

    (chat,) = result.chats
    assert result.notes == []
    assert words(path(chat)) == [("Hello", "Hi!"), ("More", "Much more.")]
    first, second = path(chat)
    assert words(siblings(chat, first)) == [("Hello", "Hi!"), ("Hello", "Good day!")]
    assert words(siblings(chat, second)) == [("More", "Much more."), ("Less", "")]
    assert chat["title"] == "Trees"
    assert (chat["created_at"], chat["updated_at"]) == (1_780_000_000.0, 1_780_000_900.5)
    assert first["model"] == {
        "url": "",
        "name": "gpt-4o",
        "input_price": None,
        "output_price": None,
    }
    assert (first["asked_at"], first["ended_at"]) == (1_780_000_001.0, 1_780_000_002.0)


def test_the_branch_that_was_open_is_shown():
    export = branches()
    export["current_node"] = "a2"

    assert words(path(only([export]))) == [("Hello", "Good day!")]


def test_a_conversation_alone_is_read_too():
    assert words(path(only(branches())))[0] == ("Hello", "Hi!")


def test_tools_thoughts_and_code_are_kept_in_their_places():
    chat = only(
        conversation(
            u=(None, message("user", "Count")),
            t=(
                "u",
                {
                    "author": {"role": "assistant"},
                    "content": {
                        "content_type": "thoughts",
                        "thoughts": [{"summary": "S", "content": "Use Python."}],
                    },
                },
            ),
            c=(
                "t",
                {
                    "author": {"role": "assistant"},
                    "recipient": "python",
                    "content": {"content_type": "code", "language": "unknown", "text": "1+1"},
                },
            ),
            r=(
                "c",
                {
                    "author": {"role": "tool", "name": "python"},
                    "content": {"content_type": "execution_output", "text": "2"},
                },
            ),
            x=(
                "r",
                {
                    "author": {"role": "tool", "name": "browser"},
                    "content": {"content_type": "tether_quote", "text": "quoted"},
                },
            ),
            k=(
                "x",
                {"author": {"role": "assistant"}, "content": {"content_type": "reasoning_recap"}},
            ),
            d=(
                "k",
                {
                    "author": {"role": "assistant"},
                    "content": {"content_type": "code", "language": "python", "text": "a = 1"},
                },
            ),
            a=("d", message("assistant", "Two\ue200cite\ue202x\ue201.")),
        )
    )

    call, result, made_up, quoted, code, answer = chat["turns"][0]["replies"]
    assert call["reasoning_content"] == "Use Python."
    assert call["tool_calls"][0]["function"] == {"name": "python", "arguments": '{"input": "1+1"}'}
    assert (result["tool_call_id"], result["content"]) == (call["tool_calls"][0]["id"], "2")
    assert made_up["tool_calls"][0]["function"]["name"] == "browser"
    assert (quoted["tool_call_id"], quoted["content"]) == (made_up["tool_calls"][0]["id"], "quoted")
    assert code["content"] == "```python\na = 1\n```"
    assert answer["content"] == "Two."


def test_files_of_a_question_to_chatgpt_are_named():
    picture = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://x"}
    files = [{"name": "tide.PNG"}, {"name": "map", "mime_type": "image/png"}, {"name": "a.pdf"}, {}]
    asked = message("user", picture, picture, picture, "Look", metadata={"attachments": files})
    alone = message("user", metadata={"attachments": [{"name": "b.pdf"}]})

    result = imported(conversation(u=(None, asked), v=("u", alone)))

    assert [each["prompt"] for each in result.chats[0]["turns"]] == [
        "[Image: tide.PNG]\n\n[Image: map]\n\n[Image]\n\nLook\n\n[File: a.pdf]",
        "[File: b.pdf]",
    ]
    assert result.notes == [
        "Left out: a picture, which the export stores separately (3 times).",
        "Left out: the content of a file; its name is kept as text (2 times).",
    ]


def test_missing_pictures_and_unknown_kinds_are_noted():
    result = imported(
        conversation(
            u=(
                None,
                message(
                    "user",
                    "Look:",
                    {"content_type": "image_asset_pointer", "asset_pointer": "file-service://x"},
                    {"content_type": "audio_transcription", "text": "spoken"},
                    {"content_type": "audio_asset_pointer"},
                    kind="multimodal_text",
                ),
            ),
            z=("u", {"author": {"role": "assistant"}, "content": {"content_type": "hologram"}}),
            i=(
                "z",
                {"author": {"role": "user"}, "content": {"content_type": "user_editable_context"}},
            ),
        )
    )

    assert words(path(result.chats[0])) == [("Look:\n\n[Image]\n\nspoken", "")]
    assert len(result.notes) == 4
    assert any("hologram" in note for note in result.notes)


def test_system_messages_become_the_system_prompt_and_odd_nodes_are_skipped():
    export = conversation(
        s=(None, message("system", "Be kind.")),
        n=("s", message("bishop", "?")),
        c=("n", {"author": {"role": "user"}, "content": "text"}),
        t=(
            "c",
            {
                "author": {"role": "assistant"},
                "content": {"content_type": "thoughts", "thoughts": [{"summary": "Only thought."}]},
            },
        ),
    )
    export["mapping"]["odd"] = 5

    result = imported([export, {"mapping": {}}, 5])

    (chat,) = result.chats
    assert chat["settings"] == {"system": "Be kind."}
    assert chat["turns"][0]["replies"][0]["reasoning_content"] == "Only thought."
    assert "Left out: a conversation without messages (2 times)." in result.notes
    assert len(result.notes) == 3


def test_messages_in_a_circle_are_left_out_with_a_note():
    export = branches()
    export["mapping"]["x"] = {"message": message("user", "?"), "parent": "y", "children": ["y"]}
    export["mapping"]["y"] = {"message": message("user", "?"), "parent": "x", "children": ["x"]}

    result = imported([export])

    assert len(result.chats[0]["turns"]) == 4
    assert result.notes == ["Left out: a message that is not connected to the others (2 times)."]


def test_branches_that_unfold_without_end_are_cut(monkeypatch):
    monkeypatch.setattr(message_tree, "MAX_COPIES", 500)
    nodes = {"u": (None, message("user", "Go"))}
    for number in range(100):
        before = f"a{number - 1}" if number else "u"
        nodes[f"a{number}"] = (before, message("assistant", "on"))
        nodes[f"u{number}"] = (f"a{number}", message("user", "and"))

    result = imported(conversation(**nodes))

    assert result.chats
    assert any("too many" in note for note in result.notes)


@pytest.mark.slow
def test_a_conversation_of_thousands_of_messages_is_no_trouble():
    nodes = {"n0": (None, message("user", "0"))}
    for number in range(1, 6000):
        role = "assistant" if number % 2 else "user"
        nodes[f"n{number}"] = (f"n{number - 1}", message(role, str(number)))

    chat = only(conversation(**nodes))

    assert len(path(chat)) == 3000


# Zips


def zipped(**files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("_json", ".json"), content)
    return packed.getvalue()


def test_the_zip_of_an_export_is_read():
    export = json.dumps([branches()])

    result = imported(zipped(chat_html="<html>", export__conversations_json=export))

    assert len(result.chats) == 1


def test_an_export_in_several_files_is_read_as_one():
    export = json.dumps([branches()])
    packed = zipped(**{"conversations-000_json": export, "conversations-001_json": export})

    assert len(imported(packed).chats) == 2


def test_a_zip_that_unpacks_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(reading, "MAX_FILE_BYTES", 1_000_000)

    assert "too large" in sentence(zipped(conversations_json=b" " * 5_000_000))
    half = b"[" + b" " * 600_000 + b"]"
    many = zipped(**{"conversations-0_json": half, "conversations-1_json": half})
    assert "too large" in sentence(many)


def test_a_zip_that_lies_about_its_size_is_refused(monkeypatch):
    monkeypatch.setattr(reading, "MAX_FILE_BYTES", 1_000_000)
    packed = zipped(conversations_json=b" " * 5_000_000)
    lying = packed.replace(struct.pack("<L", 5_000_000), struct.pack("<L", 10))

    assert lying != packed
    assert sentence(lying)


def test_a_zip_with_a_giant_list_of_files_is_refused():
    packed = bytearray(zipped(conversations_json="[]"))
    struct.pack_into("<L", packed, packed.rfind(b"PK\5\6") + 12, 50_000_000)
    assert "too many files" in sentence(bytes(packed))

    end = packed[packed.rfind(b"PK\5\6") :]
    large = struct.pack("<4sQ", b"PK\6\6", 44) + b"\0" * 28 + struct.pack("<QQ", 50_000_000, 0)
    large += b"PK\6\7" + b"\0" * 16
    assert "too many files" in sentence(b"PK\3\4" + large + bytes(end))


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_zip_in_an_unusual_packing_is_refused(method):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr("conversations.json", "[]")

    assert "unusual" in sentence(packed.getvalue())


def test_a_locked_zip_is_refused():
    packed = bytearray(zipped(conversations_json="[]"))
    for start in (packed.find(b"PK\3\4") + 6, packed.find(b"PK\1\2") + 8):
        packed[start] |= 1

    assert "password" in sentence(bytes(packed))


def test_a_damaged_zip_is_refused():
    packed = zipped(conversations_json="[]" * 500)

    assert "cannot be read" in sentence(packed[:-10])
    assert "cannot be read" in sentence(
        packed.replace(b"conversations.json", b"conversations.jsox", 1)
    )
    assert "holds no conversations.json" in sentence(zipped(other_json="[]"))


@given(st.binary(max_size=60), st.integers(0, 250), st.integers(0, 255))
def test_no_zip_is_too_odd(junk, at, byte):
    packed = bytearray(zipped(conversations_json=json.dumps([branches()])))
    packed[at % len(packed)] = byte
    for data in (bytes(packed), b"PK\3\4" + junk, bytes(packed[:-20]) + junk):
        with contextlib.suppress(BadImport):
            assert imported(data).chats


# Bad files


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"Hello", "not JSON: line 1, column 1"),
        (b'{"a": 1\n"b": 2}', "not JSON: line 2, column 1"),
        (b"\xff\xfe\xfd", "not text"),
        (b"\x89PNG\r\n\x1a\n\xff", "not text"),
        (b"null", "no conversation"),
        (b"5", "no conversation"),
        (b"[]", "no conversation"),
        (b"{}", "no conversation"),
        (b'["a"]', "no conversation"),
        (b'{"messages": 5}', "without messages"),
        (b'{"messages": []}', "without messages"),
        (b'{"mapping": {}}', "without messages"),
        (b'[{"role": "bishop"}]', "without a known role"),
        (b"[" * 10_000 + b"]" * 10_000, "nested too deeply"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "nested too deeply"),
        (b'{"format": "clarifai-chat", "version": 1}', "no list of conversations"),
        (
            b'{"format": "clarifai-chat", "version": 1, "chats": [1]}',
            "an entry that is not a conversation",
        ),
        (json.dumps({"kind": toolset.KIND}).encode(), "Tool playground"),
    ],
)
def test_a_bad_file_gets_a_sentence(data, says):
    assert says in sentence(data)


def test_a_file_that_is_too_large_gets_a_sentence(monkeypatch):
    monkeypatch.setattr(reading, "MAX_VALUES", 100)
    assert "too many values" in sentence(b"[" + b"0," * 100 + b"0]")

    monkeypatch.setattr(reading, "MAX_FILE_BYTES", 2_000_000)
    assert "too large: at most 2 MB" in sentence(b" " * 2_000_001)


def test_invalid_numbers_and_half_characters_do_no_harm():
    data = (
        b'{"messages": [{"role": "user", "content": "a\\ud800b\\u0000"}], "temperature": NaN,'
        b' "top_p": 1e999, "seed": ' + b"9" * 5000 + b', "max_tokens": -Infinity}'
    )

    result = imported(data)

    (chat,) = result.chats
    assert chat["turns"][0]["prompt"] == "a\ufffdb\ufffd"
    assert chat["settings"] == {}
    assert result.notes == ["Left out: a number that is invalid or too large (4 times)."]


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_a_file_is_read_in_any_unicode_encoding(coding):
    text = json.dumps([{"role": "user", "content": "Grüße, 世界"}], ensure_ascii=False)

    assert only(text.encode(coding))["turns"][0]["prompt"] == "Grüße, 世界"


def examples():
    ours = json.loads(to_json([rich_chat()], secret="", contents=CONTENTS))
    question = {"role": "user", "content": [{"type": "text", "text": "Hi"}]}
    body = {"messages": [question, {"role": "assistant", "tool_calls": [CALL]}], "stop": "x"}
    return [ours, body, [branches()]]


@slow
@given(st.sampled_from(examples()).flatmap(odd_data))
def test_no_file_is_too_odd(data):
    check(json.dumps(data).encode())


@given(st.one_of(JSON.map(json.dumps), st.text()), st.binary(max_size=3))
def test_no_text_is_too_odd(text, junk):
    check(text.encode("utf-8", "replace") + junk)


def check(data):
    """Either a sentence, or chats that every part of the app can use."""
    try:
        result = imported(data)
    except BadImport:
        sentence(data)
        return
    assert result.chats
    exported = to_json(result.chats, secret="", contents=result.contents)
    back = imported(exported.encode())
    assert to_json(back.chats, secret="", contents=back.contents) == exported
    to_html(result.chats, secret="", contents=result.contents)
    to_markdown(result.chats, secret="")
    for chat in result.chats:
        assert set(chat) == set(new_chat())
        for each in chat["turns"]:
            assert is_over(each)
            show(chat, each)
            to_messages(path(chat), each)


def test_a_file_cannot_say_that_a_sound_is_a_page():
    asked = turn("Listen", "Hm.")
    asked["attachments"] = [
        {
            "id": "a" * 32,
            "name": "x.wav",
            "kind": "audio",
            "mime": "text/html",
            "size": 2,
            "tokens": None,
            "sha256": "",
        }
    ]
    chat = new_chat()
    add(chat, asked, None)

    (found,) = read(to_json([chat], secret="").encode()).chats

    assert found["turns"][0]["attachments"][0]["mime"] == "audio/wav"
