"""Compare this app with others in one run, as a Markdown table: `python -m bench.run`.

Each repeat measures the apps in turn, so that a busy spell of the machine affects all of them;
compare the ratios. `--quick` takes about 6 minutes, the full run about 28.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from statistics import median, quantiles
from typing import Any, TypeVar

from playwright.sync_api import Browser

from bench import answers, apps
from bench import load as load_of
from bench.apps import App
from bench.in_browser import Tab, chromium
from bench.processes import Process
from bench.report import Report, load_average, surroundings

T = TypeVar("T")


@dataclass(frozen=True)
class Amount:
    """How much to measure."""

    firsts: int
    repeats: int
    exchanges: int
    sessions: tuple[int, ...]
    load_repeats: int
    cold_starts: int
    bytes_of: int  # how many of BYTES
    litellm_sessions: int  # at most: litellm's own loop slows its chat by minutes


FULL = Amount(9, 3, 100, (10, 25, 50, 100), 2, 3, 4, 50)
QUICK = Amount(7, 1, 10, (25,), 1, 1, 3, 25)


@dataclass
class Bench:
    browser: Browser
    provider: Process
    started: Sequence[tuple[App, Process]]
    amount: Amount
    report: Report

    def tab(self, app: App, server: Process) -> Tab:
        return Tab(self.browser, app, server, self.provider)


_names = count(1)  # of questions


def prompt(what: str) -> str:
    """Return a question that was not asked before."""
    return f"{what} #{next(_names)}q"


def size_of(question: str) -> int:
    return len(answers.text(answers.read(question)).encode())


def first_text(bench: Bench) -> None:
    """Measure short answers on a warm page: only the app's own delay."""
    for app, server in bench.started:
        with bench.tab(app, server) as tab:
            tab.ask(prompt("40@50 prose"))
            tab.settle()
            for _ in range(bench.amount.firsts):
                seen = tab.ask(prompt("40@50 prose"))
                tab.page.wait_for_timeout(300)
                bench.report.add("Enter → first text [ms]", app, seen.first_s * 1000)
    _least(bench)


def _least(bench: Bench) -> None:
    """Measure a page that does nothing: the lower limit of Streamlit."""
    with (
        apps.SMALLEST.start(bench.provider) as server,
        bench.tab(apps.SMALLEST, server) as tab,
    ):
        tab.first_s(prompt("40@50 prose"))
        tab.settle()
        found = []
        for _ in range(bench.amount.firsts):
            found.append(tab.first_s(prompt("40@50 prose")) * 1000)
            tab.page.wait_for_timeout(300)
    bench.report.notes.append(
        "The smallest Streamlit page (no history, no provider): Enter → its one word"
        f" in {median(found):.0f} ms ({min(found):.0f} to {max(found):.0f})."
    )


def paced(bench: Bench) -> None:
    for _ in range(bench.amount.repeats):
        for app, server in bench.started:
            with bench.tab(app, server) as tab:
                tab.ask(prompt("20@max prose"))
                tab.settle()
                _, busy_s, cpu_s = tab.ask_paced(prompt("500@50 prose"))
                add = bench.report.add
                add("Server CPU for 1,000 tokens at 50/s [s]", app, cpu_s * 2)
                add("Main thread busy, 500 tokens at 50/s [s]", app, busy_s)


def lag(bench: Bench) -> None:
    for _ in range(bench.amount.repeats):
        for app, server in bench.started:
            with bench.tab(app, server) as tab:
                tab.settle()
                seen = tab.ask(prompt("2000@200 prose"))
                row = "Finishing lag, 2,000 tokens at 200/s [ms]"
                bench.report.add(row, app, seen.lag_s * 1000)


def unthrottled(bench: Bench) -> None:
    for _ in range(bench.amount.repeats):
        for app, server in bench.started:
            with bench.tab(app, server) as tab:
                tab.ask(prompt("20@max prose"))
                tab.settle()
                for kind, row in (
                    ("5000@max prose", "5,000 tokens unthrottled, Enter → complete [ms]"),
                    ("20kB@max table", "One table of 20 kB unthrottled, complete [ms]"),
                ):
                    seen = tab.ask(prompt(kind))
                    tab.page.wait_for_timeout(500)
                    bench.report.add(row, app, seen.whole_s * 1000)


BYTES = (
    ("500@50 prose", "500 tokens of prose at 50/s"),
    ("5000@max prose", "5,000 tokens unthrottled"),
    ("20kB@max table", "one table of 20 kB unthrottled"),
    ("20kB@400 table", "one table of 20 kB at 400/s"),
)


def received(bench: Bench) -> None:
    """Count bytes once in the browser and once over a raw socket: they hardly vary."""
    for length, title in BYTES[: bench.amount.bytes_of]:
        for app, server in bench.started:
            question = prompt(length)
            with bench.tab(app, server) as tab:
                tab.ask(prompt("20@max prose"))
                _, size = tab.ask_counted(question)
            bench.report.add(f"Bytes received ÷ answer, {title}", app, size / size_of(question))
    for length, title in BYTES[:2]:
        for app, server in bench.started:
            if app.is_streamlit:
                told = _alone(load_of.count_bytes(app, server, prompt(length)))
                bench.report.add(f"The same over the wire, {title}", app, told.wire)


def history(bench: Bench) -> None:
    """Measure a long conversation, asked question by question, as a visitor would."""
    exchanges = bench.amount.exchanges
    for app, server in bench.started:
        if app is apps.LITELLM:
            continue  # it draws what the canonical chat draws, and takes minutes
        with bench.tab(app, server) as tab:
            for _ in range(exchanges):
                tab.ask(prompt("120@max prose"), look_every_ms=30)
            tab.settle()
            for _ in range(5):
                seen = tab.ask(prompt("40@50 prose"))
                tab.settle()
                row = f"Enter → first text after {exchanges} exchanges [ms]"
                bench.report.add(row, app, seen.first_s * 1000)


def cold(bench: Bench) -> None:
    """Measure each start in a new process, visited as soon as it serves, with a warm browser."""
    for _ in range(bench.amount.cold_starts):
        for app, _ in bench.started:
            serves = "/_stcore/health" if app.is_streamlit else app.health
            with app.start(bench.provider, serves) as server, bench.tab(app, server) as tab:
                add = bench.report.add
                add("Cold start: process → serves pages [s]", app, server.healthy_s)
                usable_s = tab.usable_at - server.started_at
                add("Cold start: process → input usable [s]", app, usable_s)
                server.wait_for(app.health)
                ready_s = time.perf_counter() - server.started_at
                add("Cold start: process → ready for a question [s]", app, ready_s)
                seen = tab.ask(prompt("40@50 prose"))
                add("First prompt of the process, first text [ms]", app, seen.first_s * 1000)


def load(bench: Bench) -> None:
    for sessions in bench.amount.sessions:
        for _ in range(bench.amount.load_repeats if sessions < 100 else 1):
            for app, server in bench.started:
                if app is apps.LITELLM and sessions > bench.amount.litellm_sessions:
                    continue
                label = f"L{next(_names)}"
                told = _alone(load_of.load(app, server, sessions, "500@50", label))
                _add_load(bench.report, app, sessions, told)


def _add_load(report: Report, app: App, sessions: int, told: load_of.Load) -> None:
    who = f"{sessions} sessions"
    if told.lost:
        report.notes.append(
            f"{app.title}: {told.lost} of {sessions} answers did not arrive in time."
        )
    if len(told.first_s) > 1:
        for row, values in (("time ÷ ideal", told.over_ideal), ("first text", told.first_s)):
            unit, factor = (" [ms]", 1000) if row == "first text" else ("", 1)
            cuts = quantiles(values, n=20, method="inclusive")
            report.add(f"{who}: {row}, p50{unit}", app, cuts[9] * factor)
            report.add(f"{who}: {row}, p95{unit}", app, cuts[18] * factor)
    report.add(f"{who}: server CPU [s]", app, told.cpu_s)
    report.add(f"{who}: memory at most [MB]", app, told.rss_mb)


def _alone(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` in another thread, since this thread's event loop belongs to Playwright."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


SECTIONS: dict[str, Callable[[Bench], None]] = {
    "first": first_text,
    "paced": paced,
    "lag": lag,
    "unthrottled": unthrottled,
    "bytes": received,
    "history": history,
    "cold": cold,
    "load": load,
}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="fewer repeats, without litellm's chat"
    )
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--apps", nargs="+", choices=[app.name for app in apps.ALL])
    chosen = parser.parse_args(arguments)
    default = [app.name for app in apps.ALL if not (chosen.quick and app is apps.LITELLM)]
    compared = [app for app in apps.ALL if app.name in (chosen.apps or default)]
    report, load_before, began = Report(), load_average(), time.monotonic()
    with (
        apps.start_provider() as provider,
        apps.running(compared, provider) as started,
        chromium() as browser,
    ):
        bench = Bench(browser, provider, started, QUICK if chosen.quick else FULL, report)
        for section in chosen.only:
            print(f"{time.monotonic() - began:6.0f} s  {section}", file=sys.stderr, flush=True)
            SECTIONS[section](bench)
        surrounding = surroundings(browser.version, load_before)
    print(report.table(compared))
    print(f"\nMedian (lowest to highest) **÷ {apps.CANONICAL.title}**. {surrounding}")
    print(f"Measured in {time.monotonic() - began:.0f} s.")
    for note in report.notes:
        print(f"- {note}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
