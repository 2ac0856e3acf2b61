"""Filter models by the five families of LiteLLM's page on Clarifai."""

from collections.abc import Iterable

from clarifai_chat.catalog.models import Model

# The headings of the page's "Supported Models".
FAMILIES = ("OpenAI", "Anthropic", "xAI", "Gemini", "Open Sourced")


def of_family(models: Iterable[Model], family: str | None) -> list[Model]:
    """Return the models of a family in their order; all of them where none is named."""
    return [model for model in models if not family or model.family == family]
