"""Write an experiment as a workflow of GitHub Actions, and its cases as the file that it asks."""

import math
import shlex
from typing import Any

from clarifai_chat.evidence import cases as cases_
from clarifai_chat.evidence.cases import Case
from clarifai_chat.evidence.experiment import Experiment, tools_for, unusable

CASES = "cases.json"
BELOW = 10  # points below today's lower end, so that chance alone seldom ends it
_FILE = """\
# Asks {cases} of your models, and fails if the lower end of a 95 % interval is below --at-least.
# 1. Save this as .github/workflows/evaluate.yml and the cases as {cases}, in your repository.
# 2. Say below where your copy of Clarifai Chat is.
# 3. Save your access token as a secret of the repository: CLARIFAI_PAT.
name: Evaluate tool calls
on:
  workflow_dispatch:
  push:
    paths: [{cases}]
permissions:
  contents: read
jobs:
  evaluate:
    runs-on: ubuntu-latest
    timeout-minutes: 60
    steps:
      - uses: actions/checkout@v4
      - uses: actions/checkout@v4
        with:
          repository: OWNER/clarifai-chat  # your copy of the app
          path: clarifai-chat
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: python -m pip install --quiet --no-deps -r requirements.txt
        working-directory: clarifai-chat
      - name: Ask each case
        working-directory: clarifai-chat
        env:
          CLARIFAI_PAT: ${{{{ secrets.CLARIFAI_PAT }}}}
        run: >-
          python -m clarifai_chat evaluate ../{cases}
{options}
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: evaluation
          path: report.*
"""


def as_asked(experiment: Experiment, set_: int = 0) -> list[Case]:
    """Return the cases with the tools, system prompt and mocks of a set written into each."""
    found: list[Case] = []
    chosen = experiment["sets"][set_]
    for number, case in enumerate(experiment["cases"]):
        if unusable(experiment, number, set_):
            continue
        whole = cases_.with_mocks(case, chosen.get("mocks", {}))
        if chosen["tools"] is not None:
            whole = {**whole, "tools": tools_for(experiment, number, set_)}
            whole.pop("template", None)
        if system := "\n\n".join(filter(None, [case.get("system", ""), chosen["system"]])):
            whole = {**whole, "system": system}
        found.append(whole)
    return found


def as_workflow(experiment: Experiment, at_least: int) -> str:
    """Return the workflow; `at_least` is in percent."""
    given: dict[str, Any] = {
        "--model": [model["url"] for model in experiment["models"]],
        "--repeat": [experiment["repeats"]],
        "--temperature": [experiment["temperature"]],
        "--at-once": [experiment["at_once"]],
        "--max-usd": [experiment["max_usd"]],
        "--max-seconds": [experiment["max_s"]],
        "--at-least": [at_least],
        "--junit": ["../report.xml"],
        "--html": ["../report.html"],
    }
    lines = [
        f"{name} {shlex.quote(f'{value:g}' if isinstance(value, float) else str(value))}"
        for name, values in given.items()
        for value in values
        if value is not None
    ]
    if experiment["strings"] == "strict":
        lines.append("--strict")
    return _FILE.format(cases=CASES, options="\n".join(f"          {line}" for line in lines))


def threshold(low: float) -> int:
    """Return for a lower end of today what a workflow may ask for, in steps of 5 percent."""
    return max(0, math.floor((low * 100 - BELOW) / 5) * 5)
