"""The caption under a reply: model, time to first token, tokens/s, tokens, price."""

from clarifai_chat.chat.context_window import oldest
from clarifai_chat.chat.turn import (
    ERROR,
    INTERRUPTED,
    STOPPED,
    UNWATCHED,
    Turn,
    has_nothing,
    last_reply,
    lost_pictures,
)
from clarifai_chat.chat.usage import reply_line
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.messages import thoughts
from clarifai_chat.text import counted

# Endings worth explaining; other finish reasons, such as "stop", are normal.
ENDINGS = {
    STOPPED: ":material/stop_circle: Stopped. The text up to here is kept.",
    UNWATCHED: ":material/visibility_off: Stopped because the page was closed."
    " The text up to here is kept.",
    INTERRUPTED: ":material/power_off: Interrupted: the app was restarted during this answer.",
    "length": ":material/content_cut: Cut by the length limit of the model or of this request.",
    "content_filter": ":material/filter_alt: Ended by the provider's content filter.",
    ERROR: ":material/error: The model's server broke off the answer and gave no reason.",
}

# The same where no word, call or picture came.
EMPTY = {
    STOPPED: ":material/stop_circle: Stopped. No answer had come.",
    UNWATCHED: ":material/visibility_off: Stopped because the page was closed. No answer had come.",
    INTERRUPTED: ":material/power_off: Interrupted: the app was restarted before an answer came.",
    "length": ":material/content_cut: Cut by the length limit of the model or of this request,"
    " before an answer came.",
    "content_filter": ":material/filter_alt: Ended by the provider's content filter, before an"
    " answer came.",
    ERROR: ":material/error: The model's server broke off the answer before its first word, and"
    " gave no reason.",
    "": ":material/speaker_notes_off: The model ended without an answer.",
}


def text(turn: Turn) -> str:
    """Return the caption as Markdown: how the reply ended, what was left out, its figures."""
    line = escaped(" · ".join(reply_line(turn)))
    return "  \n".join(filter(None, [ending(turn), asked_without(turn), line]))


def ending(turn: Turn) -> str:
    """Return lines about an ending worth explaining and pictures that are not kept, or ""."""
    if has_nothing(turn) and not turn["problem"]:
        lines = [_without_answer(turn)]
    else:
        lines = [ENDINGS.get(turn["ending"], "")]
    if count := lost_pictures(turn):
        came = counted(count, "picture", one="a")
        lines.append(
            f":material/image_not_supported: The model sent {came}, which this app does not keep."
        )
    return "  \n".join(filter(None, lines))


def _without_answer(turn: Turn) -> str:
    """Return why there is no answer, with the finish reason if it is an odd one."""
    reason = turn["ending"]
    said = EMPTY.get(reason, EMPTY[""])
    if turn["replies"] and thoughts(turn["replies"][last_reply(turn)]):
        said += " It has thoughts only."
    if reason and reason not in (*EMPTY, "stop"):
        said += f" Its finish reason: {escaped(reason)}."
    return said


def asked_without(turn: Turn) -> str:
    """Return a line about the turns that were not sent with the question, or ""."""
    left_out = len(turn.get("left_out", []))
    return f":material/vertical_align_top: Asked without {oldest(left_out)}." if left_out else ""
