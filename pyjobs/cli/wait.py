"""`pyjobs wait`: until queues are empty, or jobs have ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pyjobs.calls import QueueCounts
from pyjobs.cli.many import read_jids
from pyjobs.cli.options import DURATION, connected, json_option, queue_names
from pyjobs.cli.output import console, print_json, visible
from pyjobs.cli.queues import known
from pyjobs.client import Client
from pyjobs.errors import ConnectionError, JobNotFound, ServerLoading

ENDED = {"complete", "failed", "cancelled", "gone"}

SHOWN = 10
"""Jobs that are named one by one."""

LEAST, MOST = 0.1, 1.0
"""Seconds between two looks: while much happens, and while nothing is heard of."""


@dataclass
class Waited:
    """What is waited for: jobs in each queue that have not ended, and the state of each job.

    A job that is `gone` has ended and was forgotten meanwhile.
    """

    queues: dict[str, int] = field(default_factory=dict)
    jobs: dict[str, str] = field(default_factory=dict)
    away: bool = False
    """Whether the server has gone away, which was said."""

    @property
    def left(self) -> int:
        """How many jobs have not ended."""
        return len(self.open_jobs) + sum(self.queues.values())

    @property
    def open_jobs(self) -> list[str]:
        """Those of the named jobs that have not ended."""
        return [jid for jid, state in self.jobs.items() if state not in ENDED]

    @property
    def badly(self) -> list[str]:
        """Those that failed or were cancelled."""
        return [jid for jid, state in self.jobs.items() if state in {"failed", "cancelled"}]


@click.command(no_args_is_help=True)
@click.argument("jids", nargs=-1, metavar="[JID...]")
@click.option("--queue", "queues", multiple=True, shell_complete=queue_names, help="A queue.")
@click.option("--timeout", type=DURATION, help="How long to wait at most.  [default: for ever]")
@connected
@json_option
def wait(
    client: Client,
    jids: tuple[str, ...],
    queues: tuple[str, ...],
    timeout: float | None,
    as_json: bool,
) -> int:
    """Wait until jobs have ended, and until each --queue is empty.

    A queue is empty when nothing in it runs or is going to: also nothing that is delayed,
    throttled or waits for other jobs. JID - reads jids from standard input. The exit status is 1
    when the time was too short, or when a job that was named failed or was cancelled.
    """
    named = list(read_jids(jids))
    if not named and not queues:
        raise click.UsageError("name jobs, or queues by --queue")
    known(client, queues)
    waited = Waited(dict.fromkeys(queues, 0), dict.fromkeys(named, ""))
    ends = None if timeout is None else time.monotonic() + timeout
    _look(client, waited)
    _refuse_unknown(waited)
    with _shown(waited) as show:
        while waited.left and (ends is None or time.monotonic() < ends):
            _rest(client, waited, MOST if ends is None else min(ends - time.monotonic(), MOST))
            show()
    return _tell(waited, as_json)


def _look(client: Client, waited: Waited) -> None:
    for name in waited.queues:
        waited.queues[name] = pending(client.queue(name).counts)
    wanted = waited.open_jobs
    found = {job.jid: job.state for job in client.jobs.get(*wanted)}
    waited.jobs |= {jid: found.get(jid, "gone") for jid in wanted}


def pending(counts: QueueCounts) -> int:
    """Return how many jobs of a queue have not ended."""
    runnable = counts.waiting + counts.throttled + counts.running + counts.stalled
    return runnable + counts.scheduled + counts.depends


def _refuse_unknown(waited: Waited) -> None:
    for jid, state in waited.jobs.items():
        if state == "gone":  # before it was ever seen
            raise JobNotFound(f"there is no job {jid}", jid)


def _rest(client: Client, waited: Waited, most: float) -> None:
    """Wait until something happens, and look; a server that is away comes back."""
    try:
        next(client.events.listen(wait=max(most, 0.001)), None)
        time.sleep(min(LEAST, max(most, 0)))
        _look(client, waited)
        waited.away = False
    except (ConnectionError, ServerLoading) as error:
        if not waited.away:
            click.echo(visible(f"pyjobs: {error}; waiting for it"), err=True)
        waited.away = True
        time.sleep(min(MOST, max(most, 0)))


@contextmanager
def _shown(waited: Waited) -> Iterator[Callable[[], None]]:
    """Show a bar on a terminal, gone at the end; gives the function that draws it anew."""
    screen = console(stderr=True)
    columns = (
        BarColumn(30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(
        *columns, console=screen, transient=True, disable=not screen.is_terminal
    ) as progress:
        most = waited.left
        task = progress.add_task(_where(waited), total=most)

        def show() -> None:
            nonlocal most
            most = max(most, waited.left)
            progress.update(
                task, total=most, completed=most - waited.left, description=_where(waited)
            )

        yield show


def _where(waited: Waited) -> str:
    """Say what is still waited for."""
    parts = [f"{name} {number:,}" for name, number in waited.queues.items() if number]
    if waited.open_jobs:
        parts.append(f"jobs {len(waited.open_jobs):,}")
    return visible("  ".join(parts[:4]))


def _tell(waited: Waited, as_json: bool) -> int:
    """Say how it ended; returns the exit status."""
    if as_json:
        print_json({"left": waited.left, "queues": waited.queues, "jobs": waited.jobs})
    elif waited.left:
        click.echo(f"the time is over: {_where(waited)}")
    for jid in () if as_json else waited.badly[:SHOWN]:
        click.echo(visible(f"job {jid} is {waited.jobs[jid]}"))
    return 1 if waited.left or waited.badly else 0
