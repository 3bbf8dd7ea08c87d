"""Calls that are sent until they are answered, for as long as that takes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from pyjobs.calls import Call
from pyjobs.connections import Connections
from pyjobs.errors import (
    ConnectionError,
    EngineBug,
    FormatVersion,
    OutcomeUnknown,
    OutOfMemory,
    ReadOnlyServer,
    ServerError,
    ServerLoading,
    ServerTooOld,
)

T = TypeVar("T")

log = logging.getLogger("pyjobs.worker")

TIMEOUT = 5.0
"""Seconds that the server may take to answer."""

PAUSE, LONGEST_PAUSE = 0.05, 2.0
"""Seconds between two attempts: the first and the longest."""

AWAY = (ConnectionError, OutcomeUnknown, OutOfMemory, ReadOnlyServer, ServerLoading)
FATAL = (EngineBug, FormatVersion, ServerTooOld)


class Sending:
    """Sends calls over its own connections.

    `pause` is given the seconds to wait before the next attempt, and tells whether there is to be
    one. `first` returns what is more urgent by then. `up` is called when the server has answered
    for the first time.
    """

    def __init__(
        self,
        connections: Connections,
        pause: Callable[[float], bool],
        first: Callable[[], list[Call[Any]]],
        up: Callable[[], None],
    ) -> None:
        self._connections = connections
        self._pause = pause
        self._first = first
        self._up = up
        self._reached = False
        self.away = False
        """Whether the server did not answer the last time."""

    def send(self, call: Call[T]) -> T | None:
        """Return the call's answer; None: it was given up, and may have been carried out or not.

        Raises what will not go away: errors in the engine, data of another version, and whatever
        the server refuses for other reasons before it has answered a first time.
        """
        pause = PAUSE
        urgent: list[Call[Any]] = []
        while True:
            try:
                for each in urgent:
                    self._connections.run(each, TIMEOUT)
                answer = self._connections.run(call, TIMEOUT)
            except ServerError as error:
                if isinstance(error, FATAL) or not (self._reached or isinstance(error, AWAY)):
                    raise
                self._note(error)
            else:
                self._note(None)
                return answer
            # It is the very same call: what the server has handed out is handed out again.
            if call.repeat_at is not None:
                call.args[call.repeat_at] = 1
            if not self._pause(pause):
                return None
            urgent = self._first()
            pause = min(2 * pause, LONGEST_PAUSE)

    def _note(self, error: ServerError | None) -> None:
        if error is not None and not self.away:
            log.warning("the server is away: %s", error)
        elif error is None and self.away:
            log.warning("the server is back")
        self.away = error is not None
        if error is None and not self._reached:
            self._reached = True
            self._up()

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()
