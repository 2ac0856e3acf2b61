"""A request can be had without being sent, and what is sent is that, byte for byte."""

import dataclasses
import json

import pytest

from clarifai_chat import llm
from clarifai_chat.attachments.limits import MAX_SENT_BYTES
from clarifai_chat.catalog import Model
from clarifai_chat.chat.request import ONLY_PICTURES, chat_request
from clarifai_chat.chat.token_counts import TokenCounter
from clarifai_chat.errors import BadSchema, TooManyFiles
from clarifai_chat.history import attachment_contents, file_reading
from clarifai_chat.llm.endpoints import Endpoint
from clarifai_chat.llm.request import ChatRequest
from tests.canary import CANARY
from tests.conftest import MODEL
from tests.fake_clarifai import says
from tests.some_chats import PNG, turn

O4_MINI = "https://clarifai.com/openai/chat-completion/models/o4-mini"
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "“Wetter” in Zürich; \u2028 and </script>",
        "parameters": {
            "type": "object",
            "properties": {"days": {"type": "integer", "maximum": 7.0}},
        },
        "strict": True,
        "x-own": None,
    },
    "x-own": [1, 2.50, True, None, {}],
}
CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "get_weather", "arguments": '{"days": '},
}
PICTURE = {
    "role": "user",
    "content": [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
    ],
}
HI = {"role": "user", "content": "Hi"}
PARAMS = {
    "temperature": 0.0,
    "top_p": 1,
    "max_tokens": 7,
    "max_completion_tokens": 9,
    "stop": ["END", "\n"],
    "seed": 0,
    "presence_penalty": -2,
    "frequency_penalty": 0.5,
    "reasoning_effort": "minimal",
    "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {}}},
    "tool_choice": {"type": "function", "function": {"name": "get_weather"}},
    "parallel_tool_calls": False,
}
REQUESTS = {
    "a question": ChatRequest(MODEL, (HI,)),
    "not streamed": ChatRequest(MODEL, (HI,), stream=False),
    "every parameter": ChatRequest(O4_MINI, (HI,), (WEATHER,), PARAMS),
    "parameters that are not set": ChatRequest(MODEL, (HI,), params={"seed": None, "top_p": 0.1}),
    "tools, not streamed": ChatRequest(
        f"openai/{O4_MINI}", (HI,), (WEATHER, WEATHER), stream=False
    ),
    "any text": ChatRequest(MODEL, ({"role": "user", "content": 'é ☃ 😀 \u2028\x00 \\ "</a>'},)),
    "files": ChatRequest(MODEL, ({"role": "system", "content": "See."}, PICTURE)),
    "calls and results": ChatRequest(
        MODEL,
        (
            HI,
            {
                "role": "assistant",
                "content": "",
                "reasoning_content": "Hm.",
                "tool_calls": [{**CALL, "quirks": ["from_text"]}],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
        ),
        (WEATHER,),
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_the_body_of_a_request_is_what_goes_over_the_wire(fake, name):
    request = REQUESTS[name]
    fake.next(says("Hello"))

    list(llm.events(request, Endpoint(fake.api_base, CANARY)))

    assert fake.chats[0].raw == request.body_bytes
    assert json.loads(request.body_bytes) == request.body


def test_what_is_kept_for_the_reader_only_is_not_in_the_body():
    body = REQUESTS["calls and results"].body

    assert body["messages"][1] == {"role": "assistant", "content": "", "tool_calls": [CALL]}


def test_a_body_can_be_changed_without_changing_the_request():
    request = REQUESTS["every parameter"]
    before = request.body_bytes

    body = request.body
    body["messages"][0]["content"] = "Bye"
    body["tools"][0]["function"].clear()
    body["stop"].append("more")

    assert request.body_bytes == before


# --- From a conversation --------------------------------------------------------------------------


def asking(question, turns=(), settings=None, window=None, vision=None, **options):
    model = dataclasses.replace(Model.at(MODEL), context_window=window, vision=vision)
    counter = TokenCounter(lambda text: len(text.split()))
    return chat_request(question, turns, settings or {}, model, counter=counter, **options)


def test_a_question_not_asked_yet_has_a_request():
    before, question = turn("One", "Two"), turn("Three", "", asked_at=None, ended_at=None)

    request = asking(question, [before], {"system": "Be kind.", "temperature": 0.5, "seed": 1})

    assert [(m["role"], m["content"]) for m in request.messages] == [
        ("system", "Be kind."),
        ("user", "One"),
        ("assistant", "Two"),
        ("user", "Three"),
    ]
    assert request.params == {"temperature": 0.5, "seed": 1}
    assert (request.model, request.tools, request.left_out) == (question["model"]["url"], (), ())


def test_what_does_not_fit_is_named_and_not_among_the_messages():
    long = [turn("word " * 800, "word", id="a"), turn("word " * 800, "word", id="b")]
    question = turn("Now?", "", asked_at=None, ended_at=None)

    request = asking(question, long, window=2000)

    assert request.left_out == ("a",)
    assert len(request.messages) == 3
    assert asking(question, long, window=2000, leave_out=2).left_out == ("a", "b")
    assert asking(question, long, window=2000, leave_out=0).left_out == ()


def with_a_picture(size=1, content="Here.", **fields):
    about = {"id": f"p{size}", "name": "Picture 1", "kind": "image", "mime": "image/png"}
    about |= {"size": size, "tokens": None, "sha256": ""}
    return turn("Draw.", content, pictures=[about], **fields)


def shown(turns, vision=True, **fields):
    """The kinds of parts of each message that asks one more question."""
    question = turn("Now?", "", asked_at=None, ended_at=None, **fields)
    request = asking(
        question, turns, vision=vision, pictures=lambda each: [{"type": each["pictures"][0]["id"]}]
        if "pictures" in each else [],
    )  # fmt: skip
    contents = [message["content"] for message in request.messages]
    return [c if isinstance(c, str) else [p["type"] for p in c] for c in contents]


def test_pictures_of_an_answer_go_with_the_next_question_to_a_model_that_sees_them():
    turns = [with_a_picture(1), turn("One", "Two"), with_a_picture(2, "")]

    assert shown(turns) == [
        "Draw.",
        "Here.",
        ["text", "p1", "text"],
        "Two",
        "Draw.",
        ONLY_PICTURES,
        ["text", "p2", "text"],
    ]
    without = ["Draw.", "Here.", "One", "Two", "Draw.", ONLY_PICTURES, "Now?"]
    assert shown(turns, vision=False) == shown(turns, vision=None) == without


def test_the_oldest_pictures_of_answers_are_left_out_where_all_are_too_many():
    turns = [with_a_picture(size) for size in (3, MAX_SENT_BYTES - 2, 2)]

    assert ["text", "p3", "text"] not in shown(turns)
    assert shown(turns)[4:] == [
        ["text", f"p{MAX_SENT_BYTES - 2}", "text"],
        "Here.",
        ["text", "p2", "text"],
    ]


def test_an_answer_that_is_continued_gets_its_pictures_back():
    half = with_a_picture(1, asked_at=None, ended_at=None)
    request = asking(half, [half], vision=True, pictures=lambda each: [{"type": "p1"}])

    assert [part["type"] for part in request.messages[-1]["content"]] == ["text", "p1", "text"]


def test_building_a_request_changes_nothing():
    turns = [turn("One", "Two"), turn("Three", "", asked_at=None, ended_at=None)]
    before = json.dumps(turns)

    asking(turns[1], turns, {"json_schema": "{}"}, window=4)

    assert json.dumps(turns) == before


def test_a_schema_that_cannot_be_used_stops_the_request():
    with pytest.raises(BadSchema):
        asking(turn("Hi", ""), settings={"json_schema": "{"})


def test_files_of_one_request_are_bounded_together():
    half = [{"size": MAX_SENT_BYTES // 2, "tokens": 1}]
    one, two = turn("One", attachments=half), turn("Two", attachments=half)

    asking(turn("Three", ""), [one, two])
    with pytest.raises(TooManyFiles):
        asking(turn("Three", "", attachments=[{"size": 9, "tokens": 1}]), [one, two])


def test_a_file_is_in_the_request_as_it_is_sent():
    taken = file_reading.read_uploads(None, [("a.png", "image/png", PNG)], len)
    question = turn("What is it?", "", attachments=taken["files"])

    request = asking(question, content=lambda each: attachment_contents.as_sent(None, each))

    kinds = [part["type"] for part in request.messages[0]["content"]]
    assert kinds == ["text", "image_url"]
