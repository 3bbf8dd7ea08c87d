"""What people note about jobs: tags, and whether somebody follows them."""

from __future__ import annotations

import click

from pyjobs import calls
from pyjobs.cli.many import jobs_selected
from pyjobs.cli.operate import Selected, for_each
from pyjobs.cli.options import connected, json_option, tag_names
from pyjobs.client import Client

label_argument = click.argument("label", metavar="TAG", shell_complete=tag_names)


@click.command(no_args_is_help=True)
@label_argument
@jobs_selected
@connected
@json_option
def tag(
    client: Client,
    label: str,
    jids: Selected,
    group: str | None,
    tag: str | None,
    as_json: bool,
) -> int:
    """Put a TAG on jobs."""
    tally = for_each(client, (jids, group, tag), lambda jid: calls.tag(jid, [label]))
    return tally.tell("tagged", as_json)


@click.command(no_args_is_help=True)
@label_argument
@jobs_selected
@connected
@json_option
def untag(
    client: Client,
    label: str,
    jids: Selected,
    group: str | None,
    tag: str | None,
    as_json: bool,
) -> int:
    """Take a TAG off jobs."""
    tally = for_each(client, (jids, group, tag), lambda jid: calls.untag(jid, [label]))
    return tally.tell("untagged", as_json)


@click.command(no_args_is_help=True)
@jobs_selected
@connected
@json_option
def track(client: Client, jids: Selected, group: str | None, tag: str | None, as_json: bool) -> int:
    """Mark jobs for people to follow.

    "pyjobs jobs --tracked" lists them.
    """
    return for_each(client, (jids, group, tag), calls.track).tell("tracked", as_json)


@click.command(no_args_is_help=True)
@jobs_selected
@connected
@json_option
def untrack(
    client: Client, jids: Selected, group: str | None, tag: str | None, as_json: bool
) -> int:
    """Take the mark off jobs again."""
    return for_each(client, (jids, group, tag), calls.untrack).tell("untracked", as_json)
