"""Raw calls on recurring jobs, for the tests of four commands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pyjobs import record
from tests.engine.conftest import Engine, options


def recur(
    engine: Engine,
    jid: str = "t",
    queue: str = "q",
    klass: str = "jobs.Klass",
    payload: bytes = b"\xc0",
    interval: Any = 1000,
    offset: Any = 0,
    now: int = 0,
    **given: Any,
) -> str:
    """Create or replace a template; options as on the wire, times in milliseconds."""
    packed = options(**given) if given else b""
    answer: bytes = engine.call(
        "recur", queue, jid, klass, payload, interval, offset, packed, now=now
    )
    return answer.decode()


def update(
    engine: Engine, jid: str = "t", payload: bytes = b"", now: int = 0, **changes: Any
) -> str:
    """Change a template."""
    packed = options(**changes) if changes else b""
    answer: bytes = engine.call("recur_update", jid, packed, payload, now=now)
    return answer.decode()


@dataclass
class Template:
    """A template as recurring answers it."""

    queue: str
    jid: str
    klass: str
    payload: bytes
    interval: int
    due: int
    count: int
    backlog: int
    priority: int
    retries: int
    tags: list[str]
    lease: int | None
    paused: bool
    options: dict[str, Any]
    details: dict[str, Any] = field(default_factory=dict)


def look(engine: Engine, jid: str = "t", now: int = 0) -> Template | None:
    """Look a template up."""
    (answer,) = engine.call("recurring", jid, now=now)
    if answer is None:
        return None
    queue, own_jid, klass, payload, interval, due, count, backlog, *rest = answer
    priority, retries, tags, lease, paused, others, details = rest
    return Template(
        queue.decode(),
        own_jid.decode(),
        klass.decode(),
        payload,
        interval,
        due,
        count,
        backlog,
        priority,
        retries,
        [tag.decode() for tag in tags],
        None if lease == b"" else lease,
        bool(paused),
        record.read_options(others) if others else {},
        {name.decode(): value for name, value in zip(details[::2], details[1::2], strict=True)},
    )


def known(engine: Engine, jid: str = "t", now: int = 0) -> Template:
    """Look a template up that must be there."""
    found = look(engine, jid, now)
    assert found is not None
    return found


def moments(engine: Engine, queue: str = "q", now: int = 0) -> list[int]:
    """Tick, and return since when each waiting job of the queue waits, in their order."""
    engine.ticks(now=now)
    found = [engine.get(jid, now=now) for jid in engine.waiting(queue, now=now)]
    return [job.record.since for job in found if job is not None]


def keys_of(engine: Engine, jid: str = "t") -> list[str]:
    """Return the names of keys, below the root, that hold a template or its place in a queue."""
    names = []
    for key in engine.server.scan_iter(match=engine.root + "*", count=1000):
        name = key.decode().removeprefix(engine.root)
        kind, _, rest = name.partition(":")
        listed = kind == "recurring" and engine.server.zscore(key, jid) is not None
        if listed or (kind == "template" and rest == jid):
            names.append(name)
    return sorted(names)


def schedule(
    engine: Engine,
    *moments: int,
    jid: str = "t",
    calendar: str = "by hand",
    offset: int = 0,
    now: int = 0,
    **given: Any,
) -> None:
    """Create or replace a template of a calendar, and say its first moments."""
    recur(engine, jid, interval=0, offset=offset, now=now, calendar=calendar, **given)
    if moments:
        assert "refilled" == refill(engine, *moments, jid=jid, calendar=calendar, now=now)


@dataclass
class Wanted:
    """What refills answers of a template."""

    jid: str
    calendar: str
    first: int
    known: int
    after: int
    upto: int
    newest: int


def wanted(engine: Engine, *jids: str, count: int = 10, now: int = 0) -> list[Wanted]:
    """Ask which templates are to be refilled."""
    answer = engine.call("refills", count, *jids, now=now)
    return [Wanted(jid.decode(), calendar.decode(), *rest) for jid, calendar, *rest in answer]


def refill(
    engine: Engine,
    *moments: int,
    jid: str = "t",
    calendar: str = "by hand",
    known: int | None = None,
    now: int = 0,
) -> str:
    """Refill a template, after what is known of it unless that is given."""
    if known is None:
        stored = engine.server.hget(f"{engine.root}template:{jid}", "known")
        known = int(stored)  # type: ignore[arg-type]
    answer: bytes = engine.call("refill", jid, calendar, known, *moments, now=now)
    return answer.decode()
