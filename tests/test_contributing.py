"""CONTRIBUTING's recipe for a page, followed to the letter in a copy of the app."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parent.parent
FOLDERS = (
    ".streamlit", "assets", "bench", "clarifai_chat", "components", "frontend", "migrations",
    "pages", "tests",
)  # fmt: skip
FILES = ("app.py", "server.py", "pyproject.toml")


def test_the_recipe_makes_a_page_that_works(tmp_path):
    recipe = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    recipe = recipe.partition("\n## Add a page\n")[2].partition("\n## ")[0]
    page, link, test = map(dedent, re.findall(r"```python\n(.*?) *```", recipe, re.DOTALL))
    (page_name,) = set(re.findall(r"`(pages/\w+\.py)`", recipe))
    (test_name,) = set(re.findall(r"`(tests/\w+\.py)`", recipe))
    copy = tmp_path / "app"
    for name in FOLDERS:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("node_modules"))
    for name in FILES:
        shutil.copy(ROOT / name, copy)

    (copy / page_name).write_text(page, "utf-8")
    shell = copy / "components" / "frame" / "shell.py"
    last_link = re.compile(r"(.*)^( *)(st\.page_link\(.*?\)\n)", re.DOTALL | re.MULTILINE)
    code = last_link.sub(rf"\1\2\3\2{link}", shell.read_text("utf-8"), count=1)
    shell.write_text(code, "utf-8")
    (copy / test_name).write_text(test, "utf-8")

    # Beside the recipe's own test, the one that looks at every page: links, picker, token box.
    tools = (
        ("pytest", "-q", "-k", Path(page_name).stem, test_name, "tests/test_shell_page.py"),
        ("ruff", "check", page_name, test_name, "components"),
        ("ruff", "format", "--check", page_name, test_name, "components"),
    )
    environ = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST_")}
    for tool in tools:
        command = [sys.executable, "-m", *tool]
        done = subprocess.run(command, cwd=copy, env=environ, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
