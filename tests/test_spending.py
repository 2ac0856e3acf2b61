"""The operator's budget: what a day may cost, for which models, and who is told."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from clarifai_chat import llm
from clarifai_chat.errors import Busy, CutOff, SharedPatElsewhere, SharedPatSpent
from clarifai_chat.events import CallDelta, Finished, TextDelta, Usage
from clarifai_chat.history.store import open_store
from clarifai_chat.llm import endpoints, spending
from clarifai_chat.llm.endpoints import Sharer, endpoint_for
from clarifai_chat.llm.request import ChatRequest
from tests.conftest import MODEL
from tests.fake_clarifai import says

pytest_plugins = ["tests.postgres"]

URL = "https://clarifai.com/a/b/models/c"
OPERATORS = "00000000000000000000000000operat"
PRICES = (1.0, 10.0)  # a millionth and ten millionths of a dollar for each token
ADA = Sharer("ada", "192.0.2.1")


@pytest.fixture(autouse=True)
def operator(set_up, monkeypatch):
    monkeypatch.setattr(endpoints, "_uses", endpoints._Uses())
    monkeypatch.setattr(spending, "_spending", spending._Spending())
    set_up(
        CLARIFAI_PAT=OPERATORS,
        SHARED_PAT_BUDGET_USD="$0.01",
        SHARED_PAT_SESSION_LIMIT=1000,
        SHARED_PAT_HOUR_LIMIT=1000,
    )


def request(words="Hi", **params):
    return ChatRequest(URL, ({"role": "user", "content": words},), params=params)


def spent():
    return spending._spending._spent


def ask(*events, of=None):
    """Ask at the operator's cost; the provider answers `events`, or fails with the last of them."""

    def answer():
        for event in events:
            if isinstance(event, Exception):
                raise event
            yield event

    return list(spending.counted(answer(), of or request(), PRICES))


# --- What is counted ------------------------------------------------------------------------------


def test_the_tokens_that_the_provider_counted_are_what_is_spent():
    ask(TextDelta("Hello."), Usage(7, 20), Finished("stop"))

    assert spent() == 7 + 200


def test_while_a_reply_runs_its_estimate_is_counted():
    running = spending.counted(iter([TextDelta("Hel"), TextDelta("lo")]), request(), PRICES)
    next(running)

    assert spent() == spending.prompt_tokens(request()) + 10 * spending.ANSWER_TOKENS
    running.close()
    assert spent() == spending.prompt_tokens(request()) + 10  # three letters: one token


def test_an_answer_with_a_limit_is_estimated_by_it():
    running = spending.counted(iter([TextDelta("Hel")]), request(max_tokens=5), PRICES)
    next(running)

    assert spent() == spending.prompt_tokens(request()) + 50


def test_without_a_count_from_the_provider_the_text_is_counted():
    ask(TextDelta("日本"), CallDelta(0, "a", "f", "123"), Finished("stopped"))

    assert spent() == spending.prompt_tokens(request()) + 30


def test_a_refused_request_costs_nothing():
    with pytest.raises(Busy):
        ask(Busy())

    assert spent() == 0


@pytest.mark.parametrize("events", [(CutOff(),), (TextDelta("abc"), Busy())])
def test_a_request_that_may_have_been_worked_on_costs_its_words(events):
    with pytest.raises(type(events[-1])):
        ask(*events)

    assert spent() >= spending.prompt_tokens(request())


def test_pictures_count_as_tokens_and_not_as_bytes():
    picture = {
        "type": "image_url",
        "image_url": {"url": "data:image/png;base64," + "A" * 9_000_000},
    }
    shown = ChatRequest(URL, ({"role": "user", "content": [picture]},))

    assert spending.FILE_TOKENS <= spending.prompt_tokens(shown) < spending.FILE_TOKENS + 100


def test_tools_and_long_words_count():
    plain = spending.prompt_tokens(request("a" * 3000))
    tool = {"type": "function", "function": {"name": "f", "description": "b" * 3000}}
    more = ChatRequest(URL, ({"role": "user", "content": "a" * 3000},), tools=(tool,))

    assert plain >= 1000
    assert spending.prompt_tokens(more) >= plain + 1000


# --- When it is spent -----------------------------------------------------------------------------


def test_when_it_is_spent_nothing_is_sent_until_the_next_day(monkeypatch):
    ask(TextDelta("Hello."), Usage(0, 1000), Finished("stop"))
    asked = []

    def answer():
        asked.append(1)
        yield Finished("stop")

    with pytest.raises(SharedPatSpent) as refused:
        list(spending.counted(answer(), request(), PRICES))

    assert not asked
    assert "$0.01" in refused.value.more
    assert spending.is_spent()
    assert endpoints.shared_uses_left(ADA) == 0
    monkeypatch.setattr(spending._Spending, "_today", _next_day)
    ask(TextDelta("Hello."), Usage(1, 1), Finished("stop"))


def _next_day(self):
    if self._day != "tomorrow":
        self._day, self._spent = "tomorrow", 0
    return "tomorrow"


def test_a_hundred_visitors_at_once_exceed_it_by_no_more_than_what_is_in_flight(set_up):
    set_up(SHARED_PAT_BUDGET_USD="0.05")
    together = threading.Barrier(100)
    running, most, lock = [0], [0], threading.Lock()

    def answer():
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        yield TextDelta("x")
        yield Usage(100, 2000)  # twice what was estimated
        with lock:
            running[0] -= 1
        yield Finished("stop")

    def visit(_):
        together.wait()
        told = []
        for _ in range(3):
            try:
                list(spending.counted(answer(), request(), PRICES))
                told.append("answered")
            except SharedPatSpent:
                told.append("refused")
        return told

    with ThreadPoolExecutor(100) as pool:
        told = [word for words in pool.map(visit, range(100)) for word in words]

    one = 100 + 20_000
    assert told.count("answered") * one == spent()
    assert "refused" in told
    assert spent() < 50_000 + most[0] * one


# --- Where the sum is kept ------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgresql"])
def stores(request, tmp_path):
    """The same database, opened by two processes."""
    address = f"sqlite:///{tmp_path / 'chats.db'}"
    if request.param == "postgresql":
        address = request.getfixturevalue("postgres").database()
    found = [open_store(address), open_store(address)]
    yield found
    for store in found:
        store.close()


def process(store):
    """What one process knows."""
    made = spending._Spending()
    made.ledger = store
    return made


def test_two_processes_share_one_budget(stores):
    first, second = map(process, stores)

    assert first.take(600, 1000)
    assert second.take(600, 1000)
    assert not first.take(1, 1000)
    assert not second.take(1, 1000)
    second.correct(-500)
    assert first.take(300, 1000)
    assert not second.take(1, 1000)


def test_a_restart_does_not_forget_the_day(stores):
    assert process(stores[0]).take(1000, 1000)

    assert not process(stores[1]).take(1, 1000)


def test_many_at_once_take_exactly_what_there_is(stores):
    processes = [process(store) for store in stores]
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda n: processes[n % 2].take(10, 100), range(40)))

    assert taken.count(True) == 10


def test_in_trouble_the_process_counts_for_itself_and_tells_later():
    class Trouble:
        works, told = False, 0

        def spend(self, day, micro_usd, most):
            if not self.works:
                return None
            self.told += micro_usd
            return True

    ledger = Trouble()
    here = process(ledger)
    assert here.take(600, 1000)
    assert here.take(600, 1000)
    assert not here.take(1, 1000)
    here.correct(-1000)
    ledger.works = True

    assert here.take(10, 1000)
    assert ledger.told == 210


# --- Which models ---------------------------------------------------------------------------------


def test_a_model_without_a_known_price_is_refused(set_up):
    with pytest.raises(SharedPatElsewhere, match="does not pay"):
        endpoint_for(URL, "", ADA, (None, 1.0))

    set_up(SHARED_PAT_PRICE_USD="30")
    assert endpoint_for(URL, "", ADA, (None, 1.0)).prices == (30.0, 1.0)


def test_only_the_models_that_the_operator_chose_are_paid(set_up):
    set_up(SHARED_PAT_MODELS=f"openai/{URL}, https://clarifai.com/x/y/models/z")

    assert endpoint_for(URL, "", ADA, PRICES).key == OPERATORS
    with pytest.raises(SharedPatElsewhere):
        endpoint_for("https://clarifai.com/a/b/models/other", "", ADA, PRICES)
    with pytest.raises(SharedPatElsewhere):  # a version may cost something else
        endpoint_for(f"{URL}/versions/1", "", ADA, PRICES)
    assert endpoint_for(URL + "/versions/1", "mine", ADA).prices is None


def test_a_refusal_uses_up_no_question():
    with pytest.raises(SharedPatElsewhere):
        endpoint_for(URL, "", ADA, (None, None))

    assert endpoints.shared_uses_left(ADA) == 1000


def test_without_a_budget_nothing_is_counted(set_up, monkeypatch):
    monkeypatch.delenv("SHARED_PAT_BUDGET_USD")
    set_up()

    assert endpoint_for(URL, "", ADA, (None, None)).prices is None


# --- Through the real litellm ---------------------------------------------------------------------


def test_requests_through_litellm_are_counted_and_then_refused(fake, set_up):
    fake.users[OPERATORS] = "operator"
    set_up(SHARED_PAT_BUDGET_USD="0.0001")
    fake.next(says("Hello."), says("Again."))

    def hear(paid_out):
        asked = ChatRequest(MODEL, request().messages)
        return list(llm.events(asked, endpoint_for(MODEL, "", ADA, (1.0, paid_out))))

    hear(10.0)
    assert spent() == 11 + 70  # as the server counted them
    hear(1000.0)
    with pytest.raises(SharedPatSpent):
        hear(10.0)
    assert len(fake.chats) == 2
