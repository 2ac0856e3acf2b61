"""Which room may import which, and who may touch what: docs/ARCHITECTURE.md as a test."""

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.test_docs import tree as tree_of_the_document

ROOT = Path(__file__).parent.parent
FILES = sorted(
    path
    for place in ("app.py", "server.py", "pages", "components", "clarifai_chat")
    for path in ([ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py"))
)
NAMES = {str(path.relative_to(ROOT)): path for path in FILES}
CORE = {name for name in NAMES if name.startswith("clarifai_chat/")}
COMPONENTS = {name for name in NAMES if name.startswith("components/")}
PAGES = {name for name in NAMES if name.startswith("pages/")} | {"app.py"}
WRITES = {"pop", "update", "setdefault", "clear", "popitem"}


@cache
def tree(name):
    return ast.parse(NAMES[name].read_text(encoding="utf-8"))


@cache
def imported(name):
    """The modules that a file imports, anywhere in it: `a.b` for `from a import b` too."""
    found = set()
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively."
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def importers(*packages):
    return {n for n in NAMES if {module.split(".")[0] for module in imported(n)} & set(packages)}


def test_there_is_something_to_look_at():
    assert {"app.py", "server.py", "pages/models.py", "components/state/session.py"} <= set(NAMES)
    assert "clarifai_chat/llm/client.py" in CORE
    assert importers("streamlit") >= {"pages/help.py", "components/state/session.py"}


@pytest.mark.parametrize(
    ("package", "doors"),
    [
        ("litellm", {"clarifai_chat/llm/client.py"}),
        ("openai", {"clarifai_chat/llm/client.py"}),
        (
            "httpx",
            {f"clarifai_chat/llm/{name}.py" for name in ("client", "exchange", "transport")}
            | {
                f"clarifai_chat/catalog/{name}.py"
                for name in ("clarifai_api", "json_api", "openai_server")
            }
            | {f"clarifai_chat/network/{name}.py" for name in ("failures", "guarded", "routes")}
            | {"clarifai_chat/mcp/client.py"},
        ),
        ("mcp", {"clarifai_chat/mcp/client.py"}),
        ("httpx_sse", {"clarifai_chat/llm/client.py"}),
        (
            "httpcore",
            {"clarifai_chat/llm/transport.py"}
            | {f"clarifai_chat/network/{name}.py" for name in ("guarded", "routes")},
        ),
        ("dotenv", {"clarifai_chat/dotenv_file.py"}),
    ],
)
def test_each_package_has_its_door(package, doors):
    assert importers(package) == doors


def test_the_core_knows_nothing_of_the_screen():
    assert not importers("streamlit", "components", "pages", "app", "server") & CORE


def test_components_know_nothing_of_pages():
    assert not importers("pages", "app", "server") & COMPONENTS


def test_pages_do_not_import_each_other():
    assert not importers("pages", "app", "server") & PAGES


def rooms():
    """The rooms and files of the tree in docs/ARCHITECTURE.md, from the bottom to the top."""
    return [
        path for path in tree_of_the_document() if path.startswith(("clarifai_chat/", "compon"))
    ]


def room_of(name, known):
    """The room that a file is in; its own path where it is in none."""
    inside = [room for room in known if room.endswith("/") and name.startswith(room)]
    return max(inside, key=len) if inside else name


def arrows():
    """(room, room that it imports, the file) for each import from one room into another."""
    known = [room for room in rooms() if room.count("/") > 1 or not room.endswith("/")]
    for name in sorted(CORE | COMPONENTS):
        for module in imported(name):
            path = module.replace(".", "/")
            for target in (f"{path}.py", f"{path}/__init__.py"):
                if target in NAMES and room_of(target, known) != room_of(name, known):
                    yield room_of(name, known), room_of(target, known), name


def test_a_room_imports_only_rooms_above_it_in_the_tree():
    order = {room: place for place, room in enumerate(rooms())}
    order |= dict.fromkeys(("clarifai_chat/__init__.py", "components/__init__.py"), -1)
    order["clarifai_chat/tools/__init__.py"] = -1
    found = set(arrows())

    assert len({(room, target) for room, target, _ in found}) > 50
    assert not [arrow for arrow in found if order[arrow[1]] > order[arrow[0]]]


def test_every_room_says_its_job():
    for name in NAMES:
        if name.endswith("__init__.py"):
            assert ast.get_docstring(tree(name)), name


def test_only_slots_and_patches_name_session_state():
    naming = {name for name in NAMES if "session_state" in ast.dump(tree(name))}

    private = {"components/state/streamlit_patches.py", "components/state/widget_values.py"}
    assert naming == {"components/state/slots.py", *private}


def test_only_the_door_to_litellm_writes_the_environment():
    assert {name for name in NAMES if writes_environment(tree(name))} == {
        "clarifai_chat/llm/client.py",
        "clarifai_chat/surroundings.py",  # HOME, where there is no home
    }


def is_environ(node):
    return isinstance(node, ast.Attribute) and node.attr == "environ"


def writes_environment(module):
    for node in ast.walk(module):
        match node:
            case ast.Subscript(value=value, ctx=ast.Store() | ast.Del()) if is_environ(value):
                return True
            case ast.Call(func=ast.Attribute(value=value, attr=a)) if is_environ(value):
                if a in WRITES:
                    return True
            case ast.Attribute(attr="putenv" | "unsetenv"):
                return True
    return False


@pytest.mark.parametrize(
    ("code", "so"),
    [
        ("os.environ['A'] = 'b'", True),
        ("del os.environ['A']", True),
        ("os.environ.setdefault('A', 'b')", True),
        ("os.putenv('A', 'b')", True),
        ("os.environ['A']", False),
        ("os.environ.get('A')", False),
        ("text = \"os.environ['A'] = 1\"", False),
    ],
)
def test_writing_the_environment_is_told_from_reading_it(code, so):
    assert writes_environment(ast.parse(code)) is so


def test_nothing_is_cached_across_sessions_by_streamlit():
    for name in NAMES:
        used = {node.attr for node in ast.walk(tree(name)) if isinstance(node, ast.Attribute)}
        assert not used & {"cache_data", "cache_resource"}, name
