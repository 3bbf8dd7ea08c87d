"""A clock that is turned by hand: the engine's time in a test."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from pyjobs.errors import InvalidArgument
from pyjobs.options import Moment, moment


class Clock:
    """A clock for `Client(now=...)`: it stands still until it is turned.

    `start` is seconds since the epoch or an aware datetime; default: this second.
    """

    def __init__(self, start: Moment | None = None) -> None:
        self._now = moment(int(time.time()) if start is None else start, "start")

    def __call__(self) -> int:
        """Return its time in milliseconds, as the engine wants it."""
        return self._now

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {datetime.fromtimestamp(self.time).astimezone()}>"

    @property
    def time(self) -> float:
        """Its time in seconds since the epoch."""
        return self._now / 1000

    def advance(self, seconds: float = 0, **parts: float) -> None:
        """Turn it forward by seconds, or by what `timedelta` takes: `days=7`, `hours=1`."""
        self.set(self._now / 1000 + timedelta(seconds=seconds, **parts).total_seconds())

    def set(self, to: Moment) -> None:
        """Turn it to a moment; refuses one that has passed, as time does not go back."""
        milliseconds = moment(to, "to")
        if milliseconds < self._now:
            raise InvalidArgument(f"to: {to} has passed; the clock shows {self.time}")
        self._now = milliseconds
