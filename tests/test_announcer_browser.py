"""What a screen reader is told in a browser: that a reply begins, and how it ended, once each."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser import settled
from tests.canary import CANARY
from tests.fake_clarifai import FakeClarifai, says, status
from tests.pages import Talker
from tests.test_browser import answer, ask, done, sign_in

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]

# All that is put into a live region from now on, in order.
LISTEN = """() => {
  const LIVE = "[aria-live]:not([aria-live=off]), [role=status], [role=alert], [role=log]";
  globalThis.told = [];
  new MutationObserver((changes) => {
    for (const change of changes) {
      const nodes = change.type === "characterData" ? [change.target] : [...change.addedNodes];
      for (const node of nodes) {
        const element = node.nodeType === 1 ? node : node.parentElement;
        const regions = element?.closest(LIVE)
          ? [node] : [...(node.querySelectorAll?.(LIVE) ?? [])];
        for (const region of regions) {
          const text = region.textContent.trim();
          if (text) globalThis.told.push(text);
        }
      }
    }
  }).observe(document, { childList: true, characterData: true, subtree: true });
}"""


def listens(page: Page) -> Page:
    settled(page)
    page.evaluate(LISTEN)
    return page


def told(page: Page, last: str) -> list[str]:
    """Return what was told, once `last` has been."""
    page.wait_for_function("last => globalThis.told.at(-1)?.includes(last)", arg=last)
    settled(page)
    found: list[str] = page.evaluate("globalThis.told")
    return found


def test_a_reply_is_told_twice_however_many_pieces_it_has(
    visit: Visit, clarifai: FakeClarifai
) -> None:
    page = visit()
    sign_in(page, CANARY, "ada")
    listens(page)
    clarifai.next(says(*(f"word{number} " for number in range(42)), delay_s=0.03))

    ask(page, "Tell me words")

    assert told(page, "complete") == ["Answering", "Answer complete, 42 words"]


def test_a_reply_that_came_at_once_is_told_as_well_and_an_old_one_is_not(
    visit: Visit, clarifai: FakeClarifai
) -> None:
    page = visit()
    sign_in(page, CANARY, "ada")
    listens(page)
    clarifai.next(says("Yes, of course."))
    ask(page, "Is it?")
    assert told(page, "complete") == ["Answering", "Answer complete, 3 words"]

    page.get_by_role("link", name="Models").click()
    expect(page.get_by_role("heading", name="Models")).to_be_visible()
    page.get_by_role("link", name="Chat").click()
    done(page)
    clarifai.next(says("No."))
    ask(page, "Sure?")

    assert told(page, "1 word")[2:] == ["Answering", "Answer complete, 1 word"]


def test_a_stopped_reply_says_so(visit: Visit, clarifai: FakeClarifai) -> None:
    page = visit()
    sign_in(page, CANARY, "ada")
    listens(page)
    clarifai.next(Talker("first words "))
    ask(page, "A long one")
    expect(answer(page)).to_contain_text("word3")
    page.get_by_role("button", name="Stop").click()

    begun, ended = told(page, "Stopped")

    assert begun == "Answering"
    assert ended.startswith("Stopped, ")
    assert ended.endswith(" words")


def test_a_failure_is_told_by_its_alert_alone(visit: Visit, clarifai: FakeClarifai) -> None:
    page = visit()
    sign_in(page, CANARY, "ada")
    listens(page)
    clarifai.next(status(401, 11102))
    ask(page, "Hello?")

    *begun, failed = told(page, "Cause:")

    assert begun in ([], ["Answering"])  # it may fail before that is drawn
    assert "The model rejected this request" in failed
    assert page.get_by_role("alert").get_by_text("Cause:").count() == 1


def test_questions_that_wait_are_told_when_their_turn_comes(
    visit: Visit, clarifai: FakeClarifai
) -> None:
    page = visit()
    sign_in(page, CANARY, "ada")
    listens(page)
    talker = Talker("one ", after="end")
    clarifai.next(talker, says("Two words."))
    ask(page, "First")
    expect(answer(page)).to_contain_text("word1")
    ask(page, "Second")
    expect(answer(page)).to_contain_text("Waiting for the answer above")
    talker.open()

    first, end, second, last = told(page, ", 2 words")  # not "12 words"

    assert (first, second, last) == ("Answering", "Answering", "Answer complete, 2 words")
    assert end.startswith("Answer complete, ")
