"""The compared apps: how to start each, check its health, and use it."""

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
        """Return the CSS selector of the question box."""
        return '[data-testid="stChatInputTextArea"]' if self.is_streamlit else "#prompt"

    @property
    def messages(self) -> str:
        return '[data-testid="stChatMessage"]' if self.is_streamlit else ".reply"

    def start(self, provider: Process, health: str = "", **environ: str) -> Process:
        """Start the app in its own process, asking `provider`, and wait until it answers `health`.

        By default, that is when it is ready for a question.
        """
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
        # Not in our root: the .streamlit/config.toml there is for this app only.
        cwd = ROOT if self.is_ours else RIVALS
        return Process(self.arguments, health or self.health, cwd=cwd, environ=environ)


@cache
def _folder() -> Path:
    """Return a folder for the apps' data, deleted when the benchmark ends."""
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
# No chat: the least time in which Streamlit can show a word.
SMALLEST = App("smallest", "Smallest page", _streamlit("smallest.py"), "/_stcore/health")
ALL = (OURS, CANONICAL, LITELLM, PAGE)


def start_provider() -> Process:
    return Process(("-m", "bench.provider", "--port", "{port}"), "/_bench/journal")


def asked(provider: Process, name: str) -> dict[str, Any]:
    """Return the provider's journal entry for the question `#name`."""
    found: dict[str, Any] = json.loads(get(provider.port, f"/_bench/journal?{name}")[1])
    return found


@contextmanager
def running(apps: Sequence[App], provider: Process) -> Iterator[list[tuple[App, Process]]]:
    with ExitStack() as stack:
        yield [(app, stack.enter_context(app.start(provider))) for app in apps]
