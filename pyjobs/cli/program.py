"""All commands under one name, and what becomes of errors: one line, and an exit status.

0: done. 1: what was asked for is not so (no such job, a server that does not run, figures that do
not add up). 2: it could not be done. 130: Ctrl-C.
"""

from __future__ import annotations

import importlib.metadata
import io
import signal
import sys

import click
import redis

from pyjobs.cli.demo import demo
from pyjobs.cli.look import job, queues
from pyjobs.cli.server import server
from pyjobs.errors import JobNotFound, PyjobsError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda context, _, asked: _print_version(context) if asked else None,
    help="Show the version.",
)
def program() -> None:
    """A job engine that lives in Redis or Valkey."""


def _print_version(context: click.Context) -> None:
    try:
        version = importlib.metadata.version("pyjobs")
    except importlib.metadata.PackageNotFoundError:
        version = "from a checkout that is not installed"
    click.echo(f"pyjobs {version}")
    context.exit()


for command in (demo, server, job, queues):
    program.add_command(command)


def run() -> int:
    """Run the command that the arguments name; returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a file's name need not be valid text
            stream.reconfigure(errors="backslashreplace")
    try:
        status: int | None = program.main(prog_name="pyjobs", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one has nothing left to stop
        return 128 + signal.SIGINT
    except JobNotFound as error:
        return _say(error, 1)
    except (PyjobsError, redis.RedisError) as error:
        return _say(error, 2)
    return status or 0


def _say(error: Exception, status: int) -> int:
    click.echo(f"pyjobs: {error}", err=True)
    return status
