"""The tables of a run over the peers."""

from __future__ import annotations

from benchmarks.peers import targets
from benchmarks.peers.results import Results
from benchmarks.tables import number, spread, table


def render(results: Results) -> str:
    """Write all tables, the ratios first."""
    ours = "pyjobs" in results.about and len(results.peers) > 1
    parts = [
        *(("### Ratios", targets.render(results)) if ours else ()),
        *("### Jobs a second", rates(results)),
        *("### Pick-up by an idle worker, ms", latencies(results)),
        *("### Cost of a job over its life", costs(results)),
        *("### Bytes a job, with a payload of 100 bytes", memory(results)),
        *("### Draining in every configuration, jobs a second", drains(results)),
        *("### Versions", versions(results)),
        notes(results),
    ]
    return "\n\n".join(parts)


def _by_rate(results: Results) -> list[str]:
    def rate(peer: str) -> float:
        return -(results.median(peer, "drain", results.best(peer), "rate") or 0)

    return sorted(results.peers, key=rate)


def rates(results: Results) -> str:
    """Write putting and draining."""
    rows = []
    for peer in _by_rate(results):
        about, best = results.about[peer], results.best(peer)
        bulk = spread(results.values(peer, "bulk", "", "rate"))
        rows.append(
            (
                peer,
                spread(results.values(peer, "put", "", "rate")),
                bulk + (" (gather)" if about["gathers"] else ""),
                spread(results.values(peer, "drain", "one", "rate")),
                spread(results.values(peer, "drain", best, "rate")),
                about["configurations"].get(best, "-"),
            )
        )
    heads = ("put, one call a job", "bulk", "drain, one process", "drain, fastest", "which is")
    return table(("peer", *heads), rows)


def latencies(results: Results) -> str:
    """Write the time from before a put to the job's first line, and what an idle worker sends."""
    rows = []
    for peer in results.peers:
        for each in results.about[peer]["idle"]:
            waits = results.values(peer, "latency", each, "p50")
            if waits:
                sent = results.median(peer, "latency", each, "idle_round_trips") or 0
                seconds = results.of(peer, "latency", each)[0]["idle_seconds"]
                worker = results.about[peer]["configurations"][each]
                p99 = spread(results.values(peer, "latency", each, "p99"))
                rows.append((peer, worker, spread(waits), p99, number(sent / seconds)))
    rows.sort(key=lambda row: float(row[2].split()[0].replace(",", "")))
    return table(("peer", "worker", "p50", "p99", "round trips a second when idle"), rows)


def costs(results: Results) -> str:
    """Write what putting one by one and draining cost: commands, round trips, CPU time."""
    rows = []
    for peer in _by_rate(results):
        for each in dict.fromkeys(("one", results.best(peer))):
            if not (results.of(peer, "put") and results.of(peer, "drain", each)):
                continue

            def both(name: str, peer: str = peer, each: str = each) -> str:
                put = results.median(peer, "put", "", name)
                return f"{number(put)} + {number(results.median(peer, 'drain', each, name))}"

            client = number(results.median(peer, "put", "", "client_us"))
            worker = number(results.median(peer, "drain", each, "worker_us"))
            lives = spread(results.lives(peer, each, "server_us"))
            rows.append((peer, each, both("commands"), both("round_trips"), lives, client, worker))
    heads = ("commands", "round trips", "server us", "producer us", "worker us")
    return table(("peer", "configuration", *heads), rows)


def memory(results: Results) -> str:
    """Write bytes of a queued job, and of one that is done."""
    rows = []
    for peer in results.peers:
        kept = [
            value
            for each in results.drained(peer)
            for value in results.values(peer, "drain", each, "kept_bytes")
        ]
        rows.append(
            (peer, number(results.queued(peer)), spread(kept), results.about[peer]["promise"])
        )
    return table(("peer", "queued", "when it is done", "what the defaults promise"), rows)


def drains(results: Results) -> str:
    """Write all drains."""
    rows = []
    for peer in _by_rate(results):
        for each in results.drained(peer):
            rate = spread(results.values(peer, "drain", each, "rate"))
            middle = number(results.median(peer, "drain", each, "rate_middle"))
            jobs = number(results.median(peer, "drain", each, "jobs"))
            rows.append((peer, results.about[peer]["configurations"][each], rate, middle, jobs))
    return table(("peer", "workers", "rate", "middle 80 %", "jobs"), rows)


def versions(results: Results) -> str:
    """Write versions."""
    rows = [
        (peer, ", ".join(f"{name} {each}" for name, each in about["versions"].items() if each))
        for peer, about in results.about.items()
    ]
    return table(("peer", "versions"), rows)


def notes(results: Results) -> str:
    """Write how far the figures can be trusted."""
    phases = [line for line in results.lines if "quiet" in line]
    quiet = sum(line["quiet"] for line in phases)
    trouble = "".join(f"\n- {each}" for each in results.trouble()) or " none."
    return (
        f"{len(phases)} phases, {quiet} of them begun and ended on a quiet machine. "
        f"Jobs lost or run twice, and failures:{trouble}"
    )
