"""Conversations for tests: one with everything in it, and any that hypothesis can think of."""

import base64
import json
import string
from types import NoneType, UnionType
from typing import Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from clarifai_chat.catalog import DEFAULT_URL
from clarifai_chat.chat.chats import Chat, add, new_chat, normalize, show
from clarifai_chat.chat.turn import Attempt, new_turn
from clarifai_chat.errors import CutOff
from clarifai_chat.messages import Message

ASKED = {
    "url": DEFAULT_URL,
    "name": "GPT-OSS 120B",
    "input_price": 0.09,
    "output_price": 0.36,
}
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAFklEQVR42mNkYPj/n4EIwDiqkL4KAQBsyw/9"
    "rgjLBgAAAABJRU5ErkJggg=="
)
FIGURES = {
    "first_token_s": 0.4,
    "thought_s": 3.2,
    "total_s": 6.0,
    "prompt_tokens": 412,
    "completion_tokens": 280,
    "reasoning_tokens": 90,
    "cached_tokens": None,
}
ANSWER = """\
# Weather in Paris

It will **rain**, and $5 is no formula; `x_1 * y_1` is code and $a_1 * b_1 * c$ is mathematics.

$$
\\int_0^1 x^2\\,dx = \\frac{1}{3}
$$

| Day | Sky | High |
|-----|:---:|-----:|
| Monday | rain | 14 °C |
| Tuesday, with a long remark that makes the table wide | sun behind clouds | 17 °C |

1. Take an umbrella.
2. Read [the forecast](https://weather.test/paris) and ![a map](https://weather.test/map.png).

> A quotation, <b>not bold</b> and <script>alert(1)</script>.

```python
def forecast(city: str) -> str:  # a comment that is too long for a narrow window
    return f"rain in {city}"
```
"""


def turn(prompt="Hi", content="Hello", at=1_780_000_000.0, **fields):
    """A turn that was asked and answered."""
    made = new_turn(prompt, {**ASKED})
    made.update(asked_at=at, ended_at=at + 6, ending="stop", figures={**FIGURES})
    made["replies"] = [{"role": "assistant", "content": content}] if content else []
    made.update(fields)
    return made


def rich_chat():
    """A chat with everything in it that an export has to show."""
    chat = new_chat()
    chat.update(created_at=1_780_000_000.0, updated_at=1_780_000_600.0, model=DEFAULT_URL)
    chat["settings"] = {
        "system": "Answer shortly.\nBe kind.",
        "temperature": 0.2,
        "stop": ["END"],
        "json_schema": '{"type": "object"}',
    }
    first = turn("What will the weather be in Paris?\n  Please use <tools>.", "")
    arguments = '{"city": "Paris"}'
    first["replies"] = [
        {
            "role": "assistant",
            "content": "",
            "reasoning_content": "The user asks about *Paris*.\n\nI shall call a tool.",
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "get_weather", "arguments": arguments},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": '{"sky": "rain"}'},
        {"role": "assistant", "content": ANSWER},
    ]
    first["attachments"] = [
        attachment("a" * 32, "map.png", "image", "image/png", len(PNG)),
        attachment("b" * 32, "notes.txt", "text", "text/plain", 12),
    ]
    first["feedback"] = "up"
    add(chat, first, None)
    second = turn("And tomorrow?", "Sun.", at=1_780_000_100.0, left_out=[first["id"]])
    add(chat, second, first)
    third = turn("And the day after?", "```\nan open fence", at=1_780_000_200.0)
    third.update(problem=CutOff().problem(), ending="")
    third["earlier"] = [{k: v for k, v in turn("", "An earlier answer.").items() if k in EARLIER}]
    add(chat, third, second)
    arabic = turn("ما هو الطقس؟", "# You\n\nمطر في باريس", at=1_780_000_300.0)
    add(chat, arabic, first)
    show(chat, second)
    return chat


EARLIER = Attempt.__required_keys__
CONTENTS = {"a" * 32: PNG, "b" * 32: b"Rain, rain.\n"}


def attachment(id, name, kind, mime, size):
    return {
        "id": id,
        "name": name,
        "kind": kind,
        "mime": mime,
        "size": size,
        "tokens": None,
        "sha256": "",
    }


PIECES = [
    "```", "~~~", "\n", "\n\n", "# You", "## ", "===\n", "> ", "- ", "1. ", "    ", "<b>", "<!--",
    "<details>", "</details>", "<script>", "![x](u)", "[x](javascript:a)", "[a]: u\n", "`", "``",
    "$x_1$", "|a|b|\n|-|-|\n", "\\", "word", "\r", "\t", "*", "<https://a.test>", "&#60;", "\x00",
    "\u2028", "\ud800", "[x](https://a.test)", "</pre>", "</div>", '"', "'",
]  # fmt: skip
TEXTS = st.one_of(st.text(max_size=30), st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
IDS = st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=8)
URLS = st.sampled_from(["", "demo", DEFAULT_URL, "https://clarifai.com/a/b/models/c"])
TIMES = st.one_of(st.integers(0, 2_000_000_000), st.floats(0, 253_402_300_799))
BY_NAME = {
    "id": IDS,
    "url": URLS,
    "temperature": st.floats(0, 2),
    "top_p": st.floats(0, 1),
    "presence_penalty": st.floats(-2, 2),
    "frequency_penalty": st.floats(-2, 2),
    "max_tokens": st.integers(1, 1_000_000),
}


MAX_LENGTHS = {"turns": 3, "replies": 2}  # of a list; more take long to think of


def of(kind, name=""):
    """A strategy for values of a type, by its annotations."""
    if name in BY_NAME:
        return BY_NAME[name]
    if get_origin(kind) in (Union, UnionType):
        return st.one_of(*(of(each, name) for each in get_args(kind)))
    if get_origin(kind) is dict:
        return st.dictionaries(TEXTS, TEXTS, max_size=2)
    if get_origin(kind) is list:
        return st.lists(of(get_args(kind)[0]), max_size=MAX_LENGTHS.get(name, 1))
    if get_origin(kind) is Literal:
        return st.sampled_from(get_args(kind))
    if kind is Message:
        return typed(kind, role=st.sampled_from(["assistant", "tool"]))
    if hasattr(kind, "__required_keys__"):
        return typed(kind)
    if name.endswith("_at"):
        return st.none() if kind is NoneType else TIMES
    numbers = {int: st.integers(-(2**53) + 1, 2**53 - 1), float: st.floats(-1e15, 1e15)}
    return {str: TEXTS, bool: st.booleans(), NoneType: st.none(), **numbers}[kind]


def typed(kind, **given):
    hints = get_type_hints(kind)
    fields = {name: given.get(name, of(hint, name)) for name, hint in hints.items()}
    return st.fixed_dictionaries(
        {name: fields[name] for name in hints if name in kind.__required_keys__},
        optional={name: fields[name] for name in hints if name not in kind.__required_keys__},
    )


@st.composite
def any_chats(draw):
    """Chats of the right types, each id there once, in any tree."""
    chats = draw(st.lists(of(Chat), max_size=2, unique_by=lambda chat: chat["id"]))
    for number, chat in enumerate(chats):
        chat["model"] = draw(URLS)
        chat["revision"] = 0
        normalize(chat)
        for each in chat["turns"]:
            each["id"] = f"{number}-{each['id']}"
            each["parent"] = each["parent"] and f"{number}-{each['parent']}"
        chat["leaf"] = chat["leaf"] and f"{number}-{chat['leaf']}"
    return chats


JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), TEXTS, st.just(10**400), st.just([])
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=8,
)


@st.composite
def odd_data(draw, whole):
    """`whole`, which is JSON, with some of its values replaced by anything or taken out."""
    data = json.loads(json.dumps(whole))
    for _ in range(draw(st.integers(0, 4))):
        places = list(_places(data))
        if not places:
            break
        holder, key = draw(st.sampled_from(places))
        if isinstance(holder, dict) and draw(st.booleans()):
            del holder[key]
        else:
            holder[key] = draw(JSON)
    return data


def _places(data):
    items = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in list(items):
        yield data, key
        if isinstance(value, dict | list):
            yield from _places(value)
