"""What the arguments of `pyjobs worker` come to."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from pyjobs.client import Client
from pyjobs.errors import InvalidArgument
from pyjobs.hooks import Hooks
from pyjobs.worker.child import Duties
from pyjobs.worker.options import WorkerOptions

LEAST_SILENCE = 3.0

LONGEST_SLEEP = 4.0
"""Seconds. Longer ones are taken, as once they were usual, and are not needed."""

MEGABYTE = 1 << 20

AS_THEY_ARE = ("lease", "run_within", "kill_within", "grace", "max_jobs", "allow")

_WEIGHTED = re.compile(r"(.+)=(\d+)", re.DOTALL)


def duties_of(given: dict[str, Any]) -> Duties:
    """Return what the processes have to do; imports what they are to share.

    Raises InvalidArgument and click.UsageError.
    """
    options = _options(given)
    sys.path[:0] = [*map(os.path.abspath, given["paths"]), str(Path.cwd())]
    if "@" in given["name"]:
        raise click.UsageError("--name: must not contain '@'")
    address, memory = _address(given), given["max_memory"]

    def connect(name: str) -> Client:
        return Client(**address, worker_name=name or None)

    def prepare() -> tuple[Hooks, ...]:
        for module in given["imports"]:
            _import(module, "--import")
        return tuple(map(_hooks, given["hooks"]))

    # What greenlets use is imported after gevent has patched it, which is up to each process.
    hooks = None if options.pool == "greenlets" else prepare()
    return Duties(
        connect=connect,
        options=options,
        prepare=prepare if hooks is None else lambda: hooks,
        name=given["name"],
        workdir=_folder(given["workdir"]),
        resume=given["resume"],
        reload=given["reload"],
        max_memory=None if memory is None else memory * MEGABYTE,
    )


def _options(given: dict[str, Any]) -> WorkerOptions:
    queues, weights = _queues(given["queues"])
    return WorkerOptions(
        queues=queues,
        weights=weights,
        policy=given["policy"] or ("weighted" if weights else "ordered"),
        interval=min(given["interval"], LONGEST_SLEEP),
        **_pool(given),
        **{name: given[name] for name in AS_THEY_ARE},
    )


def _queues(texts: Sequence[str]) -> tuple[tuple[str, ...], dict[str, int]]:
    """Return the patterns, and the weights of those that have one."""
    queues, weights = [], {}
    for text in texts:
        weighted = _WEIGHTED.fullmatch(text)
        pattern = weighted[1] if weighted else text
        if weighted:
            weights[pattern] = int(weighted[2])
        queues.append(pattern)
    return tuple(queues), weights


def _pool(given: dict[str, Any]) -> dict[str, Any]:
    pool, concurrency = given["pool"], given["concurrency"]
    if given["greenlets"] is not None:
        if pool not in {None, "greenlets"} or concurrency is not None:
            raise click.UsageError("--greenlets N says the pool and the concurrency already")
        pool, concurrency = "greenlets", given["greenlets"]
    if pool == "sync" and concurrency not in {None, 1}:
        raise click.UsageError("--concurrency: the sync pool runs one job at a time")
    if pool == "greenlets" and importlib.util.find_spec("gevent") is None:
        raise click.UsageError("--pool greenlets needs gevent: pip install 'pyjobs[gevent]'")
    return {"pool": pool or "threads", "concurrency": concurrency}


def _address(given: dict[str, Any]) -> dict[str, Any]:
    """Return where the server is; --host and --port go before $PYJOBS_URL."""
    address = {name: given[name] for name in ("host", "port") if given[name] is not None}
    context = click.get_current_context()
    if address and context.get_parameter_source("url") is not ParameterSource.COMMANDLINE:
        given = {**given, "url": None}
    return {**address, "url": given["url"], "namespace": given["namespace"]}


def _folder(folder: Path | None) -> Path | None:
    if folder is None:
        return None
    folder = folder.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidArgument(f"--workdir: {error}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InvalidArgument(f"--workdir: {folder} cannot be written to")
    return folder


def _import(module: str, option: str) -> Any:
    try:
        return importlib.import_module(module)
    except (Exception, SystemExit) as error:
        raise InvalidArgument(
            f"{option}: importing {module!r} failed: {type(error).__name__}: {error}"
        ) from error


def _hooks(text: str) -> Hooks:
    module, _, name = text.partition(":")
    if not module or not name:
        raise InvalidArgument(f"--hooks: {text!r} is not of the form MODULE:NAME")
    found = getattr(_import(module, "--hooks"), name, None)
    if not isinstance(found, Hooks):
        kind = "not there" if found is None else f"of the type {type(found).__name__}"
        raise InvalidArgument(f"--hooks: {text!r} has to be pyjobs Hooks, and is {kind}")
    return found


def silence_of(seconds: float) -> float:
    """Return the seconds of silence after which a process is killed; refuses too few."""
    if seconds < LEAST_SILENCE:
        raise InvalidArgument(
            f"--silence: {seconds:g} is less than {LEAST_SILENCE:g} seconds; "
            "a process gives a sign of life every second"
        )
    return seconds


def cores() -> int:
    """Return how many processors there are for this process."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
