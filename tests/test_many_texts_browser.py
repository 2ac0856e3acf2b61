"""Any text can be drawn, copied, searched and exported, and asks nothing of a stranger."""

import pytest
from playwright.sync_api import Browser

from tests.many_texts import Result, draw, export, generated, opened

pytestmark = pytest.mark.browser


def test_generated_texts_fail_nowhere_and_ask_no_stranger(chromium: Browser) -> None:
    texts = list(generated(0, 300))
    drawn, exported = Result(), Result()

    draw(chromium, drawn, texts, 0)
    export(exported, texts, 0)

    assert drawn.failures == exported.failures == drawn.strangers == []
    assert drawn.texts == exported.texts == 300
    assert drawn.requests["/answer/answer.js"] == 1


def test_a_request_to_a_stranger_would_be_seen(chromium: Browser) -> None:
    result = Result()
    with opened(chromium, result) as (page, _):
        page.evaluate("fetch('http://stranger.test/x', { mode: 'no-cors' })")
        page.evaluate("fetch('https://stranger.test/y').catch(() => 0)")

    assert "GET http://stranger.test/x" in result.strangers
    assert "CONNECT stranger.test:443" in result.strangers
