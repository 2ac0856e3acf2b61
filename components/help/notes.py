"""The parts of the Help page.

What they say is said on https://docs.litellm.ai/docs/providers/clarifai; docs/PROVIDER.md lists it.
"""

import streamlit as st

from clarifai_chat import catalog
from clarifai_chat.config import settings
from clarifai_chat.markdown.sanitize import escaped
from components.frame import model_ids, token_box
from components.state.owner import visitor
from components.state.session import session

ABOUT_TOKENS = "https://docs.clarifai.com/clarifai-basics/authentication/personal-access-tokens/"
EXAMPLE = "https://clarifai.com/openai/chat-completion/models/o4-mini"  # that of LiteLLM's page
ANSWERS = {
    "Can I use all Clarifai models with LiteLLM?": "Most chat-completion models are supported. Use"
    " the model's Clarifai URL, with `openai/` before it, as the `model`.",
    "Do I need a separate Clarifai PAT?": "Yes, you must use a valid Clarifai Personal Access"
    " Token. The Demo model of this app needs none.",
    "Is tool calling supported?": "Yes, provided the underlying Clarifai model supports function or"
    " tool calling. The Models page can show only those with tools.",
    "How is billing handled?": "Clarifai usage is billed independently via Clarifai.",
}
LINKS = {
    "Clarifai documentation": "https://docs.clarifai.com/",
    "Clarifai Model Explorer (Community)": "https://clarifai.com/explore/",
    "LiteLLM: Clarifai as a provider": "https://docs.litellm.ai/docs/providers/clarifai",
    "LiteLLM on GitHub": "https://github.com/BerriAI/litellm",
    "Clarifai runners: examples": "https://github.com/Clarifai/runners-examples",
}


def show_ids() -> None:
    """Draw what `openai/` before a URL means, with the ids of the model in use as the example."""
    st.header("How a model is named", anchor=False)
    st.markdown(
        "A model's id is its URL on Clarifai. LiteLLM takes it with `openai/` before it: the prefix"
        " names LiteLLM's route for OpenAI-compatible servers. This app's picker takes both forms."
    )
    model = session.model
    if model.is_demo:
        model = catalog.describe(session.models, EXAMPLE)
    st.markdown(f"The ids of **{escaped(model.name)}**:")
    model_ids.show(model)
    st.page_link("pages/models.py", label="Ids of all models", icon=":material/list_alt:")


def show_endpoint() -> None:
    """Draw where requests go."""
    st.header("Where requests go", anchor=False)
    st.markdown("To this endpoint, and there to `/chat/completions`. In LiteLLM, `api_base` is:")
    st.code(settings().openai_base, language=None, wrap_lines=True)


def show_token() -> None:
    """Draw where a token comes from."""
    st.header("Your token", anchor=False)
    st.markdown(
        "Your Clarifai Personal Access Token (PAT) is the API key. Paste it at the top; in"
        " code, keep it in the environment variable `CLARIFAI_PAT`."
    )
    with st.container(horizontal=True):
        st.link_button("Get a token", token_box.MAKE_ONE, icon=":material/open_in_new:")
        st.link_button("About tokens", ABOUT_TOKENS, type="tertiary")


def show_limits() -> None:
    """Draw what usage costs, and what limits it."""
    st.header("Cost and limits", anchor=False)
    st.markdown(
        "- Usage is tracked and billed through Clarifai.\n"
        "- Rate limits depend on your Clarifai account settings.\n"
        "- Most OpenAI parameters are supported. Some advanced features vary by model; this app"
        " warns about settings that a model is known to reject."
    )


def show_visitor() -> None:
    """Draw the code by which the operator finds what this visitor has stored."""
    if code := visitor():
        st.header("Your visitor code", anchor=False)
        st.markdown(
            f"The operator of this app knows you as `{code[:16]}`. Name it to have everything of"
            " yours deleted. It does not open your conversations."
        )


def show_answers() -> None:
    """Draw common questions, each with its answer."""
    st.header("Questions", anchor=False)
    for question, answer in ANSWERS.items():
        st.markdown(f"**{question}**  \n{answer}")


def show_links() -> None:
    """Draw where to read on."""
    st.header("Read on", anchor=False)
    st.markdown("\n".join(f"- [{label}]({url})" for label, url in LINKS.items()))
