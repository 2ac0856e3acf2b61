"""What all tests share: a Clarifai of their own, settings of their own, and the canary guard."""

import os
import signal
import socket
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from clarifai_chat import config, llm
from clarifai_chat.errors import ChatError
from clarifai_chat.events import ReasoningDelta, TextDelta, ToolCallDone
from clarifai_chat.llm.endpoints import Endpoint
from clarifai_chat.llm.request import ChatRequest
from tests.canary import CANARY, Ears, assert_no_canary, leaking_variables
from tests.fake_clarifai import FakeClarifai

MODEL = "https://clarifai.com/openai/chat-completion/models/gpt-4_1"

# Nothing is judged by the clock, and each run tries the same examples: what fails, fails at once.
# Others are tried by `make fuzz-commit`, the same each time for one commit, and by `make fuzz`.
STEADY = settings(derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("steady", STEADY)
settings.register_profile("search", STEADY, derandomize=False, max_examples=2000)
COMMIT = settings(STEADY, derandomize=False, database=None, print_blob=True, max_examples=200)
settings.register_profile("commit", COMMIT)
settings.register_profile("brief", STEADY, max_examples=15)
settings.load_profile("steady")

pytest_plugins = ["tests.pages", "tests.browser"]

NOWHERE = "http://127.0.0.1:9"  # nothing listens there


# What needs a server, a browser, a database or a process of its own; `make quick` leaves it out.
SLOW_FIXTURES = {"fake", "one_clarifai", "chromium", "open_app", "postgres", "running", "server"}
SLOW_FIXTURES |= {"container", "proxy", "llama", "behind_a_proxy", "recorded"}
SLOW_MODULES = ("_browser", "_page", "contributing", "install", "bundle", "gc_thread", "real_")


def pytest_configure(config):
    # In the background of a shell Ctrl+C is ignored, and so it would be by what a test starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.option.markexpr == "quick":
        settings.load_profile("brief")


def pytest_collection_modifyitems(items):
    """Mark as `quick` what runs in this process alone, within milliseconds."""
    for item in items:
        name = item.module.__name__
        uses = SLOW_FIXTURES & set(item.fixturenames)
        is_slow = uses or "postgresql" in item.name or item.get_closest_marker("slow")
        is_slow = is_slow or any(word in name for word in SLOW_MODULES)
        if not is_slow:
            item.add_marker("quick")


@pytest.fixture(autouse=True)
def nothing_is_asked_elsewhere(request, monkeypatch):
    """Let no quick test open a connection: it would belong to the others."""
    if request.config.option.markexpr != "quick":
        return

    def connect(self, address):
        if self.type == socket.SOCK_STREAM:  # a datagram's address is looked up without sending it
            pytest.fail(f"A quick test connects to {address}: name its fixture in SLOW_FIXTURES.")

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Where everything must run (REQUIRE_ALL=1, as in CI), a skip is a failure."""
    report = yield
    if report.skipped and os.environ.get("REQUIRE_ALL") and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"REQUIRE_ALL is set. {reason}"
    return report


@pytest.fixture(autouse=True)
def guard(request):
    """Fail a test after which the access token is in a log, in what was printed or in os.environ.

    Pages, URLs and files are searched by those who have them: `canary.assert_no_canary`.
    """
    # pytest lets a test have one of the two.
    printed = request.getfixturevalue("capsys" if "capsys" in request.fixturenames else "capfd")
    with Ears() as ears:
        yield
    out, err = printed.readouterr()
    sys.stdout.write(out)  # back to where pytest looks for it when a test fails
    sys.stderr.write(err)
    assert not ears.told, f"The access token is in the log of {', '.join(sorted(set(ears.told)))}."
    assert_no_canary("what was printed to stdout", out)
    assert_no_canary("what was printed to stderr", err)
    variables = leaking_variables()
    assert not variables, f"The access token is in the environment: {', '.join(variables)}."


@pytest.fixture(autouse=True)
def set_up(guard, monkeypatch):  # the guard looks last, when what a test has set is undone
    """Settings for one test: `set_up(REPLY_LEASE_S=1)`. No developer's .env or shell leaks in."""
    for name in [n for n in os.environ if n in config.SETTING_NAMES or n.startswith("OPENAI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(config, "DOTENV", Path(__file__).parent / "no such file")

    def set_up(**settings):
        for name, value in settings.items():
            monkeypatch.setenv(name, str(value))
        config.settings.cache_clear()

    set_up(CLARIFAI_API_BASE=NOWHERE)
    yield set_up
    config.settings.cache_clear()


def send(
    model,
    messages=({"role": "user", "content": "Hi"},),
    *,
    pat=CANARY,
    api_base="",
    in_flight=None,
    tools=(),
    params=None,
    stream=True,
):
    """The events of one request, sent through the real litellm to the server of the settings."""
    request = ChatRequest(model, tuple(messages), tuple(tools), params or {}, stream)
    endpoint = Endpoint(api_base or config.settings().openai_base, pat)
    return llm.events(request, endpoint, in_flight)


@pytest.fixture
def fake(set_up):
    """A Clarifai that answers at once, knows the canary, and is what the settings point at."""
    with FakeClarifai() as fake:
        fake.users[CANARY] = "ada"
        set_up(CLARIFAI_API_BASE=fake.base)
        yield fake


@pytest.fixture
def ask(fake):
    """Ask the fake through the real litellm, as `ask(cut("Hel"), …)`; what was heard comes back.

    Each behaviour is for one request, in order. Other options are those of `send`.
    """

    def ask(*behaviours, prompt="Hi", model=MODEL, heard=None, **options):
        fake.next(*behaviours)
        options = {"messages": [{"role": "user", "content": prompt}], **options}
        heard = Heard() if heard is None else heard
        try:
            for event in send(model, **options):
                heard.append(event)
        except ChatError as error:
            heard.error = error
        return heard

    return ask


class Heard(list):
    """The events of one reply, as they came, and the error that ended it, if one did."""

    error: ChatError | None = None

    def of(self, kind):
        return [event for event in self if isinstance(event, kind)]

    @property
    def text(self):
        return "".join(event.text for event in self.of(TextDelta))

    @property
    def thoughts(self):
        return "".join(event.text for event in self.of(ReasoningDelta))

    @property
    def calls(self):
        """(name, arguments) of each tool call."""
        functions = [event.call["function"] for event in self.of(ToolCallDone)]
        return [(function["name"], function["arguments"]) for function in functions]


@pytest.fixture
def waits(monkeypatch):
    """`waits(0.01)` makes every automatic retry come so soon; `waits(None)` takes them away."""

    def waits(seconds):
        for kind in kinds():
            new = () if seconds is None else tuple(seconds for _ in kind.waits)
            monkeypatch.setattr(kind, "waits", new)

    return waits


def kinds(of=ChatError):
    """Every class of error, with all that are derived from them."""
    return [each for kind in of.__subclasses__() for each in (kind, *kinds(kind))]
