"""The demo's workers: processes that pop a job, run its class's method, and pop the next."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.process import BaseProcess

from pyjobs.client import Client
from pyjobs.errors import LeaseLost, PyjobsError, ServerError
from pyjobs.job import Job

AT_ONCE = 10
"""Jobs that a worker pops in one call."""

PATIENCE = 1.0
"""Seconds to wait for a job before a look at whether the parent still lives."""

TRACE = 4000
"""Characters of a traceback that are kept, the last ones."""


@contextmanager
def working(client: Client, count: int, queues: Sequence[str]) -> Iterator[list[BaseProcess]]:
    """Have so many processes work on the queues; at the end they are stopped."""
    context = multiprocessing.get_context("fork")
    arguments = (client, queues, os.getpid())
    started: list[BaseProcess] = []
    try:
        # Ctrl-C goes to every process of the terminal; these are ended by their parent instead.
        with uninterrupted():
            for _ in range(count):
                process = context.Process(target=_work, args=arguments, daemon=True)
                process.start()
                started.append(process)
        yield started
    finally:
        with uninterrupted():
            for each in started:
                each.terminate()
            for each in started:
                each.join()


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let a Ctrl-C wait until this is over; processes started in it never see one."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(client: Client, queues: Sequence[str], parent: int) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        while os.getppid() == parent:
            for job in client.pop(queues, AT_ONCE, wait=PATIENCE):
                perform(job)
    except PyjobsError as error:
        sys.exit(f"a worker has ended: {error}")


def perform(job: Job) -> None:
    """Run a job, and complete or fail it if it has not done so itself."""
    with suppress(LeaseLost):
        try:
            klass = job.klass
            method = getattr(klass, job.queue_name, None) or getattr(klass, "process")  # noqa: B009
            method(job)
        except (LeaseLost, ServerError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to the job
            group = f"{job.queue_name}-{type(error).__name__}"
            job.fail(group, traceback.format_exc()[-TRACE:])
        else:
            if job.state == "running":
                job.complete()
