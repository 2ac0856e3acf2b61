"""Conversations in the groups of a list, by the visitor's own days."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from clarifai_chat.history.grouping import grouped
from clarifai_chat.history.store import Summary

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC).timestamp()
DAY_S = 24 * 3600.0


def chat(days=0.0, *, pinned=False):
    return Summary("id", "Title", pinned, NOW - days * DAY_S)


@pytest.mark.parametrize(
    ("days", "heading"),
    [
        (-3, "Today"),  # another clock
        (0.4, "Today"),
        (0.6, "Yesterday"),
        (1.6, "Previous 7 days"),
        (7, "Previous 7 days"),
        (8, "Previous 30 days"),
        (30, "Previous 30 days"),
        (31, "October 2026"),
        (400, "October 2025"),
        (float("nan"), "Earlier"),
        (-1e12, "Earlier"),
    ],
)
def test_a_conversation_is_below_its_heading(days, heading):
    assert [*dict(grouped([chat(days)], NOW, UTC))] == [heading]


def test_a_day_ends_at_the_visitors_midnight():
    late = chat(0.4)  # 02:24 in UTC
    assert [*dict(grouped([late], NOW, timezone(timedelta(hours=-5))))] == ["Yesterday"]


def test_pinned_ones_come_first_and_the_order_stays():
    pinned, one, other = chat(90, pinned=True), chat(0.1), chat(0.2)

    assert grouped([pinned, one, other], NOW, UTC) == [
        ("Pinned", [pinned]),
        ("Today", [one, other]),
    ]
