"""Decode the pictures that models make."""

import base64
import re

from clarifai_chat.attachments.limits import MAX_IMAGE_BYTES


def decoded(url: str) -> bytes:
    """Return the bytes of a `data:` URL in base64; b"" for any other address or a huge one."""
    head, comma, coded = url.partition(",")
    if not (comma and re.fullmatch(r"data:image/[^,]*;base64", head, re.IGNORECASE)):
        return b""
    if len(coded) > MAX_IMAGE_BYTES * 4 / 3 + 4:
        return b""
    try:
        return base64.b64decode(coded, validate=True)
    except ValueError:
        return b""
