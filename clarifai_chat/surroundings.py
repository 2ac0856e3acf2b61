"""Provide what a container may lack: a home folder, and a folder for temporary files."""

import os
import tempfile
from functools import cache
from pathlib import Path

from starlette.formparsers import MultiPartParser

from clarifai_chat.config import ROOT

PLACES = (Path("/dev/shm"), Path("/run/lock"), ROOT / "data")  # noqa: S108 - tried after the usual ones
MAX_UPLOAD_BYTES = 64 * 1024 * 1024


@cache
def prepare() -> tuple[str, ...]:
    """Provide both if they are missing; return a sentence on each. Must come before any page."""
    return tuple(problem for problem in (_home(), _temporary_folder()) if problem)


def _home() -> str:
    try:
        Path.home()
    except RuntimeError:  # no HOME, and no user of this number: Streamlit answers nothing then
        os.environ["HOME"] = "/"
        return (
            "HOME is not set and this user has no home folder, so HOME=/ is used. Set HOME to a"
            " folder to end this warning; the app keeps nothing there."
        )
    return ""


def _temporary_folder() -> str:
    try:
        tempfile.gettempdir()
    except FileNotFoundError:  # litellm could not be imported then
        found = next((each for each in PLACES if os.access(each, os.W_OK | os.X_OK)), None)
        tempfile.tempdir = str(found or ROOT)
        if found is None:
            MultiPartParser.spool_max_size = MAX_UPLOAD_BYTES  # more than the app accepts
        instead = f"{found} is used" if found else "files that are uploaded stay in memory"
        return (
            f"No folder for temporary files can be written, so {instead}. Mount a writable /tmp, or"
            " set TMPDIR to a folder that the app may write."
        )
    return ""
