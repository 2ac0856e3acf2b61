"""Playground runs against a Clarifai on loopback, through the real litellm: step by step."""

import json
from itertools import count

import pytest

from clarifai_chat.chat import replies
from clarifai_chat.chat.turn import CARRY_ON, apply, end, is_over, pending_calls, resume
from clarifai_chat.errors import ChatError, NoPat
from clarifai_chat.events import Finished, StepEnded, ToolResult
from clarifai_chat.llm.endpoints import Endpoint
from clarifai_chat.llm.exchange import TOKEN
from clarifai_chat.llm.transport import InFlight
from clarifai_chat.playground import run_file, runs
from tests import fake_clarifai as quirk
from tests.canary import CANARY, assert_no_canary
from tests.conftest import MODEL
from tests.fake_clarifai import calls, says
from tests.patience import until

ASKED = {"url": MODEL, "name": "GPT-4.1", "input_price": None, "output_price": None}


def tool(name, **properties):
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


WEATHER = tool("get_weather", location={"type": "string"})
CALCULATE = tool("calculate", expression={"type": "string"})
SUM = calls("calculate", '{"expression": "6 * 7"}')
BOTH = quirk.parallel_calls(
    ("calculate", '{"expression": "6 * 7"}'), ("get_weather", '{"location": "Paris"}')
)
HALF_A_CALL = {
    "index": 0,
    "id": "call_1",
    "type": "function",
    "function": {"name": "get_weather", "arguments": '{"location": "Par'},
}


def new_run(prompt="Weather in Paris?", tools=(WEATHER, CALCULATE), results=(), **settings):
    answerers = {"calculate": "calculator", **dict.fromkeys(dict(results), runs.TYPED)}
    settings = {**runs.default_settings(), **settings}
    return runs.new_run(prompt, ASKED, tools, settings, answerers, dict(results))


@pytest.fixture
def go(fake):
    """Let a run ask the fake, as a worker does; the events that came are returned."""

    def go(run, *behaviours, pat=CANARY):
        fake.next(*behaviours)
        turn, heard, clock = run["turn"], [], count(1.0)
        turn["asked_at"] = 1.0
        try:
            for event in runs.events(run, lambda: endpoint_of(fake, pat), InFlight()):
                heard.append(event)
                apply(turn, event, next(clock))
        except ChatError as error:
            end(turn, "", next(clock), error.problem())
        return heard

    return go


def endpoint_of(fake, pat=CANARY):
    return Endpoint(fake.api_base, pat)


def sent(fake, number=-1):
    """The messages of a request, each as (role, what it says or calls or answers)."""
    return [
        (
            message["role"],
            message.get("tool_call_id")
            or [call["id"] for call in message.get("tool_calls", ())]
            or message["content"],
        )
        for message in fake.chats[number].body["messages"]
    ]


# --- Answers by hand ---------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [True, False])
def test_a_call_waits_for_its_answer_and_the_next_request_brings_it(fake, go, stream):
    run = new_run(stream=stream, system="Be brief.")
    assert not runs.wants_answers(run)

    go(run, calls(id="call_of_theirs"))
    assert runs.wants_answers(run)
    runs.answer(run, {"call_of_theirs": "18 °C"})
    assert not runs.wants_answers(run)
    go(run, says("It is 18 °C."))

    assert [chat.body.get("stream", False) for chat in fake.chats] == [stream, stream]
    assert fake.chats[1].body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Weather in Paris?"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {
                    "id": "call_of_theirs",
                    "type": "function",
                    "function": {"name": "get_weather", "arguments": '{"location": "Paris"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "call_of_theirs", "content": "18 °C"},
    ]
    assert run["turn"]["replies"][-1]["content"] == "It is 18 °C."
    assert run["turn"]["ending"] == "stop"


def test_answers_are_put_in_once_however_often_they_are_sent(go):
    run = new_run()
    go(run, calls())
    run["drafts"]["call_1"] = "rain"

    runs.answer(run, {"call_1": "rain"})
    run["turn"]["asked_at"] = 2.0  # the request goes out
    runs.answer(run, {"call_1": "snow"})

    assert [m["content"] for m in run["turn"]["replies"] if m["role"] == "tool"] == ["rain"]
    assert (run["turn"]["asked_at"], len(run["turn"]["before"])) == (2.0, 1)


def test_the_next_call_with_the_same_id_does_not_begin_with_the_last_ones_draft(go):
    run = new_run()
    go(run, calls())
    run["drafts"]["call_1"] = "rain"
    runs.answer(run, {"call_1": "rain"})

    assert run["drafts"] == {}


def test_calls_with_the_same_id_in_each_step_pair_with_their_own_answers(fake, go):
    run = new_run()
    go(run, calls(arguments='{"location": "Paris"}'))
    runs.answer(run, {"call_1": "rain"})
    go(run, calls(arguments='{"location": "Tokyo"}'))
    assert [call["id"] for call in pending_calls(run["turn"])] == ["call_1"]
    runs.answer(run, {"call_1": "sun"})
    go(run, says("Rain and sun."))

    assert [step.answers for step in runs.steps(run)] == [
        {"call_1": "rain"},
        {"call_1": "sun"},
        {},
    ]
    assert [message["content"] for message in fake.chats[2].body["messages"]] == [
        "Weather in Paris?",
        "",
        "rain",
        "",
        "sun",
    ]
    assert runs.steps(run)[0].notes == ()
    assert runs.steps(run)[1].notes == (
        "An earlier call had the id call_1 too; both are sent back.",
    )


def test_a_recovered_call_is_sent_back_without_our_notes_on_it(fake, go):
    run = new_run()
    go(run, quirk.call_as_text())
    (call,) = pending_calls(run["turn"])
    runs.answer(run, {call["id"]: "rain"})
    go(run, says("Rain."))

    assert call["quirks"] == ["from_text"]
    (asked_back,) = fake.chats[1].body["messages"][1]["tool_calls"]
    assert asked_back == {name: call[name] for name in ("id", "type", "function")}


def test_an_end_with_tool_calls_and_no_call_is_named(go):
    run = new_run()
    go(run, quirk.deltas({}, finish="tool_calls"))

    [step] = runs.steps(run)
    assert step.notes == ("The reply ended with tool_calls, but has no call in it.",)


def test_a_call_that_the_token_limit_cut_off_is_incomplete_and_others_are_judged(go):
    whole = {**HALF_A_CALL, "index": 0, "id": "a"}
    whole["function"] = {"name": "calculate", "arguments": '{"expression": "1"}'}
    run = new_run()
    go(run, quirk.deltas({"tool_calls": [whole, {**HALF_A_CALL, "index": 1}]}, finish="length"))

    [step] = runs.steps(run)
    assert [verdict.status for _, verdict in step.judged] == ["valid", "incomplete"]


# --- Answers by built-ins ----------------------------------------------------------------------


@pytest.mark.parametrize("stream", [True, False])
def test_built_ins_answer_until_the_model_does(fake, go, stream):
    run = new_run(answers="automatic", stream=stream)

    heard = go(run, SUM, SUM, says("It is 42."))

    assert [type(event) for event in heard if isinstance(event, StepEnded | ToolResult)] == [
        StepEnded,
        ToolResult,
    ] * 2
    assert len([event for event in heard if isinstance(event, Finished)]) == 1
    assert [len(chat.body["messages"]) for chat in fake.chats] == [1, 3, 5]
    assert json.loads(fake.chats[1].body["messages"][2]["content"])["result"] == 42
    # The server gave both calls the same id.
    assert run["answered_by"] == {"0:call_1": "calculator", "2:call_1": "calculator"}
    assert [step.figures["ending"] for step in runs.steps(run)] == [
        "tool_calls",
        "tool_calls",
        "stop",
    ]


def test_a_mock_answers_each_call_of_its_tool_in_turn(fake, go):
    run = new_run(answers="automatic")
    run["answerers"]["get_weather"] = runs.MOCKED
    run["mocks"] = {"get_weather": {"kind": "sequence", "answers": ["{{location}}: 1", "2"]}}

    go(run, BOTH, calls(), says("Two."))

    results = [m["content"] for m in fake.chats[2].body["messages"] if m["role"] == "tool"]
    assert [json.loads(results[0])["result"], *results[1:]] == [42, "Paris: 1", "2"]
    assert set(run["answered_by"].values()) == {"calculator", runs.MOCKED}


@pytest.mark.parametrize("most", [1, 3])
def test_an_automatic_run_asks_no_more_often_than_it_may(fake, go, most):
    run = new_run(answers="automatic", max_steps=most)

    go(run, *[SUM] * most)

    assert len(fake.chats) == most
    assert runs.wants_answers(run)  # the reader may go on
    assert not runs.answers_itself(run)


def test_an_automatic_run_waits_when_one_of_its_calls_has_no_built_in(fake, go):
    run = new_run(answers="automatic")

    go(run, BOTH)

    assert len(fake.chats) == 1
    assert [call["id"] for call in pending_calls(run["turn"])] == ["call_1", "call_2"]
    assert run["answered_by"] == {}


@pytest.mark.parametrize("answers", ["by hand", "approve"])
def test_nothing_is_answered_automatically_if_a_person_decides(fake, go, answers):
    run = new_run(answers=answers)

    go(run, SUM)

    assert (len(fake.chats), runs.wants_answers(run)) == (1, True)
    (call,) = pending_calls(run["turn"])
    assert json.loads(runs.ready_answer(run, call))["result"] == 42


def test_a_built_in_says_what_is_wrong_with_arguments_and_the_run_goes_on(fake, go):
    run = new_run(answers="automatic")

    go(run, calls("calculate", '{"expression": '), says("Sorry."))

    assert "error" in json.loads(fake.chats[1].body["messages"][2]["content"])


def test_no_token_for_a_later_request_ends_the_run_and_keeps_what_came(fake):
    run, clock = new_run(answers="automatic"), count(1.0)
    run["turn"]["asked_at"] = 1.0
    fake.next(SUM)
    endpoints = iter([endpoint_of(fake)])

    def endpoint():
        for each in endpoints:
            return each
        raise NoPat

    def ask_on():
        for event in runs.events(run, endpoint, InFlight()):
            apply(run["turn"], event, next(clock))

    with pytest.raises(NoPat):
        ask_on()

    (step,) = runs.steps(run)
    assert list(step.answers) == ["call_1"]


# --- Stop --------------------------------------------------------------------------------------


def stopped_in_a_call(fake, *deltas):
    """A run that was stopped by its reader while the server paused in the middle of a call."""
    run = new_run()
    fake.next(quirk.call_deltas(list(deltas), delay_s=quirk.SILENT_S))
    turn = run["turn"]
    replies.ask(turn, lambda it: runs.events(run, lambda: endpoint_of(fake), it), queue="a")
    until(lambda: turn["replies"] and turn["replies"][-1].get("tool_calls"))
    until(lambda: len(turn["replies"][-1]["tool_calls"]) == len(deltas))
    replies.stop(turn)
    assert fake.was_left()
    assert turn["ending"] == "stopped"
    return run


def test_a_call_that_was_stopped_half_way_stays_open_and_is_not_sent_unanswered(fake, go):
    run = stopped_in_a_call(fake, HALF_A_CALL)
    assert [call["id"] for call in pending_calls(run["turn"])] == ["call_1"]

    resume(run["turn"])
    go(run, says("Never mind."))

    assert sent(fake) == [("user", "Weather in Paris?")]
    first, second = runs.steps(run)
    assert first.message["tool_calls"][0]["function"]["arguments"] == '{"location": "Par'
    assert (second.message["content"], second.judged) == ("Never mind.", ())


def test_a_call_that_was_whole_when_it_was_stopped_is_closed(fake, go):
    whole = {**HALF_A_CALL, "function": {"name": "get_weather", "arguments": '{"a": 1}'}}
    run = stopped_in_a_call(fake, whole)

    resume(run["turn"])
    go(run, says("Never mind."))

    assert sent(fake) == [("user", "Weather in Paris?"), ("assistant", ["call_1"]),
                          ("tool", "call_1")]  # fmt: skip
    assert fake.chats[1].body["messages"][2]["content"] == "stopped"


def test_half_a_call_asks_for_no_answer_and_is_left_out_when_the_run_goes_on(fake, go):
    run = stopped_in_a_call(fake, HALF_A_CALL)
    assert not runs.wants_answers(run)
    assert runs.can_go_on(run)

    resume(run["turn"])
    go(run, says("Rain."))

    assert [role for role, _ in sent(fake)] == ["user"]
    assert not runs.can_go_on(run)


def test_calls_that_were_stopped_before_their_ids_came_ask_for_no_answer(fake, go):
    nameless = [{**HALF_A_CALL, "id": None, "index": number} for number in (0, 1)]
    run = stopped_in_a_call(fake, *nameless)

    assert not runs.wants_answers(run)


def test_an_automatic_run_that_is_stopped_asks_nothing_more(fake):
    run, in_flight = new_run(answers="automatic"), InFlight()
    run["turn"]["asked_at"] = 1.0
    fake.next(SUM)
    for event in runs.events(run, lambda: endpoint_of(fake), in_flight):
        apply(run["turn"], event, 1.0)
        in_flight.cut()

    assert len(fake.chats) == 1
    assert is_over(run["turn"])


def test_what_broke_off_is_not_held_against_the_model(fake):
    run = new_run(tool_choice="required")
    fake.next(quirk.stall("I would"))
    replies.ask(run["turn"], lambda it: runs.events(run, lambda: endpoint_of(fake), it), queue="a")
    until(lambda: run["turn"]["replies"])
    assert runs.steps(run)[0].notes == ()
    replies.stop(run["turn"])

    assert runs.steps(run)[0].notes == ()


# --- What is sent ------------------------------------------------------------------------------


def test_what_is_not_set_is_not_sent(fake, go):
    go(new_run(), says("Hello"))
    go(new_run(tools=()), says("Hello"))

    with_tools, without_tools = (set(chat.body) for chat in fake.chats)
    assert without_tools == {"model", "messages", "stream", "stream_options"}
    assert with_tools == without_tools | {"tools", "tool_choice"}


def test_what_is_set_is_sent(fake, go):
    run = new_run(
        tool_choice="get_weather", parallel=False, temperature=0.0, max_tokens=50, strict=True
    )
    go(run, calls())

    body = fake.chats[0].body
    assert body["tool_choice"] == {"type": "function", "function": {"name": "get_weather"}}
    assert (body["parallel_tool_calls"], body["temperature"]) == (False, 0.0)
    assert body["max_completion_tokens"] == 50
    assert [tool["function"]["strict"] for tool in body["tools"]] == [True, True]


@pytest.mark.parametrize("choice", runs.CHOICES)
def test_a_tool_choice_that_is_not_a_name_is_sent_as_a_word(choice):
    assert runs.params(new_run(tool_choice=choice))["tool_choice"] == choice


@pytest.mark.parametrize("strict", [True, False])
def test_strict_is_set_for_all_tools_and_the_readers_own_stay_as_they_are(strict):
    own = {**WEATHER, "function": {**WEATHER["function"], "strict": not strict}}

    assert new_run(tools=[own], strict=strict)["tools"][0]["function"]["strict"] is strict
    assert own["function"]["strict"] is not strict
    assert new_run(tools=[own])["tools"] == [own]


def test_a_run_keeps_the_settings_that_it_began_with():
    settings = runs.default_settings()
    run = runs.new_run("Hi", ASKED, [WEATHER], settings, {}, {})
    settings["tool_choice"] = "none"

    assert run["settings"]["tool_choice"] == "auto"


# --- Steps -------------------------------------------------------------------------------------


def test_reply_verdicts_answers_figures_and_exchanges_of_a_step_belong_together(go):
    run = new_run(answers="automatic", parallel=False)
    go(run, BOTH)
    runs.answer(run, {"call_1": "42", "call_2": "rain"})
    go(run, says("Done."))

    first, second = runs.steps(run)
    assert [verdict.status for _, verdict in first.judged] == ["valid", "valid"]
    assert [call["id"] for call, _ in first.judged] == ["call_1", "call_2"]
    assert first.notes == ("Parallel calls were switched off, but 2 calls arrived.",)
    assert first.answers == {"call_1": "42", "call_2": "rain"}
    assert (first.figures["ending"], second.figures["ending"]) == ("tool_calls", "stop")
    assert (second.message["content"], second.judged, second.answers) == ("Done.", (), {})
    for number, step in enumerate((first, second)):
        assert (step.number, step.is_over) == (number, True)
        (exchange,) = step.exchanges
        assert exchange["step"] == number
        assert len(json.loads(exchange["request"])["messages"]) == (1, 4)[number]
    assert [step.number for step in runs.steps(run, 1)] == [1]


def test_a_call_is_judged_while_it_arrives_and_when_it_is_there(fake):
    run, statuses, clock = new_run(), [], count(1.0)
    run["turn"]["asked_at"] = 1.0
    fake.next(calls(arguments='{"location": 7}', fragments=3))
    assert [(step.message, step.is_over) for step in runs.steps(run)] == [(None, False)]

    for event in runs.events(run, lambda: endpoint_of(fake), InFlight()):
        apply(run["turn"], event, next(clock))
        (step,) = runs.steps(run)
        statuses += [verdict.status for _, verdict in step.judged]

    assert statuses[0] == "incomplete"
    assert statuses[-1] == "invalid"
    assert list(dict.fromkeys(statuses)) == ["incomplete", "invalid"]


def test_while_an_automatic_run_goes_on_each_step_shows_its_own(fake):
    run, seen, clock = new_run(answers="automatic"), [], count(1.0)
    run["turn"]["asked_at"] = 1.0
    fake.next(SUM, says("It is 42."))
    for event in runs.events(run, lambda: endpoint_of(fake), InFlight()):
        apply(run["turn"], event, next(clock))
        found = runs.steps(run)
        seen.append([(step.number, step.is_over, len(step.exchanges)) for step in found])
        assert [step.number for step in found] == [*range(len(found))]
        assert all(exchange["step"] == s.number for s in found for exchange in s.exchanges)

    assert seen[0] == [(0, False, 1)]
    assert [(0, True, 1)] in seen  # answered, and not asked on yet
    assert [(0, True, 1), (1, False, 1)] in seen
    assert seen[-1] == [(0, True, 1), (1, True, 1)]


def test_a_step_is_not_over_before_its_calls_are_answered(fake):
    run, seen, clock = new_run(answers="automatic"), [], count(1.0)
    twice = quirk.parallel_calls(*[("calculate", '{"expression": "6 * 7"}')] * 2)
    run["turn"]["asked_at"] = 1.0
    fake.next(twice, twice, says("It is 42."))

    for event in runs.events(run, lambda: endpoint_of(fake), InFlight()):
        apply(run["turn"], event, next(clock))
        seen += [len(step.answers) for step in runs.steps(run)[:2] if step.is_over]

    assert set(seen) == {2}  # the page draws a step that is over, and never again


def test_a_request_that_was_tried_again_is_one_step_with_two_exchanges(fake, go, waits):
    waits(0.001)
    run = new_run()
    go(run, quirk.status(429), calls())
    runs.answer(run, {"call_1": "rain"})
    go(run, quirk.status(429), says("Rain."))

    first, second = runs.steps(run)
    assert [exchange["status"] for exchange in first.exchanges] == [429, 200]
    assert [exchange["status"] for exchange in second.exchanges] == [429, 200]
    assert second.message["content"] == "Rain."


def test_what_a_fault_left_is_a_step_too(go):
    run = new_run()
    go(run, quirk.call_in_fragments_then_cut())

    (step,) = runs.steps(run)
    assert step.is_over
    assert [verdict.status for _, verdict in step.judged] == ["incomplete"]
    assert step.figures["ending"] == ""
    assert run["turn"]["problem"]["what"]


def test_an_empty_fragment_before_a_call_does_no_harm(go):
    run = new_run()
    go(run, quirk.call_deltas([{"index": 0, "function": {}}], [{**HALF_A_CALL, "index": 1}]))

    assert run["turn"]["problem"] is None
    assert [call["function"]["name"] for call in run["turn"]["replies"][0]["tool_calls"]] == [
        "",
        "get_weather",
    ]


def test_a_text_that_broke_off_continues_in_the_same_reply(fake, go):
    run = new_run()
    go(run, quirk.says("Half", finish="length"))
    resume(run["turn"])
    go(run, says(" and half."))

    assert run["turn"]["replies"] == [{"role": "assistant", "content": "Half and half."}]
    assert sent(fake)[-1] == ("user", CARRY_ON)


# --- As a file ---------------------------------------------------------------------------------


def test_a_saved_run_holds_all_of_it(go):
    run = new_run(answers="automatic", system="Be brief.")
    go(run, SUM, says("It is ", "42."))

    saved = json.loads(run_file.as_json(run, CANARY), parse_constant=pytest.fail)

    assert (saved["prompt"], saved["model"]) == ("Weather in Paris?", ASKED)
    assert (saved["settings"], saved["tools"]) == (run["settings"], run["tools"])
    assert (saved["ending"], saved["problem"]) == ("stop", None)
    assert saved["answerers"] == {"calculate": "calculator"}
    assert saved["answered_by"] == {"0:call_1": "calculator"}
    first, second = saved["steps"]
    assert first["reply"] == run["turn"]["replies"][0]
    assert first["verdicts"][0]["status"] == "valid"
    assert first["verdicts"][0]["arguments"][0]["path"] == "expression"
    assert json.loads(first["answers"]["call_1"])["result"] == 42
    assert first["figures"] == run["turn"]["before"][0]
    exchange = second["exchanges"][0]
    assert exchange["request"]["messages"][0] == {"role": "system", "content": "Be brief."}
    assert [data for _, data in exchange["chunks"]][-1] == "[DONE]"
    assert exchange["chunks"][1][1]["choices"][0]["delta"] == {"content": "It is "}


@pytest.mark.parametrize(
    "body", ['{"a": NaN}', '{"a": 1e999}', "[" * 400 + "]" * 400, "[" * 5000, "1" * 5000, "\ud800"]
)
def test_a_saved_run_is_json_whatever_a_server_answers(go, body):
    run = new_run()
    go(run, says("Hello"))
    run["exchanges"][0]["body"] = body

    saved = json.loads(run_file.as_json(run), parse_constant=pytest.fail)

    assert saved["steps"][0]["exchanges"][0]["body"] == body


def echoes_the_token_everywhere(stream):
    def act(handler, body):
        words = f"Your key is {CANARY}."
        call = {"id": "call_1", "function": {"name": CANARY, "arguments": json.dumps({"a": words})}}
        said = {"role": "assistant", "content": words, "tool_calls": [{"index": 0, **call}]}
        headers = {"X-Echo": f"Bearer {CANARY}", "X-Request-Id": f"id-{CANARY}"}
        if not stream:
            choice = {"index": 0, "message": said, "finish_reason": "tool_calls"}
            return handler.send_json(200, {"choices": [choice]}, headers)
        data = f"data: {json.dumps(quirk.chunk(body, said, 'tool_calls'))}\n\ndata: [DONE]\n\n"
        return handler.send_whole(200, "text/event-stream", data.encode(), headers)

    return act


@pytest.mark.parametrize("stream", [True, False])
def test_the_token_is_nowhere_in_a_saved_run_whoever_wrote_it_there(go, stream):
    run = new_run(prompt=f"Is {CANARY} right?", system=f"My key: {CANARY}", stream=stream)
    run["tools"][0]["function"]["description"] = f"With {CANARY}"
    go(run, echoes_the_token_everywhere(stream))
    runs.answer(run, {"call_1": f"rain for {CANARY}"})
    go(run, quirk.echo_token(400))

    for exchange in run["exchanges"]:
        assert_no_canary("an exchange", json.dumps(exchange))
    assert_no_canary("the request's id", json.dumps(run["turn"]["problem"]))
    saved = run_file.as_json(run, CANARY)
    assert_no_canary("the saved run", saved)
    assert json.loads(saved)["prompt"] == f"Is {TOKEN} right?"
    assert f"Bearer {TOKEN}" in saved
    assert len(run["exchanges"]) == 2


def test_the_operators_token_is_not_in_a_saved_run_either(go, set_up):
    run = new_run()
    go(run, echoes_the_token_everywhere(stream=True))
    set_up(CLARIFAI_PAT=CANARY)

    assert_no_canary("the saved run", run_file.as_json(run, "another token"))


def test_half_a_surrogate_pair_stays_an_escape():
    text = run_file.pretty({"a": "\ud83d"})

    assert text.encode()
    assert json.loads(text) == {"a": "\ud83d"}


# --- Prepared answers, and what a session keeps -----------------------------------------------


def test_what_was_typed_last_for_a_tool_can_answer_by_itself(fake, go):
    run = new_run(answers="automatic", results={"get_weather": "rain"})

    go(run, calls(), says("It rains."))

    assert [m["content"] for m in fake.chats[1].body["messages"] if m["role"] == "tool"] == ["rain"]
    assert list(run["answered_by"].values()) == [runs.TYPED]


def test_the_latest_runs_are_kept_as_far_as_there_is_room(monkeypatch):
    made = [new_run(str(number)) for number in range(runs.MAX_RUNS + 3)]
    assert runs.latest(made) == made[3:]

    monkeypatch.setattr(runs, "MAX_CHARS", 2 * runs.size(made[-1]))
    assert runs.latest(made) == made[-2:]
    monkeypatch.setattr(runs, "MAX_CHARS", 0)
    assert runs.latest(made) == made[-1:]
