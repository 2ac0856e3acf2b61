"""Read a PDF from stdin and print its text as JSON, within limits of time and memory."""

import json
import sys
import time
from typing import Any

MAX_CPU_S = 10
MAX_MEMORY = 1_000_000_000  # bytes of addresses; Python and pypdf alone take a tenth


def limit() -> None:
    """Limit what this process may use; on Windows only the caller's timeout applies."""
    try:
        import resource
    except ImportError:
        return
    for what, most in (
        (resource.RLIMIT_CPU, MAX_CPU_S),
        (resource.RLIMIT_AS, MAX_MEMORY),
        (resource.RLIMIT_FSIZE, 0),  # it writes no file
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):  # macOS refuses some of them
            continue


def read(data: bytes, read_pages: int, max_pages: int, max_chars: int) -> dict[str, Any]:
    """Return the `text` of a PDF, with form feeds between pages, or `why` there is none.

    `pages` is how many it has, `read` how many were read, `cut` whether the last of them is cut.
    """
    import io

    from pypdf import PdfReader
    from pypdf.errors import DependencyError, LimitReachedError

    told: dict[str, Any] = {"why": "", "pages": 0, "read": 0, "cut": False, "text": ""}
    until = time.monotonic() + MAX_CPU_S * 0.6
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(
            ""
        ):  # many are only protected against changes
            return {**told, "why": "locked"}
        told["pages"] = len(reader.pages)
        if told["pages"] > max_pages:
            return {**told, "why": "long"}
        texts: list[str] = []
        room, is_broken = max_chars, False
        for number in range(min(told["pages"], read_pages)):
            text, is_whole = _page(reader, number)
            is_broken |= not is_whole
            if texts and (len(text) > room or time.monotonic() > until):
                break
            told["cut"] = len(text) > room
            texts.append(text[:room])
            room -= len(text)
    except DependencyError:  # a cipher that needs a missing package
        return {**told, "why": "locked"}
    except (MemoryError, LimitReachedError):
        return {**told, "why": "heavy"}
    except Exception:  # noqa: BLE001 - a parser over a stranger's bytes: whatever it says, they are broken
        return {**told, "why": "broken"}
    why = "broken" if is_broken and not any(map(str.strip, texts)) else ""
    return {**told, "why": why, "read": len(texts), "text": "\f".join(texts)}


def _page(reader: Any, number: int) -> tuple[str, bool]:
    """Return a page's text, and whether it could be read: a broken page must not lose the rest."""
    from pypdf.errors import LimitReachedError

    try:
        return str(reader.pages[number].extract_text()).replace("\f", "\n"), True
    except (MemoryError, LimitReachedError):
        raise
    except Exception:  # noqa: BLE001 - as in `read`
        return "", False


if __name__ == "__main__":
    import pypdf  # noqa: F401 - before the limits: the first import of it writes its bytecode

    limit()
    print(json.dumps(read(sys.stdin.buffer.read(), *map(int, sys.argv[1:4]))))  # noqa: T201 - its answer
