"""Check the rules of a case before anything is asked."""

from typing import Any

from clarifai_chat.evidence.causes import instant
from clarifai_chat.evidence.rules import TYPES, BadRule, rule_name
from clarifai_chat.tools.schema.patterns import BadPattern, compiled
from clarifai_chat.tools.schema.validator import schema_problems
from clarifai_chat.tools.schema.wording import got

_NEEDS: dict[str, Any] = {
    "$one_of": list,
    "$type": str,
    "$schema": dict | bool,
    "$pattern": str,
    "$instant": str,
    "$near": int | float,
    "$result": int | float,
    "$contains": str | list,
    "$unordered": list,
}


def check_rule(rule: Any) -> None:
    """Raise `BadRule` if a rule, or one in it, cannot be used."""
    name = rule_name(rule)
    inner = rule.get(name) if name else None
    needed = _NEEDS.get(name)
    if needed and not isinstance(inner, needed):
        raise BadRule(f"{name} cannot be {got(inner)}.")
    match name:
        case "$type" if inner not in TYPES:
            raise BadRule(f"$type is one of {', '.join(TYPES)}, not {got(inner)}.")
        case "$pattern":
            try:
                compiled(inner)
            except BadPattern as why:
                raise BadRule(f"The pattern {inner} {why}.") from None
        case "$schema" if problems := schema_problems(inner):
            raise BadRule(f"The schema of a rule cannot be used: {problems[0].message}.")
        case "$instant" if instant(inner) is None:
            raise BadRule(f"$instant is a date and time with an offset, not {got(inner)}.")
    if name in ("$equals", "$schema"):
        return
    inside = inner if name else rule
    if isinstance(inside, dict):
        for key, each in inside.items():
            if key != "$others":
                check_rule(each)
    elif isinstance(inside, list):
        for each in inside:
            check_rule(each)
