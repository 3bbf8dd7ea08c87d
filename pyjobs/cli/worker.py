"""`pyjobs worker`: processes that run jobs, until a signal says otherwise."""

from __future__ import annotations

import gc
import logging
import os
import time
from contextlib import closing
from pathlib import Path
from typing import Any, get_args

import click

from pyjobs import calls, plans
from pyjobs.cli.options import DURATION, namespace_option, queue_names, url_option
from pyjobs.cli.worker_duties import cores, duties_of, silence_of
from pyjobs.client import Client, place
from pyjobs.connections import Connections
from pyjobs.engine import Broken, Send
from pyjobs.errors import ConnectionError, ReadOnlyServer, ServerError, ServerLoading
from pyjobs.worker import logs, reporting
from pyjobs.worker.options import Policy, PoolName, WorkerOptions
from pyjobs.worker.patterns import expand, is_pattern
from pyjobs.worker.supervisor import Supervisor
from pyjobs.worker.titles import set_title

log = logging.getLogger("pyjobs.worker")

AWAY = (ConnectionError, ServerLoading, ReadOnlyServer)
"""What is waited out when the server is first asked."""

PAUSE = 2.0
"""Seconds between two tries to reach the server at the start."""

AT_A_TIME = {
    "threads": "%d threads",
    "sync": "%d job at a time",
    "asyncio": "%d tasks",
    "greenlets": "%d greenlets",
}


@click.command(short_help="Run jobs, in as many processes as there are cores.")
@click.option(
    *("-q", "--queue", "queues"),
    multiple=True,
    required=True,
    shell_complete=queue_names,
    metavar="PATTERN[=WEIGHT]",
    help="A queue, a pattern as 'mail-*', or with '!' what is left out; repeat for more.",
)
@click.option(
    *("-w", "--workers"),
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Processes; default: the cores.",
)
@click.option(
    "--pool",
    type=click.Choice(get_args(PoolName)),
    help="What runs the jobs of a process; default: threads.",
)
@click.option("--concurrency", type=int, metavar="N", help="Jobs at a time in each process.")
@click.option(
    "-g", "--greenlets", type=int, metavar="N", help="As --pool greenlets --concurrency N."
)
@click.option(
    "--policy",
    type=click.Choice(get_args(Policy)),
    help="Queues in order, in turns, by weight; default: ordered, by weight if one has one.",
)
@click.option("--lease", type=DURATION, help="Length of the leases, which are renewed.")
@click.option(
    "--run-within", type=DURATION, help="Time for a job, then RunTimeout is raised in it."
)
@click.option("--kill-within", type=DURATION, help="Time for a job, then its process is replaced.")
@click.option(
    "--grace",
    type=DURATION,
    default=30.0,
    help="Time for running jobs when it stops; default: 30s.",
)
@click.option(
    *("-i", "--interval"), type=DURATION, default=4.0, help="The longest sleep, never over 4s."
)
@click.option(
    "--silence",
    type=DURATION,
    default=60.0,
    help="Kill a process that gives no sign of life for so long; default: 1m.",
)
@click.option("--max-jobs", type=int, metavar="N", help="Replace a process after so many jobs.")
@click.option(
    "--max-memory", type=click.IntRange(1), metavar="MB", help="... that has grown to this."
)
@click.option(
    "--allow", multiple=True, metavar="PREFIX", help="Run only classes below these paths."
)
@click.option(
    "-m", "--import", "imports", multiple=True, metavar="MODULE", help="Import before forking."
)
@click.option(
    *("-p", "--path", "paths"),
    multiple=True,
    type=click.Path(exists=True, file_okay=False),
    help="Folder to import from, before this one.",
)
@click.option(
    "--hooks", multiple=True, metavar="MODULE:NAME", help="Hooks to call around each job."
)
@click.option(
    *("-d", "--workdir"),
    type=click.Path(file_okay=False, path_type=Path),
    help="Give each job an empty folder in this one, as job.sandbox.",
)
@click.option(
    "-r", "--resume", is_flag=True, help="Put jobs back that dead processes of this host hold."
)
@click.option("--reload", is_flag=True, help="Load a job's module anew when its file has changed.")
@click.option("--no-wait", is_flag=True, help="Give up when the server is not there at the start.")
@click.option("-n", "--name", default="", help="Put before the processes' own names.")
@click.option("-v", "--verbose", is_flag=True, help="Log a line for each job.")
@click.option(
    "--log-format", type=click.Choice(get_args(logs.Format)), default="text", help="Default: text."
)
@click.option("--host", help="Instead of --url.")
@click.option("--port", type=click.IntRange(1, 65535), help="Instead of --url.")
@url_option
@namespace_option
def worker(**given: Any) -> int:
    """Run the jobs of some queues, in as many processes as there are cores.

    TERM and Ctrl-C: take nothing more, finish, give back what does not finish in time; the second
    time: give everything back now. HUP replaces the processes one by one, USR1 pauses and resumes,
    QUIT prints every stack.
    """
    logs.configure(given["log_format"], given["verbose"])
    duties, silence = duties_of(given), silence_of(given["silence"])
    options, count = duties.options, given["workers"] or cores()
    # Kept while it runs: an embedded server stays for as long as somebody uses it.
    with duties.connect("") as client:
        with closing(client.reserve()) as connections:
            _reach(client, connections, waits=not given["no_wait"])
            _mention_unmatched(connections, options)
        _announce(client, options, count)
        gc.freeze()  # what is collected in one process would be copied there first
        return Supervisor(duties.work, count, grace=options.grace, silence=silence).run()


def _reach(client: Client, connections: Connections, waits: bool) -> None:
    """Ask the server something, for as long as it takes."""
    said = ""
    while trouble := _trouble(client, connections):
        if not waits:
            raise trouble
        if str(trouble) != said:
            said = str(trouble)
            log.warning("%s; trying again until it answers", said)
        time.sleep(PAUSE)
    if said:
        log.info("the server answers")


def _trouble(client: Client, connections: Connections) -> ServerError | None:
    """Return why the server does not answer; raises what will not pass."""
    answer = connections.run(_ping())
    if isinstance(answer, Broken):
        return ConnectionError(f"{place(client.server)} cannot be reached: {answer.message}")
    try:
        connections.run(calls.settings(["heartbeat"]))
    except AWAY as error:
        return error
    return None


def _ping() -> plans.Plan[Any]:
    return (yield Send(("PING",)))


def _mention_unmatched(connections: Connections, options: WorkerOptions) -> None:
    patterns = [pattern for pattern in options.queues if is_pattern(pattern)]
    known = [each.name for each in connections.run(plans.pages(calls.queues))] if patterns else []
    for pattern in patterns:
        if not expand([pattern], known):
            log.warning("no queue matches %r yet", pattern)


def _announce(client: Client, options: WorkerOptions, count: int) -> None:
    version = f"pyjobs {reporting.version()}".rstrip()
    processes = "1 process" if count == 1 else f"{count} processes"
    served, each = ", ".join(options.queues), AT_A_TIME[options.pool] % options.slots
    log.info(
        "%s (pid %d): %s of %s for %s, in namespace %s on %s",
        *(version, os.getpid(), processes, each, served, client.namespace, place(client.server)),
    )
    set_title(f"{processes} of {each} for {served}")
