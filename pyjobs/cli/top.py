"""`pyjobs top`: a live screen of queues, workers and failures."""

from __future__ import annotations

import dataclasses
import os
import select
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from pyjobs.calls import QueueCounts, WorkerCounts
from pyjobs.cli.options import DURATION, connected, json_option
from pyjobs.cli.output import COUNTED, brief, console, print_json, table, visible
from pyjobs.cli.wait import pending
from pyjobs.cli.workers import workers_table
from pyjobs.client import Client, place
from pyjobs.errors import ConnectionError, ServerLoading

QUEUES = 50
"""Queues whose statistics are read for each picture, those with most to do."""

HEAD = 3
"""Lines of a table before its rows, an empty one included."""

STATES = ("waiting", "scheduled", "depends", "throttled", "running", "stalled", "failed")


@dataclass
class QueueNow:
    """A queue at one moment: `ended` counts the attempts that ended today."""

    counts: QueueCounts
    ended: int = 0
    wait: float | None = None
    run: float | None = None
    rate: float | None = None


@dataclass
class Picture:
    """What there is to see at one moment."""

    moment: float
    queues: list[QueueNow]
    workers: list[WorkerCounts]
    groups: dict[str, int] = field(default_factory=dict)


@click.command()
@click.option(
    "--interval",
    type=DURATION,
    default=1.0,
    help="Time from one picture to the next.  [default: 1s]",
)
@connected
@json_option
def top(client: Client, interval: float, as_json: bool) -> None:
    """Show queues, workers and failures as they change; q ends it.

    Where there is no terminal, and with --json, it is one picture.
    """
    screen = console()
    picture = _look(client, None)
    if as_json:
        print_json(dataclasses.asdict(picture))
    elif not (screen.is_terminal and sys.stdin.isatty()):
        screen.print(_drawn(client, picture, screen))
    else:
        _follow(client, picture, screen, max(interval, 0.1))


def _follow(client: Client, picture: Picture, screen: Console, interval: float) -> None:
    with _keys() as pressed, Live(console=screen, screen=True, auto_refresh=False) as live:
        trouble = ""
        while True:
            live.update(_drawn(client, picture, screen, trouble), refresh=True)
            if pressed(interval) in {"q", "Q", "\x1b", "\x04"}:
                return
            try:
                picture, trouble = _look(client, picture), ""
            except (ConnectionError, ServerLoading) as error:
                trouble = str(error)


@contextmanager
def _keys() -> Iterator[Callable[[float], str]]:
    """Give a function that waits so long for a key, which is not echoed."""
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)

    def pressed(wait: float) -> str:
        ready, _, _ = select.select([descriptor], [], [], wait)
        return os.read(descriptor, 1).decode(errors="replace") if ready else ""

    try:
        tty.setcbreak(descriptor)
        yield pressed
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _look(client: Client, before: Picture | None) -> Picture:
    """Read what there is, and how fast it changes since the picture before."""
    counts = client.queues.counts
    counts.sort(key=pending, reverse=True)
    now = time.monotonic()
    earlier = {each.counts.name: each for each in before.queues} if before else {}
    queues = []
    for each in counts[:QUEUES]:
        stats = client.queue(each.name).stats()
        seen = QueueNow(
            each, stats.run.count + stats.failed_run.count, stats.wait.p95, stats.run.p95
        )
        last = earlier.get(each.name)
        if before and last and seen.ended >= last.ended:
            seen.rate = (seen.ended - last.ended) / max(now - before.moment, 0.001)
        queues.append(seen)
    groups: dict[str, int] = dict(client.jobs.failed())  # type: ignore[arg-type]
    return Picture(now, queues, client.workers.counts, groups)


def _drawn(client: Client, picture: Picture, screen: Console, trouble: str = "") -> RenderableType:
    """Draw a picture that fits the screen: queues first, then workers and failures."""
    parts: list[RenderableType] = [_headline(client, picture)]
    if trouble:
        parts.append(Text(visible(trouble), style="bold red"))
    room = screen.height - 2 - len(parts) if screen.is_terminal else 10**6
    shown = picture.queues[: max(room - 8, 3)]
    parts += ["", _queues(shown)]
    room -= len(shown) + HEAD
    if picture.workers and room > HEAD:
        some = picture.workers[: max(room // 2 - HEAD, 1)]
        parts += ["", workers_table(some)]
        room -= len(some) + HEAD
    if picture.groups and room > HEAD:
        parts += ["", _groups(picture.groups, room - HEAD)]
    return Group(*parts)


def _headline(client: Client, picture: Picture) -> Text:
    total = sum(pending(each.counts) for each in picture.queues)
    rate = sum(each.rate or 0 for each in picture.queues)
    line = Text(f"pyjobs {client.namespace} on {place(client.server)}", style="bold", no_wrap=True)
    line.append(
        f"   {time.strftime('%H:%M:%S')}   {total:,} jobs   {rate:,.0f}/s   "
        f"{len(picture.workers):,} workers",
        style="none",
    )
    return line


def _queues(queues: list[QueueNow]) -> RenderableType:
    shown = [
        name
        for name in COUNTED
        if name in {"waiting", "running", "failed"}
        or (name in STATES and any(getattr(each.counts, name) for each in queues))
    ]
    made = table("queue", *shown, "ended/s", "wait p95", "run p95", left=["queue"])
    for each in queues:
        name = f"{each.counts.name} (paused)" if each.counts.paused else each.counts.name
        rate = "" if each.rate is None else f"{each.rate:,.0f}"
        numbers = [f"{getattr(each.counts, state):,}" for state in shown]
        made.add_row(name, *numbers, rate, brief(each.wait), brief(each.run))
    return made


def _groups(groups: dict[str, int], room: int) -> RenderableType:
    made = table("failure group", "jobs", left=["failure group"])
    for name, number in sorted(groups.items(), key=lambda item: -item[1])[: max(room, 1)]:
        made.add_row(name, f"{number:,}")
    return made
