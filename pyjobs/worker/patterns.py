"""Queues by pattern: names, `mail-*`, and `!mail-slow` for what is left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

SPECIAL = frozenset("*?[")


def is_pattern(text: str) -> bool:
    """Whether a text stands for queues that have to be looked for."""
    return not text.startswith("!") and not SPECIAL.isdisjoint(text)


def expand(patterns: Sequence[str], known: Iterable[str]) -> dict[str, str]:
    """Return the queues that are meant, each with the pattern by which it was found, in order.

    A plain name is meant whether there is such a queue or not. Queues of one pattern come by name.
    What begins with `!` leaves out, wherever it stands.
    """
    left_out = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    names = sorted(known)
    found: dict[str, str] = {}
    for pattern in patterns:
        if pattern.startswith("!"):
            continue
        matching = [pattern]
        if is_pattern(pattern):
            matching = [name for name in names if fnmatchcase(name, pattern)]
        for name in matching:
            if not any(fnmatchcase(name, other) for other in left_out):
                found.setdefault(name, pattern)
    return found
