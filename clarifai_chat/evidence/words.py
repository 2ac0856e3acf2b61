"""Say in words what came of an experiment, for pages, reports and a terminal."""

import difflib
import json
from collections import Counter
from math import ceil

from clarifai_chat.catalog import server_of
from clarifai_chat.chat.usage import dollars, seconds
from clarifai_chat.evidence.experiment import Estimate, Experiment, ToolSet
from clarifai_chat.evidence.statistics import ALPHA, Pairs, difference, mcnemar, more_pairs
from clarifai_chat.evidence.tally import Cell, Tally, percentile
from clarifai_chat.text import counted, listed, times

TRUSTED, USABLE = 0.9, 0.7  # of Wilson's interval: its lower end for one, its upper for the other


def rate(cell: Cell) -> str:
    """Return the pass rate with its interval: "7 of 10: 70 % (40 to 89 %)"."""
    if cell.rate is None:
        return "not judged yet"
    low, high = cell.interval
    return (
        f"{cell.passed} of {cell.judged}: {percent(cell.rate)} ({_whole(low)} to {percent(high)})"
    )


def percent(share: float) -> str:
    """Return a share as a percentage; only a full share is 100 %, and only none is 0 %."""
    return f"{_whole(share)} %"


def _whole(share: float) -> int:
    rounded = round(share * 100)
    return 99 if rounded == 100 and share < 1 else 1 if rounded == 0 and share > 0 else rounded


def trust(cell: Cell) -> str:
    """Return what one may rely on, in a sentence for someone who has a minute."""
    if cell.rate is None:
        return "Nothing is known yet: no run was judged."
    low, high = cell.interval
    if low >= TRUSTED:
        return f"Reliable on these cases: the true rate is very likely above {percent(low)}."
    if high < USABLE:
        return (
            f"Not reliable on these cases: the true rate is very likely below {percent(high)}."
            " Check each call before it counts."
        )
    said = f"The true rate may be anything from {_whole(low)} to {percent(high)}"
    if low >= USABLE:
        return f"Mostly right on these cases: {said[0].lower()}{said[1:]}. Check what matters."
    return f"Not decided: {said[0].lower()}{said[1:]}. More cases or repeats would tell."


def causes(found: "Counter[str]", of: int, most: int = 8) -> list[str]:
    """Return the causes of failures, the most frequent first: "date as text: 7 of 12"."""
    return [f"{cause}: {number} of {of}" for cause, number in found.most_common(most)]


def uncounted(cell: Cell) -> str:
    """Return what is not counted, and what is counted and odd, in a line; "" if nothing is."""
    parts = [
        f"{counted(cell.provider, 'failure')} of the provider, not counted"
        if cell.provider
        else "",
        f"{counted(cell.unjudged, 'run')} stopped or interrupted, not counted"
        if cell.unjudged
        else "",
        f"{counted(cell.recovered, 'run')} with a call recovered from text"
        if cell.recovered
        else "",
    ]
    others = [f"{name} {number}" for name, number in cell.quirks.items() if name != "from_text"]
    parts.append(f"quirks: {', '.join(others)}" if others else "")
    return "; ".join(filter(None, parts))


def steadiness(cell: Cell) -> str:
    """Return how many different argument sets came for a case: "1.4 per case"; "" without runs."""
    cases = len({case for case, _ in cell.arguments})
    return f"{len(cell.arguments) / cases:.1f}".removesuffix(".0") if cases else ""


def time(cell: Cell) -> str:
    """Return the median and the 95th percentile of the runs' times: "1.2 s / 3.4 s"."""
    median, late = percentile(cell.seconds, 0.5), percentile(cell.seconds, 0.95)
    return "" if median is None or late is None else f"{seconds(median)} / {seconds(late)}"


def price(cell: Cell, model_url: str) -> str:
    """Return what the runs cost: "$0.12", "free", "price unknown", "$0.12 and more"."""
    if server_of(model_url) in ("demo", "local"):
        return "free"
    if cell.uncounted and not cell.usd:
        return "price unknown" if cell.asked else ""
    return f"{dollars(cell.usd)}{' and more' if cell.uncounted else ''}"


def pass_all(tally: Tally, model: int, set_: int) -> str:
    """Return pass^k of a column, with as many tries as there are repeats: "pass^3 57 %"."""
    k = tally.experiment["repeats"]
    share = tally.pass_all(model, set_, k) if k > 1 else None
    return "" if share is None else f"pass^{k} {percent(share)}"


def estimated(found: Estimate) -> str:
    """Return what an experiment may take, in a sentence."""
    parts = [
        f"{counted(found.runs, 'run')}, at most {counted(found.requests, 'request')}",
        f"about {found.tokens_in:,} tokens in and {found.tokens_out:,} out",
    ]
    if found.usd is not None:
        price = dollars(found.usd)
        about = price if price.startswith("under") else f"about {price}"
        parts.append("free" if found.usd == 0 else about)
    if found.unpriced:
        parts.append(f"the price of {listed(found.unpriced)} is not known")
    return f"{', '.join(parts)}."


def comparison(first: str, second: str, pairs: Pairs, cases: int) -> list[list[str]]:
    """Return the figures of a comparison, each with its name; none without pairs."""
    if not pairs.total:
        return []
    delta, low, high = difference(pairs)
    p = mcnemar(pairs.only_first, pairs.only_second)
    points = f"{delta * 100:+.0f} points ({low * 100:+.0f} to {high * 100:+.0f})"
    return [
        ["Both passed", str(pairs.both)],
        [f"Only {first} passed", str(pairs.only_first)],
        [f"Only {second} passed", str(pairs.only_second)],
        ["Neither passed", str(pairs.neither)],
        [f"{second} minus {first} (95 % interval)", points],
        ["Exact McNemar test", f"p = {p:.3f}"],
        ["More that would decide", _more(pairs, p, cases)],
    ]


def _more(pairs: Pairs, p: float, cases: int) -> str:
    if p <= ALPHA:
        return "none: it is decided on these cases"
    more = more_pairs(pairs)
    if not more:
        return "not known: so far the two are as good, or nearly"
    each = f"each case {times(ceil(more / cases))} more"
    return f"about {counted(2 * more, 'run')}, which is {each}, if the shares stay as they are"


def changes(first: ToolSet, second: ToolSet) -> str:
    """Return what differs between two sets of tools, as a unified diff; "" if nothing does."""
    lines = difflib.unified_diff(
        _written(first), _written(second), first["name"], second["name"], lineterm=""
    )
    return "\n".join(lines)


def _written(tools: ToolSet) -> list[str]:
    if tools["tools"] is None:
        shown = ["Tools: those that each case brings"]
    else:
        shown = json.dumps(tools["tools"], ensure_ascii=False, indent=2).splitlines()
    return ["System prompt:", *tools["system"].splitlines(), "", *shown]


def setup(experiment: Experiment) -> str:
    """Return the settings of an experiment in a line."""
    temperature = experiment["temperature"]
    parts = [
        counted(len(experiment["cases"]), "case"),
        f"each asked {times(experiment['repeats'])}",
        "temperature of the server's choice"
        if temperature is None
        else f"temperature {temperature:g}",
        f"texts compared {'as BFCL does' if experiment['strings'] == 'loose' else 'to the letter'}",
    ]
    return ", ".join(parts)
