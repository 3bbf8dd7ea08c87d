"""What is called when jobs were too late: read from the event stream, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

from pyjobs.client import Client
from pyjobs.errors import PyjobsError, ServerError
from pyjobs.events import JobEvent
from pyjobs.worker.idling import try_hook

log = logging.getLogger("pyjobs.worker")

BLOCK = 1.0
"""Seconds for which one read of the stream blocks, and a pause after one that failed."""

LIMITS = ("start_within", "finish_within")
GROUPS = tuple(f"failed-{limit.replace('_', '-')}-" for limit in LIMITS)


def is_expired(event: JobEvent) -> bool:
    """Whether a job was too late to be started, or to be done."""
    if event.what == "failed":
        return event.details in {f"{group}{event.queue}" for group in GROUPS}
    return event.what == "late" or (event.what == "cancelled" and event.details in LIMITS)


class Expiring:
    """Calls hooks with the events of jobs that were too late, from its start on."""

    def __init__(self, client: Client, hooks: Sequence[Callable[..., Any]]) -> None:
        self._client = client
        self._hooks = hooks
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen, if there is a hook."""
        if self._hooks:
            self._thread = threading.Thread(target=self._run, name="pyjobs-expiring", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Listen no more."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(2 * BLOCK)

    def _run(self) -> None:
        cursor = ""
        while not self._over.is_set():
            try:
                cursor = cursor or self._client.events.last()
                for event in self._client.events.listen(cursor, BLOCK):
                    cursor = event.cursor
                    if is_expired(event):
                        self._tell(event)
                    if self._over.is_set():
                        return
            except ServerError as error:  # noqa: PERF203 - it goes on
                log.warning("jobs that were too late are told of later: %s", error)
                self._over.wait(BLOCK)
            except PyjobsError:
                log.exception("jobs that were too late are not told of")
                return

    def _tell(self, event: JobEvent) -> None:
        for hook in self._hooks:
            try_hook(hook, event)
