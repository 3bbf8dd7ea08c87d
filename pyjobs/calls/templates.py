"""Recurring jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyjobs.calendars import Wanted
from pyjobs.calls.answers import same, texts, word
from pyjobs.calls.call import Argument, Call
from pyjobs.record import read_options, text


@dataclass(frozen=True, slots=True)
class Template:
    """A recurring job as it is stored; times are milliseconds, 0: none."""

    queue: str
    jid: str
    klass: str
    payload: bytes
    interval: int
    next: int
    count: int
    backlog: int
    priority: int
    retries: int
    tags: list[str]
    lease: int | None
    paused: bool
    options: dict[str, Any]
    """Further options of its jobs, as on the wire."""
    missed: str
    overlap: str
    until: int
    most: int
    """How many jobs it makes in all; 0: without end."""
    calendar: str
    moments: list[int]
    """The next slots of a calendar, as far as they are known; some."""
    dark: bool
    """Whether slots of the calendar may have come that nobody has told of."""
    over: int
    last: str
    """Jid of the newest job, with an overlap policy."""
    last_state: str
    resting: bool
    """Whether the queue is paused."""


def _template(answer: Sequence[Any] | None) -> Template | None:
    if answer is None:
        return None
    queue, jid, klass, payload, interval, due, count, backlog, priority, retries = answer[:10]
    labels, lease, paused, others, details = answer[10:]
    more = {text(name): value for name, value in zip(details[::2], details[1::2], strict=True)}
    return Template(
        text(queue),
        text(jid),
        text(klass),
        payload,
        int(interval),
        int(due),
        int(count),
        int(backlog),
        int(priority),
        int(retries),
        texts(labels),
        None if lease == b"" else int(lease),
        bool(int(paused)),
        read_options(others) if others else {},
        missed=text(more.get("missed", b"all")),
        overlap=text(more.get("overlap", b"allow")),
        until=int(more.get("until", 0)),
        most=int(more.get("count", 0)),
        calendar=text(more.get("calendar", b"")),
        moments=[int(moment) for moment in more.get("moments", [])],
        dark="dark" in more,
        over=int(more.get("over", 0)),
        last=text(more.get("last", b"")),
        last_state=text(more.get("state", b"")),
        resting="resting" in more,
    )


def recur(
    queue: str, jid: str, klass: str, payload: bytes, interval: int, offset: int, options: bytes
) -> Call[str]:
    """Create or replace a recurring job."""
    args: list[Argument] = [queue, jid, klass, payload, interval, offset, options]
    return Call("recur", args, word, "puts", (jid,))


def recur_update(jid: str, options: bytes, payload: bytes = b"") -> Call[str]:
    """Change a recurring job, all of the changes or none."""
    return Call("recur_update", [jid, options, payload], word, jids=(jid,), marked=True)


def unrecur(jid: str) -> Call[int]:
    """End a recurring job; answers 0 when there is none of this jid (any more)."""
    return Call("unrecur", [jid], same, jids=(jid,), marked=True)


def refills(count: int, jids: Sequence[str] = ()) -> Call[list[Wanted]]:
    """Ask for recurring jobs whose calendars are to be read on: of these jobs, or any."""

    def read(answer: Sequence[Any]) -> list[Wanted]:
        return [Wanted(text(jid), text(calendar), *rest) for jid, calendar, *rest in answer]

    return Call("refills", [count, *jids], read, jids=tuple(jids))


def refill(wanted: Wanted, moments: Sequence[int]) -> Call[str]:
    """Answer `refills` with moments; answers refilled, or kept when another was faster."""
    args: list[Argument] = [wanted.jid, wanted.calendar, wanted.known, *moments]
    return Call("refill", args, word, jids=(wanted.jid,))


def recurring(jids: Sequence[str]) -> Call[list[Template | None]]:
    """Look recurring jobs up; answers None for those that are unknown."""
    return Call(
        "recurring", list(jids), lambda answer: [_template(item) for item in answer], "reads"
    )
