"""Signals as something to wait for, among other things."""

from __future__ import annotations

import selectors
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def hearing(
    selector: selectors.BaseSelector, react: Mapping[int, Callable[[], None]]
) -> Iterator[Callable[[], None]]:
    """Have signals wait in the selector, whose data for them is a function that reacts.

    Gives a function that closes, in a forked process, what is used for that. Takes the main thread.
    """
    ear, bell = socket.socketpair()
    with ear, bell:
        ear.setblocking(False)
        bell.setblocking(False)

        def hear() -> None:
            for number in ear.recv(4096):
                react[number]()

        def close() -> None:
            ear.close()
            bell.close()

        selector.register(ear, selectors.EVENT_READ, hear)
        before = {number: signal.signal(number, lambda *_: None) for number in react}
        fd = signal.set_wakeup_fd(bell.fileno(), warn_on_full_buffer=False)
        try:
            yield close
        finally:
            signal.set_wakeup_fd(fd)
            for number, handler in before.items():
                signal.signal(number, handler)
