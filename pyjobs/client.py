"""The client: one namespace of one server."""

from __future__ import annotations

import os
import re
import secrets
import socket
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import redis

from pyjobs import calls, options, plans, schedules, waiting
from pyjobs.calls import Call, Explanation
from pyjobs.checking import Finding, Inspection
from pyjobs.connections import Connections
from pyjobs.engine import Engine
from pyjobs.errors import InvalidArgument
from pyjobs.events import Events
from pyjobs.flows import Flow
from pyjobs.items import Receipts
from pyjobs.job import Job
from pyjobs.locks import Lock, Rate
from pyjobs.options import Reference, Seconds
from pyjobs.queue import Queue
from pyjobs.transaction import Transaction
from pyjobs.views import Config, Failures, Jobs, Limits, Queues, Tenants, Workers
from pyjobs.waiting import Waited

if TYPE_CHECKING:
    from typing_extensions import Self

T = TypeVar("T")

DEFAULT_URL = "redis://localhost:6379/0"
RESERVED = 5.0
"""Seconds in which reserved connections have to be made, if the user's settings do not say."""

_NAMESPACE = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class Client:
    """A namespace of the engine on one server; safe to share between threads, and across a fork.

    `url`: `redis://`, `rediss://`, `unix://`, `embedded:` (a private Valkey of this user's, started
    on demand), `embedded:///folder`, or a ready `redis.Redis`; default: `$PYJOBS_URL`, else
    `redis://localhost:6379/0`. Or `host`, `port`, `db`. `namespace` has 1 to 64 characters of
    `A-Z a-z 0-9 _ . -`; default: `$PYJOBS_NAMESPACE`, else `pyjobs`. `worker_name` names the holder
    of what this client pops, up to 200 bytes; default: host, pid and some random characters.
    `delivery` is `functions`, `scripts` or `auto`. `now` is for tests: a function that returns the
    time in milliseconds, instead of the server's clock.
    """

    immediate = False
    """Whether what is put is run at once, by this client itself: see `pyjobs.ImmediateClient`."""

    def __init__(
        self,
        url: str | redis.Redis | None = None,
        *,
        namespace: str | None = None,
        host: str | None = None,
        port: int | None = None,
        db: int | None = None,
        worker_name: str | None = None,
        delivery: str = "auto",
        now: Callable[[], int] | None = None,
        **server_options: Any,
    ) -> None:
        self.namespace = namespace or os.environ.get("PYJOBS_NAMESPACE") or "pyjobs"
        if not _NAMESPACE.fullmatch(self.namespace):
            raise InvalidArgument(
                f"namespace: {self.namespace!r} is not 1 to 64 characters of A-Z a-z 0-9 _ . -"
            )
        if delivery not in {"auto", "functions", "scripts"}:
            raise InvalidArgument(f"delivery: {delivery!r} is none of auto, functions, scripts")
        given = {"host": host, "port": port, "db": db}
        given = {name: value for name, value in given.items() if value is not None}
        self._ready = url is not None and not isinstance(url, str)
        self._membership, self.server = connect(redis.Redis, url, given, server_options)
        self._engine = Engine(self.namespace, delivery, now)
        self._connections = Connections(self.server, self._engine)
        self._worker_name = worker_name
        self._identities: dict[int, tuple[str, plans.Requests]] = {}
        self.receipts = Receipts()
        """What this client has taken for good and the server still remembers."""
        self.jobs = Jobs(self)
        self.queues = Queues(self)
        self.failures = Failures(self)
        self.workers = Workers(self)
        self.limits = Limits(self)
        self.tenants = Tenants(self)
        self.config = Config(self)
        self.events = Events(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.namespace!r} on {place(self.server)}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, but not one that was passed ready; leave an embedded server."""
        self._connections.close()
        if not self._ready:
            self.server.close()
        if self._membership is not None:
            self._membership.close()

    def run(self, work: Call[T] | Generator[Any, Any, T]) -> T:
        """Carry out a call of `pyjobs.calls` or a plan of `pyjobs.plans`."""
        return self._connections.run(work)

    # sync-only: for the thread of a worker
    def reserve(self) -> Connections:
        """Return connections that nothing else uses, which do not repeat what breaks."""
        return Connections(self.server, self._engine, within=RESERVED)

    def key(self, name: str) -> str:
        """Return the server's key of this name in the namespace."""
        return self._engine.key(name)

    def _identify(self) -> tuple[str, plans.Requests]:
        process = os.getpid()
        identity = self._identities.get(process)
        if identity is None:
            mark = secrets.token_hex(4)
            name = self._worker_name or f"{socket.gethostname()[:150]}-{process}-{mark}"
            # Of several threads that come here at once, one decides.
            identity = self._identities.setdefault(process, (name, plans.Requests(mark)))
        return identity

    @property
    def worker_name(self) -> str:
        """Who holds what this client pops; another name in a forked child, unless one was given."""
        return self._identify()[0]

    @property
    def requests(self) -> plans.Requests:
        """The numbers of this client's pops."""
        return self._identify()[1]

    def request(self) -> str:
        """Return a mark by which a repeated call is known."""
        return secrets.token_hex(8)

    def queue(self, name: str) -> Queue:
        """Return a queue; it comes into being with its first job."""
        return Queue(self, name)

    def pop(
        self,
        queues: Sequence[str],
        count: int = 1,
        *,
        wait: float = 0,
        lease: Seconds | None = None,
    ) -> list[Job]:
        """Pop up to `count` (1 to 100) jobs from several queues, those of the first one first.

        `wait` and `lease` are seconds, as for `Queue.pop`.
        """
        jobs = self.run(
            plans.pop(
                self.worker_name,
                self.requests,
                options.texts(queues, "queues"),
                options.integer(count, "count"),
                None if lease is None else options.milliseconds(lease, "lease"),
                options.milliseconds(wait, "wait") / 1000,
            )
        )
        return [Job(self, snapshot) for snapshot in jobs]

    def heartbeat(
        self, jobs: Iterable[Job], lease: Seconds | None = None
    ) -> list[float | Exception | None]:
        """Prolong the leases of any number of jobs, in as few calls as can be.

        Returns for each its end in seconds since the epoch (None: no end), or the LeaseLost.
        """
        held = list(jobs)
        length = None if lease is None else options.milliseconds(lease, "lease")
        plan = plans.heartbeat(self.worker_name, [job.lease for job in held], length)
        answers: list[float | Exception | None] = []
        for job, answer in zip(held, self.run(plan), strict=True):
            answers.append(answer if isinstance(answer, Exception) else job.renewed(answer))
        return answers

    def result(self, job: Reference, wait: Seconds | None = 0) -> Any:
        """Return what the work on a job returned, blocking up to `wait` seconds until it has ended.

        None: until it has. The job must have been put with `keep_result`; None is a result. Raises
        JobFailed with the remote traceback, NotFinished, NoResult when it is complete and nothing
        is kept, WrongState when it was cancelled, JobNotFound.
        """
        return self.run(waiting.result(job, wait))

    def wait(self, jobs: Iterable[Reference], wait: Seconds | None = 0) -> Waited:
        """Block up to `wait` seconds (None: no end) until jobs have ended; no polling.

        Answers which have started and which have finished, whether or not all have.
        """
        return self.run(waiting.Watch(jobs, wait).wait())

    def as_finished(
        self, jobs: Iterable[Reference], wait: Seconds | None = None
    ) -> Iterator[tuple[str, str]]:
        """Yield the jid and the state of each job as they finish, as `Waited.finished` has them.

        Raises NotFinished when some have not after `wait` seconds (None: no end).
        """
        watch = waiting.Watch(jobs, wait)
        while watch.open:
            found = self.run(watch.next())
            if not found:
                raise watch.over()
            for jid in found:
                yield jid, watch.finished[jid]

    def explain(self, job: Reference) -> Explanation:
        """Tell why a job does not run, by the conditions that a pop goes by; nothing is changed."""
        return self.run(calls.explain(options.reference(job)))

    def transaction(self) -> Transaction:
        """Return a transaction: what is gathered in its `with` block is applied all or none."""
        return Transaction(self)

    def lock(self, name: str, lease: Seconds = 30, wait: Seconds | None = None) -> Lock:
        """Return a lock for a `with` block, held for `lease` seconds at a time.

        `wait`: seconds until LockTaken is raised when it is not free (None: no end).
        """
        return Lock(self, name, lease, wait)

    def rate(self, name: str, count: int, per: Seconds, burst: int | None = None) -> Rate:
        """Return a rate: so many starts in `per` seconds, up to `burst` (all of them) at once."""
        return Rate(self, name, count, per, burst)

    def flow(self, flow_id: str | None = None) -> Flow:
        """Return a new flow, to be put by its `with` block, or the flow of this id."""
        return Flow(self, flow_id)

    def flows(self, offset: int = 0, count: int = 25) -> list[str]:
        """Return the ids of the flows that there are, newest first."""
        return self.run(plans.listing(calls.flows, offset, count))

    def track(self, job: Reference) -> None:
        """Mark a job for people to follow."""
        self.run(calls.track(options.reference(job)))

    def untrack(self, job: Reference) -> None:
        """Take the mark off, whether the job is still there or not."""
        self.run(calls.untrack(options.reference(job)))

    def tags(self, offset: int = 0, count: int = 100) -> dict[str, int]:
        """Return the tags that are on most jobs, with their numbers; `count` is up to 100."""
        options.integer(offset, "offset", 0)
        return self.run(calls.tags(offset, options.integer(count, "count", 1, 100)))

    def unfail(self, group: str, queue: str = "", count: int | None = None) -> int:
        """Put failed jobs of a group back, into `queue` or each its own; returns how many.

        All, or the oldest `count`; in slices, each of which is done as a whole.
        """
        return self.run(plans.unfail_group(group, queue, count))

    def check(self, repair: bool = False) -> Iterator[Finding]:
        """Look for what is wrong in the stored data, and yield it; with `repair` mend what can be.

        It goes through all that the namespace holds, in short calls between which others run, so a
        server that is at work can be checked. Without `repair` it writes nothing. What a repair
        cannot mend without a guess, it leaves.
        """
        inspection = Inspection(repair)
        while inspection.open:
            for finding in self.run(inspection.next()):  # noqa: UP028 - async code has no other way
                yield finding

    def tick(self) -> float:
        """Do a slice of what is due (as every pop does); returns seconds until more may be due."""
        return self.run(calls.tick()) / 1000

    def refill(self, jobs: Iterable[str] = (), count: int = 20) -> int:
        """Tell the engine the next moments of recurring jobs of which it knows few.

        Workers do that by themselves; this is for programs that pop without one. Of these jobs, or
        of `count` (up to 100) of any; returns of how many. Cron needs `pyjobs[cron]`.
        """
        return self.run(schedules.refill(options.texts(jobs, "jobs"), count))


def connect(
    kind: Any, url: Any, given: dict[str, Any], server_options: dict[str, Any]
) -> tuple[Any, Any]:
    """Return the membership of an embedded server, if that is asked for, and a connection."""
    if url is not None and not isinstance(url, str):
        if given or server_options:
            raise InvalidArgument("url: a ready connection takes no further connection options")
        return None, url
    if url is not None and given:
        raise InvalidArgument(f"url: says where the server is, and so does {next(iter(given))}")
    if given:
        return None, kind(**given, **server_options)
    url = url or os.environ.get("PYJOBS_URL") or DEFAULT_URL
    if url.startswith("embedded:"):
        from pyjobs import embedded  # noqa: PLC0415 - of an optional extra, and POSIX only

        membership = embedded.join(embedded.parse(url))
        return membership, kind.from_url(membership.url, **server_options)
    try:
        _ = urlsplit(url).port
    except ValueError:
        # Python's own text would quote a part of the password.
        raise InvalidArgument(
            "url: host and port cannot be read; write reserved characters of a password as %2F"
        ) from None
    try:
        return None, kind.from_url(url, **server_options)
    except ValueError as error:
        raise InvalidArgument(f"url: {error}") from error


def place(server: Any) -> str:
    """Say where a connection goes, without its password."""
    settings = server.connection_pool.connection_kwargs
    if "path" in settings:
        return str(settings["path"])
    return f"{settings.get('host', '?')}:{settings.get('port', '?')}/{settings.get('db', 0)}"
