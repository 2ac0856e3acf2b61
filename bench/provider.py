"""Run an OpenAI-compatible provider: `python -m bench.provider --port 8099`.

`bench/answers.py` defines its answer to each prompt. It speaks HTTP/1.1 over bare asyncio: a
framework would use as much CPU for each token as the measured apps.

GET /_bench/journal?7 returns the state of the question #7.
"""

import argparse
import asyncio
import gc
import json
import time
from dataclasses import asdict, dataclass

from bench.answers import Wanted, read, tokens

CHAT = "/v2/ext/openai/v1/chat/completions"
STALL_S = 2.0
KEPT = 50_000  # questions in the journal


@dataclass
class Asked:
    """The state of one question. Times are Unix milliseconds."""

    tries: int = 0
    first_ms: float = 0.0
    last_ms: float = 0.0
    state: str = "asked"  # → "refused", or "sending" → "done", "cut" (by us) or "left" (by them)


class Provider:
    def __init__(self) -> None:
        self.journal: dict[str, Asked] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._answer_one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Read a request and answer it; return False when the connection has ended."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, path, _ = head.split(" ", 2)
        length = 0
        for line in head.lower().split("\r\n"):
            if line.startswith("content-length:"):
                length = int(line.partition(":")[2])
        body = await reader.readexactly(length)
        if path.startswith("/_bench/journal"):
            asked = self.journal.get(path.partition("?")[2])
            _send_json(writer, 200, asdict(asked) if asked else {})
            return True
        if (method, path) != ("POST", CHAT):
            _send_json(writer, 404, {"error": {"message": f"There is no {path} here."}})
            return True
        request = json.loads(body)
        wanted = read(next(m["content"] for m in request["messages"][::-1] if m["role"] == "user"))
        asked = self.journal.setdefault(wanted.name, Asked())
        if len(self.journal) > KEPT:
            del self.journal[next(iter(self.journal))]
        asked.tries += 1
        if wanted.fault == "500" or (wanted.fault == "429" and asked.tries == 1):
            asked.state = "refused"
            _send_json(writer, int(wanted.fault), {"error": {"message": "Not now."}})
            return True
        asked.state = "sending"
        with_usage = (request.get("stream_options") or {}).get("include_usage", False)
        try:
            asked.state = await _stream(writer, wanted, asked, with_usage=with_usage)
        except ConnectionError:
            asked.state = "left"
            raise
        return asked.state == "done"


async def _stream(
    writer: asyncio.StreamWriter, wanted: Wanted, asked: Asked, *, with_usage: bool
) -> str:
    """Send the answer; return how it ended, for the journal."""
    pieces = tokens(wanted)
    half = len(pieces) // 2
    writer.write(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    began = time.perf_counter()
    for number, piece in enumerate(pieces):
        if wanted.fault and number == half:
            if wanted.fault == "cut":
                writer.transport.abort()
                return "cut"
            if wanted.fault == "short":
                writer.write(b"0\r\n\r\n")
                return "done"
            await asyncio.sleep(STALL_S if wanted.fault == "stall" else 0)
        if wanted.rate:
            wait_s = began + number / wanted.rate - time.perf_counter()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
        elif number % 32 == 31:
            await asyncio.sleep(0)  # let other answers run
        if number == 0:
            asked.first_ms = time.time() * 1000
        _send_chunk(writer, {"content": piece})
        await writer.drain()
    asked.last_ms = time.time() * 1000
    _send_chunk(writer, {}, reason="stop")
    if with_usage:
        usage = {"prompt_tokens": 10, "completion_tokens": len(pieces)}
        usage["total_tokens"] = sum(usage.values())
        _send_event(writer, json.dumps({**_frame(), "choices": [], "usage": usage}))
    _send_event(writer, "[DONE]")
    writer.write(b"0\r\n\r\n")
    await writer.drain()
    return "done"


def _frame() -> dict[str, object]:
    return {
        "id": "chatcmpl-0123456789abcdef",
        "object": "chat.completion.chunk",
        "created": 1_767_225_600,
        "model": "bench",
    }


_CHUNK = json.dumps({**_frame(), "choices": [{"index": 0, "delta": "D", "finish_reason": "R"}]})
_BEFORE, _BETWEEN, _AFTER = _CHUNK.replace('"R"', '"D"').split('"D"')


def _send_chunk(writer: asyncio.StreamWriter, delta: dict[str, str], reason: str = "") -> None:
    parts = (_BEFORE, json.dumps(delta), _BETWEEN, json.dumps(reason or None), _AFTER)
    _send_event(writer, "".join(parts))


def _send_event(writer: asyncio.StreamWriter, data: str) -> None:
    line = f"data: {data}\n\n".encode()
    writer.write(b"%x\r\n%b\r\n" % (len(line), line))


def _send_json(writer: asyncio.StreamWriter, status: int, body: object) -> None:
    sent = json.dumps(body).encode()
    retry = "retry-after: 0\r\n" if status == 429 else ""
    head = f"HTTP/1.1 {status} Told\r\ncontent-type: application/json\r\n{retry}"
    writer.write(f"{head}content-length: {len(sent)}\r\n\r\n".encode() + sent)


async def main(port: int) -> None:
    server = await asyncio.start_server(Provider().serve, "127.0.0.1", port, limit=2**24)
    gc.collect()
    gc.freeze()
    await server.serve_forever()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, required=True)
    asyncio.run(main(arguments.parse_args().port))
