"""Flows: graphs of jobs that are put, waited for, cancelled and retried as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from pyjobs import calls, flowing, jids, options, plans, waiting
from pyjobs.calls import FlowState
from pyjobs.errors import InvalidArgument
from pyjobs.options import JobOptions, Seconds
from pyjobs.putting import prepare

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from pyjobs.client import Client

Step = tuple[str, Any] | tuple[str, Any, Any]
MemberState = Literal["held", "depends", "open", "failed", "complete"]


class Flow:
    """A graph of jobs, of any shape without a cycle, over any queues.

    What the `with` block puts is put when it ends: up to 100 jobs and 256 kB in one call, all or
    nothing; a larger graph in slices, of which no job starts before all are there. When the block
    raises nothing is put. Parents need not be put before their children. Outside of such a block
    `put` puts at once: into a flow that runs, or into one that is not sealed yet, whose members are
    held until `seal`. One that is not sealed is cancelled when nothing has been put into it for as
    long as the setting `flow-grace` says, an hour.

    A client's `flow` makes one, or with an id opens one.
    """

    def __init__(self, client: Client, flow_id: str | None = None) -> None:
        self._client = client
        self._id = jids.new() if flow_id is None else options.text(flow_id, "flow")
        self._gathered: list[plans.Put] | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"

    def __enter__(self) -> Self:
        if self._gathered is not None:
            raise InvalidArgument("flow: its block has begun already")
        self._gathered = []
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        gathered, self._gathered = self._gathered, None
        if kind is None and gathered:
            self._client.run(flowing.put(self.id, gathered))

    @property
    def id(self) -> str:
        """The flow's id, by which `client.flow` opens it."""
        return self._id

    def put(self, queue: str, klass: Any, data: Any = None, **given: Unpack[JobOptions]) -> str:
        """Put a job of the flow into a queue; returns its jid.

        As `Queue.put`. In the flow's `with` block the job is put at the end of the block, and a
        dependency that is neither in the flow nor known otherwise is refused (JobNotFound) unless
        `missing="done"`. Its result is kept for those that depend on it (setting `flow-results`,
        seven days) unless `keep_result` says otherwise. Raises WrongState when the flow is
        cancelled, or sealed and all of its members have ended.
        """
        if self._gathered is not None:
            given = {"missing": "refuse", **given}
        put = prepare(queue, klass, data, {**given, "flow": self.id})
        if self._gathered is not None:
            self._gathered.append(put)
        else:
            self._client.run(put.call if put.whole else put.plan())
        return put.jid

    def chain(self, *steps: Step, **given: Unpack[JobOptions]) -> list[str]:
        """Put jobs that run one after the other; returns their jids.

        A step is (queue, klass) or (queue, klass, data). The options are those of each job, but
        that only the first waits for `depends`.
        """
        jids: list[str] = []
        for step in steps:
            if jids:
                given = {**given, "depends": jids[-1:]}
            jids.append(self.put(*step, **given))
        return jids

    def parallel(self, *steps: Step, **given: Unpack[JobOptions]) -> list[str]:
        """Put jobs that run side by side; returns their jids. Steps are as of `chain`.

        A job that `depends` on all of them joins them.
        """
        return [self.put(*step, **given) for step in steps]

    def map(
        self, queue: str, klass: Any, items: Iterable[Any], **given: Unpack[JobOptions]
    ) -> list[str]:
        """Put a job for each item, which is its data; returns their jids."""
        return [self.put(queue, klass, item, **given) for item in items]

    def seal(self) -> None:
        """Let the members run that are held; the end of a `with` block does so."""
        self._client.run(flowing.seal(self.id))

    def state(self) -> FlowState:
        """Return what has become of the flow, in one call; raises JobNotFound when it is gone.

        It is known as long as one of its members is, and for a minute more.
        """
        return self._client.run(calls.flow(self.id))

    def wait(self, wait: Seconds | None = None) -> FlowState:
        """Block up to `wait` seconds (None: no end) until the flow has ended; no polling.

        It has ended too when a failed member holds up all that is left: then `retry` or `cancel`.
        Returns what has become of it by then.
        """
        return self._client.run(waiting.flow(self.id, wait))

    def members(
        self, state: MemberState | None = None, offset: int = 0, count: int = 100
    ) -> list[str]:
        """Return jids of members, of one state or of all; who has left the system is not known."""
        kind = "" if state is None else options.text(state, "state")

        def page(cursor: str, most: int) -> calls.Call[tuple[str, list[str]]]:
            return calls.flow_members(self.id, kind, cursor, most)

        return self._client.run(plans.listing(page, offset, count))

    def cancel(self) -> None:
        """Cancel all members that are not complete, and whatever waits for them; takes no more.

        In slices: a call decides it, and what is left is done by whoever pops.
        """
        self._client.run(flowing.cancel(self.id))

    def retry(self) -> int:
        """Put the failed members back, with new retries, in slices; returns how many."""
        return self._client.run(flowing.retry(self.id))
