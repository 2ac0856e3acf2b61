"""Send requests through litellm. No other module imports litellm or openai.

Replies come out as events, failures as `ChatError`s; litellm's own types stop here. Requests follow
the LiteLLM page on Clarifai: `POST {base}/chat/completions`, `Authorization: Bearer PAT`, `model` =
the model's URL. How litellm is called differs from that page for reasons found by
experiment; docs/decisions/0003-one-door-to-litellm.md lists them.
"""

import email.utils
import logging
import os
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
from httpx_sse import EventSource, SSEError

from clarifai_chat import json_text, metrics
from clarifai_chat.access_token import sendable
from clarifai_chat.catalog import server_of
from clarifai_chat.config import settings
from clarifai_chat.errors import (
    AppFault,
    BadReply,
    BadRequest,
    ChatError,
    CutOff,
    NoKey,
    NoPat,
    OddPat,
    Rejected,
    TimedOut,
    Unreachable,
    is_error,
    meaning,
    parse,
    plain,
)
from clarifai_chat.events import Finished, Retrying, StreamEvent, Usage
from clarifai_chat.llm import spending, transport
from clarifai_chat.llm.assembler import Assembler
from clarifai_chat.llm.endpoints import Endpoint
from clarifai_chat.llm.request import ChatRequest
from clarifai_chat.llm.transport import InFlight
from clarifai_chat.network import unreachable
from clarifai_chat.tools.verdict.text_calls import recover

log = logging.getLogger(__name__)

MAX_RETRY_AFTER_S = 30.0  # if a server asks for more, the reader is told and decides
MAX_ATTEMPTS = 4
NO_MESSAGES = [{"role": "user", "content": ""}]
ODD = (ValueError, SSEError, httpx.DecodingError, RecursionError)  # raised by what is not an answer


def events(
    request: ChatRequest, endpoint: Endpoint, in_flight: InFlight | None = None
) -> Iterator[StreamEvent]:
    """Send `request` to `endpoint` and yield the reply as it arrives.

    Ends with exactly one `Finished`. Raises a `ChatError`, and nothing else, at any point. Failures
    that may pass are retried before the first token, each announced by a `Retrying`. Without
    `request.stream`, the same events come once the whole answer is there. `in_flight.cut()` from
    another thread ends it within milliseconds: `Finished("stopped")`. The endpoint's key goes into
    this request only: never into the environment, a log or an error.
    """
    found = _events(request, endpoint, in_flight or InFlight())
    if endpoint.prices:
        found = spending.counted(found, request, endpoint.prices)
    return metrics.measured(found, server_of(request.model_url))


def _events(request: ChatRequest, endpoint: Endpoint, in_flight: InFlight) -> Iterator[StreamEvent]:
    key = endpoint.key
    # An empty key makes litellm send the operator's OPENAI_API_KEY instead (seen on the wire).
    if not key:
        raise NoKey if endpoint.elsewhere else NoPat
    if not sendable(key):
        raise OddPat
    if in_flight.recorder:
        in_flight.recorder.hide(key)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        begun = False
        try:
            for event in _attempt(request, endpoint, in_flight):
                begun = begun or not isinstance(event, Usage | Finished)
                yield event
            return
        except ChatError as error:
            if in_flight.is_cut:
                break
            wait_s = _wait_s(error, attempt)
            if begun or wait_s is None:
                raise
            attempts = min(MAX_ATTEMPTS, len(error.waits) + 1)
            yield Retrying(error.what, wait_s, attempt + 1, attempts)
        finally:
            in_flight.forget_response()
        if in_flight.ended.wait(wait_s):
            break
    yield Finished("stopped")


def _attempt(
    request: ChatRequest, endpoint: Endpoint, in_flight: InFlight
) -> Iterator[StreamEvent]:
    """Send the request once. Raises a `ChatError`, whatever goes wrong."""
    pat, parameters = endpoint.key, request.tool_parameters
    assembler = Assembler(
        pat,
        (lambda text: recover(text, parameters)) if parameters else None,
        elsewhere=endpoint.elsewhere,
    )
    begun = False
    try:
        _send(request, endpoint, in_flight)
        response = in_flight.response
        if response is None:
            raise AppFault
        for chunk in _chunks(in_flight, response, endpoint):
            for event in assembler.feed(chunk):
                begun = True
                yield event
        if not assembler.reason and _was_cut_short(in_flight, response):
            raise CutOff if begun else BadReply
        yield from assembler.finish()
        yield Finished(assembler.reason or "not reported", _request_id(response, pat))
    except Exception as error:  # the one door: whatever litellm raises stops here
        yield from assembler.held()  # nothing that arrived is lost
        if not isinstance(error, ChatError):
            error = _meaning_of(error, endpoint, in_flight, begun)
        if not error.request_id and in_flight.response is not None:
            error.request_id = _request_id(in_flight.response, pat)
        raise error from None


def _send(request: ChatRequest, endpoint: Endpoint, in_flight: InFlight) -> None:
    """Send the request through litellm; its raw response is then in `in_flight.response`."""
    litellm, openai = _imported()
    key, base = endpoint.key, endpoint.api_base
    with in_flight.watched(stream=request.stream):
        litellm.completion(
            model=request.model_url,
            # The place of the real ones, which `extra_body` puts there: openai takes each given
            # here apart by its type hints, which takes 25 ms for a hundred exchanges.
            messages=NO_MESSAGES,
            stream=request.stream,
            # Given as named arguments, litellm judges these by the model's name: it refuses tools
            # and temperature for URLs that end like an o-series or gpt-5 name. Here they are sent.
            extra_body={"messages": request.sent_messages, **request.extra_body},
            # litellm's "openai" provider rewrites requests by the model's name; this one does not.
            custom_llm_provider="custom_openai",
            api_base=base,
            api_key=key,
            # A client of its own for each request: litellm would keep one an hour under the token's
            # clear text, and open a pool of connections for each.
            client=openai.OpenAI(
                api_key=key, base_url=base, http_client=transport.client(), max_retries=0
            ),
            max_retries=0,
            timeout=settings().reply_timeout_s,
        )


def _chunks(
    in_flight: InFlight, response: httpx.Response, endpoint: Endpoint
) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of an answer as they arrive on the wire.

    litellm's own iterator costs fifty times as much per chunk, hides errors, and invents a finish
    reason and token counts if the server sent none.
    """
    if in_flight.is_whole:
        body = parse(response.text)
        if is_error(body):
            raise meaning(
                response.status_code, body, pat=endpoint.key, elsewhere=endpoint.elsewhere
            )
        if not isinstance(body, dict) or not body.get("choices"):
            raise BadReply
        yield body
        return
    done = False
    response.encoding = "utf-8-sig"  # always UTF-8; a byte order mark is no part of the first event
    events = EventSource(response).iter_sse()
    for event in events:
        if in_flight.recorder:
            in_flight.recorder.chunk(event.data)
        if event.data == "[DONE]":
            done = True
            break
        if event.data:
            chunk = json_text.read(event.data) if event.event != "error" else parse(event.data)
            if event.event == "error" and not is_error(chunk):
                chunk = {"error": chunk if isinstance(chunk, dict) else {"message": str(chunk)}}
            if not isinstance(chunk, dict):
                raise BadReply
            yield chunk
    if done:  # a connection can be reused only if its answer was read to the last byte
        in_flight.expect_end()
        with suppress(httpx.TransportError, SSEError):
            for _ in events:
                pass
    response.extensions["finished"] = done


def _was_cut_short(in_flight: InFlight, response: httpx.Response) -> bool:
    """Return whether an answer without a finish reason lacks the closing `[DONE]` too."""
    return not response.extensions.get("finished", in_flight.is_whole)


def _meaning_of(
    error: Exception, endpoint: Endpoint, in_flight: InFlight, begun: bool
) -> ChatError:
    """Return the `ChatError` for a failure of litellm, openai or httpx, without the token.

    The server's own response decides if there is one, because litellm blurs it.
    """
    response = in_flight.response
    if response is not None and in_flight.is_whole:
        body = parse(response.text)
        if response.status_code >= 400 or is_error(body):
            return meaning(
                response.status_code,
                body,
                pat=endpoint.key,
                request_id=_request_id(response, endpoint.key),
                retry_after_s=_retry_after_s(response.headers),
                elsewhere=endpoint.elsewhere,
            )
        return BadReply()
    chain = _chain(error)
    if any(isinstance(e, httpx.ConnectTimeout | httpx.ConnectError) for e in chain):
        return unreachable(error, endpoint.api_base)
    if any(isinstance(e, httpx.TimeoutException) for e in chain) and not begun:
        late = TimedOut()
        late.waits = ()  # it took minutes already: the reader decides
        return late
    if response is not None:  # in the middle of a stream
        if not any(
            isinstance(e, httpx.TransportError | httpx.StreamError | OSError) for e in chain
        ):
            if not any(isinstance(e, ODD) for e in chain):
                log.error("%s while reading an answer", type(error).__name__)
            return BadReply()
        lost = CutOff()
        if not begun:
            lost.waits = Unreachable.waits  # no token had arrived, so a retry loses nothing
        return lost
    if any(isinstance(e, httpx.TransportError) for e in chain):
        return unreachable(error, endpoint.api_base)
    if any(isinstance(e, UnicodeError) for e in chain):  # this app let it through
        return BadRequest()
    if isinstance(getattr(error, "status_code", None), int):  # litellm refused to send it
        return Rejected(more="It was refused before it was sent.")
    log.error("%s while asking a model", type(error).__name__)
    return AppFault()


def _chain(error: BaseException | None) -> list[BaseException]:
    chain = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or error.__context__
    return chain


def _wait_s(error: ChatError, attempt: int) -> float | None:
    """Return the seconds to wait before the next attempt; None to give up."""
    if attempt > len(error.waits) or attempt >= MAX_ATTEMPTS:
        return None
    if error.retry_after_s is None:
        return error.waits[attempt - 1]
    return error.retry_after_s if error.retry_after_s <= MAX_RETRY_AFTER_S else None


def _retry_after_s(headers: httpx.Headers) -> float | None:
    """Return how many seconds the server asks to wait, given as a number or an HTTP date."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None


def _request_id(response: httpx.Response, pat: str) -> str:
    found = (response.headers.get(n) for n in ("x-clarifai-request-id", "x-request-id"))
    return plain(next(filter(None, found), ""), pat)[:100]


# --- litellm itself ---------------------------------------------------------------------------

_ready = threading.Event()
_counts = threading.Event()
_import_lock = threading.Lock()


def count_tokens(text: str) -> int:
    """Return about how many tokens `text` is; other models' tokenizers differ somewhat.

    Counts locally. The first call loads the tokenizer, which takes half a second.
    """
    litellm, _ = _imported()
    # litellm bundles the tokenizer of "gpt-4o"; other names would make it look for their own.
    tokens = int(litellm.token_counter(model="gpt-4o", text=text))
    _counts.set()
    return tokens


def can_count() -> bool:
    """Return whether the tokenizer is loaded, so that counting is quick."""
    return _counts.is_set()


def is_ready() -> bool:
    """Return whether litellm is imported and warm, so that a request goes out at once."""
    return _ready.is_set()


def warm_up() -> None:
    """Import litellm and make its first, slow calls, offline. Blocks for seconds."""
    if _ready.is_set():
        return
    litellm, openai = _imported()
    with _import_lock:
        if _ready.is_set():
            return
        hello = [{"role": "user", "content": "hello"}]
        client = openai.OpenAI(
            api_key="none",
            base_url="http://127.0.0.1:9",
            http_client=transport.client(),
            max_retries=0,
        )
        options = {"model": "warm-up", "custom_llm_provider": "custom_openai", "client": client}
        litellm.completion(**options, messages=hello, mock_response="hello")
        list(litellm.completion(**options, messages=hello, mock_response="hello", stream=True))
        _ready.set()


def _imported() -> tuple[Any, Any]:
    """Import litellm and openai on first use: it takes seconds, and pages come first."""
    with _import_lock:
        _set_switches()
        import litellm
        import openai

        litellm.suppress_debug_info = True  # it prints advertisements to stdout
        # These warnings print a model's answer to stderr if its shape is unusual.
        warnings.filterwarnings("ignore", "Pydantic serializer warnings", UserWarning)
        litellm.disable_hf_tokenizer_download = True  # names with "llama-3" cost 47 s offline
    return litellm, openai


def _set_switches() -> None:
    # The word matters: "1" does not turn off the download of a price list.
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    # Otherwise litellm loads .env files into the environment of all visitors.
    os.environ["LITELLM_MODE"] = "PRODUCTION"
    # The openai client would add these to every visitor's request, or use them as its key.
    for name in ("API_KEY", "ORGANIZATION", "ORG_ID", "PROJECT_ID", "CUSTOM_HEADERS"):
        os.environ.pop(f"OPENAI_{name}", None)
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        logger.propagate = False  # at DEBUG it would log prompts and answers in full
