"""Each line of the log has its time and level, whoever wrote it."""

import json
import logging
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from clarifai_chat.logs import FORMAT, EachLine, JsonLine
from components.state.streamlit_process import in_one_line

LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (DEBUG|INFO|WARNING|ERROR) [\w.]+: ?")


def test_each_line_of_a_traceback_has_time_and_level():
    try:
        raise RuntimeError("first\nsecond")
    except RuntimeError:
        record = logging.LogRecord("a.b", logging.ERROR, "", 1, "It\nbroke", (), sys.exc_info())

    lines = EachLine(FORMAT).format(record).splitlines()

    assert len(lines) > 4
    assert [line for line in lines if not LINE.match(line)] == []


def test_a_record_may_be_a_line_of_json():
    try:
        raise RuntimeError("first\nsecond")
    except RuntimeError:
        record = logging.LogRecord("a.b", logging.ERROR, "", 1, "It\nbroke", (), sys.exc_info())
    record.request_id = "app-1"

    (line,) = JsonLine().format(record).splitlines()
    told = json.loads(line)

    assert datetime.fromisoformat(told["time"]).timestamp() == pytest.approx(record.created, abs=1)
    assert (told["level"], told["logger"], told["request_id"]) == ("ERROR", "a.b", "app-1")
    assert told["message"].startswith("It\nbroke\nTraceback")


SCRIPT = """
import logging, threading, warnings
from clarifai_chat import logs
logs.set_up({level!r})
logs.set_up({level!r})
for name in ("clarifai_chat.x", "components.y", "httpx", "uvicorn.error"):
    for say in ("debug", "info", "warning", "error"):
        getattr(logging.getLogger(name), say)("says " + say)
warnings.warn("says warned")
thread = threading.Thread(target=lambda: 1 / 0, name="worker")
thread.start()
thread.join()
"""


@pytest.mark.slow
@pytest.mark.parametrize("level", ["debug", "warning", "error"])
def test_the_level_is_this_apps_own_and_libraries_only_warn(level):
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(level=level)],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = run.stderr.splitlines()
    levels = ["debug", "info", "warning", "error"]
    ours = levels[levels.index(level) :]

    assert run.stdout == ""
    assert [line for line in lines if not LINE.match(line)] == []
    for name, heard in (("clarifai_chat.x", ours), ("components.y", ours), ("httpx", ours[-2:])):
        assert [x.rpartition(" ")[2] for x in lines if f" {name}:" in x] == heard
    assert any("ZeroDivisionError ended thread worker" in line for line in lines)
    assert any("says warned" in line for line in lines) == (level != "error")


def test_a_sign_in_that_failed_is_one_line(caplog):
    logger = logging.getLogger("tests.sign_in")
    logger.addFilter(in_one_line)
    try:
        raise ConnectionError("with a code of somebody's")
    except ConnectionError:
        logger.warning("Error during %s.", "login", exc_info=True)

    assert caplog.messages == ["Error during login. (ConnectionError)"]
    assert "somebody" not in caplog.text
