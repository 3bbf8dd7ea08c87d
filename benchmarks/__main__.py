"""`python -m benchmarks [FIGURE ...] [--quick]`: the figures, as Markdown tables; `report`: all."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import (
    backlog,
    batches,
    clients,
    cost,
    due,
    features,
    memory,
    payloads,
    servers,
    tails,
)
from benchmarks.peers import environments, tables
from benchmarks.peers.phases import Line, Sizes
from benchmarks.peers.results import Results
from benchmarks.peers.run import Plan, measure

OURS = ("one", "asyncio", "two")
"""Configurations of pyjobs that are measured beside the peers; `worker` measures all."""


def _largest(options: argparse.Namespace) -> int:
    return int(options.largest or (10_000 if options.quick else 1_000_000))


def _lines(options: argparse.Namespace, peers: Sequence[str]) -> list[Line]:
    alone = list(peers) == ["pyjobs"]
    sizes = Sizes(idle=12) if alone else Sizes()
    if options.quick:
        sizes = Sizes(puts=2_000, first=4_000, latencies=60, scale=0.1)
    plan = Plan(
        peers,
        options.rounds or (2 if options.quick else 5),
        sizes=sizes,
        patience=0.5 if options.quick else 4.0,
        ours=() if alone else OURS,
    )
    if options.lines:
        return measure(plan, options.servers[0], options.lines)
    with tempfile.TemporaryDirectory() as folder:
        return measure(plan, options.servers[0], Path(folder) / "lines")


def _report(options: argparse.Namespace) -> str:
    from benchmarks import report  # noqa: PLC0415 - it draws, which only the extra `bench` can

    lines, ours = _lines(options, options.peers), _lines(options, ["pyjobs"])
    return f"{report.write(lines, ours, options.servers, options.quick, _largest(options))}"


def _install(options: argparse.Namespace) -> str:
    environments.install(options.peers)
    return f"in {environments.folder()}"


FIGURES: dict[str, Callable[[argparse.Namespace], str]] = {
    "cost": lambda options: cost.measure(options.servers, options.quick),
    "features": lambda options: features.measure(options.servers, options.quick, options.beside),
    "memory": lambda options: memory.measure(options.servers),
    "tails": lambda options: tails.measure(options.servers, options.quick, _largest(options)),
    "backlog": lambda options: backlog.measure(options.servers, options.quick, _largest(options)),
    "due": lambda options: due.measure(options.servers, options.quick),
    "payloads": lambda options: payloads.measure(options.servers, options.quick),
    "batches": lambda options: batches.measure(options.servers, options.quick),
    "clients": lambda options: clients.measure(options.servers, options.quick),
    "worker": lambda options: tables.render(Results(_lines(options, ["pyjobs"]))),
    "peers": lambda options: tables.render(Results(_lines(options, options.peers))),
    "report": _report,
    "install": _install,
}


def _peers(text: str) -> list[str]:
    names = text.split(",")
    unknown = set(names) - set(environments.PEERS)
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}")
    return names


def main() -> None:
    """Measure what is asked for and print it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("figures", nargs="*", metavar="|".join(FIGURES), help="default: report")
    parser.add_argument("--quick", action="store_true", help="fewer jobs and rounds")
    parser.add_argument(
        *("--servers", "-s"),
        nargs="+",
        choices=tuple(servers.NAMES),
        default=tuple(servers.NAMES),
        help="worker and peers: the first of them",
    )
    parser.add_argument(
        "--largest", type=int, metavar="N", help="largest backlog; default: 1,000,000"
    )
    parser.add_argument(
        "--peers", type=_peers, default=environments.PEERS, metavar="NAME,...", help="default: all"
    )
    parser.add_argument("--rounds", type=int, metavar="N", help="of worker and peers; default: 5")
    parser.add_argument(
        "--lines", type=Path, metavar="FILE", help="where worker and peers add JSON lines"
    )
    parser.add_argument(
        "--beside", type=Path, metavar="TREE", help="features: another tree, measured in turns"
    )
    options = parser.parse_args()
    unknown = set(options.figures) - set(FIGURES)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    for figure in options.figures or ("report",):
        print(f"\n## {figure}\n\n{FIGURES[figure](options)}")


if __name__ == "__main__":
    main()
