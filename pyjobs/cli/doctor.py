"""`pyjobs engine doctor`: what is wrong with a server for pyjobs; it writes nothing."""

from __future__ import annotations

import dataclasses
import math
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import click

from pyjobs import calls
from pyjobs.cli import libraries
from pyjobs.cli.libraries import ask, pairs
from pyjobs.cli.options import connected, json_option
from pyjobs.cli.output import console, duration, print_json, table
from pyjobs.client import Client, place
from pyjobs.engine import OLDEST
from pyjobs.errors import ConnectionError, PyjobsError, ServerError
from pyjobs.library import library

CLIENT_COMMANDS = ("BLPOP", "FCALL", "FCALL_RO", "XREAD", "XREVRANGE")
"""What the client itself sends, beside what the engine's text names."""

FULL, NEARLY = 0.9, 0.75
"""Shares of the memory limit."""

CLOCK = 1.0
"""Seconds that the clocks of this machine and the server may differ."""

SLOW = 0.01
"""Seconds that an answer may take."""

COLOURS = {"ok": "green", "note": "cyan", "warning": "yellow", "problem": "red"}

Info = dict[str, str]
"""What the server tells about itself."""

Verdicts = Iterator[tuple[str, str]]


@dataclass(frozen=True)
class Finding:
    """What was found; `verdict` is ok, note (nothing to do), warning or problem."""

    about: str
    verdict: str
    text: str


@click.command()
@connected
@json_option
def doctor(client: Client, as_json: bool) -> int:
    """Name what is wrong with the server; the exit status is 1 when there is a problem.

    It looks at version, role, memory, eviction, persistence, rights, clock and leftovers, and
    writes nothing.
    """
    findings = list(examine(client))
    if as_json:
        print_json([dataclasses.asdict(each) for each in findings])
    else:
        _show(client, findings)
    return 1 if any(each.verdict == "problem" for each in findings) else 0


def _show(client: Client, findings: list[Finding]) -> None:
    screen = console()
    screen.print(f"{place(client.server)}, namespace {client.namespace}\n", style="bold")
    shown = table("", "about", "", left=["", "about"])
    shown.columns[2].justify = "left"
    for each in findings:
        shown.add_row(each.verdict, each.about, each.text, style=None)
        shown.rows[-1].style = COLOURS[each.verdict] if each.verdict != "ok" else None
    screen.print(shown)


def _info(client: Client) -> Info:
    """Read what the server tells about itself."""
    lines = ask(client, "INFO").decode(errors="replace").splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


def version(_: Client, info: Info) -> Verdicts:
    """Check that the server is new enough."""
    name = "valkey" if "valkey_version" in info else "redis"
    number = info.get(f"{name}_version", "?")
    parts = tuple(int(part) for part in re.findall(r"\d+", number)[:2])
    said = f"{name.capitalize()} {number}"
    if parts < OLDEST[name]:
        floor = ".".join(map(str, OLDEST[name]))
        yield "problem", f"{said}: pyjobs needs {floor} or newer"
    else:
        yield "ok", said


def role(_: Client, info: Info) -> Verdicts:
    """Check that it takes writes, and does not cut its clients off."""
    if info.get("loading") == "1":
        yield "problem", "it is still loading its data"
    if info.get("role", "master") != "master":
        yield "problem", "it is a replica, which takes no writes"
    else:
        replicas = int(info.get("connected_slaves", 0))
        yield "ok", f"primary, {replicas} {_plural('replica', replicas)}"


def memory(_: Client, info: Info) -> Verdicts:
    """Check that there is room."""
    used, limit = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0))
    total = int(info.get("total_system_memory", 0))
    said = f"{_size(used)} of {_size(limit or total)}{'' if limit else ', which is the machine'}"
    share = used / (limit or total or 2**63)
    if share >= FULL:
        yield "problem", f"{said}: when it is full, puts are refused"
    elif share >= NEARLY:
        yield "warning", said
    elif not limit:
        yield "note", f"{said}; no maxmemory is set"
    else:
        yield "ok", said


def eviction(_: Client, info: Info) -> Verdicts:
    """Check that the server never throws jobs away."""
    policy = info.get("maxmemory_policy", "?")
    if policy in {"noeviction", "?"}:
        yield "ok" if policy != "?" else "note", f"maxmemory-policy {policy}"
        return
    limited = info.get("maxmemory", "0") != "0"
    text = f"maxmemory-policy {policy}: jobs are thrown away when memory is full; set noeviction"
    yield "problem" if limited else "warning", text


def persistence(client: Client, info: Info) -> Verdicts:
    """Check what survives a restart."""
    if info.get("aof_enabled") == "1":
        sync = _setting(client, "appendfsync")
        text = f"append-only file, appendfsync {sync or 'unknown'}"
        if sync == "no":
            yield "warning", f"{text}: some 30 seconds can be lost"
        else:
            yield "ok", text
        if info.get("aof_last_write_status", "ok") != "ok":
            yield "problem", "the append-only file cannot be written"
        return
    snapshots = _setting(client, "save")
    if snapshots == "":
        text = "no append-only file, no snapshots: a restart loses every job"
        yield "problem", f"{text}; set appendonly yes"
    else:
        how = "unknown whether there are snapshots" if snapshots is None else f"save {snapshots}"
        text = f"no append-only file ({how}): a crash loses what came after the last snapshot"
        yield "warning", f"{text}; set appendonly yes"
    if info.get("rdb_last_bgsave_status", "ok") != "ok":
        yield "problem", "the last snapshot failed"


def _setting(client: Client, name: str) -> str | None:
    """Return a setting of the server; None when it must not be read."""
    try:
        value = pairs(ask(client, "CONFIG", "GET", name)).get(name)
    except ServerError:
        return None
    return None if value is None else value.decode()


def rights(client: Client, _: Info) -> Verdicts:
    """Check that this user may do all that the engine does in this namespace."""
    try:
        user = ask(client, "ACL", "WHOAMI").decode()
        missing = _missing_rights(client, user)
    except ServerError as error:
        yield "note", f"this user must not ask for them ({error})"
        return
    if missing:
        text = f"user {user} must not use {', '.join(missing)} here"
        yield "problem", text
    else:
        yield "ok", f"user {user} may do all that the engine does here"


def _missing_rights(client: Client, user: str) -> list[str]:
    """Return the commands of the engine, as its text names them, that the user must not use."""
    words = sorted({*re.findall(r'"([A-Z]{3,})"', library().code), *CLIENT_COMMANDS})
    missing = []
    for word, about in zip(words, ask(client, "COMMAND", "INFO", *words), strict=True):
        if about:  # else it is a word of another kind
            arguments = [client.key("")] * (abs(about[1]) - 1)
            try:
                answer = ask(client, "ACL", "DRYRUN", user, word, *arguments)
            except ServerError as error:
                if "NOPERM" in str(error):
                    raise
                continue  # the arguments are not those of this command
            if answer != b"OK":
                missing.append(word)
    return missing


def engine(client: Client, _: Info) -> Verdicts:
    """Check that the engine answers, and how fast."""
    try:
        client.run(calls.settings(["heartbeat"]))
    except ConnectionError:
        raise
    except PyjobsError as error:
        yield "problem", str(error)
        return
    started = time.monotonic()
    client.run(calls.settings(["heartbeat"]))
    took = time.monotonic() - started
    text = f"{library().name} answers in {duration(took)}"
    yield "warning" if took > SLOW else "ok", text


def clock(client: Client, _: Info) -> Verdicts:
    """Compare the clocks: the server's decides, but people look at their own."""
    before = time.time()
    theirs = libraries.server_time(client) / 1000
    after = time.time()
    apart = max(before - theirs, theirs - after, 0.0)
    text = f"this machine's is {duration(apart)} off the server's, which is the one that counts"
    if apart > CLOCK:
        yield "warning", text
    else:
        yield "ok", "the same here and there"


def leftovers(client: Client, _: Info) -> Verdicts:
    """Look for what earlier versions and dead workers have left."""
    others = [name for name in libraries.loaded(client) if name != library().name]
    if others:
        text = f"{len(others)} {_plural('library', len(others))} of other versions"
        yield "note", f'{text}: "pyjobs engine prune" removes what nobody uses'
    counts = client.queues.counts
    stalled = {each.name: each.stalled for each in counts if each.stalled}
    if stalled:
        some = ", ".join(f"{name} {number:,}" for name, number in stalled.items())
        text = f"jobs whose lease has run out, for want of a pop: {some}"
        yield "warning", text
    paused = [each.name for each in counts if each.paused]
    if paused:
        yield "note", f"paused queues: {', '.join(paused)}"
    if not (others or stalled or paused):
        yield "ok", "none"


CHECKS: dict[str, Callable[[Client, Info], Verdicts]] = {
    "version": version,
    "role": role,
    "memory": memory,
    "eviction": eviction,
    "persistence": persistence,
    "rights": rights,
    "clock": clock,
    "engine": engine,
    "leftovers": leftovers,
}


def examine(client: Client) -> Iterator[Finding]:
    """Carry all checks out; what this user must not look at is noted."""
    info = _info(client)
    for about, check in CHECKS.items():
        try:
            for verdict, text in check(client, info):
                yield Finding(about, verdict, text)
        except ConnectionError:  # noqa: PERF203 - there are nine
            raise
        except PyjobsError as error:
            yield Finding(about, "note", f"cannot be examined: {error}")


def _plural(word: str, number: int) -> str:
    if number == 1:
        return word
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"


def _size(number: int) -> str:
    """Say a number of bytes."""
    power = min(int(math.log10(max(number, 1))) // 3, 3)
    return f"{number / 1000**power:.3g} {('B', 'kB', 'MB', 'GB')[power]}"
