"""Put long pictures, sounds and files of a request into files beside the code."""

import base64
import hashlib
import re
from collections.abc import Callable
from typing import Any

from clarifai_chat.llm.code.literals import Code

MAX_INLINE_CHARS = 2000
_DATA_URL = re.compile(r"(data:([\w.+-]+/[\w.+-]+)[^,]*;base64,)([A-Za-z0-9+/]+=*)")
_NAMES = {"image": "picture", "audio": "sound", "video": "video"}
_ENDINGS = {"jpeg": "jpg", "plain": "txt", "mpeg": "mp3", "svg+xml": "svg", "octet-stream": "bin"}


class Beside:
    """The files beside one snippet. `in_code` writes how the code reads one as base64."""

    def __init__(self, in_code: Callable[[str], str], quoted: Callable[[str], str]) -> None:
        self.files: dict[str, bytes] = {}
        self._in_code = in_code
        self._quoted = quoted
        self._names: dict[tuple[str, bytes], str] = {}

    def take(self, value: Any) -> Any:
        """Return `value` with code in place of what is long: the contents are then in `files`."""
        if isinstance(value, list | tuple):
            return [self.take(part) for part in value]
        if isinstance(value, dict):
            taken = {key: self.take(part) for key, part in value.items()}
            match value:
                case {"data": str(data), "format": str(form)}:  # a sound
                    taken["data"] = self._read(data, "", f"audio/{form}")
            return taken
        if isinstance(value, str) and value.startswith("data:"):
            found = _DATA_URL.fullmatch(value)
            return self._read(found[3], found[1], found[2]) if found else value
        return value

    def _read(self, text: str, prefix: str, mime: str) -> str:
        """Return the code that reads base64 from a file; the text itself if it is short or odd."""
        content = _content(text)
        if content is None:
            return prefix + text
        code = self._in_code(self._name(content, mime))
        return Code(f"{self._quoted(prefix)} + {code}" if prefix else code)

    def _name(self, content: bytes, mime: str) -> str:
        key = (mime, hashlib.sha256(content).digest())
        if key not in self._names:
            kind, _, form = mime.partition("/")
            ending = _ENDINGS.get(form, form)
            ending = ending if re.fullmatch("[a-z0-9]{1,5}", ending) else "bin"
            name = f"{_NAMES.get(kind, 'file')}-{len(self._names) + 1}.{ending}"
            self._names[key] = name
            self.files[name] = content
        return self._names[key]


def has_long(value: Any) -> bool:
    """Return whether a picture, sound or file in `value` is too long to stand in code."""
    beside = Beside(str, str)
    beside.take(value)
    return bool(beside.files)


def _content(text: str) -> bytes | None:
    """Return the bytes that long base64 stands for, if just this base64 can be made of them."""
    if len(text) <= MAX_INLINE_CHARS:
        return None
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return content if base64.b64encode(content).decode() == text else None
