"""Text of others in Streamlit's own Markdown is shown as it is."""

import re

import pytest

from clarifai_chat.markdown.sanitize import escaped


@pytest.mark.parametrize(
    "text", ["*a* _b_ `c`", "[x](y) ![z](w)", "# 1. a", "$5 :red[x]", "<b>|~^&", "a\\b"]
)
def test_escaped_text_is_shown_as_it_is(text):
    assert re.sub(r"\\(.)", r"\1", escaped(text)) == text
