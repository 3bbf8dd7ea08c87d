"""The options of a job as options of a command, from one table that mirrors JobOptions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import click

from pyjobs.cli.options import DURATION, MOMENT, Command, tag_names


@dataclass(frozen=True)
class JobOption:
    """How one option of JobOptions is called and read on the command line."""

    flag: str
    type: Any
    help: str
    many: bool = False
    complete: Callable[..., Any] | None = None


def context_value(value: str) -> tuple[str, str]:
    """Read one context value, `name=value`."""
    name, equals, text = value.partition("=")
    if not name or not equals:
        raise click.BadParameter(f"{value!r} is not NAME=VALUE")
    return name, text


JOB_OPTIONS = {
    "priority": JobOption("--priority", int, "Lower runs sooner, like niceness.  [default: 0]"),
    "delay": JobOption("--delay", DURATION, "Time before it may run, as in 90, 10m or 1h30m."),
    "at": JobOption("--at", MOMENT, "Moment before which it does not run."),
    "depends": JobOption("--depends", str, "A job that has to be complete before.", many=True),
    "missing": JobOption(
        "--missing",
        click.Choice(["done", "refuse"]),
        "What an unknown dependency counts as.  [default: done]",
    ),
    "parent_failure": JobOption(
        "--parent-failure",
        click.Choice(["wait", "fail", "cancel", "run"]),
        "What becomes of it when a dependency fails.  [default: wait]",
    ),
    "run_when": JobOption(
        "--run-when",
        click.Choice(["complete", "failed", "ended"]),
        "At which end of its dependencies it runs.  [default: complete]",
    ),
    "flow": JobOption("--flow", str, "The flow of which it becomes a member."),
    "retries": JobOption("--retries", int, "Further attempts after the first.  [default: 5]"),
    "tags": JobOption("--tag", str, "A tag.", many=True, complete=tag_names),
    "lease": JobOption("--lease", DURATION, "How long it is handed out for; 0: for good."),
    "run_within": JobOption("--run-within", DURATION, "Time until an attempt is interrupted."),
    "kill_within": JobOption("--kill-within", DURATION, "Time until its process is replaced."),
    "limits": JobOption("--limit", str, "A limit that it starts under.", many=True),
    "order_key": JobOption("--order-key", str, "Jobs of one key run one after another."),
    "tenant": JobOption("--tenant", str, "Tenants of a queue take turns."),
    "start_within": JobOption("--start-within", DURATION, "Time in which it has to be started."),
    "if_late": JobOption(
        "--if-late", str, "What becomes of it then: cancel, fail or a class.  [default: cancel]"
    ),
    "finish_within": JobOption("--finish-within", DURATION, "Time in which it has to be done."),
    "retry_on": JobOption(
        "--retry-on", str, "An exception after which it is tried again.", many=True
    ),
    "give_up_on": JobOption(
        "--give-up-on", str, "An exception after which it fails at once.", many=True
    ),
    "poison_after": JobOption(
        "--poison-after", int, "Lost leases that stop it; 0: any number.  [default: the setting]"
    ),
    "unique": JobOption("--unique", str, "A key that one job holds at a time."),
    "unique_until": JobOption(
        "--unique-until",
        click.Choice(["started", "done"]),
        "Until when it holds its key.  [default: done]",
    ),
    "unique_for": JobOption("--unique-for", DURATION, "How long it holds its key instead."),
    "if_duplicate": JobOption(
        "--if-duplicate",
        click.Choice(["keep", "replace", "postpone", "refuse"]),
        "What becomes of it when another job holds the key.  [default: keep]",
    ),
    "debounce": JobOption("--debounce", DURATION, "How long a burst of its key has to be quiet."),
    "debounce_mode": JobOption(
        "--debounce-mode",
        click.Choice(["trailing", "leading", "both"]),
        "Whether the burst's job runs after it or at its start.  [default: trailing]",
    ),
    "debounce_at_most": JobOption(
        "--debounce-at-most", DURATION, "The longest time that a put waits for its burst."
    ),
    "keep_result": JobOption("--keep-result", DURATION, "How long the result is kept."),
    "backoff": JobOption(
        "--backoff",
        click.Choice(["fixed", "linear", "exponential", "padded"]),
        "How the delay grows from retry to retry.",
    ),
    "backoff_base": JobOption("--backoff-base", DURATION, "Delay before the first retry."),
    "backoff_cap": JobOption("--backoff-cap", DURATION, "The longest delay."),
    "backoff_jitter": JobOption("--backoff-jitter", float, "Share of it that is left to chance."),
    "context": JobOption(
        "--context", context_value, "NAME=VALUE, for the code that runs it.", many=True
    ),
    "if_exists": JobOption(
        "--if-exists",
        click.Choice(["replace", "keep", "error"]),
        "What becomes of a job that has this jid already.  [default: replace]",
    ),
    "jid": JobOption("--jid", str, "The job's id.  [default: one made for it]"),
}

METAVARS = {
    "depends": "JID",
    "jid": "JID",
    "unique": "KEY",
    "retry_on": "NAME",
    "give_up_on": "NAME",
    "if_late": "WORD",
    "flow": "FLOW",
}

STAY = ("priority", "delay", "at", "depends", "missing", "parent_failure", "run_when")
"""Those that a job takes into a next queue."""


def job_options(names: Iterable[str]) -> Callable[[Command], Command]:
    """Give a command these options of a job."""

    def decorate(command: Command) -> Command:
        for name in reversed(list(names)):
            each = JOB_OPTIONS[name]
            command = click.option(
                each.flag,
                name,
                type=each.type,
                multiple=each.many,
                help=each.help,
                shell_complete=each.complete,
                metavar=METAVARS.get(name),
            )(command)
        return command

    return decorate


def given(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options that were said, as the library takes them."""
    said = {name: value for name, value in options.items() if value not in {None, ()}}
    if "context" in said:
        said["context"] = dict(said["context"])
    return said
