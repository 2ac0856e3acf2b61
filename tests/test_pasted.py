"""A request from outside becomes the playground's, and goes out as it came."""

import json
import subprocess

import pytest

from clarifai_chat.llm.code import snippet
from clarifai_chat.llm.request import request_from_body
from clarifai_chat.playground import pasted, runs
from clarifai_chat.playground.pasted import BadPaste
from clarifai_chat.tools.lint.check import check
from tests.canary import CANARY
from tests.conftest import MODEL
from tests.pages import page
from tests.test_tool_playground_page import PAGE, run, text_in_editor, tool, with_prompt

BASE = "https://api.clarifai.com/v2/ext/openai/v1"
CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "get_weather", "arguments": '{"location": "Paris"}'},
}
USER = {"role": "user", "content": 'It\'s "hot" in $HOME?\nReally? 😀 `ls` \\n'}
STREAM = {"stream": True, "stream_options": {"include_usage": True}}
BODIES = {
    "a question": {"model": MODEL, "messages": [USER]},
    "a system prompt": {
        "model": MODEL,
        "messages": [{"role": "system", "content": "Be kind."}, USER],
        "temperature": 0.5,
        **STREAM,
    },
    "a conversation": {
        "model": MODEL,
        "messages": [USER, {"role": "assistant", "content": "Yes."}, USER],
        "top_p": 0.9,
        "seed": 7,
        "stop": ["END"],
        "response_format": {"type": "json_object"},
    },
    "tools": {
        "model": MODEL,
        "messages": [USER],
        "tools": [tool(), tool("get_time")],
        "tool_choice": {"type": "function", "function": {"name": "get_time"}},
        "parallel_tool_calls": False,
        "max_completion_tokens": 99,
        **STREAM,
    },
    "answered calls": {
        "model": MODEL,
        "messages": [
            USER,
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "call_1", "content": "22 °C"},
        ],
        "tools": [tool()],
        "tool_choice": "auto",
    },
    "a picture": {
        "model": MODEL,
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is it?"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                ],
            }
        ],
        "max_tokens": 5,
    },
    "a named message": {"model": MODEL, "messages": [{**USER, "name": "Ada"}, USER]},
    "a message without content": {"model": MODEL, "messages": [{"role": "user"}]},
    "parameters without a field": {"model": MODEL, "messages": [USER], "top_k": 4, "x": {"y": [1]}},
}


def sent_again(found):
    """Return the JSON body that the playground sends for a pasted request."""
    toolset = found.toolset
    model = {"url": toolset["model"], "name": "M", "input_price": None, "output_price": None}
    tools = [each.spec for each in check(toolset["tools"]).tools]
    made = runs.new_run(toolset["prompt"], model, tools, toolset["settings"], {}, {})
    return runs.request(made).body


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("form", ["JSON", "curl"])
def test_a_request_goes_out_as_it_was_pasted(body, form):
    text = json.dumps(body)
    if form == "curl":
        text = snippet("curl", request_from_body(body), BASE).text

    found = pasted.read(text)

    assert sent_again(found) == body
    assert found.notes == ()
    assert pasted.is_request(text)


@pytest.mark.parametrize(
    "command",
    [
        "curl {url} -d '{body}'",
        "$ curl -X POST {url} -H 'Authorization: Bearer k' --data-raw '{body}' --compressed",
        "curl {url} \\\n  --json '{body}'",
        "curl.exe {url} ^\r\n  --data='{body}'",
        "curl {url} --data-binary $'{body}'",
        "curl {url} -d'{body}'",
    ],
)
def test_curl_is_read_in_every_form_people_have_it(command):
    body = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}
    text = command.replace("{url}", BASE).replace("{body}", json.dumps(body))

    assert sent_again(pasted.read(text)) == body


def test_ansi_quotes_are_read_as_bash_reads_them():
    body = r'{"messages": [{"role": "user", "content": "It\'s \\u00e9 \\n \x41 \u00fc"}]}'
    text = f"curl u --data-raw $'{body}'"
    shown = subprocess.run(
        ["bash", "-c", text.replace("curl u --data-raw", "printf %s")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert pasted.read(text).toolset["prompt"] == json.loads(shown)["messages"][0]["content"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello", "neither a curl command nor the JSON body"),
        ('{"model": "m"}', 'no list of "messages"'),
        ('{"messages": "no"}', 'no list of "messages"'),
        ('{"messages": [7]}', "Message 1 of the request has no role."),
        ("[" * 10_000, "nested too deeply"),
        ("curl https://example.com", "has no body"),
        ("curl u -d '{", "a quote is not closed"),
        ("curl u --data @request.json", "from the file request.json: paste what is in it"),
        (" " * 2_000_000, "too long"),
    ],
)
def test_what_is_not_a_request_gets_a_sentence(text, words):
    with pytest.raises(BadPaste) as caught:
        pasted.read(text)

    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": "gpt-4o"}, "the model chosen here is used"),
        ({"stream": True}, "asks for the token usage"),
        ({"tools": [tool()]}, "`tool_choice` auto is sent"),
    ],
)
def test_what_differs_is_said(change, words):
    body = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}], **change}

    assert [words in note for note in pasted.read(json.dumps(body)).notes] == [True]


# --- On the page ----------------------------------------------------------------------------------


def paste(app, text):
    app.click("import_tools")
    app.text_area(key="paste_tools").set_value(text).run()
    if app.has("use_import"):
        app.click("use_import")


def test_a_pasted_request_runs_as_it_was(open_app, fake):
    body = BODIES["a conversation"]
    app = open_app(PAGE, pat=CANARY, **with_prompt())

    paste(app, snippet("curl", request_from_body(body), BASE).text)

    assert "Also sent: 2 messages before the prompt, top_p 0.9, seed 7" in page(app)
    assert not app.has("paste_tools")  # a curl command usually holds a key
    run(app)
    assert json.loads(fake.chats[0].raw) == body


def test_undo_restores_what_was_there_before_a_paste(open_app):
    app = open_app(PAGE, **with_prompt())
    before = text_in_editor(app)
    paste(app, json.dumps(BODIES["tools"]))
    assert "get_time" in text_in_editor(app)

    app.click("undo_tools")

    assert text_in_editor(app) == before
    assert app.text_area(key="run_prompt").value == "What is the weather in Paris?"


def test_what_has_no_field_can_be_removed(open_app, fake):
    app = open_app(PAGE, pat=CANARY, **with_prompt())
    paste(app, json.dumps(BODIES["a conversation"]))

    app.click("drop_pasted")
    run(app)

    assert json.loads(fake.chats[0].raw) == {"model": MODEL, "messages": [USER]}


def test_a_bad_paste_keeps_its_text_and_changes_nothing(open_app):
    app = open_app(PAGE, **with_prompt())
    before = text_in_editor(app)

    paste(app, "curl https://example.com")

    assert "has no body" in page(app)
    assert text_in_editor(app) == before
    assert app.text_area(key="paste_tools").value == "curl https://example.com"
