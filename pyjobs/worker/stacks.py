"""What a process is doing: the stacks of its threads, tasks and greenlets."""

from __future__ import annotations

import asyncio
import inspect
import os
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import suppress
from types import FrameType
from typing import Any


def print_stacks(descriptor: int, here: FrameType | None) -> None:
    """Print all stacks; called by a signal's handler, in the main thread, which is at `here`."""
    lines = [*_threads(here), *_tasks(), *_greenlets()]
    with suppress(OSError):
        os.write(descriptor, "".join(lines).encode(errors="backslashreplace"))


def _threads(here: FrameType | None) -> Iterator[str]:
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for number, frame in sys._current_frames().items():  # noqa: SLF001 - documented
        yield f"Thread {names.get(number, number)}:\n"
        mine = number == threading.get_ident()
        yield from traceback.format_stack(here if mine and here is not None else frame)


def _tasks() -> Iterator[str]:
    """Give the stacks of the tasks of the loop that this thread runs, if it does."""
    with suppress(RuntimeError):
        for task in asyncio.all_tasks():
            yield f"{task.get_name()}:\n"
            for frame in _frames(task.get_coro()):
                yield from traceback.format_stack(frame, limit=1)


def _greenlets() -> Iterator[str]:
    """Give the stacks of gevent's greenlets, if it is used."""
    if "gevent" in sys.modules:
        from gevent.util import format_run_info  # noqa: PLC0415 - of an optional extra

        for line in format_run_info(thread_stacks=False):
            yield f"{line}\n"


def _frames(waiting: Any) -> Iterator[FrameType]:
    """Give the frames of a coroutine and of what it waits for, as a stack has them."""
    while waiting is not None:
        frame = getattr(waiting, "cr_frame", None) or getattr(waiting, "gi_frame", None)
        if frame is not None:
            yield frame
        further = getattr(waiting, "cr_await", None) or getattr(waiting, "gi_yieldfrom", None)
        if further is None and frame is not None and inspect.isgenerator(waiting):
            # pools.asynchronous.Apart drives a coroutine by itself.
            further = frame.f_locals.get("coroutine")
        waiting = further
