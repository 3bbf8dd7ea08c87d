"""Progress on stderr, tables on stdout."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence

_WIDTH = 78
_BAR = 20


def progress(text: str, done: int = 0, total: int = 0) -> None:
    """Show what is being measured, on one line that is written over; a bar if there is a total."""
    if total:
        filled = _BAR * done // total
        text = f"[{'#' * filled}{'.' * (_BAR - filled)}] {done}/{total} {text}"
    live = sys.stderr.isatty()
    line = f"\r{text[:_WIDTH]:<{_WIDTH}}" if live else text
    print(line, end="" if live else "\n", file=sys.stderr, flush=True)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a Markdown table."""
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def number(value: float | None) -> str:
    """Write a figure with the digits that can mean something."""
    if value is None:
        return "-"
    if abs(value) >= 100:  # noqa: PLR2004 - three digits
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"  # noqa: PLR2004 - three digits


def spread(values: Sequence[float]) -> str:
    """Write the median of some figures, and their range."""
    if not values:
        return "-"
    middle = number(statistics.median(values))
    if len(values) == 1:
        return middle
    return f"{middle} ({number(min(values))} to {number(max(values))})"
