"""Draw what came of an experiment: in a sentence, in figures, case by case, run by run."""

import time
from functools import partial

import streamlit as st

from clarifai_chat.access_token import redact
from clarifai_chat.evidence import cases, reports, words, workflow_file
from clarifai_chat.evidence.experiment import MAX_REPEATS, column_name, columns, tools_for, unusable
from clarifai_chat.evidence.html_report import as_html, interval_bar
from clarifai_chat.evidence.promptfoo_file import as_promptfoo
from clarifai_chat.evidence.pytest_file import as_pytest
from clarifai_chat.evidence.runner import Runner
from clarifai_chat.evidence.tally import Cell
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.text import counted
from components.evaluate import acts, comparison, run_list, table
from components.state.session import session
from components.state.slots import LOOK_S, pause_point

REDRAW_S = 1.0  # the least time between two drawings of a growing grid
NAMES = {
    "junit": "evaluation.xml",
    "py": "test_evaluation.py",
    "promptfoo": "promptfooconfig.yaml",
    "cases": workflow_file.CASES,
    "workflow": "evaluate.yml",
}
FILES = {
    "json": ("JSON", "application/json"),
    "csv": ("CSV", "text/csv"),
    "junit": ("JUnit XML", "application/xml"),
    "html": ("HTML report", "text/html"),
    "py": ("Tests for pytest", "text/x-python"),
    "promptfoo": ("Tests for promptfoo", "application/yaml"),
    "cases": ("Cases as they were asked", "application/json"),
    "workflow": ("GitHub Action for these cases", "application/yaml"),
}


class Results:
    """The open experiment, as one run of the page draws it."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._was_running = runner.is_running
        self._drawn = -1
        experiment = runner.experiment
        st.markdown(f"**{escaped(experiment['name'])}**")
        st.caption(escaped(words.setup(experiment)))
        self._show_buttons()
        self._live = st.empty()
        comparison.show(runner)
        self._grid = st.empty()
        self.draw()
        run_list.show(runner)

    def _show_buttons(self) -> None:
        runner, id = self._runner, self._runner.experiment["id"]
        total = runner.tally.total()
        with st.container(horizontal=True, vertical_alignment="center"):
            if runner.state == "running":
                st.button(
                    "Stop", key="stop_evaluation", icon=":material/stop_circle:", on_click=acts.stop
                )
            elif runner.state == "stopped":
                st.button(
                    "Go on",
                    key="continue_evaluation",
                    icon=":material/resume:",
                    type="primary",
                    help="Asks what was not asked yet, and nothing twice",
                    on_click=acts.go_on,
                )
            if not runner.is_running and (left := total.provider + total.unjudged):
                st.button(
                    f"Ask {left:,} again",
                    key="ask_again",
                    icon=":material/replay:",
                    help="Asks the runs again that failed for the provider's reasons or were cut",
                    on_click=acts.go_on,
                    kwargs={"again": True},
                )
            if runner.state == "done" and runner.experiment["repeats"] < MAX_REPEATS:
                st.button(
                    f"Ask each {acts.MORE} more times",
                    key="ask_more",
                    icon=":material/exposure_plus_1:",
                    help="More tries make the intervals narrower; what is there stays",
                    on_click=acts.ask_more,
                )
            st.button(
                "New evaluation",
                key="new_evaluation",
                icon=":material/add:",
                on_click=acts.open_experiment,
            )
            if not runner.is_running:
                _show_exports(runner)
                st.button(
                    "Delete",
                    key="delete_evaluation",
                    icon=":material/delete:",
                    type="tertiary",
                    on_click=acts.delete,
                    args=(id, runner.experiment["name"]),
                )

    def draw(self) -> None:
        """Draw progress, figures and grid, if there is anything new."""
        runner = self._runner
        if self._drawn == runner.version and runner.is_running:
            return
        self._drawn = runner.version
        with self._live.container():
            _show_progress(runner)
            for model, set_ in columns(runner.experiment):
                _show_column(runner, model, set_)
        with self._grid.container():
            _show_grid(runner)

    def is_outdated(self) -> bool:
        """Return whether the experiment has ended, or begun to stop, since the page was drawn."""
        return self._was_running and not self._runner.is_running

    def watch(self) -> bool:
        """Draw what comes until it is over; return whether the page must be drawn again."""
        while self._runner.is_running:
            self._runner.wait(self._drawn, LOOK_S)
            pause_point()
            until = time.monotonic() + REDRAW_S
            while self._runner.is_running and time.monotonic() < until:
                time.sleep(LOOK_S)
                pause_point()
            self.draw()
        return self.is_outdated()


def _show_progress(runner: Runner) -> None:
    asked, total = runner.asked, runner.total
    state = {"stopping": "stopping: what is under way comes to its end", "stopped": "stopped"}
    said = f"{asked:,} of {counted(total, 'run')}"
    if runner.state in state:
        said += f", {state[runner.state]}"
    st.progress(min(1.0, asked / total) if total else 1.0, text=said)
    for why in runner.whys:
        st.warning(escaped(why), icon=":material/warning:")


def _show_column(runner: Runner, model: int, set_: int) -> None:
    experiment, tally = runner.experiment, runner.tally
    cell = tally.column(model, set_)
    url = experiment["models"][model]["url"]
    with st.container(border=True):
        st.markdown(f"**{escaped(column_name(experiment, model, set_))}**")
        st.markdown(escaped(words.trust(cell)))
        if bar := interval_bar(cell):
            st.html(bar)
        figures = {
            "Passed (95 % interval)": words.rate(cell),
            "Every time": words.pass_all(tally, model, set_),
            "Different calls per case": words.steadiness(cell),
            "Median / 95th percentile": words.time(cell),
            "Tokens": f"{cell.tokens_in:,} in, {cell.tokens_out:,} out" if cell.asked else "",
            "Cost": words.price(cell, url),
        }
        table.show(
            ["Figure", "Value"],
            [[name, value] for name, value in figures.items() if value],
            f"Figures of {column_name(experiment, model, set_)}",
        )
        if cell.causes:
            st.markdown("Why it failed:")
            st.markdown(
                "\n".join(f"- {escaped(e)}" for e in words.causes(cell.causes, cell.failed))
            )
        if told := words.uncounted(cell):
            st.caption(escaped(told))
        for cause, number in cell.other_causes.most_common(3):
            st.caption(escaped(f"Not counted: {cause}: {number}"))


def _show_grid(runner: Runner) -> None:
    experiment, tally = runner.experiment, runner.tally
    shown = columns(experiment)
    head = ["Case", "Topic", *(column_name(experiment, *column) for column in shown)]
    rows = [
        [
            case["id"],
            case["topic"],
            *(_cell_text(tally.cell(*column, number)) for column in shown),
        ]
        for number, case in enumerate(experiment["cases"])
    ]
    table.show(head, rows, "Results by case")


def _cell_text(cell: Cell) -> str:
    if not cell.asked:
        return ""
    said = f"{cell.passed} of {cell.judged}" if cell.judged else "not counted"
    cause = next(iter(cell.causes), "")
    return f"{said}: {cause}" if cause else said


def _show_exports(runner: Runner) -> None:
    with st.popover("Export", icon=":material/download:", key="export_evaluation"):
        for kind, (label, mime) in FILES.items():
            st.download_button(
                label,
                partial(_export, runner, kind),
                NAMES.get(kind, f"evaluation.{kind}"),
                mime,
                key=f"export_evaluation:{kind}",
                on_click="ignore",
            )


def _export(runner: Runner, kind: str) -> str:
    """Return a file of the results, without the access token."""
    if kind == "csv":
        made = reports.as_csv(runner.experiment, runner.record)
    elif kind == "cases":
        made = cases.to_json(workflow_file.as_asked(runner.experiment))
    elif kind == "workflow":
        low = min(each["low"] for each in reports.columns(runner.tally))
        made = workflow_file.as_workflow(runner.experiment, workflow_file.threshold(low))
    elif kind in ("py", "promptfoo"):
        made = _tests(runner, kind)
    else:
        writers = {"json": reports.as_json, "junit": reports.as_junit, "html": as_html}
        made = writers[kind](runner.tally, runner.record)
    return redact(made, session.pat)


def _tests(runner: Runner, kind: str) -> str:
    """Return the cases of the first model and set of tools, as tests."""
    experiment = runner.experiment
    asked = [
        (case, tools_for(experiment, number, 0))
        for number, case in enumerate(experiment["cases"])
        if not unusable(experiment, number, 0)
    ]
    url, strings = experiment["models"][0]["url"], experiment["strings"]
    if kind == "py":
        return as_pytest(asked, url, strings)
    system = experiment["sets"][0]["system"]
    return as_promptfoo([(case, tools, system) for case, tools in asked], url, strings)
