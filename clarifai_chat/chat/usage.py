"""Describe what a reply took: time to first token, tokens per second, tokens, price."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from clarifai_chat.catalog import server_of
from clarifai_chat.chat.turn import Attempt, RequestMetrics, Turn, is_over
from clarifai_chat.text import counted, listed


def tokens_per_s(figures: RequestMetrics) -> float | None:
    """Return the provider's token count per second of arriving tokens; None if unknown."""
    first, total, tokens = (
        figures["first_token_s"],
        figures["total_s"],
        figures["completion_tokens"],
    )
    if first is None or total is None or not tokens or total - first < 0.05:
        return None  # too short to divide by: the answer came all at once
    return tokens / (total - first)


Count = Literal["prompt_tokens", "completion_tokens", "reasoning_tokens"]


def tokens(attempt: Attempt, which: Count) -> int | None:
    """Return the total of the answer's requests; None if one of them did not report it."""
    counts = [figures[which] for figures in (*attempt["before"], attempt["figures"])]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def cost_usd(turn: Turn) -> float | None:
    """Return the price of an answer in US dollars; None if a price or count is unknown."""
    prices = (turn["model"]["input_price"], turn["model"]["output_price"])
    counts = (tokens(turn, "prompt_tokens"), tokens(turn, "completion_tokens"))
    if None in prices or None in counts:
        return None
    return sum(p * t for p, t in zip(prices, counts, strict=True) if p and t) / 1_000_000


def reply_line(turn: Turn) -> list[str]:
    """Return the parts of the line under a reply. An unknown value is shown as unknown, never 0."""
    figures = turn["figures"]
    parts = [turn["model"]["name"]]
    if figures["first_token_s"] is not None:
        parts.append(f"first token {seconds(figures['first_token_s'])}")
    if speed := tokens_per_s(figures):
        parts.append(f"{speed:.0f} tokens/s")
    parts.append(token_counts(turn))
    parts.append(price(turn))
    return parts


def seconds(s: float) -> str:
    """Format a duration: 80 ms, 1.2 s, 14 s, 2 min 5 s."""
    if s < 0.995:
        return f"{s * 1000:.0f} ms"
    if s < 9.95:
        return f"{s:.1f} s"
    if s < 59.5:
        return f"{s:.0f} s"
    return f"{round(s) // 60} min {round(s) % 60} s"


def token_counts(turn: Turn) -> str:
    """Return all tokens of the turn's requests: "312 tokens in, 45 out"."""
    sent, received = tokens(turn, "prompt_tokens"), tokens(turn, "completion_tokens")
    if sent is None and received is None:
        return "tokens not reported"
    text = f"{_count(sent)} tokens in, {_count(received)} out"
    if thought := tokens(turn, "reasoning_tokens"):
        text += f" ({thought:,} of them thinking)"
    return text


def _count(tokens: int | None) -> str:
    return "?" if tokens is None else f"{tokens:,}"


def price(turn: Turn) -> str:
    """Return what the turn cost: "$0.002", "free", "price unknown"."""
    if server_of(turn["model"]["url"]) in ("demo", "local"):
        return "free"
    cost = cost_usd(turn)
    if cost is None:
        return "price unknown"
    return dollars(cost)


@dataclass(frozen=True, slots=True)
class Total:
    """What a conversation took so far, as far as it is known.

    Requests in `unreported` ended, or broke off, without token counts; the price of `unpriced`
    models is not known; `running` answers are still arriving. None of these is in the sums.
    """

    sent: int
    received: int
    cost_usd: float
    answers: int
    unreported: int
    unpriced: tuple[str, ...]
    running: int
    is_free: bool  # the Demo and local models only

    @property
    def text(self) -> str:
        """The total in sentences; "" if nothing was asked."""
        if not self.answers:
            return self._arriving
        cost = "free" if self.is_free else dollars(self.cost_usd)
        if self.unpriced and not self.cost_usd:
            cost = "price unknown"
        is_whole = not (self.unreported or self.running or self.unpriced)
        about = "This conversation so far" if is_whole else "This conversation so far, at least"
        tokens = f"{self.sent:,} tokens in, {self.received:,} out"
        said = [f"{about}: {tokens} · {cost}, for {counted(self.answers, 'answer')}."]
        if self.unreported:
            what = counted(self.unreported, "request")
            why = "stopped, failed, or from a server that does not tell"
            said.append(f"Not counted: {what} without reported tokens ({why}).")
        if self.unpriced:
            said.append(f"The price of {listed(self.unpriced, most=3)} is not known.")
        return " ".join(filter(None, [*said, self._arriving]))

    @property
    def _arriving(self) -> str:
        return "An answer is still arriving." if self.running else ""


def total(turns: Iterable[Turn]) -> Total:
    """Return what all these turns took, with every version and attempt: each was billed."""
    sent = received = answers = unreported = running = 0
    cost, is_free = 0.0, True
    unpriced: dict[str, None] = {}
    for turn in turns:
        if turn["asked_at"] is None and not turn["before"]:
            continue  # it waits
        model = turn["model"]
        for_free = server_of(model["url"]) in ("demo", "local")
        is_free &= for_free
        answers += 1
        running += not is_over(turn)
        attempts: list[Attempt] = [turn, *turn["earlier"]]
        for figures in (each for one in attempts for each in (*one["before"], one["figures"])):
            is_now = figures is turn["figures"] and not is_over(turn)
            prompt, answer = figures["prompt_tokens"], figures["completion_tokens"]
            sent, received = sent + (prompt or 0), received + (answer or 0)
            unreported += not is_now and (prompt is None or answer is None)
            for count, price in ((prompt, model["input_price"]), (answer, model["output_price"])):
                if count and price is None and not for_free:
                    unpriced[model["name"]] = None
                cost += (count or 0) * (0.0 if for_free else price or 0.0) / 1_000_000
    return Total(sent, received, cost, answers, unreported, tuple(unpriced), running, is_free)


def dollars(cost: float) -> str:
    """Format a price."""
    if cost == 0:
        return "$0"
    return f"${cost:.2f}" if cost >= 0.1 else f"${cost:.2g}" if cost >= 0.0001 else "under $0.0001"
