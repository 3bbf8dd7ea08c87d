"""What the holder of a job does, from a shell: pop, heartbeat, complete, fail, release.

`pop` prints a lease as a word; the others take it. Nothing has to stay in memory in between.
"""

from __future__ import annotations

import os
import secrets
import socket
from typing import Any

import click

from pyjobs import calls, codec, options, plans
from pyjobs.cli.handles import Handle, handle_argument, handle_of
from pyjobs.cli.job_options import STAY, given, job_options
from pyjobs.cli.options import (
    DURATION,
    STANDARD_INPUT,
    connected,
    group_names,
    json_option,
    queue_names,
    read_data,
    standard_input,
)
from pyjobs.cli.output import moment, print_json, print_line
from pyjobs.client import Client
from pyjobs.job import Job

LEASE_HELP = "How long it is handed out for, as in 90 or 5m.  [default: the job's, the queue's]"

TEXT_LIMIT = 16_384
"""Bytes of a failure's message: `TEXT` in `lua/rules/limits.lua`."""

data_option = click.option("--data", metavar="JSON", help="New data of the job; - reads it.")


@click.command(no_args_is_help=True)
@click.argument("queues", nargs=-1, required=True, metavar="QUEUE...", shell_complete=queue_names)
@click.option("--count", type=click.IntRange(1, 100), default=1, help="Up to so many jobs.")
@click.option("--wait", type=DURATION, default=0, help="How long to wait for one.")
@click.option("--lease", type=DURATION, help=LEASE_HELP)
@click.option(
    "--worker",
    "worker_name",
    envvar="PYJOBS_WORKER",
    show_envvar=True,
    default=lambda: f"{socket.gethostname()[:150]}-shell-{os.getsid(0)}",
    show_default="host and session",
    help="Who holds it.",
)
@connected
@json_option
def pop(
    client: Client,
    queues: tuple[str, ...],
    count: int,
    wait: float,
    lease: float | None,
    as_json: bool,  # noqa: ARG001 - it is JSON in any case
) -> int:
    """Take jobs from queues, and print each as a line of JSON.

    Those of the first queue come first. The "lease" that is printed goes to heartbeat, complete,
    fail or release. The exit status is 1 when there is no job.

    \b
      while job=$(pyjobs pop thumbnails --wait 1m); do
        lease=$(jq -r .lease <<< "$job")
        convert "$(jq -r .data <<< "$job")" && pyjobs complete "$lease" || pyjobs fail "$lease" bad
      done
    """
    jobs = client.pop(queues, count, wait=wait, lease=lease)
    for job in jobs:
        print_line(_held(job))
    return 0 if jobs else 1


def _held(job: Job) -> dict[str, Any]:
    names = (
        *("jid", "queue_name", "klass_name", "data", "priority", "tags"),
        *("attempt", "retries_left", "expires"),
    )
    return {**{name: getattr(job, name) for name in names}, "lease": handle_of(job)}


@click.command(no_args_is_help=True)
@handle_argument
@click.option("--lease", type=DURATION, help="Its new length, from now.")
@connected
@json_option
def heartbeat(client: Client, handle: Handle, lease: float | None, as_json: bool) -> None:
    """Prolong the LEASE of a job, and print when it ends."""
    length = None if lease is None else options.milliseconds(lease, "lease")
    (ends,) = client.run(calls.heartbeat(handle.worker, [handle.lease], length))
    if isinstance(ends, Exception):
        raise ends
    if as_json:
        print_json({"jid": handle.lease.jid, "expires": ends / 1000 if ends else None})
    else:
        click.echo(moment(ends / 1000) if ends else "never")


@click.command(no_args_is_help=True)
@handle_argument
@click.option("--next", "next_queue", metavar="QUEUE", help="On to this queue.")
@data_option
@click.option("--result", metavar="JSON", help="What is kept if it was put with --keep-result.")
@job_options(STAY)
@connected
@json_option
def complete(
    client: Client,
    handle: Handle,
    next_queue: str | None,
    data: str | None,
    result: str | None,
    as_json: bool,
    **stay: Any,
) -> None:
    """Complete the job of a LEASE, for good or into the next queue."""
    wire, slices, rest = plans.held_back(options.to_wire(given(stay)))
    kept = None if result is None else codec.encode(read_data(result, "--result"))
    payload = _packed(data)
    call = calls.complete(handle.lease, payload, next_queue or "", options.pack(wire), kept)
    state = client.run(plans.then_depend(call, handle.lease.jid, slices, rest))
    _tell(handle, state, as_json)


@click.command(no_args_is_help=True)
@handle_argument
@click.argument("group", shell_complete=group_names)
@click.argument("message", default="")
@click.option("--retry", is_flag=True, help="Ask for another attempt; it fails if none is left.")
@click.option("--delay", type=DURATION, help="How long that one waits.  [default: its backoff]")
@data_option
@connected
@json_option
def fail(
    client: Client,
    handle: Handle,
    group: str,
    message: str,
    retry: bool,
    delay: float | None,
    data: str | None,
    as_json: bool,
) -> None:
    """Fail the job of a LEASE into a failure GROUP.

    MESSAGE says why, - reads it from standard input.
    """
    if message == STANDARD_INPUT:
        message = _cut(standard_input().read().rstrip("\n"))
    if retry and data is not None:
        raise click.UsageError("--retry keeps the data, and --data gives new ones")
    if delay is not None and not retry:
        raise click.UsageError("--delay goes with --retry")
    if retry:
        wait = None if delay is None else options.milliseconds(delay, "delay")
        dice = secrets.randbelow(calls.DICE)
        call = calls.retry(handle.lease, wait, group, message, dice=dice)
    else:
        call = calls.fail(handle.lease, group, message, _packed(data))
    _tell(handle, client.run(call), as_json)


@click.command(no_args_is_help=True)
@handle_argument
@click.option("--delay", type=DURATION, default=0, help="How long it waits.")
@connected
@json_option
def release(client: Client, handle: Handle, delay: float, as_json: bool) -> None:
    """Give the job of a LEASE back, as if it had not been popped.

    It keeps its place, and no retry is counted.
    """
    state = client.run(calls.release(handle.lease, options.milliseconds(delay, "delay")))
    _tell(handle, state, as_json)


def _cut(text: str) -> str:
    """Keep the end of a text that is longer than a message: of a traceback, what it came to."""
    return text.encode(errors="replace")[-TEXT_LIMIT:].decode(errors="ignore")


def _packed(data: str | None) -> bytes:
    return b"" if data is None else codec.encode(read_data(data, "--data"))


def _tell(handle: Handle, state: str, as_json: bool) -> None:
    """Say what became of a job."""
    if as_json:
        print_json({"jid": handle.lease.jid, "state": state})
    else:
        click.echo(f"{handle.lease.jid} is {state}")
