"""Imports of what other programs export: Claude, Open WebUI, LibreChat, ShareGPT, Responses."""

import base64
import io
import json
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clarifai_chat.chat.chats import path, siblings
from clarifai_chat.chat.request import to_messages
from clarifai_chat.chat.turn import answer_text
from clarifai_chat.transfer.imports import BadImport, read
from tests.some_chats import PNG, odd_data, turn
from tests.test_imports import check

NOW = 1_790_000_000.0
PICTURE = "data:image/png;base64," + base64.b64encode(PNG).decode()
UNREAD = "Left out: the content of a file; its name is kept as text"


def imported(found):
    return read(found if isinstance(found, bytes) else json.dumps(found).encode(), now=NOW)


def only(found):
    """The one conversation of a file from which nothing is left out."""
    result = imported(found)
    (chat,) = result.chats
    assert result.notes == []
    return chat


def noted(found):
    """The one conversation of a file, and what was left out of it."""
    result = imported(found)
    (chat,) = result.chats
    return chat, result.notes


def words(turns):
    return [(each["prompt"], answer_text(each)) for each in turns]


def steps(asked):
    """What each reply of a turn holds, in order."""
    shown = []
    for reply in asked["replies"]:
        if "reasoning_content" in reply:
            shown.append(("thoughts", reply["reasoning_content"]))
        if reply["role"] == "tool":
            shown.append(("result", reply["content"]))
        elif reply["content"]:
            shown.append(("text", reply["content"]))
        for call in reply.get("tool_calls", []):
            shown.append((call["function"]["name"], call["function"]["arguments"]))
    return shown


# Claude

ROOT = "00000000-0000-4000-8000-000000000000"


def claude(*messages, **fields):
    return [
        {
            "uuid": "c1",
            "name": "Tides",
            "summary": "",
            "created_at": "2026-03-29T07:06:34.5Z",
            "updated_at": "2026-03-29T12:59:41Z",
            "account": {"uuid": "a"},
            "chat_messages": list(messages),
            **fields,
        }
    ]


def said(id, sender, *content, minute=0, parent=None, **fields):
    blocks = [{"type": "text", "text": each} if isinstance(each, str) else each for each in content]
    found = {
        "uuid": id,
        "text": "",
        "content": blocks,
        "sender": sender,
        "created_at": f"2026-03-29T07:{minute:02}:00Z",
        "attachments": [],
        "files": [],
        **fields,
    }
    return found if parent is None else {**found, "parent_message_uuid": parent}


def test_claudes_conversation_keeps_its_title_its_times_and_its_thoughts():
    chat = only(
        claude(
            said("1", "human", "How high?", minute=6),
            said("2", "assistant", {"type": "thinking", "thinking": "Brest."}, "Seven.", minute=7),
            said("3", "human", "And low?", minute=8),
            said("4", "assistant", "One.", minute=9),
            is_starred=True,
        )
    )

    assert words(path(chat)) == [("How high?", "Seven."), ("And low?", "One.")]
    assert steps(chat["turns"][0]) == [("thoughts", "Brest."), ("text", "Seven.")]
    assert (chat["title"], chat["pinned"]) == ("Tides", True)
    assert (chat["created_at"], chat["updated_at"]) == (1_774_767_994.5, 1_774_789_181.0)
    assert chat["turns"][0]["asked_at"] == 1_774_767_960.0


def test_claudes_edits_and_retries_are_branches():
    chat = only(
        claude(
            said("1", "human", "How high?", parent=ROOT, minute=1),
            said("2", "assistant", "Seven.", parent="1", minute=2),
            said("3", "assistant", "Eight.", parent="1", minute=3),
            said("4", "human", "How low?", parent=ROOT, minute=4),
            said("5", "assistant", "One.", parent="4", minute=5),
            current_leaf_message_uuid="2",
        )
    )

    assert words(path(chat)) == [("How high?", "Seven.")]
    assert words(siblings(chat, path(chat)[0])) == [
        ("How high?", "Seven."),
        ("How high?", "Eight."),
        ("How low?", "One."),
    ]


def test_claudes_calls_and_results_are_kept_in_their_order():
    use = {"type": "tool_use", "id": "t1", "name": "search", "input": {"q": "tide"}}
    found = {
        "type": "tool_result",
        "tool_use_id": "t1",
        "name": "search",
        "content": [
            {"type": "text", "text": "High."},
            {"type": "knowledge", "title": "Tides", "url": "https://a.test", "text": "Seven."},
        ],
    }
    chat = only(
        claude(
            said("1", "human", "How high?"),
            said("2", "assistant", "Let me see.", use, found, {"type": "token_budget"}, "Seven."),
        )
    )

    (asked,) = chat["turns"]
    assert steps(asked) == [
        ("text", "Let me see."),
        ("search", '{"q": "tide"}'),
        ("result", "High.\n\nTides\nhttps://a.test\n\nSeven."),
        ("text", "Seven."),
    ]
    roles = [each["role"] for each in to_messages([asked], turn("More?", ""))]
    assert roles == ["user", "assistant", "tool", "assistant", "user"]


def test_calls_made_at_once_stay_together_whatever_the_order_of_their_results():
    def use(id):
        return {"type": "tool_use", "id": id, "name": id, "input": None}

    def result(id):
        return {"type": "tool_result", "tool_use_id": id, "content": f"of {id}"}

    chat = only(
        claude(
            said("1", "human", "Both?"),
            said("2", "assistant", use("a"), use("b"), result("b"), result("a"), use("c")),
            said("3", "assistant", "Done.", result("c"), result("hidden"), result("")),
        )
    )

    both, b, a, alone, c, done, hidden, of_hidden, nameless, of_nameless = chat["turns"][0][
        "replies"
    ]
    assert [call["id"] for call in both["tool_calls"]] == ["a", "b"]
    assert (b["content"], a["content"], c["content"]) == ("of b", "of a", "of c")
    assert [call["id"] for call in alone["tool_calls"]] == ["c"]
    assert done["content"] == "Done."
    for call, answer in ((hidden, of_hidden), (nameless, of_nameless)):
        assert call["tool_calls"][0]["function"] == {"name": "tool", "arguments": "{}"}
        assert answer["tool_call_id"] == call["tool_calls"][0]["id"]


def test_texts_that_claude_read_become_attachments_and_other_files_are_named():
    result = imported(
        claude(
            said(
                "1",
                "human",
                attachments=[
                    {"file_name": "notes.md", "extracted_content": "# Tide"},
                    {"file_name": "", "extracted_content": "pasted"},
                    {"file_name": "empty.doc"},
                ],
                files=[{"file_name": "map.png", "file_uuid": "f"}, {"file_name": "x.pdf"}],
                files_v2=[{"file_name": "map.png", "file_uuid": "f"}, {}],
            )
        )
    )

    (chat,) = result.chats
    (asked,) = chat["turns"]
    assert asked["prompt"].split("\n\n") == [
        "[File: empty.doc]",
        "[File: map.png]",
        "[File: x.pdf]",
        "[File: without a name]",
    ]
    assert [each["name"] for each in asked["attachments"]] == ["notes.md", "text.txt"]
    assert [result.contents[each["id"]] for each in asked["attachments"]] == [b"# Tide", b"pasted"]
    assert result.notes == [f"{UNREAD} (4 times)."]


def test_what_claude_cannot_give_is_named():
    chat, notes = noted(
        claude(
            said("1", "human", text="Old file."),
            said(
                "2",
                "assistant",
                {"type": "redacted_thinking", "data": "x"},
                {"type": "image"},
                {"type": "tool_result", "tool_use_id": "x", "content": [{"type": "image"}]},
                {"type": "tool_result", "tool_use_id": "y", "content": "text alone"},
                {"type": "thinking"},
                " ",
            ),
            said("3", "judge", "?"),
            said("4", "assistant", text="Old answer."),
        )
    )

    assert words(path(chat)) == [("Old file.", "\n\n\n\nOld answer.")]
    assert ("result", "text alone") in steps(chat["turns"][0])
    assert notes == [
        "Left out: thoughts that Claude has encrypted.",
        "Left out: a part of a message that is not text, such as a picture.",
        "Left out: a part of a tool's result that is not text, such as a picture.",
        "Left out: a message without a known role.",
    ]


def test_the_zip_of_claudes_export_is_read():
    export = claude(said("1", "human", "How high?"), said("2", "assistant", "Seven."))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("users.json", "[]")
        archive.writestr("projects.json", "[]")
        archive.writestr("conversations.json", json.dumps(export))

    assert words(path(only(packed.getvalue()))) == [("How high?", "Seven.")]


def test_claudes_conversations_inside_an_object_are_read():
    export = {"conversations": claude(said("1", "human", "How high?"))}

    assert words(path(only(export))) == [("How high?", "")]


# Open WebUI


def open_webui(*messages, current=None, **fields):
    """An export of one conversation; each message is (id, parent, role, content, more)."""
    found = {}
    for number, (id, parent, role, content, *more) in enumerate(messages):
        found[id] = {
            "id": id,
            "parentId": parent,
            "childrenIds": [each[0] for each in messages if each[1] == id],
            "role": role,
            "content": content,
            "timestamp": 1_764_000_000 + number,
            **(more[0] if more else {}),
        }
    chat = {
        "title": "Tides",
        "models": ["llama3"],
        "history": {"currentId": current or messages[-1][0], "messages": found},
        "messages": [],
        "timestamp": 1_764_000_000_000,
        **fields,
    }
    return [
        {"id": "c", "title": "Tides", "chat": chat, "pinned": True, "updated_at": 1_764_000_900}
    ]


def test_open_webuis_answers_side_by_side_are_branches():
    chat = only(
        open_webui(
            ("u", None, "user", "How high?"),
            ("a", "u", "assistant", "Seven.", {"model": "m1", "annotation": {"rating": 1}}),
            ("b", "u", "assistant", "Eight.", {"model": "m2"}),
            ("v", "a", "user", "Sure?"),
            ("c", "v", "assistant", "Yes."),
            current="c",
            params={"system": "Be kind.", "temperature": 0.5, "num_ctx": 5},
        )
    )

    assert words(path(chat)) == [("How high?", "Seven."), ("Sure?", "Yes.")]
    first = path(chat)[0]
    assert [each["model"]["name"] for each in siblings(chat, first)] == ["m1", "m2"]
    assert path(chat)[1]["model"]["name"] == "llama3"
    assert first["feedback"] == "up"
    assert chat["settings"] == {"system": "Be kind.", "temperature": 0.5}
    assert (chat["title"], chat["pinned"]) == ("Tides", True)
    assert (chat["created_at"], chat["updated_at"]) == (1_764_000_000, 1_764_000_900)


BLOCKS = """\
<details type="reasoning" done="true" duration="7">
<summary>Thought for 7 seconds</summary>
&gt; Look it up,
> then answer.
</details>
<details type="tool_calls" done="true" id="call_1" name="tide" \
arguments="&quot;{\\&quot;at\\&quot;: \\&quot;Brest\\&quot;}&quot;" result="&quot;seven&quot;">
<summary>Tool Executed</summary>
</details>
<details type="tool_calls" done="true" id="call_2" name="tide" arguments="{}">
<summary>Tool Executed</summary>
{&quot;m&quot;: 8}
</details>
<details type="tool_calls" done="false" id="call_3" name="slow" arguments="at once">
<summary>Executing</summary>
</details>
<details type="reasoning" done="true">
<summary>Thought</summary>
</details>
<details type="code_interpreter" done="true" output="9">
<summary>Analyzed</summary>
```python
print(9)
```
</details>
So:

````html
```
<details type="tool_calls" name="shown">
</details>
````
<details type="reasoning" done="false">and no end"""


def test_open_webuis_blocks_in_an_answer_become_thoughts_calls_and_results():
    chat = only(open_webui(("u", None, "user", "How high?"), ("a", "u", "assistant", BLOCKS)))

    assert steps(chat["turns"][0]) == [
        ("thoughts", "Look it up,\nthen answer."),
        ("tide", '{"at": "Brest"}'),
        ("result", "seven"),
        ("tide", "{}"),
        ("result", '{"m": 8}'),
        ("slow", '{"input": "at once"}'),
        ("code_interpreter", '{"code": "print(9)"}'),
        ("result", "9"),
        (
            "text",
            'So:\n\n````html\n```\n<details type="tool_calls" name="shown">\n</details>\n````\n'
            '<details type="reasoning" done="false">and no end',
        ),
    ]


def test_open_webuis_items_of_an_answer_are_not_told_twice():
    items = [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
        {"type": "function_call", "call_id": "x", "name": "tide", "arguments": "{}"},
        {
            "type": "function_call_output",
            "call_id": "x",
            "output": [{"type": "input_text", "text": "seven"}],
        },
        {"type": "message", "content": [{"type": "output_text", "text": "Seven."}]},
    ]
    chat = only(
        open_webui(
            ("u", None, "user", "How high?"),
            ("a", "u", "assistant", "Seven.", {"output": items}),
        )
    )

    assert steps(chat["turns"][0]) == [
        ("thoughts", "Hm."),
        ("tide", "{}"),
        ("result", "seven"),
        ("text", "Seven."),
    ]


def test_open_webuis_pictures_and_texts_are_kept_and_the_rest_is_named():
    files = [
        {"type": "image", "url": PICTURE},
        {"type": "file", "name": "spec.pdf", "file": {"data": {"content": "Read text"}}},
        {"type": "file", "file": {"filename": "gone.doc"}},
        {"type": "collection"},
        {},
    ]
    made = {"files": [{"type": "image", "url": "/api/v1/files/1", "name": "made.png"}]}
    result = imported(
        open_webui(
            ("s", None, "system", "Be kind."),
            ("u", "s", "user", "Look", {"files": files}),
            (
                "a",
                "u",
                "assistant",
                "<think>Well.</think>\n\nSeen.",
                {**made, "error": {"content": "x"}, "sources": [1], "annotation": {"rating": "?"}},
            ),
            ("j", "a", "judge", "?"),
        )
    )

    (chat,) = result.chats
    (asked,) = chat["turns"]
    named = ["gone.doc", "collection", "without a name"]
    assert asked["prompt"] == "\n\n".join(["Look", *(f"[File: {name}]" for name in named)])
    assert [each["name"] for each in asked["attachments"]] == ["image.png", "spec.pdf"]
    assert sorted(result.contents.values()) == sorted([PNG, b"Read text"])
    assert steps(asked) == [("thoughts", "Well."), ("text", "Seen.\n\n[File: made.png]")]
    assert chat["settings"] == {"system": "Be kind."}
    assert result.notes == [
        f"{UNREAD} (4 times).",
        "Left out: an error that a question got instead of an answer.",
        "Left out: the list of sources of an answer.",
        "Left out: a message without a known role.",
    ]


def test_open_webuis_older_forms_are_read():
    flat = {
        "chat": {
            "system": "Be kind.",
            "messages": [
                {"role": "user", "content": "a"},
                {"role": "assistant", "content": "b", "reasoning_content": "Hm."},
            ],
        }
    }
    bare = open_webui(("u", None, "user", "a"), ("x", "u", "assistant", "b"))[0]["chat"]

    for export in (flat, bare):
        assert words(path(only(export))) == [("a", "b")]
    assert only(flat)["settings"] == {"system": "Be kind."}
    assert steps(only(flat)["turns"][0])[0] == ("thoughts", "Hm.")
    empty = open_webui(("u", None, "user", "a"))
    empty[0]["chat"]["history"]["messages"] = {"odd": None}
    with pytest.raises(BadImport, match="without messages"):
        imported(empty)


# LibreChat


def libre(id, parent, by_user, text="", minute=0, **fields):
    return {
        "messageId": id,
        "parentMessageId": parent,
        "sender": "User" if by_user else "GPT-5",
        "isCreatedByUser": by_user,
        "text": text,
        "createdAt": f"2026-03-29T07:{minute:02}:00.000Z",
        **fields,
    }


def librechat(*messages, **fields):
    return {
        "conversationId": "x",
        "endpoint": "openAI",
        "title": "Tides",
        "branches": True,
        "recursive": False,
        "messages": list(messages),
        **fields,
    }


def test_librechats_branches_and_options_are_kept():
    chat = only(
        librechat(
            libre("1", "0", True, "How high?", 1),
            libre("2", "1", False, "Seven.", 2, model="gpt-5-mini"),
            libre("3", "1", False, "Eight.", 3),
            options={
                "model": "gpt-5",
                "promptPrefix": "Be kind.",
                "temperature": 0.5,
                "tools": ["calculator"],
            },
        )
    )

    assert words(siblings(chat, chat["turns"][0])) == [
        ("How high?", "Seven."),
        ("How high?", "Eight."),
    ]
    assert [each["model"]["name"] for each in chat["turns"]] == ["gpt-5-mini", "GPT-5"]
    assert chat["settings"] == {"system": "Be kind.", "temperature": 0.5}
    assert (chat["title"], chat["created_at"]) == ("Tides", 1_774_767_660.0)
    assert chat["updated_at"] == 1_774_767_780.0


def test_librechats_tree_is_read_however_deep():
    deep = libre("n1999", "", False, "end")
    for number in reversed(range(150)):
        deep = {**libre(f"n{number}", "", number % 2 == 0, str(number)), "children": [deep]}
    tree = librechat(recursive=True, messagesTree=[deep])
    del tree["messages"]

    chat = only(tree)

    assert len(path(chat)) == 75
    assert path(chat)[-1]["replies"][-1]["content"] == "end"
    assert words(path(only(librechat(deep, recursive=True)))) == words(path(chat))


def test_librechats_parts_become_thoughts_calls_and_results():
    calls = [
        {"id": "1", "name": "tide", "args": '{"at": "Brest"}', "output": "seven"},
        {"id": "2", "type": "function", "function": {"name": "f", "arguments": {"a": 1}}},
        {"id": "3", "code_interpreter": {"input": "1+1", "outputs": [{"logs": "2"}]}},
    ]
    chat, notes = noted(
        librechat(
            libre("1", "0", True, "How high?", files=[{"filename": "a.pdf"}, {}]),
            libre(
                "2",
                "1",
                False,
                "ignored: the parts say it",
                content=[
                    {"type": "think", "think": "Hm."},
                    {"type": "text", "text": {"value": "Let me see."}},
                    *({"type": "tool_call", "tool_call": call} for call in calls),
                    {"type": "text", "text": "Seven."},
                    {"type": "image_file", "image_file": {"filename": "map.png"}},
                    {"type": "agent_update"},
                    {"type": "error", "error": "x"},
                    {"type": "hologram"},
                    {"type": "think"},
                ],
            ),
            libre("3", "2", False, "Overloaded", error=True),
            libre("4", "2", None, "?", sender="user", content=[]),
            libre("5", "4", None, ":::thinking\nWell.\n:::\nYes.", sender="Assistant"),
            libre("6", "5", True, content=[{"type": "text", "text": "In parts"}]),
            libre("7", "6", True),
        )
    )

    first, second, third = path(chat)
    assert first["prompt"] == "How high?\n\n[File: a.pdf]\n\n[File: without a name]"
    assert steps(first) == [
        ("thoughts", "Hm."),
        ("text", "Let me see."),
        ("tide", '{"at": "Brest"}'),
        ("result", "seven"),
        ("f", '{"a": 1}'),
        ("code_interpreter", '{"code": "1+1"}'),
        ("result", "2"),
        ("text", "Seven.\n\n[File: map.png]"),
    ]
    assert (second["prompt"], steps(second)) == ("?", [("thoughts", "Well."), ("text", "Yes.")])
    assert second["model"]["name"] == "unknown model"
    assert third["prompt"] == "In parts"
    assert notes == [
        f"{UNREAD} (3 times).",
        "Left out: an error that a question got instead of an answer (2 times).",
        "Left out: a part of a message that is not text.",
    ]


# ShareGPT


def test_sharegpts_conversations_are_read_from_a_list_and_from_lines():
    row = {
        "id": "1",
        "conversations": [
            {"from": "system", "value": "Be kind."},
            {"from": "human", "value": "How high?"},
            {"from": "gpt", "value": "<think>Brest.</think>\nSeven."},
            {"from": "human", "value": "Sure?"},
            {"from": "human", "value": "Really?"},
            {"from": "gpt", "value": "Yes."},
        ],
    }
    line = json.dumps(row)

    for found in (json.dumps([row, row]), f"{line}\n{line}\n"):
        result = imported(found.encode())
        assert result.notes == []
        assert len(result.chats) == 2
        for chat in result.chats:
            assert words(path(chat)) == [("How high?", "Seven."), ("Sure?\n\nReally?", "Yes.")]
            assert chat["turns"][0]["replies"][0]["reasoning_content"] == "Brest."
            assert chat["settings"] == {"system": "Be kind."}
    assert words(path(only(row["conversations"]))) == words(path(chat))


def test_sharegpts_calls_and_results_are_kept():
    chat, notes = noted(
        {
            "system": "Use tools.",
            "tools": '[{"name": "tide"}]',
            "conversations": [
                {"from": "human", "value": "How high?"},
                {"from": "function_call", "value": '{"name": "tide", "arguments": "at Brest"}'},
                {"from": "observation", "value": "seven"},
                {"from": "function_call", "value": '[{"name": "a"}, 5]'},
                {"from": "function_call", "value": "no JSON"},
                {"from": "gpt", "value": "Seven."},
                {"from": "judge", "value": "?"},
            ],
        }
    )

    assert steps(chat["turns"][0]) == [
        ("tide", '{"input": "at Brest"}'),
        ("result", "seven"),
        ("a", "{}"),
        ("text", "Seven."),
    ]
    assert chat["settings"] == {"system": "Use tools."}
    assert notes == [
        "Left out: the tools of a request, which are in another form than this API's.",
        "Left out: an invalid tool call (2 times).",
        "Left out: a message without a known role.",
    ]


def test_conversations_that_name_roles_are_read_too():
    rows = [{"role": "user", "content": "How high?"}, {"role": "assistant", "content": "Seven."}]

    chat = only({"system": "Be kind.", "conversations": rows})

    assert words(path(chat)) == [("How high?", "Seven.")]
    assert chat["settings"] == {"system": "Be kind."}
    assert only({"conversations": rows})["settings"] == {}


# OpenAI's Responses API


def test_a_request_and_an_answer_of_the_responses_api_are_one_conversation():
    chat = only(
        {
            "object": "response",
            "created_at": 1_764_000_000,
            "model": "gpt-5",
            "instructions": "Be kind.",
            "max_output_tokens": 500,
            "reasoning": {"effort": "low"},
            "text": {"format": {"type": "json_schema", "schema": {"type": "object"}}},
            "input": [
                {"role": "developer", "content": "In metres."},
                {
                    "type": "message",
                    "role": "user",
                    "content": [{"type": "input_text", "text": "How high?"}],
                },
            ],
            "output": [
                {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
                {"type": "function_call", "call_id": "a", "name": "tide", "arguments": "{}"},
                {"type": "function_call", "call_id": "b", "name": "moon", "arguments": ""},
                {"type": "function_call_output", "call_id": "a", "output": "seven"},
                {"type": "function_call_output", "call_id": "b", "output": "full"},
                {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "So."}]},
                {
                    "type": "message",
                    "role": "assistant",
                    "content": [{"type": "output_text", "text": "Seven."}],
                },
            ],
        }
    )

    (asked,) = chat["turns"]
    assert asked["prompt"] == "How high?"
    assert steps(asked) == [
        ("thoughts", "Hm."),
        ("tide", "{}"),
        ("moon", "{}"),
        ("result", "seven"),
        ("result", "full"),
        ("thoughts", "So."),
        ("text", "Seven."),
    ]
    assert [call["id"] for call in asked["replies"][0]["tool_calls"]] == ["a", "b"]
    assert asked["model"]["name"] == "gpt-5"
    assert chat["created_at"] == 1_764_000_000
    assert chat["settings"] == {
        "system": "Be kind.\n\nIn metres.",
        "max_tokens": 500,
        "reasoning_effort": "low",
        "json_schema": '{"type": "object"}',
    }


def test_a_question_alone_and_a_list_of_items_are_read():
    asked = only({"model": "gpt-5", "input": "How high?", "instructions": [{"content": "Kind."}]})
    items = only(
        [
            {"type": "message", "role": "user", "content": "How high?"},
            {"role": "assistant", "content": "Seven."},
        ]
    )

    assert words(path(asked)) == [("How high?", "")]
    assert asked["settings"] == {"system": "Kind."}
    assert words(path(items)) == [("How high?", "Seven.")]


def test_the_steps_of_the_apis_own_tools_are_kept_and_what_cannot_be_is_named():
    chat, notes = noted(
        {
            "previous_response_id": "resp_1",
            "input": [
                {
                    "role": "user",
                    "content": [
                        {"type": "input_image", "image_url": PICTURE},
                        {"type": "input_file", "filename": "a.pdf"},
                    ],
                }
            ],
            "output": [
                {"type": "reasoning", "encrypted_content": "x", "summary": []},
                {"type": "reasoning", "summary": []},
                {"type": "web_search_call", "id": "w", "action": {"query": "tide"}},
                {
                    "type": "code_interpreter_call",
                    "id": "c",
                    "code": "1+1",
                    "outputs": [{"type": "logs", "logs": "2"}],
                },
                {"type": "mcp_call", "id": "m", "name": "sea", "arguments": "{}", "output": "ok"},
                {"type": "image_generation_call", "id": "i", "result": "AAAA"},
                {"type": "mcp_list_tools"},
                {"type": "riddle"},
            ],
        }
    )

    (asked,) = chat["turns"]
    assert asked["prompt"] == "[File: a.pdf]"
    assert [each["name"] for each in asked["attachments"]] == ["image.png"]
    assert steps(asked) == [
        ("web_search", '{"query": "tide"}'),
        ("code_interpreter", '{"input": "1+1"}'),
        ("result", "2"),
        ("sea", "{}"),
        ("result", "ok"),
        ("image_generation", "{}"),
    ]
    assert notes == [
        "Left out: the turns before a request, which its file only refers to.",
        f"{UNREAD}.",
        "Left out: thoughts that the API has encrypted.",
        "Left out: a picture that a tool made.",
        "Left out: a message without a known role.",
    ]


# All of them


def test_several_forms_in_one_file_are_all_read():
    chats = imported(
        [
            claude(said("1", "human", "a"))[0],
            librechat(libre("1", "0", True, "b")),
            {"conversations": [{"from": "human", "value": "c"}]},
            {"messages": [{"role": "user", "content": "d"}]},
            {"input": "e", "model": "m"},
        ]
    ).chats

    assert [each["turns"][0]["prompt"] for each in chats] == ["a", "b", "c", "d", "e"]


def test_a_file_of_none_of_these_says_what_can_be_read():
    with pytest.raises(BadImport) as caught:
        imported({"recipe": "soup"})

    for name in ("this app", "ChatGPT", "Claude", "Open WebUI", "LibreChat", "ShareGPT", "OpenAI"):
        assert name in str(caught.value)


@pytest.mark.parametrize("at", ["yesterday", True, [], 10**20, "0001-01-01T00:00:00+14:00"])
def test_a_time_that_is_none_does_no_harm(at):
    chat = imported(claude(said("1", "human", "a", created_at=at), created_at=at)).chats[0]

    assert words(path(chat)) == [("a", "")]


def examples():
    use = {"type": "tool_use", "id": "t", "name": "search", "input": {"q": "tide"}}
    result = {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "x"}]}
    call = {"type": "tool_call", "tool_call": {"id": "1", "name": "tide", "args": "{}"}}
    items = [
        {"type": "function_call", "call_id": "x", "name": "tide", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "x", "output": "seven"},
    ]
    files = [{"type": "image", "url": PICTURE}, {"file": {"data": {"content": "x"}}}]
    return [
        claude(said("1", "human", "a", parent=ROOT), said("2", "assistant", use, result)),
        open_webui(("u", None, "user", "a", {"files": files}), ("a", "u", "assistant", BLOCKS)),
        open_webui(("u", None, "user", "a"), ("a", "u", "assistant", "b", {"output": items})),
        librechat(libre("1", "0", True, "a"), libre("2", "1", False, content=[call])),
        {"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]},
        {"input": [{"role": "user", "content": "a"}], "output": items, "model": "m"},
    ]


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(examples()).flatmap(odd_data))
def test_no_file_of_another_program_is_too_odd(found):
    check(json.dumps(found).encode())
