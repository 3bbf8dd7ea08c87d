"""`pyjobs failures`: failed jobs by queue, class and error, and what is to become of them."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import click

from pyjobs import options, upkeep
from pyjobs.calls import Which
from pyjobs.cli.many import Tally, interruptible
from pyjobs.cli.options import (
    MOMENT,
    Command,
    connected,
    group_names,
    json_option,
    queue_names,
)
from pyjobs.cli.output import ago, console, print_json, short, table
from pyjobs.client import Client
from pyjobs.plans import SLICE_JOBS

queue_option = click.option(
    "-q", "--queue", default="", shell_complete=queue_names, help="The jobs of a queue."
)


def sifting(command: Callable[..., int]) -> Command:
    """Let a command say which failed jobs it means; gives it a Which."""

    @functools.wraps(command)
    def with_which(
        client: Client,
        queue: str,
        group: str,
        klass: str,
        error: str,
        before: float | None,
        **rest: Any,
    ) -> int:
        if not queue and not group:
            raise click.UsageError("name the jobs by --queue or --group")
        moment = None if before is None else options.moment(before, "before")
        return command(client, Which(queue, group, klass, error, moment), **rest)

    decorated: Command = json_option(connected(with_which))
    for decorate in (
        click.option("--before", type=MOMENT, help="That failed before. Default: now."),
        click.option("--error", default="", help='As "failures list" tells it.'),
        click.option("--class", "klass", default="", metavar="CLASS", help="Of this class."),
        click.option(
            "--group", default="", shell_complete=group_names, help="The jobs of a failure group."
        ),
        queue_option,
    ):
        decorated = decorate(decorated)
    return decorated


def _sift(client: Client, which: Which, to: str | None, verb: str, as_json: bool) -> int:
    """Go through the jobs, slice by slice; Ctrl-C ends it between two."""
    tally, skipped, cursor = Tally(), 0, ""
    with interruptible() as stop:
        while True:
            answer = client.run(upkeep.one_slice(which, to, cursor, SLICE_JOBS))
            which = dataclasses.replace(which, before=answer.before)
            tally.done += answer.done
            skipped += answer.skipped
            cursor = answer.cursor
            tally.interrupted = bool(cursor) and stop()
            if not cursor or tally.interrupted:
                break
    status = tally.tell(verb, as_json)
    if skipped:
        click.echo(f"pyjobs: {skipped:,} stay, since other jobs wait for them", err=True)
    return status


@click.group()
def failures() -> None:
    """Failed jobs by queue, class and error, in bulk.

    They are gone through in slices of 100, oldest first; after a break the same command does the
    rest.
    """


@failures.command("list")
@queue_option
@click.option(
    "--most", type=click.IntRange(min=1), default=10_000, show_default=True, help="Of each queue."
)
@connected
@json_option
def list_(client: Client, queue: str, most: int, as_json: bool) -> None:
    """Count failed jobs by queue, class and error."""
    counts = client.failures.counts(queue or None, most)
    if as_json:
        print_json([dataclasses.asdict(each) for each in counts])
    elif not counts:
        click.echo("no failed jobs")
    else:
        texts = ("queue", "class", "error", "newest", "jid")
        shown = table("queue", "class", "error", "jobs", "newest", "jid", left=texts)
        for each in counts:
            klass = short(each.klass_name)
            shown.add_row(each.queue, klass, each.error, f"{each.jobs:,}", ago(each.last), each.jid)
        console().print(shown)


@failures.command(no_args_is_help=True)
@sifting
def unfail(client: Client, which: Which, as_json: bool) -> int:
    """Put failed jobs back, each into its own queue."""
    return _sift(client, which, "", "put back", as_json)


@failures.command(no_args_is_help=True)
@click.option(
    "--to", metavar="QUEUE", required=True, shell_complete=queue_names, help="Which queue."
)
@sifting
def move(client: Client, which: Which, to: str, as_json: bool) -> int:
    """Put failed jobs into another queue."""
    return _sift(client, which, to, "moved", as_json)


@failures.command(no_args_is_help=True)
@sifting
def drop(client: Client, which: Which, as_json: bool) -> int:
    """Cancel failed jobs; those that other jobs wait for stay."""
    return _sift(client, which, None, "dropped", as_json)
