"""The targets that pyjobs has set itself, and what a run says of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.peers.results import SUBJECT, Ratio, Results, against, ratio
from benchmarks.tables import number, table

ONE_PROCESS = ("one", "sync", "asyncio", "greenlets")


@dataclass(frozen=True)
class Target:
    """A figure, what it is to come to, and how it is found."""

    figure: str
    wanted: str
    find: Callable[[Results], Ratio | None]


def _rate(results: Results, phase: str, among: tuple[str, ...] | None = None) -> Ratio | None:
    ours = results.values(SUBJECT, phase, "", "rate")
    return against(results, lambda peer: results.values(peer, phase, "", "rate"), ours, among=among)


def _bulk(results: Results) -> Ratio | None:
    bulk = tuple(each for each in results.peers if not results.about[each]["gathers"])
    return _rate(results, "bulk", bulk)


def _fastest(results: Results) -> str:
    """Return our fastest configuration of one process."""
    ours = [each for each in results.drained(SUBJECT) if each in ONE_PROCESS]
    return max(
        ours, key=lambda each: results.median(SUBJECT, "drain", each, "rate") or 0, default=""
    )


def _drain(results: Results) -> Ratio | None:
    def others(peer: str) -> list[float]:
        return results.values(peer, "drain", results.best(peer), "rate")

    return against(results, others, results.values(SUBJECT, "drain", _fastest(results), "rate"))


def _two(results: Results) -> Ratio | None:
    one = results.values(SUBJECT, "drain", "one", "rate")
    return ratio(results.values(SUBJECT, "drain", "two", "rate"), one, "one process")


def _latency(share: str) -> Callable[[Results], Ratio | None]:
    def find(results: Results) -> Ratio | None:
        ours = results.values(SUBJECT, "latency", "one", share)
        return ratio(ours, results.values("huey", "latency", "one", share), "huey")

    return find


def _server(other: str) -> Callable[[Results], Ratio | None]:
    def find(results: Results) -> Ratio | None:
        if other not in results.about:
            return None
        ours = results.lives(SUBJECT, _fastest(results), "server_us")
        return ratio(ours, results.lives(other, results.best(other), "server_us"), other)

    return find


def _queued(results: Results) -> Ratio | None:
    ours, others = results.queued(SUBJECT), results.queued("huey")
    return ratio([ours], [others], "huey") if ours and others else None


def _kept(results: Results) -> Ratio | None:
    ours = results.values(SUBJECT, "drain", "one", "kept_bytes")
    return ratio(ours, results.values("bullmq_node", "drain", "one", "kept_bytes"), "bullmq_node")


TARGETS = (
    Target("put, one call a job", "at least 1.0", lambda found: _rate(found, "put", ("huey",))),
    Target("put_many", "at least 3", _bulk),
    Target("drain by one process", "at least 3", _drain),
    Target("drain by two processes", "at least 1.0", _two),
    Target("pick-up by an idle worker, p50", "at most 1.0", _latency("p50")),
    Target("pick-up by an idle worker, p99", "at most 1.2", _latency("p99")),
    Target("server time over a job's life", "at most 0.45", _server("dramatiq")),
    Target("server time over a job's life", "below 1.0", _server("wakaq")),
    Target("bytes of a queued job", "at most 1.7", _queued),
    Target("bytes of a kept job", "at most 0.4", _kept),
)


def render(results: Results) -> str:
    """Write a table of them."""
    rows = []
    for target in TARGETS:
        found = target.find(results)
        if found is not None:
            span = f"{number(found.least)} to {number(found.most)}"
            rows.append(
                (target.figure, found.other, f"**{number(found.median)}**", span, target.wanted)
            )
    return table(("figure", "to that of", "ratio", "range", "target"), rows)
