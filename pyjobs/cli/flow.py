"""`pyjobs flow`: the flows that there are, one of them, and what is done to one as a whole."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import get_args

import click

from pyjobs.calls import FlowState
from pyjobs.cli.options import (
    connected,
    count_option,
    flow_names,
    json_option,
    offset_option,
)
from pyjobs.cli.output import ago, console, facts, print_json, short, table
from pyjobs.client import Client
from pyjobs.errors import JobNotFound
from pyjobs.flows import Flow, MemberState

ACTIONS: dict[str, Callable[[Flow], object]] = {
    "seal": Flow.seal,
    "retry": Flow.retry,
    "cancel": Flow.cancel,
}


@click.command()
@click.argument("flow", required=False, shell_complete=flow_names)
@click.option("--seal", "action", flag_value="seal", help="Let the members run that are held.")
@click.option("--retry", "action", flag_value="retry", help="Put the failed members back.")
@click.option("--cancel", "action", flag_value="cancel", help="Cancel all that are not complete.")
@click.option(
    "--state",
    type=click.Choice(get_args(MemberState)),
    help="Only members in this state.  [default: all]",
)
@count_option
@offset_option
@connected
@json_option
def flow(
    client: Client,
    flow: str | None,
    action: str | None,
    state: MemberState | None,
    count: int,
    offset: int,
    as_json: bool,
) -> None:
    """List the flows, or what FLOW and its members do.

    open members may run, or do; depends wait for other jobs; held wait until the flow is sealed.
    """
    if flow is None:
        if action or state:
            raise click.UsageError("name the flow")
        _list(client, client.flows(offset, count), as_json)
        return
    named = client.flow(flow)
    if action:
        ACTIONS[action](named)
    found = named.state()
    jids = named.members(state, offset, count)
    if as_json:
        print_json({"flow": flow, **_described(found), "members": jids})
        return
    console().print(facts(_facts(flow, found)))
    if jids:
        console().print(_members(client, jids))
    of_state = found.total if state is None else getattr(found, state)
    if of_state > offset + len(jids):
        click.echo(f"{of_state:,} in all; --count and --offset show others", err=True)


def _list(client: Client, flows: Sequence[str], as_json: bool) -> None:
    states = {}
    for each in flows:
        with suppress(JobNotFound):  # it has gone meanwhile
            states[each] = client.flow(each).state()
    if as_json:
        print_json([{"flow": each, **_described(state)} for each, state in states.items()])
    elif not states:
        click.echo("no flows")
    else:
        shown = table("flow", "state", "since", "ended", "failed", "all", left=["flow", "state"])
        for each, state in states.items():
            numbers = (f"{number:,}" for number in (state.done, state.failed, state.total))
            shown.add_row(each, state.state, ago(state.created), *numbers)
        console().print(shown)


def _described(state: FlowState) -> dict[str, object]:
    return {**dataclasses.asdict(state), "total": state.total}


def _facts(flow: str, state: FlowState) -> list[tuple[str, object]]:
    kinds = ("held", "depends", "open", "complete", "failed", "cancelled")
    counts = [(kind, getattr(state, kind)) for kind in kinds]
    return [
        ("flow", flow),
        ("state", state.state),
        ("created", ago(state.created)),
        ("sealed", "not yet" if state.sealed is None else ago(state.sealed)),
        ("members", f"{state.total:,}, of which {state.progress:.0%} have ended"),
        *((kind, f"{number:,}") for kind, number in counts if number),
    ]


def _members(client: Client, jids: Sequence[str]) -> object:
    names = ("jid", "queue", "class", "state")
    shown = table(*names, left=names)
    for job in client.jobs.get(*jids):
        shown.add_row(job.jid, job.queue_name, short(job.klass_name), job.state)
    return shown
