"""Measure this process's memory, and how much of it may be used. Linux only; elsewhere no limit."""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from clarifai_chat.config import settings

MB = 2**20
CONTAINER_SHARE = 0.9  # at its limit, the system ends the process without a word
_NO_LIMIT = 2**60  # what the first version of control groups says if there is none


def used_mb() -> float:
    """Return how much memory this process uses; 0 if the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / MB


def limit_mb() -> float:
    """Return how much this process may use: MAX_MEMORY_MB, or less in a small container; 0 is any.

    With MAX_MEMORY_MB=0 the container's limit is not looked at either.
    """
    most: float = settings().max_memory_mb
    container = container_mb()
    return min(most, container * CONTAINER_SHARE) if most and container else most


@cache
def container_mb() -> float:
    """Return the memory limit of this process's container or service; 0 if there is none."""
    found = list(_limits(Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")))
    return min(found, default=0) / MB


def _limits(of_process: Path, groups: Path) -> Iterator[int]:
    """Yield the limits of this process's control group and of those around it.

    Lines are `0::/path` in version 2, and `4:memory:/path` in version 1. In a container, the path
    can be the host's; then the container's own group is what is mounted.
    """
    try:
        lines = of_process.read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        number, kinds, path = [*line.split(":", 2), "", ""][:3]
        if (number, kinds) == ("0", ""):
            root, name = groups, "memory.max"
        elif "memory" in kinds.split(","):
            root, name = groups / "memory", "memory.limit_in_bytes"
        else:
            continue
        inner = root / path.lstrip("/")
        for folder in (inner, *inner.parents):
            if folder.is_relative_to(root):
                yield from _limit_in(folder / name)


def _limit_in(file: Path) -> Iterator[int]:
    try:
        limit = int(file.read_text("ascii"))  # "max" is not a number
    except (OSError, ValueError):
        return
    if 0 < limit < _NO_LIMIT:
        yield limit
