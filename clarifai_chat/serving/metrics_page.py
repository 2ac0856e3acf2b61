"""Show `/metrics` to whoever has the operator's METRICS_TOKEN, in the form of Prometheus."""

import hmac
from collections.abc import Callable, Iterator

from prometheus_client import CONTENT_TYPE_LATEST, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from clarifai_chat import VERSION, memory
from clarifai_chat.chat import replies
from clarifai_chat.config import settings
from clarifai_chat.llm import spending
from clarifai_chat.metrics import REGISTRY
from clarifai_chat.serving.short_pages import not_found

Gauge = GaugeMetricFamily


class State(Collector):
    """What is so at the moment, looked up when somebody asks."""

    def __init__(self) -> None:
        self.sessions: Callable[[], int] = lambda: 0

    def collect(self) -> Iterator[Metric]:
        running, waiting = replies.counts()
        about = Gauge("clarifai_chat_info", "The version that runs.", labels=["version"])
        about.add_metric([VERSION], 1)
        now = Gauge("clarifai_chat_replies", "Replies that run or wait.", labels=["state"])
        now.add_metric(["running"], running)
        now.add_metric(["waiting"], waiting)
        yield from (about, now)
        for name, help_text, value in (
            ("sessions", "Open pages.", self.sessions()),
            ("replies_limit", "MAX_REPLIES.", settings().max_replies),
            ("memory_bytes", "Memory that this process uses.", memory.used_mb() * memory.MB),
            ("memory_limit_bytes", "Beyond it, questions are refused; 0 is no limit.",
             memory.limit_mb() * memory.MB),
            ("shared_token_spent_usd", "What this process spent of the shared token today (UTC).",
             spending.spent_usd()),
            ("shared_token_budget_usd", "SHARED_PAT_BUDGET_USD; 0 is no limit.",
             settings().shared_pat_budget_usd),
        ):  # fmt: skip
            yield Gauge(f"clarifai_chat_{name}", help_text, value=value)


_state = State()
REGISTRY.register(_state)
ProcessCollector(registry=REGISTRY)  # processor time, open files, start; Linux only


def routes(sessions: Callable[[], int], base: str = "") -> list[Route]:
    """Return the route, below `base`; `sessions()` is how many pages are open."""
    _state.sessions = sessions

    def metrics(request: Request) -> Response:
        token = settings().metrics_token
        if not token:
            return not_found()
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, f"Bearer {token}".encode()):
            said = "Send METRICS_TOKEN as a bearer token.\n"
            return PlainTextResponse(said, 401, {"WWW-Authenticate": "Bearer"})
        return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)

    return [Route(f"{base}/metrics", metrics)]
