"""Progress on stderr, tables on stdout."""

from __future__ import annotations

import sys
from collections.abc import Sequence

_WIDTH = 78


def progress(text: str) -> None:
    """Show what is being measured, on one line that is written over."""
    end = "" if sys.stderr.isatty() else "\n"
    start = "\r" if sys.stderr.isatty() else ""
    print(f"{start}{text:<{_WIDTH}}" if start else text, end=end, file=sys.stderr, flush=True)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a Markdown table."""
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)
