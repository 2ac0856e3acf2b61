"""Talk to a model: one request out, events back. The only room that knows litellm."""

from clarifai_chat.llm.client import (
    MAX_ATTEMPTS,
    MAX_RETRY_AFTER_S,
    can_count,
    count_tokens,
    events,
    is_ready,
    warm_up,
)

__all__ = [
    "MAX_ATTEMPTS",
    "MAX_RETRY_AFTER_S",
    "can_count",
    "count_tokens",
    "events",
    "is_ready",
    "warm_up",
]
