"""The Models page: the whole catalog as a table, and choosing there."""

import json

import pytest

from clarifai_chat import catalog
from clarifai_chat.catalog import DEFAULT_URL
from tests.canary import CANARY
from tests.fake_clarifai import calls, make_model, make_models, says, status
from tests.pages import ask, head, page, type_token

KIMI = "https://clarifai.com/moonshotai/chat-completion/models/Kimi-K2_6"
PAGE = "pages/models.py"


def table(app):
    """The rows of the table, by the model's page on Clarifai; the Demo has none."""
    rows = app.dataframe[0].value.to_dict("records")
    return {row["Page"] if isinstance(row["Page"], str) else "demo": row for row in rows}


def use(app, url, column="Use", label="Use this"):
    """Click on a row's button: what AppTest cannot do is sent as a browser sends it."""
    row = list(table(app)).index(url)
    widget_id = app.dataframe[0].proto.button_click_widgets[column]
    return app.send(widget_id, json.dumps({"row": row, "label": label}))


def copy_id(app, url):
    return use(app, url, "Id", "Copy id")


def choose_family(app, family):
    app.main.pills(key="models_family").set_value(family).run()


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


@pytest.mark.parametrize("family", catalog.FAMILIES)
def test_a_family_keeps_its_models(open_app, family):
    app = open_app(PAGE)

    choose_family(app, family)

    assert list(table(app)) == [m.url for m in catalog.shipped() if m.family == family]

    choose_family(app, None)
    assert len(table(app)) == len(catalog.shipped()) + 1


def test_a_family_works_with_search_and_abilities(open_app):
    app = open_app(PAGE)
    choose_family(app, "Open Sourced")
    app.text_input(key="models_text").set_value("qwen").run()
    app.main.pills(key="models_abilities").set_value(["reasoning"]).run()

    rows = table(app).values()
    assert rows
    assert {(row["Provider"], row["Reasoning"]) for row in rows} == {("Qwen", "yes")}

    choose_family(app, "xAI")
    assert "No model matches. Clear a filter, or type less." in page(app)
    assert not app.dataframe


def test_the_ids_of_a_model_can_be_copied(open_app):
    app = open_app(PAGE)
    assert not app.main.code

    copy_id(app, KIMI)

    assert "Model id of **Kimi K2.6**" in page(app)
    assert [code.value for code in app.main.code] == [
        KIMI,
        f"openai/{KIMI}",
        "clarifai/moonshotai.chat-completion.Kimi-K2_6",
    ]
    assert app.session_state["session.chosen"] == ""

    copy_id(app, DEFAULT_URL)
    assert app.main.code[0].value == DEFAULT_URL

    app.click("close_ids")
    assert not app.main.code


def test_the_demo_has_no_id_to_copy(open_app):
    app = open_app(PAGE)

    copied = {url: row["Id"] for url, row in table(app).items()}

    assert not isinstance(copied.pop("demo"), str)
    assert set(copied.values()) == {"Copy id"}


def test_use_this_chooses_everywhere(open_app, fake):
    fake.next(says("Hello"))
    app = open_app(PAGE, pat=CANARY)
    assert table(app)[DEFAULT_URL]["Use"] == "✓ In use"

    use(app, KIMI)

    assert table(app)[KIMI]["Use"] == "✓ In use"
    assert table(app)[DEFAULT_URL]["Use"] == "Use this"
    assert "Kimi K2.6" in head(app)
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


@pytest.mark.parametrize(("column", "label"), [("Use", "Use this"), ("Id", "Copy id")])
def test_a_click_on_a_row_that_is_gone_does_nothing(open_app, column, label):
    app = open_app(PAGE)
    widget_id = app.dataframe[0].proto.button_click_widgets[column]

    app.send(widget_id, json.dumps({"row": 999, "label": label}))

    assert app.session_state["session.chosen"] == ""
    assert not app.main.code


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

    assert "Kimi K2.6" in head(app)
    assert table(app)[KIMI]["Use"] == "✓ In use"
    assert [link.label for link in app.sidebar.page_link] == [
        "Chat",
        "Compare",
        "Tool playground",
        "Evaluate",
        "Stage",
        "Models",
        "Help",
    ]


# --- Measured ------------------------------------------------------------------------------------


def measure(app, *kinds):
    app.main.pills(key="measure_kinds").set_value([*kinds]).run()
    return app.click("measure_model")


def test_what_is_measured_stands_beside_what_is_claimed(open_app, fake):
    app = open_app(PAGE, pat=CANARY, chosen=KIMI)
    assert "Not measured yet." in page(app)
    assert "At most 4 requests" in page(app)
    assert table(app)[KIMI]["Measured"] == "not measured"
    fake.next(calls(), says("Hello."), calls(), says("It is 17 degrees."))

    app.click("measure_model")

    assert "passed 2 of 3 on" in page(app)
    assert "required: no call" in page(app)
    assert [each.body.get("tool_choice") for each in fake.chats] == [
        "auto", "required", "auto", "auto"
    ]  # fmt: skip
    row = table(app)[KIMI]
    assert row["Measured"].startswith("tool calls 2 of 3 (20")
    assert row["Tools"] == "yes"
    assert "claimed: " in head(app)
    assert "measured: tool calls 2 of 3 (20" in head(app)


def test_each_other_ability_is_measured_by_three_runs(open_app, fake):
    app = open_app(PAGE, pat=CANARY, chosen=KIMI)
    fake.next(
        says('{"place_name": "Paris", "celsius_value": 17}'),
        says('```json\n{"buyer": "Ann", "bought": []}\n```'),
        says('{"gist": "Light scatters.", "for_whom": "all"}'),
        says("Red."),
        says("A coloured, greenish square, rendered in blue."),
        says("Red, or rather blue."),
        says("9.9", reasoning=("Ninety",)),
        says("5 cents"),
        says("3", reasoning=("s, t, r",), reasoning_field="reasoning"),
    )

    measure(app, "json", "vision", "reasoning")

    said = page(app)
    assert "At most 9 requests" in said
    shown = table(app)[KIMI]["Measured"]
    assert shown.startswith("JSON schema 1 of 3, vision 1 of 3, reasoning 2 of 3 (20")
    assert "nested: The answer is not JSON" in said
    assert "it is in a Markdown fence" in said
    assert "enum: Invalid: for_whom" in said
    assert "green: it named blue; blue: it named blue and red" in said
    assert "price: no thinking came" in said
    formats = [each.body.get("response_format", {}).get("type") for each in fake.chats]
    assert formats == ["json_schema"] * 3 + [None] * 6
    pictures = [each.body["messages"][-1]["content"][1] for each in fake.chats[3:6]]
    assert all(p["image_url"]["url"].startswith("data:image/png;base64,iVBOR") for p in pictures)


def test_calls_in_one_reply_are_measured_with_the_demo(open_app):
    app = measure(open_app(PAGE), "parallel")

    assert table(app)["demo"]["Measured"].startswith("parallel calls 3 of 3 (20")


def test_what_a_server_refuses_is_no_measurement(open_app, fake):
    app = open_app(PAGE, pat=CANARY, chosen=KIMI)
    fake.next(*[says("{}")] * 3, *[status(400, {"error": "no pictures"})] * 3)

    measure(app, "json", "vision")

    assert "could not be judged" in page(app)
    assert "vision" not in table(app)[KIMI]["Measured"]
    fake.next(status(401, 11008))

    measure(app, "tools", "vision")

    assert "Not measured. " in page(app)
    assert "does not accept this access token" in page(app)
    assert len(fake.chats) == 7
    assert table(app)[KIMI]["Measured"].startswith("JSON schema 0 of 3")
