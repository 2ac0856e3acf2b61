"""Text of others in Streamlit's own Markdown is shown as it is."""

import re

import pytest

from clarifai_chat.markdown.sanitize import as_label, escaped


@pytest.mark.parametrize(
    "text", ["*a* _b_ `c`", "[x](y) ![z](w)", "# 1. a", "$5 :red[x]", "<b>|~^&", "a\\b"]
)
def test_escaped_text_is_shown_as_it_is(text):
    assert re.sub(r"\\(.)", r"\1", escaped(text)) == text


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("get_weather", "get_weather"),
        ("notes-2.tar.gz", "notes-2.tar.gz"),
        ("127.0.0.1:8000", "127.0.0.1:8000"),
        ("_emphasis_", r"\_emphasis\_"),
        ("www.example.com", r"www\.example\.com"),
        ("1.", r"1\."),
        (":red[x]", r"\:red\[x\]"),
        ("", ""),
    ],
)
def test_the_name_in_a_label_has_a_backslash_only_where_markdown_would_act(name, label):
    assert as_label(name) == label
