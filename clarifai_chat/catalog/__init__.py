"""Know the models: list, search and describe them; ask Clarifai which there are."""

from clarifai_chat.catalog.families import FAMILIES, of_family
from clarifai_chat.catalog.model_ids import model_ids
from clarifai_chat.catalog.models import (
    DEFAULT_URL,
    DEMO,
    PROVENANCE,
    SHORT_LIST_LENGTH,
    Model,
    abilities_text,
    age_text,
    by_provider,
    context_text,
    describe,
    find,
    merge,
    parse_address,
    price_text,
    search,
    shipped,
    short_list,
)

__all__ = [
    "DEFAULT_URL",
    "DEMO",
    "FAMILIES",
    "PROVENANCE",
    "SHORT_LIST_LENGTH",
    "Model",
    "abilities_text",
    "age_text",
    "by_provider",
    "context_text",
    "describe",
    "find",
    "merge",
    "model_ids",
    "of_family",
    "parse_address",
    "price_text",
    "search",
    "shipped",
    "short_list",
]
