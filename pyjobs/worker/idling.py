"""What is called when a worker has nothing to run: in a thread, as the keeper must not wait."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

log = logging.getLogger("pyjobs.worker")


class Idling:
    """Calls hooks once when a worker becomes idle, and not again while they run."""

    def __init__(self, hooks: Sequence[Callable[[], Any]]) -> None:
        self._hooks = hooks
        self._told = False
        self._thread: threading.Thread | None = None

    def busy(self) -> None:
        """Note that there is something to run."""
        self._told = False

    def idle(self) -> None:
        """Note that there is nothing to run."""
        if not self._hooks or self._told or (self._thread and self._thread.is_alive()):
            return
        self._told = True
        self._thread = threading.Thread(target=self._call, name="pyjobs-idle", daemon=True)
        self._thread.start()

    def _call(self) -> None:
        for hook in self._hooks:
            try_hook(hook)


def try_hook(
    hook: Callable[..., Any],
    *args: Any,
    here: Callable[[Coroutine[Any, Any, Any]], Any] = asyncio.run,
) -> None:
    """Call a hook, a coroutine in a loop of its own; what goes wrong is logged."""
    try:
        answer = hook(*args)
        if inspect.iscoroutine(answer):
            here(answer)
    except (Exception, SystemExit):
        log.exception("a hook has failed")


async def try_hook_async(hook: Callable[..., Any]) -> None:
    """Call a hook in the event loop that runs; what goes wrong is logged."""
    try:
        answer = hook()
        if inspect.isawaitable(answer):
            await answer
    except (Exception, SystemExit):
        log.exception("a hook has failed")
