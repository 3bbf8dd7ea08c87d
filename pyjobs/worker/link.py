"""What a worker process and its supervisor tell each other: a byte a message, over two sockets.

The link is also how each learns of the other's death: no pulse from the one, an end from the other.
"""

from __future__ import annotations

import socket
from _thread import start_new_thread  # gevent makes greenlets of the threads of `threading`
from collections.abc import Callable
from contextlib import suppress
from enum import Enum


class Order(Enum):
    """What a supervisor wants of a process."""

    DRAIN = b"d"
    """Take nothing more, finish, give back what does not finish in time, leave."""
    STOP = b"s"
    """Give everything back now, and leave."""
    PAUSE = b"p"
    RESUME = b"r"


class News(Enum):
    """What a process has to say."""

    PULSE = b"."
    """It lives: once a second."""
    UP = b"u"
    """It has reached the server and is about to take jobs."""
    LEAVING = b"l"
    """It takes nothing more, and leaves when its jobs have ended; another may take its place."""


class Link:
    """A process' end of the link to its supervisor. `number` is its place among the others."""

    def __init__(self, number: int, end: socket.socket) -> None:
        self.number = number
        self._end = end

    def tell(self, news: News) -> None:
        """Say something; never blocks, and is lost when nobody listens any more."""
        with suppress(OSError):
            self._end.send(news.value, socket.MSG_DONTWAIT)

    def obey(self, follow: Callable[[Order], None]) -> None:
        """Have `follow` called with each order, in a thread of its own.

        When the supervisor has died, that is an order to drain, and the last one.
        """
        start_new_thread(self._listen, (follow,))

    def _listen(self, follow: Callable[[Order], None]) -> None:
        while order := self._next():
            follow(Order(order))
        follow(Order.DRAIN)

    def _next(self) -> bytes:
        try:
            return self._end.recv(1)
        except OSError:  # the supervisor went with news unread
            return b""
