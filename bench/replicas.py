"""Measure several processes of the app on one database: load, and what they see of each other.

    python -m bench.replicas --visitors 30 --replicas 1,2

Visitors are spread evenly over the replicas, as the proxy's cookie does, and ask at once. What
replicas see of each other is measured between two processes without pages: how old a word is when
the other process has it, how long Stop takes, and when a killed process is noticed.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from statistics import quantiles
from typing import Any

from bench import load as load_of
from bench.apps import OURS, start_provider
from bench.processes import ROOT
from bench.report import commit, load_average
from bench.store import addresses
from clarifai_chat import config
from clarifai_chat.chat import chats, replies
from clarifai_chat.chat.turn import Turn, is_over, new_turn
from clarifai_chat.events import Finished, StreamEvent, TextDelta
from clarifai_chat.history import keeper, replicas, saving

OWNER = "0" * 64
MODEL: Any = {"url": "https://x/y", "name": "Bench", "input_price": None, "output_price": None}
WORD_S = 0.1


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visitors", type=int, default=30)
    parser.add_argument("--replicas", default="1,2")
    parser.add_argument("--talk", help=argparse.SUPPRESS)  # the process that is followed
    options = parser.parse_args(arguments)
    if options.talk:
        return talk(options.talk)
    began = load_average()
    print(f"Commit {commit()}; {os.cpu_count()} cores.\n")
    print(
        "| Database | Replicas | First text, p50 / p95 | Time ÷ ideal, p50 / p95 | CPU | Memory |"
    )
    print("|---|---|---|---|---|---|")
    with addresses() as found:
        for name, address in found.items():
            for count in map(int, options.replicas.split(",")):
                told = asyncio.run(load(address, count, options.visitors))
                print(f"| {name} | {count} | {told} |", flush=True)
        print("\n| Database | A word's age, p50 / p95 / most | Stop | Kill noticed |")
        print("|---|---|---|---|")
        for name, address in found.items():
            print(f"| {name} | {seen(address)} |", flush=True)
    print(f"\nLoad average {began} before, {load_average()} after.")
    return 0


async def load(address: str, count: int, visitors: int) -> str:
    """Let the visitors ask at once; return first text, time ÷ ideal, CPU and memory, as cells."""
    with ExitStack() as ended:
        provider = ended.enter_context(start_provider())
        servers = [
            ended.enter_context(OURS.start(provider, "/readyz", DATABASE_URL=address))
            for _ in range(count)
        ]
        shares = [visitors // count + (at < visitors % count) for at in range(count)]
        parts = zip(servers, shares, strict=True)
        told = await asyncio.gather(
            *(
                load_of.load(OURS, s, n, "100@20", f"R{at}", is_saved=True)
                for at, (s, n) in enumerate(parts)
            )
        )
    first = [each for part in told for each in part.first_s]
    ideal = [each for part in told for each in part.over_ideal]
    lost, cpu_s = sum(part.lost for part in told), sum(part.cpu_s for part in told)
    memory = sum(part.rss_mb for part in told)
    missing = f", {lost} lost" if lost else ""
    cells = (f"{spread(first)} s{missing}", spread(ideal), f"{cpu_s:.1f} s", f"{memory:.0f} MB")
    return " | ".join(cells)


def spread(values: list[float]) -> str:
    cuts = quantiles(values, n=20, method="inclusive")
    return f"{cuts[9]:.2f} / {cuts[18]:.2f}"


# --- What replicas see of each other --------------------------------------------------------------


def seen(address: str) -> str:
    """Return the age of a word, how long Stop takes and when a kill is noticed, as cells."""
    config.settings.cache_clear()
    os.environ["DATABASE_URL"] = address
    saving.forget_store()
    with talking(address) as (_, turn):
        ages = sorted(words_ages(turn, 10.0))
        began = time.monotonic()
        replies.stop(turn)
        wait(turn)
        stop_s = time.monotonic() - began
    with talking(address) as (process, turn):
        list(words_ages(turn, 2.0))
        process.kill()
        began = time.monotonic()
        wait(turn)
        noticed_s = time.monotonic() - began
    saving.forget_store()
    return f"{spread(ages)} / {ages[-1]:.2f} s | {stop_s:.2f} s | {noticed_s:.1f} s"


@contextmanager
def talking(address: str) -> Iterator[tuple[subprocess.Popen[str], Turn]]:
    """Follow the reply of another process."""
    command = [sys.executable, "-m", "bench.replicas", "--talk", address]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        chat_id = process.stdout.readline().strip()
        chat = saving.load(OWNER, chat_id)
        assert chat
        replicas.catch_up(OWNER, chat)
        yield process, chat["turns"][0]
    finally:
        process.kill()
        process.wait()


def words_ages(turn: Turn, seconds: float) -> Iterator[float]:
    """Yield how old each word is when it is first seen here; a word is the time it was said at."""
    count, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        said = turn["replies"][0]["content"].split() if turn["replies"] else []
        now = time.time()
        yield from (now - float(word) for word in said[count:] if count)
        count = max(count, len(said))
        _watch(turn)


def wait(turn: Turn) -> None:
    while not is_over(turn):
        _watch(turn)


def _watch(turn: Turn) -> None:
    if reply := replies.get(turn):
        replies.wait_for_news({reply: reply.version}, 0.02)  # as a page does
    else:
        time.sleep(0.001)


def talk(address: str) -> int:
    """Run a reply that says the time, as a process with pages does, until it is stopped."""
    os.environ["DATABASE_URL"] = address
    chat, turn = chats.new_chat(), new_turn("What time is it?", MODEL)
    chats.add(chat, turn, None)
    saving.save(OWNER, chat)

    def events(_: object) -> Iterator[StreamEvent]:
        while True:
            yield TextDelta(f"{time.time()} ")
            time.sleep(WORD_S)
        yield Finished("stop")

    with replicas.claiming(OWNER, chat["id"], turn):
        replies.ask(turn, events, queue=chat["id"], is_here=lambda: True)
        keeper.follow(OWNER, chat, turn)
    print(chat["id"], flush=True)
    while not is_over(turn):
        time.sleep(0.05)
    saving.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
