"""What runs over the peers come to: medians, ranges, and ratios within one round."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.peers.phases import Line

SUBJECT = "pyjobs"


@dataclass(frozen=True)
class Ratio:
    """A figure of ours to that of a peer: the median of the rounds' ratios, and their range."""

    other: str
    median: float
    least: float
    most: float


class Results:
    """The lines of a run."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self.about: dict[str, Line] = {
            line["peer"]: line for line in lines if line["phase"] == "about"
        }
        self.peers = list(self.about)

    def of(self, peer: str, phase: str, configuration: str = "") -> list[Line]:
        """Return a peer's lines of a phase, one a round."""
        return [
            line
            for line in self.lines
            if (line["peer"], line["phase"], line.get("configuration", ""))
            == (peer, phase, configuration)
        ]

    def values(self, peer: str, phase: str, configuration: str, name: str) -> list[float]:
        """Return a figure of each round."""
        found = [line.get(name) for line in self.of(peer, phase, configuration)]
        return [value for value in found if value is not None]

    def median(self, peer: str, phase: str, configuration: str, name: str) -> float | None:
        """Return the median of a figure."""
        values = self.values(peer, phase, configuration, name)
        return statistics.median(values) if values else None

    def drained(self, peer: str) -> list[str]:
        """Return the configurations in which a peer was drained."""
        return [each for each in self.about[peer]["configurations"] if self.of(peer, "drain", each)]

    def best(self, peer: str) -> str:
        """Return the configuration that drains fastest; empty: there is none."""

        def rate(configuration: str) -> float:
            return self.median(peer, "drain", configuration, "rate") or 0

        return max(self.drained(peer), key=rate, default="")

    def lives(self, peer: str, configuration: str, name: str) -> list[float]:
        """Return a figure of putting one by one and of draining, added up in each round."""
        puts = self.values(peer, "put", "", name)
        return [
            put + drain
            for put, drain in zip(
                puts, self.values(peer, "drain", configuration, name), strict=False
            )
        ]

    def queued(self, peer: str) -> float | None:
        """Return the bytes of a queued job, as the round with most of them has it."""
        lines = self.of(peer, "put")
        most = max(lines, key=lambda line: line["jobs"], default=None)
        return None if most is None else float(most["queued_bytes"])

    def trouble(self) -> list[str]:
        """Name what was lost, repeated, not finished, or has failed."""
        found = [
            f"{line['peer']}: {line['error']}" for line in self.lines if line["phase"] == "error"
        ]
        found += [
            f"{line['peer']} {line['configuration']}, round {line['round']}: {line['lost']} lost"
            f"{' or not run in time' * line['partial']}, {line['repeated']} repeated"
            for line in self.lines
            if line["phase"] == "drain" and (line["lost"] or line["repeated"])
        ]
        return found


def ratio(ours: Sequence[float], others: Sequence[float], other: str) -> Ratio | None:
    """Compare round by round."""
    ratios = [a / b for a, b in zip(ours, others, strict=False) if b]
    if not ratios:
        return None
    return Ratio(other, statistics.median(ratios), min(ratios), max(ratios))


def against(
    results: Results,
    values: Callable[[str], Sequence[float]],
    ours: Sequence[float],
    among: Sequence[str] | None = None,
) -> Ratio | None:
    """Compare with the best of the peers, by the median."""
    peers = [each for each in among or results.peers if each != SUBJECT and each in results.about]
    medians = {each: statistics.median(found) for each in peers if (found := values(each))}
    if not medians or not ours:
        return None
    other = max(medians, key=medians.__getitem__)
    return ratio(ours, values(other), other)
