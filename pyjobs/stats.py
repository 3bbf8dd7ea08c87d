"""A queue's day in numbers: counts, and waiting and run times as histograms."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pyjobs.calls import DayStats, Times

RATIO = 1.1
"""Each bin ends at 1.1 times its start, as in `lua/rules/bins.lua`."""

ERROR = 0.05
"""Percentiles are exact to within 5 %."""


@dataclass(frozen=True)
class Distribution:
    """Times in seconds. `histogram` lists (from, to, how many), shortest first.

    `std` and the percentiles come from the histogram and are None once that has expired.
    """

    count: int
    mean: float | None
    std: float | None
    histogram: list[tuple[float, float, int]]

    def percentile(self, percent: float) -> float | None:
        """Return the time that `percent` % of all did not exceed, to within 5 %."""
        total = sum(number for _, _, number in self.histogram)
        if not total:
            return None
        rank = max(math.ceil(total * percent / 100), 1)
        for start, end, number in self.histogram:
            rank -= number
            if rank <= 0:
                return _middle(start, end)
        return None

    def rows(self, most: int) -> list[tuple[float, float, int]]:
        """Return the histogram joined into at most `most` rows, those without any included."""
        if not self.histogram:
            return []
        numbers = [_number(end) for _, end, _ in self.histogram]
        first = numbers[0]
        width = math.ceil((numbers[-1] - first + 1) / most)
        rows = [0] * math.ceil((numbers[-1] - first + 1) / width)
        for number, (_, _, count) in zip(numbers, self.histogram, strict=True):
            rows[(number - first) // width] += count
        return [
            (_edges(first + row * width)[0], _edges(first + (row + 1) * width - 1)[1], count)
            for row, count in enumerate(rows)
        ]

    @property
    def p50(self) -> float | None:
        """The median, in seconds."""
        return self.percentile(50)

    @property
    def p95(self) -> float | None:
        """Seconds that 95 % did not exceed."""
        return self.percentile(95)

    @property
    def p99(self) -> float | None:
        """Seconds that 99 % did not exceed."""
        return self.percentile(99)


@dataclass(frozen=True)
class QueueStats:
    """A queue's UTC day.

    `retries` are attempts that were followed by another, `failures` jobs that failed, `failed`
    those of them that still are. `run` is about attempts that succeeded, `failed_run` about the
    others.
    """

    retries: int
    failures: int
    failed: int
    wait: Distribution
    run: Distribution
    failed_run: Distribution


def _middle(start: float, end: float) -> float:
    return math.sqrt(start * end) if start else end / 2


def _edges(number: int) -> tuple[float, float]:
    """Return where a bin starts and ends, in seconds."""
    return (RATIO**number / 1000 if number else 0.0), RATIO ** (number + 1) / 1000


def _number(end: float) -> int:
    """Return which bin ends at so many seconds."""
    return round(math.log(end * 1000, RATIO)) - 1


def _distribution(times: Times) -> Distribution:
    histogram = [(*_edges(number), count) for number, count in sorted(times.bins.items())]
    mean = times.total / times.count / 1000 if times.count else None
    std = None
    total = sum(count for _, _, count in histogram)
    if total and mean is not None:
        square = sum((_middle(start, end) - mean) ** 2 * count for start, end, count in histogram)
        std = math.sqrt(square / total)
    return Distribution(times.count, mean, std, histogram)


def read(day: DayStats) -> QueueStats:
    """Read what the engine counted."""
    return QueueStats(
        day.retries,
        day.failures,
        day.failed,
        _distribution(day.wait),
        _distribution(day.run),
        _distribution(day.failed_run),
    )
