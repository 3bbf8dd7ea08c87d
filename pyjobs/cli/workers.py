"""`pyjobs workers`: who works, and on what."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import click
import msgpack
from rich.table import Table

from pyjobs.calls import WorkerCounts, WorkerPage
from pyjobs.cli.options import connected, json_option, worker_names
from pyjobs.cli.output import ago, console, facts, plain, print_json, table
from pyjobs.client import Client
from pyjobs.errors import InvalidArgument


@click.command()
@click.argument("name", required=False, metavar="[WORKER]", shell_complete=worker_names)
@connected
@json_option
def workers(client: Client, name: str | None, as_json: bool) -> None:
    """List the workers, or what WORKER tells and holds."""
    if name is not None:
        _show_one(name, client.workers[name], as_json)
        return
    counts = client.workers.counts
    if as_json:
        print_json([{**dataclasses.asdict(each), "about": report(each.about)} for each in counts])
    elif counts:
        console().print(workers_table(counts))
    else:
        click.echo("no workers")


def workers_table(counts: Sequence[WorkerCounts]) -> Table:
    """Show workers, and what they hold."""
    shown = table("worker", "seen", "holds", "stalled", "queues", left=["worker", "seen", "queues"])
    for each in counts:
        queues = report(each.about).get("queues", "")
        shown.add_row(
            each.name, ago(each.last_seen), f"{each.held:,}", f"{each.stalled:,}", _said(queues)
        )
    return shown


def report(about: bytes) -> dict[str, Any]:
    """Read what a worker reported about itself; of another version's it may be nothing."""
    try:
        found = msgpack.unpackb(about, unicode_errors="surrogateescape") if about else {}
    except (ValueError, msgpack.UnpackException):
        return {}
    return found if isinstance(found, dict) else {}


def _show_one(name: str, page: WorkerPage, as_json: bool) -> None:
    if page.last_seen is None and not page.jobs:
        raise InvalidArgument(f"there is no worker {name!r}")
    about = report(page.about)
    if as_json:
        jobs = [dataclasses.asdict(job) for job in page.jobs]
        print_json({"name": name, "last_seen": page.last_seen, "about": about, "jobs": jobs})
        return
    seen = ago(page.last_seen) if page.last_seen else "not registered any more"
    told = [(str(key), _said(value)) for key, value in about.items()]
    console().print(facts([("worker", name), ("seen", seen), *told]))
    if page.jobs:
        shown = table("jid", "queue", "lease ends", left=["jid", "queue", "lease ends"])
        for job in page.jobs:
            shown.add_row(job.jid, job.queue, ago(job.expires) if job.expires else "never")
        console().print()
        console().print(shown)


def _said(value: Any) -> str:
    """Say a value of a report in a line."""
    value = plain(value)
    if isinstance(value, list):
        return ", ".join(map(_said, value))
    if isinstance(value, dict):
        return ", ".join(f"{key} {_said(item)}" for key, item in value.items())
    return str(value)
