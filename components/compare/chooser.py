"""Choose what is compared: two to four models, blind or not, with which system prompt."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from clarifai_chat import catalog
from clarifai_chat.catalog import Model
from clarifai_chat.chat import chats
from clarifai_chat.chat.usage import tokens
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.recordings import files
from clarifai_chat.recordings.recording import Column, of_comparison
from clarifai_chat.text import counted
from clarifai_chat.transfer import chat_files, exports
from components.actions import comparing
from components.actions.comparing import FEWEST, MOST
from components.share import dialog as share_dialog
from components.state import persistence
from components.state.app_address import app_address
from components.state.session import session
from components.state.slots import seed, widget

# What the estimate assumes of the next question and of each answer to it.
QUESTION_TOKENS, ANSWER_TOKENS = 100, 500


def show() -> None:
    """Draw the choice before the first question, or a way to begin again after it."""
    if session.compared:
        with st.container(horizontal=True, gap="small"):
            st.button(
                "New comparison",
                key="new_comparison",
                icon=":material/add:",
                on_click=comparing.begin_again,
            )
            st.download_button(
                "Save a recording",
                _recorded,
                file_name="comparison.json",
                mime="application/json",
                key="record_comparison",
                icon=":material/videocam:",
                type="tertiary",
                on_click="ignore",
                help="Plays this comparison again under Stage, without a token and a network",
            )
            st.download_button(
                "Save as a page",
                partial(_page, session.compared, persistence.owner(), session.pat, app_address()),
                file_name=exports.comparison_file_name(session.compared, secret=session.pat),
                mime="text/html",
                key="page_comparison",
                icon=":material/description:",
                type="tertiary",
                on_click="ignore",
                disabled=session.is_blind,
                help="Vote first: the file names the models"
                if session.is_blind
                else "Questions, answers, tokens and cost side by side as one HTML file, to read"
                " offline, print or pass on, without the token",
            )
            share_dialog.button(
                {"kind": "comparison", "run": ""},
                disabled=session.is_blind,
                why="Vote first: the page names the models" if session.is_blind else "",
            )
        return
    offered = (*session.offered, catalog.BRIEF_DEMO, *comparing.chosen())
    names = {model.url: _name(model) for model in offered}
    seed("compared_models", [model.url for model in comparing.chosen()])
    st.multiselect(
        f"Models, {FEWEST} to {MOST}",
        list(names),
        format_func=names.__getitem__,
        max_selections=MOST,
        key="compared_models",
        on_change=comparing.choose,
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        seed("blind", session.hides_names)
        st.toggle(
            "Hide the names until I have voted",
            key="blind",
            on_change=_hide,
            help="The columns are in random order, and called A, B, C, D.",
        )
        with st.popover("System prompt", icon=":material/tune:"):
            seed("compare_system", session.compare_system)
            st.text_area(
                "System prompt for every model", key="compare_system", on_change=_take_system
            )
    if len(comparing.chosen()) < FEWEST:
        st.info(f"Choose at least {FEWEST} models.")


def show_price() -> None:
    """Say what the next question to all of them costs, before it is sent."""
    columns = [(_model(chat["model"]), _so_far(chat)) for chat in session.compared]
    columns = columns or [(model, 0) for model in comparing.chosen()]
    costs = [_cost(model, before) for model, before in columns]
    known = [cost for cost in costs if cost is not None]
    text = f"The next question to all {len(columns)}"
    if known == [0.0] * len(costs):
        st.caption(f"{text} is free.")
        return
    text += f" costs about {_dollars(sum(known))}"
    if len(known) < len(costs):
        text += f", and the unknown price of {counted(len(costs) - len(known), 'model')}"
    st.caption(f"{text} ({QUESTION_TOKENS} tokens asked, {ANSWER_TOKENS} answered by each).")


def _recorded() -> str:
    """Return a file of the questions that every model has answered."""
    columns: list[Column] = [
        {"settings": chat["settings"], "turns": chats.path(chat)} for chat in session.compared
    ]
    return files.as_json(of_comparison(columns), session.pat)


def _page(compared: Sequence[chats.Chat], owner: str | None, secret: str, app: str) -> str:
    contents = chat_files.contents(owner or "", compared)
    return exports.comparison_to_html(compared, secret=secret, contents=contents, app=app)


def _name(model: Model) -> str:
    return model.label if model.is_demo else f"{model.name} · {model.provider}"


def _model(url: str) -> Model:
    return catalog.describe(session.models, url)


def _so_far(chat: chats.Chat) -> int:
    """Return the tokens of the conversation so far, as far as they were reported."""
    last = chats.path(chat)[-1:]
    return sum(
        (tokens(t, "prompt_tokens") or 0) + (tokens(t, "completion_tokens") or 0) for t in last
    )


def _cost(model: Model, before: int) -> float | None:
    if model.input_price is None or model.output_price is None:
        return None
    paid_in = model.input_price * (before + QUESTION_TOKENS)
    return (paid_in + model.output_price * ANSWER_TOKENS) / 1_000_000


def _dollars(usd: float) -> str:
    return f"${usd:.2g}" if usd >= 0.0001 else "less than $0.0001"


def _hide() -> None:
    session.hides_names = bool(widget("blind"))


def _take_system() -> None:
    session.compare_system = str(widget("compare_system") or "")


def show_votes() -> None:
    """Draw the tally of this tab's votes, with a file of them."""
    from clarifai_chat.chat.votes import as_csv, tally

    votes = session.votes
    if not votes:
        return
    with st.expander(f"{counted(len(votes), 'vote')} in this tab", key="votes"):
        lines = ["| Model | Best | Share, 95 % interval |", "|---|---|---|"]
        for score in tally(votes):
            share = f"{score.low:.0%} to {score.high:.0%}"
            lines.append(f"| {escaped(score.model)} | {score.won} of {score.votes} | {share} |")
        st.markdown("\n".join(lines))
        st.caption("Few votes tell little: the interval is where the true share lies, by Wilson.")
        st.download_button(
            "Votes as CSV",
            as_csv(votes),
            "votes.csv",
            "text/csv",
            key="votes_csv",
            on_click="ignore",
        )
