"""`pyjobs demo`: the pipeline of `pyjobs.demo` on the screen."""

from __future__ import annotations

import dataclasses
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

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
from pyjobs.demo.pipeline import Outcome, Progress
from pyjobs.demo.sources import Sources
from pyjobs.stats import Distribution

LINE_EVERY = 10
"""Percent between two lines of progress where there is no terminal for a bar."""

SHOWN = 10
"""Unreadable files, and problems, that are named one by one."""


@click.command()
@click.argument("folder", required=False, type=click.Path(readable=False, path_type=Path))
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
    """Count the source files below FOLDER.

    Each is a job that travels through three queues. FOLDER is by default Python's own standard
    library, the server a private one that is removed at the end; the jobs are in a namespace of
    their own, which is deleted at the end. The exit status is 1 when the figures do not add up.
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
            again = f"--url {url}" if private else "and the same --url"
            progress.print(f"kept: pyjobs queues --namespace {namespace} {again}")
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


@contextmanager
def _shown(screen: Console) -> Iterator[Callable[[Progress], None]]:
    """Give a function that shows progress: as a bar, or as lines where there is no terminal."""
    if not screen.is_terminal or screen.is_dumb_terminal:
        yield _Lines(screen).show
        return
    columns = (
        BarColumn(20),
        TaskProgressColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=screen) as bar:
        task = bar.add_task("")

        def show(progress: Progress) -> None:
            bar.update(
                task, completed=progress.steps, total=progress.of, description=_where(progress)
            )

        yield show


class _Lines:
    """A line of progress every so many percent."""

    def __init__(self, screen: Console) -> None:
        self._screen = screen
        self._next = LINE_EVERY

    def show(self, progress: Progress) -> None:
        percent = 100 * progress.steps // progress.of
        if percent >= self._next:
            self._screen.print(f"{percent:3} %  {_where(progress)}")
            self._next = percent - percent % LINE_EVERY + LINE_EVERY


def _where(progress: Progress) -> str:
    """Say how many files are in which queue."""
    counts = progress.counts
    parts = [
        f"{name} {pipeline.pending(counts[name]):,}" for name in pipeline.STAGES if name in counts
    ]
    if "profit" in counts:
        parts.append(f"done {counts['profit'].complete:,}")
    parts.append(f"failed {progress.failed:,}")
    return "  ".join(parts)


def _print_json(outcome: Outcome, found: Sources, seconds: float) -> None:
    story = outcome.story
    print_json(
        {
            "folder": str(found.folder),
            "seconds": round(seconds, 3),
            "report": outcome.figures,
            "unopened_folders": found.closed,
            "put_back": outcome.put_back,
            "queues": [dataclasses.asdict(each) for each in outcome.counts],
            "times": {
                name: {"wait": _percentiles(stats.wait), "run": _percentiles(stats.run)}
                for name, stats in outcome.stats.items()
            },
            "story": {
                "jid": story.jid,
                "data": story.data,
                "history": [dataclasses.asdict(event) for event in story.history],
            },
            "problems": outcome.problems,
        }
    )


def _percentiles(times: Distribution) -> dict[str, float | None]:
    return {"p50": times.p50, "p95": times.p95, "p99": times.p99}


def _print_report(outcome: Outcome, found: Sources, seconds: float) -> None:
    screen = console()
    screen.print()
    _print_figures(screen, outcome.figures, found)
    _print_named(
        screen,
        "could not be read",
        [
            f"{_name(each['path'], found)}: {each['problem']}"
            for each in outcome.figures["unreadable"]
        ],
    )
    _print_named(screen, "could not be opened", found.closed)
    _print_queues(screen, outcome)
    story = outcome.story
    screen.print(f"\nThe history of {_name(story['path'], found)}, job {story.jid}\n", style="bold")
    screen.print(history_table(story.history))
    screen.print()
    files = outcome.figures["files"]
    _print_named(screen, "does not add up", outcome.problems)
    if not outcome.problems:
        screen.print(
            f"All adds up: each of {files:,} files was counted once.\n{outcome.put_back:,} jobs "
            f"failed on purpose and were put back. It took {duration(seconds)}.",
            style="green",
        )


def _print_figures(screen: Console, figures: dict[str, Any], found: Sources) -> None:
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in figures["kinds"].items() if number)
    screen.print("The report\n", style="bold")
    screen.print(
        facts(
            [
                ("files", f"{figures['files']:,}: {kinds}"),
                *((what, f"{figures[what]:,}") for what in ("bytes", "lines", "words")),
            ]
        )
    )
    largest = table("the largest", "lines", "words", "words a line", left=["the largest"])
    for each in figures["largest"]:
        numbers = (f"{each['lines']:,}", f"{each['words']:,}", f"{each['profit']:.2f}")
        largest.add_row(_name(each["path"], found), *numbers)
    screen.print()
    screen.print(largest)


def _print_queues(screen: Console, outcome: Outcome) -> None:
    screen.print("\nThe queues\n", style="bold")
    screen.print(queues_table(outcome.counts))
    shown = ("p50", "p95", "p99")
    names = [f"{kind} {percentile}" for kind in ("wait", "run") for percentile in shown]
    times = table("queue", *names, left=["queue"])
    for name, stats in outcome.stats.items():
        both = (*_percentiles(stats.wait).values(), *_percentiles(stats.run).values())
        times.add_row(name, *(duration(each) for each in both))
    screen.print()
    screen.print(times)


def _print_named(screen: Console, what: str, names: Sequence[str]) -> None:
    """List what is wrong, the first few by name."""
    if names:
        screen.print(f"\n{len(names):,} {what}:", style="bold red")
        for name in names[:SHOWN]:
            screen.print(f"  {name}")
        if len(names) > SHOWN:
            screen.print(f"  and {len(names) - SHOWN:,} more")


def _name(path: str | bytes, found: Sources) -> str:
    """Return a file's path below the folder."""
    return os.path.relpath(os.fsdecode(path), found.folder)
