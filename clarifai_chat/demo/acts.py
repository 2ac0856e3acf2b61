"""Act out the commands that start with a slash: failures, and broken tool calls."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from clarifai_chat.demo import quirks, shapes
from clarifai_chat.demo.shapes import PREDICTION_FAILED, Json, Reply

if TYPE_CHECKING:
    from clarifai_chat.demo.server import DemoHandler

_MAX_PROSE = 20_000

HELP = """\
## Failures I can act out

Every app looks fine while all goes well. Send one of these to see what happens when it does not:

| Send | What happens |
| --- | --- |
| `/error 401` | refused, with this HTTP status; 402, 403, 404, 429, 500 and others too |
| `/error 21351` | refused with one of Clarifai's own status codes |
| `/flaky` | fails once, then works |
| `/loading` | the model is still being loaded |
| `/slow` | a long wait before the first word |
| `/silent` | the connection opens, and nothing comes |
| `/cut` | the connection breaks in mid-answer |
| `/midstream` | an error arrives in mid-answer |
| `/error200` | an error dressed as a success |
| `/html` | a web page instead of an answer |
| `/empty` | nothing at all |
| `/length` | the answer hits its token limit |
| `/filter` | a content filter ends the answer |
| `/long 2000` | an answer of that many tokens |

With a tool, I can also get its call wrong:

| Send | What happens |
| --- | --- |
| `/call malformed` | arguments that are not JSON |
| `/call invented` | an argument that the schema lacks |
| `/call wrong` | an argument of the wrong type |
| `/call missing` | a required argument left out |
| `/call unknown` | a tool that was not offered |
| `/call text` | the call written as text |
| `/call shared` | two calls run together on one index |
| `/call two` | two proper calls at once |
| `/call fragments` | arguments in many small pieces |
"""


def explain(handler: "DemoHandler", body: Json, argument: str) -> None:
    """List the commands."""
    handler.send_reply(body, Reply(HELP))


def _error(handler: "DemoHandler", body: Json, argument: str) -> None:
    """Fail with an HTTP status, or with one of Clarifai's status codes."""
    if not argument.isdecimal() or not (400 <= int(argument) <= 599 or int(argument) > 9999):
        return explain(handler, body, argument)
    number = int(argument)
    http, code = (
        (shapes.HTTP_OF_CODE.get(number, 500), number)
        if number > 999
        else (number, shapes.CODE_OF_HTTP.get(number, 99009))
    )
    details = f"You asked the Demo model for the failure {number}."
    headers = {"Retry-After": "2"} if http == 429 else None
    return handler.send_status(http, code, details=details, headers=headers)


def _loading(handler: "DemoHandler", body: Json, argument: str) -> None:
    handler.send_status(503, 21355, details="The model is being loaded. Try again in a moment.")


def _flaky(handler: "DemoHandler", body: Json, argument: str) -> None:
    if handler.demo.fails_this_time(shapes.fingerprint(body)):
        handler.send_status(503, 21354, details="The model is busy. Try again.")
    else:
        handler.send_reply(
            body, Reply("The first attempt failed, and the **second one worked**.\n")
        )


def _cut(handler: "DemoHandler", body: Json, argument: str) -> None:
    handler.send_half(body)
    handler.drop()


def _slow(handler: "DemoHandler", body: Json, argument: str) -> None:
    reply = Reply("Sorry for the wait. I took my time on purpose.\n")
    handler.send_reply(body, reply, first_s=handler.demo.slow_s)


def _silent(handler: "DemoHandler", body: Json, argument: str) -> None:
    handler.open_stream(shapes.request_id(body))
    handler.pause(handler.demo.silent_s)
    handler.drop()


def _html(handler: "DemoHandler", body: Json, argument: str) -> None:
    page = b"<!doctype html><title>Sign in</title><h1>Welcome to the hotel's network</h1>"
    handler.send_whole(200, "text/html; charset=utf-8", page)


def _empty(handler: "DemoHandler", body: Json, argument: str) -> None:
    handler.send_whole(200, "text/event-stream" if body.get("stream") else "application/json", b"")


def _midstream(handler: "DemoHandler", body: Json, argument: str) -> None:
    if not body.get("stream"):
        return _error200(handler, body, argument)
    handler.send_half(body)
    handler.send_event(PREDICTION_FAILED)
    return handler.close_stream()


def _error200(handler: "DemoHandler", body: Json, argument: str) -> None:
    handler.send_json(200, PREDICTION_FAILED)


def _long(handler: "DemoHandler", body: Json, argument: str) -> None:
    count = min(int(argument), _MAX_PROSE) if argument.isdecimal() else 600
    handler.send_reply(body, Reply(prose(count)))


def _length(handler: "DemoHandler", body: Json, argument: str) -> None:
    handler.send_reply(
        body, Reply("This answer reaches its token limit right in the", finish="length")
    )


def _filter(handler: "DemoHandler", body: Json, argument: str) -> None:
    text = "Here the answer begins, and here a content filter"
    handler.send_reply(body, Reply(text, finish="content_filter"))


def _call(handler: "DemoHandler", body: Json, argument: str) -> None:
    """Call an offered tool with a quirk."""
    if argument not in quirks.QUIRKS:
        return explain(handler, body, argument)
    return handler.send_scripted(body, partial(quirks.reply_with, argument))


def prose(count: int) -> str:
    """Return exactly `count` tokens of prose, in paragraphs; always the same text."""
    words: list[str] = []
    sentence = 0
    while len(words) < count:
        # The lists' lengths share no factor, so a sentence repeats only after 504 others.
        line = f"{_WHO[sentence % 7]} {_DOES[sentence % 9]} {_WHERE[sentence % 8]}.".split()
        if sentence and sentence % 5 == 0:
            line[0] = "\n\n" + line[0]
        words += line
        sentence += 1
    text = " ".join(words[:count]).replace(" \n\n", "\n\n")
    return text if text.endswith(".") or not text else text + "."


_WHO = (
    "The harbour", "A quiet street", "The night train", "An old map", "The first snow",
    "Every window", "The long river",
)  # fmt: skip
_DOES = (
    "waits for the morning", "keeps a careful record", "turns slowly toward the light",
    "remembers more than it says", "carries news from the hills", "holds the warmth of the day",
    "begins again without hurry", "answers to a different name", "grows brighter than expected",
)  # fmt: skip
_WHERE = (
    "beyond the last houses", "while the town is asleep", "under a pale and even sky",
    "where two roads meet", "until the bells have stopped", "between the market and the sea",
    "as it has for many years", "with no one there to see it",
)  # fmt: skip

# /name argument
ACTS: dict[str, Callable[["DemoHandler", Json, str], None]] = {
    act.__name__.removeprefix("_"): act
    for act in (
        _error, _loading, _flaky, _cut, _slow, _silent, _html, _empty, _midstream, _error200, _long,
        _length, _filter, _call,
    )
}  # fmt: skip
