"""Failed jobs to choose from, and the calls that go through them slice by slice."""

from __future__ import annotations

from typing import Any

from tests.engine.conftest import Engine


def fail(
    engine: Engine, jid: str, queue: str = "q", klass: str = "A", group: str = "e", now: int = 0
) -> str:
    """Put a job and let it fail."""
    engine.put(jid, queue, klass=klass, now=now)
    engine.fail(engine.pop(queue, now=now)[0], group, now=now)
    return jid


def some(engine: Engine) -> list[str]:
    """Let jobs of two queues, klasses and errors fail, one a millisecond; returns the jids."""
    return [
        fail(engine, f"{queue}{klass}{group}", queue, klass, group, now=n)
        for n, (queue, klass, group) in enumerate(
            (queue, klass, group) for queue in "qr" for klass in "AB" for group in "ef"
        )
    ]


def sift(
    engine: Engine,
    command: str,
    *,
    cursor: bytes = b"",
    count: int = 100,
    before: int | str = "",
    to: str = "",
    now: int = 100,
    **which: Any,
) -> Any:
    """Carry out one slice."""
    args: list[Any] = [which.get(name, "") for name in ("queue", "group", "klass", "error")]
    args += [before, cursor, count]
    if command == "unfail_where":
        args.append(to)
    return engine.call(command, *args, now=now)
