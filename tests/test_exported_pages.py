"""Runs and comparisons as pages: what a reader finds, and that nothing runs, loads or leaks."""

import copy
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from streamlit.runtime.context import ContextProxy

from clarifai_chat.chat.chats import add, new_chat, path
from clarifai_chat.config import ROOT
from clarifai_chat.events import Finished, StepEnded, TextDelta, ToolCallDone, ToolResult, Usage
from clarifai_chat.playground import run_file, toolset
from clarifai_chat.recordings import files
from clarifai_chat.transfer.exports import (
    comparison_file_name,
    comparison_to_html,
    run_file_name,
    run_to_html,
)
from tests.canary import CANARY, assert_no_canary
from tests.conftest import MODEL
from tests.fake_clarifai import calls, says
from tests.some_chats import ASKED, turn
from tests.test_compare_page import OTHER
from tests.test_compare_page import ask as ask_all
from tests.test_exports import NAMES, TAGS, Elements
from tests.test_run_report import call, called, run_of
from tests.test_tool_playground_page import PAGE, with_prompt
from tests.test_tool_playground_page import run as ask_run

APP = "https://chat.test/base/"
RECORDINGS = ROOT / "clarifai_chat/data/demos/recordings"
OWN = {"rules": {"heading-order": {"enabled": False}}}  # a model may begin with any heading
HOSTILE = '<script>alert(1)</script><img src="https://a.test/x" onerror=x>"\'&'


def exchange(*chunks, **fields):
    return {
        "step": 0,
        "sent_at": 1.0,
        "method": "POST",
        "url": "https://api.test/v1/chat/completions",
        "headers": {"authorization": "Bearer <access token>"},
        "request": '{"model": "m"}',
        "status": 200,
        "response_headers": {"content-type": "text/event-stream"},
        "responded_s": 0.08,
        "body": "",
        "chunks": [(0.1 * at, data) for at, data in enumerate(chunks, 1)],
        "left_out": 0,
        "ended_s": 1.0,
        **fields,
    }


def recorded(name):
    return files.read((RECORDINGS / f"{name}.json").read_bytes())


def compared(*turns_of_each):
    """A comparison: for each model, the turns of its column."""
    made = []
    for number, turns in enumerate(turns_of_each):
        chat = {**new_chat(), "model": f"https://clarifai.com/a/b/models/m{number}"}
        for before, each in zip([None, *turns], turns, strict=False):
            add(chat, each, before)
        made.append(chat)
    return made


def answered(prompt, content, name, **fields):
    return turn(prompt, content, model={**ASKED, "name": name}, **fields)


def read(page):
    """What a page shows, on one line."""
    return " ".join(Elements(page).text.split())


# --- A run ---------------------------------------------------------------------------------------


def test_a_page_of_a_run_shows_the_timeline_with_verdicts_and_figures():
    run = run_of(
        ToolCallDone(call('{"location": 7}'), 0),
        Usage(10, 5),
        Finished("tool_calls"),
        system="Be brief.",
        temperature=0.2,
    )

    page = run_to_html(run, secret="")
    text = read(page)

    assert (
        "Model C · called get_weather: invalid · 1 request · 10 tokens in, 5 out · under $" in text
    )
    assert "temperature 0.2" in text
    assert "Be brief." in text
    assert "Tool get_weather" in text
    assert "Weather in Paris?" in text
    assert "Reply 1" in text
    assert "finish reason tool_calls" in text
    assert "Called get_weather invalid" in text
    assert "location 7 string" in text
    assert "No answer to this call was sent." in text
    assert not Elements(page).open


def test_a_page_of_a_run_says_who_answered_and_what():
    run = run_of(
        ToolCallDone(call(), 0),
        StepEnded("tool_calls", ""),
        ToolResult("call_1", '{"sky": "rain"}'),
        TextDelta("It *rains*."),
        Finished("stop"),
    )
    run["answered_by"] = {"0:call_1": "typed"}

    page = run_to_html(run, secret="")

    assert "Called get_weather valid" in read(page)
    assert 'Answered by the answer typed last for this tool {"sky": "rain"}' in read(page)
    assert "<em>rains</em>" in page


def test_a_page_of_a_run_shows_what_went_over_the_wire():
    run = called(call())
    lines = [json.dumps({"n": number}) for number in range(250)]
    run["exchanges"] = [
        exchange(status=429, body='{"error": "busy"}'),
        exchange(*lines),
        exchange(status=None, responded_s=None),
    ]

    text = read(run_to_html(run, secret=""))

    assert "Request 1: POST https://api.test/v1/chat/completions, HTTP 429" in text
    assert '{ "error": "busy" }' in text
    assert "headers after 80 ms, 250 events" in text
    assert '0.100 s {"n": 0}' in text
    assert "and 50 more, which the run's JSON export has" in text
    assert '{"n": 249}' not in text
    assert "no response arrived" in text
    assert "authorization: Bearer <access token>" in text


def test_a_page_of_a_run_opens_the_app_with_its_tools():
    run = called(call(), temperature=0.2)

    (link,) = Elements(run_to_html(run, secret="", app=APP)).of("a")

    address = urlsplit(link["href"])
    assert address.path == "/base/tool_playground"
    found = toolset.from_parameter(parse_qs(address.query)["tools"][0])
    assert json.loads(found["tools"]) == run["tools"]
    assert found["prompt"] == "Weather in Paris?"
    assert found["settings"]["temperature"] == 0.2
    assert not Elements(run_to_html(run, secret="")).of("a")


@pytest.mark.parametrize(
    "text", [f"It is {CANARY}", "".join(map(chr, range(256, 9000)))], ids=["token", "long"]
)
def test_a_link_to_the_app_carries_no_token_and_is_short(text):
    run = called(call(), system=text)

    (link,) = Elements(run_to_html(run, secret="", app=APP)).of("a")

    assert link["href"] == f"{APP}tool_playground"


def all_over(text):
    """A run with a text in every place that holds one."""
    function = {"name": text, "description": text, "parameters": {"type": "object", "title": text}}
    told = call(json.dumps({"location": text}), name=text)
    tools = [{"type": "function", "function": function}]
    run = called(told, prompt=text, tools=tools, system=text, model={**ASKED, "name": text})
    run["settings"].update(tool_choice=text, messages=[{"role": "user", "content": text}])
    run["settings"]["extra"] = {"user": text}
    replies = run["turn"]["replies"]
    replies[0].update(content=text, reasoning_content=text)
    replies[0]["sources"] = [{"title": text, "url": f"https://a.test/{text}"}]
    replies.append({"role": "tool", "tool_call_id": "call_1", "content": text})
    run["exchanges"] = [
        exchange(text, request=json.dumps({"a": text}), url=f"https://api.test/{text}"),
        exchange(body=text, headers={text: text}, response_headers={text: text}),
    ]
    return run


@pytest.mark.parametrize(
    "said", [CANARY, CANARY.upper(), " ".join(CANARY), CANARY[::-1]], ids=range(4)
)
def test_the_access_token_is_in_no_page_of_a_run(said):
    page = run_to_html(all_over(f"x {said} y"), secret=CANARY, app=APP)

    for text in (page, read(page)):
        assert_no_canary("a page", text)
        assert said not in text
    assert "[access token]" in page


def test_a_token_that_a_stream_tells_in_pieces_is_not_in_the_page():
    told = [
        json.dumps({"delta": {"content": piece}})
        for piece in (CANARY[:9], CANARY[9:20], CANARY[20:])
    ]
    run = called(call())
    run["exchanges"] = [exchange(*told)]

    text = read(run_to_html(run, secret=CANARY))

    for piece in (CANARY[:9], CANARY[9:20], CANARY[20:]):
        assert piece not in text


def test_a_token_that_a_stream_tells_in_pieces_is_not_in_the_files_of_a_run():
    pieces = CANARY[:9], CANARY[9:20], CANARY[20:]
    run = called(call())
    told = [json.dumps({"delta": {"content": piece}}) for piece in pieces]
    run["exchanges"] = [exchange(*told, request=json.dumps({"a": CANARY}))]

    whole = run_file.as_json(run, CANARY)
    part = run_file.exchanges_as_json(run["exchanges"], CANARY)

    for text in (whole, part):
        assert_no_canary("a file", text)
        assert not [piece for piece in pieces if piece in text]
        assert json.loads(text)


def test_a_token_that_only_reading_the_json_shows_is_not_in_the_page():
    escaped = "".join(f"\\u{ord(sign):04x}" for sign in CANARY)
    run = called(call())
    run["exchanges"] = [exchange(request=f'{{"a": "{escaped}"}}', body=f'{{"a": "{escaped}"}}')]

    assert_no_canary("a page", read(run_to_html(run, secret=CANARY)))


def test_the_operators_token_is_in_no_page_either(set_up):
    set_up(CLARIFAI_PAT=CANARY)
    chats = compared([answered(CANARY, CANARY, "A")], [answered(CANARY, CANARY, "B")])

    assert_no_canary("a page", run_to_html(all_over(CANARY), secret=""))
    assert_no_canary("a page", comparison_to_html(chats, secret=""))


def strict(page):
    """Fail unless the page consists of what an export may have: nothing that runs or loads."""
    found = Elements(page)
    assert not found.open
    assert {tag for tag, _ in found.found} <= set(TAGS.split())
    assert {name for _, attributes in found.found for name in attributes} <= NAMES
    assert all(a["href"].startswith(("https://", "#")) for a in found.of("a"))
    assert not found.of("script")


def test_nothing_in_a_page_of_a_run_runs_or_is_fetched():
    strict(run_to_html(all_over(HOSTILE), secret="", app=APP))


# --- A comparison --------------------------------------------------------------------------------


def test_a_page_of_a_comparison_has_each_question_once_and_the_figures_of_each_model():
    unknown = {**ASKED, "name": "Priceless", "input_price": None}
    chats = compared(
        [answered("Why?", "Because **A**.", "Model A"), answered("And?", "More A.", "Model A")],
        [
            {**turn("Why?", "Because B."), "model": unknown},
            {**turn("Only you?", "Yes, B."), "model": unknown},
        ],
    )

    page = comparison_to_html(chats, secret="", app=APP)
    text = read(page)

    assert "Compared: Model A and Priceless" in text
    assert "Model A 2 824 560 $0.00028" in text
    assert "Priceless 2 824 560 price unknown" in text
    assert text.count("You Why?") == 1
    assert "You And? Model A More A." in text
    assert "You Only you? Priceless Yes, B." in text
    assert "<strong>A</strong>" in page
    (link,) = Elements(page).of("a")
    assert urlsplit(link["href"]).path == "/base/compare"
    asked = parse_qs(urlsplit(link["href"]).query)
    assert asked == {"models": [",".join(c["model"] for c in chats)], "q": ["Why?"]}


def test_what_a_model_did_not_report_is_not_shown_as_nothing():
    nothing = dict.fromkeys(turn()["figures"])
    chats = compared([answered("Why?", "A", "Model A", figures=nothing)], [])

    text = read(comparison_to_html(chats, secret=""))

    assert "Model A 1 not reported not reported not known not reported not known" in text


def test_settings_that_differ_are_shown_for_each_model():
    chats = compared([answered("Why?", "A", "Model A")], [answered("Why?", "B", "Model B")])
    same = copy.deepcopy(chats)
    for chat in same:
        chat["settings"] = {"temperature": 0.5}
    chats[0]["settings"] = {"temperature": 0.1}

    assert read(comparison_to_html(same, secret="")).count("Temperature 0.5") == 1
    assert "Settings of Model A" in read(comparison_to_html(chats, secret=""))


def test_nothing_in_a_page_of_a_comparison_runs_or_is_fetched_or_leaks():
    said = f"{HOSTILE} {CANARY}"
    chats = compared([answered(said, said, said)], [answered(said, said, said)])
    for chat in chats:
        chat["settings"] = {"system": said}

    page = comparison_to_html(chats, secret=CANARY, app=APP)

    strict(page)
    assert_no_canary("a page", page)


def test_pages_are_named_after_what_was_asked_without_a_token():
    assert run_file_name(called(call()), secret="") == "weather-in-paris.html"
    assert run_file_name(called(call(), prompt=""), secret="") == "run-of-the-tool-playground.html"
    assert comparison_file_name(compared([turn("Why not?")], []), secret="") == "why-not.html"
    told = f"It is {CANARY}"
    assert run_file_name(called(call(), prompt=told), secret=CANARY) == "it-is-access-token.html"
    name = comparison_file_name(compared([turn(told)], []), secret=CANARY)
    assert name == "it-is-access-token.html"


# --- In the app ----------------------------------------------------------------------------------


@pytest.fixture
def at_an_address(monkeypatch):
    monkeypatch.setattr(ContextProxy, "url", property(lambda context: f"{APP}compare?chats=x"))


@pytest.mark.usefixtures("at_an_address")
def test_a_run_is_saved_as_a_page(open_app, fake, downloads):
    fake.next(calls(arguments='{"location": 7}'))
    app = ask_run(open_app(PAGE, pat=CANARY, **with_prompt("Weather?")))

    page = downloads(f"page_run:{app.session_state['session.runs'][-1]['turn']['id']}")

    assert_no_canary("a page", page)
    assert "Called get_weather invalid" in read(page)
    assert "Request 1: POST" in read(page)
    (link, *_) = Elements(page).of("a")
    assert link["href"].startswith(f"{APP}tool_playground")


@pytest.mark.usefixtures("at_an_address")
def test_a_comparison_is_saved_as_a_page_once_the_names_are_known(open_app, fake, downloads):
    fake.next(says("One."), says("One."))
    app = open_app("pages/compare.py", pat=CANARY, to_compare=[MODEL, OTHER], hides_names=True)
    ask_all(app, "Hi")
    assert app.get_by_key("page_comparison").proto.disabled

    app.click(f"vote:none:{path(app.session_state['session.compared'][0])[-1]['id']}")

    assert not app.get_by_key("page_comparison").proto.disabled
    page = downloads("page_comparison")
    assert_no_canary("a page", page)
    assert read(page).count("One.") == 2
    assert Elements(page).of("a")[0]["href"].startswith(f"{APP}compare?models=")


@pytest.mark.browser
def test_pages_opened_from_files_load_nothing_and_can_be_read(chromium, tmp_path):
    run, columns = recorded("calculator")["run"], recorded("side-by-side")["columns"]
    chats = [{**new_chat(), **column} for column in columns]
    pages = {
        "run": run_to_html(run, secret="", app=APP),
        "comparison": comparison_to_html(chats, secret="", app=APP),
    }
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    opened = context.new_page()
    requests, complaints = [], []
    opened.on("request", lambda request: requests.append(request.url))
    opened.on("console", lambda message: complaints.append(message.text))
    for name, text in pages.items():
        (tmp_path / f"{name}.html").write_text(text, encoding="utf-8")
        opened.goto((tmp_path / f"{name}.html").as_uri())
        for scheme in ("light", "dark"):
            opened.emulate_media(color_scheme=scheme)
            assert Axe().run(opened, options=OWN).response["violations"] == []
        assert opened.evaluate("document.documentElement.scrollWidth") <= 390
    assert requests == [(tmp_path / f"{name}.html").as_uri() for name in pages]
    assert complaints == []
    context.close()
