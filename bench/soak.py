"""Run fifty visitors under mixed load and report on it: `python -m bench.soak --minutes 30`.

They ask for complete and broken answers, stop them, lose their connection (some come back, some do
not) and change pages during a reply. The exit status is 0 if every answer is complete or marked as
incomplete, no thread or connection is left over, and memory has stopped growing; otherwise 1.
"""

import argparse
import asyncio
import sys
import time
from dataclasses import dataclass
from statistics import mean

from bench import apps
from bench.apps import OURS
from bench.processes import Process
from bench.report import commit, load_average
from bench.visitors import Ledger, Person

LEASE_S = 20.0  # short, so that abandoned replies end during the run
SETTLE_S = 150.0  # at most, for threads and connections to end
EVERY_S = 10.0
MEMORY_GROWTH = 1.05  # last third over middle third, at most


@dataclass
class Sample:
    """The server's state at one moment."""

    at_s: float
    phase: str
    threads: int
    connections: int
    rss_mb: float
    cpu_s: float
    answers: int


class Series:
    def __init__(self, server: Process, ledger: Ledger) -> None:
        self.server, self.ledger = server, ledger
        self.samples: list[Sample] = []
        self._began = time.monotonic()

    def take(self, phase: str) -> Sample:
        server = self.server
        sample = Sample(
            time.monotonic() - self._began,
            phase,
            server.threads(),
            server.connections(),
            server.rss_mb(),
            server.cpu_s(),
            self.ledger.total(),
        )
        self.samples.append(sample)
        return sample

    async def watch(self) -> None:
        while True:
            self.take("during")
            await asyncio.sleep(EVERY_S)

    def thirds_mb(self) -> list[float]:
        """Return the mean memory in each third of the load."""
        during = [s.rss_mb for s in self.samples if s.phase == "during"]
        size = max(1, len(during) // 3)
        return [mean(during[:size]), mean(during[size : 2 * size]), mean(during[2 * size :])]

    def table(self) -> str:
        """Format all samples, or about forty of them."""
        head = "| s | phase | threads | connections | memory MB | CPU % | answers |"
        lines = [head, "|---" * 7 + "|"]
        step = max(1, len(self.samples) // 40)
        previous: Sample | None = None
        for number, now in enumerate(self.samples):
            if number % step and now.phase == "during":
                continue
            busy = 0.0
            if previous and now.at_s > previous.at_s:
                busy = 100 * (now.cpu_s - previous.cpu_s) / (now.at_s - previous.at_s)
            lines.append(
                f"| {now.at_s:.0f} | {now.phase} | {now.threads} | {now.connections}"
                f" | {now.rss_mb:.0f} | {busy:.0f} | {now.answers} |"
            )
            previous = now
        return "\n".join(lines)


async def settled(server: Process, threads: int, connections: int) -> None:
    """Wait until no more than these are left, for `SETTLE_S` at most."""
    until = time.monotonic() + SETTLE_S
    while time.monotonic() < until:
        if server.threads() <= threads and server.connections() <= connections:
            return
        await asyncio.sleep(1)


async def quiet(server: Process) -> None:
    """Wait until threads and connections stay unchanged for longer than idle ones last."""
    seen, since = (0, 0), time.monotonic()
    until = time.monotonic() + SETTLE_S
    while time.monotonic() < until and time.monotonic() - since < LEASE_S + 15:
        now = (server.threads(), server.connections())
        if now != seen:
            seen, since = now, time.monotonic()
        await asyncio.sleep(1)


async def soak(server: Process, provider: Process, people: int, minutes: float) -> bool:
    ledger = Ledger()
    series = Series(server, ledger)
    series.take("started")
    # Thread pools fill on first use. That is not a leak, so fill them before the baseline.
    warm = [Person(f"w{n}", server, provider, ledger, LEASE_S) for n in range(people)]
    await asyncio.gather(*(person.greet() for person in warm))
    await quiet(server)
    before = series.take("before")

    watching = asyncio.create_task(series.watch())
    until = time.monotonic() + minutes * 60
    crowd = [Person(f"p{n}", server, provider, ledger, LEASE_S) for n in range(people)]
    await asyncio.gather(*(person.live(until) for person in crowd))
    watching.cancel()
    series.take("all gone")
    await settled(server, before.threads, before.connections)
    after = series.take("after")
    for person in crowd:
        person.account_for_left()

    first, middle, last = series.thirds_mb()
    print(series.table())
    print("\n| action | requested answer | outcome | times |\n|---|---|---|---|")
    for (action, kind, outcome), times in sorted(ledger.outcomes.items()):
        print(f"| {action} | {kind} | {outcome} | {times} |")
    verdicts = {
        f"All {ledger.total()} answers complete or marked as incomplete": not ledger.wrong,
        f"Threads: {before.threads} before, {after.threads} after": after.threads <= before.threads,
        f"Connections: {before.connections} before, {after.connections} after": after.connections
        <= before.connections,
        f"Memory by thirds: {first:.0f}, {middle:.0f}, {last:.0f} MB": last
        <= middle * MEMORY_GROWTH,
    }
    print()
    for sentence, holds in verdicts.items():
        print(f"- {'yes' if holds else '**NO**'}: {sentence}")
    for line in ledger.wrong[:20]:
        print(f"  - {line}")
    print(
        f"\nCommit {commit()}; {people} visitors, {minutes:g} minutes, REPLY_LEASE_S={LEASE_S:g};"
        f" load average {load_average()} after."
    )
    return all(verdicts.values())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--visitors", type=int, default=50)
    chosen = parser.parse_args()
    with (
        apps.start_provider() as provider,
        OURS.start(provider, REPLY_LEASE_S=f"{LEASE_S:g}") as server,
    ):
        holds = asyncio.run(soak(server, provider, chosen.visitors, chosen.minutes))
        if told := server.log().strip():
            print(f"\nThe end of the server's log:\n\n{told}")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
