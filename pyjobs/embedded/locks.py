"""Locks on files: the kernel takes them back however their holder ends."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PAUSE: Final = 0.01
"""Seconds between two looks at something that happens within moments and that nothing announces."""


def opened(path: Path) -> int:
    """Open a file to lock it by its descriptor; makes it if need be."""
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def take(descriptor: int, how: int) -> bool:
    """Lock at once, or answer False."""
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def held(path: Path, against: int) -> bool:
    """Whether somebody holds a lock that keeps out one of the kind `against`."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not take(descriptor, against)
    finally:
        os.close(descriptor)


@contextmanager
def through(door: int) -> Iterator[None]:
    """Go through a door that lets one process in at a time."""
    # Not a blocking flock: it would stop every greenlet of a thread, the holder's among them.
    while not take(door, fcntl.LOCK_EX):
        time.sleep(PAUSE)
    try:
        yield
    finally:
        # Another thread may have forked meanwhile; its child must not keep the door shut.
        fcntl.flock(door, fcntl.LOCK_UN)
