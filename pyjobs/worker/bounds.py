"""The start and the end of a worker: hooks that are called where its jobs run; its keeper waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from threading import Event
from typing import Any

from pyjobs.hooks import Called
from pyjobs.worker.idling import try_hook, try_hook_async

PULSE = 1.0
"""Seconds from one sign of life to the next, while hooks are called."""

RETURN = 1.0
"""Seconds in which what runs the jobs has to come back when all is done."""


class Bounds:
    """Calls hooks before a worker's first job is asked for, and after its last one has ended."""

    def __init__(self, called: Called) -> None:
        self._called = called
        self._started, self._stopping, self._stopped = Event(), Event(), Event()

    # Called where jobs run

    def start(self, here: Callable[[Coroutine[Any, Any, Any]], Any] = asyncio.run) -> None:
        """Call the first hooks; `here` runs a coroutine. The keeper goes on afterwards."""
        for hook in self._called.on_start:
            try_hook(hook, here=here)
        self._started.set()

    def stop(self, here: Callable[[Coroutine[Any, Any, Any]], Any] = asyncio.run) -> None:
        """Call the last hooks."""
        self._stopping.set()
        try:
            for hook in self._called.on_stop:
                try_hook(hook, here=here)
        finally:
            self._stopped.set()

    async def start_async(self) -> None:
        """Call the first hooks, as `start`, in an event loop."""
        for hook in self._called.on_start:
            await try_hook_async(hook)
        self._started.set()

    async def stop_async(self) -> None:
        """Call the last hooks, as `stop`, in an event loop."""
        self._stopping.set()
        try:
            for hook in self._called.on_stop:
                await try_hook_async(hook)
        finally:
            self._stopped.set()

    # Called by the keeper, and by who breaks it off

    def break_off(self) -> None:
        """Let the keeper go on although not all of the first hooks were called."""
        self._started.set()

    def wait_for_start(self, pulse: Callable[[], object]) -> None:
        """Wait until the first hooks were called, and give signs of life meanwhile."""
        while not self._started.wait(PULSE):
            pulse()

    def wait_for_stop(self, pulse: Callable[[], object]) -> bool:
        """Wait for the last hooks, as for the first ones; not when none can be called any more."""
        if not self._stopping.wait(RETURN):
            return False
        while not self._stopped.wait(PULSE):
            pulse()
        return True
