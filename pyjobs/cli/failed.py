"""`pyjobs failed`: the failure groups, and the jobs of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from pyjobs.cli.options import connected, count_option, group_names, json_option, offset_option
from pyjobs.cli.output import ago, console, print_json, short, table
from pyjobs.client import Client
from pyjobs.errors import InvalidArgument
from pyjobs.job import Job


@click.command()
@click.argument("group", required=False, shell_complete=group_names)
@count_option
@offset_option
@connected
@json_option
def failed(client: Client, group: str | None, count: int, offset: int, as_json: bool) -> None:
    """Count failed jobs by group, or list those of GROUP.

    The newest come first. "pyjobs unfail --group GROUP" puts them back.
    """
    groups: Any = client.jobs.failed()
    if group is None:
        _show_groups(groups, as_json)
        return
    if group not in groups:
        raise InvalidArgument(f"there is no failure group {group!r}")
    jobs: Any = client.jobs.failed(group, offset, count)
    _show_jobs(jobs, as_json)
    if not as_json and groups[group] > offset + len(jobs):
        click.echo(f"{groups[group]:,} in all; --count and --offset show others", err=True)


def _show_groups(groups: dict[str, int], as_json: bool) -> None:
    if as_json:
        print_json(groups)
    elif not groups:
        click.echo("no failed jobs")
    else:
        shown = table("failure group", "jobs", left=["failure group"])
        for name, number in sorted(groups.items(), key=lambda item: -item[1]):
            shown.add_row(name, f"{number:,}")
        console().print(shown)


def _show_jobs(jobs: Sequence[Job], as_json: bool) -> None:
    if as_json:
        print_json([_described(job) for job in jobs])
        return
    texts = ("jid", "queue", "class", "since", "why")
    shown = table(*texts, left=texts)
    for job in jobs:
        failure = job.failure
        if failure is not None:
            why = failure.message.strip().rpartition("\n")[2]  # of a traceback, what it ends with
            klass, when = short(job.klass_name), ago(failure.when)
            shown.add_row(job.jid, job.queue_name, klass, when, why)
    console().print(shown)


def _described(job: Job) -> dict[str, Any]:
    names = ("jid", "klass_name", "queue_name", "attempt", "tags")
    failure = job.failure
    return {
        **{name: getattr(job, name) for name in names},
        **({"message": failure.message, "when": failure.when} if failure else {}),
    }
