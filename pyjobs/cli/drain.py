"""`pyjobs drain`: run the jobs of some queues, here and now, until there is none to run."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, get_args

import click
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from pyjobs.cli.options import DURATION, connected, json_option, queue_names
from pyjobs.cli.output import console, print_json, visible
from pyjobs.client import Client
from pyjobs.worker import Hooks, Worker
from pyjobs.worker.options import PoolName
from pyjobs.worker.patterns import is_pattern


@dataclass
class Count:
    """How many attempts have begun, and how many of them ended badly."""

    begun: int = 0
    failed: int = 0
    retried: int = 0


@click.command(no_args_is_help=True)
@click.argument("queues", nargs=-1, required=True, metavar="QUEUE...", shell_complete=queue_names)
@click.option(
    "--pool",
    type=click.Choice(get_args(PoolName)),
    default="threads",
    show_default=True,
    help="What runs the jobs.",
)
@click.option("--concurrency", type=int, metavar="N", help="Jobs at a time.")
@click.option("--max-jobs", type=int, metavar="N", help="End after so many jobs.")
@click.option("--grace", type=DURATION, default=30.0, help="Time for jobs to end in on Ctrl-C.")
@click.option("--allow", multiple=True, metavar="PREFIX", help="Only classes below these paths.")
@click.option(
    *("-p", "--path", "paths"),
    multiple=True,
    type=click.Path(exists=True, file_okay=False),
    help="Folder to import from, before this one.",
)
@connected
@json_option
def drain(
    client: Client,
    queues: tuple[str, ...],
    paths: tuple[str, ...],
    as_json: bool,
    **options: Any,
) -> int:
    """Run the jobs of queues here until there is none to run.

    That is a worker which leaves when it is idle: for cron, for tests, before a deployment. Jobs
    that are delayed, wait for others or run elsewhere are not waited for. The exit status is 1 when
    jobs have failed.
    """
    sys.path[:0] = [*map(os.path.abspath, paths), str(Path.cwd())]
    count = Count()
    with _shown(count) as hooks:
        worker = Worker(client, queues, hooks=(hooks,), **options)
        _look_first(client, queues)
        with _stopped_politely(worker) as stopped:
            done = worker.run_until_idle()
    if as_json:
        print_json({"run": done, "failed": count.failed, "retried": count.retried})
    else:
        click.echo(f"ran {done:,} jobs, {count.failed:,} failed, {count.retried:,} to be retried")
    if stopped():
        return 128 + signal.SIGINT
    return 1 if count.failed else 0


def _look_first(client: Client, queues: tuple[str, ...]) -> None:
    """Fail where a worker would wait for a server; say which queues are not there."""
    there = {each.name for each in client.queues.counts}
    for name in queues:
        if name not in there and not is_pattern(name):
            click.echo(visible(f"pyjobs: there is no queue {name!r} yet"), err=True)


@contextmanager
def _shown(count: Count) -> Iterator[Hooks]:
    """Count what happens, and show it on a terminal; gives the hooks for that."""
    screen = console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(
        *columns, console=screen, transient=True, disable=not screen.is_terminal
    ) as progress:
        task = progress.add_task("")

        def show() -> None:
            progress.update(task, description=f"{count.begun:,} jobs, {count.failed:,} failed")

        def before(_: object) -> None:
            count.begun += 1
            show()

        def on_failure(*_: object) -> None:
            count.failed += 1
            show()

        def on_retry(*_: object) -> None:
            count.retried += 1

        yield Hooks(before=before, on_failure=on_failure, on_retry=on_retry)


@contextmanager
def _stopped_politely(worker: Worker) -> Iterator[Any]:
    """Let the first Ctrl-C or termination drain the worker, and the second stop it at once."""
    times = 0

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - as a handler is called
        nonlocal times
        times += 1
        worker.stop(0 if times > 1 else None)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: times > 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
