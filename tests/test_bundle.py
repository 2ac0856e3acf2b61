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


# What the packages' own commands and types need, not what is in them.
NOT_BUILT_IN = {"@types/trusted-types", "argparse", "commander"}
LICENCES = {"MIT", "BSD-2-Clause", "BSD-3-Clause", "(MPL-2.0 OR Apache-2.0)"}
# Names, an address made of what was written, and what highlight.js says to a developer.
NAMES = ("http://www.w3.org/", "http://${", "https://github.com/highlightjs/highlight.js/")


def run(*command: str, folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        pytest.fail(f"{' '.join(command)}: {done.stdout}{done.stderr}")


def files(folder: Path) -> dict[str, bytes]:
    """The files of a folder and of those in it, by their path."""
    found = [file for file in folder.rglob("*") if file.is_file()]
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in found}


def test_the_built_editor_is_what_its_sources_give(tmp_path):
    if not (shutil.which("npm") and shutil.which("node")):
        pytest.skip("node and npm are not installed, so the editor cannot be built again")
    folder = tmp_path / "frontend"
    shutil.copytree(FRONTEND, folder, ignore=shutil.ignore_patterns("node_modules", "built"))

    run("npm", "ci", "--silent", folder=folder)
    run("npm", "run", "--silent", "build", folder=folder)

    made, committed = files(folder / "built"), files(BUILT)
    assert made.keys() == committed.keys()
    assert [name for name in made if made[name] != committed[name]] == [], "Run `make bundle`."


def test_the_lock_holds_exact_versions_and_checksums_and_no_registry():
    facts = [{k: v for k, v in each.items() if k != "funding"} for each in PACKAGES.values()]
    assert "resolved" not in json.dumps(facts)
    assert "://" not in json.dumps(facts)  # `funding`: where a package asks for donations
    assert all(re.fullmatch(r"sha512-\S+", facts["integrity"]) for facts in PACKAGES.values())

    asked = json.loads((FRONTEND / "package.json").read_text("utf-8"))
    for name, version in (asked["dependencies"] | asked["devDependencies"]).items():
        assert PACKAGES[name]["version"] == version


def test_the_notice_names_every_package_that_is_built_in():
    built_in = {
        name: facts
        for name, facts in PACKAGES.items()
        if not facts.get("dev") and name not in NOT_BUILT_IN
    }
    assert {facts["license"] for facts in built_in.values()} <= LICENCES

    notice = (FRONTEND / "NOTICE").read_text("utf-8")
    named = set(re.findall(r"(?:@[\w-]+/)?[\w.-]+(?=[,\n])", notice))
    assert set(built_in) - named == set()


@pytest.mark.parametrize("name", sorted(name for name in files(BUILT) if name.endswith(".js")))
def test_what_is_built_asks_no_stranger(name):
    code = (BUILT / name).read_text("utf-8")
    assert code.startswith(
        "// Built from frontend/src by `make bundle`. Licences: frontend/NOTICE.\n"
    )
    addresses = set(re.findall(r"https?://[^\"'`\s)]+", code))
    assert {each for each in addresses if not each.startswith(NAMES)} == set()
    assert not re.search(r"\beval\(|new Function\(|(?<![.\w])fetch\((?!\)\{)|XMLHttpRequest", code)
