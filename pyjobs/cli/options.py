"""Options that several commands take."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from pyjobs.client import Client

Command = Callable[..., Any]

URL_HELP = "redis://, rediss://, unix://, embedded: (a private Valkey) or embedded:///folder."

url_option = click.option("--url", envvar="PYJOBS_URL", show_envvar=True, help=URL_HELP)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON; times in seconds.")


def connected(command: Command) -> Command:
    """Let a command take --url and --namespace, and give it the client as its first argument."""

    @url_option
    @click.option(
        "--namespace", envvar="PYJOBS_NAMESPACE", show_envvar=True, help="Default: pyjobs."
    )
    @functools.wraps(command)
    def with_client(url: str | None, namespace: str | None, **arguments: Any) -> Any:
        with Client(url, namespace=namespace) as client:
            return command(client, **arguments)

    return with_client
