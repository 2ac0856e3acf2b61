"""Find demos: those of the operator's folder, and those that are shipped."""

import re
from pathlib import Path
from typing import NamedTuple

from clarifai_chat.config import ROOT, settings
from clarifai_chat.presenting import plan
from clarifai_chat.presenting.plan import BadPlan, Plan, Step
from clarifai_chat.recordings import files
from clarifai_chat.recordings.files import BadRecording
from clarifai_chat.recordings.recording import Recording

SHIPPED = ROOT / "clarifai_chat" / "data" / "demos"
ENDINGS = (".yaml", ".yml", ".json")
MAX_PLANS = 100
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,49}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.json")


class Listed(NamedTuple):
    """A demo of the list: its plan, or why it cannot be presented."""

    name: str
    plan: Plan | None
    trouble: str


def listing() -> list[Listed]:
    """Return all demos, the operator's first; one of theirs replaces a shipped one by its name."""
    found: dict[str, Listed] = {}
    for folder in _folders():
        for path in _files(folder):
            if path.stem not in found:
                found[path.stem] = _listed(path)
    return [*found.values()][:MAX_PLANS]


def load(name: str) -> Plan:
    """Return the plan of this name. Raises `BadPlan`, whose text is a sentence."""
    found = next((each for each in listing() if each.name == name), None)
    if found is None:
        raise BadPlan("There is no demo of this name here.")
    if found.plan is None:
        raise BadPlan(f"The demo {name} cannot be presented: {found.trouble}.")
    return found.plan


def recording_of(step: Step) -> Recording:
    """Return the recording of a step. Raises `BadRecording`."""
    return files.read(_content(step["recording"]))


def problems() -> list[str]:
    """Return a sentence on each demo of the operator's that cannot be presented as it is."""
    folder = settings().demos_dir
    if not folder:
        return []
    if not Path(folder).is_dir():
        return [f"DEMOS_DIR names no folder that can be read: {folder}."]
    found = []
    for path in _files(Path(folder)):
        listed = _listed(path)
        if listed.plan is None:
            found.append(f"The demo {path.name} cannot be presented: {listed.trouble}.")
            continue
        for number, step in enumerate(listed.plan["steps"], 1):
            try:
                if step["recording"]:
                    recording_of(step)
            except BadRecording as error:
                found.append(f"The demo {path.name}, step {number}: {error}")
    return found


def _folders() -> list[Path]:
    own = settings().demos_dir
    return [*([Path(own)] if own else []), SHIPPED]


def _files(folder: Path) -> list[Path]:
    try:
        found = sorted(folder.iterdir())
    except OSError:
        return []
    return [p for p in found if p.suffix in ENDINGS and _NAME.fullmatch(p.stem) and p.is_file()]


def _listed(path: Path) -> Listed:
    try:
        return Listed(path.stem, plan.read(_bytes(path, plan.MAX_BYTES), path.stem), "")
    except BadPlan as error:
        return Listed(path.stem, None, str(error))
    except OSError as error:
        return Listed(path.stem, None, f"its file cannot be read ({error.strerror})")


def _content(name: str) -> bytes:
    """Return a file of a folder `recordings` beside the demos; no name leads out of it."""
    if not _FILE.fullmatch(name):
        raise BadRecording(f"“{name[:60]}” is not the name of a recording, such as answer.json.")
    for folder in _folders():
        path = folder / "recordings" / name
        try:
            if path.is_file():
                return _bytes(path, files.MAX_BYTES)
        except OSError as error:
            raise BadRecording(f"{name} cannot be read ({error.strerror}).") from None
    raise BadRecording(f"There is no {name} in the folder recordings beside the demos.")


def _bytes(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        return file.read(most + 1)
