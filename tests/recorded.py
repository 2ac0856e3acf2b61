"""Recordings as fixtures: what a visitor saved, as a page opens it or a server sends it."""

from pathlib import Path

from clarifai_chat.playground.runs import Run
from clarifai_chat.recordings import files
from clarifai_chat.recordings.recording import Recording
from tests import fake_clarifai
from tests.fake_clarifai import Behaviour

WHERE = Path(__file__).parent / "recordings"


def load(name: str) -> Recording:
    """The recording in tests/recordings with this name."""
    return files.read((WHERE / f"{name}.json").read_bytes())


def sent_again(run: Run) -> list[Behaviour]:
    """What the server sent for each request of a recorded run: `fake.next(*sent_again(run))`."""
    return [
        fake_clarifai.stream("".join(f"data: {data}\n\n" for _, data in exchange["chunks"]))
        for exchange in run["exchanges"]
    ]
