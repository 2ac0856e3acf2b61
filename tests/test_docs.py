"""What the documents say, held against the code.

`UPDATE_DOCS=1 make test ARGS=tests/test_docs.py` writes docs/ERRORS.md again.
"""

import os
import re
from pathlib import Path

import pytest
from dotenv import dotenv_values

from clarifai_chat import config, errors, llm
from clarifai_chat.config import SETTING_NAMES, Settings, load_settings

ROOT = Path(__file__).parent.parent
ERRORS = ROOT / "docs" / "ERRORS.md"
FOLDERS = ("pages", "components", "clarifai_chat")
LOCKS = (
    "requirements",
    "requirements-dev",
    "requirements-proxy",
    "requirements-local",
    "requirements-workers",
)
PAGES = [ROOT / "app.py", *sorted((ROOT / "pages").glob("*.py"))]
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *(file for folder in ("docs", "deploy") for file in sorted((ROOT / folder).rglob("*.md"))),
]


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


# --- Errors -----------------------------------------------------------------------------------


def kinds(base: type[errors.ChatError] = errors.ChatError) -> list[type[errors.ChatError]]:
    ours = [kind for kind in base.__subclasses__() if kind.__module__ == errors.__name__]
    return [found for kind in ours for found in (kind, *kinds(kind))]


def statuses_of(kind: type[errors.ChatError]) -> str:
    found = [str(status) for status in errors.STATUSES if errors.STATUSES[status] is kind]
    if not found and kind in errors.OTHERS.values():
        other = {s: type(errors.meaning(s, None, elsewhere=True)) for s in errors.STATUSES}
        found = [str(status) for status, of in other.items() if of is kind]
        if type(errors.meaning(599, None, elsewhere=True)) is kind:
            found.append("other 5xx")
    rest = {"error in a 200": 200, "other 4xx": 499, "other 5xx": 599}
    found += [name for name, status in rest.items() if type(errors.meaning(status, None)) is kind]
    return ", ".join(found)


def errors_document() -> str:
    """docs/ERRORS.md, from the classes and tables of clarifai_chat/errors.py."""
    lines = [
        "# What can go wrong",
        "",
        "Generated from `clarifai_chat/errors.py` by"
        " `UPDATE_DOCS=1 make test ARGS=tests/test_docs.py`. Do not edit.",
        "",
        "Clarifai's status code decides which error is shown, then the HTTP status. Some failures"
        " have neither: no token (`NoPat`), no connection (`Unreachable`), a reply that breaks off"
        " (`CutOff`) or is invalid (`BadReply`). If the server's message mentions the context"
        " window, `TooLong` replaces a vaguer error, whatever the code. A connection lost before"
        " the first token counts as `Unreachable`.",
        "",
        "A server in place of Clarifai (`CLARIFAI_OPENAI_BASE`) and a local one (`LOCAL_API_BASE`)"
        " have sentences of their own, from `NoKey` to `NoServer`: their words decide, such as"
        " `budget_exceeded`, then the HTTP status.",
        "",
        "Temporary failures are retried after the seconds in the last column, visibly, before the"
        f" first token only, at most {llm.MAX_ATTEMPTS - 1} times. A server's Retry-After takes"
        f" precedence, up to {llm.MAX_RETRY_AFTER_S:.0f} s; if it is longer, the reader sees it"
        " and decides.",
        "",
        "| Name | What the reader sees | Cause | Advice | Codes | HTTP | Retry after, s |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind in kinds():
        codes = ", ".join(str(code) for code, of in errors.CODES.items() if of is kind)
        waits = ", ".join(f"{wait:g}" for wait in kind.waits)
        row = (
            f"`{kind.__name__}`", kind.what, kind.side, kind.advice, codes, statuses_of(kind), waits
        )  # fmt: skip
        lines.append(f"| {' | '.join(row)} |")
    return re.sub(r"\|  (?=\|)", "| ", "\n".join(lines)) + "\n"


def test_every_failure_is_in_the_document() -> None:
    if os.environ.get("UPDATE_DOCS"):
        ERRORS.write_text(errors_document(), "utf-8")
    assert ERRORS.read_text("utf-8") == errors_document(), "UPDATE_DOCS=1 writes it again."


def test_every_failure_is_in_its_modules_overview() -> None:
    overview = re.findall(r"\b[A-Z][a-z]+[A-Za-z]+\b", (errors.__doc__ or "").partition("`")[0])
    named = [name for name in overview if hasattr(errors, name)]
    assert named == ["ChatError", *(kind.__name__ for kind in kinds())]


# --- Settings ---------------------------------------------------------------------------------


def default_of(name: str) -> str:
    attribute, _ = config._READERS[name]
    value = getattr(Settings(), attribute)
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def test_every_setting_is_in_the_readme_with_its_default() -> None:
    section = read("README.md").partition("\n## Settings\n")[2].partition("\n## ")[0]
    rows = [cells(line) for line in section.splitlines() if line.startswith("| `")]

    said = {name.strip("`"): default.strip("`") for name, default, _ in rows}

    assert said == {name: default_of(name) or "none" for name in SETTING_NAMES}


def test_every_setting_is_explained_in_the_example(tmp_path: Path) -> None:
    blocks = [block.splitlines() for block in read(".env.example").strip().split("\n\n")[1:]]
    assert [line[-1].removeprefix("# ").partition("=")[0] for line in blocks] == [*SETTING_NAMES]
    assert all(len(block) == 2 and block[0].startswith("# ") for block in blocks)
    assert not dotenv_values(ROOT / ".env.example"), "Nothing is set before its # is removed."

    used = tmp_path / ".env"
    used.write_text("\n".join(block[-1].removeprefix("# ") for block in blocks), "utf-8")

    assert load_settings({}, used) == Settings()


# --- Files ------------------------------------------------------------------------------------


def tree() -> list[str]:
    """The paths in the tree of docs/ARCHITECTURE.md, in order; folders end with a slash."""
    block = read("docs/ARCHITECTURE.md").partition("\n## The tree\n")[2].split("```")[1]
    paths, folder = [], ""
    for line in block.strip("\n").splitlines():
        name = line.split()[0]
        if not line.startswith(" "):
            folder = name if name.endswith("/") else ""
        paths.append(name if name == folder else folder + name)
    return paths


def test_what_the_tree_shows_exists() -> None:
    assert not [path for path in tree() if not (ROOT / path).exists()]


def test_the_tree_shows_every_room_and_every_file_outside_one() -> None:
    shown = set(tree())
    rooms = tuple(path for path in shown if path.count("/") > 1)
    files = [ROOT / "app.py", ROOT / "server.py"]
    files += [f for folder in FOLDERS for f in (ROOT / folder).rglob("*.py")]
    files = [f for f in files if f.parent.name != "pages" and f.name != "__init__.py"]

    paths = {f.relative_to(ROOT).as_posix() for f in files}

    assert {path for path in paths - shown if not path.startswith(rooms)} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_page_is_linked_and_described(page: Path) -> None:
    name = page.relative_to(ROOT).as_posix()
    assert f'st.page_link("{name}"' in read("components/frame/shell.py")
    assert f"`{name}`" in read("README.md").partition("\n## Pages\n")[2].partition("\n## ")[0]


def test_every_key_of_a_widget_is_in_the_table() -> None:
    rows = [cells(line)[0] for line in read("docs/KEYS.md").splitlines() if line.startswith("| `")]
    told = [key for row in rows for key in re.findall(r"`([^`]+)`", row)]
    files = [*PAGES, *(ROOT / "components").rglob("*.py")]
    code = "\n".join(file.read_text("utf-8") for file in files)

    written = set(re.findall(r'key=f?"(\w+)[:"]|_button\("(\w+)"', code))
    written = {name for names in written for name in names if name}

    assert written - {key.partition(":")[0] for key in told} == set()
    # One that is put together elsewhere ("more:…") is a string of the code all the same.
    assert not [key for key in told if not re.search(rf'"{key.partition(":")[0]}[:"]', code)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.relative_to(ROOT).as_posix())
def test_links_within_the_project_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", document.read_text("utf-8"))
    inside = [t.partition("#")[0] for t in targets if not t.startswith(("http", "#"))]
    assert not [target for target in inside if not (document.parent / target).exists()]


# --- LiteLLM's page on Clarifai -----------------------------------------------------------------


def statements() -> list[list[str]]:
    """(statement, place, files) of each row of docs/PROVIDER.md that is not a heading."""
    rows = [cells(line) for line in read("docs/PROVIDER.md").splitlines() if line.startswith("| ")]
    return [row for row in rows[1:] if not row[0].startswith("**")]


def test_each_statement_of_the_providers_page_has_a_place_that_exists() -> None:
    assert len(statements()) > 30
    for statement, place, files in statements():
        paths = re.findall(r"`([^`]+)`", files)
        assert place, statement
        assert paths, statement
        missing = {path for path in paths if not (ROOT / path).exists()}
        assert not missing, statement


# --- Locks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_versions_and_hashes_and_nothing_of_a_machine(name: str) -> None:
    known = re.compile(
        r"[a-z0-9.-]+(\[[a-z0-9,]+\])?"
        r"==[\w.]+( ; [\w.'<>=!() ]+)? \\"  # a version, and where it is needed
        r"|    --hash=sha256:[0-9a-f]{64}( \\)?"
        r"|# This file was autogenerated by uv via the following command:|#    make lock"
        r"|    #( via| +)( (-[rc] )?[\w.-]+)?"  # what asked for it
    )
    lines = read(f"{name}.txt").splitlines()
    assert not [line for line in lines if not known.fullmatch(line)]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_all_that_is_asked_for(name: str) -> None:
    asked = re.findall(r"^([a-z][\w.-]*(?:==[\w.]+)?)", read(f"{name}.in"), re.MULTILINE)
    locked = re.findall(r"^([a-z][\w.-]*)(?:\[.+\])?(==[\w.]+)", read(f"{name}.txt"), re.MULTILINE)
    either_way = {text for package, version in locked for text in (package, package + version)}
    assert asked
    assert set(asked) - either_way == set()


def test_no_file_names_a_package_index_or_a_folder_of_somebodys() -> None:
    files = [*DOCUMENTS, ROOT / "Makefile", ROOT / ".ci" / "run", *ROOT.glob("requirements*")]
    tell_tales = re.compile(r"index-url=|--find-links|file://|/simple\b|/(?:home|root|opt|work)/")
    assert not [f.name for f in files if tell_tales.search(f.read_text("utf-8"))]


# --- Commands ---------------------------------------------------------------------------------


def test_ci_runs_what_check_runs_and_the_readmes_test_command() -> None:
    run = re.findall(r"^(?:then )?make ([\w-]+)$", read(".ci/run"), re.MULTILINE)
    check = re.search(r"^check: ([\w -]+?)  ## ", read("Makefile"), re.MULTILINE)
    assert check
    assert run == check[1].split()
    assert "test" in run
    assert re.search(r"^make test\b", read("README.md"), re.MULTILINE)


# --- For the operator -------------------------------------------------------------------------

# Of the environment, which others read.
FOREIGN = {"HOME", "TMPDIR", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE"}
FOREIGN |= {"SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "FORWARDED_ALLOW_IPS"}


def test_the_operators_page_names_settings_and_variables_that_there_are() -> None:
    text = read("docs/OPERATING.md")
    named = set(re.findall(r"`([A-Z][A-Z_]{3,})\b", text))

    assert named <= {*SETTING_NAMES} | FOREIGN
    assert len(text.splitlines()) <= 280


def test_every_sentence_that_the_operators_page_explains_is_said_by_the_app() -> None:
    table = read("docs/OPERATING.md").partition("\n## What to do when\n")[2]
    quoted = [part.strip("… ") for part in re.findall(r'"([^"]+)"', table)]
    said = " ".join(
        re.sub(r'"\s*f?"', "", file.read_text("utf-8"))
        for file in (ROOT / "clarifai_chat").rglob("*.py")
    )

    assert len(quoted) > 5
    assert [each for each in quoted if each not in said] == []


def test_every_part_of_the_operators_page_is_in_its_list() -> None:
    text = read("docs/OPERATING.md")
    listed = re.findall(r"\[[^\]]+\]\(#([\w-]+)\)", text.partition("\n## ")[0])
    titles = re.findall(r"^## (.+)$", text, re.MULTILINE)

    assert listed == [re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in titles]
