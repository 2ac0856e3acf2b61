"""The catalog: its addresses, its search, its merged facts, and the words they are told in."""

import json
import pickle
from dataclasses import replace

import pytest

from clarifai_chat import catalog
from clarifai_chat.catalog import DEFAULT_URL, DEMO, Model, merge, parse_address, search, shipped
from clarifai_chat.catalog.models import SHIPPED

ROOT = "https://clarifai.com/"
GPT_4_1 = ROOT + "openai/chat-completion/models/gpt-4_1"
KIMI = ROOT + "moonshotai/chat-completion/models/Kimi-K2_6"

# Every model that LiteLLM's page on Clarifai links, by its families.
PAGE = {
    "OpenAI": "openai/chat-completion gpt-4_1 o3 o4-mini gpt-4o",
    "Anthropic": "anthropic/completion claude-sonnet-4 claude-3_5-haiku claude-opus-4"
    " claude-3_5-sonnet claude-3_7-sonnet",
    "xAI": "xai/chat-completion grok-3 grok-2-vision-1212",
    "Gemini": "gcp/generate gemini-2_5-pro gemini-2_5-flash gemini-2_0-flash"
    " gemini-2_0-flash-lite gemini-pro",
    "Open Sourced": "gcp/generate gemma-3-4b-it gemma-3-12b-it gemma-3-1b-it",
    "Open Sourced ": "deepseek-ai/deepseek-chat DeepSeek-R1-0528-Qwen3-8B"
    " DeepSeek-R1-Distill-Qwen-7B DeepSeek-R1 DeepSeek-R1-Distill-Qwen-32B",
    "Open Sourced  ": "mistralai/completion Devstral-Small-2505_gguf-4bit",
}


def live(url, **facts):
    return Model.at(url, **{"tier": "live", "source": "Clarifai, live"} | facts)


def urls(models):
    return [model.url for model in models]


@pytest.mark.parametrize("family", PAGE)
def test_every_model_of_litellms_page_is_shipped_in_its_family(family):
    where, *ids = PAGE[family].split()
    for model_id in ids:
        model = catalog.find(shipped(), f"{ROOT}{where}/models/{model_id}")
        assert model is not None, model_id
        assert model.family == family.strip()


def test_every_shipped_row_is_whole_and_says_where_it_comes_from():
    rows = json.loads(SHIPPED.read_text("utf-8"))["models"]
    assert len(rows) == len({row["url"] for row in rows}) == len(shipped()) == 64
    for row, model in zip(rows, shipped(), strict=True):
        assert parse_address(model.url) == model.url == model.page
        assert (model.owner, model.family) == (row["owner"], row["family"])
        assert model.provider == row["provider"]
        assert model.source != "unknown"
        assert model.as_of
        assert model.tier in ("featured", "announced", "legacy")
        for source, facts in catalog.PROVENANCE.items():
            known = any(getattr(model, fact) is not None for fact in facts)
            assert (getattr(model, source) != "unknown") == known


def test_shipped_prices_are_unknown_or_more_than_nothing():
    for model in shipped():
        assert model.input_price is None or model.input_price > 0
        assert model.output_price is None or model.output_price > 0


def test_the_default_is_shipped_featured_and_takes_tools():
    model = catalog.describe(shipped(), DEFAULT_URL)
    assert model.tier == "featured"
    assert model.tools


def test_the_demo_says_that_it_is_no_model():
    assert DEMO.is_demo
    assert DEMO.label == "Demo: scripted, not an LLM"
    assert DEMO.page is None
    assert DEMO.family == "Demo"
    assert DEMO.provider == "This app"
    assert catalog.price_text(DEMO) == "free"
    assert catalog.context_text(DEMO) == "context unknown"
    assert catalog.abilities_text(DEMO) == "tools · no vision · reasoning"


def test_a_model_survives_the_session_store():
    assert pickle.loads(pickle.dumps(shipped()[0])) == shipped()[0]  # noqa: S301 (our own)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (GPT_4_1, GPT_4_1),
        (f"  {GPT_4_1}/\n", GPT_4_1),
        (GPT_4_1 + "?tab=overview#top", GPT_4_1),
        (GPT_4_1 + "/?a=1", GPT_4_1),
        (GPT_4_1.replace("https", "http"), GPT_4_1),
        (GPT_4_1.replace("://", "://www."), GPT_4_1),
        (GPT_4_1.replace("https://clarifai", "HTTPS://Clarifai"), GPT_4_1),
        (GPT_4_1.replace("https://", ""), GPT_4_1),
        ("openai/" + GPT_4_1, GPT_4_1),
        ("openai/chat-completion/models/gpt-4_1", GPT_4_1),
        ("openai/openai/chat-completion/models/gpt-4_1", GPT_4_1),
        ("clarifai/openai.chat-completion.gpt-4_1", GPT_4_1),
        ("clarifai/u.a.m.1", ROOT + "u/a/models/m.1"),
        ("clarifai/main/models/mm-poly-8b", ROOT + "clarifai/main/models/mm-poly-8b"),
        (KIMI, KIMI),
        (KIMI + "/versions/0aF9", KIMI + "/versions/0aF9"),
        ("u/a/models/m/versions/v/", ROOT + "u/a/models/m/versions/v"),
        (" Demo ", "demo"),
        ("demo", "demo"),
    ],
)
def test_an_address_is_read_in_every_form_people_have_it(text, address):
    assert parse_address(text) == address
    assert parse_address(address) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "gpt-4_1",
        "https://clarifai.com/",
        "https://clarifai.com/explore",
        "https://clarifai.com/openai/chat-completion/models/",
        "https://clarifai.com/openai/chat-completion/models/gpt-4_1/versions/",
        "https://clarifai.com/openai/chat-completion/models/gpt-4_1/edit",
        "https://evil.com/openai/chat-completion/models/gpt-4_1",
        "https://clarifai.com.evil.com/u/a/models/m",
        "https://evil.com/https://clarifai.com/u/a/models/m",
        "https://evil-clarifai.com/u/a/models/m",
        "https://user@clarifai.com/u/a/models/m",
        "https://clarifai.com@evil.com/u/a/models/m",
        "https://clarifai.com:443/u/a/models/m",
        "//clarifai.com/u/a/models/m",
        "javascript://clarifai.com/u/a/models/m",
        "evil.com/a/models/m",
        "u/../models/m",
        "u/a/models/..",
        "u/a/models/.m",
        "u/a/models/m%2f",
        "u/a/models/m m",
        "u/a/models/m\nx",
        "u/a/models/m\x00",
        "u/a/models/m?\x1b[0m",
        "u/a/models/m\u200b",
        "u/a/models/m\u00e9",
        "u\\a\\models\\m",
        "clarifai/u.a",
        "clarifai/https://clarifai.com/u/a/models/m",
        "openai/gpt-4_1",
        "u/a/models/" + "m" * 129,
    ],
)
def test_what_is_no_address_of_a_model_on_clarifai_is_none(text):
    assert parse_address(text) is None


@pytest.mark.parametrize(
    "text", ["gpt4.1", "gpt 4 1", "gpt-4_1", "GPT-4.1", "4.1 openai", "gpt — 4_1"]
)
def test_search_minds_neither_case_nor_punctuation(text):
    assert GPT_4_1 in urls(search(shipped(), text))


def test_search_looks_into_name_owner_provider_and_family():
    for text in ("Kimi K2.6", "moonshotai", "moonshot ai", "open source kimi"):
        assert KIMI in urls(search(shipped(), text))
    assert {m.family for m in search(shipped(), "gemini")} == {"Gemini"}


def test_every_word_must_occur_and_no_word_may_span_two_fields():
    assert search(shipped(), "kimi nothing-like-it") == []
    assert search([Model.at("u/a/models/m", name="ab", owner="cd")], "bcd") == []


def test_an_empty_search_finds_all_in_their_order():
    assert search(shipped(), "  · ") == list(shipped())


def test_filters_keep_only_what_is_known_to_have_the_ability():
    found = search(shipped(), "", tools=True, vision=True, reasoning=True)
    assert KIMI in urls(found)
    assert all(m.tools and m.vision and m.reasoning for m in found)
    assert search([Model.at(KIMI)], "", tools=True) == []


def test_without_a_live_list_the_shipped_one_stands_and_ends_with_the_demo():
    assert merge(shipped(), ()) == (*shipped(), DEMO)
    assert merge((*shipped(), DEMO), (DEMO,)) == (*shipped(), DEMO)


def test_live_rows_come_first_in_their_order_and_the_rest_is_no_longer_featured():
    new = live(ROOT + "u/a/models/new")
    models = merge(shipped(), [new, live(KIMI)])

    assert urls(models)[:2] == [new.url, KIMI]
    assert models[-1] is DEMO
    assert len(models) == len(shipped()) + 2
    assert {m.tier for m in models[2:-1]} == {"legacy"}
    assert "your own deployment" in models[2].callable_hint


def test_a_live_row_gains_what_it_lacks_and_says_from_where():
    row = live(KIMI, input_price=1.0, output_price=5.0, price_source="Clarifai, live")
    kimi = merge(shipped(), [row])[0]
    assert kimi.name == "Kimi K2.6"
    assert (kimi.input_price, kimi.output_price, kimi.price_source) == (1, 5, "Clarifai, live")
    assert kimi.context_window == 262144
    assert kimi.context_source.startswith("community table, 2026-07")
    assert kimi.tools
    assert kimi.abilities_source == "community table, 2026-07"
    assert (kimi.tier, kimi.source) == ("live", "Clarifai, live")


def test_facts_of_two_lists_are_told_apart():
    row = live(KIMI, tools=False, vision=True, abilities_source="Clarifai, live")
    kimi = merge(shipped(), [row])[0]
    assert kimi.tools is False
    assert kimi.reasoning is True
    assert kimi.abilities_source == "Clarifai, live; reasoning: community table, 2026-07"


def test_a_typed_address_is_described_by_what_is_known_of_it():
    typed = catalog.describe(shipped(), "u/a/models/my-model_1_5")
    assert (typed.tier, typed.owner, typed.app) == ("pasted", "u", "a")
    assert (typed.id, typed.name, typed.provider) == ("my-model_1_5", "my-model_1.5", "u")
    assert typed.label == "my-model_1.5 · u"
    assert catalog.price_text(typed) == "price unknown"
    assert catalog.abilities_text(typed) == "abilities unknown"

    version = catalog.describe(shipped(), KIMI + "/versions/abc")
    assert version.url.endswith("/Kimi-K2_6/versions/abc")
    assert version.page == version.url
    assert (version.tier, version.name, version.context_window) == ("pasted", "Kimi K2.6", 262144)

    assert catalog.describe((), "demo") is DEMO


def test_an_address_elsewhere_is_described_but_never_linked():
    stranger = catalog.describe(shipped(), "https://evil.com/u/a/models/m")
    assert stranger.page is None
    assert (stranger.owner, stranger.name) == ("", "https://evil.com/u/a/models/m")


def test_the_short_list_starts_with_the_persons_own():
    models = merge(shipped(), ())
    rows = catalog.short_list(models, [GPT_4_1, "demo"], ["u/a/models/mine", GPT_4_1])
    assert urls(rows)[:3] == [GPT_4_1, ROOT + "u/a/models/mine", DEFAULT_URL]
    assert rows[-1] is DEMO
    assert len(rows) == len(set(urls(rows))) == catalog.SHORT_LIST_LENGTH
    assert all(m.tools for m in rows[2:])


def test_the_short_list_keeps_clarifais_order_and_every_favourite():
    first, second = live(ROOT + "u/a/models/z"), live(ROOT + "u/a/models/a")
    assert catalog.short_list(merge(shipped(), [first, second])) == [first, second, DEMO]

    many = [f"u/a/models/m{number}" for number in range(12)]
    assert len(catalog.short_list(shipped(), many)) == 13


def test_providers_keep_their_order_and_legacy_comes_last():
    groups = catalog.by_provider(merge(shipped(), ()))
    assert groups["This app"] == [DEMO]
    assert groups["Qwen"][0].tier == "featured"
    assert groups["Qwen"][-1].tier == "legacy"
    assert next(iter(groups)) == "Arcee AI"
    assert list(groups)[-1] == "OpenBMB"
    assert sum(map(len, groups.values())) == 65


def test_every_tier_has_its_sentence():
    for tier in ("demo", "live", "featured", "announced", "legacy", "pasted"):
        assert replace(shipped()[0], tier=tier).callable_hint.endswith(".")


@pytest.mark.parametrize(
    ("model_id", "owner", "family"),
    [
        ("gpt-5_1", "clarifai", "OpenAI"),
        ("gpt-oss-20b", "clarifai", "OpenAI"),
        ("mm-poly-8b", "clarifai", "Open Sourced"),
        ("gemma-3-4b-it", "gcp", "Open Sourced"),
        ("grok-9", "xai", "xAI"),
    ],
)
def test_a_family_follows_the_owner_but_for_what_others_host(model_id, owner, family):
    assert Model.at(f"{ROOT}{owner}/x/models/{model_id}").family == family


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        (None, "context unknown"),
        (512, "512 context"),
        (32768, "32k context"),
        (131072, "131k context"),
        (1_048_576, "1M context"),
        (1_250_000, "1.2M context"),
    ],
)
def test_a_context_is_rounded_down(tokens, text):
    assert catalog.context_text(Model.at(KIMI, context_window=tokens)) == text


@pytest.mark.parametrize(
    ("paid_in", "paid_out", "text"),
    [
        (0.09, 0.36, "$0.09 in · $0.36 out per 1M"),
        (0.11458, 0.3, "$0.115 in · $0.30 out per 1M"),
        (0.045, 4, "$0.045 in · $4.00 out per 1M"),
        (1.039, 12.5, "$1.04 in · $12.50 out per 1M"),
        (0.0001234, 1500, "$0.000123 in · $1,500.00 out per 1M"),
        (None, 0.7, "unknown in · $0.70 out per 1M"),
        (0.0, 0.7, "free in · $0.70 out per 1M"),
        (None, None, "price unknown"),
    ],
)
def test_a_price_keeps_its_digits_and_is_never_silently_nothing(paid_in, paid_out, text):
    assert catalog.price_text(Model.at(KIMI, input_price=paid_in, output_price=paid_out)) == text


def test_abilities_tell_no_from_unknown():
    model = Model.at(KIMI, tools=True, vision=False)
    assert catalog.abilities_text(model) == "tools · no vision · reasoning unknown"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "just now"),
        (59.9, "just now"),
        (60, "1 min ago"),
        (200, "3 min ago"),
        (3599, "59 min ago"),
        (7300, "2 h ago"),
        (86_400, "1 d ago"),
    ],
)
def test_an_age_is_told_in_one_unit(seconds, text):
    assert catalog.age_text(seconds) == text


# --- Families -------------------------------------------------------------------------------------


def test_the_families_are_those_of_litellms_page():
    assert tuple(dict.fromkeys(name.strip() for name in PAGE)) == catalog.FAMILIES


def test_each_shipped_model_is_in_one_family():
    found = [model for name in catalog.FAMILIES for model in catalog.of_family(shipped(), name)]

    assert sorted(urls(found)) == sorted(urls(shipped()))


def test_without_a_family_all_models_are_kept_in_their_order():
    models = (*shipped(), DEMO)

    assert catalog.of_family(models, None) == list(models)
    assert catalog.of_family([DEMO], "OpenAI") == []


# --- Ids ------------------------------------------------------------------------------------------


def test_the_forms_of_an_id():
    assert list(catalog.model_ids(Model.at(GPT_4_1)).values()) == [
        GPT_4_1,
        f"openai/{GPT_4_1}",
        "clarifai/openai.chat-completion.gpt-4_1",
    ]


@pytest.mark.parametrize("model", shipped(), ids=lambda model: model.id)
def test_each_form_of_an_id_leads_back_to_its_model(model):
    ids = catalog.model_ids(model)

    assert len(ids) == 3
    assert {parse_address(text) for text in ids.values()} == {model.url}


@pytest.mark.parametrize(
    "url",
    [f"{GPT_4_1}/versions/0aF9", ROOT + "u/a/models/m.1", "a-model-elsewhere"],
    ids=["version", "dot", "elsewhere"],
)
def test_there_is_no_dotted_form_where_it_would_mean_something_else(url):
    assert list(catalog.model_ids(Model.at(url)).values()) == [url, f"openai/{url}"]


def test_the_demo_has_no_id():
    assert catalog.model_ids(DEMO) == {}
