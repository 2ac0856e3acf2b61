"""The Help page: what LiteLLM's page on Clarifai says, where a person looks for it."""

import pytest

from clarifai_chat.config import ROOT
from components.help.notes import EXAMPLE, LINKS
from tests.canary import CANARY
from tests.pages import page

PAGE = "pages/help.py"
KIMI = "https://clarifai.com/moonshotai/chat-completion/models/Kimi-K2_6"


def codes(app):
    return [code.value for code in app.main.code]


def test_it_explains_the_ids_of_the_model_in_use(open_app):
    app = open_app(PAGE, pat=CANARY, chosen=KIMI)

    assert "LiteLLM takes it with `openai/` before it" in page(app)
    assert "The ids of **Kimi K2.6**:" in page(app)
    assert codes(app)[:3] == [
        KIMI,
        f"openai/{KIMI}",
        "clarifai/moonshotai.chat-completion.Kimi-K2_6",
    ]


def test_with_the_demo_it_explains_the_ids_of_litellms_example(open_app):
    app = open_app(PAGE)

    assert codes(app)[:2] == [EXAMPLE, f"openai/{EXAMPLE}"]


def test_it_names_the_endpoint_of_the_settings(open_app, set_up):
    set_up(CLARIFAI_API_BASE="https://clarifai.example.org")

    assert codes(open_app(PAGE))[-1] == "https://clarifai.example.org/v2/ext/openai/v1"


@pytest.mark.parametrize(
    "said",
    [
        "Your Clarifai Personal Access Token (PAT) is the API key.",
        "Usage is tracked and billed through Clarifai.",
        "Rate limits depend on your Clarifai account settings.",
        "Some advanced features vary by model",
        "Can I use all Clarifai models with LiteLLM?**  \nMost chat-completion models",
        "Do I need a separate Clarifai PAT?**  \nYes, you must use a valid",
        "Is tool calling supported?**  \nYes, provided the underlying Clarifai model",
        "How is billing handled?**  \nClarifai usage is billed independently via Clarifai.",
    ],
)
def test_it_says_what_litellms_page_says(open_app, said):
    assert said in page(open_app(PAGE))


def test_it_says_where_to_get_a_token_and_where_to_read_on(open_app):
    app = open_app(PAGE)

    buttons = {button.label: button.url for button in app.main.link_button}
    assert buttons["Get a token"] == "https://clarifai.com/me/settings/secrets"
    assert buttons["About tokens"].startswith("https://docs.clarifai.com/")
    assert all(f"[{label}]({url})" in page(app) for label, url in LINKS.items())


def test_it_asks_nothing_of_any_server(open_app, fake):
    open_app(PAGE, pat=CANARY, chosen=KIMI)

    assert fake.journal == []


def test_every_link_of_litellms_page_has_its_place():
    document = (ROOT / "docs" / "PROVIDER.md").read_text("utf-8")

    assert all(url in document for url in LINKS.values())
