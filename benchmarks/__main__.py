"""`python -m benchmarks [cost|memory|tails ...] [--quick]`: the figures, as Markdown tables."""

from __future__ import annotations

import argparse

from benchmarks import cost, memory, servers, tails

FIGURES = ("cost", "memory", "tails")


def main() -> None:
    """Measure what is asked for and print it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("figures", nargs="*", metavar="|".join(FIGURES), help="default: all")
    parser.add_argument("--quick", action="store_true", help="fewer jobs and rounds")
    parser.add_argument(
        "--servers", nargs="+", choices=tuple(servers.NAMES), default=tuple(servers.NAMES)
    )
    parser.add_argument(
        "--largest", type=int, default=None, metavar="N", help="largest backlog of tails: 1,000,000"
    )
    options = parser.parse_args()
    unknown = set(options.figures) - set(FIGURES)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    largest = options.largest or (10_000 if options.quick else 1_000_000)
    for figure in options.figures or FIGURES:
        print(f"\n## {figure}\n")
        if figure == "cost":
            print(cost.measure(options.servers, options.quick))
        elif figure == "memory":
            print(memory.measure(options.servers))
        else:
            print(tails.measure(options.servers, options.quick, largest))


if __name__ == "__main__":
    main()
