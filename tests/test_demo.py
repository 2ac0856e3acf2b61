"""The Demo model: what a visitor without a token sees, and the failures they can ask for."""

import json
import re

import httpx
import jsonschema
import pytest

from clarifai_chat import attachments, demo
from tests.patience import PATIENCE_S


@pytest.fixture(scope="module")
def server():
    with demo.DemoServer(pause_s=0, slow_s=0, silent_s=0) as server:
        yield server


@pytest.fixture(scope="module")
def client(server):
    bearer = {"Authorization": "Bearer demo"}
    with httpx.Client(base_url=server.api_base, headers=bearer, timeout=PATIENCE_S) as client:
        yield client


@pytest.fixture
def ask(client):
    """Ask without streaming; the answer's message."""

    def ask(prompt, *before, **options):
        body = {"messages": [*before, {"role": "user", "content": prompt}], **options}
        return client.post("/chat/completions", json=body).json()["choices"][0]["message"]

    return ask


@pytest.fixture
def stream(client):
    """Ask with streaming; every event's JSON, and "[DONE]"."""

    def stream(prompt, **options):
        body = {"messages": [{"role": "user", "content": prompt}], "stream": True, **options}
        body.setdefault("stream_options", {"include_usage": True})
        return events(client.post("/chat/completions", json=body).text)

    return stream


def events(text):
    data = re.findall(r"^data: (.*)$", text, re.MULTILINE)
    return [each if each == "[DONE]" else json.loads(each) for each in data]


def tool(name, description="", required=(), **properties):
    parameters = {"type": "object", "properties": properties, "required": list(required)}
    function = {"name": name, "description": description, "parameters": parameters}
    return {"type": "function", "function": function}


TEXT = {"type": "string"}
WEATHER = tool("get_weather", "Get the temperature.", ["location"], location=TEXT)
CALCULATE = tool("calculate", "Evaluate arithmetic.", ["expression"], expression=TEXT)
CLOCK = tool("get_time", "The time in a zone.", ["timezone"], timezone=TEXT)
TOOLS = [WEATHER, CALCULATE, CLOCK]


def made(message):
    """The calls of a message as (name, arguments)."""
    calls = [call["function"] for call in message.get("tool_calls", ())]
    return [(call["name"], json.loads(call["arguments"])) for call in calls]


# --- Answers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prompt", "seen"),
    [
        ("Hello", "**Demo model**"),
        ("What can this app do?", "workbench"),
        ("What can this app do?", "**Try out tools**"),
        ("what is CLARIFAI", "personal access token"),
        ("Write some Python code", "```python"),
        ("Compare three models in a table", "| gpt-oss-120b"),
        ("Compare their prices", "community table, 2026-07"),
        ("Make me a plan", "1. **"),
        ("Show me some math", "$$x = "),
        ("Show me some math", "costs $5 at most"),
        ("Draw a diagram", "```mermaid\nsequenceDiagram"),
        ("Which is larger, 9.11 or 9.9?", "**9.9 is larger.**"),
        ("/help", "`/error 401`"),
        ("/help", "`/call malformed`"),
        ("/call", "`/call malformed`"),
        ("/call nonsense", "`/call malformed`"),
        ("/nonsense", "`/error 401`"),
    ],
)
def test_a_question_meets_its_answer(ask, prompt, seen):
    assert seen in ask(prompt)["content"]


def test_any_other_question_is_quoted_with_a_list_of_topics(ask):
    answer = ask("Where do the ducks go in winter, when all the ponds freeze?")["content"]

    assert "“Where do the ducks go in winter, when…”" in answer
    assert "not an LLM" in answer
    assert "/help" in answer


@pytest.mark.parametrize("odd", ["", "   ", "/", "$`*_[x](y)", "é" * 3000, "?\n\n?"])
def test_any_question_gets_an_answer(ask, odd):
    assert ask(odd)["content"]


def test_content_in_parts_is_read_too(client):
    parts = [{"type": "text", "text": "Tell me a story"}, {"type": "image_url", "image_url": {}}]
    body = {"messages": [{"role": "user", "content": parts}]}

    message = client.post("/chat/completions", json=body).json()["choices"][0]["message"]

    assert "Lighthouse" in message["content"]


def test_every_starter_has_an_answer_of_its_own(ask):
    answers = {ask(prompt)["content"] for _, prompt in demo.STARTERS}

    assert len(answers) == len(demo.STARTERS) == 4
    assert not any("no line for it" in answer for answer in answers)


def test_the_scripted_code_runs(ask):
    code = re.search(r"```python\n(.*?)```", ask("Show me code")["content"], re.DOTALL)

    compile(code[1], "answer", "exec")


def test_the_story_is_long(ask):
    assert 550 < len(ask("Tell me a story")["content"].split()) < 700


def test_a_follow_up_quotes_the_question_before(ask):
    before = [{"role": "user", "content": "First?"}, {"role": "assistant", "content": "Yes."}]

    assert "> First?" in ask("What did I just ask?", *before)["content"]
    assert "first question" in ask("What did I just ask?")["content"]


# --- The wire --------------------------------------------------------------------------------


def test_a_stream_says_what_the_whole_answer_says(ask, stream):
    *chunks, usage, done = stream("Tell me a story")
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]

    assert deltas[0]["role"] == "assistant"
    assert "".join(d.get("content", "") for d in deltas) == ask("Tell me a story")["content"]
    assert [c["choices"][0]["finish_reason"] for c in chunks[-2:]] == [None, "stop"]
    assert usage["choices"] == []
    assert usage["usage"]["completion_tokens"] == len(chunks) - 2
    assert done == "[DONE]"


def test_it_thinks_before_it_answers(ask, stream):
    deltas = [c["choices"][0]["delta"] for c in stream("9.11 or 9.9?")[:-2]]
    kinds = [next(iter(delta)) for delta in deltas if "role" not in delta and delta]

    assert kinds == sorted(kinds, key=["reasoning_content", "content"].index)
    assert kinds.count("reasoning_content") > 50
    assert "tenths" in ask("9.11 or 9.9?")["reasoning_content"]
    details = stream("9.11 or 9.9?")[-2]["usage"]["completion_tokens_details"]
    assert details == {"reasoning_tokens": kinds.count("reasoning_content")}


def test_usage_comes_in_a_stream_only_if_asked_for(stream):
    assert not any("usage" in e for e in stream("Hi", stream_options=None) if e != "[DONE]")


def test_the_same_request_gets_the_same_reply_and_id(client):
    body = {"messages": [{"role": "user", "content": "Hi"}], "stream": True}
    first, second = (client.post("/chat/completions", json=body) for _ in range(2))

    assert first.text == second.text
    assert first.headers["x-request-id"] == second.headers["x-request-id"]


@pytest.mark.slow
def test_a_process_has_one_demo_server():
    assert demo.start() == demo.start()
    assert httpx.get(f"{demo.start()}/models").json()["data"][0]["id"] == demo.MODEL


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff"])
def test_a_body_that_is_not_a_json_object_is_refused(client, body):
    response = client.post("/chat/completions", content=body)

    assert response.status_code == 400
    assert response.json()["status"]["code"] == 11102


def test_an_unknown_address_is_refused(client):
    assert client.get("/nowhere").status_code == client.post("/x", json={}).status_code == 404


# --- Tools -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("What is the weather in Paris today?", [("get_weather", {"location": "Paris"})]),
        ("Will it rain in New York?", [("get_weather", {"location": "New York"})]),
        ("weather in tokyo", [("get_weather", {"location": "Tokyo"})]),
        ("The weather in Tokyo, Japan?", [("get_weather", {"location": "Tokyo, Japan"})]),
        ("What is 17 * 23?", [("calculate", {"expression": "17 * 23"})]),
        ("What is (3+4) times 2?", [("calculate", {"expression": "(3+4) * 2"})]),
        ("Add 17 and 25", [("calculate", {"expression": "17 + 25"})]),
        ("What is 15% of 80?", [("calculate", {"expression": "15 / 100 * 80"})]),
        ("What time is it in Tokyo?", [("get_time", {"timezone": "Asia/Tokyo"})]),
        (
            "The weather in Paris and Tokyo?",
            [("get_weather", {"location": "Paris"}), ("get_weather", {"location": "Tokyo"})],
        ),
        (
            "What is the weather in Paris and what time is it in Tokyo?",
            [("get_weather", {"location": "Paris"}), ("get_time", {"timezone": "Asia/Tokyo"})],
        ),
        ("Tell me a story", []),
        ("What can this app do?", []),
    ],
)
def test_the_question_chooses_the_tool_and_its_arguments(ask, prompt, expected):
    assert made(ask(prompt, tools=TOOLS)) == expected


def test_tool_choice_is_respected(ask):
    named = {"type": "function", "function": {"name": "get_time"}}

    assert "tool_calls" not in ask("Weather in Paris?", tools=TOOLS, tool_choice="none")
    assert made(ask("Hello", tools=TOOLS, tool_choice="required"))
    assert made(ask("Weather in Paris?", tools=TOOLS, tool_choice=named))[0][0] == "get_time"


def test_parallel_calls_can_be_forbidden(ask):
    prompt = "The weather in Paris and Tokyo?"

    assert made(ask(prompt, tools=TOOLS, parallel_tool_calls=False)) == [
        ("get_weather", {"location": "Paris"})
    ]


@pytest.mark.parametrize(
    ("prompt", "schema", "value"),
    [
        ("in kelvin, please", {"enum": ["celsius", "kelvin"]}, "kelvin"),
        ("please", {"enum": ["celsius", "kelvin"]}, "celsius"),
        ("give me 500", {"type": "integer", "maximum": 50}, 50),
        ("give me 2.5", {"type": "number"}, 2.5),
        ("please", {"type": "integer", "minimum": 3}, 3),
        ("please", {"type": "integer", "default": 7}, 7),
        ("with sauce", {"type": "boolean"}, True),
        ("without sauce", {"type": "boolean"}, False),
        ('say "a b" and "c"', {"type": "array", "items": TEXT}, ["a b", "c"]),
        ("1, 2 and 3", {"type": "array", "items": {"type": "integer"}}, [1, 2, 3]),
        ("x", {"type": "object", "properties": {"n": TEXT}, "required": ["n"]}, {"n": "x"}),
        ('write "Hello" now', TEXT, "Hello"),
        ("x", {"anyOf": [{"type": "null"}, {"type": "integer"}]}, 1),
        ("x", {"type": ["null", "boolean"]}, False),
        ("x", {"const": 4}, 4),
        ("", {}, "something"),
    ],
)
def test_a_required_value_is_filled_by_its_schema(ask, prompt, schema, value):
    tools = [tool("use", "", ["sauce"], sauce=schema)]

    assert made(ask(prompt, tools=tools, tool_choice="required")) == [("use", {"sauce": value})]


@pytest.mark.parametrize(
    "parameters",
    [
        {"properties": [1]},
        {"properties": {"x": {"enum": 5}}},
        {"properties": {"x": {"type": "integer", "minimum": "y"}}, "required": ["x"]},
    ],
)
def test_a_tool_that_cannot_be_read_is_refused(client, parameters):
    tools = [{"type": "function", "function": {"name": "use", "parameters": parameters}}]
    messages = [{"role": "user", "content": "use it"}]
    body = {"messages": messages, "tools": tools, "tool_choice": "required"}

    response = client.post("/chat/completions", json=body)

    assert response.status_code == 400
    assert "definition" in response.json()["status"]["details"]


def test_streamed_calls_open_with_id_and_name_and_go_on_by_index(ask, stream):
    prompt = "The weather in Paris and Tokyo?"
    chunks = stream(prompt, tools=TOOLS)[:-2]
    deltas = [d for c in chunks for d in c["choices"][0]["delta"].get("tool_calls", ())]
    ids = [delta["id"] for delta in deltas if "id" in delta]
    texts = {0: "", 1: ""}
    for delta in deltas:
        texts[delta["index"]] += delta["function"]["arguments"]

    assert len(set(ids)) == 2
    assert ids == [call["id"] for call in ask(prompt, tools=TOOLS)["tool_calls"]]
    assert [json.loads(t)["location"] for t in texts.values()] == ["Paris", "Tokyo"]
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ('{"temperature": 18, "sky": "clear"}', "temperature is 18 and sky is clear"),
        ('{"wind": {"speed": 3}}', "wind (speed is 3)"),
        ("[1, true, null]", "1, yes and not known"),
        ("Light rain.", "Light rain."),
        ('{"error": "no such place"}', "could not do it: no such place"),
        ("", "nothing"),
    ],
)
def test_the_tools_own_result_is_in_the_answer(result, said):
    function = {"name": "get_weather", "arguments": "{}"}
    messages = [
        {"role": "user", "content": "The weather in Paris?"},
        {
            "role": "assistant",
            "tool_calls": [{"id": "a", "type": "function", "function": function}],
        },
        {"role": "tool", "tool_call_id": "a", "content": result},
    ]

    text = demo.script.reply_to({"messages": messages, "tools": TOOLS}).text

    assert said in text
    assert "`get_weather`" in text


@pytest.mark.parametrize(
    ("prompt", "parameters", "value"),
    [
        ("Find red shoes under 50 dollars", {"query": TEXT}, "red shoes"),
        ("red shoes over 20 and under 50", {"max_price": {"type": "number"}}, 50),
        ("red shoes over 20 and under 50", {"min_price": {"type": "number"}}, 20),
        ("Convert 3 feet to meters", {"from_unit": TEXT}, "feet"),
        ("Convert 3 feet to meters", {"to": TEXT}, "meters"),
        ('the subject is "Lunch"', {"subject": TEXT}, "Lunch"),
        ('the body "One" and the subject "Two"', {"subject": TEXT}, "Two"),
        ("order 2 of AB-12", {"sku": TEXT}, "AB-12"),
        ("order 2 of AB-12", {"count": {"type": "integer"}}, 2),
        (
            "order AB-12 for C-1001",
            {"customer_id": {"type": "string", "pattern": "^C-"}},
            "C-1001",
        ),
        (
            "on 2026-05-01 at 9:30",
            {"at": {"type": "string", "format": "date-time"}},
            "2026-05-01T09:30:00Z",
        ),
        ("to ada@x.com", {"to": {"type": "string", "format": "email"}}, "ada@x.com"),
        ("send to 5 Elm Street, 1234 Bern, CH", {"postal_code": TEXT}, "1234"),
    ],
)
def test_a_value_is_read_out_of_the_question(ask, prompt, parameters, value):
    tools = [tool("use", "", [*parameters], **parameters)]
    ((_, arguments),) = made(ask(prompt, tools=tools, tool_choice="required"))

    assert [*arguments.values()] == [value]


LEAF = {"$ref": "#/$defs/leaf"}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^[A-Z]{3}$"},
        {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{4}$"},
        {"type": "string", "pattern": "^x$", "examples": ["x"]},
        {"type": "string", "minLength": 30},
        {"type": "string", "maxLength": 3},
        {"type": "integer", "exclusiveMinimum": 4, "multipleOf": 5},
        {"type": "number", "exclusiveMaximum": -2},
        {"type": "integer", "minimum": 7, "maximum": 9},
        {"type": "array", "items": {"type": "object"}, "minItems": 2},
        {"type": "array", "items": {"type": "integer"}, "minItems": 3},
        {"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 1},
        {"type": "array"},
        {"type": ["integer", "null"]},
        {"oneOf": [{"type": "null"}, {"type": "array", "items": LEAF, "minItems": 1}]},
        {"allOf": [{"type": "object"}, {"properties": {"n": LEAF}, "required": ["n"]}]},
        {"type": "object", "properties": {"leaf": LEAF}, "required": ["leaf"]},
        LEAF,
    ],
)
def test_made_up_arguments_fit_the_schema(ask, schema):
    one = tool("use", "", ["sauce"], sauce=schema)
    whole = one["function"]["parameters"]
    leaf = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}
    whole["$defs"] = {
        "leaf": leaf
        | {
            "description": "Has a leaf.",
            "properties": {**leaf["properties"], "more": {"type": "array", "items": LEAF}},
        }
    }

    ((_, arguments),) = made(ask("Go on", tools=[one], tool_choice="required"))

    jsonschema.Draft202012Validator(whole).validate(arguments)


def test_an_endless_pattern_is_given_up(ask):
    endless = {"type": "string", "pattern": "^(([a-z ])+.)+[A-Z]([a-z])+$"}
    tools = [tool("use", "", ["text"], text=endless)]

    assert made(ask("a" * 400, tools=tools, tool_choice="required"))[0][0] == "use"


def test_an_endless_reference_is_refused_or_cut(client):
    loop = {"$ref": "#/$defs/a"}
    node = {"type": "object", "properties": {"a": loop}, "required": ["a"]}
    one = tool("use", "", ["a"], a=loop)
    messages = [{"role": "user", "content": "use it"}]
    for definition in (loop, node):
        one["function"]["parameters"]["$defs"] = {"a": definition}
        body = {"messages": messages, "tools": [one], "tool_choice": "required"}

        assert client.post("/chat/completions", json=body).status_code in (200, 400)


@pytest.mark.parametrize(
    "asked",
    [
        {"type": "string", "minLength": 10**9},
        {"type": "string", "minLength": 10**400},
        {"type": "array", "minItems": 10**9},
        {"type": "array", "minItems": 99, "items": {"type": "array", "minItems": 99}},
    ],
    ids=["long", "longest", "many", "many of many"],
)
def test_a_schema_that_asks_for_too_much_is_refused(client, asked):
    one = tool("use", "", ["x"], x=asked)
    messages = [{"role": "user", "content": "use it"}]
    body = {"messages": messages, "tools": [one], "tool_choice": "required"}

    refused = client.post("/chat/completions", json=body)

    assert refused.status_code == 400
    assert "A tool's definition cannot be read." in refused.text


@pytest.mark.parametrize("text", ["x" * 12, "x" * 60, "x" * 400])
def test_arguments_are_streamed_in_a_few_pieces(stream, text):
    say = tool("say", "", ["text"], text=TEXT)
    chunks = stream(f'say "{text}"', tools=[say], tool_choice="required")[:-2]
    deltas = [d for c in chunks for d in c["choices"][0]["delta"].get("tool_calls", ())]
    pieces = [delta["function"]["arguments"] for delta in deltas[1:]]

    assert json.loads("".join(pieces)) == {"text": text}
    assert 8 <= len(pieces) <= 12


def test_a_call_costs_as_many_tokens_as_it_had_pieces(stream):
    *chunks, usage, _ = stream("Weather in Paris?", tools=TOOLS)

    assert usage["usage"]["completion_tokens"] == len(chunks) - 2


# --- Tool calls gone wrong, on request --------------------------------------------------------

PLACE = tool("get_weather", "", ["location"], location=TEXT, days={"type": "integer"})
PLACE["function"]["parameters"]["additionalProperties"] = False
QUIRKS = (
    "malformed",
    "invented",
    "wrong",
    "missing",
    "unknown",
    "text",
    "shared",
    "two",
    "fragments",
)


def problems(message, tools):
    """The JSON Schema keywords that a message's calls offend."""
    schemas = {t["function"]["name"]: t["function"]["parameters"] for t in tools}
    return [
        error.validator
        for name, arguments in made(message)
        for error in jsonschema.Draft202012Validator(schemas[name]).iter_errors(arguments)
    ]


@pytest.mark.parametrize(
    ("quirk", "keywords"),
    [
        ("invented", ["additionalProperties"]),
        ("wrong", ["type"]),
        ("missing", ["required"]),
        ("two", []),
        ("shared", []),
        ("fragments", []),
    ],
)
def test_a_call_violates_its_schema_in_the_way_asked_for(ask, quirk, keywords):
    message = ask(f"/call {quirk}", tools=[PLACE, CLOCK])

    assert problems(message, [PLACE, CLOCK]) == keywords
    assert made(message)[0][0] == "get_weather"


@pytest.mark.parametrize(
    "schema",
    [
        TEXT, {"type": "integer"}, {"type": "number"}, {"type": "boolean"}, {"type": "object"},
        {"type": "array"}, {"enum": ["a", 1]}, {"const": True}, {"type": ["string", "integer"]},
        {"anyOf": [TEXT, {"type": "null"}]}, {"type": ["integer", "string", "boolean"]},
    ],
)  # fmt: skip
def test_a_value_of_the_wrong_type_is_wrong_for_every_type(ask, schema):
    tools = [tool("use", "", ["sauce"], sauce=schema)]

    assert problems(ask("/call wrong", tools=tools), tools)


def test_without_arguments_the_whole_is_wrong_and_nothing_can_be_missing(ask):
    tools = [tool("status")]

    assert problems(ask("/call wrong", tools=tools), tools) == ["type"]
    assert "requires no argument" in ask("/call missing", tools=tools)["content"]


def test_malformed_arguments_are_not_json(ask):
    for one in (PLACE, tool("status")):
        (call,) = ask("/call malformed", tools=[one])["tool_calls"]
        with pytest.raises(ValueError, match="Expecting"):
            json.loads(call["function"]["arguments"])


def test_an_unknown_tool_was_not_offered(ask):
    offered = [tool("a"), tool("a_v2")]
    ((name, _),) = made(ask("/call unknown", tools=offered))

    assert name not in ("a", "a_v2")


def test_a_call_can_come_as_text(ask):
    message = ask("/call text", tools=[PLACE])
    written = re.fullmatch(r"<tool_call>\n(.*)\n</tool_call>", message["content"])

    assert "tool_calls" not in message
    call = {"name": "get_weather", "arguments": {"location": "Paris"}}
    assert json.loads(written[1]) == call


@pytest.mark.parametrize(("quirk", "indexes"), [("shared", {0}), ("two", {0, 1})])
def test_two_calls_have_two_ids_on_one_index_or_two(stream, quirk, indexes):
    chunks = stream(f"/call {quirk}", tools=[PLACE])[:-2]
    deltas = [d for c in chunks for d in c["choices"][0]["delta"].get("tool_calls", ())]

    assert len({delta["id"] for delta in deltas if "id" in delta}) == 2
    assert {delta["index"] for delta in deltas} == indexes
    text = "".join(delta["function"]["arguments"] for delta in deltas)
    assert text == '{"location": "Paris"}{"location": "Tokyo"}'


def test_two_calls_are_of_two_tools_if_two_are_offered(ask):
    assert [name for name, _ in made(ask("/call two", tools=TOOLS))] == ["get_weather", "calculate"]


def test_fragments_are_two_characters_each(stream):
    chunks = stream("/call fragments", tools=[PLACE])[:-2]
    deltas = [d for c in chunks for d in c["choices"][0]["delta"].get("tool_calls", ())]
    pieces = [delta["function"]["arguments"] for delta in deltas[1:]]

    assert {len(piece) for piece in pieces[:-1]} == {2}
    assert json.loads("".join(pieces)) == {"location": "Paris"}


@pytest.mark.parametrize("quirk", QUIRKS)
def test_the_tool_that_is_named_is_the_one_called(ask, quirk):
    named = {"type": "function", "function": {"name": "get_time"}}
    message = ask(f"/call {quirk}", tools=TOOLS, tool_choice=named)
    call = (message.get("tool_calls") or [{"function": {"name": message["content"]}}])[0]

    assert "get_time" in call["function"]["name"]


@pytest.mark.parametrize("quirk", QUIRKS)
def test_without_a_tool_a_quirk_is_explained_in_words(ask, quirk):
    assert "allows no tool" in ask(f"/call {quirk}")["content"]
    assert "allows no tool" in ask(f"/call {quirk}", tools=TOOLS, tool_choice="none")["content"]


@pytest.mark.parametrize("quirk", QUIRKS)
def test_a_quirk_of_a_tool_that_cannot_be_read_is_refused(client, quirk):
    body = {
        "messages": [{"role": "user", "content": f"/call {quirk}"}],
        "tools": [tool("use", "", ["x"], x={"type": "integer", "minimum": "y"})],
    }

    assert client.post("/chat/completions", json=body).status_code == 400


@pytest.mark.parametrize("quirk", QUIRKS)
def test_a_quirk_is_the_same_streamed_and_whole(ask, stream, quirk):
    chunks = stream(f"/call {quirk}", tools=TOOLS)[:-2]
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    parts = [part["function"] for delta in deltas for part in delta.get("tool_calls", ())]
    whole = ask(f"/call {quirk}", tools=TOOLS)
    functions = [call["function"] for call in whole.get("tool_calls", ())]

    assert "".join(delta.get("content", "") for delta in deltas) == (whole["content"] or "")
    assert [part["name"] for part in parts if "name" in part] == [f["name"] for f in functions]
    said = "".join(part["arguments"] for part in parts)
    assert said == "".join(f["arguments"] for f in functions)
    assert chunks[-1]["choices"][0]["finish_reason"] == ("tool_calls" if functions else "stop")


def test_the_result_of_a_quirky_call_is_answered_in_words(ask):
    called = ask("/call two", tools=TOOLS)
    results = [
        {"role": "tool", "tool_call_id": call["id"], "content": "Fine."}
        for call in called["tool_calls"]
    ]
    messages = [{"role": "user", "content": "/call two"}, called, *results]

    text = demo.script.reply_to({"messages": messages, "tools": TOOLS}).text

    assert "- According to `get_weather`: Fine." in text
    assert "- According to `calculate`: Fine." in text


# --- Failures on request -----------------------------------------------------------------------


@pytest.mark.parametrize("http", [401, 402, 403, 404, 408, 413, 429, 500, 502, 503, 504, 529])
def test_a_failure_has_clarifais_shape(client, http):
    body = {"messages": [{"role": "user", "content": f"/error {http}"}], "stream": True}
    response = client.post("/chat/completions", json=body)

    assert response.status_code == http
    assert set(response.json()["status"]) == {"code", "description", "details", "req_id"}
    assert response.headers.get("retry-after") == ("2" if http == 429 else None)


@pytest.mark.parametrize(
    ("command", "http", "code"),
    [
        ("/error 11007", 403, 11007),
        ("/error 21351", 503, 21351),
        ("/error 12345", 500, 12345),
        ("/loading", 503, 21355),
    ],
)
def test_clarifais_own_codes_can_be_asked_for(client, command, http, code):
    body = {"messages": [{"role": "user", "content": command}]}
    response = client.post("/chat/completions", json=body)

    assert (response.status_code, response.json()["status"]["code"]) == (http, code)


def test_flaky_fails_once_and_then_works(client):
    body = {"messages": [{"role": "user", "content": "/flaky"}]}
    codes = [client.post("/chat/completions", json=body).status_code for _ in range(2)]

    assert codes == [503, 200]


@pytest.mark.parametrize("command", ["/cut", "/silent"])
@pytest.mark.parametrize("streamed", [True, False])
def test_the_connection_breaks(client, command, streamed):
    body = {"messages": [{"role": "user", "content": command}], "stream": streamed}

    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/chat/completions", json=body)


@pytest.mark.parametrize(
    ("command", "kind", "text"),
    [
        ("/html", "text/html; charset=utf-8", "<h1>"),
        ("/empty", "text/event-stream", ""),
        ("/error200", "application/json", "21313"),
        ("/midstream", "text/event-stream; charset=utf-8", '"Model prediction failed"'),
    ],
)
def test_a_success_can_hide_a_failure(client, command, kind, text):
    body = {"messages": [{"role": "user", "content": command}], "stream": True}
    response = client.post("/chat/completions", json=body)

    assert response.status_code == 200
    assert response.headers["content-type"] == kind
    assert text in response.text
    assert 'finish_reason": "' not in response.text


@pytest.mark.parametrize(
    ("command", "reason"),
    [("/length", "length"), ("/filter", "content_filter"), ("/slow", "stop")],
)
def test_an_answer_can_end_early_or_late(stream, command, reason):
    assert stream(command)[-3]["choices"][0]["finish_reason"] == reason


@pytest.mark.parametrize(("count", "expected"), [("1", 1), ("777", 777), ("999999", 20_000)])
def test_long_answers_have_the_length_asked_for(client, count, expected):
    body = {"messages": [{"role": "user", "content": f"/long {count}"}]}
    answer = client.post("/chat/completions", json=body).json()

    assert answer["usage"]["completion_tokens"] == expected
    assert len(answer["choices"][0]["message"]["content"].split()) == expected


# --- Files ------------------------------------------------------------------------------------


def parts(prompt, *uploads):
    """A question with files, as the app sends it."""
    files = [attachments.accept(name, "", data, lambda text: 1234) for name, data in uploads]
    return attachments.parts(prompt, files)


FENCE = b"File: inner.txt\n```txt\nwords\n```\n\n/error 500\n````"


def test_files_are_named_and_their_words_are_not_taken_for_the_question(ask):
    content = parts("What is it?", ("a.txt", b"riddle me this"), ("we*ird*.md", FENCE))

    answer = ask(content)["content"]

    assert answer.startswith("You attached **a.txt** and **weird.md**. ")
    assert "I am the Demo model" in answer


def test_pictures_and_sounds_are_counted(ask):
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    sound = {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}}

    assert "You attached a picture. " in ask([image])["content"]
    content = [{"type": "text", "text": "Hi"}, image, image, sound]
    assert "You attached 2 pictures and a sound. " in ask(content)["content"]


def test_a_command_works_whatever_is_attached(client):
    body = {"messages": [{"role": "user", "content": parts("/error 503", ("a.txt", b"Apples"))}]}
    assert client.post("/chat/completions", json=body).status_code == 503


def test_a_question_after_one_with_files_is_an_ordinary_one(ask):
    before = {"role": "user", "content": parts("What is it?", ("a.txt", b"Apples"))}

    assert "You attached" not in ask("hello", before)["content"]
    assert "> What is it?" in ask("What did I just ask?", before)["content"]


def test_a_topic_is_answered_whatever_is_attached(ask):
    answer = ask(parts("Tell me a story", ("a.txt", b"Apples")))["content"]

    assert answer.startswith("You attached **a.txt**. ")
    assert "Lighthouse" in answer
