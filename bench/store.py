"""Time saved conversations, as a Markdown table: `python -m bench.store`.

One visitor has 2,000 conversations of 50 turns, ten others 100 each, on SQLite and, if it is
installed, PostgreSQL. Filling takes minutes; `--chats 200` takes less.
"""

import argparse
import hashlib
import itertools
import random
import re
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles

from bench.processes import ROOT
from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.turn import Turn, new_turn
from clarifai_chat.history.store import Store, open_store
from tests import postgres

OWNER, OTHERS = "0" * 64, [hashlib.sha256(b"%d" % n).hexdigest() for n in range(10)]
TURNS, OTHERS_CHATS = 50, 100
# Real English, from this project's documents, and names that appear nowhere else.
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
PROSE = re.findall(r"[A-Za-z']+", "\n".join(each.read_text("utf-8") for each in DOCUMENTS))
NAMES = ["".join(s) for s in itertools.product(*[["ka", "mo", "ri", "tel", "van", "sü", "do"]] * 5)]
NEEDLE = "Köstlichkeit"  # in one turn of an old conversation
MODEL = "https://clarifai.com/openai/chat-completion/models/gpt-4_1"

Action = Callable[[], object]


def fill(store: Store, chats: int) -> list[Chat]:
    """Fill the store; return some of OWNER's chats as they were saved."""
    kept = []
    for owner, count in [*((other, OTHERS_CHATS) for other in OTHERS), (OWNER, chats)]:
        for number in range(count):
            rare = NEEDLE if owner == OWNER and number == count // 50 else ""
            chat = conversation(number, rare)
            chat["revision"] = store.save_chat(owner, chat)
            if owner == OWNER and number % (count // 50 or 1) == 0:
                kept.append(chat)
    return kept


def conversation(number: int, rare: str) -> Chat:
    rng = random.Random(number)
    turns = [a_turn(rng, rare if place == TURNS // 2 else "") for place in range(TURNS)]
    for before, turn in itertools.pairwise(turns):
        turn["parent"] = before["id"]
    return {
        "id": uuid.uuid4().hex,
        "title": words(rng, 6),
        "is_named": False,
        "pinned": number % 100 == 0,
        "created_at": float(number),
        "updated_at": float(number),
        "revision": 0,
        "model": MODEL,
        "settings": {},
        "turns": turns,
        "leaf": turns[-1]["id"],
    }


def a_turn(rng: random.Random, rare: str) -> Turn:
    """Make a turn of about 1,000 characters, with word frequencies of real text."""
    turn = new_turn(
        words(rng, 15), {"url": MODEL, "name": "m", "input_price": None, "output_price": None}
    )
    turn["replies"] = [{"role": "assistant", "content": f"{words(rng, 120)} {rare}"}]
    turn["asked_at"], turn["ended_at"], turn["ending"] = 1.0, 2.0, "stop"
    return turn


def words(rng: random.Random, count: int) -> str:
    said = [NAMES if rng.random() < 0.02 else PROSE for _ in range(count)]
    return " ".join(rng.choice(each) for each in said)


def actions(store: Store, chats: list[Chat]) -> dict[str, Action]:
    """Return the measured actions by name."""
    rng = random.Random(7)
    running = new_turn("How long?", chats[0]["turns"][0]["model"])
    running["replies"] = [{"role": "assistant", "content": words(rng, 800)}]
    piece = chats[9]["turns"][3]["prompt"][5:25]

    def save() -> None:
        chat = rng.choice(chats)
        chat["revision"] = store.save_chat(OWNER, chat)

    def grow() -> None:
        running["replies"][0]["content"] += " more"
        store.save_turn(OWNER, chats[0]["id"], running, TURNS)

    return {
        "list, first 50": lambda: store.listing(OWNER),
        "list, 50 from the 1,000th": lambda: store.listing(OWNER, offset=1000),
        f"search, a word in one turn ({NEEDLE})": lambda: store.listing(OWNER, NEEDLE.upper()),
        "search, a very common word (the)": lambda: store.listing(OWNER, "the"),
        "search, a common word (conversation)": lambda: store.listing(OWNER, "conversation"),
        "search, two common words (the conversation)": lambda: store.listing(
            OWNER, "conversation the"
        ),
        "search, a rare name and a common word": lambda: store.listing(OWNER, f"the {NAMES[4711]}"),
        "search, a rare name": lambda: store.listing(OWNER, NAMES[4711]),
        "search, a phrase": lambda: store.listing(OWNER, piece),
        "search, two rare letters (kö)": lambda: store.listing(OWNER, "kö"),
        "search, no match": lambda: store.listing(OWNER, "zzyzzx zzyzzy"),
        "open a conversation of 50 turns": lambda: store.load(OWNER, rng.choice(chats)["id"]),
        "save a conversation of 50 turns, unchanged": save,
        "save a running reply of 5,000 characters": grow,
    }


def times_ms(action: Action, goes: int) -> list[float]:
    action()  # fills the system's caches
    taken = []
    for _ in range(goes):
        began = time.perf_counter()
        action()
        taken.append(1000 * (time.perf_counter() - began))
    return taken


@contextmanager
def addresses() -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        found = {"SQLite": f"sqlite:///{Path(folder) / 'bench.db'}"}
        if postgres.binaries() is None:
            yield found
            return
        with postgres.running("C.UTF-8") as server:
            yield found | {"PostgreSQL": server.database()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chats", type=int, default=2000)
    parser.add_argument("--goes", type=int, default=40)
    options = parser.parse_args()
    rows: dict[str, list[str]] = {}
    with addresses() as found:
        for name, address in found.items():
            store = open_store(address)
            began = time.perf_counter()
            chats = fill(store, options.chats)
            took = f"{time.perf_counter() - began:,.0f} s"
            rows.setdefault("fill, total", []).append(took)
            for what, action in actions(store, chats).items():
                cuts = quantiles(times_ms(action, options.goes), n=20)
                rows.setdefault(f"{what} [ms]", []).append(f"{cuts[9]:.1f} / {cuts[18]:.1f}")
            store.close()
            if name == "SQLite":
                size = Path(address.removeprefix("sqlite:///")).stat().st_size
                print(f"The SQLite file holds {size / 1e6:,.0f} MB.\n")
    print(f"| p50 / p95 | {' | '.join(found)} |")
    print(f"|---|{'---|' * len(found)}")
    for what, cells in rows.items():
        print(f"| {what} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
