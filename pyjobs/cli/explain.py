"""`pyjobs explain`: why a job is not running."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import click

from pyjobs import calls
from pyjobs.calls import Explanation
from pyjobs.cli.options import connected, json_option
from pyjobs.cli.output import duration, moment, print_json, visible
from pyjobs.client import Client


@click.command(no_args_is_help=True)
@click.argument("jid")
@connected
@json_option
def explain(client: Client, jid: str, as_json: bool) -> None:
    """Say why a job is not running.

    The conditions are those that a pop goes by: what the job waits for, what comes before it, a
    queue that is paused or that no live worker serves.
    """
    found = client.run(calls.explain(jid))
    reasons = list(_reasons(found))
    if as_json:
        print_json({"jid": jid, **dataclasses.asdict(found), "reasons": reasons})
        return
    where = f" in {found.queue}" if found.queue else ""
    click.echo(visible(f"job {jid} is {found.state}{where}"))
    for reason in reasons:
        click.echo(visible(f"  {reason}"))


def _reasons(found: Explanation) -> Iterator[str]:
    """Say what stands between the job and a worker, in words."""
    since = f", {duration(max(found.now - found.since, 0))} ago" if found.since else ""
    if found.state == "running":
        yield from _running(found)
    elif found.state == "complete":
        yield f"it has been done{since}"
    elif found.state == "cancelled":
        yield f"it was cancelled{since}"
    elif found.state == "failed":
        yield f"it failed into the group {found.group!r}{since}: pyjobs unfail puts it back"
    else:
        yield from _before(found)
        yield from _queue(found)


def _running(found: Explanation) -> Iterator[str]:
    if found.stalled:
        ran_out = f" {duration(found.now - found.ends)} ago" if found.ends else ""
        yield f"the lease of {found.worker} ran out{ran_out}: the next pop takes the job from it"
        yield from _queue(found)
    else:
        ends = "never ends"
        if found.ends:
            ends = f"ends in {duration(found.ends - found.now)}"
        yield f"it runs, held by {found.worker}; the lease {ends}"


def _before(found: Explanation) -> Iterator[str]:
    if found.due is not None:
        late = found.now - found.due
        when = (
            f"in {duration(-late)}, {moment(found.due)}" if late < 0 else "now, with the next pop"
        )
        yield f"it is delayed: due {when}"
    if found.held:
        yield "it is held while more dependencies are being added"
    if found.unsealed:
        yield f"it is held until its flow is sealed: pyjobs flow {found.flow}"
    if found.waits:
        some = ", ".join(f"{jid} ({state})" for jid, state in found.parents.items())
        more = found.waits - len(found.parents)
        yield f"it waits for {found.waits:,} {_jobs(found.waits)}: {some}" + (
            f" and {more:,} more" if more > 0 else ""
        )
    if found.ahead:
        yield f"{found.ahead:,} {_jobs(found.ahead)} of its queue come first"
    elif found.state == "waiting":
        yield "it is the next one of its queue"


def _queue(found: Explanation) -> Iterator[str]:
    if found.paused:
        yield f"the queue is paused: pyjobs unpause {found.queue}"
    if found.workers:
        yield f"{found.workers:,} live {_plural('worker', found.workers)} of its queue"
    elif found.silent:
        yield (
            f"no live worker has told that it serves the queue; {found.silent:,} "
            f"{_plural('other', found.silent)} may"
        )
    else:
        yield "no live worker serves its queue"


def _jobs(number: int) -> str:
    return _plural("job", number)


def _plural(word: str, number: int) -> str:
    return word if number == 1 else f"{word}s"
