"""A run from a file is the run that was saved, and junk in the file does no harm."""

import copy
import json
import random

import pytest

from clarifai_chat.playground import door, run_file, run_report, runs
from clarifai_chat.tools.formats.tool_import import NotTools
from tests.conftest import MODEL

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get it.",
        "parameters": {"type": "object", "properties": {"location": {"type": "string"}}},
    },
}
CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "get_weather", "arguments": '{"location": "Paris"}'},
    "quirks": ["no_id"],
}
EXCHANGE = {
    "step": 0,
    "sent_at": 1_700_000_000.5,
    "method": "POST",
    "url": "https://api.example.com/chat/completions",
    "headers": {"authorization": "Bearer <access token>"},
    "request": '{"model": "m"}',
    "status": 200,
    "response_headers": {"content-type": "text/event-stream"},
    "responded_s": 0.1,
    "body": "",
    "chunks": [(0.1, '{"choices": []}'), (0.2, "[DONE]")],
    "left_out": 0,
    "ended_s": 0.5,
}


@pytest.fixture
def run():
    """A run of two requests: a call, its answer, and an answer in words."""
    model = {"url": MODEL, "name": "M", "input_price": 1.5, "output_price": None}
    settings = {**runs.default_settings(), "temperature": 0.5, "system": "Be kind."}
    run = runs.new_run("Weather?", model, [TOOL], settings, {"get_weather": "typed"}, {})
    turn = run["turn"]
    turn["replies"] = [
        {"role": "assistant", "content": "", "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
        {"role": "assistant", "content": "It rains.", "reasoning_content": "Hm."},
    ]
    figures = {**turn["figures"], "total_s": 1.0, "prompt_tokens": 9}
    turn["before"] = [{**figures, "ending": "tool_calls", "reply": 0}]
    turn["figures"] = {**figures, "ending": "stop", "reply": 2, "began_s": 1.0}
    turn["asked_at"], turn["ended_at"], turn["ending"] = 1_700_000_000.5, 1_700_000_003.0, "stop"
    run["exchanges"] = [EXCHANGE, {**EXCHANGE, "step": 1}]
    run["answered_by"] = {runs.place(run, CALL, 0): "typed"}
    return run


def test_a_saved_run_is_the_same_when_it_is_saved_again(run):
    saved = run_file.as_json(run)
    opened = door.opened(saved)

    assert (opened.kind, opened.what) == ("run", "a saved run: 1 tool, 2 replies")
    assert json.loads(run_file.as_json(opened.run)) == json.loads(saved)
    assert opened.toolset["prompt"] == "Weather?"
    assert opened.toolset["model"] == MODEL
    assert opened.toolset["settings"] == run["settings"]
    assert json.loads(opened.toolset["tools"]) == [TOOL]
    assert run_report.outcome(opened.run) == run_report.outcome(run)


def test_a_run_that_failed_keeps_its_reason(run):
    run["turn"]["problem"] = {
        "kind": "RateLimited", "what": "Too many.", "side": "you", "advice": "Wait.",
        "detail": "", "code": 429, "request_id": "r", "can_retry": True,
    }  # fmt: skip
    opened = door.opened(run_file.as_json(run))

    assert opened.run["turn"]["problem"] == run["turn"]["problem"]


JUNK = [
    None, True, 0, -1, 1e300, "", "x\ud83d", [], {}, [1], {"a": 1}, 10**30, [[1, 2]],
    {"function": {}}, {"function": {"name": 5}}, {"function": {"name": {}}},
]  # fmt: skip


def places(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else items
    for key, inner in items:
        yield from places(inner, (*path, key))


def test_junk_anywhere_in_a_saved_run_does_no_harm(run):
    saved = json.loads(run_file.as_json(run))
    chance = random.Random(1)  # noqa: S311 - the same junk in each run
    every = list(places(saved))[1:]
    for path in every:
        junk = copy.deepcopy(saved)
        at = junk
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = chance.choice(JUNK)
        try:
            opened = door.opened(json.dumps(junk))
        except NotTools:
            continue
        if opened.run is not None:
            run_file.as_json(opened.run)
            run_report.line(opened.run)
            run_report.diagram(opened.run)
            run_report.comparison(opened.run, run)
            json.dumps(opened.run, allow_nan=False)


def test_a_number_that_json_cannot_express_is_refused(run):
    saved = run_file.as_json(run).replace('"temperature": 0.5', '"temperature": NaN')

    with pytest.raises(NotTools, match="a number that JSON cannot express"):
        door.opened(saved)


def test_a_long_run_that_was_saved_here_opens_again(run):
    settings = {**run["settings"], "messages": [{"role": "user", "content": "x" * 6_000_000}]}
    opened = door.opened(run_file.as_json({**run, "settings": settings}).encode())

    assert opened.run["settings"] == opened.toolset["settings"] == settings
    with pytest.raises(NotTools, match="up to 5 MB"):
        door.opened(json.dumps([{"name": "x" * 6_000_000, "parameters": {}}]).encode())
    with pytest.raises(NotTools, match="up to 20 MB"):
        door.opened(b" " * (door.MAX_FILE + 1))


def test_a_large_api_in_a_file_asks_for_a_choice():
    paths = {f"/p{n}": {"get": {}} for n in range(100)}

    with pytest.raises(NotTools, match="100 operations, in OpenAPI"):
        door.set_in(json.dumps({"openapi": "3.1.0", "paths": paths}))
