"""What a plan is, and how much one call takes."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
Plan = Generator[Any, Any, T]

SLICE_JOBS = 100
"""Jobs that one call takes: `JOBS` in `lua/rules/limits.lua`."""
SLICE_BYTES = 262144
"""Bytes of payload that one call takes: `BYTES` in `lua/rules/limits.lua`."""
SLICE_LIMITS = 50
"""Limits that the jobs of one call are put under: `THROTTLES` in `lua/rules/limits.lua`."""


def sliced(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut a list into what one call takes."""
    for at in range(0, len(items), SLICE_JOBS):
        yield items[at : at + SLICE_JOBS]
