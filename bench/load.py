"""Measure many visitors at once, and the bytes of one answer."""

import asyncio
import json
import time
from dataclasses import dataclass, field

from bench import answers
from bench.apps import App
from bench.processes import Process
from bench.sockets import Times, Visitor
from clarifai_chat.history.owner import COOKIE, new_id


@dataclass
class Load:
    """The result of many visitors at once. Times in seconds."""

    over_ideal: list[float] = field(default_factory=list)  # time from Enter to the end ÷ ideal
    first_s: list[float] = field(default_factory=list)
    lost: int = 0  # answers that did not arrive in time
    cpu_s: float = 0.0
    rss_before_mb: float = 0.0
    rss_mb: float = 0.0  # the highest


async def load(
    app: App, server: Process, sessions: int, length: str, label: str, *, is_saved: bool = False
) -> Load:
    """Let `sessions` visitors, each with an open page, ask at the same moment."""
    result = Load(rss_before_mb=server.rss_mb())
    prompts = [f"{length} prose #{label}x{n}" for n in range(sessions)]
    wanted = [answers.read(prompt) for prompt in prompts]
    timeout_s = 30 + 8 * wanted[0].ideal_s
    visitors: list[Visitor] = []
    if app.is_streamlit:
        for _ in prompts:
            cookie = f"{COOKIE}={new_id()}" if is_saved else ""
            visitors.append(Visitor(server.url, cookie=cookie))
            await visitors[-1].connect()
            await visitors[-1].open()
        asking = [
            v.timed(w, p, timeout_s) for v, w, p in zip(visitors, wanted, prompts, strict=True)
        ]
    else:
        asking = [_fetch(server.port, w, p) for w, p in zip(wanted, prompts, strict=True)]
    cpu_s = server.cpu_s()
    watching = asyncio.create_task(_watch(server, result))
    all_times = await asyncio.gather(*asking)
    watching.cancel()
    result.cpu_s = server.cpu_s() - cpu_s
    for times, each in zip(all_times, wanted, strict=True):
        if times.first is None or times.last is None:
            result.lost += 1
            continue
        result.first_s.append(times.first - times.asked)
        result.over_ideal.append((times.last - times.asked) / each.ideal_s)
    await asyncio.gather(*(v.close() for v in visitors))
    return result


async def _watch(server: Process, result: Load) -> None:
    while True:
        result.rss_mb = max(result.rss_mb, server.rss_mb())
        await asyncio.sleep(0.25)


async def _fetch(port: int, wanted: answers.Wanted, prompt: str) -> Times:
    """Do what the bare page's `fetch` does, over a new socket."""
    body = json.dumps({"model": "bench", "messages": [{"role": "user", "content": prompt}]})
    head = f"POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times = Times(time.perf_counter())
    writer.write((head + body).encode())
    held = b""
    while data := await reader.read(65536):
        held = held[-200:] + data
        if times.first is None and wanted.begin.encode() in held:
            times.first = time.perf_counter()
        if wanted.end.encode() in held:
            times.last = time.perf_counter()
            break
    writer.close()
    return times


@dataclass
class Bytes:
    """The bytes of one answer, as multiples of its size."""

    messages: float  # before compression
    wire: float  # as received by a browser that offers compression
    number: int  # of messages


async def count_bytes(app: App, server: Process, prompt: str) -> Bytes:
    wanted = answers.read(prompt)
    size = len(answers.text(wanted).encode())
    visitor = Visitor(server.url, compress=True)
    await visitor.connect()
    await visitor.open()
    before = (visitor.received, visitor.wire_bytes, visitor.messages)
    times = await visitor.timed(wanted, prompt, 120)
    await asyncio.sleep(0.3)  # the figures and the run's end follow the last word
    await visitor.close()
    if times.last is None:
        raise RuntimeError(f"{app.title}: no answer to {prompt}")
    return Bytes(
        (visitor.received - before[0]) / size,
        (visitor.wire_bytes - before[1]) / size,
        visitor.messages - before[2],
    )
