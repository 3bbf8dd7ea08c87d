"""Flows: jobs that belong together, and what they depend on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyjobs.calls.answers import page, same, texts
from pyjobs.calls.call import Call
from pyjobs.calls.looking import Result
from pyjobs.record import text
from pyjobs.snapshot import read_failure


def seal(flow: str) -> Call[int]:
    """Seal a flow; answers how many members are still held."""
    return Call("seal", [flow], same, marked=True)


def flow_cancel(flow: str) -> Call[int]:
    """Cancel a flow; answers how many members are still to be cancelled."""
    return Call("flow_cancel", [flow], same, marked=True)


def flow_retry(flow: str, count: int = 100, before: int | None = None) -> Call[int]:
    """Put the failed members of a flow back; answers how many."""
    return Call("flow_retry", [flow, count, "" if before is None else before], same, marked=True)


@dataclass(frozen=True, slots=True)
class FlowState:
    """What has become of a flow, and how many members are in which state.

    Times are seconds since the epoch, by the server's clock.
    """

    state: str
    """unsealed, running, complete, failed (something has, and nothing runs or can) or cancelled."""
    now: float
    """When this was told."""
    created: float
    sealed: float | None
    """When it was sealed; None: it is not, and its members do not run."""
    stopped: float | None
    """When it was cancelled as a whole; None: it was not."""
    held: int
    """Members that wait for the flow to be sealed."""
    depends: int
    """Members that wait for other jobs."""
    open: int
    """Members that may run, or do."""
    failed: int
    complete: int
    cancelled: int
    """Members that were cancelled, or whose branch was not taken."""

    @property
    def total(self) -> int:
        """How many members the flow has had."""
        return self.held + self.depends + self.open + self.done

    @property
    def done(self) -> int:
        """How many members have ended."""
        return self.complete + self.failed + self.cancelled

    @property
    def progress(self) -> float:
        """Share of the members that have ended, 0 to 1."""
        return self.done / self.total if self.total else 0.0

    @property
    def ended(self) -> bool:
        """Whether nothing of it runs or can, unless failed members are put back."""
        return self.state in {"complete", "failed", "cancelled"}


_FLOW_MOMENTS = ("now", "created", "sealed", "stopped")


def _flow_state(answer: Sequence[Any]) -> FlowState:
    known = dict(zip(texts(answer[::2]), answer[1::2], strict=True))
    for name in _FLOW_MOMENTS:
        known[name] = known[name] / 1000 if known[name] else None
    return FlowState(**{**known, "state": text(known["state"])})


def flow(flow: str) -> Call[FlowState]:
    """Tell what has become of a flow."""
    return Call("flow", [flow], _flow_state, "reads")


def flow_wait(flow: str) -> Call[tuple[bytes, FlowState]]:
    """Look at a flow that somebody is going to wait for; answers its ring, empty at its end."""

    def read(answer: Sequence[Any]) -> tuple[bytes, FlowState]:
        return answer[0], _flow_state(answer[1:])

    return Call("flow_wait", [flow], read)


def flow_members(flow: str, kind: str, cursor: str, count: int) -> Call[tuple[str, list[str]]]:
    """Read a page of a flow's members: held, depends, open, failed, complete, or empty for all."""
    return Call("flow_members", [flow, kind, cursor, count], page, "reads")


def flows(cursor: str = "", count: int = 100) -> Call[tuple[str, list[str]]]:
    """Read a page of the flows, newest first."""
    return Call("flows", [cursor, count], page, "reads")


def parents(jid: str, offset: int = 0, count: int = 100) -> Call[tuple[int, dict[str, Result]]]:
    """Read on which jobs a member of a flow depends, and what became of them.

    Answers how many there are, and as many as fit into one answer.
    """

    def read(answer: Sequence[Any]) -> tuple[int, dict[str, Result]]:
        triples = zip(answer[1::3], answer[2::3], answer[3::3], strict=True)
        return answer[0], {text(jid): _outcome(text(state), found) for jid, state, found in triples}

    return Call("parents", [jid, offset, count], read, "reads", (jid,))


def _outcome(state: str, found: bytes) -> Result:
    if found[:1] == b"f":
        return Result(state, failure=read_failure(found[1:]))
    return Result(state, found[1:] if found else None)
