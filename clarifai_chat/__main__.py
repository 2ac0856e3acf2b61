"""Run the command line: `python -m clarifai_chat`."""

import sys

from clarifai_chat.cli.commands import app

if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a terminal may not know every sign
    app(prog_name="python -m clarifai_chat")
