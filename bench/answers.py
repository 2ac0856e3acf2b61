"""The answers of the benchmark's provider: set by the prompt, reproducible, never repetitive.

    "500@50 prose #7"     500 tokens at 50 a second, as paragraphs, lists and code
    "20kB@max table #8"   one table of 20 kB, as fast as the reader takes it
    "300@50 cut #9"       cut off in the middle; also: short, stall, 429, 500

An answer begins with "Begin7." and ends with "End7.", so a page shows which question it answers.
Words vary as in real text, so that compression is not flattered.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import count, islice

_COMMON = (
    "the of and a to in is that it for as with on by this are be from at which or an not have were"
    " but they you all one can more when there their what so up out if about who get would make"
    " like time just him know take people into year your good some could them see other than then"
    " now look only come its over think also back after use two how our work first well way even"
    " new want because any these give day most us water sound still between light under while name"
    " small such often turn without again place great where help through much before line right too"
    " mean same tell boy follow came show every near build earth"
)
_STEMS = (
    "observ predict transform consider calculat generat adapt reflect extract balanc combin connect"
    " construct describ determin develop distribut estimat evaluat explor express gather imagin"
    " improv includ inform interpret introduc investigat measur navigat organis perform position"
    " prevent process produc protect provid receiv record reduc remov represent respond select"
    " separat simulat support translat"
)
COMMON, STEMS = _COMMON.split(), _STEMS.split()
ENDINGS = ("e", "es", "ed", "ing", "ation", "able", "or", "ive", "ement", "ingly")
FAULTS = ("cut", "short", "stall", "429", "500")
KINDS = ("prose", "table", "code")
MAX_TOKEN_CHARS = 7  # longer words are two tokens, as in real tokenizers


@dataclass(frozen=True)
class Wanted:
    """A prompt's request. `tokens` or `size` is 0; the other one sets the length."""

    tokens: int
    size: int  # bytes
    rate: float  # tokens a second; 0 is as fast as possible
    kind: str
    fault: str
    name: str

    @property
    def begin(self) -> str:
        return f"Begin{self.name}."

    @property
    def end(self) -> str:
        return f"End{self.name}."

    @property
    def ideal_s(self) -> float:
        """Return the seconds until the last token is sent at the requested rate."""
        return (len(tokens(self)) - 1) / self.rate if self.rate else 0.0


def read(prompt: str) -> Wanted:
    """Parse `prompt`. The default is 100 tokens of prose at full speed."""
    words = prompt.split()
    length = re.search(r"(\d+)(kB)?@(max|\d+)", prompt)
    amount, is_size, rate = length.groups() if length else ("100", None, "max")
    name = re.search(r"#(\w+)", prompt)
    return Wanted(
        tokens=0 if is_size else int(amount),
        size=int(amount) * 1000 if is_size else 0,
        rate=0.0 if rate == "max" else float(rate),
        kind=next((w for w in words if w in KINDS), "prose"),
        fault=next((w for w in words if w in FAULTS), ""),
        name=name[1] if name else "",
    )


def text(wanted: Wanted) -> str:
    return "".join(tokens(wanted))


@lru_cache(maxsize=256)
def tokens(wanted: Wanted) -> tuple[str, ...]:
    """Return the answer in pieces, as a provider sends it."""
    chance = random.Random(wanted.name)
    body = {"prose": _prose, "table": _table, "code": _code}[wanted.kind](chance, wanted)
    if not wanted.size:
        taken = list(islice(body, max(0, wanted.tokens - 1)))
    else:
        taken, size = [], len(wanted.end) + 1
        while size < wanted.size:
            taken.append(next(body))
            size += len(taken[-1])
    return (*taken, f" {wanted.end}")


def _prose(chance: random.Random, wanted: Wanted) -> Iterator[str]:
    yield wanted.begin
    for number in count(1):
        if number % 9 == 0:
            yield from ("\n\n", "##")
            yield from _words(chance, 4)
        if number % 7 == 0:
            yield from ("\n\n", "```", "python", "\n")
            for _ in range(chance.randint(3, 8)):
                yield from _statement(chance)
            yield "```"
        elif number % 3 == 0:
            yield "\n"
            for _ in range(chance.randint(3, 6)):
                yield from ("\n", "-", " **")
                yield from (w.strip() for w in _words(chance, 1))
                yield "**"
                yield from _words(chance, chance.randint(5, 14))
                yield "."
        yield "\n\n"
        for number_in_paragraph in range(chance.randint(2, 5)):
            yield from _sentence(chance, is_first=number_in_paragraph == 0)


def _table(chance: random.Random, wanted: Wanted) -> Iterator[str]:
    yield wanted.begin
    yield from ("\n\n", "| Part", " | What", " it does", " | Number", " |\n", "|---|---|---|", "\n")
    while True:
        yield "|"
        yield from _words(chance, 2)
        yield " |"
        yield from _words(chance, chance.randint(4, 9))
        yield from (" |", f" {chance.randint(1, 9999)}", " |\n")


def _code(chance: random.Random, wanted: Wanted) -> Iterator[str]:
    yield wanted.begin
    yield from ("\n\n", "```", "python", "\n")
    while True:
        yield from _statement(chance)


def _statement(chance: random.Random) -> Iterator[str]:
    name, verb, given = (chance.choice(STEMS) for _ in range(3))
    yield from (name, f"_{chance.randint(1, 99)}", " =", f" {verb}", "(", given, ",")
    yield from (f" {chance.randint(2, 999)}", ")", "\n")


def _sentence(chance: random.Random, *, is_first: bool) -> Iterator[str]:
    for number in range(length := chance.randint(7, 17)):
        if 2 < number < length - 3 and chance.random() < 0.08:
            yield ","
        first, *rest = _words(chance, 1)
        if number == 0:
            first = first.title().strip() if is_first else first.title()
        yield first
        yield from rest
    yield "."


def _words(chance: random.Random, number: int) -> Iterator[str]:
    for _ in range(number):
        if chance.random() < 0.65:  # a few words make up most of any language
            yield " " + COMMON[int(len(COMMON) * chance.random() ** 2)]
        else:
            word = " " + chance.choice(STEMS) + chance.choice(ENDINGS)
            yield word[:MAX_TOKEN_CHARS]
            if word[MAX_TOKEN_CHARS:]:
                yield word[MAX_TOKEN_CHARS:]
