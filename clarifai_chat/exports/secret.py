"""Data without the access token: what an export is made of."""

import base64
import re
import urllib.parse
from collections.abc import Callable
from typing import Any

from clarifai_chat.recording import SHORTEST_SECRET

PLACE = "[access token]"


def hider(secret: str) -> Callable[[str], str]:
    """A function that puts `PLACE` wherever a text has the token, as it is or in a usual coding.

    What is shorter than any token is none: the Demo's key is a word of many a sentence.
    """
    if len(secret) < SHORTEST_SECRET:
        return lambda text: text
    forms = {secret, urllib.parse.quote(secret, safe=""), *_base64_forms(secret.encode())}
    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    pattern = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)
    return lambda text: pattern.sub(PLACE, text)


def everywhere(change: Callable[[str], str], data: Any) -> Any:
    """`data`, which is plain, with `change` made to each text in it."""
    if isinstance(data, str):
        return change(data)
    if isinstance(data, list):
        return [everywhere(change, each) for each in data]
    if isinstance(data, dict):
        return {name: everywhere(change, each) for name, each in data.items()}
    return data


def without(secret: str, content: bytes) -> bytes:
    """A file's content without the token."""
    if len(secret) < SHORTEST_SECRET:
        return content
    form = re.compile(re.escape(secret.encode("utf-8", "replace")), re.IGNORECASE)
    return form.sub(PLACE.encode(), content)


def _base64_forms(secret: bytes) -> list[str]:
    """What base64 makes of the token wherever it begins in a longer text."""
    forms = []
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + secret).decode().rstrip("=")
        # The first and the last sign depend on what stands before and after it.
        first = (0, 2, 3)[shift]
        last = len(coded) if (shift + len(secret)) % 3 == 0 else len(coded) - 1
        forms.append(coded[first:last])
    return forms
