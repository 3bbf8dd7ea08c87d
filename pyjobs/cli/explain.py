"""`pyjobs explain`: why a job is not running."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import click

from pyjobs import calls
from pyjobs.calls import Explanation, LimitState
from pyjobs.cli.options import connected, json_option
from pyjobs.cli.output import ago, duration, moment, print_json, visible
from pyjobs.cli.recur import when
from pyjobs.client import Client
from pyjobs.recurring import RecurringJob

OVERLAPS = {
    "allow": "makes a job all the same",
    "skip": "makes no job",
    "queue": "makes a job that waits for it",
    "replace": "makes a job in its place, or after it if it runs",
}
"""What a slot does while the job before has not ended, by the policy."""


@click.command(no_args_is_help=True)
@click.argument("jid")
@connected
@json_option
def explain(client: Client, jid: str, as_json: bool) -> None:
    """Say why a job is not running, or a recurring job makes none.

    The conditions are those that a pop goes by: what the job waits for, what comes before it, a
    queue that is paused or that no live worker serves.
    """
    (template,) = client.run(calls.recurring([jid]))
    if template is not None:
        _explain_recurring(RecurringJob(client, template), template, as_json)
        return
    found = client.run(calls.explain(jid))
    reasons = list(_reasons(found, jid))
    if as_json:
        print_json({"jid": jid, **dataclasses.asdict(found), "reasons": reasons})
        return
    where = f" in {found.queue}" if found.queue else ""
    click.echo(visible(f"job {jid} is {found.state}{where}"))
    for reason in reasons:
        click.echo(visible(f"  {reason}"))


def _explain_recurring(job: RecurringJob, template: calls.Template, as_json: bool) -> None:
    reasons = list(_of_template(job, template))
    if as_json:
        print_json({"jid": job.jid, "state": job.state, "reasons": reasons})
        return
    click.echo(visible(f"recurring job {job.jid} makes jobs in {job.queue_name} {when(job)}"))
    for reason in reasons:
        click.echo(visible(f"  {reason}"))


def _of_template(job: RecurringJob, template: calls.Template) -> Iterator[str]:
    """Say what stands between a recurring job and its next job, in words."""
    if job.over is not None:
        yield f"it is over since {moment(job.over)}: {job.count:,} jobs were made"
        return
    if job.paused:
        yield f"it is paused: pyjobs recur update {job.jid} --unpause"
        return
    if template.resting:
        yield f"its slots pass unused: the queue is paused: pyjobs unpause {job.queue_name}"
    if job.waits_for_refill:
        yield "its next moments are not known: it waits for a worker with pyjobs[cron] to tell them"
    elif job.next:
        yield f"the next job is due {ago(job.next)}, {moment(job.next)}"
    if template.last_state and template.last_state not in {"complete", "failed"}:
        does = OVERLAPS[job.overlap]
        yield f"job {job.last} is {template.last_state}: a slot before its end {does}"


def _reasons(found: Explanation, jid: str) -> Iterator[str]:
    """Say what stands between the job and a worker, in words."""
    since = f", {duration(max(found.now - found.since, 0))} ago" if found.since else ""
    if found.state == "running":
        yield from _running(found)
        yield from _limits(found, jid)
    elif found.state == "complete":
        yield f"it has been done{since}"
    elif found.state == "cancelled":
        yield f"it was cancelled{since}"
    elif found.state == "failed":
        yield f"it failed into the group {found.group!r}{since}: pyjobs unfail puts it back"
    else:
        yield from _before(found)
        yield from _revoked(found, jid)
        yield from _limits(found, jid)
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
    if found.state == "waiting":
        yield from _in_line(found)
    if found.order_key:
        ((jid, state),) = found.behind.items()
        yield (
            f"{found.ahead:,} {_jobs(found.ahead)} of its order key {found.order_key!r} "
            f"{_come(found.ahead)} first: {jid} ({state})"
        )
    for limit in found.limits:
        yield from _limited(found, limit)


def _in_line(found: Explanation) -> Iterator[str]:
    whose = "its queue" if found.lanes is None else f"its tenant {found.tenant!r}"
    if found.lanes is not None and not found.tenant:
        whose = "those without a tenant"
    if found.ahead:
        yield f"{found.ahead:,} {_jobs(found.ahead)} of {whose} {_come(found.ahead)} first"
    else:
        yield f"it is the next one of {whose}"
    if found.lanes is not None:
        before, count = found.lanes
        yield f"{before:,} of {count:,} {_plural('tenant', count)} have their turn before"


def _limited(found: Explanation, limit: LimitState) -> Iterator[str]:
    if limit.open != 0 and limit.ahead is None:
        return
    said = [f"the limit {limit.name!r}"]
    if limit.at_once is not None:
        said.append(f"{limit.running:,} of {limit.at_once:,} at once run")
    if limit.rate is not None:
        said.append(f"{limit.rate:,} start in {duration(limit.per)}")
    if limit.opens is not None:
        said.append(f"the next one in {duration(max(limit.opens - found.now, 0))}")
    if limit.ahead:
        said.append(f"{limit.ahead:,} {_jobs(limit.ahead)} {_come(limit.ahead)} first")
    yield ", ".join(said)


def _revoked(found: Explanation, jid: str) -> Iterator[str]:
    fate = "a worker that comes to it cancels it, or fails it if others wait for it"
    if found.revoked == "job":
        yield f"it is revoked: {fate}; pyjobs restore {jid}"
    elif found.revoked == "once":
        yield f"the next job of its class is revoked: if that is this one, {fate}"
    elif found.revoked:
        until = f" until {moment(found.until)}" if found.until else ""
        yield f"all jobs of its class are revoked{until}: {fate}"


def _limits(found: Explanation, jid: str) -> Iterator[str]:
    if found.unique:
        holder = found.holder if found.holder != jid else "it"
        yield f"it was put under the key {found.unique!r}, which {holder or 'nobody'} holds"
    if found.start_by is not None:
        fate = {"cancel": "it is cancelled", "fail": "it fails"}.get(
            found.late, f"{found.late} runs in its place"
        )
        yield f"if it is not started by {moment(found.start_by)}, {fate}"
    if found.finish_by is not None:
        yield f"if it is not done by {moment(found.finish_by)}, it fails"
    if found.lost:
        most = f" of the {found.poison:,} that stop it" if found.poison else ""
        yield f"{found.lost:,} {_plural('lease', found.lost)} on it were lost{most}"


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


def _come(number: int) -> str:
    return "comes" if number == 1 else "come"


def _plural(word: str, number: int) -> str:
    return word if number == 1 else f"{word}s"
