"""Present a demo: open it, move through its steps, ask or play. Nothing here draws.

A link opens a demo and never sends: a question goes out when the presenter presses.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal, NamedTuple

from clarifai_chat import catalog, llm
from clarifai_chat.catalog import Model
from clarifai_chat.chat import replies
from clarifai_chat.chat.request import chat_request
from clarifai_chat.chat.settings import ChatSettings
from clarifai_chat.chat.token_counts import TokenCounter
from clarifai_chat.chat.turn import Turn, asked_of, is_answered, new_turn
from clarifai_chat.errors import Unreachable
from clarifai_chat.events import StreamEvent
from clarifai_chat.history import file_reading
from clarifai_chat.llm.endpoints import Endpoint
from clarifai_chat.llm.transport import InFlight
from clarifai_chat.playground import runs
from clarifai_chat.playground.runs import Run, RunSettings
from clarifai_chat.presenting import plans, presentations, spending
from clarifai_chat.presenting.plan import CHOSEN, BadPlan, Step
from clarifai_chat.recordings.files import BadRecording
from clarifai_chat.text import listed
from clarifai_chat.tools.builtins.suggest import suggested
from components.actions import replaying
from components.playground import running
from components.state import persistence
from components.state.access_slots import FREE
from components.state.owner import visitor
from components.state.session import is_here, session
from components.state.slots import widget
from components.state.stage_slots import Shown
from components.state.streamlit_patches import uninterrupted

UNREACHABLE = {"Unreachable", *(kind.__name__ for kind in Unreachable.__subclasses__())}


class Source(NamedTuple):
    """What a step shows when the presenter presses, and why that is not the live answer."""

    kind: Literal["live", "recording", "nothing"]
    why: str


# --- Move ----------------------------------------------------------------------------------------


def open_plan(name: str) -> None:
    """Open a demo at its start; a notice says why it cannot be."""
    session.stage_notice = ""
    try:
        session.demo_plan = plans.load(name)
    except BadPlan as error:
        session.demo_plan, session.stage_notice = None, str(error)
        return
    session.presentation = presentations.begin(name, visitor() or "")
    session.presented = {}
    session.step_at = -1


@uninterrupted()
def choose(name: str) -> None:
    replaying.open_recording(None)
    open_plan(name)


@uninterrupted()
def close() -> None:
    """Leave the demo, for the list of them."""
    _leave_step()
    session.demo_plan, session.step_at, session.presented = None, -1, {}


@uninterrupted()
def begin() -> None:
    go_to(0)


@uninterrupted()
def move(by: int) -> None:
    """Go to the next step, or back."""
    if session.demo_plan and 0 <= session.step_at + by < len(session.demo_plan["steps"]):
        go_to(session.step_at + by)


@uninterrupted()
def start_over() -> None:
    """Go back to the first step, with nothing shown. What was spent stays spent."""
    _leave_step()
    for shown in session.presented.values():
        for turn in shown["turns"]:
            replies.drop(turn)
    session.presented = {}
    go_to(0)


@uninterrupted()
def end() -> None:
    """Go back to the start of the demo."""
    _leave_step()
    session.step_at = -1


def go_to(number: int) -> None:
    """Show a step as it was left."""
    _leave_step()
    session.stage_notice = ""
    session.step_at = number
    presentations.move(session.presentation, number)
    shown = session.presented.get(number)
    if shown and shown["is_played"]:
        _open_recording(step())
        replaying.show_all()


def _leave_step() -> None:
    replaying.open_recording(None)


def step() -> Step:
    """Return the step that is shown."""
    assert session.demo_plan  # noqa: S101 - callers have looked
    return session.demo_plan["steps"][session.step_at]


def turns() -> list[Turn]:
    """Return what was asked live at this step."""
    shown = session.presented.get(session.step_at)
    return shown["turns"] if shown else []


def run() -> Run | None:
    shown = session.presented.get(session.step_at)
    return shown["run"] if shown else None


def is_running() -> bool:
    return replaying.is_running() or any(replies.get(turn) for turn in turns())


# --- What a step shows ---------------------------------------------------------------------------


def models_of(step: Step) -> list[Model]:
    """Return the models that a step asks; the chosen one is that of the page."""
    return [
        session.model if url == CHOSEN else catalog.describe(session.models, url)
        for url in step["models"]
    ]


def names_of(step: Step) -> str:
    """Return the models that a step asks, in words."""
    return listed([m.label if m.is_demo else m.name for m in models_of(step)])


def source(step: Step) -> Source:
    """Return what the step shows: a live answer if that is possible, else its recording."""
    if not step["models"]:
        return Source("recording" if step["recording"] else "nothing", "")
    why = _why_not_live(step)
    if not why:
        return Source("live", "")
    return Source("recording" if step["recording"] else "nothing", why)


def _why_not_live(step: Step) -> str:
    models, has_recording = models_of(step), bool(step["recording"])
    if session.wants_recordings and has_recording:
        return "Recordings are switched on."
    if has_recording and step["models"] == [CHOSEN] and models[0].is_demo:
        return "No access token is here, so no real model can be asked."
    if not all(model.server in FREE for model in models):
        if session.network_failed:
            return "The network did not answer."
        if any(session.lacks_key_for(model) for model in models):
            return "No access token is here."
    assert session.demo_plan  # noqa: S101 - a step is one of a plan
    spent = spending.spent_usd(session.asked_live)
    return spending.refusal(session.demo_plan, len(session.asked_live), spent, most_usd(step))


def most_usd(step: Step) -> float:
    """Return what the step may cost at most, in US dollars."""
    paid = [model for model in models_of(step) if model.server not in FREE]
    chars = len(step["prompt"]) + len(step["system"]) + len(str(step["tools"]))
    return spending.most_usd(paid, chars, spending.REQUESTS if step["tools"] else 1)


# --- Ask or play ---------------------------------------------------------------------------------


@uninterrupted()
def press() -> None:
    """Ask this step's question, or play its recording; a second click does nothing."""
    if is_running():
        return
    shown = source(step())
    if shown.kind == "live":
        _ask(step())
    elif shown.kind == "recording":
        play_recording()


def play_recording() -> None:
    _note([], None, is_played=True)
    if _open_recording(step()):
        replaying.play()


@uninterrupted()
def stop() -> None:
    for turn in turns():
        replies.stop(turn)
    if replaying.is_running():
        replaying.show_all()


def settle() -> bool:
    """After a failure of the network, play the recording; return whether the page is outdated."""
    shown = turns()
    lost = [t for t in shown if t["problem"] and t["problem"]["kind"] in UNREACHABLE]
    if not lost or session.network_failed or any(is_answered(turn) for turn in shown):
        return False
    session.network_failed = True
    if step()["recording"]:
        play_recording()
    return True


@uninterrupted()
def try_network() -> None:
    """Ask live again, after the network had failed."""
    session.network_failed = False


@uninterrupted()
def take_wish() -> None:
    session.wants_recordings = bool(widget("stage_recordings"))


def _open_recording(step: Step) -> bool:
    try:
        replaying.open_recording(plans.recording_of(step))
    except BadRecording as error:
        session.stage_notice = str(error)
        return False
    return True


def _note(asked: list[Turn], run: Run | None, *, is_played: bool) -> None:
    replaying.open_recording(None)
    shown: Shown = {"turns": asked, "run": run, "is_played": is_played}
    session.presented = {**session.presented, session.step_at: shown}
    session.asked_live = [*session.asked_live, *asked]


def _ask(step: Step) -> None:
    models = models_of(step)
    if step["tools"]:
        new = _new_run(step, models[0])
        _note([new["turn"]], new, is_played=False)
        running.ask(new)  # not one of the playground: it is not saved
        return
    asked = [new_turn(step["prompt"], asked_of(model)) for model in models]
    _note(asked, None, is_played=False)
    settings: ChatSettings = {"system": step["system"], "max_tokens": spending.ANSWER_TOKENS}
    for turn, model in zip(asked, models, strict=True):
        work = partial(_events, turn, settings, model, persistence.owner(), session.endpoint(turn))
        replies.ask(turn, work, queue=turn["id"], is_here=is_here())


def _events(
    turn: Turn,
    settings: ChatSettings,
    model: Model,
    owner: str | None,
    endpoint: Callable[[], Endpoint],
    in_flight: InFlight,
) -> Iterator[StreamEvent]:
    llm.warm_up()
    counter = TokenCounter(llm.count_tokens, {})
    asked = chat_request(turn, [turn], settings, model, counter=counter)
    return file_reading.keep_pictures(owner, llm.events(asked, endpoint(), in_flight))


def _new_run(step: Step, model: Model) -> Run:
    answerers = {}
    for tool in step["tools"]:
        name = str(tool["function"].get("name", ""))
        if by := suggested(tool) or (runs.TYPED if name in step["results"] else ""):
            answerers[name] = by
    settings: RunSettings = {
        **runs.default_settings(),
        "system": step["system"],
        "answers": "automatic",
        "max_steps": spending.REQUESTS,
        "max_tokens": spending.ANSWER_TOKENS,
    }
    return runs.new_run(
        step["prompt"], asked_of(model), step["tools"], settings, answerers, step["results"]
    )
