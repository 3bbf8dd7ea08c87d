"""Schedules of the functions that a worker has imported, written when it starts."""

from __future__ import annotations

import logging
import threading

from pyjobs.client import Client
from pyjobs.errors import PyjobsError, ServerError
from pyjobs.tasks import tasks

log = logging.getLogger("pyjobs.worker")

PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds between two attempts while the server is away: the first and the longest."""


class Periodic:
    """Writes the schedules in a thread of its own, as the keeper must not wait for that."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Write them, if there are any."""
        if tasks.has_schedules(self._client):
            self._thread = threading.Thread(target=self._run, name="pyjobs-periodic", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Leave it, written or not."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(PAUSE)

    def _run(self) -> None:
        pause = PAUSE
        while not self._over.is_set():
            try:
                added, removed = tasks.sync(self._client)
            except ServerError as error:
                log.warning("schedules are not written yet: %s", error)
            except PyjobsError:
                log.exception("schedules cannot be written")
                return
            else:
                if added or removed:
                    log.info("%d schedules are written, %d ended", len(added), len(removed))
                return
            self._over.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
