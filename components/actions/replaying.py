"""Open a recording, play it, pause it, step through it. Nothing here draws."""

from collections.abc import Iterator
from functools import partial

from clarifai_chat.chat import replies
from clarifai_chat.chat.turn import Turn, is_over
from clarifai_chat.events import StreamEvent
from clarifai_chat.llm.transport import InFlight
from clarifai_chat.recordings import files, playing
from clarifai_chat.recordings.files import BadRecording
from clarifai_chat.recordings.recording import Recording, of_answer, rounds
from components.state.session import is_here, session
from components.state.slots import forget_widgets, widget
from components.state.streamlit_patches import uninterrupted

SPEEDS = {"\N{MULTIPLICATION SIGN}1": 1.0, "\N{MULTIPLICATION SIGN}4": 4.0}
USUAL_SPEED = next(iter(SPEEDS))


@uninterrupted()
def open_file() -> None:
    """Open the file that was chosen; what was open stays if it cannot be read."""
    upload = widget("open_recording")
    if upload is None:
        return
    session.recording_trouble = ""
    try:
        open_recording(files.read(upload.getvalue()))
    except BadRecording as error:
        session.recording_trouble = str(error)


def open_recording(recording: Recording | None) -> None:
    """Put a recording on the page, at its beginning; None takes the last one away."""
    _stop()
    session.recording, session.replay_round, session.playing = recording, 0, []
    session.player = {"speed": SPEEDS[USUAL_SPEED], "places": {}}
    forget_widgets("replay_speed")


@uninterrupted()
def close() -> None:
    open_recording(None)
    forget_widgets("open_recording")


@uninterrupted()
def offer(turn: Turn) -> None:
    """Offer a recording of this answer."""
    session.recording_of = turn["id"]


@uninterrupted()
def dismiss() -> None:
    session.recording_of = ""


def offered() -> Recording | None:
    """Return the recording of the answer that was chosen; None if it is gone or not over."""
    turn = next((t for t in session.chat["turns"] if t["id"] == session.recording_of), None)
    if turn is None or not is_over(turn):
        return None
    return of_answer(turn, session.chat["settings"])


def recorded() -> list[Turn]:
    """Return the recorded turns of this round, one for each column that has one."""
    found, number = session.recording, session.replay_round
    columns = found["columns"] if found else []
    return [column["turns"][number] for column in columns if number < len(column["turns"])]


def is_running() -> bool:
    return any(replies.get(turn) for turn in session.playing)


def is_all_shown() -> bool:
    """Return whether all of this round has been played."""
    return bool(session.playing) and all(is_over(turn) for turn in session.playing)


def is_last_round() -> bool:
    return session.recording is None or session.replay_round + 1 >= rounds(session.recording)


@uninterrupted()
def play() -> None:
    """Play on from where it is; the next question if this one is over, the first after the last."""
    if session.recording is None or is_running():
        return
    if is_all_shown():
        _begin(0 if is_last_round() else session.replay_round + 1)
    shown = [_shown(turn) for turn in session.playing] or [0] * len(recorded())
    session.playing = []
    for turn, start in zip(recorded(), shown, strict=True):
        filled = playing.fresh(turn, start)
        session.player["places"][filled["id"]] = start
        session.playing = [*session.playing, filled]
        if not is_over(filled):
            filled["asked_at"] = None  # as a question that is about to be asked
            work = partial(_events, turn, filled, session.player, start)
            replies.ask(filled, work, queue=filled["id"], is_here=is_here())


def _events(
    turn: Turn, filled: Turn, player: playing.Player, start: int, in_flight: InFlight
) -> Iterator[StreamEvent]:
    return playing.events(turn, filled, player, in_flight, start)


@uninterrupted()
def pause() -> None:
    _stop()
    _show([_shown(turn) for turn in session.playing])


@uninterrupted()
def step() -> None:
    """Show one more step of each column."""
    _stop()
    if is_all_shown():
        if is_last_round():
            return
        _begin(session.replay_round + 1)
    turns = recorded()
    shown = [_shown(turn) for turn in session.playing] or [0] * len(turns)
    _show([playing.next_stop(*each) for each in zip(turns, shown, strict=True)])


@uninterrupted()
def show_all() -> None:
    """Show all of the recording at once."""
    if session.recording:
        _stop()
        _begin(rounds(session.recording) - 1)
        _show([playing.length(turn) for turn in recorded()])


@uninterrupted()
def start_over() -> None:
    _stop()
    _begin(0)


@uninterrupted()
def take_speed() -> None:
    session.player["speed"] = SPEEDS[widget("replay_speed") or USUAL_SPEED]


def _begin(number: int) -> None:
    session.replay_round, session.playing = number, []


def _show(shown: list[int]) -> None:
    session.playing = [playing.fresh(*each) for each in zip(recorded(), shown, strict=True)]
    for turn, count in zip(session.playing, shown, strict=True):
        session.player["places"][turn["id"]] = count


def _shown(turn: Turn) -> int:
    return session.player["places"].get(turn["id"], 0)


def _stop() -> None:
    for turn in session.playing:
        replies.drop(turn)
