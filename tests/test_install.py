"""The locks install with the oldest pip, from an index that offers a newer version of everything.

The index holds empty wheels with the metadata of the installed packages, each in the locked version
and in a newer one. The locks are copies with the hashes of these wheels.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.txt", "requirements-dev.txt")

# The oldest pip that comes with Python 3.11. It cannot run on newer Pythons: there the pip of the
# environment that runs the tests is tried.
OLDEST = "22.3.1" if sys.version_info < (3, 12) else ""
OLDEST_HASH = "908c78e6bc29b676ede1c4d57981d490cb892eb45cd8c214ab6298125119e077"

ROW = re.compile(
    r"^(?P<what>(?P<name>[\w.-]+)\S*==(?P<version>\S+))(?: ; (?P<marker>.+))? \\\n"
    r"(?P<hashes>(?:    --hash=.+\n)+)",
    re.MULTILINE,
)

needs_make = pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")


def rows(*locks: str) -> list[re.Match[str]]:
    """Return the rows that this machine installs, of these locks or of both."""
    texts = [(ROOT / lock).read_text("utf-8") for lock in locks or LOCKS]
    found = [row for text in texts for row in ROW.finditer(text)]
    return [row for row in found if not row["marker"] or Marker(row["marker"]).evaluate()]


def locked(*locks: str) -> set[str]:
    return {f"{row['name']}-{row['version']}" for row in rows(*locks)}


def as_locked(packages: Iterable[str]) -> set[str]:
    return {package.lower().replace("_", "-") for package in packages}


def run(*command: str | Path, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=240, **options)


def wheel(index: Path, name: str, version: str) -> Path:
    return index / name / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"


def write_wheel(file: Path) -> None:
    name, version = file.parent.name, file.name.split("-")[1]
    metadata, _, _ = distribution(name).read_text("METADATA").partition("\n\n")
    metadata = re.sub("(?m)^Version: .*$", f"Version: {version}", metadata, count=1)
    folder = f"{file.name.removesuffix('-py3-none-any.whl')}.dist-info"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{folder}/METADATA", metadata)
        archive.writestr(f"{folder}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{folder}/RECORD", "")


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    index = tmp_path_factory.mktemp("index")
    for name, version in {(row["name"], row["version"]) for row in rows()}:
        newer = f"{Version(version).base_version}.1"  # below every upper bound
        files = [wheel(index, name, version), wheel(index, name, newer)]
        (index / name).mkdir()
        for file in files:
            write_wheel(file)
        links = "".join(f'<a href="{file.name}">{file.name}</a>\n' for file in files)
        (index / name / "index.html").write_text(links, "utf-8")
    return index


@pytest.fixture(scope="module")
def pip(tmp_path_factory):
    """The folder of the package `pip`, of that version."""
    if not OLDEST:
        return Path(find_spec("pip").origin).parent
    folder = tmp_path_factory.mktemp("pip")
    (folder / "wanted.txt").write_text(f"pip=={OLDEST} --hash=sha256:{OLDEST_HASH}", "utf-8")
    download = ("-m", "pip", "download", "--no-deps", "--dest", folder, "-r", folder / "wanted.txt")
    done = run(sys.executable, *download)
    if done.returncode:
        pytest.skip(f"pip {OLDEST} could not be downloaded: {done.stderr}")
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        archive.extractall(folder)
    return folder / "pip"


@pytest.fixture
def project(tmp_path, index):
    """A folder with the Makefile and the locks, with the hashes of the wheels in the index."""

    def with_its_hash(row):
        file = wheel(index, row["name"], row["version"])
        if not file.exists():  # not for this machine
            return row[0]
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        return row[0].replace(row["hashes"], f"    --hash=sha256:{digest}\n")

    shutil.copy(ROOT / "Makefile", tmp_path)
    for lock in LOCKS:
        text = (ROOT / lock).read_text("utf-8")
        (tmp_path / lock).write_text(ROW.sub(with_its_hash, text), "utf-8")
    return tmp_path


@pytest.fixture
def install(project, index, pip):
    """Run a command in the project, as `install("make", "setup")`, with that pip and that index."""
    made = run(sys.executable, "-m", "venv", "--without-pip", project / ".venv")
    assert made.returncode == 0, made.stderr
    python = next((project / ".venv").glob("[bS]*/python*"))
    packages = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
    shutil.copytree(pip, Path(packages.stdout.strip(), "pip"))

    ours = ("PIP_", "MAKE", "MFLAGS", "PYTHON", "VENV", "VIRTUAL_ENV")
    environment = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
    environment |= {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": index.as_uri()}

    def install(command, *arguments):
        program = (python, "-m", "pip") if command == "pip" else (command,)
        return run(*program, *arguments, cwd=project, env=environment)

    return install


@needs_make
def test_make_installs_what_is_locked(install, project):
    done = install("make", "setup")

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert as_locked(f.stem for f in (project / ".venv").rglob("*.dist-info")) == locked()


@needs_make
def test_make_names_a_package_that_a_lock_lacks(install, project):
    lock = project / "requirements.txt"
    alone = next(row for row in ROW.finditer(lock.read_text("utf-8")) if row["name"] == "httpx")
    lock.write_text(alone[0], "utf-8")

    done = install("make", ".venv/.ready-to-run")

    assert "requires httpcore, which is not installed" in done.stderr


@pytest.mark.parametrize("locks", [LOCKS[:1], LOCKS], ids=["app", "tests"])
def test_pip_by_itself_installs_what_is_locked(install, locks):
    done = install("pip", "install", "--dry-run", *(f"-r{lock}" for lock in locks))

    assert done.returncode == 0, done.stderr
    _, _, packages = done.stdout.partition("Would install ")
    assert as_locked(packages.split()) == locked(*locks)


def test_every_extra_that_a_package_asks_for_is_locked():
    """pip before 23.3 needs it; a newer pip does not notice that one is missing."""
    had = {row["name"]: Requirement(row["what"]).extras for row in rows()}
    asked = [Requirement(text) for name in had for text in distribution(name).requires or ()]
    asked = [r for r in asked if not r.marker or r.marker.evaluate({"extra": ""})]

    assert {r.name for r in asked if r.extras} != set()
    assert [str(r) for r in asked if r.extras - had[canonicalize_name(r.name)]] == []
