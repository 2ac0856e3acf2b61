"""Keep what a tab remembers about recordings and demos."""

from typing import TypedDict

from clarifai_chat.chat.turn import Turn
from clarifai_chat.playground.runs import Run
from clarifai_chat.presenting.plan import Plan
from clarifai_chat.recordings.playing import Player
from clarifai_chat.recordings.recording import Recording
from components.state.slots import Slot


class Shown(TypedDict):
    """What a step of a demo has shown."""

    turns: list[Turn]  # asked live, one for each model
    run: Run | None  # the same turn, with tools
    is_played: bool  # its recording was played


class StageSlots:
    """The recording that is played, and how far; the demo that is presented."""

    recording_of = Slot(str)  # id of the turn whose recording is offered
    recording = Slot[Recording | None](lambda: None)
    recording_trouble = Slot(str)  # one sentence: why the last file could not be opened
    replay_round = Slot(int)  # which of its questions is played, from 0
    playing = Slot[list[Turn]](list)  # what fills with this round, one for each column; [] before
    player = Slot[Player](lambda: {"speed": 1.0, "places": {}})

    demo_plan = Slot[Plan | None](lambda: None)  # of the demo that is open
    address_demo = Slot(str)  # the ?demo= of the URL that was applied last
    presentation = Slot(str)  # its id, for the notes
    step_at = Slot(lambda: -1)  # from 0; before the first: -1
    presented = Slot[dict[int, Shown]](dict)  # by step
    asked_live = Slot[list[Turn]](list)  # in demos of this tab, for their limits
    wants_recordings = Slot(bool)  # rather than live answers
    network_failed = Slot(bool)  # at the last question of a demo
    stage_notice = Slot(str)  # one sentence about what was opened last
