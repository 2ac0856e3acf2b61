"""Run a reader of files in its own process, where a hostile file can cost time and memory."""

import json
import os
import subprocess
import sys
import threading
from typing import Any

from clarifai_chat.attachments.pdf_reader import MAX_CPU_S

TIMEOUT_S = MAX_CPU_S + 10
_SEVERAL = threading.BoundedSemaphore(2)  # each may take pdf_reader.MAX_MEMORY
# Windows cannot start Python without SYSTEMROOT. Nothing else of the operator's is passed on.
_NEEDED = ("PATH", "SYSTEMROOT", "LANG")


def run(script: str, data: bytes, *arguments: object) -> dict[str, Any]:
    """Return what a script of ours prints about `data`, or `why` it could not; end it if too slow.

    `why` is "busy" if it could not be started, "heavy" if it took too much time or memory.
    """
    environ = {name: os.environ[name] for name in _NEEDED if name in os.environ}
    environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    if not _SEVERAL.acquire(timeout=TIMEOUT_S):
        return {"why": "busy"}
    try:
        done = subprocess.run(  # noqa: S603 - our own script, with numbers and names for arguments
            [sys.executable, "-P", script, *map(str, arguments)],
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environ,
            timeout=TIMEOUT_S,
            check=False,
        )
        told: dict[str, Any] = json.loads(done.stdout)
    except OSError:
        return {"why": "busy"}
    except (subprocess.TimeoutExpired, ValueError):  # or ended silently by its limits
        return {"why": "heavy"}
    finally:
        _SEVERAL.release()
    return told
