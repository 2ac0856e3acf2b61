"""Start processes, watch them through /proc (Linux), and end them by their id."""

import http.client
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parent.parent
PATIENCE_S = 120
KEPT = ("PATH", "HOME", "LANG", "TMPDIR")  # all that is passed on from the environment
_LISTENS = "0A"  # the code in /proc/net/tcp
_TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """A Python server on loopback. Use it as a context manager; once created, it is healthy."""

    def __init__(
        self,
        arguments: Sequence[str],
        health: str,
        *,
        cwd: Path = ROOT,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """Start `python` with `arguments`. They name the port "{port}", the environment PORT."""
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed by `stop`
        self.started_at = time.perf_counter()
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, *(a.format(port=self.port) for a in arguments)],
            cwd=cwd,
            env={**kept, "PYTHONPATH": str(ROOT), "PORT": str(self.port), **(environ or {})},
            stdout=self._log,
            stderr=self._log,
        )
        self.pid = self._process.pid
        try:
            self.wait_for(health)
        except BaseException:
            self.stop()
            raise
        self.healthy_s = time.perf_counter() - self.started_at

    def wait_for(self, path: str) -> None:
        """Wait until `path` is answered with 200."""
        while time.perf_counter() - self.started_at < PATIENCE_S:
            if self._process.poll() is not None:
                break
            try:
                if get(self.port, path)[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.01)
        raise RuntimeError(f"A server did not start:\n{self.log()}")

    def log(self) -> str:
        self._log.seek(0)
        return self._log.read()[-4000:]

    def cpu_s(self) -> float:
        """Return the CPU time of all its threads so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def rss_mb(self) -> float:
        return self._status("VmRSS") / 1024

    def threads(self) -> int:
        return self._status("Threads")

    def connections(self) -> int:
        """Count its TCP connections, without listening sockets and internal socket pairs."""
        inodes = set()
        for entry in Path(f"/proc/{self.pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # closed in the meantime
                inodes.add(str(entry.readlink()).removeprefix("socket:[").removesuffix("]"))
        count = 0
        for table in ("tcp", "tcp6"):
            for line in Path(f"/proc/{self.pid}/net/{table}").read_text().splitlines()[1:]:
                fields = line.split()
                count += fields[3] != _LISTENS and fields[9] in inodes
        return count

    def _status(self, name: str) -> int:
        found = re.search(rf"^{name}:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text(), re.M)
        return int(found[1]) if found else 0

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()


def get(port: int, path: str) -> tuple[int, bytes]:
    """GET `path` on loopback and return (status, body)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    except http.client.HTTPException as error:
        raise ConnectionError from error
    finally:
        connection.close()
