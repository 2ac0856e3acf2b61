"""Requests of Anthropic, Gemini and OpenAI's Responses API become the playground's."""

import json

import pytest

from clarifai_chat.playground import door
from tests.test_pasted import sent_again

pytestmark = pytest.mark.quick
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = {
    "type": "function",
    "function": {"name": "get_weather", "description": "Get it.", "parameters": SCHEMA},
}
NAMED = {"type": "function", "function": {"name": "get_weather"}}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


def call(id):
    function = {"name": "get_weather", "arguments": '{"city": "Rome"}'}
    return {"id": id, "type": "function", "function": function}


def talk(id):
    """The same conversation as chat completions have it."""
    return [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": [{"type": "text", "text": "Here?"}, PICTURE]},
        {"role": "assistant", "content": "I look.", "tool_calls": [call(id)]},
        {"role": "tool", "tool_call_id": id, "content": '{"sky": "rain"}'},
        {"role": "user", "content": "And now?"},
    ]


FORM = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}}
ANTHROPIC = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 99,
    "temperature": 0.5,
    "stop_sequences": ["END"],
    "top_k": 5,
    "thinking": {"type": "enabled", "budget_tokens": 1024},
    "system": [{"type": "text", "text": "Be kind.", "cache_control": {"type": "ephemeral"}}],
    "tools": [{"name": "get_weather", "description": "Get it.", "input_schema": SCHEMA}],
    "tool_choice": {"type": "tool", "name": "get_weather", "disable_parallel_tool_use": True},
    "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}},
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Here?"},
                {
                    "type": "image",
                    "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"},
                },
                {"type": "document", "title": "Plan", "source": {"type": "file", "file_id": "f"}},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": "s"},
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "t1", "name": "get_weather", "input": {"city": "Rome"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "t1",
                    "content": [{"type": "text", "text": '{"sky": "rain"}'}, {"type": "image"}],
                },
                {"type": "text", "text": "And now?"},
            ],
        },
    ],
}
GEMINI = {
    "systemInstruction": {"parts": [{"text": "Be kind."}]},
    "contents": [
        {
            "role": "user",
            "parts": [
                {"text": "Here?"},
                {"inline_data": {"mime_type": "image/png", "data": "AAAA"}},
                {"fileData": {"fileUri": "gs://bucket/film.mp4"}},
            ],
        },
        {
            "role": "model",
            "parts": [
                {"text": "I look."},
                {"functionCall": {"name": "get_weather", "args": {"city": "Rome"}}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"name": "get_weather", "response": {"sky": "rain"}}},
                {"text": "And now?"},
            ],
        },
    ],
    "tools": [
        {
            "functionDeclarations": [
                {
                    "name": "get_weather",
                    "description": "Get it.",
                    "parameters": {
                        "type": "OBJECT",
                        "properties": {"city": {"type": "STRING"}},
                        "required": ["city"],
                    },
                }
            ]
        }
    ],
    "toolConfig": {
        "functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["get_weather"]}
    },
    "generationConfig": {
        "temperature": 0.5,
        "maxOutputTokens": 99,
        "stopSequences": ["END"],
        "topK": 5,
        "responseMimeType": "application/json",
        "responseJsonSchema": SCHEMA,
    },
    "safetySettings": [],
}
RESPONSES = {
    "model": "gpt-5",
    "instructions": "Be kind.",
    "input": [
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "Here?"},
                {"type": "input_image", "image_url": "data:image/png;base64,AAAA"},
                {"type": "input_file", "file_id": "file-1"},
            ],
        },
        {"type": "reasoning", "summary": []},
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "I look."}],
        },
        {
            "type": "function_call",
            "call_id": "c1",
            "name": "get_weather",
            "arguments": '{"city": "Rome"}',
        },
        {"type": "function_call_output", "call_id": "c1", "output": '{"sky": "rain"}'},
        {"role": "user", "content": "And now?"},
    ],
    "tools": [
        {
            "type": "function",
            "name": "get_weather",
            "description": "Get it.",
            "parameters": SCHEMA,
        }
    ],
    "tool_choice": {"type": "function", "name": "get_weather"},
    "parallel_tool_calls": False,
    "temperature": 0.5,
    "max_output_tokens": 99,
    "text": {"format": {"type": "json_schema", "name": "answer", "schema": SCHEMA}},
    "previous_response_id": "resp_1",
}


@pytest.mark.parametrize(
    ("body", "id", "more", "lost"),
    [
        (
            ANTHROPIC,
            "t1",
            {"stop": ["END"], "parallel_tool_calls": False},
            ["`top_k`", "`thinking`", "`cache_control`", "the document Plan", "`image` in the res"],
        ),
        (
            GEMINI,
            "call_1",
            {"stop": ["END"]},
            ["`safetySettings`", "`topK`", "`gs://bucket/film.mp4`"],
        ),
        (
            RESPONSES,
            "c1",
            {"parallel_tool_calls": False},
            ["`previous_response_id`", "`reasoning`", "`input_file` (file-1)"],
        ),
    ],
    ids=["Anthropic", "Gemini", "Responses"],
)
@pytest.mark.parametrize("form", ["JSON", "curl"])
def test_a_body_of_another_api_becomes_a_request(body, id, more, lost, form):
    text = json.dumps(body)
    found = door.opened(text if form == "JSON" else f"curl https://x -H 'k: v' -d '{text}'")

    assert found.kind == "request"
    sent = sent_again(found)
    assert sent.pop("model") == ""  # the one chosen on the page is used
    assert sent == {
        "messages": talk(id),
        "tools": [TOOL],
        "tool_choice": NAMED,
        "temperature": 0.5,
        "max_completion_tokens": 99,
        "response_format": FORM,
        **more,
    }
    (said,) = [note for note in found.notes if note.startswith("Not carried over")]
    assert all(what in said for what in lost), said
    assert any("to OpenAI's chat completions" in note for note in found.notes)


def test_results_of_gemini_find_their_calls_by_name_and_order():
    parts = [{"functionCall": {"name": name}, "thoughtSignature": "s"} for name in "aba"]
    answers = [{"functionResponse": {"name": n, "response": {"n": n}}} for n in "baa"]
    contents = [
        {"parts": [{"text": "Hi"}]},
        {"role": "model", "parts": parts},
        {"parts": answers},
        {"parts": [{"text": "So?"}]},
    ]

    messages = sent_again(door.opened(json.dumps({"contents": contents})))["messages"]

    calls = messages[1]["tool_calls"]
    assert [each["id"] for each in calls] == ["call_1", "call_2", "call_3"]
    assert calls[0]["extra_content"] == {"google": {"thought_signature": "s"}}
    ids = [message["tool_call_id"] for message in messages[2:5]]
    assert ids == ["call_2", "call_1", "call_3"]


@pytest.mark.parametrize(
    "body",
    [
        {"contents": "Hi"},
        {"input": "Hi", "model": "m"},
        {"messages": [{"role": "user", "content": "Hi"}], "system": ""},
    ],
)
def test_a_bare_question_is_a_request(body):
    found = door.opened(json.dumps(body))

    assert (found.kind, found.toolset["prompt"]) == ("request", "Hi")


@pytest.mark.parametrize(
    "body",
    [
        {"contents": [7, {"parts": [7, {"functionCall": "x"}]}]},
        {"input": [7, {"type": "function_call"}, {"role": "user", "content": [7]}]},
        {"messages": [{"role": "user", "content": [7, {"type": "tool_use"}]}], "system": [7]},
    ],
)
def test_odd_bodies_do_no_harm(body):
    assert door.opened(json.dumps(body)).kind == "request"


@pytest.mark.parametrize("key", ["inputSchema", "input_schema"])
def test_a_schema_of_another_form_inside_a_function_is_converted(key):
    mixed = {"type": "function", "function": {"name": "get_weather", key: SCHEMA}}
    body = {"messages": [{"role": "user", "content": "Hi"}], "tools": [mixed]}

    bare, request = door.opened(json.dumps([mixed])), door.opened(json.dumps(body))

    assert bare.tools[0].spec["function"]["parameters"] == SCHEMA
    assert bare.tools[0].changed == (f"`{key}` renamed `parameters`",)
    assert sent_again(request)["tools"][0]["function"]["parameters"] == SCHEMA
