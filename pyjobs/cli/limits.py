"""`pyjobs limits` and `pyjobs tenants`: what may run at once, how often, and whose turn it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import click

from pyjobs import calls, plans
from pyjobs.calls import LimitState
from pyjobs.cli.options import (
    DURATION,
    connected,
    json_option,
    queue_argument,
)
from pyjobs.cli.output import ago, console, duration, print_json, table, visible
from pyjobs.cli.queues import known
from pyjobs.client import Client


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME...]")
@connected
@json_option
def limits(client: Client, names: tuple[str, ...], as_json: bool) -> None:
    """Show the limits that were set, or those of some names.

    Members of a family (customer:42 of "customer:*") are shown by name.
    """
    states: list[LimitState] = []
    for some in plans.sliced(names):
        states += client.run(calls.limits(names=some))[1]
    if not names:
        states = client.limits.states
    if as_json:
        print_json([dataclasses.asdict(each) for each in states])
    elif states:
        _show(states)
    else:
        click.echo("nothing is limited")


def _show(states: Sequence[LimitState]) -> None:
    texts = ("limit", "rate")
    shown = table("limit", "at once", "rate", "burst", "running", "open", "parked", left=texts)
    for each in states:
        shown.add_row(
            each.name,
            _number(each.at_once),
            rate(each),
            _number(each.burst),
            _number(each.running),
            ago(each.opens) if each.opens else _number(each.open),
            _number(each.parked),
        )
    console().print(shown)


def rate(state: LimitState) -> str:
    """Say how many may start in which time."""
    if state.rate is None:
        return ""
    return f"{state.rate:,} in {duration(state.per)}"


def _number(number: int | None) -> str:
    return "any" if number is None else f"{number:,}"


@click.command(no_args_is_help=True)
@click.argument("name")
@click.option("--at-once", type=int, help="So many may run at a time.")
@click.option("--rate", type=int, help="So many may start in the time that --per says.")
@click.option("--per", type=DURATION, help="As in 60, 1m or 1h.  [default: 1s]")
@click.option("--burst", type=int, help="So many of the rate may start at once.  [default: all]")
@click.option("--remove", is_flag=True, help="Limit nothing any more.")
@connected
@json_option
def limit(
    client: Client,
    name: str,
    at_once: int | None,
    rate: int | None,
    per: float | None,
    burst: int | None,
    remove: bool,
    as_json: bool,
) -> None:
    """Limit the jobs of a NAME, from now on.

    NAME is one that jobs are put under, a family ("customer:*": each name that begins with
    customer: by itself), or "queue:" or "klass:" and a name.

    \b
      pyjobs limit smtp --at-once 3 --rate 100 --per 1m --burst 10
    """
    if remove and (at_once, rate, burst) != (None, None, None):
        raise click.UsageError("--remove ends a limit; it goes with no other")
    if remove:
        client.limits[name].remove()
    else:
        client.limits[name].set(at_once, rate=rate, per=per, burst=burst)
    if as_json:
        print_json(dataclasses.asdict(client.limits[name].state))
    else:
        click.echo(visible(f"{'removed' if remove else 'set'} {name}"))


@click.command(no_args_is_help=True)
@queue_argument
@connected
@json_option
def tenants(client: Client, queue: str, as_json: bool) -> None:
    """Show the tenants that have jobs waiting in QUEUE."""
    known(client, [queue])
    found = client.queue(queue).tenants()
    if as_json:
        print_json([dataclasses.asdict(each) for each in found])
    elif found:
        shown = table("tenant", "weight", "waiting", left=("tenant",))
        for each in found:
            shown.add_row(each.tenant or "(none)", f"{each.weight:,}", f"{each.waiting:,}")
        console().print(shown)
    else:
        click.echo("no jobs of tenants wait there")


@click.command(no_args_is_help=True)
@click.argument("name")
@click.option("--weight", type=int, required=True, help="Turns for each one of others, 1 to 1,000.")
@connected
@json_option
def tenant(client: Client, name: str, weight: int, as_json: bool) -> None:
    """Give a tenant more turns than others have, in all queues."""
    client.tenants[name].set_weight(weight)
    if as_json:
        print_json({"tenant": name, "weight": weight})
    else:
        click.echo(visible(f"{name} has {weight:,} {'turn' if weight == 1 else 'turns'}"))
