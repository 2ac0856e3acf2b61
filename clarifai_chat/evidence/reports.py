"""Write an experiment's results as JSON, CSV and JUnit XML."""

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from clarifai_chat.evidence import words
from clarifai_chat.evidence.experiment import Experiment, column_name, task
from clarifai_chat.evidence.record import Record
from clarifai_chat.evidence.tally import ASKED, Tally, percentile

KIND = "clarifai-chat-evidence"
# What XML cannot hold.
_NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def columns(tally: Tally) -> list[dict[str, Any]]:
    """Return the figures of each model and set of tools, as plain data."""
    experiment, k = tally.experiment, tally.experiment["repeats"]
    found = []
    for model, ref in enumerate(experiment["models"]):
        for set_, tools in enumerate(experiment["sets"]):
            cell = tally.column(model, set_)
            low, high = cell.interval
            found.append(
                {
                    "model": ref["url"],
                    "name": ref["name"],
                    "tools": tools["name"],
                    "passed": cell.passed,
                    "failed": cell.failed,
                    "rate": cell.rate,
                    "low": low,
                    "high": high,
                    "k": k,
                    "pass_k": tally.pass_all(model, set_, k),
                    "provider_failures": cell.provider,
                    "not_judged": cell.unjudged,
                    "recovered": cell.recovered,
                    "quirks": dict(cell.quirks),
                    "causes": dict(cell.causes.most_common()),
                    "argument_sets": len(cell.arguments),
                    "median_s": percentile(cell.seconds, 0.5),
                    "p95_s": percentile(cell.seconds, 0.95),
                    "tokens_in": cell.tokens_in,
                    "tokens_out": cell.tokens_out,
                    "usd": None if cell.uncounted else cell.usd,
                }
            )
    return found


def rows(experiment: Experiment, record: Record) -> Iterator[dict[str, Any]]:
    """Yield each run that was asked, as plain data."""
    for number, status, result in record.results():
        of = task(experiment, number)
        yield {
            "case": experiment["cases"][of.case]["id"],
            "topic": experiment["cases"][of.case]["topic"],
            "model": experiment["models"][of.model]["url"],
            "column": column_name(experiment, of.model, of.set),
            "tools": experiment["sets"][of.set]["name"],
            "repeat": of.repeat + 1,
            "status": "unjudged" if status == ASKED else status,
            "cause": result.get("cause", ""),
            "said": result.get("said", ""),
            "recovered": bool(result.get("recovered")),
            "quirks": result.get("quirks", []),
            "arguments": result.get("arguments", ""),
            "seconds": result.get("seconds"),
            "requests": result.get("requests"),
            "tokens_in": result.get("tokens_in"),
            "tokens_out": result.get("tokens_out"),
            "usd": result.get("usd"),
        }


def as_json(tally: Tally, record: Record) -> str:
    """Return everything but the words of the models."""
    experiment = tally.experiment
    whole = {
        "kind": KIND,
        "name": experiment["name"],
        "strings": experiment["strings"],
        "repeats": experiment["repeats"],
        "temperature": experiment["temperature"],
        "sets": experiment["sets"],
        "columns": columns(tally),
        "cases": experiment["cases"],
        "runs": list(rows(experiment, record)),
    }
    return json.dumps(whole, ensure_ascii=False, indent=2)


def as_csv(experiment: Experiment, record: Record) -> str:
    """Return one line for each run; cells that a spreadsheet would compute are quoted."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\r\n")
    names: list[str] = []
    for row in rows(experiment, record):
        if not names:
            names = [name for name in row if name != "column"]
            writer.writerow([*names, "strings"])
        cells = [", ".join(row[n]) if n == "quirks" else row[n] for n in names]
        writer.writerow([*map(_cell, cells), experiment["strings"]])
    return lines.getvalue()


def _cell(value: Any) -> Any:
    is_formula = isinstance(value, str) and value.startswith(_FORMULA)
    return f"'{value}" if is_formula else "" if value is None else value


def as_junit(tally: Tally, record: Record) -> str:
    """Return JUnit XML: a suite for each model and set, a test for each run.

    What is not counted is skipped, with its cause.
    """
    experiment = tally.experiment
    root = ElementTree.Element("testsuites", name=_xml(experiment["name"]))
    suites: dict[str, ElementTree.Element] = {}
    for row in rows(experiment, record):
        suite = suites.get(row["column"])
        if suite is None:
            suite = ElementTree.SubElement(root, "testsuite", name=_xml(row["column"]))
            suites[row["column"]] = suite
            for name in ("tests", "failures", "errors", "skipped"):
                suite.set(name, "0")
        test = ElementTree.SubElement(
            suite,
            "testcase",
            classname=_xml(f"{row['column']}.{row['topic']}"),
            name=_xml(f"{row['case']} ({row['repeat']})"),
            time=f"{row['seconds'] or 0:.3f}",
        )
        _count(suite, "tests")
        if row["status"] == "fail":
            failure = ElementTree.SubElement(test, "failure", message=_xml(row["cause"]))
            failure.text = _xml(row["said"])
            _count(suite, "failures")
        elif row["status"] != "pass":
            said = row["cause"] or "asked, but no answer was kept"
            ElementTree.SubElement(test, "skipped", message=_xml(said))
            _count(suite, "skipped")
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _count(suite: ElementTree.Element, name: str) -> None:
    suite.set(name, str(int(suite.get(name, "0")) + 1))


def _xml(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)


def as_text(tally: Tally) -> str:
    """Return the figures in a few lines for each column, for a terminal."""
    experiment = tally.experiment
    lines = [f"{experiment['name']}: {words.setup(experiment)}", ""]
    for model, ref in enumerate(experiment["models"]):
        for set_, _ in enumerate(experiment["sets"]):
            cell = tally.column(model, set_)
            parts = [
                words.rate(cell),
                words.pass_all(tally, model, set_),
                f"{words.time(cell)} (median / p95)" if words.time(cell) else "",
                words.price(cell, ref["url"]),
            ]
            lines += [column_name(experiment, model, set_), f"  {' · '.join(filter(None, parts))}"]
            lines.append(f"  {words.trust(cell)}")
            lines += [f"  failed, {each}" for each in words.causes(cell.causes, cell.failed)]
            lines += [
                f"  not counted, {cause}: {number}"
                for cause, number in cell.other_causes.most_common(5)
            ]
            if told := words.uncounted(cell):
                lines.append(f"  {told}")
            lines += [
                f"  {asked['id']}: {own.failed} of {own.judged} failed, {cause}"
                for case, asked in enumerate(experiment["cases"])
                if (own := tally.cell(model, set_, case)).failed
                for cause in [next(iter(own.causes))]
            ]
            lines.append("")
    return "\n".join(lines).rstrip()
