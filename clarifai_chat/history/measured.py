"""Shape what was measured of models, and merge what several tabs measured."""

from typing import Any, TypedDict

MOST_MODELS = 200  # of one visitor; the ones measured last stay
MAX_WHYS = 5
MAX_CHARS = 300  # of each of them


class Measured(TypedDict):
    """What a few runs told; those that failed for the provider's reasons are not in `of`."""

    at: float  # Unix time
    passed: int
    of: int
    whys: list[str]  # why runs did not pass, each cause once


Findings = dict[str, dict[str, Measured]]  # a model's address → what was measured → what came of it


def changes(mine: Findings, before: Findings) -> Findings:
    """Return what of `mine` is not in `before`."""
    found: Findings = {}
    for url, kinds in mine.items():
        known = before.get(url, {})
        if new := {kind: each for kind, each in kinds.items() if each != known.get(kind)}:
            found[url] = new
    return found


def merged(new: Findings, there: Findings) -> Findings:
    """Return both; of two measurements of the same, the later one."""
    made = {url: {**kinds} for url, kinds in there.items()}
    for url, kinds in new.items():
        known = made.setdefault(url, {})
        for kind, each in kinds.items():
            if kind not in known or each["at"] > known[kind]["at"]:
                known[kind] = each
    if len(made) <= MOST_MODELS:
        return made
    last = sorted(made, key=lambda url: -max(each["at"] for each in made[url].values()))
    return {url: made[url] for url in last[:MOST_MODELS]}


def sound(saved: Any) -> Findings:
    """Return findings, whatever was saved: by another version, or in a restored file."""
    found: Findings = {}
    for url, kinds in saved.items() if isinstance(saved, dict) else ():
        if isinstance(kinds, dict) and (kept := {k: m for k, v in kinds.items() if (m := _one(v))}):
            found[str(url)] = kept
    return merged({}, found)


def _one(saved: Any) -> Measured | None:
    match saved:
        case {"at": int() | float() as at, "passed": int() as passed, "of": int() as of}:
            whys = saved.get("whys")
            texts = [each for each in whys if isinstance(each, str)] if whys else []
            return {"at": at, "passed": passed, "of": of, "whys": texts[:MAX_WHYS]}
    return None
