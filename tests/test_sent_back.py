"""What goes back to a model of its earlier replies, through the real litellm where it matters."""

import json
from itertools import count

import pytest

from clarifai_chat.chat.turn import apply, end, new_turn
from clarifai_chat.errors import ChatError
from clarifai_chat.events import Kept
from clarifai_chat.llm import sent_back
from clarifai_chat.llm.assembler import Assembler
from clarifai_chat.llm.code.snippets import snippets
from clarifai_chat.llm.endpoints import Endpoint
from clarifai_chat.llm.request import ChatRequest, request_from_body
from clarifai_chat.llm.transport import InFlight
from clarifai_chat.messages import MAX_OPAQUE_CHARS, opaque
from clarifai_chat.playground import door, run_file, runs
from clarifai_chat.transfer import validate
from tests.canary import CANARY, assert_no_canary
from tests.fake_clarifai import (
    refuses_unknown_fields,
    says,
    signed_calls,
    wants_signature,
    wants_thoughts,
)

SITE = "https://clarifai.com/"
GEMINI = f"{SITE}gcp/generate/models/gemini-3-pro"
KIMI = f"{SITE}moonshotai/chat-completion/models/Kimi-K2_6"
MINIMAX = f"{SITE}minimaxai/chat-completion/models/MiniMax-M2_5"
GPT_OSS = f"{SITE}openai/chat-completion/models/gpt-oss-120b"
MINISTRAL = f"{SITE}mistralai/completion/models/Ministral-3-14B-Reasoning-2512"
GPT = f"{SITE}openai/chat-completion/models/gpt-4_1"

SIGNED = {"google": {"thought_signature": "c2lnbmF0dXJl"}}
TOOLS = tuple(
    {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}
    for name in ("get_weather", "calculate")
)
BOTH = (("get_weather", '{"location": "Paris"}'), ("calculate", '{"expression": "6 * 7"}'))


def a_run(model, **settings):
    asked = {"url": model, "name": "M", "input_price": None, "output_price": None}
    answerers = {"get_weather": runs.TYPED, "calculate": runs.TYPED}
    settings = {**runs.default_settings(), "answers": "automatic", **settings}
    return runs.new_run("Rain?", asked, TOOLS, settings, answerers, dict.fromkeys(answerers, "ok"))


@pytest.fixture
def go(fake):
    def go(run, *behaviours):
        fake.next(*behaviours)
        turn, clock = run["turn"], count(1.0)
        turn["asked_at"] = 1.0
        try:
            for event in runs.events(run, lambda: Endpoint(fake.api_base, CANARY), InFlight()):
                apply(turn, event, next(clock))
        except ChatError as error:
            end(turn, "", next(clock), error.problem())
        return turn

    return go


def call(id="call_1", name="get_weather", **more):
    function = {"name": name, "arguments": "{}"}
    return {"id": id, "type": "function", "function": function, **more}


def reply(*calls, **more):
    made = {"role": "assistant", "content": "", **more}
    return {**made, "tool_calls": list(calls)} if calls else made


RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "rain"}


def folded(*deltas, pat=""):
    """The reply that these deltas make."""
    assembler, turn = Assembler(pat), new_turn("Hi", {"url": "", "name": "M"})
    events = []
    for delta in deltas:
        events += assembler.feed({"choices": [{"index": 0, "delta": delta}]})
    events += assembler.finish()
    for event in events:
        apply(turn, event, 0.1)
    return turn["replies"][-1]


# --- Two steps of a run ---------------------------------------------------------------------------


@pytest.mark.parametrize("late", [False, True], ids=["on the call", "after the calls"])
@pytest.mark.parametrize("stream", [True, False])
def test_gemini_gets_its_signatures_and_names_back_in_each_step(fake, go, late, stream):
    turn = go(
        a_run(GEMINI, stream=stream),
        signed_calls(*BOTH, late=late),
        wants_signature(signed_calls(late=late)),
        wants_signature(says("It rains.")),
    )

    assert (turn["ending"], turn["problem"]) == ("stop", None)
    _, asked, first, second, again, _ = fake.chats[-1].body["messages"]
    assert [c.get("extra_content") for c in asked["tool_calls"]] == [SIGNED, None]
    assert (first["name"], second["name"]) == ("get_weather", "calculate")
    assert again["tool_calls"][0]["extra_content"] == SIGNED


def test_without_signatures_gemini_refuses_in_its_own_words(go):
    turn = go(
        a_run(GEMINI, sent_back="nothing"),
        signed_calls(),
        wants_signature(says("It rains.")),
    )

    assert "missing a thought_signature" in turn["problem"]["detail"]


def test_an_altered_signature_is_refused(go):
    turn = go(a_run(GEMINI), signed_calls(signature="b3RoZXI="), wants_signature(says("Rain.")))

    assert "not valid" in turn["problem"]["detail"]


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
@pytest.mark.parametrize("model", [KIMI, GPT_OSS])
def test_thoughts_go_back_in_the_field_in_which_they_came(fake, go, model, field):
    turn = go(
        a_run(model),
        signed_calls(thoughts=["Let me ", "look."], reasoning_field=field),
        wants_thoughts(says("It rains."), field),
    )

    assert turn["ending"] == "stop"
    assert fake.chats[1].body["messages"][1][field] == "Let me look."
    assert "extra_content" not in fake.chats[1].body["messages"][1]["tool_calls"][0]


@pytest.mark.parametrize("model", [MINISTRAL, GPT])
def test_models_that_refuse_unknown_fields_get_none(go, model):
    turn = go(
        a_run(model),
        signed_calls(thoughts=["Let me look."]),
        refuses_unknown_fields(says("It rains.")),
    )

    assert (turn["ending"], turn["problem"]) == ("stop", None)


def test_the_reader_can_send_everything(go):
    turn = go(
        a_run(MINISTRAL, sent_back="everything"),
        signed_calls(thoughts=["Let me look."]),
        refuses_unknown_fields(says("It rains.")),
    )

    assert "Extra inputs are not permitted" in turn["problem"]["detail"]


# --- What is put together from a stream -----------------------------------------------------------


def test_a_signature_stays_with_its_call_wherever_it_comes():
    one = {"index": 0, **call("a")}
    two = {"index": 1, **call("b", "calculate")}
    sign = {"extra_content": SIGNED}
    for last in ({"index": 1, **sign}, {"index": 1, "id": "", **sign, "function": {}}, sign):
        made = folded({"tool_calls": [one]}, {"tool_calls": [two]}, {"tool_calls": [last]})

        signed = [c["id"] for c in made["tool_calls"] if "extra_content" in c]
        assert signed == (["b"] if "index" in last else ["a"]), last
        assert len(made["tool_calls"]) == 2


def test_a_signature_of_an_answer_in_words_is_kept_with_the_answer():
    made = folded({"content": "Rain."}, {"content": "", "extra_content": SIGNED})

    assert made == {"role": "assistant", "content": "Rain.", "extra_content": SIGNED}


def test_an_empty_extra_replaces_nothing():
    made = folded({"content": "a", "extra_content": SIGNED}, {"extra_content": {"google": None}})

    assert made["extra_content"] == SIGNED


def test_thoughts_in_parts_are_joined_by_index_and_encrypted_ones_stay_apart():
    def part(**fields):
        return {"reasoning_details": [{"type": "reasoning.text", "index": 0, **fields}]}

    sealed = {"type": "reasoning.encrypted", "data": "x", "index": 1}
    made = folded(
        part(text="Let me "),
        part(text="look.", signature=None),
        part(text="", signature="s"),
        {"reasoning_details": [sealed]},
    )

    assert made["reasoning_content"] == "Let me look."
    assert made["reasoning_details"] == [
        {"type": "reasoning.text", "index": 0, "signature": "s", "text": "Let me look."},
        sealed,
    ]


def test_thoughts_repeated_from_their_start_are_kept_once():
    pieces = ["Let", "Let me", "Let me look."]
    made = folded(*({"reasoning_details": [{"type": "t", "text": text}]} for text in pieces))

    assert made["reasoning_details"] == [{"type": "t", "text": "Let me look."}]


def test_thoughts_between_tags_go_back_between_tags():
    made = folded({"content": "<think>Look.</think>\n\nI call."}, {"tool_calls": [call()]})

    sent = sent_back.as_sent([made], MINIMAX, "automatic")

    assert made["thoughts_in"] == "tags"
    assert sent[0]["content"] == "<think>\nLook.\n</think>\n\nI call."
    assert "thoughts_in" not in sent[0]


def test_what_is_too_large_to_keep_is_dropped_whole_and_said():
    huge = {"google": {"thought_signature": "s" * MAX_OPAQUE_CHARS}}
    made = folded({"tool_calls": [call(extra_content=huge)]})

    assert made["tool_calls"] == [call(quirks=["not_kept"])]
    assert opaque(float("nan")) is None


def test_a_token_in_a_signature_is_redacted():
    made = folded(
        {"tool_calls": [call(extra_content={"a": CANARY})]},
        {"extra_content": {"b": CANARY}},
        pat=CANARY,
    )

    assert_no_canary("a reply", json.dumps(made))


def test_a_signature_is_kept_before_the_reply_ends():
    assembler = Assembler()
    sent = {"choices": [{"index": 0, "delta": {"tool_calls": [call(extra_content=SIGNED)]}}]}

    assert Kept({"extra_content": SIGNED}, 0) in list(assembler.feed(sent))


# --- The rules ------------------------------------------------------------------------------------


def test_each_family_has_a_source_and_a_word():
    for family in sent_back.FAMILIES:
        assert family.source.startswith("https://")
        assert sent_back.family_of(f"{SITE}a/b/models/{family.words[0]}x") is family


def test_the_choice_says_what_it_sends():
    assert sent_back.rule(GEMINI) == "thought signatures and tool names (Gemini)"
    assert sent_back.rule(MINISTRAL) == "nothing (Mistral)"
    assert sent_back.rule(GPT) == "nothing"
    assert [sent_back.label(choice) for choice in sent_back.CHOICES] == [
        "automatic",
        "nothing",
        "thought signatures and tool names",
        "thoughts",
        "thought signatures, thoughts and tool names",
    ]


def test_kimi_gets_an_empty_field_for_a_step_without_thoughts_once_it_thinks():
    thinking, silent = reply(call(), reasoning_content="Hm."), reply(call())

    assert sent_back.as_sent([silent], KIMI, "automatic") == [silent]
    both = sent_back.as_sent([thinking, RESULT, silent], KIMI, "automatic")
    assert [m.get("reasoning_content") for m in both] == ["Hm.", None, ""]


def test_the_view_says_what_was_sent_back_and_what_was_not():
    kept = [reply(call(extra_content=SIGNED), reasoning_content="Hm."), RESULT]

    said = {
        choice: sent_back.summary(kept, {"messages": sent_back.as_sent(kept, GPT, choice)})
        for choice in sent_back.CHOICES
    }

    assert said == {
        "automatic": "Kept, not sent: 1 thought signature and thoughts of 1 reply.",
        "nothing": "Kept, not sent: 1 thought signature and thoughts of 1 reply.",
        "signatures": "Sent back from earlier replies: 1 thought signature and tool names of"
        " 1 tool result. Kept, not sent: thoughts of 1 reply.",
        "thoughts": "Sent back from earlier replies: thoughts of 1 reply."
        " Kept, not sent: 1 thought signature.",
        "everything": "Sent back from earlier replies: 1 thought signature, thoughts of 1 reply and"
        " tool names of 1 tool result.",
    }
    assert sent_back.summary([], {"messages": "odd"}) == ""


# --- Where it is kept -----------------------------------------------------------------------------


def test_a_saved_run_and_its_code_keep_what_came(go, fake):
    run = a_run(GEMINI)
    go(run, signed_calls(thoughts=["Hm."], reasoning_field="reasoning"), says("It rains."))

    opened = door.opened(run_file.as_json(run)).run

    assert opened["turn"]["replies"] == run["turn"]["replies"]
    assert opened["settings"]["sent_back"] == "automatic"
    body = json.loads(opened["exchanges"][1]["request"])
    assert request_from_body(body).body == body
    for snippet in snippets(request_from_body(body), fake.api_base):
        assert "c2lnbmF0dXJl" in snippet.text or snippet.kind == "proxy"


def test_an_exported_conversation_keeps_what_came():
    message = reply(
        call(extra_content=SIGNED),
        reasoning_content="Hm.",
        thoughts_in="reasoning",
        reasoning_details=[{"type": "t", "text": "Hm."}],
        extra_content=SIGNED,
    )
    turn = {"id": "a" * 32, "prompt": "Hi", "replies": [message, RESULT], "asked_at": 1.0}
    odd = []

    made = validate.chat({"turns": [turn]}, odd)

    assert odd == []
    assert made["turns"][0]["replies"][0] == message


def test_a_pasted_request_is_sent_as_it_was_pasted():
    asked = reply(call(extra_content=SIGNED), reasoning_content="Hm.")
    body = {
        "model": GPT,
        "messages": [
            {"role": "user", "content": "Rain?"},
            asked,
            {**RESULT, "name": "get_weather"},
        ],
    }

    found = door.opened(json.dumps(body)).toolset

    assert found["settings"]["sent_back"] == "everything"
    sent = ChatRequest(GPT, tuple(found["settings"]["messages"]), sent_back="everything")
    assert sent.body["messages"] == body["messages"]
