"""The engine's libraries on a server, and who needs which.

A library's name carries the digest of its text, so that versions live side by side. One that is
removed is loaded again by whoever calls it: to remove one too many costs a moment and breaks
nothing.

A server does not tell how old a library is. So `pyjobs engine prune` notes when it first saw one
that no registered worker names, in the hash `libraries` of its namespace, and removes it when it is
still unnamed a day later. The note is taken off when a worker names it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyjobs.cli.workers import report
from pyjobs.client import Client
from pyjobs.engine import Broken, Refused, Send
from pyjobs.errors import ConnectionError, ServerError
from pyjobs.library import library
from pyjobs.plans import Plan

NOTES = "libraries"

KEEP_NOTES = 30 * 86_400_000
"""Milliseconds after the last prune until the notes are forgotten."""


def ask(client: Client, *args: Any) -> Any:
    """Send the server a command; returns its answer, as bytes."""

    def plan() -> Plan[Any]:
        return (yield Send(args))

    answer = client.run(plan())
    what = " ".join(str(arg) for arg in args[:2])
    if isinstance(answer, Broken):
        raise ConnectionError(f"{what}: the server cannot be reached ({answer.message})")
    if isinstance(answer, Refused):
        raise ServerError(f"{what}: {answer.message}")
    return answer


def pairs(answer: Any) -> dict[str, Any]:
    """Read a mapping, which older protocols answer as a flat list."""
    items = answer.items() if isinstance(answer, dict) else zip(*[iter(answer)] * 2, strict=True)
    return {key.decode(): value for key, value in items}


def loaded(client: Client) -> list[str]:
    """Name the libraries of pyjobs that the server has."""
    answer = ask(client, "FUNCTION", "LIST", "LIBRARYNAME", "pyjobs_*")
    return sorted(pairs(each)["library_name"].decode() for each in answer)


def namespaces(client: Client) -> set[str]:
    """Name the namespaces of this database in which there are workers."""
    found: set[str] = set()
    cursor = b"0"
    while True:
        pattern = ("MATCH", "{*/0}workers", "COUNT", 1000, "TYPE", "zset")
        cursor, keys = ask(client, "SCAN", cursor, *pattern)
        found |= {key.decode()[1:].partition("/")[0] for key in keys}
        if cursor == b"0":
            return found


def named(client: Client) -> set[str]:
    """Return the libraries that registered workers of any namespace name."""
    needed: set[str] = set()
    for namespace in namespaces(client):
        with Client(client.server, namespace=namespace) as other:
            needed |= {report(each.about).get("library", "") for each in other.workers.counts}
    return needed


@dataclass(frozen=True)
class Verdict:
    """What is to become of a library; `unnamed` is for how many seconds no worker names it."""

    name: str
    why: str
    unnamed: float | None
    remove: bool


def judge(client: Client, older_than: float) -> list[Verdict]:
    """Say which libraries can go: those of other versions that no worker names for so long."""
    needed, now = named(client), server_time(client)
    noted = pairs(ask(client, "HGETALL", client.key(NOTES)))
    verdicts = []
    for name in loaded(client):
        if name == library().name:
            verdicts.append(Verdict(name, "of this version", None, remove=False))
        elif name in needed:
            verdicts.append(Verdict(name, "named by workers", None, remove=False))
        else:
            age = max(now - int(noted.get(name, now)), 0) / 1000
            verdicts.append(Verdict(name, "named by no worker", age, remove=age >= older_than))
    return verdicts


def carry_out(client: Client, verdicts: list[Verdict]) -> None:
    """Remove what is to go, and note since when the others are unnamed."""
    notes, now = client.key(NOTES), server_time(client)
    kept = [each.name for each in verdicts if each.unnamed is not None and not each.remove]
    for each in verdicts:
        if each.remove:
            ask(client, "FUNCTION", "DELETE", each.name)
    for name in kept:
        ask(client, "HSETNX", notes, name, now)
    forgotten = set(pairs(ask(client, "HGETALL", notes))) - set(kept)
    if forgotten:
        ask(client, "HDEL", notes, *forgotten)
    ask(client, "PEXPIRE", notes, KEEP_NOTES)


def server_time(client: Client) -> int:
    """Return the server's time in milliseconds."""
    seconds, microseconds = ask(client, "TIME")
    return int(seconds) * 1000 + int(microseconds) // 1000
