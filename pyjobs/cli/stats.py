"""`pyjobs stats`: a queue's day in numbers, its times as a histogram."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import click
from rich.console import Console

from pyjobs.cli.options import connected, json_option, queue_argument
from pyjobs.cli.output import console, duration, facts, print_json, table
from pyjobs.cli.queues import known
from pyjobs.client import Client
from pyjobs.stats import Distribution, QueueStats

ROWS = 12
"""Lines of a histogram, at most."""

BLOCKS = " ▏▎▍▌▋▊▉█"
PLAIN_BLOCKS = " #"

PERCENTILES = ("p50", "p95", "p99")
TIMES = {
    "wait": "waited, from runnable until popped",
    "run": "ran, attempts that succeeded",
    "failed_run": "ran, attempts that did not",
}


def utc_day(value: str) -> dt.date:
    """Read a UTC day: `2030-01-31`, `today` or `yesterday`."""
    today = dt.datetime.now(dt.timezone.utc).date()
    if value in {"today", "yesterday"}:
        return today - dt.timedelta(days=value == "yesterday")
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(
            f"{value!r} is no day: today, yesterday, or as in 2030-01-31"
        ) from None


@click.command(no_args_is_help=True)
@queue_argument
@click.option(
    "--day", type=utc_day, metavar="DAY", help="A UTC day, as in 2030-01-31, or yesterday."
)
@connected
@json_option
def stats(client: Client, queue: str, day: dt.date | None, as_json: bool) -> None:
    """Show how a day of QUEUE went, its times as histograms."""
    known(client, [queue])
    found = client.queue(queue).stats(day)
    if as_json:
        print_json({"queue": queue, **_described(found)})
        return
    screen = console()
    counts = {
        "done": found.run.count,
        "retries": found.retries,
        "failures": found.failures,
        "still failed": found.failed,
    }
    screen.print(facts([("queue", queue), *((name, f"{n:,}") for name, n in counts.items())]))
    for name, title in TIMES.items():
        _show_times(screen, title, getattr(found, name))


def _described(found: QueueStats) -> dict[str, Any]:
    described = dataclasses.asdict(found)
    for name in TIMES:
        times: Distribution = getattr(found, name)
        described[name] |= {each: getattr(times, each) for each in PERCENTILES}
    return described


def _show_times(screen: Console, title: str, times: Distribution) -> None:
    if not times.count:
        return
    screen.print(f"\n{title}: {times.count:,}\n", style="bold")
    columns = ("mean", "deviation", *PERCENTILES)
    numbers = (times.mean, times.std, *(getattr(times, each) for each in PERCENTILES))
    shown = table(*columns)
    shown.add_row(*map(duration, numbers))
    screen.print(shown)
    if times.histogram:
        screen.print()
        _draw(screen, times.rows(ROWS))


def _draw(screen: Console, bins: list[tuple[float, float, int]]) -> None:
    most = max(count for _, _, count in bins)
    shown = table("from", "to", "", "jobs", left=[""])
    room = max(min(screen.width - 40, 60), 10)
    blocks = BLOCKS if screen.encoding.startswith("utf") else PLAIN_BLOCKS
    for start, end, count in bins:
        shown.add_row(duration(start), duration(end), bar(count / most, room, blocks), f"{count:,}")
    screen.print(shown)


def bar(share: float, room: int, blocks: str = BLOCKS) -> str:
    """Draw a bar over a share of the room, to an eighth of a character."""
    parts = len(blocks) - 1
    full, rest = divmod(round(share * room * parts), parts)
    if share and not full and not rest:
        rest = 1
    return blocks[-1] * full + (blocks[rest] if rest else "")
