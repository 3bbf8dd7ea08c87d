"""`pyjobs events`: what happens, as it happens."""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Iterator

import click
from rich.console import Console
from rich.text import Text

from pyjobs.cli.options import connected, duration, json_option, queue_names
from pyjobs.cli.options import moment as read_moment
from pyjobs.cli.output import console, moment, print_line, visible
from pyjobs.client import Client
from pyjobs.errors import ConnectionError, ServerLoading
from pyjobs.events import JobEvent

NOW = "$"

PAUSE = 1.0
"""Seconds between two tries to reach a server that has gone away."""

COLOURS = {
    "failed": "red",
    "stalled": "red",
    "timed-out": "red",
    "retried": "yellow",
    "done": "green",
    "popped": "cyan",
}


def cursor(value: str) -> str:
    """Read where to start: a cursor, a moment, or a length of time before now."""
    if re.fullmatch(r"\$|0|\d+-\d+", value):
        return value
    try:
        dated = re.match(r"\d{4}-", value)
        seconds = read_moment(value) if dated else time.time() - duration(value)
    except click.BadParameter:
        raise click.BadParameter(
            f"{value!r} is none of: a length of time (10m), a moment (2030-01-31T18:30), "
            "a cursor, or 0 for the oldest kept"
        ) from None
    # A cursor is the server's milliseconds, and a number among those of one millisecond.
    return f"{max(round(seconds * 1000) - 1, 0)}-0"


@click.command()
@click.option(
    "--since", type=cursor, metavar="WHEN", help="10m, a moment, a cursor, or 0.  [default: now]"
)
@click.option("--follow/--no-follow", "-f", default=None, help="Wait for more.  [default: follow]")
@click.option("--queue", "queues", multiple=True, shell_complete=queue_names, help="Only of it.")
@click.option("--jid", "jids", multiple=True, metavar="JID", help="Only of this job.")
@click.option("--what", "whats", multiple=True, metavar="WORD", help="Only put, popped, failed...")
@connected
@json_option
def events(
    client: Client,
    since: str | None,
    follow: bool | None,
    queues: tuple[str, ...],
    jids: tuple[str, ...],
    whats: tuple[str, ...],
    as_json: bool,
) -> None:
    """Follow what happens to jobs, like tail -f.

    With --json each is an object on a line, whose "cursor" goes to --since to go on after it.
    """
    screen = console()
    if follow is None or follow:
        found = _followed(client, since or NOW)
    else:
        found = client.events.listen(since or "0", wait=0)
    for event in found:
        right = (not queues or event.queue in queues) and (not jids or event.jid in jids)
        if right and (not whats or event.what in whats):
            if as_json:
                print_line(dataclasses.asdict(event))
            else:
                _show(screen, event)


def _followed(client: Client, since: str) -> Iterator[JobEvent]:
    """Yield events for ever, also when the server goes away for a while."""
    seen = client.events.last() if since == NOW else since
    away = False
    while True:
        try:
            for event in client.events.listen(seen):
                seen, away = event.cursor, False
                yield event
        except (ConnectionError, ServerLoading) as error:  # noqa: PERF203 - once an outage
            if not away:
                click.echo(visible(f"pyjobs: {error}; waiting for it"), err=True)
            away = True
            time.sleep(PAUSE)


def _show(screen: Console, event: JobEvent) -> None:
    line = Text(moment(event.time), style="dim")
    line.append(f"  {event.what:<10}", style=COLOURS.get(event.what, "none"))
    parts = (event.queue, event.jid, event.worker and f"by {event.worker}", event.details)
    line.append(f"  {visible('  '.join(part for part in parts if part))}", style="none")
    screen.print(line, soft_wrap=True)
