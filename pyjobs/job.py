"""A job as its users see it: what is known of it, and what can be done with it."""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pyjobs import calls, codec, flowing, naming, options, plans, waiting
from pyjobs.errors import InvalidArgument, JobNotFound, WrongState
from pyjobs.flows import Flow
from pyjobs.options import ContextValue, Reference, Seconds, StayOptions
from pyjobs.putting import described
from pyjobs.record import TRACKED
from pyjobs.snapshot import Durations, Event, Failure, Snapshot

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from pyjobs.client import Client
    from pyjobs.queue import Queue


PROGRESS = 1.0
"""Seconds between two entries of progress in a job's history."""


class Job:
    """One job, as it was when it was popped or looked up; `refresh` looks again.

    `job["key"]` reads and writes the data, if that is a dictionary. Data that was changed goes to
    the server with `complete`, `fail` or `save`, in the same call.
    """

    def __init__(self, client: Client, snapshot: Snapshot) -> None:
        self._client = client
        self._snapshot = snapshot
        self._state = snapshot.record.state
        self._data: Any = None
        self._decoded = False
        self._progressed = -math.inf
        self._began: float | None = None
        self.sandbox = ""
        """The job's own folder while a worker that has a `--workdir` runs it; else empty."""

    def __repr__(self) -> str:
        klass = self.klass_name or "data"
        return f"<{type(self).__name__} {klass} {self.jid} {self.state} in {self.queue_name!r}>"

    # What is known

    @property
    def client(self) -> Client:
        """The client by which the job was found."""
        return self._client

    @property
    def jid(self) -> str:
        """The job's id."""
        return self._snapshot.jid

    @property
    def queue_name(self) -> str:
        """Name of the queue that the job is in."""
        return self._snapshot.queue

    @property
    def klass_name(self) -> str:
        """Import path of the job class; empty for a plain data item."""
        return self._snapshot.klass

    @property
    def klass(self) -> type:
        """The job class, imported; refuses what is no job class."""
        return naming.resolve(self.klass_name)

    @property
    def data(self) -> Any:
        """The job's data, decoded when first looked at."""
        if not self._decoded:
            payload = self._snapshot.record.payload
            # A cancelled job has none any more.
            self._data = codec.decode(payload) if payload else None
            self._decoded = True
        return self._data

    @data.setter
    def data(self, data: Any) -> None:
        self._data, self._decoded = data, True

    def __getitem__(self, key: Any) -> Any:
        return self.data[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self.data[key] = value

    @property
    def state(self) -> str:
        """One of waiting, scheduled, depends, running, throttled, complete, failed, cancelled."""
        return self._state

    @property
    def priority(self) -> int:
        """Lower runs sooner."""
        return self._snapshot.record.priority

    # sync-only: an assignment cannot be awaited
    @priority.setter
    def priority(self, priority: int) -> None:
        self.set_priority(priority)

    @property
    def since(self) -> float:
        """When it became runnable, is due (scheduled) or ended: seconds since the epoch."""
        return self._snapshot.record.since / 1000

    @property
    def tags(self) -> list[str]:
        """The job's tags, in the order in which they came."""
        return list(self._snapshot.record.options.get("tags", []))

    @property
    def limits(self) -> list[str]:
        """Names of the limits that the job starts under."""
        return list(self._snapshot.record.options.get("limits", []))

    @property
    def order_key(self) -> str:
        """The key of the jobs that run one after another with this one, or empty."""
        return str(self._snapshot.record.options.get("order_key", ""))

    @property
    def tenant(self) -> str:
        """The tenant whose turns the job uses, or empty."""
        return str(self._snapshot.record.options.get("tenant", ""))

    @property
    def origin(self) -> str:
        """The jid of the recurring job that made this one, or empty."""
        return str(self._snapshot.record.options.get("origin", ""))

    @property
    def tracked(self) -> bool:
        """Whether somebody follows the job."""
        return bool(self._snapshot.record.flags & TRACKED)

    @property
    def attempt(self) -> int:
        """The ordinal of the latest hand-out, 0 before the first."""
        return self._snapshot.record.attempt

    @property
    def retries_left(self) -> int:
        """Further attempts that the job may have."""
        return self._snapshot.record.left

    @property
    def original_retries(self) -> int:
        """Further attempts that it was put with."""
        return self._snapshot.record.retries

    @property
    def run_within(self) -> float | None:
        """Seconds after which an attempt is interrupted; 0: never, None: as the worker says."""
        return self._seconds("run_within")

    @property
    def kill_within(self) -> float | None:
        """Seconds after which an attempt's process is replaced; 0: never, None: by the worker."""
        return self._seconds("kill_within")

    @property
    def keep_result(self) -> float:
        """Seconds for which the result is kept; 0: not at all."""
        return self._seconds("keep_result") or 0.0

    def explain(self) -> calls.Explanation:
        """Tell why it does not run, by the conditions that a pop goes by; nothing is changed."""
        return self._client.run(calls.explain(self.jid))

    @property
    def keeps_result(self) -> bool:
        """Whether what its code returns is kept: if it was put so, or is a member of a flow."""
        kept = self._snapshot.record.options
        return bool(kept.get("keep_result", "flow" in kept))

    @property
    def unique(self) -> str:
        """The key under which it was put, or empty."""
        return str(self._snapshot.record.options.get("unique", ""))

    @property
    def start_by(self) -> float | None:
        """Until when it has to be started for the first time: seconds since the epoch, or None."""
        return self._seconds("start_by")

    @property
    def finish_by(self) -> float | None:
        """Until when it has to be done: seconds since the epoch, or None."""
        return self._seconds("finish_by")

    def _seconds(self, option: str) -> float | None:
        value = self._snapshot.record.options.get(option)
        return None if value is None else value / 1000

    @property
    def flow(self) -> Flow | None:
        """The flow of which the job is a member, or None; `job.flow.put` adds to it."""
        known = self._snapshot.record.options.get("flow")
        return None if known is None else Flow(self._client, known)

    @property
    def context(self) -> dict[str, ContextValue]:
        """What was put with the job for the code that runs it, beside the data."""
        return options.read_context(self._snapshot.record.options.get("context", b""))

    @property
    def worker_name(self) -> str:
        """Who holds the job; empty when nobody does."""
        return self._snapshot.record.worker

    @property
    def expires(self) -> float | None:
        """When the lease ends, in seconds since the epoch; None: no lease, or no end."""
        return self._snapshot.expires / 1000 if self._snapshot.expires else None

    def ttl(self) -> float | None:
        """Seconds left of the lease, by this machine's clock; None as for `expires`."""
        return None if self.expires is None else self.expires - time.time()

    @property
    def lease(self) -> calls.Lease:
        """What a holder shows to the engine; refused for a job that is in nobody's hands."""
        if not self._snapshot.record.popped:
            raise WrongState(f"job {self.jid} is {self.state}: nobody holds it", self.jid)
        if self.worker_name != self._client.worker_name:
            raise WrongState(
                f"job {self.jid} is held by {self.worker_name}, not by {self._client.worker_name}",
                self.jid,
            )
        return calls.Lease(self.queue_name, self.jid, self._snapshot.record.token)

    @property
    def durations(self) -> Durations:
        """How long the job waited, and how long its code has been running here, in seconds."""
        record = self._snapshot.record
        response = max(record.popped - record.since, 0) / 1000 if record.popped else 0.0
        processing = 0.0 if self._began is None else time.monotonic() - self._began
        return Durations(response, processing, response + processing)

    @property
    def dependencies(self) -> list[str]:
        """Jids that the job waits for (of very many, some thousand)."""
        return list(self._snapshot.dependencies)

    @property
    def dependents(self) -> list[str]:
        """Jids that wait for the job (the first thousand); a popped job knows after `refresh`."""
        return list(self._snapshot.dependents)

    @property
    def failure(self) -> Failure | None:
        """Why the job, or its last attempt, failed; a popped job knows after `refresh`."""
        return self._snapshot.failure

    @property
    def history(self) -> list[Event]:
        """All that happened to the job, oldest first (cut by the setting `max-job-history`)."""
        return self._snapshot.history()

    @property
    def queue(self) -> Queue:
        """The queue that the job is in."""
        return self._client.queue(self.queue_name)

    # What its holder does

    def _changed(self) -> bytes:
        """Return the data as bytes if it is to be stored anew."""
        if not self._decoded:
            return b""
        payload = codec.encode(self._data)
        return b"" if payload == self._snapshot.record.payload else payload

    def completing(
        self, next_queue: str | None = None, *, result: Any = None, **stay: Unpack[StayOptions]
    ) -> calls.Call[str]:
        """Return the call that completes the job, for several in one: see `Queue.complete`.

        The result, None included, is kept if the job was put so (`keep_result`) and is done for
        good.
        """
        call, slices, _ = self._completing(next_queue, stay)
        if slices:
            raise InvalidArgument(f"depends: one call takes {plans.SLICE_JOBS} jobs")
        return self._with_result(call, next_queue, result)

    def _with_result(
        self, call: calls.Call[str], next_queue: str | None, result: Any
    ) -> calls.Call[str]:
        if not next_queue and self.keeps_result:
            call.args.append(codec.encode(result, "result"))
        return call

    def _completing(
        self, next_queue: str | None, stay: StayOptions
    ) -> tuple[calls.Call[str], list[list[str]], dict[str, Any]]:
        """Return the call, the dependencies that do not fit into it, and what goes with them."""
        if next_queue is not None and not options.text(next_queue, "next_queue"):
            raise InvalidArgument("next_queue: is empty; leave it out to complete for good")
        wire, slices, rest = plans.held_back(options.to_wire(stay))
        packed = options.pack(wire)
        call = calls.complete(self.lease, self._changed(), next_queue or "", packed)
        return call, slices, rest

    def complete(
        self,
        next_queue: str | None = None,
        *,
        result: Any = None,
        then: Iterable[Mapping[str, Any]] = (),
        **stay: Unpack[StayOptions],
    ) -> str:
        """Complete the job, for good or into the next queue; returns its state.

        In a next queue that is waiting, scheduled, depends or, while a limit is against it,
        throttled; failed or cancelled when a job that it depends on has failed. A stay there takes
        priority, delay, at, depends, missing and parent_failure. The result, None included, is kept
        if the job was put so (`keep_result`) and is done for good. `then` are jobs that are put in
        the same step, up to 99: mappings as of `Queue.put_many`, with a `queue` if it is not the
        job's own. Raises LeaseLost when the lease was taken away; then nothing was put.
        """
        puts = [described(job, self.queue_name).only_call() for job in then]
        if puts:
            members = [self.completing(next_queue, result=result, **stay), *puts]
            self._state, *_ = self._client.run(plans.together(members))
            return self._state
        call, slices, rest = self._completing(next_queue, stay)
        call = self._with_result(call, next_queue, result)
        self._state = self._client.run(plans.then_depend(call, self.jid, slices, rest))
        return self._state

    def fail(self, group: str, message: str = "") -> str:
        """Give the job up into a failure group, with up to 16,384 bytes of message."""
        self._state = self._client.run(self.failing(group, message))
        return self._state

    def failing(self, group: str, message: str = "") -> calls.Call[str]:
        """Return the call that fails the job."""
        group, message = options.text(group, "group"), options.text(message, "message")
        return calls.fail(self.lease, group, message, self._changed())

    def retry(self, delay: Seconds | None = None, group: str = "", message: str = "") -> str:
        """Ask for another attempt, `delay` seconds from now, and note why.

        Without a delay the job's backoff counts, if it was put with one. Returns the job's state:
        waiting, scheduled or, while a limit is against it, throttled; failed when no retries are
        left. Raises LeaseLost.
        """
        self._state = self._client.run(self.retrying(delay, group, message))
        return self._state

    def retrying(
        self, delay: Seconds | None = None, group: str = "", message: str = ""
    ) -> calls.Call[str]:
        """Return the call that asks for another attempt."""
        return calls.retry(
            self.lease,
            None if delay is None else options.milliseconds(delay, "delay"),
            options.text(group, "group"),
            options.text(message, "message"),
            dice=secrets.randbelow(calls.DICE),
        )

    def release(self, delay: Seconds = 0) -> str:
        """Give the job back without counting a retry; it keeps its place. Raises LeaseLost.

        Returns its state: waiting, scheduled or, while a limit is against it, throttled.
        """
        self._state = self._client.run(self.releasing(delay))
        return self._state

    def releasing(self, delay: Seconds = 0) -> calls.Call[str]:
        """Return the call that gives the job back."""
        return calls.release(self.lease, options.milliseconds(delay, "delay"))

    def began(self) -> None:
        """Note that the job's code begins to run."""
        self._began = time.monotonic()

    def became(self, state: str) -> None:
        """Note the state that a call of this job has answered."""
        self._state = state

    def heartbeat(self, lease: Seconds | None = None) -> float | None:
        """Prolong the lease, counted from now; returns its end. Raises LeaseLost."""
        length = None if lease is None else options.milliseconds(lease, "lease")
        (ends,) = self._client.run(calls.heartbeat(self._client.worker_name, [self.lease], length))
        if isinstance(ends, Exception):
            raise ends
        return self.renewed(ends)

    def renewed(self, ends: int) -> float | None:
        """Note the new end of the lease, in milliseconds (0: none); returns it in seconds."""
        self._snapshot.expires = ends
        return self.expires

    # What anybody does

    def refresh(self) -> Job:
        """Look at the job again; raises JobNotFound when it is gone."""
        (snapshot,) = self._client.run(calls.get([self.jid]))
        if snapshot is None:
            raise JobNotFound(f"no job {self.jid}", self.jid)
        self._snapshot, self._state, self._decoded = snapshot, snapshot.record.state, False
        return self

    def result(self, wait: Seconds | None = 0) -> Any:
        """Return what the work on the job returned; as `Client.result`."""
        return self._client.run(waiting.result(self.jid, wait))

    @property
    def parents(self) -> list[str]:
        """Jids of the jobs on which a flow's member depends or did, in the order of its put."""
        return list(self._client.run(flowing.parents(self.jid)))

    def parent_results(self) -> dict[str, Any]:
        """Return what each parent of a flow's member returned, by jid, in the order of its put.

        In the place of a result that there is not stands the exception that `result` would raise:
        JobFailed (for a job that runs whatever the end of its parents), WrongState for a cancelled
        parent, NotFinished, NoResult.
        """
        return self._client.run(flowing.parent_results(self.jid))

    def move(self, queue: str, delay: Seconds = 0) -> str:
        """Move the job to a queue, from whatever state; a holder loses it.

        Returns its state: waiting, scheduled, depends or, while a limit or its order key is against
        it, throttled.
        """
        call = calls.move(
            self.jid, options.text(queue, "queue"), options.milliseconds(delay, "delay")
        )
        self._state = self._client.run(call)
        self._snapshot.queue = queue
        return self._state

    def cancel(self) -> None:
        """Take the job out of the system; refused when others wait for it."""
        self._client.run(calls.cancel([self.jid]))
        self._state = "cancelled"

    def timeout(self) -> str:
        """Take the running job from its holder, as if the lease had run out; returns its state.

        That is waiting or, while a limit is against it, throttled; failed when no retries are left.
        """
        self._state = self._client.run(calls.timeout(self.jid))
        return self._state

    def unfail(self, queue: str = "") -> str:
        """Put the failed job back, into this queue or its own; returns its state.

        That is waiting or, while a limit or its order key is against it, throttled.
        """
        self._state = self._client.run(calls.unfail(self.jid, options.text(queue, "queue")))
        return self._state

    def set_priority(self, priority: int) -> None:
        """Change the priority; the job keeps its place by age among its new equals."""
        value = options.integer(priority, "priority")
        self._snapshot.record.priority = self._client.run(calls.priority(self.jid, value))

    def depend(
        self, *jobs: Reference, missing: str | None = None, parent_failure: str | None = None
    ) -> str:
        """Make the job, which must not run yet, wait for these too; returns its state.

        When all of them have ended it may be waiting, scheduled or throttled.
        """
        wire = options.to_wire(
            {"depends": jobs, "missing": missing, "parent_failure": parent_failure}
        )
        slices = list(plans.sliced(wire.pop("depends", [])))
        self._state = self._client.run(plans.depend(self.jid, slices, wire, hold=len(slices) > 1))
        return self._state

    def undepend(self, *jobs: Reference, all: bool = False) -> str:  # noqa: A002 - the classic name
        """Make the job not wait for these any more, or for none at all; returns its state.

        With nothing left to wait for, that is waiting, scheduled or, while a limit or its order key
        is against it, throttled.
        """
        if all == bool(jobs):
            raise InvalidArgument("undepend: name the jobs, or say all=True")
        jids = [options.reference(job) for job in jobs]
        self._state = self._client.run(calls.undepend(self.jid, jids))
        return self._state

    def tag(self, *tags: str) -> list[str]:
        """Put tags on the job; returns all that it carries."""
        self._snapshot.record.options["tags"] = self._client.run(
            calls.tag(self.jid, options.texts(tags, "tags"))
        )
        return self.tags

    def untag(self, *tags: str) -> list[str]:
        """Take tags off the job; returns those that it keeps."""
        self._snapshot.record.options["tags"] = self._client.run(
            calls.untag(self.jid, options.texts(tags, "tags"))
        )
        return self.tags

    def track(self) -> None:
        """Mark the job for people to follow."""
        self._client.run(calls.track(self.jid))
        self._snapshot.record.flags |= TRACKED

    def untrack(self) -> None:
        """Take the mark off."""
        self._client.run(calls.untrack(self.jid))
        self._snapshot.record.flags &= ~TRACKED

    def log(self, what: str, data: Any = None) -> None:
        """Write an entry of your own into the history; `data` has up to 4,096 bytes packed."""
        packed = b"" if data is None else codec.encode(data)
        self._client.run(
            calls.log(self.jid, options.text(what, "what"), packed, self._client.request())
        )

    def progress(self, done: float, total: float | None = None) -> None:
        """Note how far the work is, as an entry `progress` of the history.

        May be called as often as one likes: what comes within a second of the last entry is left
        out, but for the end, `done` equal to `total`.
        """
        now = time.monotonic()
        if done != total and now - self._progressed < PROGRESS:
            return
        self._progressed = now
        self.log("progress", {"done": done} if total is None else {"done": done, "total": total})
