"""What an operator does to jobs: one, many, a whole failure group, or all with a tag."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from pyjobs import calls, options, plans
from pyjobs.calls import Call
from pyjobs.cli.many import Outcome, Selection, Tally, carry_out, each, jobs_selected
from pyjobs.cli.options import (
    DURATION,
    connected,
    json_option,
    queue_names,
)
from pyjobs.client import Client
from pyjobs.errors import JobError

Selected = tuple[str, ...]


def for_each(
    client: Client,
    selected: tuple[Selected, str | None, str | None],
    make: Callable[[str], Call[Any]],
) -> Tally:
    """Carry a call of each of the jobs out."""
    selection = Selection.of(client, *selected)
    return carry_out(selection.slices, selection.total, each(client, make))


@click.command(no_args_is_help=True)
@jobs_selected
@connected
@json_option
def cancel(
    client: Client, jids: Selected, group: str | None, tag: str | None, as_json: bool
) -> int:
    """Take jobs out of the system.

    Those for which others wait stay, unless the others are named too. Complete jobs stay.
    """
    selection = Selection.of(client, jids, group, tag)
    one_by_one = each(client, lambda jid: calls.cancel([jid]))

    def act(some: Sequence[str]) -> Outcome:
        try:
            return client.run(calls.cancel(some)), {}
        except JobError:  # all or none; so each for itself
            return one_by_one(some)

    return carry_out(selection.slices, selection.total, act).tell("cancelled", as_json)


@click.command(no_args_is_help=True)
@jobs_selected
@click.option("--to", metavar="QUEUE", required=True, shell_complete=queue_names, help="Which.")
@click.option("--delay", type=DURATION, default=0, help="How long they wait there.")
@connected
@json_option
def move(
    client: Client,
    jids: Selected,
    group: str | None,
    tag: str | None,
    to: str,
    delay: float,
    as_json: bool,
) -> int:
    """Put jobs into another queue, from whatever state.

    Who holds one of them loses its lease.
    """
    wait = options.milliseconds(delay, "delay")
    tally = for_each(client, (jids, group, tag), lambda jid: calls.move(jid, to, wait))
    return tally.tell("moved", as_json)


UNFAIL_HELP = """{}

Their retries begin anew. Those of --group go in the order in which they failed, and as many of them
as there are now: those that fail again meanwhile stay.
"""


def _unfail(
    client: Client,
    jids: Selected,
    group: str | None,
    tag: str | None,
    to: str | None,
    count: int | None,
    as_json: bool,
) -> int:
    if count is not None and group is None:
        raise click.UsageError("--count goes with --group")
    selection = Selection.of(client, jids, group, tag)
    if group is not None:
        tally = _unfail_group(client, group, to or "", min(selection.total, count or 2**53))
    else:
        tally = carry_out(
            selection.slices, selection.total, lambda some: _unfail_each(client, some, to or "")
        )
    return tally.tell("put back", as_json)


def _unfail_group(client: Client, group: str, to: str, total: int) -> Tally:
    """Put back as many as there are now, so that those which fail again meanwhile are left."""

    def act(places: Sequence[str]) -> Outcome:
        return client.run(plans.unfail_group(group, to, len(places))), {}

    return carry_out(plans.sliced([""] * total), total, act)


def _unfail_each(client: Client, jids: Sequence[str], to: str) -> Outcome:
    members = [calls.unfail(jid, to) for jid in jids]
    problems = {}
    for jid, answer in zip(jids, client.run(plans.settle(members, atomic=False)), strict=True):
        if isinstance(answer, Exception):
            problems[jid] = str(answer).removeprefix("drain: ")
        elif answer not in {"waiting", "throttled"}:
            problems[jid] = f"job {jid} is {answer}, not failed"
    return len(jids) - len(problems), problems


def _unfail_command(name: str, what: str) -> click.Command:
    command: Any = json_option(connected(_unfail))
    for decorate in (
        click.option("--count", type=click.IntRange(min=1), help="The oldest so many of --group."),
        click.option(
            "--to", metavar="QUEUE", shell_complete=queue_names, help="Not each into its own queue."
        ),
        jobs_selected,
    ):
        command = decorate(command)
    return click.command(name, no_args_is_help=True, help=UNFAIL_HELP.format(what))(command)


unfail = _unfail_command("unfail", "Put failed jobs back.")
retry = _unfail_command("retry", 'Put failed jobs back: another word for "unfail".')


@click.command(no_args_is_help=True)
@jobs_selected
@connected
@json_option
def timeout(
    client: Client, jids: Selected, group: str | None, tag: str | None, as_json: bool
) -> int:
    """Take running jobs from their holders.

    It is as if the leases had run out: each runs again, or fails if no retries are left.
    """
    return for_each(client, (jids, group, tag), calls.timeout).tell("timed out", as_json)


@click.command(no_args_is_help=True)
@jobs_selected
@click.option("--to", type=int, required=True, metavar="PRIORITY", help="Lower runs sooner.")
@connected
@json_option
def priority(
    client: Client,
    jids: Selected,
    group: str | None,
    tag: str | None,
    to: int,
    as_json: bool,
) -> int:
    """Change the priority of jobs.

    Each keeps its place by age among its new equals.
    """
    tally = for_each(client, (jids, group, tag), lambda jid: calls.priority(jid, to))
    return tally.tell("changed", as_json)
