"""The apps that are compared: how each is started, found healthy, and driven."""

import atexit
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bench.processes import ROOT, Process, get

MODEL = "https://clarifai.com/bench/bench/models/bench"
RIVALS = ROOT / "bench" / "rivals"
LIMITS = ("SHARED_PAT_SESSION_LIMIT", "SHARED_PAT_HOUR_LIMIT")


@dataclass(frozen=True)
class App:
    name: str
    title: str
    arguments: tuple[str, ...]
    health: str
    query: str = ""
    is_streamlit: bool = True

    @property
    def is_ours(self) -> bool:
        return self.name == "ours"

    @property
    def box(self) -> str:
        """Where a question is typed, as a CSS selector."""
        return '[data-testid="stChatInputTextArea"]' if self.is_streamlit else "#prompt"

    @property
    def messages(self) -> str:
        return '[data-testid="stChatMessage"]' if self.is_streamlit else ".reply"

    def start(self, provider: Process, health: str = "", **environ: str) -> Process:
        """The app in a process of its own, with `provider` behind it, once `health` is answered:
        by default, once it is ready for a question."""
        base = f"http://127.0.0.1:{provider.port}"
        if self.is_ours:
            environ = {
                "CLARIFAI_API_BASE": base,
                "CLARIFAI_PAT": "bench",
                **dict.fromkeys(LIMITS, "1000000"),
                "DATABASE_URL": f"sqlite:///{_folder() / 'history.db'}",
                **environ,
            }
        else:
            environ = {"BENCH_API_BASE": f"{base}/v2/ext/openai/v1", **environ}
        # Elsewhere than in our root: .streamlit/config.toml there is ours, not theirs.
        cwd = ROOT if self.is_ours else RIVALS
        return Process(self.arguments, health or self.health, cwd=cwd, environ=environ)


@cache
def _folder() -> Path:
    """A folder for what the apps keep, gone when the bench ends."""
    folder = tempfile.mkdtemp(prefix="bench-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def _streamlit(script: str) -> tuple[str, ...]:
    options = {
        "server.port": "{port}",
        "server.address": "127.0.0.1",
        "server.headless": "true",
        "browser.gatherUsageStats": "false",
    }
    flags = (part for name, value in options.items() for part in (f"--{name}", value))
    return ("-m", "streamlit", "run", str(RIVALS / script), *flags)


OURS = App("ours", "This app", ("server.py",), "/healthz", query=f"?model={MODEL}")
CANONICAL = App(
    "canonical", "Streamlit + OpenAI client", _streamlit("canonical.py"), "/_stcore/health"
)
LITELLM = App("litellm", "Streamlit + litellm", _streamlit("over_litellm.py"), "/_stcore/health")
PAGE = App(
    "page",
    "Bare page (limit)",
    ("-m", "uvicorn", "page:app", "--port", "{port}", "--log-level", "warning"),
    "/",
    is_streamlit=False,
)
# No chat at all: how soon a word can be there by way of Streamlit.
SMALLEST = App("smallest", "Smallest page", _streamlit("smallest.py"), "/_stcore/health")
ALL = (OURS, CANONICAL, LITELLM, PAGE)


def start_provider() -> Process:
    return Process(("-m", "bench.provider", "--port", "{port}"), "/_bench/journal")


def asked(provider: Process, name: str) -> dict[str, Any]:
    """What the provider's journal says of the question `#name`."""
    found: dict[str, Any] = json.loads(get(provider.port, f"/_bench/journal?{name}")[1])
    return found


@contextmanager
def running(apps: Sequence[App], provider: Process) -> Iterator[list[tuple[App, Process]]]:
    with ExitStack() as stack:
        yield [(app, stack.enter_context(app.start(provider))) for app in apps]
