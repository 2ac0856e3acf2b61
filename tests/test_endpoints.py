"""Which server answers, with which key, and who pays."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from clarifai_chat import demo
from clarifai_chat.catalog import DEMO
from clarifai_chat.errors import NoPat, SharedPatSpent
from clarifai_chat.llm import endpoints
from clarifai_chat.llm.endpoints import Sharer, endpoint_for, shared_uses_left
from tests.canary import CANARY, leaks_in

URL = "https://clarifai.com/a/b/models/c"
OPERATORS = "00000000000000000000000000operat"


@pytest.fixture(autouse=True)
def limits(set_up, monkeypatch):
    """An operator who pays for three replies per visit and five in an hour."""
    monkeypatch.setattr(endpoints, "_uses", endpoints._Uses())
    set_up(
        CLARIFAI_API_BASE="https://api.test",
        CLARIFAI_PAT=OPERATORS,
        SHARED_PAT_SESSION_LIMIT=3,
        SHARED_PAT_HOUR_LIMIT=5,
    )


_numbers = count()


def visit():
    return Sharer(f"visitor {next(_numbers)}")


def test_a_visitors_own_token_goes_to_clarifai():
    endpoint = endpoint_for(URL, CANARY, None)

    assert endpoint.api_base == "https://api.test/v2/ext/openai/v1"
    assert endpoint.key == CANARY
    assert not leaks_in(repr(endpoint))


def test_the_demo_needs_no_token_and_never_gets_one():
    endpoint = endpoint_for(DEMO.url, CANARY, visit())

    assert endpoint.api_base == demo.start()
    assert endpoint.key == demo.KEY


def test_without_a_token_nothing_can_be_asked():
    with pytest.raises(NoPat):
        endpoint_for(URL, "", None)


def test_the_operator_pays_for_whoever_may_share():
    shared = visit()
    endpoint = endpoint_for(URL, "", shared)

    assert endpoint.key == OPERATORS
    assert shared_uses_left(shared) == 2


def test_a_visitors_own_token_wins_and_is_not_counted():
    shared = visit()

    assert endpoint_for(URL, CANARY, shared).key == CANARY
    assert shared_uses_left(shared) == 3


def test_a_visitor_may_share_so_often_in_an_hour_and_no_more():
    shared = visit()
    for _ in range(3):
        endpoint_for(URL, "", shared)

    with pytest.raises(SharedPatSpent) as refused:
        endpoint_for(URL, "", shared)

    assert "One visitor may ask 3 times an hour" in refused.value.more
    assert shared_uses_left(shared) == 0
    assert endpoint_for(URL, CANARY, shared).key == CANARY
    assert endpoint_for(URL, "", visit()).key == OPERATORS


def test_a_visitor_with_ever_new_cookies_may_take_no_more_than_half_of_what_there_is(set_up):
    set_up(SHARED_PAT_HOUR_LIMIT=8)
    for number in range(4):
        endpoint_for(URL, "", Sharer(f"cookie {number}", "192.0.2.1"))

    with pytest.raises(SharedPatSpent, match="operator") as refused:
        endpoint_for(URL, "", Sharer("another cookie", "192.0.2.1"))

    assert "All visitors from one address together may ask 4 times" in refused.value.more
    assert shared_uses_left(Sharer("somebody", "192.0.2.2")) == 3


def test_without_a_cookie_the_address_is_the_visitor():
    for _ in range(3):
        endpoint_for(URL, "", Sharer("", "192.0.2.1"))

    with pytest.raises(SharedPatSpent):
        endpoint_for(URL, "", Sharer("", "192.0.2.1"))

    assert endpoint_for(URL, "", Sharer("", "192.0.2.2")).key == OPERATORS


def test_all_visits_together_may_share_so_often_in_an_hour(monkeypatch):
    for _ in range(5):
        endpoint_for(URL, "", visit())
    refused = visit()

    with pytest.raises(SharedPatSpent) as spent:
        endpoint_for(URL, "", refused)

    assert "5 times an hour" in spent.value.more
    assert shared_uses_left(refused) == 0
    now = endpoints.time.monotonic()
    monkeypatch.setattr(endpoints.time, "monotonic", lambda: now + 3601)
    assert endpoint_for(URL, "", refused).key == OPERATORS


def test_visits_that_race_cannot_spend_more_than_there_is():
    def spend(_):
        try:
            return endpoint_for(URL, "", visit()).key
        except SharedPatSpent:
            return "refused"

    with ThreadPoolExecutor(16) as pool:
        assert sorted(pool.map(spend, range(40))) == sorted([OPERATORS] * 5 + ["refused"] * 35)
