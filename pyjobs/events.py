"""The event stream: every transition, in order, readable from any point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgpack

from pyjobs import plans

if TYPE_CHECKING:
    from pyjobs.client import Client


@dataclass(frozen=True, slots=True)
class JobEvent:
    """Something that happened.

    `what` is a word of the history (put, popped, done, ...) or stalled, recur, unrecur, tracked,
    untracked, paused, unpaused, config. `jid` is empty for what is about no job. `time` is seconds
    since the epoch. `details` is what belongs to the word: a state, a queue, a failure group.
    `cursor` is where `listen(since=...)` goes on after it.
    """

    what: str
    jid: str
    queue: str
    worker: str
    time: float
    details: str
    cursor: str


def read(entry_id: bytes, fields: Any) -> list[JobEvent]:
    """Read one entry of the stream, which holds all events of one call."""
    flat = (
        fields if isinstance(fields, list) else [part for pair in fields.items() for part in pair]
    )
    packed = flat[flat.index(b"e") + 1]
    time, *groups = msgpack.unpackb(packed, unicode_errors="replace")
    cursor = entry_id.decode()
    return [
        JobEvent(what, jid, queue, worker, time / 1000, str(details), cursor)
        for what, queue, worker, details, jids in groups
        for jid in jids
    ]


class Events:
    """The events of a namespace: `client.events`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._key = client.key("events")

    def read(self, since: str = "0", count: int = 1000) -> list[JobEvent]:
        """Return the events after `since` (a cursor, or `0` for the oldest kept), without waiting.

        `count` is the number of calls whose events are read.
        """
        entries = self._client.run(plans.read_events(self._key, since, count))
        return [event for entry_id, fields in entries for event in read(entry_id, fields)]

    def last(self) -> str:
        """Return the cursor after the newest event, from which `listen` goes on."""
        return self._client.run(plans.last_event(self._key))

    def listen(self, since: str = "$", wait: float | None = None) -> Iterator[JobEvent]:
        """Yield events as they happen: those after `since`, by default from now on.

        Ends after `wait` seconds without an event; None: never.
        """
        cursor = since if since != "$" else self.last()
        while True:
            entries = self._client.run(plans.read_events(self._key, cursor, 1000, wait))
            if not entries:
                return
            for entry_id, fields in entries:
                cursor = entry_id.decode()
                for event in read(entry_id, fields):  # noqa: UP028 - an async one cannot delegate
                    yield event
