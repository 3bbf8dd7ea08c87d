"""`pyjobs jobs`: which jobs there are, by queue, state, tag, failure group, or tracked."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import click

from pyjobs import calls
from pyjobs.calls import Call
from pyjobs.cli.options import (
    connected,
    count_option,
    group_names,
    json_option,
    offset_option,
    queue_names,
    tag_names,
)
from pyjobs.cli.output import ago, console, print_json, short, table
from pyjobs.cli.queues import known
from pyjobs.client import Client
from pyjobs.job import Job

LISTED = (
    *("running", "stalled", "waiting", "throttled", "scheduled", "depends", "failed", "complete"),
)
"""The states of a queue's jobs, in the order in which they are listed."""


@click.command()
@click.argument("queues", nargs=-1, metavar="[QUEUE...]", shell_complete=queue_names)
@click.option("--state", "states", multiple=True, type=click.Choice(LISTED), help="Only in it.")
@click.option("--tag", shell_complete=tag_names, help="Only those with this tag.")
@click.option("--group", shell_complete=group_names, help="Only those of a failure group.")
@click.option("--tracked", is_flag=True, help="Only those that somebody follows.")
@count_option
@offset_option
@click.option("--jids", "only_jids", is_flag=True, help="Print jids only, one a line.")
@connected
@json_option
def jobs(
    client: Client,
    queues: tuple[str, ...],
    states: tuple[str, ...],
    tag: str | None,
    group: str | None,
    tracked: bool,
    count: int,
    offset: int,
    only_jids: bool,
    as_json: bool,
) -> None:
    """List jobs: of all queues or of some, of all states or of some.

    Running ones come first, then waiting ones in the order in which they will run. What is to be
    done to many of them goes through a pipe:

    \b
      pyjobs jobs mail --state scheduled --tag weekly --jids --count 1000 | pyjobs cancel -
    """
    if queues:
        known(client, queues)
    found = _found(client, queues, states, tag, group, tracked)
    listed = list(itertools.islice(found, offset, offset + count))
    if only_jids:
        click.echo("".join(f"{job.jid}\n" for job in listed), nl=False)
    elif as_json:
        print_json([_described(job) for job in listed])
    else:
        _show(listed, count)


def _found(
    client: Client,
    queues: Sequence[str],
    states: Sequence[str],
    tag: str | None,
    group: str | None,
    tracked: bool,
) -> Iterator[Job]:
    """Find the jobs that are all that was asked for; the narrowest listing is read."""
    if tracked:
        listing = _jobs(client, calls.tracked)
    elif group is not None:
        listing = _jobs(client, lambda cursor: calls.group(group, cursor))
    elif tag is not None:
        listing = _jobs(client, lambda cursor: calls.tagged(tag, cursor))
    else:
        names = queues or [each.name for each in client.queues.counts]
        yield from _by_state(client, names, states)
        return
    for job in listing:
        right = (not queues or job.queue_name in queues) and (not states or _state(job) in states)
        tagged = tag is None or tag in job.tags
        grouped = group is None or (job.failure is not None and job.failure.group == group)
        if right and tagged and grouped:
            yield job


def _by_state(client: Client, queues: Sequence[str], states: Sequence[str]) -> Iterator[Job]:
    for state in (each for each in LISTED if not states or each in states):
        for queue in queues:
            yield from _jobs(client, _of_state(queue, state))


def _of_state(queue: str, state: str) -> Callable[[str], Call[Any]]:
    return lambda cursor: calls.jobs(queue, state, cursor, 100)


def _jobs(client: Client, page: Callable[[str], Call[Any]]) -> Iterator[Job]:
    """Look up the jobs of a listing, page by page."""
    cursor = ""
    while True:
        cursor, *_, jids = client.run(page(cursor))
        if jids:
            yield from client.jobs.get(*jids)
        if not cursor:
            return


def _state(job: Job) -> str:
    """Return the job's state, or stalled."""
    left = job.ttl()
    return "stalled" if job.state == "running" and left is not None and left <= 0 else job.state


def _described(job: Job) -> dict[str, Any]:
    names = (
        *("jid", "klass_name", "queue_name", "state", "priority", "tags", "tracked"),
        *("attempt", "retries_left", "worker_name", "expires", "since"),
    )
    return {
        **{name: getattr(job, name) for name in names},
        "failure_group": job.failure.group if job.failure else None,
    }


def _show(listed: Sequence[Job], count: int) -> None:
    if not listed:
        click.echo("no such jobs")
        return
    texts = ("jid", "queue", "state", "class", "since", "what")
    shown = table(*texts, left=texts)
    for job in listed:
        shown.add_row(
            job.jid,
            job.queue_name,
            _state(job),
            short(job.klass_name),
            ago(job.since),
            _what(job),
        )
    console().print(shown)
    if len(listed) == count:
        click.echo(f"the first {count:,}; --count and --offset show others", err=True)


def _what(job: Job) -> str:
    """Say what matters most about a job in its state."""
    if job.state == "failed" and job.failure:
        return job.failure.group
    if job.state == "running":
        return f"by {job.worker_name}"
    if job.state == "depends":
        return f"waits for {len(job.dependencies):,}"
    return " ".join(f"#{tag}" for tag in job.tags)
