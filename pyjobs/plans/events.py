"""Reading the stream of events."""

from __future__ import annotations

import time
from typing import Any

from pyjobs import options
from pyjobs.engine import PAUSES, Broken, Pause, Refused, Send
from pyjobs.errors import ConnectionError, ServerError, ServerLoading
from pyjobs.plans.plan import Plan


def read_events(key: str, since: str, count: int, wait: float | None = 0) -> Plan[list[Any]]:
    """Read the events after a cursor; blocks up to `wait` seconds (None: for ever).

    Returns (id, fields) pairs, none when nothing came.
    """
    options.text(since, "since")
    options.integer(count, "count", 1)
    ends = None if wait is None else time.monotonic() + wait
    pauses = iter(PAUSES)
    while True:
        left = 4.0 if ends is None else min(ends - time.monotonic(), 4.0)
        args: tuple[Any, ...] = ("XREAD", "COUNT", count)
        if left > 0:
            args += ("BLOCK", max(int(left * 1000), 1))
        answer = yield Send((*args, "STREAMS", key, since), timeout=max(left, 0) + 1)
        if isinstance(answer, Refused):
            raise _unreadable(answer)
        if isinstance(answer, Broken):
            pause = next(pauses, None)
            if pause is None:
                raise ConnectionError(f"events: the server cannot be reached ({answer.message})")
            yield Pause(pause)
            continue
        pauses = iter(PAUSES)
        if answer:
            streams = answer.items() if isinstance(answer, dict) else answer
            return [entry for _, entries in streams for entry in entries]
        if left <= 0 or (ends is not None and time.monotonic() >= ends):
            return []


def _unreadable(answer: Refused) -> ServerError:
    kind = ServerLoading if answer.message.startswith("LOADING") else ServerError
    return kind(f"events: {answer.message}")


def last_event(key: str) -> Plan[str]:
    """Return the cursor after the newest event."""
    answer = yield Send(("XREVRANGE", key, "+", "-", "COUNT", 1))
    if isinstance(answer, Broken):
        raise ConnectionError(f"events: the server cannot be reached ({answer.message})")
    if isinstance(answer, Refused):
        raise _unreadable(answer)
    return answer[0][0].decode() if answer else "0"
