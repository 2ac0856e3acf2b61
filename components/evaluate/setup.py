"""Draw the choice of cases, models, tools and repeats, what it may cost, and Start."""

from typing import Any, cast

import streamlit as st

from clarifai_chat import catalog
from clarifai_chat.catalog import Model
from clarifai_chat.evidence import cases, words
from clarifai_chat.evidence.experiment import MAX_AT_ONCE, MAX_MODELS, MAX_REPEATS, estimate
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.text import counted
from components.evaluate import acts, case_list, sides, table
from components.state.session import session
from components.state.slots import has_widget, seed, widget
from components.state.streamlit_patches import uninterrupted

CASES = {"shipped": "The forty that ship", "mine": "My own"}
TOOLS = {
    "own": "Each case's own",
    "playground": "Those of the playground",
    "two": "Two sets or system prompts, to compare",
}


def show() -> None:
    """Draw the whole form."""
    st.caption(
        "Ask the same cases several times, and see how often a model calls tools as it should: with"
        " an interval, since a few tries tell little. Each run is judged by rules that"
        " docs/EVIDENCE.md states. The Demo needs no token."
    )
    left, right = st.columns(2, gap="large")
    with left:
        _show_cases()
    with right:
        _show_models()
    experiment = acts.planned()
    plan = estimate(experiment)
    why = acts.problem(experiment) or (
        "" if plan.runs else "No case can be asked with these tools."
    )
    if plan.left_out:
        with st.expander(f"{counted(len(plan.left_out), 'case')} left out", type="compact"):
            table.show(["Why"], [[each] for each in plan.left_out])
    st.markdown(escaped(why or words.estimated(plan)))
    st.button(
        "Start",
        key="start_evaluation",
        type="primary",
        icon=":material/play_arrow:",
        disabled=bool(why),
        on_click=acts.start,
    )


def _show_cases() -> None:
    plan = session.plan
    seed("evaluate_cases", plan["cases"])
    mine = f"My own ({len(session.my_cases)})"
    st.segmented_control(
        "Cases",
        [*CASES],
        format_func=lambda kind: mine if kind == "mine" else CASES[kind],
        key="evaluate_cases",
        required=True,
        on_change=_keep,
    )
    if plan["cases"] == "shipped":
        topics = list(dict.fromkeys(case["topic"] for case in cases.shipped()))
        seed("evaluate_topics", plan["topics"])
        st.multiselect("Topics", topics, key="evaluate_topics", placeholder="All", on_change=_keep)
    case_list.show(acts.chosen_cases(), is_mine=plan["cases"] == "mine")


def _show_models() -> None:
    plan = session.plan
    offered = (*session.offered, catalog.BRIEF_DEMO, *acts.chosen_models())
    names = {model.url: _name(model) for model in offered}
    seed("evaluate_models", [model.url for model in acts.chosen_models()])
    st.multiselect(
        f"Models, up to {MAX_MODELS}",
        list(names),
        format_func=lambda url: names.get(url, url),
        max_selections=MAX_MODELS,
        key="evaluate_models",
        on_change=_keep,
    )
    seed("evaluate_tools", plan["tools"])
    st.radio(
        "Tools",
        [*TOOLS],
        format_func=TOOLS.__getitem__,
        key="evaluate_tools",
        on_change=_keep,
        help="The playground's tools are asked with its system prompt. A case that expects a tool"
        " which they lack is left out.",
    )
    if plan["tools"] == "two":
        sides.show()
    seed("evaluate_repeats", plan["repeats"])
    st.number_input(
        "Times that each case is asked",
        1,
        MAX_REPEATS,
        step=1,
        key="evaluate_repeats",
        on_change=_keep,
    )
    fold = st.expander(
        "Limits and settings", type="compact", key="evaluate_more", on_change="rerun"
    )
    if fold.open:
        with fold:
            _show_more()


def _show_more() -> None:
    plan = session.plan
    numbers: dict[str, tuple[str, float, float, float]] = {
        "max_usd": ("Spend at most, in US dollars", 0.01, 1000.0, 0.5),
        "max_minutes": ("Take at most, in minutes", 1.0, 600.0, 5.0),
        "temperature": ("Temperature", 0.0, 2.0, 0.1),
    }
    for name, (label, low, high, step) in numbers.items():
        seed(f"evaluate_number:{name}", cast(dict[str, Any], plan)[name])
        st.number_input(
            label,
            low,
            high,
            value=None,
            step=step,
            key=f"evaluate_number:{name}",
            placeholder="No limit" if name != "temperature" else "The server decides",
            on_change=_keep,
        )
    seed("evaluate_at_once", plan["at_once"])
    st.number_input(
        "Requests at once to one model",
        1,
        MAX_AT_ONCE,
        step=1,
        key="evaluate_at_once",
        on_change=_keep,
    )
    seed("evaluate_strict", plan["is_strict"])
    st.toggle(
        "Compare texts to the letter",
        key="evaluate_strict",
        on_change=_keep,
        help="Off: as BFCL does, in lower case and without blanks and `,./-_*^`.",
    )


def _name(model: Model) -> str:
    return model.label if model.is_demo else f"{model.name} · {model.provider}"


@uninterrupted()
def _keep() -> None:
    """Take the widgets' values into the plan; those that are not drawn keep theirs."""
    plan: dict[str, Any] = {**session.plan}
    for name in plan:
        key = "evaluate_strict" if name == "is_strict" else f"evaluate_{name}"
        if (value := widget(key)) is not None:
            plan[name] = value
        elif has_widget(f"evaluate_number:{name}"):  # one of those that may be empty
            plan[name] = widget(f"evaluate_number:{name}")
    session.plan = cast(Any, plan)
