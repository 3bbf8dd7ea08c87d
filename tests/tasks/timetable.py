"""Functions that run by a schedule."""

from __future__ import annotations

from pyjobs import Tasks
from tests.tasks import jobs

tasks = Tasks(queue="clock")


@tasks.every(25, queue="low", retries=1, tags=["sweep"])
def sweep() -> None:
    """Sweep the floor."""
    jobs.ran.append("sweep")


@tasks.every(60, offset=0)
async def ring() -> None:
    """Ring the bell."""
    jobs.ran.append("ring")
