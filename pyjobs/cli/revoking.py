"""`pyjobs revoke`, `restore` and `revoked`: jobs that are not to run, one by one or by class."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial

import click

from pyjobs import calls, options
from pyjobs.cli.many import Outcome, Selection, carry_out, jobs_selected
from pyjobs.cli.operate import Selected, for_each
from pyjobs.cli.options import MOMENT, connected, json_option
from pyjobs.cli.output import console, moment, print_json, table, visible
from pyjobs.client import Client
from pyjobs.errors import JobError

klass_option = click.option("--klass", metavar="PATH", help="All jobs of a class or function.")


def _refuse_both(jids: Selected, group: str | None, tag: str | None) -> None:
    if jids or group is not None or tag is not None:
        raise click.UsageError("--klass names all jobs of a class; it goes with no others")


def _revoke_each(client: Client, jids: Sequence[str]) -> Outcome:
    problems = {}
    for jid in jids:
        try:
            client.run(calls.revoke("job", jid))
        except JobError as error:  # noqa: PERF203 - the others go on
            problems[jid] = str(error)
    return len(jids) - len(problems), problems


@click.command(no_args_is_help=True)
@klass_option
@click.option("--until", type=MOMENT, help="With --klass: when they run again.")
@click.option("--once", is_flag=True, help="With --klass: only the next one that is to run.")
@jobs_selected
@connected
@json_option
def revoke(
    client: Client,
    klass: str | None,
    until: float | None,
    once: bool,
    jids: Selected,
    group: str | None,
    tag: str | None,
    as_json: bool,
) -> int:
    """Keep jobs from running.

    A worker that comes to one cancels it, or fails it if others wait for it, unless it is restored
    before. What runs already is left alone.

    \b
      pyjobs revoke --klass shop.jobs.send --until 2030-01-01
    """
    if klass is None:
        if until is not None or once:
            raise click.UsageError("--until and --once go with --klass")
        selection = Selection.of(client, jids, group, tag)
        act = partial(_revoke_each, client)
        return carry_out(selection.slices, selection.total, act).tell("revoked", as_json)
    _refuse_both(jids, group, tag)
    end = None if until is None else options.moment(until, "until")
    client.run(calls.revoke("klass", klass, end, once))
    if as_json:
        print_json({"klass": klass, "until": until, "once": once})
    else:
        click.echo(visible(f"revoked {klass}"))
    return 0


@click.command(no_args_is_help=True)
@klass_option
@jobs_selected
@connected
@json_option
def restore(
    client: Client,
    klass: str | None,
    jids: Selected,
    group: str | None,
    tag: str | None,
    as_json: bool,
) -> int:
    """Let jobs run that were revoked.

    The exit status is 1 for a class that was not.
    """
    if klass is None:
        tally = for_each(client, (jids, group, tag), lambda jid: calls.restore("job", jid))
        return tally.tell("restored", as_json)
    _refuse_both(jids, group, tag)
    restored = bool(client.run(calls.restore("klass", klass)))
    if as_json:
        print_json({"klass": klass, "restored": restored})
    else:
        click.echo(visible(f"{'restored' if restored else 'was not revoked:'} {klass}"))
    return 0 if restored else 1


@click.command()
@connected
@json_option
def revoked(client: Client, as_json: bool) -> None:
    """Show the classes whose jobs are kept from running."""
    found = client.run(calls.revoked())
    if as_json:
        print_json(
            [
                {**dataclasses.asdict(each), "until": each.until / 1000 if each.until else None}
                for each in found
            ]
        )
    elif found:
        shown = table("class", "until", "jobs", left=("class", "until", "jobs"))
        for each in found:
            until = moment(each.until / 1000) if each.until else "restored"
            shown.add_row(each.klass, until, "the next one" if each.once else "all")
        console().print(shown)
    else:
        click.echo("no class is revoked")
