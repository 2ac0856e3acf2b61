"""What was measured of a model: it stands beside what its facts claim, and is never mixed."""

from clarifai_chat.evidence import probe
from clarifai_chat.history import measured
from components.state.session import session


def take() -> None:
    """Keep what measurements told that have ended. Call it before the choices are saved."""
    for url, job in session.measuring.items():
        if job["state"] == "done" and (new := _judged(job["result"])):
            session.measured = measured.merged({url: new}, session.measured)


def _judged(found: dict[str, measured.Measured]) -> dict[str, measured.Measured]:
    return {kind: each for kind, each in found.items() if each["of"]}


def text(url: str) -> str:
    """Return what was measured, how often each passed, and when; "" if nothing was."""
    return probe.all_said(session.measured.get(url, {}))
