"""Which tasks the workers know: what they tell about themselves, and what follows for a name."""

from __future__ import annotations

import difflib
import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgpack

from pyjobs import calls, plans
from pyjobs.calls import WorkerCounts
from pyjobs.errors import ClassNotFound
from pyjobs.plans import Plan

Unknown = Literal["warn", "refuse", "ignore"]

FRESH = 10.0
"""Seconds for which an answer is remembered."""

CLOSE = 0.85
"""How alike two paths are of which one may be meant for the other, up to 1."""

LIVE = 60.0
"""Seconds since the last sign of life of any worker, after which one does not count."""


class UnknownTask(UserWarning):
    """No worker that serves the queue knows the task; one of the next deployment may."""


def published(paths: Iterable[str]) -> dict[str, list[str]]:
    """Return the paths of tasks as a worker tells them: names by module."""
    found: dict[str, list[str]] = {}
    for path in sorted(paths):
        module, _, name = path.rpartition(".")
        found.setdefault(module, []).append(name)
    return found


class Known:
    """What the workers of a namespace know, as far as they say, remembered for a moment."""

    def __init__(self) -> None:
        self._workers: Sequence[WorkerCounts] = ()
        self._looked = -FRESH

    def check(self, queue: str, path: str, unknown: Unknown) -> Plan[None]:
        """Warn of a task that no worker of the queue knows, or refuse it with ClassNotFound.

        Only when there are workers that serve the queue, all of them have told all that they know,
        and it is like one that they know, or of a module that they have loaded. What was remembered
        is asked for anew before it is held against a name.
        """
        if unknown == "ignore":
            return
        names = _names(self._workers, queue)
        if names is None or path not in names:
            if time.monotonic() - self._looked >= FRESH or names is not None:
                self._workers = yield from plans.pages(calls.workers)
                self._looked = time.monotonic()
            names = _names(self._workers, queue)
        if names is None or path in names:
            return
        close = difflib.get_close_matches(path, names, 1, CLOSE)
        module = f"{path.rpartition('.')[0]}."
        # Of a module that they have not loaded they may know more when they need it.
        if not close and not any(name.startswith(module) for name in names):
            return
        instead = f"; there is {close[0]!r}" if close else ""
        why = f"{path!r}: no worker that serves {queue!r} knows this task{instead}"
        if unknown == "refuse":
            raise ClassNotFound(why)
        warnings.warn(why, UnknownTask, stacklevel=2)


def _names(workers: Sequence[WorkerCounts], queue: str) -> set[str] | None:
    """Return the paths that workers of a queue know; None: there are none, or not all have said."""
    newest = max((each.last_seen for each in workers), default=0.0)
    found: set[str] = set()
    heard = False
    for worker in workers:
        if worker.last_seen < newest - LIVE:
            continue
        about = _about(worker.about)
        queues = about.get("queues", ())
        if queue in queues:
            if "klasses" not in about:
                return None
            heard = True
            found.update(f"{at}.{name}" for at, names in about["klasses"].items() for name in names)
        elif len(queues) < about.get("serves", 1):
            return None
    return found if heard else None


def _about(packed: bytes) -> Mapping[str, Any]:
    if not packed:
        return {}
    try:
        about = msgpack.unpackb(packed, unicode_errors="surrogateescape")
    except ValueError:
        return {}
    return about if isinstance(about, dict) else {}
