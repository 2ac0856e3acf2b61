"""Every snippet runs: what it sends is the app's own request, and it prints the answer.

The Python snippets run in one process and the JavaScript ones in another, each with a token of its
own, by which the loopback Clarifai knows the request of each. LiteLLM Proxy: test_code_proxy.py.
"""

import json
import os
import shutil
import subprocess
import sys
from itertools import chain, product
from pathlib import Path

import pytest

from clarifai_chat.demo import API_PATH
from clarifai_chat.llm.code import snippet
from tests.patience import PATIENCE_S
from tests.some_requests import CASES, MODELS, AnsweringClarifai, printed, request, sorted_json

pytestmark = pytest.mark.slow

NODE = Path(__file__).parent / "node"
RUNS = list(product(CASES, MODELS))
EACH = pytest.mark.parametrize(("case", "model"), RUNS)

# Run each program of a list, [[folder, file, token], …], and print what each has printed.
PYTHON = """
import contextlib, io, json, os, runpy, sys, traceback
results = []
for folder, file, token in json.load(sys.stdin):
    os.chdir(folder)
    os.environ["CLARIFAI_PAT"] = token
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            runpy.run_path(file)
        except Exception:
            traceback.print_exc(file=out)
    results.append(out.getvalue())
print("RESULTS" + json.dumps(results))
"""
JAVASCRIPT = """
import { readFileSync } from "node:fs";
const results = [];
const write = process.stdout.write.bind(process.stdout);
for (const [folder, file, token] of JSON.parse(readFileSync(0, "utf8"))) {
  process.chdir(folder);
  process.env.CLARIFAI_PAT = token;
  let out = "";
  process.stdout.write = (text) => (out += text, true);
  try { await import(`${folder}/${file}`); } catch (error) { out += error.stack; }
  results.push(out);
}
process.stdout.write = write;
console.log("RESULTS" + JSON.stringify(results));
"""


@pytest.fixture(scope="module")
def clarifai():
    with AnsweringClarifai() as clarifai:
        yield clarifai


@pytest.fixture(scope="module")
def lay(clarifai, tmp_path_factory):
    """Write all snippets of a kind, each into a folder: [[folder, file, token], …]."""

    def lay(kind):
        rows = []
        for number, (case, model) in enumerate(RUNS):
            folder = tmp_path_factory.mktemp(kind)
            made = snippet(kind, request(case, model), clarifai.base + API_PATH)
            (folder / made.filename).write_text(made.text, "utf-8")
            for name, content in made.files.items():
                (folder / name).write_bytes(content)
            token = f"{kind}-{number}"
            clarifai.users[token] = "ada"
            rows.append([str(folder), made.filename, token])
        return rows

    return lay


def environment():
    """This environment without settings that clients would read."""
    ours = ("OPENAI_", "CLARIFAI_", "LITELLM_")
    return {name: text for name, text in os.environ.items() if not name.startswith(ours)}


def run(command, rows, **more):
    done = subprocess.run(
        command, input=json.dumps(rows), capture_output=True, text=True, timeout=PATIENCE_S, **more
    )
    _, _, results = done.stdout.partition("RESULTS")
    assert results, done.stderr + done.stdout
    return json.loads(results.splitlines()[0])


@pytest.fixture(scope="module")
def python(lay):
    """What each Python snippet has printed, by kind."""
    rows = {kind: lay(kind) for kind in ("litellm", "openai")}
    # litellm would fetch its price list when it is imported.
    env = {**environment(), "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MODE": "PRODUCTION"}
    results = run([sys.executable, "-c", PYTHON], [*chain.from_iterable(rows.values())], env=env)
    return {"litellm": results[: len(RUNS)], "openai": results[len(RUNS) :]}


@pytest.fixture(scope="module")
def openai_package():
    """The folder with the locked `openai` package for node, installed if it is not there."""
    if not (shutil.which("npm") and shutil.which("node")):
        pytest.skip("node and npm are not installed, so the JavaScript snippets cannot run")
    lock = json.loads((NODE / "package-lock.json").read_text("utf-8"))
    installed = NODE / "node_modules" / ".package-lock.json"
    wanted = lock["packages"]["node_modules/openai"]["version"]
    if not installed.exists() or f'"version": "{wanted}"' not in installed.read_text("utf-8"):
        done = subprocess.run(["npm", "ci", "--silent"], cwd=NODE, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr + done.stdout
    return NODE / "node_modules"


@pytest.fixture(scope="module")
def javascript(lay, openai_package):
    """What each JavaScript snippet has printed, by kind."""
    rows = {kind: lay(kind) for kind in ("javascript", "fetch")}
    for folder, _, _ in rows["javascript"]:
        Path(folder, "node_modules").symlink_to(openai_package)
    command = ["node", "--input-type=module", "--eval", JAVASCRIPT]
    results = run(command, [*chain.from_iterable(rows.values())], env=environment())
    return {"javascript": results[: len(RUNS)], "fetch": results[len(RUNS) :]}


@pytest.fixture(scope="module")
def curl(lay):
    """What each curl command has printed."""
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    results = []
    for folder, file, token in lay("curl"):
        env = {**environment(), "CLARIFAI_PAT": token}
        done = subprocess.run(
            ["sh", file], cwd=folder, env=env, capture_output=True, text=True, timeout=PATIENCE_S
        )
        results.append(done.stdout)
    return results


def assert_ran(clarifai, kind, heard, case, model):
    number = RUNS.index((case, model))
    token = f"Bearer {kind}-{number}"
    sent = [seen for seen in clarifai.chats if seen.headers["authorization"] == token]

    assert len(sent) == 1, heard[number]
    # No client forces a difference; one that does has to be named here, with its reason.
    assert sorted_json(sent[0].body) == sorted_json(request(case, model).body)
    assert heard[number] == printed(case)


@EACH
@pytest.mark.parametrize("kind", ["litellm", "openai"])
def test_python_sends_the_request_and_prints_the_answer(clarifai, python, kind, case, model):
    assert_ran(clarifai, kind, python[kind], case, model)


@EACH
@pytest.mark.parametrize("kind", ["javascript", "fetch"])
def test_javascript_sends_the_request_and_prints_the_answer(
    clarifai, javascript, kind, case, model
):
    assert_ran(clarifai, kind, javascript[kind], case, model)


@EACH
def test_curl_sends_the_request_and_prints_the_answer(clarifai, curl, case, model):
    assert_ran(clarifai, "curl", [said(text) for text in curl], case, model)


def said(answer):
    """What another program would print of an answer that curl has printed as it came."""
    if not answer.startswith("data:"):
        message = json.loads(answer)["choices"][0]["message"]
        called = [call["function"] for call in message.get("tool_calls") or []]
        texts = [message["content"], *(f"{c['name']} {c['arguments']}" for c in called)]
        return "\n".join([*filter(None, texts), ""])
    lines = [line.removeprefix("data: ") for line in answer.splitlines() if line]
    assert lines.pop() == "[DONE]"
    text = ""
    for chunk in map(json.loads, lines):
        for choice in chunk["choices"]:
            text += choice["delta"].get("content") or ""
            for call in choice["delta"].get("tool_calls", ()):
                name = call["function"].get("name")
                text += (f"\n{name} " if name else "") + call["function"].get("arguments", "")
        if usage := chunk.get("usage"):
            text += f"\n{usage['prompt_tokens']} tokens in, {usage['completion_tokens']} out\n"
    return text


@pytest.mark.parametrize("kind", ["javascript", "fetch"])
def test_javascript_without_a_token_sends_nothing(clarifai, openai_package, tmp_path, kind):
    """The OpenAI client would send OPENAI_API_KEY instead."""
    made = snippet(kind, request(), clarifai.base + API_PATH)
    (tmp_path / made.filename).write_text(made.text, "utf-8")
    (tmp_path / "node_modules").symlink_to(openai_package)
    before = len(clarifai.chats)

    env = {**environment(), "OPENAI_API_KEY": "somebody-else's"}
    done = subprocess.run(
        ["node", made.filename], cwd=tmp_path, env=env, capture_output=True, text=True
    )

    assert done.returncode
    assert "Set CLARIFAI_PAT" in done.stderr
    assert len(clarifai.chats) == before
