"""`pyjobs put`: jobs from the command line, one or one a line."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import click

from pyjobs.cli.job_options import JOB_OPTIONS, given, job_options
from pyjobs.cli.options import (
    connected,
    json_option,
    queue_argument,
    read_data,
    standard_input,
)
from pyjobs.cli.output import print_json
from pyjobs.client import Client

AT_ONCE = 1000
"""Lines that are read before their jobs are put and their jids printed."""


@click.command(no_args_is_help=True)
@queue_argument
@click.argument("data", required=False)
@click.option("--klass", metavar="PATH", help="Import path of the job class: gnomes.GnomesJob.")
@click.option("--lines", is_flag=True, help="Put a job for each line of standard input, a value.")
@job_options(JOB_OPTIONS)
@connected
@json_option
def put(
    client: Client,
    queue: str,
    data: str | None,
    klass: str | None,
    lines: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Put a job into QUEUE and print its jid.

    DATA is a JSON value, - reads it from standard input. Without --klass the job is a plain data
    item, which "pyjobs pop" hands to a shell script.

    \b
      pyjobs put underpants '{"count": 1}' --klass gnomes.GnomesJob --delay 10m
      ls *.png | jq -R | pyjobs put thumbnails --lines
    """
    fields = {"klass": klass, **given(options)}
    if lines:
        _put_lines(client, queue, data, fields, as_json)
        return
    jid = client.queue(queue).put(data=read_data(data, "DATA"), **fields)
    if as_json:
        print_json({"jid": jid, "outcome": jid.outcome})
    else:
        click.echo(jid)


def _put_lines(
    client: Client, queue: str, data: str | None, fields: dict[str, Any], as_json: bool
) -> None:
    if data is not None:
        raise click.UsageError("--lines reads standard input, and DATA is given too")
    if "jid" in fields:
        raise click.UsageError("--lines puts many jobs, and --jid names one")
    jobs = ({"data": value, **fields} for value in _lines())
    jids: list[str] = []
    while some := list(itertools.islice(jobs, AT_ONCE)):
        put_now = client.queue(queue).put_many(some)
        if as_json:
            jids += put_now
        else:
            click.echo("\n".join(put_now))
    if as_json:
        print_json({"jids": jids})


def _lines() -> Iterator[Any]:
    """Read a value from each line of standard input that is not empty."""
    for number, line in enumerate(standard_input(), 1):
        if line.strip():
            yield read_data(line, f"line {number}")
