"""The tool playground in a real browser: a long walk, edits during a run, colours, sizes."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import problems, settled
from tests.canary import CANARY, assert_no_canary
from tests.fake_clarifai import (
    FakeClarifai,
    call_as_text,
    call_in_fragments,
    malformed_arguments,
    parallel_calls,
    says,
    two_calls_on_one_index,
)
from tests.patience import until
from tests.test_browser import sign_in, tab_to

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]
PATH = "/tool_playground"
PARIS = '{"location": "Paris, France", "unit": "celsius"}'


def keyed(page: Page, key: str) -> Locator:
    """Return the element with a widget's key, or with a key that starts like that."""
    return page.locator(f'[class*="st-key-{key}"]')


def run(page: Page, prompt: str = "") -> None:
    """Click Run, after typing a prompt if there is one."""
    if prompt:
        page.get_by_role("textbox", name="Prompt", exact=True).fill(prompt)
    page.locator(".st-key-run").get_by_role("button").click()


def over(page: Page, text: str) -> None:
    """Wait until the run is over, and its one line says `text`."""
    expect(page.locator(".st-key-run").get_by_role("button")).to_be_enabled()
    expect(page.get_by_text(text).first).to_be_visible()


def line(page: Page, number: int) -> Locator:
    return page.locator(".cm-line").nth(number - 1)


def type_into_line(page: Page, number: int, text: str) -> None:
    """Type at the end of the string that the line ends with."""
    line(page, number).click()
    for key in ("End", "End", "End", "ArrowLeft", "ArrowLeft"):  # a long line wraps
        page.keyboard.press(key)
    page.keyboard.type(text, delay=30)


def is_beside(mark: Locator, place: Locator) -> bool:
    """Whether both are at one height; no, while the editor draws the mark again."""
    a, b = mark.bounding_box(), place.bounding_box()
    return bool(a and b) and abs(a["y"] - b["y"]) < 12


def arguments(page: Page) -> Locator:
    """Return the arguments of calls, complete or still arriving."""
    return page.get_by_test_id("stCode").filter(has_text="location")


# Notes the arguments of calls as they are on the page, whenever they change.
def walk(page: Page, ask: Callable[[str], None]) -> None:
    """Walk from a typo in the template to a final answer, then through odd calls.

    `ask` starts a run of the given kind: "fragments", "shared", "malformed" or "text".
    """
    marks = page.locator(".cm-lint-marker-error")
    run_button = page.locator(".st-key-run").get_by_role("button")
    line(page, 3).click()
    page.keyboard.press("End")
    page.keyboard.press("Backspace")  # the comma after "function"
    expect(marks).to_have_count(1)
    until(lambda: is_beside(marks, line(page, 4)))
    expect(page.get_by_text("Line 4, column")).to_be_visible()
    expect(run_button).to_be_disabled()
    page.locator(".cm-content").click()
    line(page, 3).click()
    page.keyboard.press("End")
    page.keyboard.type(",")
    expect(marks).to_have_count(0)
    expect(run_button).to_be_enabled()

    ask("fragments")
    over(page, "called get_weather: valid")
    keyed(page, "answer-").locator("textarea").fill('{"sky": "clear", "celsius": 31}')
    keyed(page, "send_answers").get_by_role("button").click()
    expect(page.get_by_text("Reply 2: an answer in words")).to_be_visible()
    over(page, "2 requests")

    ask("shared")
    over(page, "2 calls: 2 valid")
    expect(page.get_by_text("It arrived merged with another call")).to_have_count(2)
    expect(keyed(page, "answer-").locator("textarea")).to_have_count(2)

    ask("malformed")
    over(page, "called get_weather: not JSON")
    expect(arguments(page)).to_have_count(1)  # the previous run has left the page
    expect(arguments(page)).to_have_text(re.compile(r",$"))  # raw, not repaired

    ask("text")
    over(page, "called get_weather: valid (recovered from text)")
    expect(page.get_by_text("it was recovered and is not a native call")).to_be_visible()


def test_the_whole_walk_with_a_model_on_clarifai(visit: Visit, clarifai: FakeClarifai) -> None:
    page = visit(PATH)
    sign_in(page, CANARY, "ada")
    behaviours = {
        "fragments": (
            call_in_fragments("get_weather", PARIS, size=2),
            says("It is ", "31 degrees."),
        ),
        "shared": (two_calls_on_one_index(),),
        "malformed": (malformed_arguments(),),
        "text": (call_as_text(),),
    }

    def ask(what: str) -> None:
        clarifai.next(*behaviours[what])
        run(page)

    walk(page, ask)

    first = clarifai.chats[0].body
    assert first["tools"][0]["function"]["name"] == "get_weather"
    assert json.loads(clarifai.chats[1].body["messages"][-1]["content"])["celsius"] == 31
    page.get_by_text("Request", exact=True).click()
    expect(page.get_by_text("Bearer <access token>")).to_be_visible()
    assert_no_canary("page", page.content())
    assert_no_canary("address", page.url)


def test_the_whole_walk_with_the_demo(visit: Visit, clarifai: FakeClarifai) -> None:
    page = visit(PATH)

    walk(page, lambda what: run(page, f"/call {what}"))

    assert clarifai.journal == []


def test_the_page_stays_usable_while_a_run_streams(visit: Visit, clarifai: FakeClarifai) -> None:
    page = visit(PATH)
    sign_in(page, CANARY, "ada")
    long = json.dumps({"location": "Paris " * 3000})
    clarifai.next(call_in_fragments("get_weather", long, size=2, delay_s=0.1), says("Whole again."))
    run(page)
    expect(page.get_by_text("Calling get_weather")).to_be_visible()
    expect(arguments(page)).to_contain_text("Paris Paris")

    type_into_line(page, 6, " Now.")
    page.get_by_role("textbox", name="Prompt", exact=True).fill("And in Tokyo?")
    page.get_by_text("System prompt and settings").click()
    page.get_by_role("textbox", name="System prompt").fill("Be brief.")
    page.keyboard.press("Control+Enter")  # the shortcut of Run, which Stop has replaced
    length = len(arguments(page).inner_text())
    expect(page.get_by_text("Calling get_weather")).to_be_visible()  # the run goes on
    expect(arguments(page)).to_have_text(re.compile(f".{{{length + 6},}}"))
    assert len(clarifai.chats) == 1
    page.get_by_role("link", name="Models").click()
    expect(page.get_by_role("heading", name="Models")).to_be_visible()
    page.get_by_role("link", name="Tool playground").click()
    expect(page.get_by_text("Calling get_weather")).to_be_visible()

    page.locator(".st-key-stop").get_by_role("button").click()

    expect(page.get_by_text("Stopped. The text up to here is kept.")).to_be_visible()
    assert clarifai.was_left()
    expect(arguments(page)).to_contain_text("Paris Paris")
    expect(line(page, 6)).to_contain_text("in a place. Now.")
    expect(page.get_by_role("textbox", name="Prompt", exact=True)).to_have_value("And in Tokyo?")
    run(page)
    over(page, "Whole again.")
    first, second = (chat.body for chat in clarifai.chats)
    assert first["tools"][0]["function"]["description"].endswith("in a place.")
    assert second["tools"][0]["function"]["description"].endswith("in a place. Now.")
    sent = [message["content"] for message in second["messages"]]
    assert sent == ["Be brief.", "And in Tokyo?"]


def with_a_run(page: Page) -> None:
    """Fill the page with an invalid call, an open fix, and the request as sent."""
    run(page, "/call wrong")
    over(page, "called get_weather: invalid")
    page.get_by_text("Request", exact=True).click()
    expect(page.get_by_text("exactly as sent")).to_be_visible()
    page.get_by_text("System prompt and settings").click()
    page.get_by_text("Who answers the calls").click()
    type_into_line(page, 5, " !")  # into the name, which a fix can correct
    keyed(page, "fix-0").get_by_role("button").click()
    expect(keyed(page, "apply_fix").get_by_role("button")).to_be_visible()


def test_the_playground_has_no_accessibility_problem(visit: Visit) -> None:
    page = visit(PATH)
    with_a_run(page)

    assert problems(page, 1440, 1280, 390) == []


LETTERS = """
e => 16 * e.getBoundingClientRect().width / e.viewBox.baseVal.width
"""


def test_the_diagram_of_a_long_run_can_be_read(visit: Visit, clarifai: FakeClarifai) -> None:
    names = ("get_weather", "find_a_hotel_by_its_name", "convert_currency", "calculate")
    asked = [(name, '{"location": "Paris, France", "unit": "celsius"}') for name in names]
    page = visit(PATH)
    sign_in(page, CANARY, "ada")
    clarifai.next(parallel_calls(*asked), says("A long answer about all of it."))
    run(page, "Ask all of them")
    over(page, "4 calls")
    keyed(page, "send_answers").get_by_role("button").click()
    expect(page.get_by_text("A long answer about all of it.")).to_be_visible()
    keyed(page, "diagram").locator("label").click()
    drawing = page.locator(".diagram svg")

    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        expect(drawing).to_be_visible()
        assert drawing.evaluate(LETTERS) >= 12
        assert page.evaluate("document.scrollingElement.scrollWidth") == width


def height(page: Page) -> float:
    found = page.locator(".cm-editor").bounding_box()
    assert found
    return found["height"]


@pytest.mark.parametrize("width", [1280, 390])
def test_the_editor_grows_with_the_window_and_keeps_its_height(visit: Visit, width: int) -> None:
    page = visit(PATH, viewport={"width": width, "height": 800})
    page.locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(twelve_mcp_tools())
    expect(page.get_by_text("It is not sent like this.")).to_be_visible()
    settled(page)
    low = height(page)

    page.set_viewport_size({"width": width, "height": 1100})
    settled(page)
    assert height(page) == low + 300
    keyed(page, "import_tools").get_by_role("button").click()  # a run of the page
    expect(page.get_by_role("textbox", name="Paste anything that holds tools")).to_be_visible()
    settled(page)
    assert height(page) == low + 300
    page.set_viewport_size({"width": width, "height": 400})
    settled(page)
    assert height(page) == 256  # and no less
    assert page.evaluate("document.scrollingElement.scrollWidth") == width


def test_a_phone_shows_the_playground_without_scrolling_sideways(visit: Visit) -> None:
    page = visit(PATH, viewport={"width": 390, "height": 844})
    with_a_run(page)
    settled(page)

    width = "document.scrollingElement.scrollWidth"
    widest = "Math.max(...[...document.querySelectorAll('section')].map(e => e.scrollWidth))"
    assert page.evaluate(width) <= 390
    assert page.evaluate(widest) <= 390


def test_a_tool_is_changed_by_keys_alone_on_a_phone(visit: Visit) -> None:
    page = visit(PATH, viewport={"width": 390, "height": 844})
    keys = page.keyboard

    def replace(box: str, text: str) -> None:
        tab_to(page, box)
        keys.press("ControlOrMeta+a")
        keys.type(text)
        keys.press("Tab")

    tab_to(page, "Form")
    keys.press("Enter")
    expect(page.get_by_role("textbox", name="Tool name")).to_have_value("get_weather")
    replace("Tool name", "read_sky")
    tab_to(page, "chevron_right")
    keys.press("Enter")
    expect(page.get_by_role("textbox", name="Name", exact=True)).to_have_value("location")
    replace("Name", "place")
    expect(page.get_by_role("button", name="place")).to_be_visible()
    tab_to(page, "New parameter")
    keys.type("days")
    keys.press("Enter")
    expect(page.get_by_role("button", name="days")).to_be_visible()
    settled(page)
    assert page.evaluate("document.scrollingElement.scrollWidth") == 390

    page.locator(".st-key-tool_view").get_by_text("JSON", exact=True).click()  # to read the result
    for name in ("read_sky", "place", "days"):
        expect(page.locator(".cm-content")).to_contain_text(f'"{name}"')


def twelve_mcp_tools() -> str:
    """Return a list of tools as an MCP server answers."""
    schema = {"type": "object", "properties": {"location": {"type": "string"}}}
    tools = [
        {"name": name, "description": f"Tells the {name}.", "inputSchema": schema}
        for name in ("get_weather", *(f"part_{number}" for number in range(11)))
    ]
    return json.dumps({"tools": tools}, indent=2)


def test_twelve_pasted_mcp_tools_take_five_clicks_to_the_first_judged_run(visit: Visit) -> None:
    page = visit(PATH)
    page.evaluate("clicks = 0; addEventListener('click', (e) => (clicks += e.isTrusted), true)")

    keyed(page, "import_tools").get_by_role("button").click()
    box = page.get_by_role("textbox", name="Paste anything that holds tools")
    box.click()
    page.keyboard.insert_text(twelve_mcp_tools())
    keyed(page, "preview_import").get_by_role("button").click()
    expect(page.get_by_text("This is 12 tools in MCP's form.")).to_be_visible()
    assert problems(page) == []
    keyed(page, "use_import").get_by_role("button").click()
    expect(page.get_by_text("12 tools · no errors")).to_be_visible()
    run(page)

    over(page, "called get_weather: valid")
    assert page.evaluate("clicks") <= 5
    keyed(page, "undo_tools").get_by_role("button").click()
    expect(page.get_by_text("1 tool · no errors")).to_be_visible()

    # The same text in the editor is named, and one click from its preview.
    page.locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(twelve_mcp_tools())
    expect(page.get_by_text("It is not sent like this.")).to_be_visible()
    keyed(page, "convert_tools").get_by_role("button").click()
    keyed(page, "use_import").get_by_role("button").click()
    expect(page.get_by_text("12 tools · no errors")).to_be_visible()

    keyed(page, "toolset").get_by_role("button", name="Export").click()
    expect(page.get_by_role("button", name="Save tools.json")).to_be_visible()
    page.get_by_role("combobox", name="Tools as").click()
    page.get_by_role("option", name="Python functions").click()
    expect(page.get_by_text("def get_weather(")).to_be_visible()
