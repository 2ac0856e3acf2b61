"""On Python 3.11 no allocation begins a collection: a thread does it, between bytecodes."""

import subprocess
import sys

from clarifai_chat.config import ROOT

MAKE_GARBAGE = """
import gc, sys, threading, time
from clarifai_chat.gc_thread import collect_between_bytecodes

class Ring:
    def __init__(self):
        self.me = self
    def __del__(self):
        where.add(threading.current_thread().name)

where = set()
collect_between_bytecodes()
collect_between_bytecodes()  # pages say it again and again
del sys.modules["clarifai_chat.gc_thread"]  # as Streamlit does when a file is edited
from clarifai_chat.gc_thread import collect_between_bytecodes
collect_between_bytecodes()
while not where:
    rings = [Ring() for _ in range(10_000)]
    del rings
    time.sleep(0.01)
print(*where, gc.isenabled(), [t.name for t in threading.enumerate()].count("garbage"))
"""


def test_garbage_is_collected_in_a_thread_of_its_own() -> None:
    command = [sys.executable, "-c", MAKE_GARBAGE]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    alone = ["garbage", "False", "1"]
    assert told.stdout.split() == (
        alone if sys.version_info < (3, 12) else ["MainThread", "True", "0"]
    )
