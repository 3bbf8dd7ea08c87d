"""`pyjobs job`: everything about one job."""

from __future__ import annotations

import dataclasses
import json
import time
from typing import Any

import click

from pyjobs import calls, codec
from pyjobs.cli.options import connected, json_option
from pyjobs.cli.output import (
    console,
    duration,
    facts,
    history_table,
    moment,
    plain,
    print_json,
)
from pyjobs.cli.recur import described, next_, when
from pyjobs.client import Client
from pyjobs.errors import JobNotFound
from pyjobs.job import Job
from pyjobs.recurring import RecurringJob

SHOWN_CHARACTERS, SHOWN_LINES = 2000, 40
"""How much of a job's data is shown; --json shows all."""

SHOWN_JIDS = 5


@click.command(no_args_is_help=True)
@click.argument("jid")
@connected
@json_option
def job(client: Client, jid: str, as_json: bool) -> None:
    """Show everything about a job.

    Its state, its data, its history; or those of a recurring job.
    """
    found = client.jobs[jid]
    if as_json:
        print_json(described(found) if isinstance(found, RecurringJob) else _job(found))
    elif isinstance(found, RecurringJob):
        _show_recurring(found)
    else:
        _show_job(found)


def _job(job: Job) -> dict[str, Any]:
    names = (
        *("jid", "klass_name", "queue_name", "state", "priority", "tags", "tracked", "origin"),
        *("attempt", "retries_left", "original_retries", "worker_name", "expires", "since"),
        *("run_within", "kill_within", "keep_result", "context", "limits", "order_key", "tenant"),
        *("dependencies", "dependents", "data"),
    )
    return {
        **{name: getattr(job, name) for name in names},
        "result": _result(job),
        "failure": dataclasses.asdict(job.failure) if job.failure else None,
        "history": [dataclasses.asdict(event) for event in job.history],
    }


def _show_job(job: Job) -> None:
    screen = console()
    screen.print(
        facts(
            [
                ("job", job.jid),
                ("class", job.klass_name or "none, plain data"),
                ("queue", job.queue_name),
                ("state", job.state + (", tracked" if job.tracked else "")),
                ("priority", job.priority),
                ("tags", ", ".join(job.tags)),
                ("origin", job.origin),
                ("attempts", f"{job.attempt} ({job.retries_left} retries left)"),
                ("held by", job.worker_name),
                ("lease", _lease(job)),
                ("waits for", _some(job.dependencies)),
                ("wait for it", _some(job.dependents)),
                *_failure(job),
                ("interrupted", _limit(job.run_within)),
                ("killed", _limit(job.kill_within)),
                ("context", ", ".join(f"{name}={value}" for name, value in job.context.items())),
                ("data", _data(job.data)),
                ("result", None if (result := _result(job)) is None else _data(result)),
            ]
        )
    )
    screen.print()
    screen.print(history_table(job.history))


def _limit(seconds: float | None) -> str | None:
    return f"after {duration(seconds)}" if seconds else None


def _result(job: Job) -> Any:
    """Return what the work returned, if that is kept."""
    if job.state != "complete" or not job.keep_result:
        return None
    try:
        packed = job.client.run(calls.result(job.jid)).result
    except JobNotFound:  # since it was looked up
        return None
    return None if packed is None else codec.decode(packed)


def _lease(job: Job) -> str | None:
    if job.expires is None:
        return None
    left = job.expires - time.time()
    tense = f"ends in {duration(left)}" if left > 0 else f"ran out {duration(-left)} ago"
    return f"{tense}, {moment(job.expires)}"


def _some(jids: list[str]) -> str | None:
    more = len(jids) - SHOWN_JIDS
    shown = ", ".join(jids[:SHOWN_JIDS])
    return f"{shown} and {more:,} more" if more > 0 else shown


def _failure(job: Job) -> list[tuple[str, object]]:
    if job.failure is None:
        return []
    failure = job.failure
    group = f"{failure.group} (after {failure.cause})" if failure.cause else failure.group
    return [("failed", f"{group}, {moment(failure.when)}"), ("message", failure.message)]


def _data(data: Any) -> str:
    text = json.dumps(plain(data), indent=2, ensure_ascii=False)
    shown = "\n".join(text[:SHOWN_CHARACTERS].splitlines()[:SHOWN_LINES])
    if len(shown) < len(text):
        shown += f"\n... ({len(text):,} characters; --json shows all)"
    return shown


def _left(job: RecurringJob) -> str:
    return "" if job.left is None else f", and {job.left:,} more to come"


def _show_recurring(job: RecurringJob) -> None:
    console().print(
        facts(
            [
                ("recurring job", job.jid),
                ("class", job.klass_name or "none, plain data"),
                ("queue", job.queue_name),
                ("when", when(job) + (", paused" if job.paused else "")),
                ("next", moment(job.next) if job.next else next_(job)),
                ("until", "no end" if job.until is None else moment(job.until)),
                ("made", f"{job.count:,} jobs" + _left(job)),
                ("missed", f"{job.missed}, at most {job.backlog}" if job.backlog else job.missed),
                ("overlap", job.overlap),
                ("priority", job.priority),
                ("retries", job.retries),
                ("tags", ", ".join(job.tags)),
                ("data", _data(job.data)),
            ]
        )
    )
