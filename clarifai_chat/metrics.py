"""Count what an operator watches: replies, tokens, failures, times; never what anybody wrote.

Labels come from short lists of this app, so that no visitor and no server can add a series.
`serving/metrics_page.py` shows the counts.
"""

import logging
import re
import secrets
import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram

from clarifai_chat.errors import ChatError
from clarifai_chat.events import (
    CallDelta,
    PictureCame,
    ReasoningDelta,
    Retrying,
    StreamEvent,
    TextDelta,
    Usage,
)

log = logging.getLogger(__name__)

REGISTRY = CollectorRegistry()
SERVERS = ("Clarifai", "other", "local", "demo")
ENDINGS = ("completed", "failed", "stopped", "interrupted", "unwatched")
FIRST = TextDelta | ReasoningDelta | CallDelta | PictureCame
_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}")

requests = Counter("clarifai_chat_requests", "Requests to models.", ["server"], registry=REGISTRY)
failures = Counter(
    "clarifai_chat_request_failures",
    "Requests that failed for good, by name and cause as in docs/ERRORS.md.",
    ["server", "kind", "cause"],
    registry=REGISTRY,
)
retries = Counter(
    "clarifai_chat_request_retries", "Requests that were sent again.", ["server"], registry=REGISTRY
)
first_token = Histogram(
    "clarifai_chat_first_token_seconds",
    "Time from a request to the first part of its answer, retries included.",
    ["server"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160),
    registry=REGISTRY,
)
tokens = Counter(
    "clarifai_chat_tokens",
    "Tokens as the models' servers counted them.",
    ["server", "direction"],
    registry=REGISTRY,
)
replies = Counter(
    "clarifai_chat_replies_ended", "Replies that ended, by how.", ["ending"], registry=REGISTRY
)
refused = Counter(
    "clarifai_chat_questions_refused",
    "Questions that were refused because the app is busy or full.",
    ["kind"],
    registry=REGISTRY,
)
overflows = Counter(
    "clarifai_chat_browsers_dropped",
    "Connections that were closed because the browser did not keep up.",
    registry=REGISTRY,
)
database_time = Histogram(
    "clarifai_chat_database_seconds",
    "Time of reading from the database or writing to it.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
    registry=REGISTRY,
)
database_failures = Counter(
    "clarifai_chat_database_failures",
    "Uses of the database that failed, by kind.",
    ["kind"],
    registry=REGISTRY,
)

# A series that is there from the start lets an alert see its first step.
for _server in SERVERS:
    requests.labels(_server)
    retries.labels(_server)
    for _direction in ("in", "out"):
        tokens.labels(_server, _direction)
for _ending in ENDINGS:
    replies.labels(_ending)


def measured(events: Iterator[StreamEvent], server: str) -> Iterator[StreamEvent]:
    """Yield the events of a request to `server`, one of `SERVERS`; count them, log its failure.

    A failure whose cause is not the visitor gets an id, if the server gave none: the page shows it,
    and the line in the log begins with it.
    """
    began, is_first, usage = time.monotonic(), True, Usage(None, None)
    requests.labels(server).inc()
    try:
        for event in events:
            if isinstance(event, Usage):
                usage = event
            elif isinstance(event, Retrying):
                retries.labels(server).inc()
            elif is_first and isinstance(event, FIRST):
                is_first = False
                first_token.labels(server).observe(time.monotonic() - began)
            yield event
    except ChatError as error:
        failures.labels(server, type(error).__name__, error.side).inc()
        if server != "demo":  # which fails as often as somebody asks it to
            note_failure(error, f"a request to {server}, after {time.monotonic() - began:.1f} s")
        raise
    finally:
        tokens.labels(server, "in").inc(usage.prompt_tokens or 0)
        tokens.labels(server, "out").inc(usage.completion_tokens or 0)


def note_failure(error: ChatError, of: str) -> None:
    """Log a failure with the id that the page shows; give it one if it lacks one."""
    if error.side in ("you", "your account", "your key"):
        return
    if not _ID.fullmatch(error.request_id):
        error.request_id = f"app-{secrets.token_hex(4)}"
    code = f" (Clarifai code {error.code})" if error.code else ""
    log.log(
        logging.ERROR if error.side == "this app" else logging.WARNING,
        "%s: %s%s in %s",
        error.request_id,
        type(error).__name__,
        code,
        of,
        extra={"request_id": error.request_id},
    )


def note_end(ending: str, *, has_failed: bool) -> None:
    """Count a reply that ended; `ending` is as its turn keeps it: a server may say anything."""
    known = ending if ending in ENDINGS else "completed"
    replies.labels("failed" if has_failed else known).inc()
