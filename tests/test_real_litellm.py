"""The real litellm against a Clarifai on loopback: what goes out, and what comes back as events.

What can go wrong is in test_real_failures.py.
"""

import json
import os
import re
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import pytest

from clarifai_chat import llm
from clarifai_chat.chat import settings as chat_settings
from clarifai_chat.demo import API_PATH
from clarifai_chat.errors import NoPat, OddPat
from clarifai_chat.events import CallDelta, Finished, ReasoningDelta, TextDelta, ToolCallDone, Usage
from clarifai_chat.llm import transport
from tests import fake_clarifai as quirk
from tests.canary import CANARY, assert_no_canary
from tests.conftest import MODEL, NOWHERE
from tests.fake_clarifai import FIGURES, calls, says
from tests.patience import PATIENCE_S

CHAT_MODELS = "https://clarifai.com/openai/chat-completion/models"
O4_MINI, O3, GPT_5 = f"{CHAT_MODELS}/o4-mini", f"{CHAT_MODELS}/o3", f"{CHAT_MODELS}/gpt-5"
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get current temperature for a given location.",
        "parameters": {
            "type": "object",
            "properties": {
                "location": {
                    "type": "string",
                    "description": "City and country e.g. Tokyo, Japan",
                }
            },
            "required": ["location"],
            "additionalProperties": False,
        },
    },
}
USAGE = Usage(FIGURES["prompt_tokens"], FIGURES["completion_tokens"])


# --- What goes over the wire ------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "openai/"])
@pytest.mark.parametrize("stream", [True, False])
def test_a_question_goes_out_as_litellms_page_on_clarifai_says(fake, ask, prefix, stream):
    ask(says("Hello"), prompt="Tell me a joke", model=prefix + O4_MINI, stream=stream)

    (chat,) = fake.chats
    assert (chat.method, chat.path) == ("POST", f"{API_PATH}/chat/completions")
    assert chat.headers["authorization"] == f"Bearer {CANARY}"
    assert chat.body.pop("stream", False) == stream
    assert chat.body.pop("stream_options", None) == ({"include_usage": True} if stream else None)
    assert chat.body == {
        "model": O4_MINI,
        "messages": [{"role": "user", "content": "Tell me a joke"}],
    }


@pytest.mark.parametrize(
    "model",
    [
        f"{CHAT_MODELS}/gpt-4_1",
        f"{CHAT_MODELS}/o4-mini/versions/0123abcd",
        "https://clarifai.com/anthropic/completion/models/claude-sonnet-4",
        "https://clarifai.com/meta/Llama-3/models/Llama-3_2-3B-Instruct",
        "https://clarifai.com/a.b/c/models/Some.Model-1.5",
    ],
)
def test_a_models_address_arrives_as_it_is(fake, ask, model):
    assert ask(says("Hello"), model=model).text == "Hello"
    assert fake.chats[0].body["model"] == model


PARAMS = {
    "temperature": 0.3,
    "top_p": 0.9,
    "max_tokens": 100,
    "stop": ["END"],
    "seed": 7,
    "presence_penalty": 0.5,
    "frequency_penalty": 0.25,
    "reasoning_effort": "low",
    "response_format": {"type": "json_object"},
    "tool_choice": {"type": "function", "function": {"name": "get_weather"}},
    "parallel_tool_calls": False,
}


@pytest.mark.parametrize("model", [MODEL, O4_MINI, O3, GPT_5, f"{CHAT_MODELS}/gpt-5.4"])
@pytest.mark.parametrize("stream", [True, False])
def test_settings_and_tools_go_out_unchanged_whatever_the_models_name(fake, ask, model, stream):
    heard = ask(says("Hello"), model=model, params=PARAMS, tools=[WEATHER], stream=stream)

    assert heard.text == "Hello"
    body = fake.chats[0].body
    assert {name: body[name] for name in PARAMS} == PARAMS
    assert body["tools"] == [WEATHER]
    assert fake.chats[0].path == f"{API_PATH}/chat/completions"


CHAT_SETTINGS = {
    "system": "Be brief.",
    "temperature": 0.3,
    "top_p": 0.9,
    "max_tokens": 100,
    "stop": ["END", "\n\n"],
    "seed": 7,
    "reasoning_effort": "low",
    "json_schema": '{"type": "object", "properties": {"city": {"type": "string"}}}',
}


@pytest.mark.parametrize("model", [MODEL, O4_MINI, O3, GPT_5])
def test_the_settings_of_a_conversation_go_out_whatever_the_models_name(fake, ask, model):
    heard = ask(says("{}"), model=model, params=chat_settings.params(CHAT_SETTINGS))

    assert heard.text == "{}"
    body = fake.chats[0].body
    for name in ("model", "messages", "stream", "stream_options"):
        del body[name]
    assert body == {
        "temperature": 0.3,
        "top_p": 0.9,
        "max_completion_tokens": 100,
        "stop": ["END", "\n\n"],
        "seed": 7,
        "reasoning_effort": "low",
        "response_format": {
            "type": "json_schema",
            "json_schema": {
                "name": "answer",
                "schema": {"type": "object", "properties": {"city": {"type": "string"}}},
            },
        },
    }


@pytest.mark.parametrize("settings", [{}, {"system": "Hi", "stop": [], "reasoning_effort": ""}])
def test_settings_that_are_not_set_are_not_in_the_request(fake, ask, settings):
    ask(says("Hello"), params=chat_settings.params(settings))

    assert fake.chats[0].body.keys() == {"model", "messages", "stream", "stream_options"}


def test_a_setting_of_none_is_not_sent(fake, ask):
    ask(says("Hello"), params={"temperature": None, "max_completion_tokens": 5})

    assert fake.chats[0].body["max_completion_tokens"] == 5
    assert "temperature" not in fake.chats[0].body
    assert "tools" not in fake.chats[0].body


@pytest.mark.parametrize("model", [O3, MODEL])
def test_a_system_message_stays_one(fake, ask, model):
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    ask(says("Hello"), model=model, messages=messages)

    assert fake.chats[0].body["messages"] == messages


def test_thoughts_are_not_sent_back_and_the_callers_messages_stay_as_they_were(fake, ask):
    call = {"id": "1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": "", "reasoning_content": "Hm.", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": "rain"},
    ]
    before = deepcopy(messages)

    ask(says("It rains."), messages=messages, tools=[WEATHER])

    assert messages == before
    del before[1]["reasoning_content"]
    assert fake.chats[0].body["messages"] == before


def test_our_notes_on_a_call_are_not_sent_and_stay_with_the_caller(fake, ask):
    bare = {"id": "1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    noted = {**bare, "quirks": ["no_id", "from_text"]}
    messages = [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": "", "tool_calls": [noted]},
        {"role": "tool", "tool_call_id": "1", "content": "rain"},
    ]

    ask(says("It rains."), messages=messages, tools=[WEATHER])

    assert fake.chats[0].body["messages"][1]["tool_calls"] == [bare]
    assert noted["quirks"] == ["no_id", "from_text"]


def test_nothing_of_the_operators_openai_account_is_sent(fake, ask, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-operator")
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-operator")
    monkeypatch.setenv("OPENAI_ORGANIZATION", "org-operator")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-operator")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-operator")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Operator: yes")
    monkeypatch.setenv("OPENAI_BASE_URL", NOWHERE)

    assert ask(says("Hello")).text == "Hello"

    assert "operator" not in json.dumps([fake.chats[0].headers, fake.chats[0].body])
    assert not [name for name in fake.chats[0].headers if name.startswith("openai")]


@pytest.mark.parametrize(
    ("pat", "kind"), [("", NoPat), ("a b", OddPat), ("a\nb", OddPat), ("pät", OddPat)]
)
def test_without_a_usable_token_nothing_is_sent(fake, ask, monkeypatch, pat, kind):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-operator")

    assert isinstance(ask(pat=pat).error, kind)
    assert fake.journal == []


def test_litellm_keeps_no_token_and_prints_nothing(ask, capfd):
    ask(says("Hello"))
    ask(quirk.status(400))
    litellm = sys.modules["litellm"]

    assert_no_canary("litellm's cache", repr(vars(litellm.in_memory_llm_clients_cache)))
    assert litellm.api_key is None
    assert litellm.drop_params is False  # it would leave the tools out, and say nothing
    assert litellm.disable_hf_tokenizer_download is True  # asked for by any name with "llama-3"
    assert capfd.readouterr() == ("", "")


def test_replies_use_one_connection_after_another(fake, ask, monkeypatch):
    monkeypatch.setattr(transport, "LAST_READ_S", PATIENCE_S)  # a busy server ends an answer late
    for _ in range(4):
        ask(says("Hello"))
    ask(says("Hello"), stream=False)

    assert len({chat.connection for chat in fake.chats}) == 1


# --- The examples of litellm's page on Clarifai -----------------------------------------------


def test_the_pages_basic_usage_works(ask):
    question = "Tell me a joke about physics?"
    heard = ask(says("Why not?"), prompt=question, model=f"openai/{O4_MINI}", stream=False)

    assert heard == [TextDelta("Why not?"), USAGE, Finished("stop")]


def test_the_pages_streaming_works(ask):
    heard = ask(says("Space ", "is big."), model=f"openai/{O4_MINI}")

    assert heard == [TextDelta("Space "), TextDelta("is big."), USAGE, Finished("stop", "fake-1")]


@pytest.mark.parametrize("stream", [True, False])
def test_the_pages_tool_calling_works(fake, ask, stream):
    question = "What is the weather in Paris today?"
    heard = ask(calls(), prompt=question, model=f"openai/{O4_MINI}", tools=[WEATHER], stream=stream)

    assert heard.calls == [("get_weather", '{"location": "Paris"}')]
    assert heard.of(Finished)[0].reason == "tool_calls"
    assert fake.chats[0].body["tools"] == [WEATHER]


# --- What comes back --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behaviour", "text"),
    [
        (quirk.null_choices(), "Hello"),
        (quirk.crlf(), "Hello"),
        (quirk.split_utf8(), "né 日本語 🙂"),
        (quirk.unicode_separators(), "one\u2028twothree\u0085four"),
        (quirk.comments_and_empty_deltas(), "Hello"),
        (quirk.junk_after_done(), "Hello"),
        (quirk.no_done(), "Hello"),
        (quirk.usage_inline(), "Hello"),
        (quirk.usage_on_every_chunk(), "Hello"),
        (quirk.no_usage(), "Hello"),
        (says(""), ""),
        (says("<b>no thought</b> <think>"), "<b>no thought</b> <think>"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__qualname__.split(".")[0],
)
def test_quirks_of_form_leave_the_answer_whole(ask, behaviour, text):
    heard = ask(behaviour)

    assert heard.text == text
    assert heard[-1].reason == "stop"
    assert len(heard.of(Finished)) == 1
    assert heard.thoughts == ""


@pytest.mark.parametrize("usage", [True, "inline", "every", "always"])
def test_tokens_are_reported_once_as_the_provider_counted_them(ask, usage):
    assert ask(says("Hel", "lo", usage=usage)).of(Usage) == [USAGE]


@pytest.mark.parametrize("stream", [True, False])
def test_tokens_that_the_provider_does_not_report_are_not_made_up(ask, stream):
    assert ask(quirk.no_usage(), stream=stream) == [
        TextDelta("Hello"),
        Finished("stop", "fake-1" if stream else ""),
    ]


@pytest.mark.parametrize(
    "behaviour",
    [
        quirk.think_tags("Let me think.", "Hello"),
        says("<think>Let me think.</think>Hello"),
        says("\n<think>", "\nLet me think.", "</think", ">\n\n", "\nHello"),
        says("Hello", reasoning=("Let me ", "think.")),
        says("Hello", reasoning=("Let me ", "think."), reasoning_field="reasoning"),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_thoughts_are_separated_from_the_answer(ask, behaviour, stream):
    heard = ask(behaviour, stream=stream)

    assert (heard.thoughts.strip(), heard.text) == ("Let me think.", "Hello")
    kinds = [type(event) for event in heard]
    assert kinds.index(TextDelta) > max(n for n, kind in enumerate(kinds) if kind is ReasoningDelta)


@pytest.mark.parametrize("reason", ["length", "content_filter", "something_new"])
@pytest.mark.parametrize("stream", [True, False])
def test_a_finish_reason_comes_as_it_was_sent(ask, reason, stream):
    assert ask(says("Hel", finish=reason), stream=stream)[-1].reason == reason


def test_a_whole_answer_without_a_reason_says_so(ask):
    assert ask(quirk.no_finish("Hello", done=True))[-1] == Finished("not reported", "fake-1")


PARIS, TOKYO = '{"location": "Paris"}', '{"location": "Tokyo"}'


@pytest.mark.parametrize(
    ("behaviour", "arguments"),
    [
        (calls(fragments=1), [PARIS]),
        (calls(fragments=21), [PARIS]),
        (calls(arguments="", fragments=0), [""]),
        (calls(arguments='{"broken": '), ['{"broken": ']),
        (calls(id=None), [PARIS]),
        (calls(index=None), [PARIS]),
        (calls(id=None, index=None), [PARIS]),
        (quirk.whole_call(), [PARIS]),
        (quirk.two_calls_on_one_index(), [PARIS, TOKYO]),
        (quirk.two_calls_without_index(), [PARIS, TOKYO]),
        (quirk.three_interleaved(), [PARIS, TOKYO, json.dumps({"location": "São Paulo"})]),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_tool_calls_come_whole_however_they_were_sent(ask, behaviour, arguments, stream):
    heard = ask(behaviour, tools=[WEATHER], stream=stream)

    assert heard.calls == [("get_weather", text) for text in arguments]
    ids = [event.call["id"] for event in heard.of(ToolCallDone)]
    assert len(set(ids)) == len(ids)
    assert all(ids)
    assert heard[-1].reason == "tool_calls"


@pytest.mark.parametrize("form", ["tags", "fence", "bare", "function"])
@pytest.mark.parametrize("stream", [True, False])
def test_a_call_that_came_as_text_is_recovered_and_marked(ask, form, stream):
    heard = ask(quirk.call_as_text(form=form), tools=[WEATHER], stream=stream)

    assert heard.calls == [("get_weather", PARIS)]
    (called,) = heard.of(ToolCallDone)
    assert called.call["quirks"] == ["from_text"]
    assert called.call["id"]
    assert "Paris" in heard.text  # what the model wrote stays to be seen
    assert heard[-1].reason == "stop"


@pytest.mark.parametrize("tools", [[], [{"type": "function"}], [{"type": "odd", "function": 7}]])
def test_text_is_not_a_call_if_no_such_tool_was_offered(ask, tools):
    heard = ask(quirk.call_as_text(), tools=tools)

    assert heard.calls == []


def test_a_real_call_is_not_looked_for_in_the_text_as_well(ask):
    def act(handler, body):
        call = {"index": 0, "id": "1", "function": {"name": "get_weather", "arguments": PARIS}}
        text = f'<tool_call>{{"name": "get_weather", "arguments": {TOKYO}}}</tool_call>'
        handler.open_stream()
        handler.send_event(quirk.chunk(body, {"content": text, "tool_calls": [call]}, "tool_calls"))
        handler.send_event("[DONE]")
        handler.close_stream()

    assert ask(act, tools=[WEATHER]).calls == [("get_weather", PARIS)]


@pytest.mark.parametrize(
    ("behaviour", "quirks"),
    [
        (calls(), [[]]),
        (calls(id=None), [["no_id"]]),
        (quirk.arguments_as_object(location="Paris"), [["object"]]),
        (quirk.legacy_function_call(), [["legacy", "no_id"]]),
        (quirk.parallel_calls(), [[], []]),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_quirks_of_a_call_are_reported_with_it(ask, behaviour, quirks, stream):
    heard = ask(behaviour, tools=[WEATHER], stream=stream)

    assert [event.call.get("quirks", []) for event in heard.of(ToolCallDone)] == quirks
    assert heard.calls[0] == ("get_weather", PARIS)


@pytest.mark.parametrize(
    "behaviour", [calls(fragments=5), quirk.three_interleaved(), quirk.two_calls_on_one_index()]
)
def test_the_pieces_of_a_call_make_up_the_call(ask, behaviour):
    heard = ask(behaviour, tools=[WEATHER])

    for number, event in enumerate(heard.of(ToolCallDone)):
        pieces = [piece for piece in heard.of(CallDelta) if piece.number == number]
        function = event.call["function"]
        assert event.number == number
        assert "".join(piece.name for piece in pieces) == function["name"]
        assert "".join(piece.arguments for piece in pieces) == function["arguments"]
    kinds = [type(event) for event in heard if isinstance(event, CallDelta | ToolCallDone)]
    assert kinds == sorted(kinds, key=[CallDelta, ToolCallDone].index)


def test_a_whole_answer_to_a_streaming_request_is_read(ask):
    def act(handler, body):
        says("Hello")(handler, {**body, "stream": False})

    assert ask(act) == [TextDelta("Hello"), USAGE, Finished("stop")]


def test_the_request_id_is_found_under_clarifais_name_first(ask):
    def act(handler, body):
        message = {"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]}
        handler.send_json(200, message, {"X-Request-Id": "b", "X-Clarifai-Request-Id": "a"})

    assert ask(act)[-1].request_id == "a"


def test_a_request_id_with_the_token_is_redacted(ask):
    def act(handler, body):
        message = {"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]}
        handler.send_json(200, message, {"X-Request-Id": f"for {CANARY}"})

    assert_no_canary("a finished reply", repr(ask(act)))
    error = ask(quirk.status(400, headers={"X-Request-Id": f"for {CANARY}"})).error
    assert_no_canary("an error", json.dumps(error.problem()))


# --- litellm itself ---------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["a" * 100_000, "<|endoftext|>", "\ud83d", "日本語 🙂"])
def test_tokens_of_any_text_can_be_counted(text):
    assert 0 < llm.count_tokens(text) <= len(text.encode("utf-8", "replace"))


def test_more_text_is_more_tokens():
    assert llm.count_tokens("") == 0
    assert llm.count_tokens("hello") == 1
    assert llm.count_tokens(json.dumps([WEATHER] * 3)) > 2 * llm.count_tokens(json.dumps([WEATHER]))


WARM_UP = """
import sys
reached = []
def audit(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        reached.append((event, args[1:]))
sys.addaudithook(audit)
from clarifai_chat import llm
assert not llm.is_ready()
llm.warm_up()
llm.warm_up()
assert llm.is_ready()
import litellm, os, socket
print("reached", reached)
print("OPENAI_API_KEY" in os.environ, "FROM_DOTENV" in os.environ)
socket.socket().connect_ex(("127.0.0.1", 9))
print("hook works", bool(reached))
"""


def test_warming_up_reaches_for_no_network_and_prints_nothing(tmp_path):
    (tmp_path / ".env").write_text("FROM_DOTENV=1")
    root = Path(__file__).parent.parent
    environ = {**os.environ, "PYTHONPATH": str(root), "OPENAI_API_KEY": "sk-operator"}

    run = subprocess.run(
        [sys.executable, "-c", WARM_UP],
        capture_output=True, text=True, cwd=tmp_path, env=environ, check=False,
    )  # fmt: skip

    assert re.sub(r"\s+", " ", run.stdout) == "reached [] False False hook works True "
    assert run.stderr == ""
