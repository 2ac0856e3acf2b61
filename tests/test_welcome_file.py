"""The operator's own greeting and starters: what is read, and what a bad file changes."""

import pytest

from clarifai_chat import demo, welcome_file
from clarifai_chat.checkup import problems
from clarifai_chat.welcome_file import BadWelcome, read
from tests.pages import page, questions

GOOD = """greeting: What would you *build*?
starters:
- label: A poem
  question: Write a poem about rain.
"""


@pytest.fixture
def file(tmp_path, set_up):
    """Write the file, and have the app use it."""

    def write(text):
        path = tmp_path / "welcome.yaml"
        path.write_text(text, "utf-8")
        set_up(WELCOME_FILE=path)
        welcome_file._loaded.cache_clear()

    yield write
    welcome_file._loaded.cache_clear()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: [", "not YAML"),
        ("[]", "one mapping"),
        ("colour: red", "one mapping"),
        ("starters: A poem", "a list of at most 8"),
        ("starters: [A poem]", r"starter 1 has to be \{label"),
        ("starters: [{label: A, question: 3}]", "the question of starter 1 has to be text"),
        ("starters: [{label: '', question: Why?}]", "empty label"),
        (f"greeting: {'x' * 200}", "at most 120 characters"),
        ("x" * 60_000, "too large"),
        ("greeting: \xff", "UTF-8"),
    ],
)
def test_a_bad_file_says_why(text, why):
    with pytest.raises(BadWelcome, match=why):
        read(text.encode("latin-1"))


def test_json_and_either_part_alone_will_do():
    assert read(b'{"greeting": "Hi"}') == ("Hi", ())
    assert read(b"starters: [{label: A, question: B}]") == ("", (("A", "B"),))


def test_the_page_shows_the_operators_greeting_and_starters(open_app, file):
    file(GOOD)
    app = open_app()

    assert app.title[0].value == r"What would you \*build\*?"
    assert [b.label for b in app.main.button if b.key.startswith("starter:")] == ["A poem"]
    assert problems() == []
    app.click("starter:0")
    assert questions(app) == ["Write a poem about rain."]


def test_with_a_bad_file_the_app_goes_on_with_its_own_and_says_so(open_app, file):
    file("starters: A poem")

    app = open_app()

    assert demo.STARTERS[0][0] in page(app)
    (said,) = problems()
    assert said.endswith("welcome.yaml is not used: starters has to be a list of at most 8.")


def test_a_file_that_is_not_there_is_named(set_up, tmp_path):
    set_up(WELCOME_FILE=tmp_path / "none.yaml")

    assert "none.yaml is not used: it cannot be read (No such file" in problems()[0]
