"""Requests to write as code, and a Clarifai that answers each of them fitly."""

import base64
import json

from clarifai_chat.demo import API_PATH
from clarifai_chat.llm.request import ChatRequest
from tests.fake_clarifai import FakeClarifai, calls, says

API_BASE = f"https://api.clarifai.com{API_PATH}"
MODELS = {
    "o4-mini": "https://clarifai.com/openai/chat-completion/models/o4-mini",
    "llama-3": "https://clarifai.com/meta/Llama-3/models/Llama-3_2-3B-Instruct",
    "a version": "https://clarifai.com/ada.l/my.app/models/gpt-5.4_v1.2/versions/0f3a5b7c9d1e",
}
AWKWARD = (
    'It\'s "quoted" \\ `back` ${HOME} $(id) %s {x} <!-- </script>\r\n\ttab\n\n'
    "\x00\x1b\x7f\x85\u2028\ufeff NUL, 😀👨\u200d👩\u200d👧, עברית \u202eevil\u202c, 日本語 'end'\\"
)
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get current temperature for a given location.",
        "parameters": {
            "type": "object",
            "properties": {
                "location": {"type": "string", "description": "City, e.g. Tokyo\n“quoted”"},
                "__proto__": {"type": ["number", "null"], "default": None, "maximum": 1e21},
            },
            "required": ["location"],
            "additionalProperties": False,
        },
        "strict": True,
    },
}
PICTURE = bytes(range(256)) * 20
SOUND = bytes(range(255, -1, -1)) * 10
SCHEMA = {"type": "object", "properties": {"answer": {"type": "integer"}}, "required": ["answer"]}


def encoded(content):
    return base64.b64encode(content).decode()


def user(content):
    return {"role": "user", "content": content}


def picture(content=PICTURE):
    url = f"data:image/png;base64,{encoded(content)}"
    return {"type": "image_url", "image_url": {"url": url}}


HISTORY = (
    user("What is the weather in Rome?"),
    {
        "role": "assistant",
        "content": "",
        "tool_calls": [
            {
                "id": "call_0",
                "type": "function",
                "function": {"name": "get_weather", "arguments": '{"location": "Rome"}'},
            }
        ],
    },
    {"role": "tool", "tool_call_id": "call_0", "content": "31 °C"},
    {"role": "assistant", "content": "It is hot."},
)
# Messages, tools, parameters, whether it streams.
CASES = {
    "text": ((user("Hi"),), (), {}, False),
    "stream": (
        ({"role": "system", "content": "Be brief.\nAnd kind."}, user(AWKWARD)),
        (),
        {"temperature": 0.2, "max_tokens": 70},
        True,
    ),
    "tools": (
        (*HISTORY, user("And in Paris?")),
        (WEATHER,),
        {"temperature": 0, "tool_choice": "auto", "parallel_tool_calls": False},
        False,
    ),
    "tools, streamed": (
        (user("What is the weather in Paris?"),),
        (WEATHER, {"type": "function", "function": {"name": "now"}}),
        {"tool_choice": {"type": "function", "function": {"name": "get_weather"}}},
        True,
    ),
    "picture": (
        (
            user(
                [
                    {"type": "text", "text": "What is it?"},
                    picture(),
                    picture(b"short"),
                    picture(),
                    {
                        "type": "input_audio",
                        "input_audio": {"data": encoded(SOUND), "format": "wav"},
                    },
                ]
            ),
        ),
        (),
        {},
        False,
    ),
    "picture, streamed": ((user([picture(), {"type": "text", "text": "?"}]),), (), {}, True),
    "schema": (
        (user("What is 6 times 7?"),),
        (),
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA},
            }
        },
        False,
    ),
    "servers of Clarifai, streamed": (
        (user("Hi"),),
        (),
        {"temperature": 0.5, "mcp_servers": ["https://clarifai.com/clarifai/mcp/models/a-server"]},
        True,
    ),
    "a whole request": (
        (
            {"role": "system", "content": "Be brief."},
            *HISTORY,
            {"role": "assistant", "content": "In words."},
            user("And in {{city}}?"),
        ),
        (WEATHER,),
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA},
            },
            "top_k": 40,
            "logit_bias": {"50256": -100},
        },
        False,
    ),
    "every parameter": (
        (user("Hi"),),
        (WEATHER,),
        {
            "temperature": 0.3,
            "top_p": 1,
            "max_completion_tokens": 9,
            "stop": ["END", "\n", "'"],
            "seed": 2**31,
            "presence_penalty": -2,
            "frequency_penalty": 0.5,
            "reasoning_effort": "low",
            "response_format": {"type": "json_object"},
            "tool_choice": "required",
            "parallel_tool_calls": True,
        },
        False,
    ),
}


def request(case="text", model="o4-mini"):
    messages, tools, params, stream = CASES[case]
    return ChatRequest(f"openai/{MODELS[model]}", messages, tools, params, stream)


def printed(case):
    """What a program that asks such a question prints."""
    _, tools, params, stream = CASES[case]
    answer = "Hello\n"
    if tools:
        answer = "\n" * stream + 'get_weather {"location": "Paris"}\n'
    elif "response_format" in params:
        answer = '{"answer": 42}\n'
    return answer + "11 tokens in, 7 out\n" * stream


class AnsweringClarifai(FakeClarifai):
    """Calls a tool where there is one, writes JSON where a schema is, else says "Hello"."""

    def take(self, route):
        def answer(handler, body):
            if "tools" in body:
                return calls()(handler, body)
            if "response_format" in body:
                return says('{"answer"', ": 42}")(handler, body)
            return says("Hel", "lo")(handler, body)

        return answer if route == "chat" else None


def sorted_json(body):
    """JSON to compare: 7 and 7.0 are one number, which JavaScript writes as 7."""

    def plain(value):
        if isinstance(value, dict):
            return {key: plain(part) for key, part in value.items()}
        if isinstance(value, list):
            return [plain(part) for part in value]
        is_whole = isinstance(value, float) and value.is_integer()
        return int(value) if is_whole else value

    return json.dumps(plain(body), sort_keys=True)
