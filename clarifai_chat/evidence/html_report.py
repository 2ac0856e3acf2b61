"""Write an experiment's results as one page of HTML that needs nothing else."""

from collections.abc import Sequence
from html import escape

from clarifai_chat.evidence import reports, words
from clarifai_chat.evidence.cases import summary
from clarifai_chat.evidence.experiment import column_name, columns
from clarifai_chat.evidence.record import Record
from clarifai_chat.evidence.statistics import conclusion
from clarifai_chat.evidence.tally import Cell, Tally

# Read in black and white, on a phone and on paper; nothing is loaded, and no script runs.
_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title><style>
:root {{ color-scheme: light dark }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto;
padding: 0 1rem }}
div.table {{ overflow-x: auto }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; vertical-align: top; padding: 0.3rem 0.8rem 0.3rem 0;
overflow-wrap: anywhere;
border-bottom: 1px solid color-mix(in srgb, currentColor 25%, transparent) }}
</style></head><body>"""
MAX_ROWS = 5_000


def interval_bar(cell: Cell) -> str:
    """Return HTML that shows a pass rate and its interval on a line; "" if it is not known.

    The line is 0 to 100 %. It takes the colour of the text, so that it can be read in both themes
    and without colours.
    """
    if cell.rate is None:
        return ""
    low, high = cell.interval
    part = "position: absolute; background: currentColor;"
    return (
        f'<div role="img" aria-label="Passed {escape(words.rate(cell))}" style="position: relative;'
        ' height: 1.25rem; max-width: 40rem; margin: 0.25rem 0">'
        f'<div style="{part} opacity: 0.2; left: 0; right: 0; top: 0.55rem; height: 2px"></div>'
        f'<div style="{part} opacity: 0.55; left: {low * 100:.1f}%;'
        f' width: {(high - low) * 100:.1f}%; top: 0.35rem; height: 0.5rem"></div>'
        f'<div style="{part} left: calc({cell.rate * 100:.1f}% - 2px); top: 0; width: 4px;'
        ' height: 1.25rem"></div></div>'
    )


def as_html(tally: Tally, record: Record) -> str:
    """Return the page: what may be relied on, figures, causes, results by case, and each run."""
    experiment = tally.experiment
    shown = columns(experiment)
    names = [column_name(experiment, *column) for column in shown]
    parts = [
        _HEAD.format(title=escape(experiment["name"])),
        f"<h1>{escape(experiment['name'])}</h1><p>{escape(words.setup(experiment))}.</p>",
    ]
    for name, (model, set_) in zip(names, shown, strict=True):
        parts.append(_column(tally, name, model, set_))
    for place, name in enumerate(names[1:], 1):
        pairs = tally.pairs(shown[0], shown[place])
        parts.append(f"<h2>Which is better?</h2><p>{escape(conclusion(names[0], name, pairs))}</p>")
        figures = words.comparison(names[0], name, pairs, len(experiment["cases"]))
        parts.append(
            _table(["Pairs of the same case and try", "Figure"], figures) if figures else ""
        )
    parts.append("<h2>By case</h2>")
    head = ["Case", "Asked", "Expected", *names, "Why that is right"]
    parts.append(_table(head, [
        [
            case["id"],
            case["prompt"],
            summary(case),
            *(_cell(tally.cell(*column, number)) for column in shown),
            case["about"],
        ]
        for number, case in enumerate(experiment["cases"])
    ]))  # fmt: skip
    parts.append("<h2>Runs</h2>")
    rows = [
        [row["case"], row["column"], str(row["repeat"]), row["status"], row["cause"], row["said"]]
        for row in reports.rows(experiment, record)
    ]
    parts.append(_table(["Case", "Model", "Try", "Result", "Cause", "In words"], rows[:MAX_ROWS]))
    if len(rows) > MAX_ROWS:
        parts.append(f"<p>The first {MAX_ROWS:,} of {len(rows):,} runs.</p>")
    return "\n".join([*parts, "</body></html>\n"])


def _column(tally: Tally, name: str, model: int, set_: int) -> str:
    cell = tally.column(model, set_)
    figures = [
        ["Passed (95 % interval)", words.rate(cell)],
        ["Every time", words.pass_all(tally, model, set_)],
        ["Different calls per case", words.steadiness(cell)],
        ["Median / 95th percentile", words.time(cell)],
        ["Tokens", f"{cell.tokens_in:,} in, {cell.tokens_out:,} out"],
        ["Cost", words.price(cell, tally.experiment["models"][model]["url"])],
        ["Not counted, and odd", words.uncounted(cell)],
    ]
    failed = "".join(f"<li>{escape(each)}</li>" for each in words.causes(cell.causes, cell.failed))
    return (
        f"<h2>{escape(name)}</h2><p>{escape(words.trust(cell))}</p>{interval_bar(cell)}"
        + _table(["Figure", "Value"], [row for row in figures if row[1]])
        + (f"<h3>Why it failed</h3><ul>{failed}</ul>" if failed else "")
    )


def _cell(cell: Cell) -> str:
    if not cell.asked:
        return ""
    said = f"{cell.passed} of {cell.judged}" if cell.judged else "not counted"
    return f"{said}: {next(iter(cell.causes))}" if cell.causes else said


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    titles = "".join(f'<th scope="col">{escape(each)}</th>' for each in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return (
        f'<div class="table"><table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>'
        "</div>"
    )
