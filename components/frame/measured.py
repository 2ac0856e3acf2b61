"""What was measured of a model in this tab: it stands beside what its facts claim."""

from clarifai_chat.evidence import probe
from components.state.session import session


def text(url: str) -> str:
    """Return how many of the runs with a tool passed, and when; "" if nothing was measured."""
    job = session.measured.get(url)
    return probe.said(job["result"]) if job and job["result"] else ""
