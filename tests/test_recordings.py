"""A recording: what is in the file, what is not, which files are refused, and how it is played."""

import json
import time

import pytest

from clarifai_chat.chat import pace
from clarifai_chat.chat.pace import Pacer
from clarifai_chat.chat.turn import answer_text, apply, end, is_over, new_turn
from clarifai_chat.errors import CutOff
from clarifai_chat.events import Finished, ReasoningDelta, Replayed, TextDelta, Usage
from clarifai_chat.llm.transport import InFlight
from clarifai_chat.recordings import files, playing
from clarifai_chat.recordings.files import BadRecording
from clarifai_chat.recordings.recording import of_answer, of_comparison, ribbon, rounds
from tests.canary import CANARY, assert_no_canary
from tests.conftest import MODEL
from tests.recorded import WHERE, load

ASKED_AT = 1_764_252_120.0  # 2025-11-27 14:02 UTC
SHOWN = ("prompt", "model", "replies", "figures", "before", "ending", "problem", "request_id")


def answered(*texts, prompt="Why?", name="o4-mini", every_s=0.2):
    """A turn that was answered with these pieces."""
    turn = new_turn(prompt, {"url": MODEL, "name": name, "input_price": 1.0, "output_price": 2.0})
    turn["asked_at"], pacer = ASKED_AT, Pacer()
    for number, text in enumerate(texts, 1):
        apply(turn, ReasoningDelta(text) if number == 1 else TextDelta(text), number * every_s)
        pacer.note(turn, number * every_s)
    apply(turn, Usage(12, 34), len(texts) * every_s)
    apply(turn, Finished("stop", "req-1"), len(texts) * every_s + 0.1)
    return turn


def again(recording, pat=""):
    return files.read(files.as_json(recording, pat).encode())


def recorded(turn):
    return again(of_answer(turn, {}))["columns"][0]["turns"][0]


# --- The file ------------------------------------------------------------------------------------


def test_a_file_holds_question_settings_answer_figures_and_pace():
    turn = answered("Hm.", "Because ", "of it.")

    recording = again(of_answer(turn, {"system": "Be brief."}))

    (column,) = recording["columns"]
    assert column["settings"] == {"system": "Be brief."}
    assert {name: column["turns"][0][name] for name in SHOWN} == {n: turn[n] for n in SHOWN}
    assert column["turns"][0]["pace"] == turn["pace"] == "200q0n1r3c0a0 200c8 200c14"


def test_a_comparison_holds_each_round_that_is_over_everywhere():
    one, other = answered("", "One"), answered("", "Other", name="gpt-4o")
    running = new_turn("And now?", one["model"])

    recording = again(
        of_comparison(
            [
                {"settings": {}, "turns": [one, answered("", "More")]},
                {"settings": {}, "turns": [other, running]},
            ]
        )
    )

    assert rounds(recording) == 1
    assert [c["turns"][0]["model"]["name"] for c in recording["columns"]] == ["o4-mini", "gpt-4o"]


def test_a_file_from_before_is_read_as_it_was_written():
    """Files are kept for years: whoever changes a field has to go on reading this one."""
    found = json.loads((WHERE / "lost-connection.json").read_text("utf-8"))

    recording = load("lost-connection")

    (column,) = found["columns"]
    (turn,) = column["turns"]
    assert recording["columns"][0]["settings"] == column["settings"]
    assert recording["columns"][0]["turns"] == [turn]
    assert recording["recorded_at"] == found["recorded_at"]
    assert played(turn)[0]["problem"]["kind"] == "CutOff"


def test_the_token_is_in_no_recording_wherever_it_was_said():
    turn = answered(f"It is {CANARY}.", f"You told me {CANARY[:9]}", CANARY[9:], prompt=CANARY)

    text = files.as_json(of_answer(turn, {"system": f"Use {CANARY}."}), CANARY)

    assert_no_canary("a recording", text)
    played = files.read(text.encode())["columns"][0]["turns"][0]
    assert answer_text(played) == "You told me [access token]"
    shown = pace.at(played, pace.moments(played)[-1].sizes)
    assert answer_text({**played, **shown}).startswith("You told me [access")


def test_the_operators_token_is_not_in_it_either(set_up):
    set_up(CLARIFAI_PAT=CANARY)

    assert_no_canary("a recording", files.as_json(of_answer(answered("", CANARY), {})))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\xff\xfe\x00", "is not text"),
        (b"{", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "is not a recording"),
        (b'{"format": "clarifai-chat-recording", "version": 2}', "another version"),
        (b'{"format": "clarifai-chat-recording", "version": 1}', "no answer in it"),
        (b'{"format": "clarifai-chat-recording", "version": 1, "columns": [3]}', "no answer"),
        (b'{"steps": []}', "no step"),
        (b" " * (files.MAX_BYTES + 1), "too large"),
    ],
)
def test_what_cannot_be_played_is_refused_with_the_reason(data, why):
    with pytest.raises(BadRecording, match=why):
        files.read(data)


def test_junk_in_a_file_does_no_harm():
    found = json.loads(files.as_json(of_answer(answered("Hm.", "Yes."), {})))
    turn = found["columns"][0]["turns"][0]
    turn |= {"pace": 3, "figures": [], "asked_at": "now", "id": "../x", "model": None}
    found |= {"recorded_at": "yesterday", "kind": "run"}

    recording = files.read(json.dumps(found).encode())

    assert answer_text(recording["columns"][0]["turns"][0]) == "Yes."
    assert "Recording with unknown model. Nothing is sent. The timing is made up" in ribbon(
        recording
    )


def test_an_exported_conversation_can_be_played_too():
    row = {"turns": [answered("", "One"), answered("", "Two")]}
    export = {"format": "clarifai-chat", "version": 1, "chats": [row]}

    recording = files.read(json.dumps(export).encode())

    assert [answer_text(turn) for turn in recording["columns"][0]["turns"]] == ["One", "Two"]


def test_the_ribbon_says_when_with_which_model_and_whether_the_timing_is_known():
    turn = answered("", "Yes.")
    assert ribbon(of_answer(turn, {})) == (
        "Recorded on 27 November 2025 at 14:02 UTC with o4-mini. Nothing is sent."
    )

    del turn["pace"]

    assert ribbon(of_answer(turn, {})).endswith("The timing is made up: only its average was kept.")


# --- Playing -------------------------------------------------------------------------------------


def played(turn, *, speed=1000.0, start=0):
    """A fresh turn as it is once the recorded one has been played, and what it held meanwhile."""
    filled, seen = playing.fresh(turn, start), []
    player = {"speed": speed, "places": {}}
    for event in playing.events(turn, filled, player, InFlight(), start):
        assert isinstance(event, Replayed)
        apply(filled, event, 0.0)
        seen.append(answer_text(filled))
    return filled, seen


def test_a_played_turn_grows_as_the_original_did_and_is_the_same_in_the_end():
    turn = recorded(answered("Hm.", "Because ", "of it."))

    filled, seen = played(turn)

    assert seen == ["", "Because ", "Because of it.", "Because of it."]
    assert {name: filled[name] for name in SHOWN} == {name: turn[name] for name in SHOWN}
    assert is_over(filled)
    assert filled["id"] != turn["id"]  # two visitors may play one file at once


def test_a_failure_is_played_with_its_reason():
    original = answered("", "Half")
    original["ended_at"] = None
    original["ending"] = ""
    end(original, "", 1.0, CutOff().problem())

    filled, _ = played(recorded(original))

    assert filled["problem"] == original["problem"]
    assert answer_text(filled) == "Half"


def test_a_timing_that_is_made_up_plays_to_the_same_end():
    turn = recorded(answered("Hm.", "Because of it."))
    del turn["pace"]

    filled, seen = played(turn)

    assert len(seen) > 3
    assert filled["replies"] == turn["replies"]


def test_it_takes_its_own_time_and_a_quarter_of_it_at_four_times_the_speed(monkeypatch):
    waits = []
    turn = recorded(answered("Hm.", "Because ", "of it."))
    monkeypatch.setattr(InFlight, "is_cut", False)

    class Ended:
        def wait(self, seconds):
            waits.append(seconds)

    for speed in (1.0, 4.0):
        waits.clear()
        in_flight = InFlight()
        in_flight.ended = Ended()
        list(playing.events(turn, playing.fresh(turn), {"speed": speed, "places": {}}, in_flight))
        assert sum(waits) == pytest.approx(0.7 / speed)


def test_a_pause_stops_at_once_and_playing_goes_on_from_there():
    turn = recorded(answered("Hm.", "Because ", "of it.", every_s=20))
    in_flight, filled = InFlight(), playing.fresh(turn)
    events = playing.events(turn, filled, {"speed": 1.0, "places": {}}, in_flight)
    in_flight.cut()
    began = time.monotonic()

    assert list(events) == []
    assert time.monotonic() - began < 10  # it would take 60 s

    _, seen = played(turn, start=2)
    assert seen == ["Because of it.", "Because of it."]


def test_a_step_ends_with_a_paragraph_a_change_or_the_end():
    turn = recorded(answered("Hm.", "One ", "two.\n", "\n", "Three ", "four."))
    shown, steps = 0, []
    while shown < playing.length(turn):
        shown = playing.next_stop(turn, shown)
        steps.append(answer_text(playing.fresh(turn, shown)))

    assert steps == ["", "One two.\n\n", "One two.\n\nThree four.", "One two.\n\nThree four."]
    assert is_over(playing.fresh(turn, shown))
