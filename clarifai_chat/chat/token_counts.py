"""Count the tokens of turns and texts, each once: counts are kept as plain numbers."""

from collections.abc import Callable, Iterator
from typing import Any

from clarifai_chat.chat.turn import Turn

# Models wrap each message in tokens; OpenAI's cookbook counts them so.
PER_MESSAGE = 4
BYTES_PER_TOKEN = 4  # roughly: of English, and of many scripts with three bytes per character

Count = Callable[[str], int]
# A turn's id and when it ended, or a text's name and hash → its tokens.
TokenCounts = dict[tuple[str, float], int]


class TokenCounter:
    """Counts the tokens of turns and texts by `count`, or estimates them without it.

    Counts are cached in `counted`, which threads may share. At most `most_chars` characters are
    counted; the rest is estimated, and then the counter `is_rough`.
    """

    def __init__(
        self,
        count: Count | None,
        counted: TokenCounts | None = None,
        *,
        most_chars: float = float("inf"),
    ) -> None:
        self.is_rough = False
        self._count = count
        self._counted: TokenCounts = {} if counted is None else counted
        self._chars_left = most_chars

    def of_turn(self, turn: Turn) -> int:
        """Return the tokens of a turn as sent, without thoughts."""
        # A turn that is over changes only if it is continued, and then ends again.
        ended = turn["ended_at"]
        key = None if ended is None else (turn["id"], ended)
        if key in self._counted:
            return self._counted[key]
        files = turn.get("attachments", [])
        more = PER_MESSAGE * _message_count(turn) + sum(file["tokens"] or 0 for file in files)
        return self._take(key, list(_texts(turn)), more)

    def of_text(self, name: str, text: str) -> int:
        """Return the tokens of a text that is sent with every question."""
        if not text:
            return 0
        key = (name, hash(text))  # the text itself is not kept
        if key in self._counted:
            return self._counted[key]
        return self._take(key, [text], 0)

    def _take(self, key: tuple[str, float] | None, texts: list[str], more: int) -> int:
        chars = sum(map(len, texts))
        if self._count is None or chars > self._chars_left:
            self.is_rough = True
            return more + sum(map(estimate, texts))
        self._chars_left -= chars
        tokens = more + sum(map(self._count, texts))
        if key:
            self._counted[key] = tokens
        return tokens


def estimate(text: str) -> int:
    """Return about how many tokens `text` is, without a tokenizer."""
    return -(-size(text) // BYTES_PER_TOKEN)


def size(text: str) -> int:
    """Return how many bytes `text` has: no tokenizer splits it into more tokens."""
    return len(text.encode("utf-8", "replace"))


def _message_count(turn: Turn) -> int:
    """Return the number of messages of a turn, with each call counted as one more."""
    return 1 + sum(1 + len(message.get("tool_calls", ())) for message in turn["replies"])


def _texts(turn: Turn) -> Iterator[str]:
    yield turn["prompt"]
    for message in turn["replies"]:
        content: Any = message["content"]
        if isinstance(content, str):
            yield content
        for call in message.get("tool_calls", ()):
            yield call["function"]["name"]
            yield call["function"]["arguments"]
