"""The report: every figure in one go, as Markdown and plots in `benchmarks/report/`."""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import backlog, batches, clients, cost, due, memory, payloads, plots, servers, tails
from benchmarks.peers import tables
from benchmarks.peers.phases import Line
from benchmarks.peers.results import SUBJECT, Results

FOLDER = Path(__file__).parent / "report"


def write(
    lines: Sequence[Line], ours: Sequence[Line], kinds: Sequence[str], quick: bool, largest: int
) -> Path:
    """Measure the rest, beside what was run before; returns the file written."""
    FOLDER.mkdir(exist_ok=True)
    kind = kinds[0]
    by_size = {kind: backlog.ratios(kind, quick, largest)}
    by_batch = {kind: batches.curve(kind, quick)}
    by_payload = {kind: payloads.curve(kind, quick)}
    (FOLDER / "peers.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    results = Results(lines)
    parts = [
        "# What pyjobs costs, and what others do",
        _machine(kinds),
        "## Beside the peers",
        *_pictures(results),
        tables.render(results),
        "## Our workers, in every pool",
        tables.drains(Results(ours)),
        tables.latencies(Results(ours)),
        "## By jobs in a call",
        _batches(by_batch[kind]),
        batches.render(by_batch),
        "## By payload",
        _payloads(by_payload[kind]),
        payloads.render(by_payload),
        "## By backlog",
        _backlog(by_size[kind]),
        backlog.render(by_size),
        "## 100,000 jobs due at once",
        due.measure(kinds, quick),
        "## Clients",
        clients.measure(kinds, quick),
        "## Server time of a job's life",
        cost.measure(kinds, quick),
        "## Bytes of a job",
        memory.measure(kinds),
        "## The slowest calls",
        tails.measure(kinds, quick, largest),
    ]
    path = FOLDER / "README.md"
    path.write_text("\n\n".join(parts) + "\n")
    return path


def _machine(kinds: Sequence[str]) -> str:
    day = time.strftime("%Y-%m-%d", time.gmtime())
    names = " and ".join(servers.NAMES[kind] for kind in kinds)
    return (
        f"Written by `python -m benchmarks report` on {day}: {os.cpu_count()} cores "
        f"({platform.machine()}), {platform.system()}, Python {platform.python_version()}, "
        f"{names}. What is measured and how is in [benchmarks](../README.md). Compare within "
        "a table: it was measured in one go, in turns. Other tables were not, and another machine "
        "has other figures."
    )


def _pictures(results: Results) -> list[str]:
    def median(phase: str) -> dict[str, float]:
        found = {peer: results.values(peer, phase, "", "rate") for peer in results.peers}
        return {peer: statistics.median(rates) for peer, rates in found.items() if rates}

    drains = {
        f"{peer} {each}": results.median(peer, "drain", each, "rate") or 0
        for peer in results.peers
        for each in (results.drained(peer) if peer == SUBJECT else [results.best(peer)])
        if each
    }
    waits = {
        peer: [
            wait
            for line in results.of(peer, "latency", results.about[peer]["idle"][0])
            for wait in line["waits"]
        ]
        for peer in results.peers
    }
    sizes = {peer: results.queued(peer) or 0 for peer in results.peers}
    return [
        plots.bars(FOLDER / "put.svg", "Put, one call a job", "jobs/s", median("put")),
        plots.bars(FOLDER / "bulk.svg", "Put by the bulk call", "jobs/s", median("bulk")),
        plots.bars(FOLDER / "drain.svg", "Drain", "jobs/s", drains),
        plots.shares(
            FOLDER / "pickup.svg",
            "Pick-up by an idle worker",
            "ms",
            {peer: found for peer, found in waits.items() if found},
        ),
        plots.bars(FOLDER / "queued.svg", "A queued job", "bytes", sizes),
    ]


def _batches(curve: batches.Curve) -> str:
    points = {
        name: {float(size): rate for size, rate in by_size.items()}
        for name, by_size in curve.items()
    }
    return plots.lines(FOLDER / "batches.svg", "One client", "jobs in a call", "jobs/s", points)


def _payloads(curve: dict[int, tuple[payloads.Cost, payloads.Cost]]) -> str:
    series = {
        "put, pop, complete": {
            float(size): jobs.rate * size / 1e6 for size, (jobs, _) in curve.items()
        },
        "SET, GET, DEL": {float(size): keys.rate * size / 1e6 for size, (_, keys) in curve.items()},
    }
    return plots.lines(
        FOLDER / "payloads.svg", "One client, one call each", "bytes", "MB/s", series, "xy"
    )


def _backlog(ratios: dict[str, dict[int, float]]) -> str:
    series = {
        call: {float(size): each for size, each in sizes.items()} for call, sizes in ratios.items()
    }
    title = "Server time, as a ratio to that at the smallest backlog"
    return plots.lines(FOLDER / "backlog.svg", title, "jobs waiting", "ratio", series)
