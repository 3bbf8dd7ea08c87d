"""The demo from its first put to its report: jobs are put and followed, and the sums checked."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import redis

from pyjobs import embedded
from pyjobs.calls import QueueCounts
from pyjobs.client import Client
from pyjobs.demo.jobs import GROUP, Report, SourceFile, portable
from pyjobs.demo.sources import Source, Sources
from pyjobs.demo.workers import uninterrupted
from pyjobs.errors import InvalidArgument, PyjobsError
from pyjobs.job import Job
from pyjobs.stats import QueueStats

STAGES = ("collect", "count", "profit")
QUEUES = (*STAGES, "report")

CLUMSY_EVERY = 40
"""The first of so many files fails once, on purpose."""

DELAYED_EVERY = 25
"""The second of so many files is delayed by `DELAY` seconds."""

DELAY = 1.0

LOOK_EVERY = 0.1
"""Seconds between two looks at how far the jobs are."""


class DemoFailed(PyjobsError):
    """The jobs cannot come to an end."""


@dataclass(frozen=True)
class Put:
    """What was put: the files' jids, in the order of the files, and the report's."""

    files: list[str]
    report: str

    @property
    def clumsy(self) -> list[str]:
        """The jids of the files that fail once."""
        return self.files[::CLUMSY_EVERY]


@dataclass(frozen=True)
class Progress:
    """How far the jobs are; `steps` counts each stage of each file, and the report."""

    steps: int
    of: int
    counts: dict[str, QueueCounts]
    put_back: int

    @property
    def active(self) -> int:
        """Jobs that run, or are going to by themselves."""
        return sum(pending(count) for count in self.counts.values())

    @property
    def failed(self) -> int:
        """Jobs in failure groups."""
        return sum(count.failed for count in self.counts.values())


def pending(count: QueueCounts) -> int:
    """Return how many jobs of a queue run, or are going to by themselves."""
    return count.waiting + count.scheduled + count.running + count.stalled + count.throttled


@dataclass(frozen=True)
class Outcome:
    """What came of a run; `story` is one job that failed and was put back."""

    figures: dict[str, Any]
    counts: list[QueueCounts]
    stats: dict[str, QueueStats]
    put_back: int
    story: Job
    problems: list[str] = field(default_factory=list)


def put(client: Client, sources: Sources) -> Put:
    """Put a job for each file, small ones first to run, and the report that waits for them all."""
    files = client.queue("collect").put_many(
        {
            "klass": SourceFile,
            "data": {"path": portable(source.path), "clumsy": number % CLUMSY_EVERY == 0},
            "priority": (source.size // 1024).bit_length(),
            "delay": DELAY if number % DELAYED_EVERY == 1 else 0,
            "tags": [Path(source.path).suffix.lower()],
        }
        for number, source in enumerate(sources.files)
    )
    report = client.queue("report").put(Report, {"files": files}, depends=files)
    return Put(files, report)


def follow(client: Client, files: int, workers: Sequence[BaseProcess]) -> Iterator[Progress]:
    """Yield how far the jobs are until the report is there; put failed ones back on the way.

    Raises:
        DemoFailed: jobs failed that should not have, or all workers have ended.
    """
    put_back = 0
    while True:
        progress = _look(client, files, put_back)
        yield progress
        if progress.steps == progress.of:
            return
        if progress.failed and not progress.active:
            again = client.unfail(GROUP)
            put_back += again
            if not again:
                raise DemoFailed(f"failed, and not on purpose: {_failures(client)}")
        if not any(worker.is_alive() for worker in workers):
            raise DemoFailed("all workers have ended")
        time.sleep(LOOK_EVERY)


def _look(client: Client, files: int, put_back: int) -> Progress:
    counts = {count.name: count for count in client.queues.counts}
    steps = counts["report"].complete
    for stage, name in enumerate(STAGES):
        if name in counts:
            count = counts[name]
            steps += stage * (pending(count) + count.failed) + len(STAGES) * count.complete
    return Progress(steps, len(STAGES) * files + 1, counts, put_back)


def _failures(client: Client) -> str:
    groups = client.jobs.failed()
    told = []
    for group in groups:
        for job in client.jobs.failed(str(group), count=1):
            message = job.failure.message if isinstance(job, Job) and job.failure else ""
            told.append(f"{group}: {''.join(message.splitlines()[-1:])}")
    return "; ".join(told)


def outcome(client: Client, sources: Sources, done: Put, put_back: int) -> Outcome:
    """Read what came of it, and check that every file was counted once."""
    files = client.jobs.get(*done.files)
    figures = client.jobs.get(done.report)[0].data
    counts = sorted(client.queues.counts, key=lambda count: QUEUES.index(count.name))
    return Outcome(
        figures=figures,
        counts=counts,
        stats={name: client.queue(name).stats() for name in QUEUES},
        put_back=put_back,
        story=client.jobs.get(done.clumsy[0])[0],
        problems=[
            *_compare("files in the report", figures["files"], len(sources.files)),
            *_compare("files by kind", sum(figures["kinds"].values()), len(sources.files)),
            *_compare("jobs put back", put_back, len(done.clumsy)),
            *_check_files(files, sources.files, set(done.clumsy)),
            *_check_sums(files, figures),
            *_check_counts(counts, len(sources.files)),
        ],
    )


def _compare(what: str, found: object, expected: object) -> list[str]:
    return [] if found == expected else [f"{what}: {found}, and should be {expected}"]


def _check_files(jobs: list[Job], sources: list[Source], clumsy: set[str]) -> Iterator[str]:
    paths = Counter(job["path"] for job in jobs)
    expected = Counter(portable(source.path) for source in sources)
    yield from (
        f"{path!r} was counted {number} times" for path, number in (paths - expected).items()
    )
    yield from (f"{path!r} was not counted" for path in expected - paths)
    for job in jobs:
        happened = Counter(event.what for event in job.history)
        yield from _compare(f"job {job.jid}: state", job.state, "complete")
        yield from _compare(f"job {job.jid}: times done", happened["done"], len(STAGES))
        yield from _compare(
            f"job {job.jid}: times failed", happened["failed"], int(job.jid in clumsy)
        )


def _check_sums(jobs: list[Job], figures: dict[str, Any]) -> Iterator[str]:
    for what in ("bytes", "lines", "words"):
        yield from _compare(what, figures[what], sum(job[what] for job in jobs))


def _check_counts(counts: list[QueueCounts], files: int) -> Iterator[str]:
    complete = {count.name: count.complete for count in counts}
    expected = {"collect": 0, "count": 0, "profit": files, "report": 1}
    yield from _compare("complete jobs by queue", complete, expected)
    yield from _compare("failed jobs", sum(count.failed for count in counts), 0)


@contextmanager
def private_server(keep: bool) -> Iterator[str]:
    """Give the address of an embedded server in a new folder, which is removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="pyjobs-demo-"))
    try:
        yield f"embedded://{quote(str(folder))}"
    finally:
        if not keep:
            with uninterrupted():
                embedded.stop(folder)
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def own_namespace(url: str, namespace: str, keep: bool) -> Iterator[Client]:
    """Give a client of a new namespace, whose keys are deleted at the end.

    Raises:
        InvalidArgument: there is something in the namespace, which is not the demo's to delete.
    """
    with uninterrupted():  # an embedded server is starting: it would not know of its end
        client = Client(url, namespace=namespace)
    with client:
        if client.queues.counts or client.server.exists(client.key("")):
            raise InvalidArgument(
                f"namespace: {namespace!r} is in use; the demo takes one of its own, and deletes it"
            )
        try:
            yield client
        finally:
            if not keep:
                try:
                    _delete(client)
                except (
                    KeyboardInterrupt
                ):  # a second Ctrl-C does not leave keys behind, a third does
                    _delete(client)
                    raise


def _delete(client: Client) -> None:
    try:
        keys = client.server.scan_iter(match=f"{{{client.namespace}/*", count=1000)
        while slice_ := list(itertools.islice(keys, 500)):
            client.server.unlink(*slice_)
    except redis.RedisError as error:
        raise DemoFailed(
            f"the keys of namespace {client.namespace!r} could not be deleted: {error}"
        ) from error
