"""Texts on the page are plain English: none of the words that read like a translation."""

import ast
import re
from pathlib import Path

import pytest

from tests.pages import page

ROOT = Path(__file__).parent.parent
FILES = [
    ROOT / "app.py",
    ROOT / "server.py",
    *(
        f
        for folder in ("pages", "components", "clarifai_chat")
        for f in (ROOT / folder).rglob("*.py")
    ),
]
# Each with the word to use instead; docs and comments follow by review.
WORDS = re.compile(
    r"\b(?:(?:is|are) none|nobody|(?:bring|brought|brings) in|(?:take|takes|took|taken) home"
    r"|mend(?:s|ed|ing)?|anew|whom|shall|whose side|what goes out|stands in this)\b",
    re.IGNORECASE,
)


def texts(path):
    """The string constants of a file, without docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    prose = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and ast.get_docstring(node) is not None
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value


def test_no_text_has_a_word_of_the_list():
    found = [(path.name, text) for path in FILES for text in texts(path) if WORDS.search(text)]

    assert not found


@pytest.mark.parametrize(
    "name", ["app.py", "pages/help.py", "pages/models.py", "pages/tool_playground.py"]
)
def test_no_page_shows_a_word_of_the_list(open_app, name):
    shown = page(open_app(name))

    assert len(shown) > 100
    assert not WORDS.findall(shown)


@pytest.mark.parametrize("text", ["Bring in conversations", "Mend it", "There are none", "anew"])
def test_a_word_of_the_list_is_found(text):
    assert WORDS.search(text)
