"""Ask the server of visitors' keys, Clarifai or the one in its place, for its models."""

from clarifai_chat.catalog import clarifai_api, openai_server
from clarifai_chat.catalog.models import DEMO, Model, merge, shipped
from clarifai_chat.config import Settings


def models(key: str, used: Settings) -> tuple[Model, ...]:
    """Return the models that `key` may use now, the Demo last. Raises a `ChatError`."""
    if used.other_base:
        return (*openai_server.list_models(key, used.other_base), DEMO)
    return merge(shipped(), clarifai_api.list_models(key, api_base=used.api_base))
