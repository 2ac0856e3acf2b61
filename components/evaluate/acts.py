"""Prepare, start, stop and open experiments; keep cases. Nothing here draws."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from clarifai_chat import catalog
from clarifai_chat.access_token import holds
from clarifai_chat.catalog import Model
from clarifai_chat.chat.turn import ModelRef, asked_of
from clarifai_chat.evidence import cases, running
from clarifai_chat.evidence.cases import MAX_CASES, Case
from clarifai_chat.evidence.experiment import (
    MAX_MODELS,
    MAX_RUNS,
    Experiment,
    new_experiment,
    size,
)
from clarifai_chat.evidence.record import NotKept
from clarifai_chat.evidence.runner import Runner
from clarifai_chat.llm.endpoints import Endpoint, endpoint_for, prices_of
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.text import counted, listed
from components.evaluate import sides
from components.state import persistence
from components.state.session import is_here, session
from components.state.slots import widget
from components.state.streamlit_patches import uninterrupted

MORE = 3  # tries of each case, by one click
EndpointOf = Callable[[ModelRef], Endpoint]


def endpoint_of() -> EndpointOf:
    """Return a function that finds a model's endpoint, with the token that the session has then."""
    access, sharer, models = session.access, session.sharer, session.models

    def find(model: ModelRef) -> Endpoint:
        prices = prices_of(catalog.describe(models, model["url"]))
        return endpoint_for(model["url"], access["pat"], sharer, prices)

    return find


def chosen_models() -> list[Model]:
    """Return the models of the next experiment: those chosen, or the one in use."""
    urls = session.plan["models"] or [session.model.url]
    return [catalog.describe(session.models, url) for url in urls][:MAX_MODELS]


def chosen_cases() -> list[Case]:
    """Return the cases of the next experiment."""
    plan = session.plan
    if plan["cases"] == "mine":
        return [*session.my_cases]
    topics = plan["topics"]
    return [case for case in cases.shipped() if not topics or case["topic"] in topics]


def planned() -> Experiment:
    """Return the experiment that Start begins."""
    plan = session.plan
    models = chosen_models()
    minutes = plan["max_minutes"]
    name = f"{counted(len(chosen_cases()), 'case')}, {listed([_name(model) for model in models])}"
    return new_experiment(
        name,
        chosen_cases(),
        [asked_of(model) for model in models],
        sides.chosen(),
        repeats=plan["repeats"],
        temperature=plan["temperature"],
        strings="strict" if plan["is_strict"] else "loose",
        at_once=plan["at_once"],
        max_usd=plan["max_usd"],
        max_s=None if minutes is None else minutes * 60,
    )


def _name(model: Model) -> str:
    return model.label.partition(":")[0] if model.is_demo else model.name


def problem(experiment: Experiment) -> str:
    """Return why an experiment cannot be started, in a sentence; "" if it can."""
    if not experiment["cases"]:
        return "There is no case to ask. Choose the forty that ship, or add your own."
    if size(experiment) > MAX_RUNS:
        return f"That is more than {MAX_RUNS:,} runs. Choose fewer cases, models or repeats."
    if not (refusal := sides.problem()) and session.pat and holds(experiment, session.pat):
        return "Your access token is in the cases or tools. Remove it, and start again."
    return refusal


def runner() -> Runner | None:
    """Return the open experiment; None if none is open, or it is not there any more."""
    if not session.is_running_looked_for:  # a reload makes a new session
        session.is_running_looked_for = True
        session.open_experiment = session.open_experiment or running.under_way(persistence.owner())
    if not session.open_experiment:
        return None
    try:
        return running.find(persistence.owner(), session.open_experiment, endpoint_of(), is_here())
    except NotKept as why:
        st.error(f"The experiment cannot be read. {why}")
        return None


@uninterrupted()
def start() -> None:
    sides.read()
    experiment = planned()
    if refusal := problem(experiment):
        st.toast(escaped(refusal))
        return
    try:
        running.begin(persistence.owner(), experiment, endpoint_of(), is_here())
    except NotKept as trouble:
        st.toast(escaped(f"Nothing was asked, since results could not be saved. {trouble}"))
        return
    except running.Busy as why:
        st.toast(escaped(f"Nothing was asked. {why}"))
        return
    session.open_experiment = experiment["id"]


@uninterrupted()
def stop() -> None:
    if found := runner():
        found.stop()


@uninterrupted()
def go_on(*, again: bool = False) -> None:
    """Ask what is left; with `again`, also what was not counted."""
    if found := runner():
        try:
            if again:
                found.ask_again()
            running.start(persistence.owner(), found)
        except (NotKept, running.Busy) as why:
            st.toast(escaped(f"Nothing was asked. {why}"))


@uninterrupted()
def ask_more() -> None:
    """Ask each case a few times more; the figures grow."""
    if found := runner():
        try:
            running.extend(persistence.owner(), found, MORE)
        except (NotKept, running.Busy) as why:
            st.toast(escaped(f"Nothing was asked. {why}"))


@uninterrupted()
def open_experiment(id: str = "") -> None:
    """Open an earlier experiment, the one that is chosen if none is named, or prepare the next."""
    session.open_experiment = id


@uninterrupted()
def open_chosen() -> None:
    if id := widget("earlier_experiment"):
        session.open_experiment = str(id)


@uninterrupted()
def delete(id: str, name: str) -> None:
    running.delete(persistence.owner(), id)
    session.open_experiment = ""
    session.deleted_experiment = [id, name] if persistence.owner() else []


@uninterrupted()
def undelete() -> None:
    owner = persistence.owner()
    if (
        owner
        and session.deleted_experiment
        and running.undelete(owner, session.deleted_experiment[0])
    ):
        session.open_experiment = session.deleted_experiment[0]
    session.deleted_experiment = []


# --- The visitor's cases -------------------------------------------------------------------------


@uninterrupted()
def take_file() -> None:
    """Add the cases of a file to the visitor's own."""
    upload = widget(f"case_file:{session.case_uploads}")
    if upload is None:
        return
    session.case_uploads += 1
    session.case_refused = ""
    try:
        found = cases.read(upload.getvalue().decode("utf-8-sig"))
        add(found)
    except UnicodeDecodeError:
        session.case_refused = "The file is not text in UTF-8."
    except cases.BadCases as why:
        session.case_refused = str(why)


def add(found: Sequence[Case]) -> None:
    """Add cases; one replaces that of the same id. Raises `BadCases` if there are too many."""
    kept: dict[str, Any] = {case["id"]: case for case in (*session.my_cases, *found)}
    if len(kept) > MAX_CASES:
        raise cases.BadCases(f"At most {MAX_CASES} cases can be kept. Remove some first.")
    session.my_cases = list(kept.values())
    session.plan = {**session.plan, "cases": "mine"}


@uninterrupted()
def remove(id: str) -> None:
    session.my_cases = [case for case in session.my_cases if case["id"] != id]
