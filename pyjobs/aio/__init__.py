"""The client for asyncio: the same names and arguments, with `await`."""

from pyjobs.aio.client import AsyncClient
from pyjobs.aio.flows import AsyncFlow
from pyjobs.aio.job import AsyncJob
from pyjobs.aio.queue import AsyncQueue
from pyjobs.aio.recurring import AsyncRecurringJob
from pyjobs.aio.transaction import AsyncTransaction

__all__ = [
    "AsyncClient",
    "AsyncFlow",
    "AsyncJob",
    "AsyncQueue",
    "AsyncRecurringJob",
    "AsyncTransaction",
]
