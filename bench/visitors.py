"""Act as visitors of the soak, and check that every answer is complete or marked."""

import asyncio
import random
import re
import time
from collections import Counter
from dataclasses import dataclass, field

from bench import answers
from bench.apps import asked
from bench.processes import Process
from bench.sockets import Drawn, Visitor

PATIENCE_S = 90
STANDSTILL_S = 20.0  # a busy machine may take seconds; a frozen page takes forever
LOOKS = 10
# Each prompt, and how many of a hundred questions use it.
KINDS = {
    "150@50 prose": 40,
    "400@50 prose": 10,
    "1500@max prose": 14,
    "6kB@max table": 6,
    "150@50 cut": 8,
    "150@50 short": 6,
    "100@50 stall": 6,
    "100@50 429": 6,
    "100@50 500": 4,
}
ACTIONS = {"wait": 46, "stop": 14, "drop": 14, "change page": 14, "leave": 6, "away": 3, "rerun": 3}
BROKEN = ("cut", "short", "500")  # never complete
MARKS = ("Stopped.", "Ended because", "Interrupted", "Cut by", "Ended by")
ASKS_OF_A_CHAT = 12  # then a new chat: every request carries the whole conversation


@dataclass
class Ledger:
    """Counts by (action, prompt, outcome), and a list of what went wrong."""

    outcomes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def note(self, action: str, kind: str, outcome: str, wrong: str = "") -> None:
        self.outcomes[action, kind, outcome] += 1
        if wrong:
            self.wrong.append(f"{action}, {kind}: {wrong}")

    def total(self) -> int:
        return self.outcomes.total()


class Person:
    """A visitor whose random choices are the same in every soak."""

    def __init__(
        self, name: str, server: Process, provider: Process, ledger: Ledger, lease_s: float
    ) -> None:
        self.name = name
        self.server, self.provider, self.ledger = server, provider, ledger
        self.lease_s = lease_s
        self.tab = Visitor(server.url)
        self._chance = random.Random(name)
        self._asked = 0
        self._left: list[tuple[str, str]] = []  # (kind, name) of abandoned questions

    async def greet(self) -> None:
        """Arrive, ask one question, leave."""
        await self._arrive()
        question = self._question("100@50 prose")
        await self.tab.ask(question)
        await self.tab.till_idle(PATIENCE_S)
        await self.tab.close()

    async def live(self, until: float) -> None:
        await asyncio.sleep(self._chance.random() * 3)
        await self._arrive()
        while time.monotonic() < until:
            action = self._pick(ACTIONS)
            kind = "600@20 prose" if action == "away" else self._pick(KINDS)
            question = self._question(kind)
            try:
                await self._do(action, kind, question)
            except Exception as error:  # noqa: BLE001 - a failing visitor is a result, not the end
                self._wrong(action, kind, f"{type(error).__name__}: {error}"[:200])
                await self.tab.close()
                await self._arrive()
            for fault in self.tab.faults:
                self._wrong(action, kind, fault)
            self.tab.faults.clear()
            await asyncio.sleep(self._chance.random() * 2)
        await self.tab.close()

    def account_for_left(self) -> None:
        """Check that abandoned answers ended at the provider too, by themselves or by the lease."""
        for kind, name in self._left:
            told = asked(self.provider, name)
            state = told["state"] if told else "never asked"
            wrong = "still running" if state in ("asked", "sending") else ""
            self.ledger.note("leave", kind, f"at the provider: {state}", wrong)

    async def _arrive(self) -> None:
        self.tab = Visitor(self.server.url)
        await self.tab.connect()
        await self.tab.open(timeout_s=PATIENCE_S)

    async def _do(self, action: str, kind: str, question: str) -> None:
        if self._asked % ASKS_OF_A_CHAT == 0 and "new_chat" in self.tab.widgets:
            await self.tab.click("new_chat")
            await self.tab.till_idle(PATIENCE_S)
        await self.tab.ask(question)
        await asyncio.sleep(0.2 + self._chance.random() * 2)
        if action == "stop" and not self.tab.idle.is_set() and self.tab.shows("stop"):
            await self.tab.click("stop")
        elif action == "change page":
            await self.tab.go("models")
            await asyncio.sleep(0.5 + self._chance.random() * 2)
            await self.tab.go("")
        elif action == "rerun":
            await self.tab.rerun()
        elif action in ("drop", "away"):
            await self.tab.drop()
            away_s = self.lease_s + 5 if action == "away" else self._chance.random() * 3
            await asyncio.sleep(away_s)
            await self._return(action, kind)
        elif action == "leave":
            await self.tab.drop()
            self._left.append((kind, answers.read(question).name))
            await self._arrive()
            return
        wanted = answers.read(question)
        # The end of an overtaken run looks like the end of the last one.
        for _ in range(LOOKS):
            await self.tab.till_idle(PATIENCE_S)
            shown, marked = self._shown(question)
            if marked or shown == _plain(answers.text(wanted)):
                break
            await asyncio.sleep(1)
        self._judge(action, kind, question)

    async def _return(self, action: str, kind: str) -> None:
        """Reconnect and request a run, as a browser does. A frozen page is an error."""
        await self.tab.connect()
        await self.tab.rerun()
        if not await self.tab.runs_within(STANDSTILL_S):
            self._wrong(action, kind, "page frozen after reconnecting")
            await self.tab.rerun()

    def _judge(self, action: str, kind: str, question: str) -> None:
        wanted = answers.read(question)
        whole = _plain(answers.text(wanted))
        shown, marked = self._shown(question)
        if wanted.fault in BROKEN and shown == whole:
            self._wrong(action, kind, "complete, though it was never sent completely")
        elif shown == whole:
            self.ledger.note(action, kind, "complete" if not marked else "complete, and marked")
        elif not whole.startswith(shown):
            self._wrong(action, kind, f"wrong text: {shown[:40]!r} … {shown[-40:]!r}")
        elif marked:
            self.ledger.note(action, kind, "incomplete, and marked")
        else:
            self._wrong(action, kind, f"{len(shown)} of {len(whole)} characters, without a mark")

    def _shown(self, question: str) -> tuple[str, bool]:
        """Return the answer's text on the page, and whether it is marked as incomplete."""
        reply = self.tab.reply_to(question)
        return _plain(" ".join(_texts(reply))), _is_marked(reply)

    def _question(self, kind: str) -> str:
        self._asked += 1
        return f"{kind} #{self.name}n{self._asked}"

    def _pick(self, weights: dict[str, int]) -> str:
        return self._chance.choices(list(weights), list(weights.values()))[0]

    def _wrong(self, action: str, kind: str, what: str) -> None:
        name = f"{self.name}n{self._asked}"
        told = asked(self.provider, name)
        at = f"at the provider: {told['state']}, {told['tries']} tries" if told else "never asked"
        running = "idle" if self.tab.idle.is_set() else f"in run {self.tab.run}"
        self.ledger.note(action, kind, "**wrong**", f"{what} (#{name}, {at}; {running})")


def _texts(reply: list[Drawn]) -> list[str]:
    """Return the reply's own text, without captions and boxes about it."""
    return [e.body for e in reply if e.kind == "markdown" and not e.is_caption]


def _is_marked(reply: list[Drawn]) -> bool:
    return any(
        e.kind == "alert" or (e.is_caption and any(mark in e.body for mark in MARKS)) for e in reply
    )


def _plain(text: str) -> str:
    """Remove white space: the edges of a block lose it."""
    return re.sub(r"\s+", "", text)
