"""Count what a presentation spends, and what the next question may cost at most."""

from collections.abc import Sequence

from clarifai_chat.catalog import Model
from clarifai_chat.chat.turn import Turn
from clarifai_chat.chat.usage import cost_usd, dollars
from clarifai_chat.presenting.plan import Plan

ANSWER_TOKENS = 2000  # a limit that each request of a demo sends
REQUESTS = 4  # of a step with tools
UNKNOWN_PRICE_USD = 20.0  # per million tokens, counted where a price is not known
CHARS_PER_TOKEN = 3  # at least, of most languages; an estimate has to be high


def spent_usd(turns: Sequence[Turn]) -> float:
    """Return what answers have cost; one that is running or not reported counts at its most."""
    return sum(_cost(turn) for turn in turns)


def _cost(turn: Turn) -> float:
    known = cost_usd(turn) if turn["ended_at"] is not None else None
    if known is not None:
        return known
    prices = turn["model"]["input_price"], turn["model"]["output_price"]
    return _most(*prices, len(turn["prompt"]), 1 + len(turn["before"]))


def most_usd(models: Sequence[Model], chars: int, requests: int) -> float:
    """Return what a question of so many characters may cost, with all of its requests."""
    return sum(_most(m.input_price, m.output_price, chars, requests) for m in models)


def _most(paid_in: float | None, paid_out: float | None, chars: int, requests: int) -> float:
    price_in = UNKNOWN_PRICE_USD if paid_in is None else paid_in
    price_out = UNKNOWN_PRICE_USD if paid_out is None else paid_out
    sent = chars / CHARS_PER_TOKEN
    # Each request sends again what the ones before it brought.
    tokens_in = sum(sent + number * ANSWER_TOKENS for number in range(requests))
    return (tokens_in * price_in + requests * ANSWER_TOKENS * price_out) / 1_000_000


def refusal(plan: Plan, asked: int, spent: float, most: float) -> str:
    """Return why the next question is not asked live, or ""."""
    if asked >= plan["max_asks"]:
        return f"The limit of this demo is reached: {plan['max_asks']} questions."
    if most and spent + most > plan["max_usd"]:
        return (
            f"The limit of this demo is {dollars(plan['max_usd'])}: {dollars(spent)} are spent, and"
            f" this step may cost up to {dollars(most)}."
        )
    return ""
