"""Describe what a reply took: time to first token, tokens per second, tokens, price."""

from typing import Literal

from clarifai_chat.catalog import server_of
from clarifai_chat.chat.turn import Attempt, RequestMetrics, Turn


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


def dollars(cost: float) -> str:
    """Format a price."""
    if cost == 0:
        return "$0"
    return f"${cost:.2f}" if cost >= 0.1 else f"${cost:.2g}" if cost >= 0.0001 else "under $0.0001"
