"""The Models page: the whole catalog as a table, and choosing there."""

import json

import pytest

from clarifai_chat import catalog
from clarifai_chat.catalog import DEFAULT_URL
from tests.canary import CANARY
from tests.fake_clarifai import make_model, make_models, says
from tests.pages import ask, page, sidebar, type_token

KIMI = "https://clarifai.com/moonshotai/chat-completion/models/Kimi-K2_6"
PAGE = "pages/models.py"


def table(app):
    """The rows of the table, by the model's page on Clarifai; the Demo has none."""
    rows = app.dataframe[0].value.to_dict("records")
    return {row["Page"] if isinstance(row["Page"], str) else "demo": row for row in rows}


def use(app, url):
    """Click on a row's button: what AppTest cannot do is sent as a browser sends it."""
    row = list(table(app)).index(url)
    widget_id = app.dataframe[0].proto.button_click_widgets["Use"]
    return app.send(widget_id, json.dumps({"row": row, "label": "Use this"}))


def test_the_table_holds_the_whole_catalog_with_its_facts(open_app, fake):
    app = open_app(PAGE)

    rows = table(app)
    assert len(rows) == len(catalog.shipped()) + 1
    assert {model.page for model in catalog.shipped()} < rows.keys()
    kimi = rows[KIMI]
    assert kimi["Model"] == "Kimi K2.6"
    assert kimi["Provider"] == "Moonshot AI"
    assert kimi["Context"] == 262144
    assert (kimi["In"], kimi["Out"]) == (0.95, 4.0)
    assert (kimi["Tools"], kimi["Vision"], kimi["Reasoning"]) == ("yes", "yes", "yes")
    assert "price: community table, 2026-07" in kimi["Facts from"]
    assert fake.journal == []


def test_what_is_not_known_is_empty_or_unknown_never_zero(open_app):
    row = table(open_app(PAGE))["https://clarifai.com/openai/chat-completion/models/o3"]

    assert row["Context"] != row["Context"]  # NaN: an empty cell
    assert row["In"] != row["In"]
    assert (row["Tools"], row["Vision"]) == ("unknown", "unknown")
    assert row["Status"] == "no longer featured"
    assert row["Facts from"] == "unknown"


def test_each_model_links_to_its_page_on_clarifai(open_app):
    app = open_app(PAGE)

    columns = json.loads(app.dataframe[0].proto.columns)
    assert columns["Page"]["type_config"]["type"] == "link"
    pages = table(app).keys() - {"demo"}
    assert len(pages) == len(catalog.shipped())
    assert all(link.startswith("https://clarifai.com/") for link in pages)


@pytest.mark.parametrize("typed", ["kimi", "moonshot", "Kimi K2.6"])
def test_search(open_app, typed):
    app = open_app(PAGE)

    app.text_input(key="models_text").set_value(typed).run()

    assert list(table(app)) == [KIMI]


def test_filters(open_app):
    app = open_app(PAGE)

    app.main.pills(key="models_abilities").set_value(["vision", "tools"]).run()

    rows = table(app).values()
    assert 0 < len(rows) < len(catalog.shipped())
    assert {(row["Vision"], row["Tools"]) for row in rows} == {("yes", "yes")}


def test_a_search_that_finds_nothing_says_so(open_app):
    app = open_app(PAGE)

    app.text_input(key="models_text").set_value("no such model").run()

    assert "No model matches. Clear a filter, or type less." in page(app)
    assert not app.dataframe


def test_use_this_chooses_everywhere(open_app, fake):
    fake.next(says("Hello"))
    app = open_app(PAGE, pat=CANARY)
    assert table(app)[DEFAULT_URL]["Use"] == "✓ In use"

    use(app, KIMI)

    assert table(app)[KIMI]["Use"] == "✓ In use"
    assert table(app)[DEFAULT_URL]["Use"] == "Use this"
    assert "Kimi K2.6" in sidebar(app)
    app.switch_page("app.py").run()
    assert app.chat_input(key="prompt").placeholder == "Message Kimi K2.6"
    ask(app, "Hi")
    assert fake.chats[0].body["model"] == KIMI


def test_use_this_means_the_row_that_is_seen(open_app):
    app = open_app(PAGE)
    app.text_input(key="models_text").set_value("qwen").run()
    wanted = list(table(app))[2]

    use(app, wanted)

    assert app.session_state["session.chosen"] == wanted


def test_a_click_on_a_row_that_is_gone_chooses_nothing(open_app):
    app = open_app(PAGE)
    widget_id = app.dataframe[0].proto.button_click_widgets["Use"]

    app.send(widget_id, json.dumps({"row": 999, "label": "Use this"}))

    assert app.session_state["session.chosen"] == ""


def test_the_live_list_joins_the_table(open_app, fake):
    fake.models.append(make_model("newcomer", "main", "brand-new-1", order=1000))

    app = type_token(open_app(PAGE), CANARY)

    newcomer = table(app)["https://clarifai.com/newcomer/main/models/brand-new-1"]
    assert newcomer["Status"] == "featured"
    assert list(table(app)).index(newcomer["Page"]) == 0
    assert "price: Clarifai, live" in table(app)[KIMI]["Facts from"]


def test_a_thousand_live_models_are_one_table(open_app, fake):
    fake.models = make_models(1000)

    app = type_token(open_app(PAGE), CANARY)

    assert len(table(app)) == 1000 + len(catalog.shipped()) + 1
    assert len(list(app._tree)) < 60


def test_the_models_page_can_be_the_first_one_opened(open_app):
    app = open_app(PAGE, query={"model": KIMI})

    assert "Kimi K2.6" in sidebar(app)
    assert table(app)[KIMI]["Use"] == "✓ In use"
    assert [link.label for link in app.sidebar.page_link] == ["Chat", "Tool playground", "Models", "Help"]
