"""Run a large evaluation, kill it in the middle, go on: `python -m bench.evidence --runs 5000`.

The app's process runs it against the benchmark's provider. It reports the memory on the way, how
long the process takes to answer a probe meanwhile, and how often each case was asked. The exit
status is 0 if none was asked more often than planned, and none less but for what the kill cut.
"""

import argparse
import json
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from statistics import median, quantiles

from bench.apps import asked, start_provider
from bench.processes import Process, get
from bench.report import commit, load_average

OWNER = "a" * 64
EACH = 50  # repeats of each case
EVERY_S = 0.2
MODEL = "https://clarifai.com/openai/chat-completion/models/gpt-4_1"
APP = """
import pathlib, sys, threading
import server
from clarifai_chat.evidence import experiment, running
from clarifai_chat.llm.endpoints import Endpoint

def find(model):
    return Endpoint(sys.argv[2], "none")

def work():
    made = experiment.from_text(pathlib.Path(sys.argv[1]).read_text("utf-8"))
    found = running.find(sys.argv[3], made["id"], find, lambda: True)
    if found:
        found.start()
    else:
        running.begin(sys.argv[3], made, find)

threading.Thread(target=work, daemon=True).start()
server.main()
"""


class Watch:
    """What one process showed while it worked."""

    def __init__(self, app: Process, database: Path) -> None:
        self.rss_mb: list[tuple[int, float]] = []  # by the number of runs with a result
        self.probe_ms: list[float] = []
        self._app, self._database = app, database

    def until(self, runs: int) -> None:
        """Watch until so many runs have a result."""
        while (done := self.done()) < runs:
            self.rss_mb.append((done, self._app.rss_mb()))
            began = time.perf_counter()
            get(self._app.port, "/livez")
            self.probe_ms.append((time.perf_counter() - began) * 1000)
            time.sleep(EVERY_S)
        self.rss_mb.append((done, self._app.rss_mb()))

    def done(self, status: str = "status <> 'asked'") -> int:
        try:
            with closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)) as connection:
                query = f"SELECT count(*) FROM experiment_runs WHERE {status}"
                return int(connection.execute(query).fetchone()[0])
        except sqlite3.OperationalError:  # not made yet
            return 0

    def told(self) -> str:
        slow = quantiles(self.probe_ms, n=20)[-1]
        most = max(mb for _, mb in self.rss_mb)
        tenths = self.rss_mb[:: max(1, len(self.rss_mb) // 8)]
        said = ", ".join(f"{mb:.0f} MB at {done:,}" for done, mb in tenths)
        probe = f"probe p50 {median(self.probe_ms):.0f} ms, p95 {slow:.0f} ms"
        return f"memory {said}; most {most:.0f} MB; {probe}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5_000)
    runs = max(1, parser.parse_args().runs // EACH) * EACH
    with tempfile.TemporaryDirectory() as name, start_provider() as provider:
        folder = Path(name)
        (folder / "made.json").write_text(json.dumps(_experiment(runs // EACH)), "utf-8")
        base = f"http://127.0.0.1:{provider.port}/v2/ext/openai/v1"
        arguments = ["-c", APP, str(folder / "made.json"), base, OWNER]
        environ = {"DATABASE_URL": f"sqlite:///{folder}/history.db", "LOG_LEVEL": "WARNING"}
        print(f"{runs:,} runs, commit {commit()}, load average {load_average()}")
        began = time.monotonic()
        with Process(arguments, "/livez", environ=environ) as app:
            watch = Watch(app, folder / "history.db")
            watch.until(runs // 2)
            app._process.kill()
        print(f"Before the kill: {watch.told()}")
        cut = watch.done("status = 'asked'")
        with Process(arguments, "/livez", environ=environ) as app:
            watch = Watch(app, folder / "history.db")
            watch.until(runs - cut)
            print(f"After it: {watch.told()}")
        print(f"{runs / (time.monotonic() - began):.0f} runs a second; {cut} without a result")
        tries = [asked(provider, str(number))["tries"] for number in range(runs // EACH)]
    print(f"Each of {len(tries)} cases was asked {min(tries)} to {max(tries)} times of {EACH}")
    return int(max(tries) > EACH or sum(tries) < runs - cut)


def _experiment(cases: int) -> dict[str, object]:
    from clarifai_chat.evidence.cases import read
    from clarifai_chat.evidence.experiment import new_experiment

    found = [
        {
            "id": str(number),
            "prompt": f"20@max prose #{number}",
            "template": "weather",
            "expect": {"calls": []},
        }
        for number in range(cases)
    ]
    model = {"url": MODEL, "name": "GPT", "input_price": None, "output_price": None}
    options = {"repeats": EACH, "at_once": 4}
    return dict(new_experiment("Many", read(json.dumps(found)), [model], **options))  # type: ignore[list-item]  # a ModelRef


if __name__ == "__main__":
    sys.exit(main())
