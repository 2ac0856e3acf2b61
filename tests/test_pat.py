"""What people paste instead of a token, and what becomes of it."""

import pytest

from clarifai_chat import pat

TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    "pasted",
    [
        TOKEN,
        f"  {TOKEN}\n",
        f'"{TOKEN}"',
        f"\u201c{TOKEN}\u201d",
        f"\u00ab\u00a0{TOKEN}\u00a0\u00bb",
        f"`{TOKEN}`",
        f"Key {TOKEN}",
        f"bearer   {TOKEN}",
        f"Authorization: Bearer {TOKEN}",
        f"'Authorization: Key {TOKEN}'",
        f"CLARIFAI_PAT={TOKEN}",
        f'export CLARIFAI_PAT = "{TOKEN}"\r\n',
        f'os.environ["CLARIFAI_PAT"] = "{TOKEN}"',
        f'"CLARIFAI_API_KEY": "{TOKEN}"',
        f"\ufeff{TOKEN[:9]}\u200b{TOKEN[9:]}\u2060",
    ],
)
def test_what_surrounds_a_pasted_token_is_taken_off(pasted):
    assert pat.clean(pasted) == TOKEN


@pytest.mark.parametrize("text", ["", "   ", '""', "keynote", "bearertoken", "a b"])
def test_what_is_no_known_prefix_stays(text):
    assert pat.clean(text) == text.strip(' "')


def test_a_token_that_looks_like_clarifais_is_not_odd():
    assert pat.odd(TOKEN) == ""
    assert pat.odd("") == ""


@pytest.mark.parametrize(
    ("token", "word"), [(TOKEN[:-1], "31"), (TOKEN.upper(), "other characters"), ("x" * 40, "40")]
)
def test_an_odd_token_is_warned_of_in_one_sentence_that_does_not_tell_it(token, word):
    warning = pat.odd(token)
    assert word in warning
    assert warning.endswith(".")
    assert token not in warning


def test_only_what_a_header_can_carry_is_sendable():
    assert pat.sendable(TOKEN)
    assert pat.sendable("any-other_format.1")
    for token in ("", "a b", "a\nb", "p\u00e4t", "\u200b", "a\x7f"):
        assert not pat.sendable(token)


def test_a_mask_shows_four_characters_of_a_long_token_only():
    assert pat.masked(TOKEN) == "…cdef"
    assert pat.masked("12345678") == "…5678"
    assert pat.masked("1234567") == "…"
    assert pat.masked("") == "…"
