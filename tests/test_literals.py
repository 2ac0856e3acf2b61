"""Data in Python, JavaScript and JSON5 is read as those languages read it, and never computed."""

import ast
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat.tools.formats.literals import NotLiteral, read


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{'a': 1, }", {"a": 1}),
        ("{a: 1, $b: 2, 'c-d': 3, 4: 5, ['e']: 6}", {"a": 1, "$b": 2, "c-d": 3, "4": 5, "e": 6}),
        ("[True, False, None, true, false, null, undefined]", [True, False, None] * 2 + [None]),
        ("[0x1F, 0o17, 0b11, 1_000, +1, -.5, 5., 10n]", [31, 15, 3, 1000, 1, -0.5, 5.0, 10]),
        ("('a' 'b' \"c\")", "abc"),
        ("'a' + \"b\" + ('c' + 'd')", "abcd"),
        ("('a',)", ["a"]),
        ("()", []),
        ("(5)", 5),
        ("'''a\n'b''' r'\\n' u\"c\" b'd' f'e'", "a\n'b\\ncde"),
        (r"'\n\t\x41\u0042\u{43}\U00000044\'\"\/\q'", "\n\tABCD'\"/q"),
        (r"'\ud83d\ude00'", "😀"),
        ("'a\\\nb'", "ab"),
        ("`a\nb`", "a\nb"),
        ("\u201cit\u2019s\u201d", "it\u2019s"),
        ("\u2018say \"x\"\u2019", 'say "x"'),
        ("{ /* a */ a: 1, // b\n b: 2 # c\n }", {"a": 1, "b": 2}),
        ("{'a' => 1, b = 2}", {"a": 1, "b": 2}),
        ("[1] as const", [1]),
        ("dict(a=1, b=dict(c=[2]))", {"a": 1, "b": {"c": [2]}}),
        ("jsonSchema({a: 1})", {"a": 1}),
        ("new Schema(type=types.Type.STRING)", {"type": "STRING"}),
        ("SchemaType.OBJECT", "OBJECT"),
    ],
)  # fmt: skip
def test_data_is_read(text, value):
    assert read(text)[0] == value


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "a value should begin here"),
        ("x", "x is a name"),
        ("[x]", "x is a name"),
        ("{'a'}", "a colon should follow"),
        ("{5", "a colon should follow"),
        ("{", "the { is never closed"),
        ("[1", "the [ is never closed"),
        ("[1 2]", "a comma or ] should follow"),
        ("'a", "never closed"),
        ("'a\nb'", "never closed"),
        ("f'{x}'", "computed"),
        ("`${x}`", "computed"),
        ("'a' + x", "computed"),
        ("'a' + (1)", "only strings can be joined"),
        ("1e999", "too large"),
        ("9" * 5000, "too large"),
        ("f(1, 2)", "f is called"),
        ("f(1, a=2)", "f is called"),
        ("f(", "the ( is never closed"),
        ("{[1]: 2}", "a key should begin here"),
        ("[" * 200, "nested more than 100 levels"),
        ("f(" * 200, "nested more than 100 levels"),
    ],
)
def test_what_is_no_data_is_explained(text, why):
    with pytest.raises(NotLiteral) as caught:
        read(text)

    assert why in caught.value.why


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4),
)  # fmt: skip


@given(VALUES)
def test_what_python_and_json_write_is_read_back(value):
    assert read(repr(value))[0] == value == ast.literal_eval(repr(value))
    assert read(json.dumps(value))[0] == value
    assert read(json.dumps(value, ensure_ascii=False, indent=2))[0] == value
