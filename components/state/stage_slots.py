"""Keep what a tab remembers about recordings."""

from clarifai_chat.chat.turn import Turn
from clarifai_chat.recordings.playing import Player
from clarifai_chat.recordings.recording import Recording
from components.state.slots import Slot


class StageSlots:
    """The recording that is played, and how far."""

    recording_of = Slot(str)  # id of the turn whose recording is offered
    recording = Slot[Recording | None](lambda: None)
    recording_trouble = Slot(str)  # one sentence: why the last file could not be opened
    replay_round = Slot(int)  # which of its questions is played, from 0
    playing = Slot[list[Turn]](list)  # what fills with this round, one for each column; [] before
    player = Slot[Player](lambda: {"speed": 1.0, "places": {}})
