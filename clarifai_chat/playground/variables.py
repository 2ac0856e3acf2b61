"""Fill `{{name}}` in prompts and messages with named values."""

import re
from collections.abc import Mapping
from typing import Any

MAX_VALUES = 50
_VARIABLE = re.compile(r"\{\{[ \t]{0,9}([^\W\d]\w{0,63})[ \t]{0,9}\}\}")


def names(*templates: Any) -> list[str]:
    """Return the variables in texts and plain data, in order, each once."""
    found: dict[str, None] = {}
    for template in templates:
        for text in _texts(template):
            found.update(dict.fromkeys(_VARIABLE.findall(text)))
    return [*found]


def filled(template: Any, values: Mapping[str, str]) -> Any:
    """Return a copy of plain data with the variables in its texts filled.

    One without a value stays as written. A value is not filled again, so `{{name}}` as the value of
    `name` is sent literally.
    """
    if isinstance(template, str):
        if "{{" not in template:
            return template
        return _VARIABLE.sub(lambda found: values.get(found[1]) or found[0], template)
    if isinstance(template, list | tuple):
        return [filled(each, values) for each in template]
    if isinstance(template, dict):
        return {name: filled(each, values) for name, each in template.items()}
    return template


def undefined(values: Mapping[str, str], *templates: Any) -> list[str]:
    """Return the variables of the templates that have no value."""
    return [name for name in names(*templates) if not values.get(name)]


def problem(values: Mapping[str, str], *templates: Any) -> str:
    """Return a sentence about variables without a value; "" if there are none."""
    missing = [literal(name) for name in undefined(values, *templates)]
    if not missing:
        return ""
    which = f"{', '.join(missing[:5])}{' and more' if len(missing) > 5 else ''}"
    verb = "has" if len(missing) == 1 else "have"
    return f"{which} {verb} no value: give one in the playground, or choose to send it as written."


def literal(name: str) -> str:
    """Return a variable as it is written."""
    return f"{{{{{name}}}}}"


def _texts(template: Any) -> list[str]:
    if isinstance(template, str):
        return [template] if "{{" in template else []
    if isinstance(template, dict):
        template = [*template.values()]
    if isinstance(template, list | tuple):
        return [text for each in template for text in _texts(each)]
    return []
