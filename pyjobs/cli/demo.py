"""`pyjobs demo`: the pipeline of `pyjobs.demo` on the screen."""

from __future__ import annotations

import dataclasses
import os
import secrets
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from pyjobs.cli.options import json_option, url_option
from pyjobs.cli.output import (
    console,
    duration,
    facts,
    history_table,
    print_json,
    queues_table,
    table,
)
from pyjobs.client import Client, place
from pyjobs.demo import pipeline, sources, workers
from pyjobs.demo.jobs import GROUP
from pyjobs.demo.pipeline import Outcome
from pyjobs.demo.sources import Sources
from pyjobs.stats import Distribution

LINE_EVERY = 10
"""Percent between two lines of progress where there is no terminal for a bar."""

SHOWN = 10
"""Unreadable files, and problems, that are named one by one."""


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@url_option
@click.option("--namespace", help="An unused one.  [default: demo-TIME]")
@click.option(
    "--workers",
    "count",
    type=click.IntRange(1, 64),
    default=lambda: min(os.cpu_count() or 1, 8),
    show_default="the cores, up to 8",
    help="Processes that work.",
)
@click.option("--keep", is_flag=True, help="Keep the jobs, to look at them afterwards.")
@json_option
def demo(
    folder: Path | None,
    url: str | None,
    namespace: str | None,
    count: int,
    keep: bool,
    as_json: bool,
) -> int:
    """Count the source files below FOLDER: each is a job that travels through three queues.

    FOLDER is by default Python's own standard library, the server a private one that is removed at
    the end; the jobs are in a namespace of their own, which is deleted at the end. The exit status
    is 1 when the figures do not add up.
    """
    _leave_when_told()
    found = sources.find(folder)
    namespace = namespace or time.strftime("demo-%Y%m%d-%H%M%S-") + secrets.token_hex(2)
    with ExitStack() as stack:
        private = url is None
        url = url or stack.enter_context(pipeline.private_server(keep))
        client = stack.enter_context(pipeline.own_namespace(url, namespace, keep))
        where = f"a private Valkey, {url}" if private else place(client.server)
        progress = console(stderr=True)
        progress.print(f"{len(found.files):,} source files below {found.folder}")
        progress.print(f"server: {where}\nnamespace {namespace}, workers: {count}")
        started = time.monotonic()
        outcome = _run(client, found, count, progress)
        seconds = time.monotonic() - started
        (_print_json if as_json else _print_report)(outcome, found, seconds)
        if keep:
            progress.print(f"kept: pyjobs queues --url {url} --namespace {namespace}")
    return 1 if outcome.problems else 0


def _leave_when_told() -> None:
    """Have a termination clean up like every other end."""

    def leave(number: int, _: object) -> NoReturn:
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)


def _run(client: Client, found: Sources, count: int, screen: Console) -> Outcome:
    put_back = 0
    with workers.working(client, count, pipeline.QUEUES[::-1]) as processes:
        done = pipeline.put(client, found)
        with _shown(screen) as show:
            for progress in pipeline.follow(client, len(found.files), processes):
                show(progress)
                put_back = progress.put_back
    return pipeline.outcome(client, found, done, put_back)
