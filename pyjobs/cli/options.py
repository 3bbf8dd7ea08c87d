"""Options and arguments that several commands take."""

from __future__ import annotations

import functools
import io
import json
import math
import re
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any, NoReturn, TextIO, cast

import click
from click.shell_completion import CompletionItem

from pyjobs.client import Client
from pyjobs.errors import PyjobsError

Command = Callable[..., Any]

URL_HELP = "redis://, rediss://, unix://, embedded: (a private Valkey) or embedded:///folder."

STANDARD_INPUT = "-"

UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400}

_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")

COMPLETION_PATIENCE = 1.0
"""Seconds that the shell may have to wait for names to complete with."""

url_option = click.option("--url", envvar="PYJOBS_URL", show_envvar=True, help=URL_HELP)

namespace_option = click.option(
    "--namespace", envvar="PYJOBS_NAMESPACE", show_envvar=True, help="Default: pyjobs."
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON; times in seconds.")

MANY = 10**9

count_option = click.option(
    "--count",
    type=click.IntRange(1, MANY),
    default=25,
    show_default=True,
    help="Up to so many.",
)

offset_option = click.option(
    "--offset", type=click.IntRange(0, MANY), default=0, help="Leave out the first ones."
)


def connected(command: Command) -> Command:
    """Let a command take --url and --namespace, and give it the client as its first argument.

    An option `worker_name` of the command's own names the client.
    """

    @url_option
    @namespace_option
    @functools.wraps(command)
    def with_client(url: str | None, namespace: str | None, **arguments: Any) -> Any:
        worker_name = arguments.pop("worker_name", None)
        with Client(url, namespace=namespace, worker_name=worker_name) as client:
            return command(client, **arguments)

    return with_client


def duration(value: str | float) -> float:
    """Read a length of time, `90`, `1.5s`, `10m` or `1h30m`, into seconds."""
    if not isinstance(value, str):
        return float(value)
    seconds = _number(value)
    if seconds is None and _DURATION.fullmatch(value):
        seconds = sum(float(number) * UNITS[unit] for number, unit in _PART.findall(value))
    if seconds is None:
        raise click.BadParameter(
            f"{value!r} is no length of time: seconds, or numbers with ms, s, m, h, d as in 1h30m"
        )
    return seconds


def moment(value: str) -> float:
    """Read a moment into seconds since the epoch: those, or ISO 8601, local time without a zone."""
    seconds = _number(value)
    if seconds is None:
        with suppress(ValueError, OverflowError, OSError):
            seconds = datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp()
    if seconds is None:
        raise click.BadParameter(
            f"{value!r} is no moment: a date and time as in 2030-01-31T18:30, or seconds since "
            "the epoch"
        )
    return seconds


def _number(value: str) -> float | None:
    """Read a finite number that is not negative."""
    with suppress(ValueError):
        number = float(value)
        if math.isfinite(number) and number >= 0:
            return number
    return None


DURATION = click.types.FuncParamType(duration)
MOMENT = click.types.FuncParamType(moment)


def standard_input() -> TextIO:
    """Return standard input as text; bytes that are none are refused by what takes the text."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
    return sys.stdin


def read_data(text: str | None, name: str) -> Any:
    """Read a JSON value, which is on standard input when `text` is `-`; None when there is none."""

    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"{constant} is no JSON value")

    if text is None:
        return None
    if text == STANDARD_INPUT:
        text = standard_input().read()
    try:
        return json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise click.UsageError(f"{name} is no JSON: {error}") from None


def _names(find: Callable[[Client], Iterable[str]]) -> Callable[..., list[CompletionItem]]:
    """Complete a word with names that are found on the server; with none when it is away."""

    def complete(
        context: click.Context, _: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        given = context.params
        with suppress(PyjobsError, OSError):
            url, namespace = given.get("url"), given.get("namespace")
            quick: Any = {"socket_connect_timeout": COMPLETION_PATIENCE}
            with Client(url, namespace=namespace, **quick) as client:
                return [
                    CompletionItem(name) for name in find(client) if name.startswith(incomplete)
                ]
        return []

    return complete


queue_names = _names(lambda client: [each.name for each in client.queues.counts])
group_names = _names(lambda client: cast("dict[str, int]", client.jobs.failed()))
tag_names = _names(lambda client: client.tags())
flow_names = _names(lambda client: client.flows(count=100))
setting_names = _names(lambda client: client.config)
worker_names = _names(lambda client: [each.name for each in client.workers.counts])

queue_argument = click.argument("queue", shell_complete=queue_names)
