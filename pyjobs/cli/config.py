"""`pyjobs config`: the settings of a namespace."""

from __future__ import annotations

from typing import Any

import click

from pyjobs.cli.options import connected, json_option, setting_names
from pyjobs.cli.output import console, facts, print_json, visible
from pyjobs.client import Client

name_argument = click.argument("name", shell_complete=setting_names)


@click.group()
def config() -> None:
    """Settings of a namespace: list, get, set, unset.

    A queue's own: heartbeat-QUEUE (seconds that its leases last), max-jobs-QUEUE, max-bytes-QUEUE,
    when-full-QUEUE (reject or drop-oldest); jobs-history, failed-history and their -count, each
    with -QUEUE.
    """


@config.command("list")
@connected
@json_option
def list_(client: Client, as_json: bool) -> None:
    """List all settings in force."""
    found = client.config.all
    if as_json:
        print_json(found)
    else:
        console().print(facts(found.items()))


@config.command(no_args_is_help=True)
@name_argument
@connected
@json_option
def get(client: Client, name: str, as_json: bool) -> None:
    """Print a setting's value in force."""
    _tell(name, client.config.get(name), as_json)


@config.command("set", no_args_is_help=True, context_settings={"ignore_unknown_options": True})
@name_argument
@click.argument("value")
@connected
@json_option
def set_(client: Client, name: str, value: str, as_json: bool) -> None:
    """Give a setting a value."""
    client.config.set(name, value)
    _tell(name, client.config.get(name), as_json)


@config.command(no_args_is_help=True)
@name_argument
@connected
@json_option
def unset(client: Client, name: str, as_json: bool) -> None:
    """Give a setting its default back, and print that."""
    client.config.unset(name)
    _tell(name, client.config.get(name), as_json)


def _tell(name: str, value: Any, as_json: bool) -> None:
    if as_json:
        print_json({name: value})
    else:
        click.echo(visible(str(value)))
