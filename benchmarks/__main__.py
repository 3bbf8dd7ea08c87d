"""`python -m benchmarks [cost|memory|tails ...] [--quick]`: the figures, as Markdown tables."""

from __future__ import annotations

import argparse

from benchmarks import cost

if __name__ == "__main__":
    print(cost.measure(["redis", "valkey"], True))
