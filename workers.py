"""Run several processes of the app behind HAProxy on this machine: `make run WORKERS=4`.

    python workers.py .venv-workers/bin/supervisord 4

supervisord starts the processes, and again what has ended; HAProxy sends each visitor to the same
one. What both are told is made of deploy/replicas/ and the settings, in a temporary folder.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path

from clarifai_chat.config import settings
from clarifai_chat.serving import start

ROOT = Path(__file__).parent
SHIPPED = ROOT / "deploy" / "replicas" / "haproxy.cfg"
STOP_S = 15.0  # beyond DRAIN_S, before what has not ended is killed
MOST = 64

_APP = """
[program:app{number}]
command="{python}" "{server}"
environment=HOST="127.0.0.1",PORT="{port}",TRUSTED_PROXIES="127.0.0.1"
priority=900
stopwaitsecs={stop_s:.0f}
{common}
"""
_COMMON = """directory={root}
autorestart=true
startretries=10
redirect_stderr=true
stdout_logfile=/dev/fd/1
stdout_logfile_maxbytes=0"""
_SUPERVISOR = """[supervisord]
nodaemon=true
logfile=/dev/null
logfile_maxbytes=0
pidfile={folder}/supervisord.pid

[program:proxy]
command="{haproxy}" -db -f "{folder}/haproxy.cfg"
priority=100
{common}
"""


def proxy_config(host: str, port: int, ports: list[int]) -> str:
    """Return the shipped configuration of HAProxy with these addresses in it."""
    lines = SHIPPED.read_text("utf-8").replace("bind 127.0.0.1:8501", f"bind {host}:{port}")
    head = re.split(r"^    server .*\n", lines, flags=re.M)[0]
    servers = [
        f"    server app{number} 127.0.0.1:{each} cookie app{number}\n"
        for number, each in enumerate(ports, 1)
    ]
    return head + "".join(servers)


def supervisor_config(folder: Path, haproxy: str, ports: list[int]) -> str:
    """Return what supervisord reads; HAProxy starts first and ends last."""
    common = _COMMON.format(root=ROOT)
    stop_s = settings().drain_s + STOP_S
    parts = [_SUPERVISOR.format(folder=folder, haproxy=haproxy, common=common)]
    for number, port in enumerate(ports, 1):
        names = {"number": number, "port": port, "stop_s": stop_s, "common": common}
        parts.append(_APP.format(python=sys.executable, server=ROOT / "server.py", **names))
    return "".join(parts)


def run(supervisord: str, count: int) -> int:
    """Run until SIGTERM or Ctrl+C and until all replies have ended; return the exit status."""
    haproxy = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin")
    if haproxy is None:
        return _refuse("HAProxy is not installed. Debian: apt install haproxy; macOS: brew.")
    if wrong := start.settings_problem():
        return _refuse(wrong)
    used = settings()
    if problem := start.port_problem(used.host, used.port):
        return _refuse(problem)
    with tempfile.TemporaryDirectory(prefix="clarifai-chat-") as name:
        folder, ports = Path(name), _free_ports(count)
        host = f"[{used.host}]" if ":" in used.host else used.host
        proxy = proxy_config(host, used.port, ports)
        (folder / "haproxy.cfg").write_text(proxy, "utf-8")
        conf = folder / "supervisord.conf"
        conf.write_text(supervisor_config(folder, haproxy, ports), "utf-8")
        print(
            f"{count} processes behind {start.address_of(used)}. Ctrl+C ends them once their"
            f" replies are over, after {used.drain_s:.0f} s at most.",
            flush=True,
        )
        process = subprocess.Popen([supervisord, "-c", str(conf)], start_new_session=True)
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda number, frame: process.terminate())
        process.wait()
    return 0


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(closing(socket.socket())) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _refuse(why: str) -> int:
    print(why, file=sys.stderr)
    return 2


def main(arguments: list[str]) -> int:
    supervisord, count = arguments
    if not count.isdigit() or not 1 <= int(count) <= MOST:
        return _refuse(f"WORKERS={count} is not a number of processes, from 1 to {MOST}.")
    os.chdir(ROOT)
    return run(supervisord, int(count))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
