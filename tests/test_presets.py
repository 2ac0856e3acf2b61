"""Presets: kept by owner, as a file, and back from one, whatever is in it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat.access_token import holds
from clarifai_chat.catalog import DEFAULT_URL
from clarifai_chat.history import database, saving
from clarifai_chat.transfer import presets
from clarifai_chat.transfer.presets import BadPresets
from tests.canary import CANARY, assert_no_canary
from tests.some_chats import TEXTS

TERSE = {"system": "Answer in one line.", "temperature": 0.2}
MINE = {"stop": ["END"], "json_schema": '{"type": "object"}', "model": DEFAULT_URL}
BOTH = {"Terse": TERSE, "Mine": MINE}


@pytest.fixture
def kept(tmp_path, set_up):
    set_up(DATABASE_URL=f"sqlite:///{tmp_path / 'history.db'}")
    saving.forget_store()
    yield
    saving.forget_store()


def as_file(**changed):
    document = {"format": "clarifai-chat-presets", "version": 1, "presets": {}}
    return json.dumps({**document, **changed}).encode()


def read(body):
    """What is left of one preset, and what is said about it."""
    found, notes = presets.from_json(as_file(presets={"P": body}))
    return found.get("P"), notes


# --- Kept --------------------------------------------------------------------------------------


def test_presets_are_kept_by_owner(kept):
    assert presets.save("ada", BOTH) == ""
    assert presets.save("bob", {"Terse": {"seed": 1}}) == ""

    assert presets.listing("ada") == ({"Mine": MINE, "Terse": TERSE}, "")
    assert presets.listing("bob") == ({"Terse": {"seed": 1}}, "")

    assert presets.delete("ada", "Terse") == ""
    assert presets.listing("ada") == ({"Mine": MINE}, "")
    assert presets.listing("bob")[0]


def test_a_failure_to_save_is_reported(set_up, tmp_path):
    (tmp_path / "a file").touch()
    set_up(DATABASE_URL=f"sqlite:///{tmp_path / 'a file' / 'history.db'}")
    saving.forget_store()

    why = presets.save("ada", BOTH)

    assert why.endswith(".")
    assert presets.listing("ada")[0] == {}
    assert presets.listing("ada")[1]
    assert presets.delete("ada", "Terse")
    saving.forget_store()


def test_invalid_parts_of_saved_presets_are_skipped(kept):
    odd = {"temperature": 9, "seed": 1, "model": "https://evil.example/a"}
    database.attempt(lambda store: store.save_preset("ada", "Odd", odd))

    assert presets.listing("ada") == ({"Odd": {"seed": 1}}, "")


# --- Made --------------------------------------------------------------------------------------


def test_a_preset_has_what_is_set_and_its_model():
    settings = {"system": "Hi", "stop": [], "seed": 0}

    assert presets.made(settings, "") == {"system": "Hi", "seed": 0}
    preset = presets.made(settings, DEFAULT_URL)
    assert preset["model"] == DEFAULT_URL
    assert presets.settings_of(preset) == {"system": "Hi", "seed": 0}


@pytest.mark.parametrize(
    ("typed", "name"),
    [("  Terse ", "Terse"), ("a\nb\0c", "a bc"), ("", ""), (" \u202e ", ""), ("x" * 99, "x" * 60)],
)
def test_a_name_is_one_short_line(typed, name):
    assert presets.name_of(typed) == name


@pytest.mark.parametrize(
    "preset",
    [{"system": f"a {CANARY} b"}, {"stop": ["x", CANARY]}, {"json_schema": CANARY}],
    ids=lambda preset: next(iter(preset)),
)
def test_the_access_token_is_found_wherever_it_was_typed(preset):
    assert holds(["P", preset], CANARY)
    assert holds([CANARY, {}], CANARY)
    assert not holds(["P", {"system": "a b"}], CANARY)
    assert not holds(["P", preset], "")


# --- As a file ---------------------------------------------------------------------------------


def test_what_was_saved_comes_back():
    text = presets.to_json(BOTH, secret="")

    assert presets.from_json(text.encode()) == (BOTH, [])
    assert presets.from_json(b"\xef\xbb\xbf" + text.encode()) == (BOTH, [])


def test_a_file_holds_no_access_token():
    text = presets.to_json({CANARY: {"system": f"it is {CANARY}"}}, secret=CANARY)

    assert_no_canary("a file of presets", text)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xff\xfe\x00", "not text"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"n": ' + b"1" * 9999 + b"}", "not JSON"),
        (b"[]", "holds no presets"),
        (b"{}", "holds no presets"),
        (b'{"presets": {}}', "holds no presets"),
        (as_file(presets=[]), "holds no presets"),
        (as_file(version=2), "another version"),
        (b" " * 1_000_001, "too large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_without_presets_is_reported(data, said):
    with pytest.raises(BadPresets, match=said):
        presets.from_json(data)


@pytest.mark.parametrize(
    ("body", "left", "dropped"),
    [
        ({"temperature": 3}, {}, "temperature"),
        ({"temperature": "warm", "seed": 7}, {"seed": 7}, "temperature"),
        ({"temperature": True}, {}, "temperature"),
        ({"top_p": -0.1}, {}, "top_p"),
        (
            {"presence_penalty": -2.1, "frequency_penalty": -2.0},
            {"frequency_penalty": -2.0},
            "presence_penalty",
        ),
        ({"max_tokens": 0}, {}, "max_tokens"),
        ({"max_tokens": 1.5}, {}, "max_tokens"),
        ({"stop": "END"}, {}, "stop"),
        ({"stop": ["END", 1]}, {"stop": ["END"]}, "stop 2"),
        ({"seed": 2**60}, {}, "seed"),
        ({"system": ["Hi"]}, {}, "system"),
        ({"model": "https://evil.example/a/b/models/c"}, {}, "model"),
        ({"model": 1}, {}, "model"),
        ({"pat": "a token", "system": "Hi"}, {"system": "Hi"}, "pat"),
        ({"api_base": "https://evil.example"}, {}, "api_base"),
    ],
    ids=str,
)
def test_invalid_parts_are_left_out_and_named(body, left, dropped):
    assert read(body) == (left, [f"Left out of “P”: {dropped}."])


def test_a_model_is_read_in_any_of_its_forms():
    assert read({"model": "openai/chat-completion/models/gpt-4o"})[0]["model"].startswith(
        "https://"
    )


def test_entries_that_are_not_presets_are_left_out():
    found, notes = presets.from_json(as_file(presets={"A": 1, "": {"seed": 1}, "B": {"seed": 2}}))

    assert found == {"B": {"seed": 2}}
    assert len(notes) == 2


def test_more_presets_than_are_kept_are_refused_before_they_get_names():
    many = {f"{'a' * presets.MAX_NAME_CHARS}{number}": {} for number in range(13_000)}
    most = dict(list(many.items())[: presets.MAX_PRESETS])

    assert len(presets.from_json(as_file(presets=most))[0]) == presets.MAX_PRESETS
    with pytest.raises(BadPresets, match="has 13,000 presets; at most 100 can be kept"):
        presets.from_json(as_file(presets=many))


def test_known_presets_are_not_imported_twice_and_lose_nothing():
    known = {"Terse": TERSE, "Mine": {"seed": 1}}

    assert presets.beside(known, BOTH) == {"Mine (2)": MINE}
    assert presets.beside({}, BOTH) == BOTH


def test_names_that_become_alike_stay_apart():
    found, _ = presets.from_json(as_file(presets={"A": {"seed": 1}, " A ": {"seed": 2}}))

    assert found == {"A": {"seed": 1}, "A (2)": {"seed": 2}}


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["system", "temperature", "stop", "seed", "json_schema", "model"]) | TEXTS


@given(st.dictionaries(TEXTS, st.dictionaries(NAMES, ANYTHING, max_size=5) | ANYTHING, max_size=3))
def test_any_file_is_read_and_can_be_saved_again(bodies):
    found, _ = presets.from_json(as_file(presets=bodies))

    assert presets.from_json(presets.to_json(found, "").encode())[0] == found
