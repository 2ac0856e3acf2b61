"""The app as a container runs it: a user without a name, no home, a read-only source.

Real processes; a mount namespace takes the temporary folders away. Both need root on Linux.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bench.processes import Process
from tests.patience import PATIENCE_S
from tests.test_logs import LINE
from tests.test_server import HTML, fetch, id_of, said_to

ROOT = Path(__file__).parent.parent
NOBODY = 23456  # no user of this machine has it

PAGE = """
import streamlit as st
from clarifai_chat import demo, llm
from clarifai_chat.events import TextDelta
from clarifai_chat.llm.endpoints import Endpoint
from clarifai_chat.llm.request import ChatRequest
asked = ChatRequest(demo.MODEL, ({"role": "user", "content": "/length"},))
events = llm.events(asked, Endpoint(demo.start(), demo.KEY))
st.text("answer: " + "".join(e.text for e in events if isinstance(e, TextDelta)))
"""
# As root, since only root may: then as nobody, who may read all and write nothing. A kernel's
# capability stands in for the read permission that an image would give.
RUN = """
import os, subprocess, sys
if {no_temporary_folder}:
    for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run/lock"):
        if os.path.isdir(folder):
            subprocess.run(["mount", "--bind", folder, folder], check=True)
            subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
os.environ.pop("HOME", None)
os.execvp("setpriv", ["setpriv", "--reuid={uid}", "--regid={uid}", "--clear-groups",
    "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", sys.executable, {script!r}])
"""


def can_be_a_container() -> bool:
    if os.name != "posix" or os.geteuid() != 0 or not shutil.which("setpriv"):
        return False
    try:
        unshare = ["unshare", "-mpf", "true"]
        return subprocess.run(unshare, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@pytest.fixture(params=[False, True], ids=["only /tmp", "no temporary folder"])
def container(request, tmp_path):
    if not can_be_a_container():
        pytest.skip("A container-like run needs root, setpriv and unshare (Linux).")
    (tmp_path / "page.py").write_text(PAGE)
    script, run = tmp_path / "app.py", tmp_path / "run.py"
    script.write_text(
        f"import sys\nfrom pathlib import Path\nsys.path.insert(0, {str(ROOT)!r})\nimport server\n"
        f"server.app = server.make_app(Path({str(tmp_path / 'page.py')!r}))\nserver.main()\n"
    )
    run.write_text(RUN.format(no_temporary_folder=request.param, uid=NOBODY, script=str(script)))
    command = [
        "-c",
        f"import os; os.execvp('unshare', ['unshare', '-mpf', '--kill-child',"
        f" {sys.executable!r}, {str(run)!r}])",
    ]
    broken = {
        "ALL_PROXY": "socks5://127.0.0.1:9",
        "NO_PROXY": "[::1],fd00::/8",
        "SSL_CERT_FILE": str(tmp_path / "gone.pem"),
        "CLARIFAI_API_KEY": "x",
    }
    (tmp_path / ".streamlit" / "secrets.toml").mkdir(parents=True)
    with Process(command, "/healthz", cwd=tmp_path, environ=broken) as process:
        yield process, request.param


def test_the_demo_answers_and_the_log_says_what_is_missing(container):
    process, no_temporary_folder = container

    said, _ = said_to(process, id_of(fetch(process.url, headers=HTML)))

    assert said.startswith("answer: ")
    assert len(said) > 20
    ready = fetch(f"{process.url}/readyz")
    typo = fetch(f"{process.url}/redyz", headers=HTML)
    assert (typo.status_code, id_of(typo)) == (404, "")
    log = process.log()
    assert (ready.status_code, ready.json()["warm_up"]) == (503, "ok")
    assert ready.json()["database"].startswith("The database of conversations cannot be written.")
    assert "Traceback" not in log
    assert [line for line in log.splitlines() if not LINE.match(line)] == []
    for name in ("HOME", "SSL_CERT_FILE", "CLARIFAI_API_KEY", "Sign-in is switched off:"):
        assert len(re.findall(rf"WARNING clarifai_chat.serving.start: {name}", log)) == 1
    assert ("No folder for temporary files" in log) == no_temporary_folder

    assert ended(process) == 0, "It is process 1 there, which a signal only ends if it listens."
    assert "Traceback" not in process.log()


def ended(process):
    """Send SIGTERM to the app itself, as whoever runs containers does; return its exit code."""
    (app,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(app), signal.SIGTERM)
    return process._process.wait(PATIENCE_S)
