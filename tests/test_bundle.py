"""The built editor is what its sources and its lock give, and says whose code it holds."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

FRONTEND = Path(__file__).parent.parent / "frontend"
BUILT = FRONTEND / "built"
LOCK = json.loads((FRONTEND / "package-lock.json").read_text("utf-8"))
PACKAGES = {
    path.removeprefix("node_modules/"): facts for path, facts in LOCK["packages"].items() if path
}


def run(*command: str, folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        pytest.fail(f"{' '.join(command)}: {done.stdout}{done.stderr}")


def test_the_built_editor_is_what_its_sources_give(tmp_path):
    if not (shutil.which("npm") and shutil.which("node")):
        pytest.skip("node and npm are not installed, so the editor cannot be built again")
    folder = tmp_path / "frontend"
    shutil.copytree(FRONTEND, folder, ignore=shutil.ignore_patterns("node_modules", "built"))

    run("npm", "ci", "--silent", folder=folder)
    run("npm", "run", "--silent", "build", folder=folder)

    made = {file.name: file.read_bytes() for file in (folder / "built").iterdir()}
    committed = {file.name: file.read_bytes() for file in BUILT.iterdir()}
    assert made.keys() == committed.keys()
    assert [name for name in made if made[name] != committed[name]] == [], "Run `make bundle`."


def test_the_lock_holds_exact_versions_and_checksums_and_no_registry():
    text = (FRONTEND / "package-lock.json").read_text("utf-8")
    assert "resolved" not in text
    assert "://" not in re.sub(r'"url": "[^"]*"', "", text)  # where a package asks for donations
    assert all(re.fullmatch(r"sha512-\S+", facts["integrity"]) for facts in PACKAGES.values())

    asked = json.loads((FRONTEND / "package.json").read_text("utf-8"))
    for name, version in (asked["dependencies"] | asked["devDependencies"]).items():
        assert PACKAGES[name]["version"] == version


def test_the_notice_names_every_package_that_is_built_in():
    built_in = {name: facts for name, facts in PACKAGES.items() if not facts.get("dev")}
    assert {facts["license"] for facts in built_in.values()} == {"MIT"}

    notice = (FRONTEND / "NOTICE").read_text("utf-8")
    named = set(re.findall(r"(?:@[\w-]+/)?[\w-]+(?=[,\n])", notice.partition("Permission is")[0]))
    assert set(built_in) - named == set()


@pytest.mark.parametrize("name", ["codemirror.js", "mount.js"])
def test_what_is_built_asks_no_stranger(name):
    code = (BUILT / name).read_text("utf-8")
    assert code.startswith(
        "// Built from frontend/src by `make bundle`. Licences: frontend/NOTICE.\n"
    )
    addresses = set(re.findall(r"https?://[^\"'`\s)]+", code))
    assert addresses <= {"http://www.w3.org/2000/svg"}  # a name, not an address
    assert not re.search(r"\beval\(|new Function\(|\bfetch\(|XMLHttpRequest", code)
