"""Define every failure in the reader's words, and the tables that map server errors to them.

* ChatError
  * NoPat, OddPat, WrongPat, MissingScope, NoCredit, SharedPatSpent,
    SharedPatElsewhere
  * NoKey, WrongKey, KeyMayNot, BudgetSpent, KeyLimited, UnknownName, ProviderRefused, OtherFault,
    NoServer: of servers that are not Clarifai's
  * RateLimited, UnknownModel, NoAccess, NotServerless, DeploymentFailed, Deploying, Loading, Busy
  * TooLong, Rejected, BadRequest, BadImage, BadSchema, ModelFailed
  * TimedOut, Unreachable, NoSuchHost, RefusedConnection, Untrusted, WrongScheme, ProxyFailed:
    no connection
  * ServerError, Maintenance, BadReply, CutOff
  * Runaway, ChatFull, FileGone, FileOutOfReach, TooManyFiles, AppBusy,
    AppFull, AppStopping, AppFault

`docs/ERRORS.md` is written from this module, and a page test walks every row of it.
"""

import re
from typing import Any, ClassVar, Literal, TypedDict

from clarifai_chat import json_text
from clarifai_chat.access_token import redact
from clarifai_chat.text import cut, whole

Side = Literal[
    "you",
    "your account",
    "your key",
    "Clarifai",
    "the server",
    "the model",
    "the network",
    "this app",
]

# How a reader is shown each side.
CAUSES: dict[Side, str] = {
    "you": "your request",
    "your account": "your Clarifai account",
    "your key": "your key",
    "Clarifai": "Clarifai",
    "the server": "the model's server",
    "the model": "the model",
    "the network": "the network",
    "this app": "this app",
}

MAX_DETAIL_CHARS = 300


class Problem(TypedDict):
    """A ChatError as plain data, as a turn stores it and a page draws it."""

    kind: str
    what: str
    side: Side
    advice: str
    detail: str
    code: int | None
    request_id: str
    can_retry: bool


class ChatError(Exception):
    """Base class. `str(error)` says what happened; `advice` says what the reader can do.

    `waits` are the seconds before each automatic retry, before the first token only. `detail` is
    the server's own sentence, shortened, without the access token or markup; `more` is one of ours.
    """

    what: ClassVar[str] = "The reply failed."
    side: ClassVar[Side] = "Clarifai"
    advice: ClassVar[str] = "Try again."
    can_retry: ClassVar[bool] = True
    waits: tuple[float, ...] = ()

    def __init__(
        self,
        detail: str = "",
        *,
        more: str = "",
        code: int | None = None,
        request_id: str = "",
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(self.what)
        self.detail = detail
        self.more = more
        self.code = code
        self.request_id = request_id
        self.retry_after_s = retry_after_s

    def problem(self) -> Problem:
        advice = self.advice
        if self.retry_after_s:
            advice += f" The server asks to wait {self.retry_after_s:.0f} s."
        return {
            "kind": type(self).__name__,
            "what": f"{self.what} {self.more}".strip(),
            "side": self.side,
            "advice": advice,
            "detail": self.detail,
            "code": self.code,
            "request_id": self.request_id,
            "can_retry": self.can_retry,
        }


class NoPat(ChatError):
    """A Clarifai model was asked without an access token."""

    what = "This model needs a Clarifai access token. None has been entered."
    side = "you"
    advice = "Type yours at the top and ask again, or choose the Demo model, which needs none."


class OddPat(ChatError):
    """The token holds characters that no request header can carry."""

    what = "The access token holds characters that cannot be sent."
    side = "you"
    advice = "Forget it at the top and paste it again, without anything around it."


class WrongPat(ChatError):
    """The server does not know this access token."""

    what = "Clarifai does not accept this access token."
    side = "you"
    advice = "Check it at the top: it may be mistyped, or deleted on Clarifai."


class MissingScope(ChatError):
    """The token is valid, but may not do this."""

    what = "This access token is valid, but may not call models."
    side = "you"
    advice = (
        "On Clarifai, give it the scopes Predict, Models:Get, Apps:Get and Concepts:Get,"
        " or use another token."
    )


class NoCredit(ChatError):
    """The account behind the token cannot pay, or has used up a quota."""

    what = "The Clarifai account behind this token has no credit or quota left."
    side = "your account"
    advice = "Check Billing on Clarifai. Asking again will not help until then."


class SharedPatSpent(ChatError):
    """The operator's token has reached its limit for now."""

    what = "The replies that this app's operator pays for are used up for now."
    side = "this app"
    advice = "Type your own access token at the top, choose the Demo model, or come back later."


class SharedPatElsewhere(ChatError):
    """The operator's token may not be used for this model."""

    what = "This app's operator does not pay for this model."
    side = "this app"
    advice = "Choose another model, or type your own access token at the top."


class NoKey(ChatError):
    """A model of another server than Clarifai was asked without a key."""

    what = "This model needs a key of its server. None has been entered."
    side = "you"
    advice = "Type yours at the top and ask again, or choose the Demo model, which needs none."


class WrongKey(ChatError):
    """The server does not know this key."""

    what = "The model's server does not accept this key."
    side = "you"
    advice = "Check it at the top: it may be mistyped, expired or deleted."


class KeyMayNot(ChatError):
    """The key is valid, but may not use this model."""

    what = "This key may not use this model."
    side = "your key"
    advice = "Choose another model, or ask whoever gave you the key."


class BudgetSpent(ChatError):
    """The server counts what a key spends, and this one has spent all it may."""

    what = "The budget of this key is used up."
    side = "your key"
    advice = "Ask whoever gave you the key for more. Asking again will not help before that."


class KeyLimited(ChatError):
    """Too many requests or tokens for this key in a short time."""

    what = "Too many requests with this key just now."
    side = "your key"
    advice = "Wait a little, then ask again."
    waits: tuple[float, ...] = (5, 15)  # LiteLLM Proxy rests a deployment for 5 s


class UnknownName(ChatError):
    """The server has no model of that name."""

    what = "The server knows no model of this name."
    side = "you"
    advice = "Choose one of its list, or check the name."


class ProviderRefused(ChatError):
    """A proxy's own credentials were refused by the model's provider."""

    what = "The server could not sign in to the model's provider."
    side = "the server"
    advice = "Your key is not the cause. Tell the server's operator, or choose another model."


class OtherFault(ChatError):
    """A server that is not Clarifai's answered with a fault of its own."""

    what = "The model's server had an error of its own."
    side = "the server"
    advice = "Ask again in a moment; if it persists, tell its operator."
    waits: tuple[float, ...] = (1, 3)


class NoServer(ChatError):
    """The model is on a local server, and the operator has named none."""

    what = "This model is on a local server, and this app has none at the moment."
    side = "this app"
    advice = "Choose another model."


class RateLimited(ChatError):
    """Too many requests for this token."""

    what = "Too many requests with this access token just now."
    side = "your account"
    advice = "Wait a little, then ask again."
    waits: tuple[float, ...] = (15, 15)  # Clarifai's docs, rate-limits.md: wait about 15 s


class UnknownModel(ChatError):
    """No model answers to that address, or the token may not see it."""

    what = "Clarifai has no model at this address, or it is private."
    side = "you"
    advice = "Choose another model, or check the address."


class NoAccess(ChatError):
    """The model exists, but the token's owner may not use it."""

    what = "This access token's owner may not use this model."
    side = "your account"
    advice = "Choose another model, or ask the model's owner for access."


class NotServerless(ChatError):
    """The model is not deployed, and is not on Clarifai's shared compute."""

    what = "This model is not running: it is not on Clarifai's shared compute."
    side = "the model"
    advice = "Choose a featured model, or deploy this one on Clarifai first."


class DeploymentFailed(ChatError):
    """The model's deployment is broken."""

    what = "The deployment of this model failed."
    side = "the model"
    advice = "Choose another model; its owner has to repair this one."


class Deploying(ChatError):
    """The model is being deployed."""

    what = "The model is being deployed."
    side = "the model"
    advice = "Ask again in a minute or two, or choose another model."
    waits: tuple[float, ...] = (5, 15, 30)


class Loading(ChatError):
    """The model's server is up, but not ready."""

    what = "The model is loading."
    side = "the model"
    advice = "Ask again in a minute, or choose another model."
    waits: tuple[float, ...] = (5, 15, 30)  # Clarifai's own tests wait 15 s on MODEL_LOADING


class Busy(ChatError):
    """The model is saturated; its queue timed out."""

    what = "The model is busy."
    side = "the model"
    advice = "Ask again in a moment, or choose another model."
    waits: tuple[float, ...] = (2, 5, 10)


class TooLong(ChatError):
    """The conversation no longer fits the model's context window."""

    what = "The conversation is too long for this model."
    side = "you"
    advice = (
        "Leave out older turns (in a chat: above the box), shorten the question, start a new chat,"
        " or choose a model with a longer context."
    )
    can_retry = False


class Rejected(ChatError):
    """The server would not take this request as it stands."""

    what = "The model rejected this request."
    side = "you"
    advice = "Change the question or the settings, or choose another model."


class BadRequest(ChatError):
    """The server refused the order or the shape of the messages, which this app builds."""

    what = "This app built a request that the model's server does not accept."
    side = "this app"
    advice = (
        "Delete the last turn, or leave out older turns (in a chat: above the box), and ask again;"
        " or start a new chat."
    )


class BadImage(ChatError):
    """An image could not be read or fetched, or is too large."""

    what = "The model could not use an image of this conversation."
    side = "you"
    advice = "Use another image: PNG or JPEG, smaller."


class BadSchema(ChatError):
    """The schema for the answer is not a valid JSON schema."""

    what = "The JSON schema for answers is invalid, so nothing was sent."
    side = "you"
    advice = "Fix it under Settings, or switch JSON answers off there; then ask again."


class ModelFailed(ChatError):
    """The model's own server raised an error while it answered."""

    what = "The model failed while working on the answer."
    side = "the model"
    advice = "Ask again, or choose another model."


class TimedOut(ChatError):
    """Nothing came for too long."""

    what = "The model did not answer in time."
    side = "the model"
    advice = "Ask again, or choose a faster model."
    waits: tuple[float, ...] = (1,)


class Unreachable(ChatError):
    """No connection to the server: no network, no route, or no answer."""

    what = "The model's server cannot be reached."
    side: ClassVar[Side] = "the network"
    advice = "Check the network connection. The Demo model works without one."
    waits: tuple[float, ...] = (1, 3)


class NoSuchHost(Unreachable):
    """The server's name is unknown to the network, or no name server answers."""

    what = "The name of the model's server cannot be found."
    advice = (
        "Check the network connection; if it works, the operator has to check the server's address."
        " The Demo model works without one."
    )


class RefusedConnection(Unreachable):
    """Nothing listens at the server's address."""

    what = "The model's server refused the connection: nothing answers at its address."
    advice = (
        "Ask again in a moment; if it persists, the operator has to check that the server runs, and"
        " its address. The Demo model works without it."
    )


class Untrusted(Unreachable):
    """The server's certificate is not trusted: a company's own, expired, or for another name."""

    what = "The certificate of the model's server is not trusted, so nothing was sent."
    advice = (
        "Tell the operator: SSL_CERT_FILE can name a company's own certificate authority. The Demo"
        " model works without one."
    )
    waits: tuple[float, ...] = ()


class WrongScheme(Unreachable):
    """The server speaks http where https is expected, or the reverse."""

    what = "The model's server speaks http where https was expected, or the reverse."
    side = "this app"
    advice = (
        "The operator has to correct the http:// or https:// of the server's address. The Demo"
        " model works without it."
    )
    waits: tuple[float, ...] = ()


class ProxyFailed(Unreachable):
    """The proxy between the app and the server cannot be used."""

    what = "The proxy between this app and the model's server did not let the request through."
    advice = (
        "The operator has to check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY. The Demo model"
        " works without a proxy."
    )


class ServerError(ChatError):
    """The service failed internally."""

    what = "Clarifai had an internal error."
    side = "Clarifai"
    advice = "Ask again in a moment; if it persists, see status.clarifai.com."
    waits: tuple[float, ...] = (1, 3)


class Maintenance(ChatError):
    """The service is down for maintenance."""

    what = "Clarifai is down for maintenance."
    side = "Clarifai"
    advice = "See status.clarifai.com, and ask again later."


class BadReply(ChatError):
    """The server sent status 200 without an answer: an empty or HTML body, or no events."""

    what = "The server sent something that is not an answer."
    side = "the network"
    advice = "Ask again. If it persists, look for a proxy or a wrong server address."


class CutOff(ChatError):
    """The connection ended in the middle of the answer."""

    what = "The connection was lost in the middle of the answer."
    side = "the network"
    advice = "The part that arrived is kept. Ask again for the whole answer."


class Runaway(ChatError):
    """The answer exceeded the operator's length limit."""

    what = "The answer reached this app's length limit and was stopped."
    side = "this app"
    advice = "The part that arrived is kept. Continue asks for more; or ask for less at a time."


class ChatFull(ChatError):
    """The conversation exceeded the operator's length limit."""

    what = "This conversation has reached this app's length limit."
    side = "this app"
    advice = "Your question is kept, and was not sent. Start a new chat and ask it there."
    can_retry = False


class FileGone(ChatError):
    """A file of the conversation is neither in the database nor in memory any more."""

    what = "A file of this conversation has been dropped from memory, so nothing was sent."
    side = "this app"
    advice = "Attach it again with your next question: the earlier question then has it too."
    can_retry = False


class FileOutOfReach(ChatError):
    """The database that holds a file of the conversation cannot be read."""

    what = "A file of this conversation cannot be read at the moment, so nothing was sent."
    side = "this app"
    advice = "Ask again in a minute; if it persists, attach the file again."


class TooManyFiles(ChatError):
    """The conversation's files together exceed the limit for one request."""

    what = "The files of this conversation exceed the limit for one request, so nothing was sent."
    side = "you"
    advice = "Leave out older turns (above the box), attach less, or start a new chat."
    can_retry = False


class AppBusy(ChatError):
    """The process runs as many replies as its operator allows."""

    what = "This app is writing its maximum number of replies at the moment."
    side = "this app"
    advice = "Your question is kept. Ask again in a moment."


class AppFull(ChatError):
    """The process uses more memory than its operator allows."""

    what = "This app has no memory left for another answer at the moment."
    side = "this app"
    advice = "Your question is kept. Ask again in a while; if it persists, tell the operator."


class AppStopping(ChatError):
    """The process is about to end: it only finishes the replies that run."""

    what = "This copy of the app is about to stop, and takes no new questions."
    side = "this app"
    advice = "Your question is kept. Reload the page in a moment, and ask again."


class AppFault(ChatError):
    """A mistake in this app."""

    what = "This app made a mistake and could not finish the answer."
    side = "this app"
    advice = "Ask again. The part that arrived is kept."


# Clarifai's status code → what it means. Source: clarifai-grpc 12.6.0 status_code.proto and
# Clarifai's docs, resources/api-overview/status-codes.
CODES: dict[int, type[ChatError]] = {
    10030: Busy,
    11000: NoCredit,
    11001: WrongPat,
    11002: WrongPat,
    11003: NoCredit,
    11004: NoCredit,
    11005: RateLimited,
    11006: NoCredit,
    11007: MissingScope,
    11008: WrongPat,
    11009: WrongPat,
    11100: Rejected,
    11101: UnknownModel,
    11102: Rejected,
    11103: Rejected,
    11104: NoCredit,
    11200: WrongPat,
    21200: UnknownModel,
    21201: NoAccess,
    21202: Rejected,
    21203: Rejected,
    21313: ModelFailed,
    21350: DeploymentFailed,
    21351: Deploying,
    21352: Deploying,
    21353: NotServerless,
    21354: Busy,
    21355: Loading,
    25604: Busy,
    25607: ModelFailed,
    25608: ModelFailed,
    25700: NotServerless,
    25800: NotServerless,
    25900: NotServerless,
    25903: NotServerless,
    30101: BadImage,
    30105: BadImage,
    30106: BadImage,
    39996: BadImage,
    39997: Maintenance,
    40001: Rejected,
    40030: Busy,
    40031: Busy,
    40032: Busy,
    40033: Rejected,
    69000: NoCredit,
    69001: NoCredit,
    98009: TimedOut,
    98014: Busy,
    99005: NoCredit,
}

# HTTP status → what it means when no code says more. Others: 4xx is Rejected, 5xx ServerError.
STATUSES: dict[int, type[ChatError]] = {
    401: WrongPat,
    402: NoCredit,
    403: MissingScope,
    404: UnknownModel,
    408: TimedOut,
    413: TooLong,
    429: RateLimited,
    504: TimedOut,
}

# A server's words → what they mean, whatever the code: a backend's own text arrives under 21313 or
# a plain 400. Sources: vLLM, OpenAI and llama.cpp messages.
WORDS: tuple[tuple[re.Pattern[str], type[ChatError]], ...] = (
    (
        re.compile(
            r"maximum context length|context_length_exceeded|exceed_context_size"
            r"|context window|available context size|prompt is too long|input is too long"
            r"|max_model_len",
            re.IGNORECASE,
        ),
        TooLong,
    ),
    (
        # Sources: OpenAI, Anthropic, Mistral, Gemini; the templates of Gemma, Llama and Mistral.
        re.compile(
            r"roles must alternate|must alternate between|must have (?:either )?content or tool"
            r"|(?:content|messages?|assistant\b.{0,60}) (?:must|should|can) ?not be (?:empty|null)"
            r"|must have non-?empty content|content blocks? must (?:be non-?empty|contain non-)"
            r"|must not be empty.{0,40}(?:assistant|messages)|must be followed by tool (?:messages|"
            r"results)|must be a response to a prec?eeding message with .tool_calls"
            r"|expected last role|unexpected role .{0,40} after role|tool_call_ids? did not have"
            r"|tool_use.{0,60} without .{0,9}tool_result|at least one parts? field",
            re.IGNORECASE,
        ),
        BadRequest,
    ),
    (
        # nginx; servers in Go.
        re.compile(r"plain HTTP request was sent to HTTPS|HTTP request to an HTTPS", re.IGNORECASE),
        WrongScheme,
    ),
)
_WORDS_APPLY_TO = (Rejected, ModelFailed, TooLong)

# Where the server is not Clarifai's: what other words stand for, whatever the status, and other
# sentences for what speaks of Clarifai. Sources: litellm 1.106.12 proxy, seen; llama.cpp's server.
OTHERS_WORDS: dict[str, type[ChatError]] = {
    "budget_exceeded|budget has been exceeded|exceededbudget|crossed budget": BudgetSpent,
    "model_access_denied|not allowed to access model": KeyMayNot,
    r"litellm\.(authentication|permissiondenied)error": ProviderRefused,
    "no deployments available|no healthy deployment available": Busy,
    "invalid model name|model_not_found|no healthy deployments for this model": UnknownName,
    "no_db_connection|token_not_found_in_db|expired_key": WrongKey,
    "loading model": Loading,
}
OTHERS: dict[type[ChatError], type[ChatError]] = {
    WrongPat: WrongKey,
    MissingScope: KeyMayNot,
    NoCredit: BudgetSpent,
    RateLimited: KeyLimited,
    UnknownModel: UnknownName,
    ServerError: OtherFault,
    Maintenance: OtherFault,
}


def meaning(
    http_status: int | None,
    body: Any,
    *,
    pat: str = "",
    request_id: str = "",
    retry_after_s: float | None = None,
    elsewhere: bool = False,
) -> ChatError:
    """Return the `ChatError` for an HTTP status and a server's JSON (or text).

    Redacts `pat`. Knows OpenAI's `{"error": {…}}`, Clarifai's `{"status": {…}}` and its runners'
    `{"code", "description", "details"}`; any of them may come with any status, 200 included.
    `elsewhere`: it was said by a server that is not Clarifai's.
    """
    code, sentence, their_id = read_error(body)
    kind = CODES.get(code) if code is not None else None
    if kind is None:
        kind = _by_status(http_status)
    if kind in _WORDS_APPLY_TO:
        kind = next((k for words, k in WORDS if words.search(sentence)), kind)
    if elsewhere:
        said = f"{_type(body)} {sentence}".lower()
        meant = (k for words, k in OTHERS_WORDS.items() if re.search(words, said))
        kind = next(meant, OTHERS.get(kind, kind))
    return kind(
        plain(sentence, pat),
        code=code,
        request_id=plain(their_id or request_id, pat),
        retry_after_s=retry_after_s,
    )


def read_error(body: Any) -> tuple[int | None, str, str]:
    """Return Clarifai's status code, the server's sentence and its request id."""
    if isinstance(body, list) and body:  # some gateways wrap their error in a list
        body = body[0]
    if not isinstance(body, dict):
        return None, body if isinstance(body, str) else "", ""
    part = next((body[k] for k in ("status", "error") if isinstance(body.get(k), dict)), body)
    words = [part.get(k) for k in ("description", "message", "details", "detail")]
    if isinstance(body.get("error"), str):
        words.append(body["error"])
    said = [w for w in words if isinstance(w, str) and w]
    return _code(part.get("code")), ": ".join(dict.fromkeys(said)), str(part.get("req_id") or "")


def is_error(body: Any) -> bool:
    """Return whether a JSON object sent as an answer is really an error."""
    if not isinstance(body, dict) or body.get("choices"):
        return False
    status = body.get("status")
    if isinstance(status, dict) and _code(status.get("code")) not in (None, 10000):
        return True
    return bool(body.get("error")) or _code(body.get("code")) not in (None, 10000)


def plain(text: str, pat: str = "") -> str:
    """Return a server's words as one short line, without token, HTML or JSON."""
    text = " ".join(redact(whole(text), pat).split())
    if text.startswith("<"):
        return ""
    opens, closes = text.find("{"), text.rfind("}")
    if -1 < opens < closes:
        text = f"{text[:opens]}…{text[closes + 1 :]}"
    return cut(text, MAX_DETAIL_CHARS)


def parse(text: str) -> Any:
    """Return the value of a JSON text, or the text itself if it is not JSON."""
    try:
        return json_text.read(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return text


def _type(body: Any) -> str:
    """Return an error's type, as OpenAI's API and its followers name it."""
    error = body.get("error") if isinstance(body, dict) else None
    return str(error.get("type")) if isinstance(error, dict) else ""


def _by_status(http_status: int | None) -> type[ChatError]:
    if http_status is None or http_status < 400:
        return ModelFailed
    return STATUSES.get(http_status, ServerError if http_status >= 500 else Rejected)


# Names instead of numbers: REST sends numbers, but dumps with names exist (docs, rate-limits.md).
_NAMES = {
    "SUCCESS": 10000,
    "CONN_THROTTLED": 11005,
    "CONN_INSUFFICIENT_SCOPES": 11007,
    "CONN_KEY_INVALID": 11008,
    "CONN_KEY_NOT_FOUND": 11009,
    "MODEL_DOES_NOT_EXIST": 21200,
    "MODEL_PREDICTION_FAILED": 21313,
    "MODEL_DEPLOYING": 21351,
    "MODEL_NOT_DEPLOYED": 21353,
    "MODEL_BUSY_PLEASE_RETRY": 21354,
    "MODEL_LOADING": 21355,
}


def _code(code: Any) -> int | None:
    """Return Clarifai's status code; None for OpenAI-style codes ("invalid_api_key", 404)."""
    if isinstance(code, str):
        code = _NAMES.get(code) or (int(code) if code.isdecimal() else None)
    return code if isinstance(code, int) and not isinstance(code, bool) and code >= 10000 else None
