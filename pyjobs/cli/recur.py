"""`pyjobs recur`: jobs that the engine makes every so often."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import click

from pyjobs import calls
from pyjobs.cli.job_options import given
from pyjobs.cli.many import Outcome, carry_out
from pyjobs.cli.options import (
    DURATION,
    MOMENT,
    Command,
    connected,
    count_option,
    json_option,
    queue_argument,
    queue_names,
    read_data,
)
from pyjobs.cli.output import ago, console, duration, print_json, short, table
from pyjobs.cli.queues import known
from pyjobs.client import Client
from pyjobs.errors import InvalidArgument
from pyjobs.plans import settle, sliced
from pyjobs.recurring import RecurringJob

KLASS_HELP = "Import path of the job class: gnomes.Sweep."


def _times_of_day(value: str) -> tuple[str, str]:
    begins, dash, ends = value.partition("-")
    if not (begins and dash and ends):
        raise click.BadParameter(f"{value!r} is not FROM-TO")
    return begins, ends


BETWEEN = click.types.FuncParamType(_times_of_day)


def _template_options(command: Command) -> Command:
    for decorate in (
        click.option("--tz", metavar="ZONE", help="Whose clocks count.  [default: UTC]"),
        click.option(
            "--between", type=BETWEEN, metavar="FROM-TO", help="Only then, as in 08:00-18:30."
        ),
        click.option("--until", type=MOMENT, help="Moment after which none is made."),
        click.option("--count", type=int, help="So many in all.  [default: 0, no end]"),
        click.option(
            "--missed",
            type=click.Choice(["skip", "one", "all"]),
            help="What of missed ones is made up for.  [default: all; with --cron: one]",
        ),
        click.option(
            "--overlap",
            type=click.Choice(["allow", "skip", "queue", "replace"]),
            help="When the one before has not ended.  [default: allow]",
        ),
        click.option(
            "--backlog", type=int, help="Make up for so many missed ones.  [default: 0, all]"
        ),
        click.option("--lease", type=DURATION, help="How long each is handed out for."),
        click.option("--tag", "tags", multiple=True, help="A tag of each."),
        click.option("--retries", type=int, help="Further attempts of each.  [default: 5]"),
        click.option("--priority", type=int, help="Lower runs sooner.  [default: 0]"),
    ):
        command = decorate(command)
    return command


@click.group()
def recur() -> None:
    """Make a job every so often: add, list, update, remove."""


@recur.command(no_args_is_help=True)
@queue_argument
@click.argument("data", required=False)
@click.option("--every", type=DURATION, help="As in 90, 10m or 1d.")
@click.option("--cron", metavar="EXPRESSION", help="As in '0 5 * * tue'.")
@click.option("--offset", type=DURATION, default=0, help="How long until the first.")
@click.option("--klass", metavar="PATH", help=KLASS_HELP)
@click.option("--jid", metavar="JID", help="The id; one that exists is replaced.")
@_template_options
@connected
@json_option
def add(
    client: Client,
    queue: str,
    data: str | None,
    every: float | None,
    cron: str | None,
    offset: float,
    as_json: bool,
    **options: Any,
) -> None:
    """Put a job into QUEUE --every so often or by --cron, and print the recurring job's jid.

    DATA is a JSON value, - reads it from standard input.
    """
    wanted = {"klass": None, "offset": offset, **given(options)}
    value = read_data(data, "DATA")
    if cron is not None and every is None:
        jid = client.queue(queue).cron(data=value, expression=cron, **wanted)
    elif every is None or cron is not None:
        raise click.UsageError("Missing option '--every' or '--cron', one of them.")
    else:
        jid = client.queue(queue).recur(data=value, interval=every, **wanted)
    if as_json:
        print_json({"jid": jid})
    else:
        click.echo(jid)


@recur.command("list")
@click.argument("queues", nargs=-1, metavar="[QUEUE...]", shell_complete=queue_names)
@count_option
@connected
@json_option
def list_(client: Client, queues: tuple[str, ...], count: int, as_json: bool) -> None:
    """List recurring jobs: of all queues, or of some."""
    counts = known(client, queues) if queues else client.queues.counts
    names = [each.name for each in counts if each.recurring]
    found = list(itertools.islice(_templates(client, names), count))
    if as_json:
        print_json([described(template) for template in found])
    elif not found:
        click.echo("no recurring jobs")
    else:
        _show(found)


def _templates(client: Client, queues: Sequence[str]) -> Iterator[RecurringJob]:
    for queue in queues:
        cursor = ""
        while True:
            cursor, jids = client.run(calls.jobs(queue, "recurring", cursor, 100))
            for template in client.run(calls.recurring(jids)) if jids else []:
                if template is not None:
                    yield RecurringJob(client, template)
            if not cursor:
                break


def described(job: RecurringJob) -> dict[str, Any]:
    """Return what there is to say about a recurring job."""
    names = (
        *("jid", "klass_name", "queue_name", "state", "priority", "tags", "retries"),
        *("interval", "cron", "tz", "between", "next", "moments", "count", "left", "until"),
        *("missed", "backlog", "overlap", "last", "paused", "over", "waits_for_refill", "data"),
    )
    return {name: getattr(job, name) for name in names}


def _show(found: Sequence[RecurringJob]) -> None:
    shown = table(
        *("jid", "queue", "class", "when", "next", "made"),
        left=["jid", "queue", "class", "when", "next"],
    )
    for job in found:
        klass = short(job.klass_name)
        shown.add_row(job.jid, job.queue_name, klass, when(job), next_(job), f"{job.count:,}")
    console().print(shown)


def when(job: RecurringJob) -> str:
    """Say when jobs are made."""
    plain = job.interval is not None and job.tz is None
    return f"every {duration(job.interval)}" if plain else job.timing


def next_(job: RecurringJob) -> str:
    """Say when the next job is made."""
    if job.over is not None:
        return "over"
    if job.paused:
        return "paused"
    return ago(job.next) if job.next else "not known yet"


@recur.command(no_args_is_help=True)
@click.argument("jid")
@click.option("--every", type=DURATION, help="As in 90, 10m or 1d.")
@click.option("--cron", metavar="EXPRESSION", help="As in '0 5 * * tue'.")
@click.option("--data", metavar="JSON", help="New data; - reads it.")
@click.option("--queue", metavar="QUEUE", shell_complete=queue_names, help="Into this one.")
@click.option("--klass", metavar="PATH", help=KLASS_HELP)
@click.option("--pause/--unpause", "paused", default=None, help="Make no jobs, or some again.")
@_template_options
@connected
@json_option
def update(
    client: Client,
    jid: str,
    every: float | None,
    data: str | None,
    as_json: bool,
    tags: tuple[str, ...],
    **options: Any,
) -> None:
    """Change what is named of a recurring job, all of it or nothing.

    Jobs that it has made stay as they are.
    """
    changes = {"interval": every, "tags": list(tags), **options}
    changes = {name: value for name, value in changes.items() if value not in (None, [])}
    if not changes and data is None:
        raise click.UsageError("nothing to change: name an option")
    (template,) = client.run(calls.recurring([jid]))
    if template is None:
        raise InvalidArgument(f"there is no recurring job {jid}")
    job = RecurringJob(client, template)
    job.update(data=read_data(data, "--data"), **changes)
    if as_json:
        print_json(described(job))
    else:
        click.echo(f"updated {jid}")


@recur.command(no_args_is_help=True)
@click.argument("jids", nargs=-1, required=True, metavar="JID...")
@connected
@json_option
def remove(client: Client, jids: tuple[str, ...], as_json: bool) -> int:
    """End recurring jobs; the jobs that they have made stay."""

    def act(some: Sequence[str]) -> Outcome:
        answers = client.run(settle([calls.unrecur(jid) for jid in some], atomic=False))
        unknown = [jid for jid, answer in zip(some, answers, strict=True) if answer != 1]
        problems = {jid: f"there is no recurring job {jid}" for jid in unknown}
        return len(some) - len(problems), problems

    return carry_out(sliced(jids), len(jids), act).tell("removed", as_json)
