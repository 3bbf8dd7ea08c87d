"""`pyjobs queues`, and pausing them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import click

from pyjobs import calls, plans
from pyjobs.calls import QueueCounts
from pyjobs.cli.options import connected, json_option, queue_names
from pyjobs.cli.output import console, print_json, queues_table, table, visible
from pyjobs.client import Client, place
from pyjobs.errors import InvalidArgument
from pyjobs.upkeep import QueueBytes

SAMPLE = 1000
"""Jobs of each state of a queue that a report of bytes looks at."""

queues_argument = click.argument(
    "names", nargs=-1, required=True, metavar="QUEUE...", shell_complete=queue_names
)


def known(client: Client, names: Sequence[str]) -> list[QueueCounts]:
    """Return the counts of queues; refuses those that nothing was ever put into."""
    counts: list[QueueCounts] = []
    for some in plans.sliced(names):
        counts += client.run(calls.queues(names=some))[1]
    there = {each.name for each in counts}
    for name in names:
        if name not in there:
            raise InvalidArgument(f"there is no queue {name!r} in namespace {client.namespace!r}")
    return counts


@click.command()
@click.argument("names", nargs=-1, metavar="[QUEUE...]", shell_complete=queue_names)
@click.option("--bytes", "weigh", is_flag=True, help="What the jobs take; from a sample.")
@click.option("--exact", is_flag=True, help="With --bytes: look at every job.")
@connected
@json_option
def queues(client: Client, names: tuple[str, ...], weigh: bool, exact: bool, as_json: bool) -> None:
    """Count the jobs of all queues, or of some."""
    counts = known(client, names) if names else client.queues.counts
    if weigh and counts:
        _show_bytes(client.queues.bytes(*names, sample=None if exact else SAMPLE), as_json)
        return
    if as_json:
        print_json([dataclasses.asdict(each) for each in counts])
    elif counts:
        console().print(queues_table(counts))
    else:
        click.echo(f"no queues in namespace {client.namespace!r} on {place(client.server)}")


def _show_bytes(weights: Sequence[QueueBytes], as_json: bool) -> None:
    if as_json:
        print_json([dataclasses.asdict(each) for each in weights])
        return
    shown = table("queue", "jobs", "payload", "stored", left=["queue"])
    for each in weights:
        about = "" if each.exact else "~"
        sizes = (f"{about}{size:,}" for size in (each.payload, each.stored))
        shown.add_row(each.name, f"{each.jobs:,}", *sizes)
    console().print(shown)


@click.command(no_args_is_help=True)
@queues_argument
@connected
@json_option
def pause(client: Client, names: tuple[str, ...], as_json: bool) -> None:
    """Let pops of queues find nothing until "unpause".

    What runs goes on running. A queue may be paused before its first job.
    """
    for some in plans.sliced(names):
        client.queues.pause(*some)
    _tell("paused", names, as_json)


@click.command(no_args_is_help=True)
@queues_argument
@connected
@json_option
def unpause(client: Client, names: tuple[str, ...], as_json: bool) -> None:
    """Serve queues again."""
    for some in plans.sliced(names):
        client.queues.unpause(*some)
    _tell("unpaused", names, as_json)


def _tell(what: str, names: Sequence[str], as_json: bool) -> None:
    if as_json:
        print_json({what: list(names)})
    else:
        click.echo(visible(f"{what} {', '.join(names)}"))
