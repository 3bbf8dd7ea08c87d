"""All commands under one name, and what becomes of errors: one line, and an exit status.

0: done. 1: what was asked for is not so (no job to pop, a server that does not run, figures that do
not add up). 2: it could not be done. 130: Ctrl-C.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import io
import signal
import sys

import click
import redis

from pyjobs.cli.output import visible
from pyjobs.errors import PyjobsError

SECTIONS = {
    "Put and run": {
        "worker": "worker",
        "put": "put",
        "pop": "holding",
        "heartbeat": "holding",
        "complete": "holding",
        "fail": "holding",
        "release": "holding",
        "recur": "recur",
        "drain": "drain",
    },
    "Look": {
        "jobs": "jobs",
        "job": "job",
        "explain": "explain",
        "queues": "queues",
        "failed": "failed",
        "failures": "failures",
        "flow": "flow",
        "workers": "workers",
        "limits": "limits",
        "tenants": "limits",
        "revoked": "revoking",
        "stats": "stats",
        "events": "events",
        "top": "top",
        "wait": "wait",
    },
    "Operate": {
        "pause": "queues",
        "unpause": "queues",
        "move": "operate",
        "cancel": "operate",
        "revoke": "revoking",
        "restore": "revoking",
        "unfail": "operate",
        "retry": "operate",
        "timeout": "operate",
        "priority": "operate",
        "tag": "notes",
        "untag": "notes",
        "track": "notes",
        "untrack": "notes",
        "limit": "limits",
        "tenant": "limits",
        "config": "config",
    },
    "Server": {
        "server": "server",
        "engine": "engine",
        "demo": "demo",
    },
}
"""Every command, and the module of `pyjobs.cli` that has it; imported when it is asked for."""

MODULES = {name: module for section in SECTIONS.values() for name, module in section.items()}


class Program(click.Group):
    """The commands, of which only the one that runs is imported."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of all commands."""
        return list(MODULES)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        cmd_name: str,
    ) -> click.Command | None:
        """Import a command."""
        module = MODULES.get(cmd_name)
        if module is None:
            return None
        command: click.Command = getattr(importlib.import_module(f"pyjobs.cli.{module}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by what they are for."""
        limit = formatter.width - 6 - max(map(len, MODULES))
        for section, names in SECTIONS.items():
            commands = {name: self.get_command(ctx, name) for name in names}
            with formatter.section(section):
                formatter.write_dl(
                    [
                        (name, command.get_short_help_str(limit))
                        for name, command in commands.items()
                        if command is not None
                    ]
                )


@click.group(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda context, _, asked: _print_version(context) if asked else None,
    help="Show the version.",
)
def program() -> None:
    """A job engine that lives in Redis or Valkey.

    Every command takes --url, --namespace and --json after its name. The exit status is 0 when it
    is done, 1 when what was asked for is not so, 2 when it could not be done.
    """


def _print_version(context: click.Context) -> None:
    try:
        version = importlib.metadata.version("pyjobs")
    except importlib.metadata.PackageNotFoundError:
        version = "from a checkout that is not installed"
    click.echo(f"pyjobs {version}")
    context.exit()


def run() -> int:
    """Run the command that the arguments name; returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a file's name need not be valid text
            stream.reconfigure(errors="backslashreplace")
    try:
        status: int | None = program.main(prog_name="pyjobs", standalone_mode=False)
    except click.ClickException as error:
        return _complain(error)
    except (click.Abort, KeyboardInterrupt):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one has nothing left to stop
        return 128 + signal.SIGINT
    except (PyjobsError, redis.RedisError) as error:
        return _say(f"pyjobs: {error}")
    return status or 0


def _complain(error: click.ClickException) -> int:
    """Say what click has found wrong in a line; a command without arguments is helped."""
    if isinstance(error, getattr(click.exceptions, "NoArgsIsHelpError", ())):  # since 8.2
        error.show()
        return 2
    context = getattr(error, "ctx", None)
    if context is None:
        return _say(f"pyjobs: {error.format_message()}")
    path = context.command_path
    return _say(f"{path}: {error.format_message()} ({path} --help says more)")


def _say(line: str) -> int:
    click.echo(visible(" ".join(line.split())), err=True)
    return 2
