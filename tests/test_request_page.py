"""The pages send exactly the request that the core builds from their state."""

from clarifai_chat import catalog, llm
from clarifai_chat.chat.request import chat_request
from clarifai_chat.chat.token_counts import TokenCounter
from clarifai_chat.chat.turn import new_turn
from clarifai_chat.history import attachment_contents
from clarifai_chat.playground import runs
from tests.canary import CANARY
from tests.fake_clarifai import calls, says
from tests.pages import ask
from tests.some_chats import PNG, turn
from tests.test_meter_page import SMALL, long_turns, open_small  # noqa: F401 - a fixture
from tests.test_tool_playground_page import PAGE, kept_runs, run, tool, with_prompt, with_settings


def rebuilt(app, model=None):
    """Return the last turn's request, as the core builds it for a turn not yet sent."""
    *before, asked = app.turns
    fresh = new_turn(asked["prompt"], asked["model"])
    fresh |= {name: asked[name] for name in ("id", "attachments") if name in asked}
    return chat_request(
        fresh,
        before,
        app.session_state["session.chat"]["settings"],
        model or catalog.describe(catalog.merge(catalog.shipped(), ()), asked["model"]["url"]),
        counter=TokenCounter(llm.count_tokens),
        content=lambda each: attachment_contents.as_sent(None, each),
    )


def test_a_chat_sends_its_request(open_app, fake):
    fake.next(says("Hello"), says("Rain."))
    app = open_app(pat=CANARY, turns=[turn("Earlier", "Answer")])
    chat = app.session_state["session.chat"]
    chat["settings"] = {"system": "Be kind.", "temperature": 0.3, "stop": ["END"], "max_tokens": 99}

    ask(app, "Hi")
    assert fake.chats[0].raw == rebuilt(app).body_bytes
    ask(app, "And the weather?")
    assert fake.chats[1].raw == rebuilt(app).body_bytes


def test_a_question_with_files_sends_its_request(open_app, fake, monkeypatch):
    monkeypatch.setattr("components.chat.attachment_input.HEAD_START_S", 20.0)
    fake.next(says("A square."))
    app = open_app(pat=CANARY)
    box = app.chat_input(key="prompt")
    box.upload("map.png", PNG)
    box.upload("notes.txt", "Grüße".encode())

    box.set_value("What is it?").run()

    assert len(app.turns[-1]["attachments"]) == 2
    assert fake.chats[0].raw == rebuilt(app).body_bytes


def test_a_chat_that_leaves_turns_out_sends_its_request(open_small, fake):  # noqa: F811
    fake.next(says("Yes."))
    app = open_small(6)
    listing = app.session_state["session.listing"]

    ask(app, "Now?")

    request = rebuilt(app, catalog.describe(listing["result"], SMALL))
    assert request.left_out
    assert list(request.left_out) == app.turns[-1]["left_out"]
    assert len(request.messages) < 2 * len(long_turns(6))
    assert fake.chats[0].raw == request.body_bytes


def test_a_run_sends_its_requests(open_app, fake):
    fake.next(calls("get_weather", '{"location": "Paris"}'), says("Rain."))
    settings = with_settings(
        system="Short.", tool_choice="required", parallel=False, strict=True, temperature=0.0
    )
    seeded = with_prompt("Weather?", tool(**{"x-own": [1.0, None]}), run_settings=settings)
    app = run(open_app(PAGE, pat=CANARY, **seeded))
    (kept,) = kept_runs(app)

    first = {**kept, "turn": new_turn(kept["turn"]["prompt"], kept["turn"]["model"])}
    assert fake.chats[0].raw == runs.request(first).body_bytes

    runs.answer(kept, {"call_1": "rain"})
    request = runs.request(kept)
    list(runs.llm.events(request, app_endpoint(fake)))
    assert fake.chats[1].raw == request.body_bytes


def app_endpoint(fake):
    from clarifai_chat.llm.endpoints import Endpoint

    return Endpoint(fake.api_base, CANARY)
