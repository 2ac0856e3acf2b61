"""Collect the measured values and format them as one table."""

import os
import platform
import subprocess
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from statistics import median

from bench.apps import CANONICAL, App
from bench.processes import ROOT

LIBRARIES = ("streamlit", "litellm", "openai", "starlette", "uvicorn", "websockets", "playwright")


@dataclass
class Report:
    """All measured values: row → app → values, in order of measurement."""

    values: dict[str, dict[str, list[float]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    notes: list[str] = field(default_factory=list)

    def add(self, row: str, app: App, *values: float) -> None:
        """Add values to `row`, which ends with its unit: "Enter → first text [ms]"."""
        self.values[row][app.name].extend(values)

    def table(self, apps: Sequence[App]) -> str:
        """Format medians (lowest to highest, if several) and their ratios to the canonical chat."""
        head = ["", *(app.title for app in apps)]
        lines = [head, ["---"] * len(head)]
        for row, of_apps in self.values.items():
            base = median(of_apps[CANONICAL.name]) if of_apps.get(CANONICAL.name) else 0.0
            cells = [_cell(of_apps.get(app.name, []), base, app) for app in apps]
            lines.append([row, *cells])
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(values: list[float], base: float, app: App) -> str:
    if not values:
        return ""
    middle = median(values)
    text = _number(middle)
    if len(values) > 1:
        text += f" ({_number(min(values))} to {_number(max(values))})"
    if base and app is not CANONICAL:
        text += f" **{middle / base:.2f}**"
    return text


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def load_average() -> str:
    return " ".join(f"{load:.2f}" for load in os.getloadavg())


def commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return told.stdout.strip() or "unknown"


def surroundings(chromium_version: str, load_before: str) -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"Commit {commit()}; {os.cpu_count()} cores, {platform.machine()},"
        f" {platform.system()}; Python {platform.python_version()}, {libraries},"
        f" Chromium {chromium_version or 'not used'}. Load average {load_before} before,"
        f" {load_average()} after."
    )
