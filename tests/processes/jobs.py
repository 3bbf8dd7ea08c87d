"""Jobs that tell a test what becomes of them, through a list of the server's.

Each has in its data `told`, the list, and, if it is to wait, `go`, another one.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import time
from pathlib import Path
from typing import Any

from pyjobs import AsyncJob, Job
from pyjobs.worker import Hooks

PATIENCE = 40

hoard: list[bytes] = []

log = logging.getLogger(__name__)


def tell(job: Job, *words: object) -> None:
    """Say something to the test."""
    job.client.server.rpush(job["told"], " ".join(map(str, words)))


def wait(job: Job) -> None:
    """Wait until the test says go; in slices, so that an exception can be raised in between."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        if job.client.server.blpop([job["go"]], 0.05):
            return


class Quick:
    """Tells where it has run."""

    @staticmethod
    def process(job: Job) -> None:
        tell(job, job.jid, os.getpid(), job.attempt)


class Slow:
    """Tells that it has begun, and ends when it may."""

    @staticmethod
    def process(job: Job) -> None:
        tell(job, job.jid, os.getpid(), job.attempt)
        wait(job)


class Asleep:
    """Sleeps in an event loop."""

    @staticmethod
    async def process(job: AsyncJob) -> None:
        words = f"{job.jid} {os.getpid()} {job.attempt}"
        await job.client.server.rpush(job["told"], words)
        await asyncio.sleep(PATIENCE)


class Stubborn:
    """Does not let itself be stopped, the first time."""

    @staticmethod
    def process(job: Job) -> None:
        tell(job, job.jid, os.getpid(), job.attempt)
        ends = time.monotonic() + PATIENCE
        while job.attempt == 1 and time.monotonic() < ends:
            try:
                wait(job)
            except BaseException as error:  # noqa: BLE001, PERF203 - what it is for
                tell(job, "ignores", type(error).__name__)


class Frozen:
    """Lets no other thread of its process do anything, the first time."""

    @staticmethod
    def process(job: Job) -> None:
        tell(job, job.jid, os.getpid(), job.attempt)
        if job.attempt == 1:
            ctypes.PyDLL(None).sleep(PATIENCE)  # with the interpreter's lock held


class Greedy:
    """Occupies 64 MB more each time."""

    @staticmethod
    def process(job: Job) -> None:
        hoard.append(os.urandom(1 << 20) * 64)
        tell(job, job.jid, os.getpid(), job.attempt)


class Tidy:
    """Tells of its sandbox what it is like, and leaves a file in it."""

    @staticmethod
    def process(job: Any) -> None:
        folder = Path(job.sandbox)
        tell(job, folder, os.getcwd(), len(list(folder.iterdir())))  # noqa: PTH109
        (folder / "left").write_text("behind")
        if job.data.get("go"):
            wait(job)


class Wordy:
    """Logs a line of its own, and fails."""

    @staticmethod
    def process(job: Job) -> None:
        log.info("halfway", extra={"share": 0.5})
        raise ValueError(job["told"])


class Noted:
    """Notes in a file that it has run: the server may be away."""

    @staticmethod
    def process(job: Job) -> None:
        file = os.open(job["file"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, f"{job.jid}\n".encode())
        os.close(file)


class Sharing:
    """Tells whether the module was there before the process began, and by which hooks it came."""

    @staticmethod
    def process(job: Job) -> None:
        tell(job, imported_by == os.getpid(), *seen)


imported_by = os.getpid()
seen: list[str] = []

hooks = Hooks(before=lambda job: seen.append(job.jid))


def say(what: str) -> None:
    """Write a line of this process' into the file of the test, in one piece."""
    file = os.open(os.environ["SAID"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{what} {os.getpid()}\n".encode())
    os.close(file)


async def stop() -> None:
    say("stop")
    raise ValueError("a bad hook")


bounds = Hooks(on_start=lambda: say("start"), before=lambda job: say("job"), on_stop=stop)
