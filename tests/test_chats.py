"""Conversations: whatever is added, shown, forked, removed and put back, no turn is lost."""

import copy
import json
from itertools import chain, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat.chat.chats import (
    add,
    add_beside,
    auto_title,
    branches,
    fork,
    new_chat,
    normalize,
    path,
    remove,
    replace,
    restore,
    show,
    siblings,
    splice,
)
from clarifai_chat.chat.turn import new_turn

ASKED = {"url": "demo", "name": "Demo", "input_price": None, "output_price": None}


def turn(prompt="Hi", asked_at=None, **fields):
    made = new_turn(prompt, ASKED)
    made.update(asked_at=asked_at, **fields)
    return made


def chat_of(*lines):
    """A chat from lines like "a", "b<a": prompt, and what it comes after."""
    chat, made = new_chat(), {}
    for number, line in enumerate(lines, 1):
        prompt, _, parent = line.partition("<")
        made[prompt] = turn(prompt, float(number))
        add(chat, made[prompt], made.get(parent))
    return chat, made


def prompts(turns):
    return "".join(each["prompt"] for each in turns)


def test_a_new_chat_is_empty_and_was_never_saved():
    chat = new_chat()

    assert (chat["turns"], chat["leaf"], chat["revision"], path(chat)) == ([], "", 0, [])
    assert chat["id"] != new_chat()["id"]


def test_turns_follow_one_another():
    chat, made = chat_of("a", "b<a", "c<b")

    assert prompts(path(chat)) == "abc"
    assert siblings(chat, made["b"]) == [made["b"]]
    assert (chat["leaf"], chat["title"]) == (made["c"]["id"], "a")


def test_a_reworded_question_is_a_sibling_and_is_shown():
    chat, made = chat_of("a", "b<a", "c<b", "d<a")

    assert prompts(path(chat)) == "ad"
    assert prompts(siblings(chat, made["d"])) == "bd"
    assert prompts(siblings(chat, made["b"])) == "bd"


def test_a_branch_is_shown_to_its_latest_turn():
    chat, made = chat_of("a", "b<a", "c<b", "d<b", "e<c", "f<a")

    show(chat, made["b"])

    assert prompts(path(chat)) == "abce"


def test_the_first_question_may_have_siblings_too():
    chat, made = chat_of("a", "b<a", "c")

    assert prompts(path(chat)) == "c"
    assert prompts(siblings(chat, made["a"])) == "ac"


def test_turns_without_a_parent_follow_one_another():
    chat = new_chat()
    chat["turns"] = [turn("a"), turn("b"), turn("c")]

    assert prompts(path(chat)) == "abc"

    add(chat, turn("d"), chat["turns"][0])

    assert prompts(path(chat)) == "ad"
    assert prompts(siblings(chat, chat["turns"][1])) == "bd"


def test_a_fork_is_a_chat_of_its_own():
    chat, made = chat_of("a", "b<a", "c<b", "d<a")
    chat["settings"] = {"stop": ["x"]}
    made["b"]["attachments"] = [{"id": "f" * 32, "name": "x.txt"}]
    made["b"]["left_out"] = [made["a"]["id"]]
    before = copy.deepcopy(chat)

    forked = fork(chat, made["b"])

    assert prompts(path(forked)) == prompts(forked["turns"]) == "ab"
    assert forked["revision"] == 0
    ids = {each["id"] for each in (chat, *chat["turns"])}
    assert ids.isdisjoint({each["id"] for each in (forked, *forked["turns"])})
    assert forked["turns"][1]["attachments"] == made["b"]["attachments"]
    assert forked["turns"][1]["left_out"] == [forked["turns"][0]["id"]]
    forked["settings"]["stop"].append("y")
    forked["turns"][0]["model"]["name"] = "other"
    assert chat == before


def test_descendants_are_removed_and_restored_with_a_turn():
    chat, made = chat_of("a", "b<a", "c<b", "d<b", "e<a")
    show(chat, made["c"])
    before = copy.deepcopy(chat["turns"])

    removed = remove(chat, made["b"])

    assert prompts(removed) == "bcd"
    assert prompts(path(chat)) == "ae"

    restore(chat, removed)

    assert chat["turns"] == before
    assert prompts(path(chat)) == "abd"


def test_removing_a_hidden_turn_changes_nothing_shown():
    chat, made = chat_of("a", "b<a", "c<a")

    remove(chat, made["b"])

    assert prompts(path(chat)) == "ac"


def test_removing_the_last_turn_shows_the_one_before_it():
    chat, made = chat_of("a", "b<a")

    remove(chat, made["b"])
    assert prompts(path(chat)) == "a"

    remove(chat, made["a"])
    assert path(chat) == []
    assert chat["leaf"] == ""


def test_a_child_can_come_back_before_its_parent():
    chat, made = chat_of("a", "b<a", "c<b")
    second = remove(chat, made["c"])
    first = remove(chat, made["b"])

    restore(chat, second)
    assert prompts(siblings(chat, made["c"])) == "ac"

    restore(chat, first)
    assert prompts(path(chat)) == "abc"


def test_undoing_twice_makes_no_second_turn():
    chat, made = chat_of("a", "b<a")
    removed = remove(chat, made["b"])

    restore(chat, removed)
    restore(chat, copy.deepcopy(removed))

    assert prompts(chat["turns"]) == "ab"


def test_one_id_for_two_turns_loses_neither():
    chat, made = chat_of("a", "b<a")
    other = turn("x", id=made["b"]["id"])

    restore(chat, [other])
    add(chat, turn("y", id=made["a"]["id"]), None)

    assert sorted(prompts(chat["turns"])) == ["a", "b", "x", "y"]
    assert len({each["id"] for each in chat["turns"]}) == 4


def test_a_turn_that_is_not_there_changes_nothing():
    chat, _ = chat_of("a", "b<a")
    before, stranger = copy.deepcopy(chat), turn("x")

    show(chat, stranger)

    assert remove(chat, stranger) == []
    assert siblings(chat, stranger) == [stranger]
    assert path(fork(chat, stranger)) == []
    assert chat == before


def test_a_turn_that_is_replaced_keeps_its_place():
    chat, made = chat_of("a", "b<a", "c<b")

    replace(chat, made["b"], turn("x"))

    assert prompts(path(chat)) == prompts(chat["turns"]) == "axc"

    replace(chat, made["c"], turn("y"))
    replace(chat, turn("stranger"), turn("z"))

    assert prompts(path(chat)) == prompts(chat["turns"]) == "axy"


def test_a_single_turn_can_be_removed():
    chat, made = chat_of("a", "b<a", "c<b")

    splice(chat, made["b"])
    splice(chat, turn("stranger"))
    assert prompts(path(chat)) == prompts(chat["turns"]) == "ac"

    splice(chat, made["c"])
    assert prompts(path(chat)) == "a"


def test_a_turn_put_beside_another_is_its_sibling():
    chat, made = chat_of("a", "b<a", "c<b")

    add_beside(chat, made["b"], turn("x"))
    add_beside(chat, made["a"], turn("y"))

    assert prompts(siblings(chat, made["b"])) == "bx"
    assert prompts(path(chat)) == "y"
    numbers = branches(chat)
    assert [numbers.get(each["id"]) for each in chat["turns"]] == [
        (1, 2), (1, 2), None, (2, 2), (2, 2),
    ]  # fmt: skip


def test_adding_a_turn_that_is_there_only_shows_it():
    chat, made = chat_of("a", "b<a", "c<a")

    add(chat, made["b"], None)

    assert prompts(path(chat)) == "ab"
    assert prompts(chat["turns"]) == "abc"


def test_restoring_nothing_changes_nothing():
    chat, _ = chat_of("a", "b<a")
    before = copy.deepcopy(chat)

    restore(chat, [])

    assert chat == before


def test_a_title_set_by_the_visitor_stays():
    chat = new_chat()
    chat["title"], chat["is_named"] = "", True

    add(chat, turn("Hello"), None)

    assert chat["title"] == ""


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "first", "show", "fork", "remove", "restore"]), st.integers(0, 30)
    ),
    max_size=40,
)


@given(STEPS)
def test_after_any_changes_every_turn_can_be_reached(steps):
    chat, gone, count = new_chat(), [], 0
    for what, number in steps:
        turns = chat["turns"]
        chosen = turns[number % len(turns)] if turns else None
        if what in ("add", "first"):
            count += 1
            add(chat, turn(f"[{count}]", float(count)), chosen if what == "add" else None)
            assert path(chat)[-1]["prompt"] == f"[{count}]"
        elif what == "restore" and gone:
            restore(chat, gone.pop(number % len(gone)))
        elif chosen and what == "show":
            show(chat, chosen)
            assert chosen in path(chat)
        elif chosen and what == "remove":
            gone.append(remove(chat, chosen))
            assert chosen in gone[-1]
        elif chosen and what == "fork":
            before = copy.deepcopy(chat)
            forked = fork(chat, chosen)
            assert chat == before
            assert path(forked)[-1]["prompt"] == chosen["prompt"]
            check(forked)
        check(chat)
        everything = [each["prompt"] for each in chain(chat["turns"], *gone)]
        assert sorted(everything) == sorted(f"[{n}]" for n in range(1, count + 1))
    assert reachable(chat) == {each["id"] for each in chat["turns"]}


def check(chat):
    """A chain is shown, and siblings share a parent."""
    shown, turns = path(chat), chat["turns"]
    known = {each["id"] for each in turns}
    if not turns:
        assert shown == []
        return
    assert shown[0].get("parent") not in known
    for before, each in pairwise(shown):
        assert each["parent"] == before["id"]
    assert not any(each.get("parent") == shown[-1]["id"] for each in turns)
    assert len({each["id"] for each in shown}) == len(shown)
    for each in shown:
        alike = siblings(chat, each)
        assert each in alike
        assert [t for t in turns if t in alike] == alike


def reachable(chat):
    """The ids of all turns that are met by showing siblings of what is shown, and theirs."""
    chat = copy.deepcopy(chat)
    found, ahead = set(), [each["id"] for each in path(chat)[:1]]
    while ahead:
        id = ahead.pop()
        show(chat, next(each for each in chat["turns"] if each["id"] == id))
        for each in path(chat):
            for sibling in siblings(chat, each):
                if sibling["id"] not in found:
                    found.add(sibling["id"])
                    ahead.append(sibling["id"])
    return found


IDS = st.sampled_from(["", "a", "b", "c", "d", "e", "nowhere"])
ODD_TURNS = st.lists(
    st.tuples(IDS, st.one_of(IDS, st.sampled_from([None, 5, ["a"], "absent"]))), max_size=8
)


@given(ODD_TURNS, IDS, st.integers(0, 7))
def test_no_data_is_too_odd(odd, leaf, number):
    chat = new_chat()
    for at, (id, parent) in enumerate(odd):
        made = turn(f"[{at}]", [None, 1.0, "x", float("nan")][at % 4], id=id)
        if parent != "absent":
            made["parent"] = parent
        chat["turns"].append(made)
    chat["leaf"] = leaf
    everything = {each["prompt"] for each in chat["turns"]}
    if chat["turns"]:
        assert path(chat)
        chosen = chat["turns"][number % len(odd)]
        assert chosen in siblings(chat, chosen)
        fork(chat, chosen)
        show(chat, chosen)
        assert chosen in path(chat)
        removed = remove(chat, chosen)
        restore(chat, removed)
        add(chat, turn("new"), chosen)
        assert {each["prompt"] for each in chat["turns"]} == everything | {"new"}

    normalize(chat)

    check(chat)
    assert reachable(chat) == {each["id"] for each in chat["turns"]}
    settled = json.dumps(chat)
    normalize(chat)
    assert json.dumps(chat) == settled


def test_a_conversation_of_thousands_of_turns_is_no_trouble():
    chat = new_chat()
    for number in range(5000):
        made = turn(str(number), float(number))
        made["parent"] = chat["leaf"]
        chat["turns"].append(made)
        chat["leaf"] = made["id"]

    assert path(chat) == chat["turns"]
    assert len(remove(chat, chat["turns"][10])) == 4990


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("Hello", "Hello"),
        ("  two\nlines\t here ", "two lines here"),
        ("# Heading\n\n- **bold** and `code`", "Heading bold and code"),
        ("> quoted\n1. one", "quoted one"),
        ("What is [this](https://a.test/x)?", "What is this?"),
        ("![a cat](https://a.test/cat.png) who?", "a cat who?"),
        ("```python\nprint(1)\n```", "print(1)"),
        ("fix my_function_name and 2*3", "fix my_function_name and 2*3"),
        ("How do I centre a <div>?", "How do I centre a <div>?"),
        ("a\x00b\u202ec\ud800d", "a bc d"),
        ("", ""),
        ("\n \t", ""),
        ("word " * 30, "word word word word word word word word word word word word…"),
        ("x" * 100, "x" * 59 + "…"),
    ],
)
def test_a_title_is_the_first_words_in_one_line(question, title):
    assert auto_title(question) == title


@given(st.text())
def test_a_title_is_short_and_has_no_line_end(question):
    title = auto_title(question)

    assert len(title) <= 60
    assert len(title.splitlines()) <= 1
    assert title == title.strip()
