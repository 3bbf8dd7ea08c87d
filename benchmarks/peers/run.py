"""Rounds over the peers, interleaved, as lines of JSON."""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks import servers
from benchmarks.peers import environments
from benchmarks.peers.counters import Counters
from benchmarks.peers.machine import Gate
from benchmarks.peers.phases import Line, Peer, Sizes
from benchmarks.peers.results import SUBJECT
from benchmarks.servers import Server
from benchmarks.tables import progress

PHASES = ("bulk", "put", "drain", "latency")

Phase = tuple[Peer, str, str]
"""Peer, phase and configuration."""


@dataclass
class Plan:
    """What is to be measured. `patience`: seconds to wait for a quiet machine before each phase."""

    peers: Sequence[str]
    rounds: int = 3
    phases: Sequence[str] = PHASES
    sizes: Sizes = field(default_factory=Sizes)
    patience: float = 4.0
    ours: Sequence[str] = ()
    """Configurations of pyjobs; empty: all of them."""


def measure(plan: Plan, kind: str, results: Path) -> list[Line]:
    """Measure on a server of this kind; the lines are added to a file as they come."""
    missing = [peer for peer in plan.peers if not environments.is_installed(peer)]
    if missing:
        raise SystemExit(f"not installed: {', '.join(missing)}; python -m benchmarks install")
    lines: list[Line] = []
    results.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        server = stack.enter_context(servers.running(kind, tcp=True))
        gate = Gate(plan.patience)
        file = stack.enter_context(results.open("a"))

        def tell(line: Line) -> None:
            lines.append({"server": server.title, "time": round(time.time(), 1), **line})
            file.write(json.dumps(lines[-1]) + "\n")
            file.flush()

        peers = [stack.enter_context(closing(Peer(each, server, gate))) for each in plan.peers]
        for peer in peers:
            tell({"phase": "about", "peer": peer.name, **peer.about})
        _rounds(plan, server, peers, gate, tell)
    return lines


def _rounds(
    plan: Plan, server: Server, peers: list[Peer], gate: Gate, tell: Callable[[Line], None]
) -> None:
    total = plan.rounds * sum(1 for _ in _phases(plan, peers))
    done = itertools.count()
    for number in range(plan.rounds):
        idle = _idle_cpu(server)
        # Begins with another peer in each round.
        at = number * 5 % len(peers)
        for peer, phase, configuration in _phases(plan, peers[at:] + peers[:at]):
            peer.idle_cpu = idle
            progress(f"{peer.name} {phase} {configuration}", next(done), total)
            quiet = gate.wait()
            line = {"phase": phase, "peer": peer.name, "round": number + 1}
            try:
                found = _run(peer, phase, configuration, plan.sizes, number)
            except Exception as error:  # noqa: BLE001 - one that fails must not end a long run
                tell({**line, "phase": "error", "error": f"{phase} {configuration}: {error}"})
                continue
            quiet = quiet and gate.is_quiet()
            tell({**line, "quiet": quiet, "load": round(os.getloadavg()[0], 2), **found})


def _phases(plan: Plan, peers: Sequence[Peer]) -> Iterator[Phase]:
    """Give all there is to do in a round: what is compared comes close together."""
    if "bulk" in plan.phases:
        yield from ((peer, "bulk", "") for peer in peers if peer.about["bulk"])
    if "put" in plan.phases:
        yield from ((peer, "put", "") for peer in peers)
    if "drain" in plan.phases:
        for peer in peers:
            wanted = [each for each in peer.about["configurations"] if _is_wanted(plan, peer, each)]
            yield from ((peer, "drain", each) for each in wanted)
    if "latency" in plan.phases:
        yield from ((peer, "latency", each) for peer in peers for each in peer.about["idle"])


def _is_wanted(plan: Plan, peer: Peer, configuration: str) -> bool:
    return not (plan.ours and peer.name == SUBJECT) or configuration in plan.ours


def _run(peer: Peer, phase: str, configuration: str, sizes: Sizes, number: int) -> Line:
    if phase == "drain":
        return peer.drain(configuration, sizes)
    if phase == "latency":
        first = configuration == peer.about["idle"][0]
        fewer = sizes if first else replace(sizes, latencies=sizes.latencies // 2)
        return peer.latency(configuration, fewer, number)
    if not number:
        sizes = replace(sizes, puts=sizes.first)
    return peer.bulk(sizes) if phase == "bulk" else peer.put(sizes)


def _idle_cpu(server: Server) -> float:
    """Measure the CPU seconds a second that the server takes with nobody there."""
    start = Counters.read(server.client)
    time.sleep(2)
    end = Counters.read(server.client)
    return (end.cpu - start.cpu) / (end.at - start.at)


def read(results: Path) -> list[Line]:
    """Read the lines of earlier runs."""
    found: list[Any] = [json.loads(line) for line in results.read_text().splitlines()]
    return found
