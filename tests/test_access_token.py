"""The access token: what people paste, and where it is found and replaced."""

import base64
import json
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat import access_token
from clarifai_chat.access_token import MARK, SHORTEST, Redactor, holds, may_hold, redact
from clarifai_chat.config import ROOT

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
def test_what_surrounds_a_pasted_token_is_removed(pasted):
    assert access_token.clean(pasted) == TOKEN


def test_the_traces_of_a_token_are_its_length_and_its_end_only():
    key = "sk-Aa/Bb+Cc/Dd+Ee"
    traces = access_token.traces(key)

    assert (len(key), "d+ee") in traces
    assert (len(urllib.parse.quote(key, safe="")), "2bee") in traces
    coded = base64.b64encode(f"user:{key}".encode()).decode().rstrip("=").lower()
    assert any(coded[:-1].endswith(end) or coded.endswith(end) for _, end in traces)
    assert {len(end) for _, end in traces} == {4}
    assert access_token.traces("short") == access_token.traces("") == []


def test_the_browser_knows_what_looks_like_a_token():
    kept = (ROOT / "frontend/src/drafts/kept.js").read_text("utf-8")
    for pattern in (access_token._LOOKS.pattern, access_token._INVISIBLE.pattern):
        assert pattern in kept


@pytest.mark.parametrize("text", ["", "   ", '""', "keynote", "bearertoken", "a b"])
def test_unknown_prefixes_stay(text):
    assert access_token.clean(text) == text.strip(' "')


def test_a_token_that_looks_like_clarifais_is_not_odd():
    assert access_token.odd(TOKEN) == ""
    assert access_token.odd("") == ""


@pytest.mark.parametrize(
    ("token", "word"), [(TOKEN[:-1], "31"), (TOKEN.upper(), "other characters"), ("x" * 40, "40")]
)
def test_the_warning_about_an_odd_token_is_one_sentence_without_the_token(token, word):
    warning = access_token.odd(token)
    assert word in warning
    assert warning.endswith(".")
    assert token not in warning


def test_only_what_a_header_can_carry_is_sendable():
    assert access_token.sendable(TOKEN)
    assert access_token.sendable("any-other_format.1")
    for token in ("", "a b", "a\nb", "p\u00e4t", "\u200b", "a\x7f"):
        assert not access_token.sendable(token)


def test_a_mask_shows_four_characters_of_a_long_token_only():
    assert access_token.masked(TOKEN) == "…cdef"
    assert access_token.masked("12345678") == "…5678"
    assert access_token.masked("1234567") == "…"
    assert access_token.masked("") == "…"


# --- In texts and data ----------------------------------------------------------------------------

HEX_TOKENS = st.text("0123456789abcdef", min_size=SHORTEST, max_size=32)
TOKENS = st.one_of(
    HEX_TOKENS,
    # Without what is in the mark: a mark beside a text must not make such a token again.
    st.text('BDFGHIJLMNPQRUVWXYZ0123456789"\\\\/+-_.~%', min_size=SHORTEST, max_size=32),
)
ANY_TEXT = st.text(max_size=30)
WRITTEN = {
    "as it is": lambda token: token,
    "in upper case": str.upper,
    "in a URL": lambda token: urllib.parse.quote(token, safe=""),
    "in JSON": lambda token: json.dumps(token, ensure_ascii=False)[1:-1],
}
written = pytest.mark.parametrize("write", WRITTEN.values(), ids=WRITTEN)


@written
@given(ANY_TEXT, TOKENS, ANY_TEXT)
def test_a_token_is_found_and_replaced_in_any_form(write, before, token, after):
    text = before + write(token) + after

    assert holds(text, token)
    assert MARK in redact(text, token)
    assert not holds(redact(text, token), token)


@given(st.binary(max_size=20), TOKENS, st.binary(max_size=20))
def test_a_token_is_found_and_replaced_in_base64(before, token, after):
    text = base64.b64encode(before + token.encode() + after).decode()

    assert holds(text, token)
    assert not holds(redact(text, token), token)


@given(st.lists(ANY_TEXT, min_size=2), HEX_TOKENS)
def test_nothing_but_the_token_is_replaced(parts, token):
    parts = ["" if holds(part, token) else part for part in parts]

    text = token.join(parts)

    # Beside its neighbours a token may be found a little earlier: "ab" in "aab".
    if text.lower().count(token.lower()) == len(parts) - 1 and not holds("".join(parts), token):
        assert redact(text, token, "!") == "!".join(parts)
        assert redact(text.encode("utf-8", "surrogatepass"), token, "!") == (
            "!".join(parts).encode("utf-8", "surrogatepass")
        )


@given(ANY_TEXT, st.text(max_size=SHORTEST - 1))
def test_a_text_too_short_to_be_a_token_is_never_found(text, token):
    for data in (text, token, f"{text}{token}", token.encode("utf-8", "replace")):
        assert not holds(data, token)
        assert redact(data, token) == data


def plain_data(texts):
    leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), texts)
    return st.recursive(
        leaves, lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner), max_leaves=8
    )


@given(plain_data(st.one_of(ANY_TEXT, st.just(f"my {TOKEN}"))))
def test_all_texts_in_data_are_searched_and_its_shape_stays(data):
    as_text = json.dumps(data)

    assert holds(data, TOKEN) is (TOKEN in as_text)
    assert redact(data, TOKEN) == json.loads(as_text.replace(TOKEN, MARK))


@pytest.mark.parametrize(
    "data",
    [
        {"system": TOKEN},
        {"stop": ["x", f"a {TOKEN}"]},
        {TOKEN: {}},
        [{"a": ({"b": TOKEN.upper()},)}],
        [b"\xff" + TOKEN.encode()],
    ],
    ids=["value", "list", "key", "tuple", "bytes"],
)
def test_a_token_is_found_wherever_it_is(data):
    assert holds(data, TOKEN)
    assert not holds(redact(data, TOKEN), TOKEN)
    assert type(redact(data, TOKEN)) is type(data)


def test_data_that_grows_meanwhile_is_searched():
    class Growing(list):
        def __iter__(self):
            data["more"] = 1
            return super().__iter__()

    data = {"a": Growing(), "b": TOKEN}

    assert holds(data, TOKEN)


def test_a_text_that_has_no_token_is_the_same_object():
    for text in ("Grüße", "hello", b"hello", "half \ud800 sign"):
        assert redact(text, TOKEN) is text


def test_other_letters_keep_their_case_and_their_place():
    text = f"İSTANBUL ſ K ß \ud800 {TOKEN.upper()} ÄÖ"  # noqa: RUF001 (as they are in texts)
    assert redact(text, TOKEN) == f"İSTANBUL ſ K ß \ud800 {MARK} ÄÖ"  # noqa: RUF001


def test_a_custom_mark_replaces_the_token():
    redactor = Redactor(TOKEN, "<gone>")
    assert redactor.redact([TOKEN, f"a{TOKEN}{TOKEN}b", 1]) == ["<gone>", "a<gone><gone>b", 1]
    assert redactor.finds_in(TOKEN)
    assert not Redactor("").finds_in("")


def test_any_token_is_recognized_by_its_form_and_the_visitors_own_in_any_form():
    assert may_hold(f"use {TOKEN.upper()}.")
    assert may_hold("my odd-token here", "odd-token")
    assert not may_hold("my odd-token here")
    assert not may_hold(f"a{TOKEN}")
