"""`pyjobs engine`: the Lua engine on the server: install, prune old ones, examine what is there."""

from __future__ import annotations

import dataclasses

import click

from pyjobs import calls
from pyjobs.cli import libraries
from pyjobs.cli.checking import check
from pyjobs.cli.doctor import doctor
from pyjobs.cli.options import DURATION, connected, json_option
from pyjobs.cli.output import console, duration, print_json, table
from pyjobs.client import Client
from pyjobs.library import library

DAY = 86_400.0


@click.group()
def engine() -> None:
    """Install, prune, examine: the Lua engine and its data."""


engine.add_command(doctor)
engine.add_command(check)


@engine.command()
@connected
@json_option
def install(client: Client, as_json: bool) -> int:
    """Load this version's engine into the server, as the first call would.

    The exit status is 1 when the server takes no functions from this user; then the engine goes as
    scripts, call by call.
    """
    name = library().name
    before = name in libraries.loaded(client)
    client.run(calls.settings(["heartbeat"]))
    there = name in libraries.loaded(client)
    if as_json:
        print_json({"library": name, "installed": there, "loaded_now": there and not before})
    elif there:
        click.echo(f"{name} was there already" if before else f"loaded {name}")
    else:
        click.echo(f"the server takes no functions from this user: {name} goes as scripts")
    return 0 if there else 1


@engine.command()
@click.option(
    "--older-than", type=DURATION, default=DAY, help="Unnamed for so long.  [default: 1d]"
)
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@connected
@json_option
def prune(client: Client, older_than: float, dry_run: bool, as_json: bool) -> None:
    """Remove libraries of other versions that no registered worker has named for a day.

    A library counts as unnamed from the first prune that finds it so: run this daily. Whoever still
    calls one that was removed loads it again.
    """
    verdicts = libraries.judge(client, older_than)
    if not dry_run:
        libraries.carry_out(client, verdicts)
    if as_json:
        print_json([dataclasses.asdict(each) for each in verdicts])
        return
    if not verdicts:
        click.echo("no libraries of pyjobs on the server")
        return
    shown = table("library", "why", "for", "", left=["library", "why", ""])
    removed = "would be removed" if dry_run else "removed"
    for each in verdicts:
        unnamed = "" if each.unnamed is None else duration(each.unnamed)
        shown.add_row(each.name, each.why, unnamed, removed if each.remove else "kept")
    console().print(shown)
