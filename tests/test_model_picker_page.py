"""Choosing a model: found, filtered, pasted, starred; with its facts, and where they are from."""

import pytest

from clarifai_chat import catalog
from clarifai_chat.catalog import DEFAULT_URL
from tests.canary import CANARY
from tests.fake_clarifai import make_model, make_models, says, status
from tests.pages import ask, head, open_access, open_picker, page, search_models, type_token

KIMI = "https://clarifai.com/moonshotai/chat-completion/models/Kimi-K2_6"
GPT_4O = "https://clarifai.com/openai/chat-completion/models/gpt-4o"
MINE = "https://clarifai.com/ada/mine/models/my-own-model"
NOT_FOUND = "No model matches."


def folded(app):
    """The providers whose models can be unfolded."""
    return [each for each in app.main.expander if each.key.startswith("provider:")]


def offered(app, where):
    """The addresses that one list of the picker offers, in order."""
    start = f"use:{where}:"
    return [b.key.removeprefix(start) for b in app.main.button if (b.key or "").startswith(start)]


def row_of(app, url, where="found"):
    """What the row of one model says."""
    buttons = {button.key: button for button in app.main.button}
    label = buttons[f"use:{where}:{url}"].label
    shown = head(app)
    return shown[shown.index(label.replace("\\", "")) :].split("☆")[0].split("★")[0]


# --- Lists, search and filters -------------------------------------------------------------------


def test_a_closed_picker_shows_the_model_in_use_and_draws_no_list(open_app):
    app = open_app(chosen=KIMI)

    assert app.get_by_key("model_picker").proto.popover.label == r"Kimi K2\.6"
    assert "262k context · $0.95 in · $4.00 out per 1M · tools · vision · reasoning" in head(app)
    assert not app.has("model")


def test_a_short_list_comes_first_and_then_all_by_provider(open_app):
    app = open_picker(open_app())

    short = offered(app, "short")
    assert len(short) == catalog.SHORT_LIST_LENGTH
    assert short[0] == DEFAULT_URL
    assert short[-1] == "demo"
    assert all(catalog.describe(catalog.shipped(), url).tier == "featured" for url in short[:-1])
    providers = [expander.label.replace("\\", "") for expander in folded(app)]
    sizes = {label.rsplit(" (", 1)[0]: int(label.rsplit("(", 1)[1][:-1]) for label in providers}
    assert sum(sizes.values()) == len(catalog.shipped()) + 1
    assert {"OpenAI", "Anthropic", "xAI", "Google", "Qwen"} <= sizes.keys()
    assert offered(app, "OpenAI") == []


def test_a_providers_models_are_shown_when_it_is_opened(open_app, fake):
    app = open_picker(open_app(pat=CANARY)).open("provider:OpenAI")

    assert GPT_4O in offered(app, "OpenAI")
    assert offered(app, "Anthropic") == []
    assert "No longer featured: may need your own deployment." in row_of(app, GPT_4O, "OpenAI")

    app.click(f"use:OpenAI:{GPT_4O}")
    fake.next(says("Hello"))
    ask(app, "Hi")
    assert fake.chats[0].body["model"] == GPT_4O


@pytest.mark.parametrize(
    ("typed", "owner"),
    [("kimi", "moonshotai"), ("K2.6", "moonshotai"), ("moonshot", "moonshotai"), ("grok", "xai")],
)
def test_search_finds_any_part_of_name_or_owner(open_app, typed, owner):
    app = search_models(open_picker(open_app()), typed)

    found = offered(app, "found")
    assert found
    assert all(f"/{owner}/" in url for url in found)
    assert not folded(app)


@pytest.mark.parametrize("family", catalog.FAMILIES)
def test_search_finds_the_five_families(open_app, family):
    app = search_models(open_picker(open_app()), family)

    models = [catalog.describe(catalog.shipped(), url) for url in offered(app, "found")]
    assert models
    assert any(model.family == family for model in models)


def test_search_that_finds_nothing_says_what_to_do(open_app):
    app = search_models(open_picker(open_app()), "no such model")

    assert offered(app, "found") == []
    assert NOT_FOUND in page(app)
    assert "paste the model's full address" in page(app)

    assert NOT_FOUND not in page(search_models(app, ""))


@pytest.mark.parametrize("ability", ["tools", "vision", "reasoning"])
def test_filters_keep_what_is_known_to_be_able(open_app, ability):
    app = open_picker(open_app())

    app.main.pills(key="abilities").set_value([ability]).run()

    found = offered(app, "found")
    assert found
    for url in found:
        assert getattr(catalog.describe((*catalog.shipped(), catalog.DEMO), url), ability) is True


def test_search_and_filters_work_together(open_app):
    app = search_models(open_picker(open_app()), "qwen")
    all_of_them = offered(app, "found")

    app.main.pills(key="abilities").set_value(["tools", "reasoning"]).run()

    assert offered(app, "found")
    assert set(offered(app, "found")) < set(all_of_them)


@pytest.mark.parametrize("family", catalog.FAMILIES)
def test_a_family_keeps_its_models(open_app, family):
    app = open_picker(open_app())

    app.main.pills(key="family").set_value(family).run()

    found = offered(app, "found")
    assert found
    assert {catalog.describe(catalog.shipped(), url).family for url in found} == {family}
    assert not folded(app)


def test_a_family_works_with_search_and_says_when_nothing_is_left(open_app):
    app = search_models(open_picker(open_app()), "gpt")
    all_of_them = offered(app, "found")

    app.main.pills(key="family").set_value("OpenAI").run()
    assert offered(app, "found")
    assert set(offered(app, "found")) <= set(all_of_them)

    app.main.pills(key="family").set_value("xAI").run()
    assert offered(app, "found") == []
    assert NOT_FOUND in page(app)


# --- Choosing ------------------------------------------------------------------------------------


def test_a_chosen_model_is_used_everywhere_and_the_picker_closes(open_app, fake):
    fake.next(says("Hello"))
    app = search_models(open_picker(open_app(pat=CANARY)), "kimi")

    app.click(f"use:found:{KIMI}")

    assert not app.has("model")
    assert app.chat_input(key="prompt").placeholder == "Message Kimi K2.6"
    ask(app, "Hi")
    assert fake.chats[0].body["model"] == KIMI
    app.switch_page("pages/models.py").run()
    assert "Kimi K2.6" in head(app)


@pytest.mark.parametrize(
    ("pasted", "sent"),
    [
        (MINE, MINE),
        ("ada/mine/models/my-own-model", MINE),
        (f"{MINE}?tab=overview", MINE),
        (f"{MINE}/versions/0123abcd", f"{MINE}/versions/0123abcd"),
        (f"openai/{MINE}", MINE),
        ("clarifai/ada.mine.my-own-model", MINE),
        (f"{KIMI}/versions/0123abcd", f"{KIMI}/versions/0123abcd"),
    ],
    ids=["URL", "path", "query", "version", "openai/URL", "dotted", "version of a listed one"],
)
def test_a_pasted_address_is_used_as_it_is(open_app, fake, pasted, sent):
    fake.next(says("Hello"))
    app = search_models(open_picker(open_app(pat=CANARY)), pasted)
    assert not app.has("model")

    ask(app, "Hi")

    assert fake.chats[0].body["model"] == sent


def test_a_pasted_model_says_what_is_not_known_of_it(open_app):
    app = search_models(open_picker(open_app()), MINE)

    assert "my-own-model" in head(app)
    assert "context unknown · price unknown · abilities unknown" in head(app)
    assert "Not in the list: Clarifai says whether it exists when it is asked." in head(app)
    assert "Facts: unknown" in head(app)


@pytest.mark.parametrize(
    "pasted",
    ["https://evil.example/ada/mine/models/x", "https://clarifai.com@evil.example/a/b/models/x"],
)
def test_an_address_elsewhere_is_no_model(open_app, pasted):
    app = search_models(open_picker(open_app()), pasted)

    assert NOT_FOUND in page(app)
    assert app.session_state["session.chosen"] == ""


def test_recent_models_come_first(open_app):
    app = search_models(open_picker(open_app()), GPT_4O)
    search_models(open_picker(app), MINE)

    assert offered(open_picker(app), "short")[:2] == [MINE, GPT_4O]


def test_favourites_come_before_all_and_can_be_taken_back(open_app):
    app = search_models(open_picker(open_app()), "gpt-4o")
    app.click(f"star:found:{GPT_4O}")
    assert app.button(key=f"star:found:{GPT_4O}").label == "★"
    search_models(app, KIMI)  # a recent one

    open_picker(app)
    assert offered(app, "short")[0] == GPT_4O

    app.click(f"star:short:{GPT_4O}")
    assert GPT_4O not in offered(app, "short")


def test_the_ids_of_the_model_in_use_can_be_copied(open_app):
    app = open_app(chosen=KIMI)
    assert not app.main.code

    app.open("model_ids")

    assert [code.value for code in app.main.code] == [
        KIMI,
        f"openai/{KIMI}",
        "clarifai/moonshotai.chat-completion.Kimi-K2_6",
    ]


def test_the_demo_has_no_id_to_copy(open_app):
    assert not open_app(chosen="demo").has("model_ids")


# --- Facts and where they are from ---------------------------------------------------------------


def test_a_row_says_facts_and_their_source(open_app):
    row = row_of(search_models(open_picker(open_app()), "kimi"), KIMI)

    assert "262k context · $0.95 in · $4.00 out per 1M · tools · vision · reasoning" in row
    assert "community table, 2026-07" in row


def test_what_is_not_known_is_said_never_a_zero(open_app):
    row = row_of(search_models(open_picker(open_app()), "claude-opus-4"), CLAUDE)

    assert "context unknown · price unknown · abilities unknown" in row
    assert "$0" not in row


CLAUDE = "https://clarifai.com/anthropic/completion/models/claude-opus-4"


def test_live_facts_say_that_they_are_live(open_app, fake):
    fake.prices[("moonshotai", "chat-completion", "Kimi-K2_6")] = (0.123, 0.456)
    app = search_models(open_picker(type_token(open_app(), CANARY)), "kimi")

    row = row_of(app, KIMI)

    assert "$1.23 in · $4.56 out per 1M" in row
    assert "price: Clarifai, live" in row
    assert "context: community table, 2026-07" in row


# --- The live list -------------------------------------------------------------------------------


def test_without_a_token_the_list_says_that_it_is_the_shipped_one(open_app, fake):
    app = open_picker(open_app())

    assert "Shipped list. With an access token, Clarifai's live list joins it." in page(app)
    assert not app.has("refresh_models")
    assert fake.journal == []


def test_the_live_list_joins_once_there_is_a_token(open_app, fake):
    fake.models.append(make_model("newcomer", "main", "brand-new-1", order=1000))

    app = open_picker(type_token(open_app(), CANARY))

    assert "Clarifai's list, fetched just now." in page(app)
    assert offered(app, "short")[0] == "https://clarifai.com/newcomer/main/models/brand-new-1"
    assert "newcomer (1)" in page(app)
    listed = [s for s in fake.journal if s.path == "/v2/models"]
    assert {s.headers["authorization"] for s in listed} == {f"Key {CANARY}"}
    assert {s.query["featured_only"][0] for s in listed} == {"true"}


def test_what_clarifai_no_longer_lists_is_not_offered_first(open_app, fake):
    fake.models = [m for m in fake.models if m["id"] != "Kimi-K2_6"]

    app = search_models(open_picker(type_token(open_app(), CANARY)), "kimi")

    assert "No longer featured: may need your own deployment." in row_of(app, KIMI)


def test_refresh_fetches_it_again(open_app, fake):
    app = open_picker(type_token(open_app(), CANARY))
    fake.models.append(make_model("newcomer", "main", "brand-new-1", order=1000))
    assert "newcomer" not in page(app)

    app.click("refresh_models")

    assert "newcomer (1)" in page(app)
    assert "Clarifai's list, fetched just now." in page(app)


def test_its_age_is_told(open_app):
    app = type_token(open_app(), CANARY)
    app.session_state["session.listing"]["at"] -= 600

    assert "Clarifai's list, fetched 10 min ago." in page(open_picker(app))


def test_a_list_that_cannot_be_had_falls_back_to_the_shipped_one_and_says_why(open_app, fake):
    fake.next(status(500), on="models")

    app = open_picker(type_token(open_app(), CANARY))

    assert "No live list, so this is the shipped list: Clarifai had an internal error." in page(app)
    assert offered(app, "short")[0] == DEFAULT_URL
    assert "of **ada**" in head(app)  # the token is good all the same

    app.click("refresh_models")
    assert "Clarifai's list, fetched just now." in page(app)


def test_a_refresh_that_fails_keeps_the_list_from_before(open_app, fake):
    fake.models.append(make_model("newcomer", "main", "brand-new-1", order=1000))
    app = open_picker(type_token(open_app(), CANARY))
    fake.next(status(403, 11007), on="models")

    app.click("refresh_models")

    assert "No live list, so this is the list from before: This access token is valid" in page(app)
    assert "newcomer (1)" in page(app)


def test_prices_that_cannot_be_had_leave_the_list_alone(open_app, fake):
    fake.next(status(500), on="prices")

    app = search_models(open_picker(type_token(open_app(), CANARY)), "kimi")

    assert "$0.95 in · $4.00 out per 1M" in row_of(app, KIMI)
    assert "live" in row_of(app, KIMI)


def test_a_thousand_live_models_stay_comfortable(open_app, fake):
    fake.models = make_models(1000)

    app = open_picker(type_token(open_app(), CANARY))

    assert "many (1000)" in page(app)
    closed = len(list(app._tree))
    assert closed < 250
    app.open("provider:many")
    assert len(offered(app, "many")) == 12
    assert len(list(app._tree)) < closed + 100
    assert "Show more (988 left)" in page(app)

    app.click("more:many")
    assert len(offered(app, "many")) == 24
    search_models(app, "model-0777")
    assert offered(app, "found") == ["https://clarifai.com/many/models/models/model-0777"]


# --- The address of the page ---------------------------------------------------------------------


@pytest.mark.parametrize("address", [KIMI, "moonshotai/chat-completion/models/Kimi-K2_6"])
@pytest.mark.parametrize("where", ["app.py", "pages/models.py"])
def test_the_address_of_the_page_chooses_a_model(open_app, fake, address, where):
    app = open_app(where, query={"model": address})

    assert app.session_state["session.chosen"] == KIMI
    assert "Kimi K2.6" in head(app)
    assert fake.journal == []


def test_a_choice_made_later_is_not_undone_by_the_address(open_app):
    app = open_app(query={"model": KIMI})

    search_models(open_picker(app), GPT_4O)

    assert app.run().session_state["session.chosen"] == GPT_4O


@pytest.mark.parametrize("wrong", ["https://evil.example/a/b/models/c", "nonsense", "x" * 5000])
def test_a_wrong_address_says_so(open_app, wrong):
    app = open_app(query={"model": wrong})

    (toast,) = app.toast
    assert "is not one of Clarifai's" in toast.value
    assert wrong not in toast.value
    assert app.session_state["session.chosen"] == ""


def test_an_address_never_sets_a_token_or_a_server_and_never_sends(open_app, fake):
    query = dict.fromkeys(("pat", "token", "key", "api_key", "CLARIFAI_PAT"), CANARY)
    query |= dict.fromkeys(("q", "prompt", "text", "message"), "Hi")
    query |= dict.fromkeys(("api_base", "base", "CLARIFAI_API_BASE"), "https://evil.example")

    app = open_app(query={"model": KIMI, **query})

    assert app.session_state["session.access"]["pat"] == ""
    assert open_access(app).text_input(key="pat").value == ""
    assert app.turns == []
    assert fake.journal == []
    assert "evil" not in page(app)
    ask(app, "Hi")
    assert fake.journal == []
