"""Putting jobs: in slices of what one call takes, and dependencies under a hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pyjobs import calls, options
from pyjobs.calls import Call
from pyjobs.errors import InvalidArgument, PyjobsError
from pyjobs.jids import Jid, Jids
from pyjobs.plans.plan import SLICE_BYTES, SLICE_JOBS, SLICE_LIMITS, Plan


def held_back(wire: dict[str, Any]) -> tuple[dict[str, Any], list[list[str]], dict[str, Any]]:
    """Leave in `wire` the dependencies that fit into one call.

    Returns the options, the further dependencies in slices, and what goes with each of those.
    """
    parents: list[str] = wire.get("depends", [])
    if len(parents) <= SLICE_JOBS:
        return wire, [], {}
    slices = [parents[at : at + SLICE_JOBS] for at in range(0, len(parents), SLICE_JOBS)]
    rest: dict[str, Any] = {
        name: wire[name] for name in ("missing", "parent_failure", "run_when") if name in wire
    }
    return {**wire, "depends": slices[0], "hold": True}, slices[1:], rest


def then_depend(
    call: Call[str], jid: str, slices: Sequence[Sequence[str]], rest: dict[str, Any]
) -> Plan[str]:
    """Make a call, then add dependencies under the hold that it set; returns the job's state."""
    answer: str = yield call
    if slices and answer != "kept" and not answer.startswith("merged "):
        state = yield from depend(jid, slices, rest)
        return state if call.name == "complete" else answer
    return answer


class Put:
    """A job that is to be put: its call, and what of it does not fit into one call."""

    def __init__(
        self, queue: str, jid: str, klass: str, payload: bytes, wire: dict[str, Any]
    ) -> None:
        self.jid = jid
        self.parents: list[str] = wire.get("depends", [])
        self.size = len(payload) + 64
        self.limits: Sequence[str] = wire.get("limits", ())
        wire, self._slices, self._rest = held_back(wire)
        packed = options.pack(wire)
        self.call = calls.put(queue, jid, klass, payload, packed, marked="unique" in wire)

    @property
    def whole(self) -> bool:
        """Whether one call is enough."""
        return not self._slices

    def only_call(self) -> Call[str]:
        """Return the call, for several in one; refuses what does not fit into it."""
        if not self.whole:
            raise InvalidArgument(f"depends: one call takes {SLICE_JOBS} jobs")
        return self.call

    def plan(self) -> Plan[str]:
        """Put the job, then its further dependencies under a hold that the last slice lifts."""
        return then_depend(self.call, self.jid, self._slices, self._rest)


def depend(
    jid: str, slices: Sequence[Sequence[str]], rest: dict[str, Any], hold: bool = True
) -> Plan[str]:
    """Add dependencies slice by slice; returns the job's state, empty when there was no slice."""
    state = ""
    for number, parents in enumerate(slices, 1):
        last = "last" if number == len(slices) else "more"
        packed = options.pack({**rest, "depends": parents})
        state = yield calls.depend(jid, packed, last if hold else "")
    return state


class Slices:
    """What is to be put, in what one call takes; the next slice can be made ready ahead."""

    def __init__(self, puts: Iterable[Put]) -> None:
        self._puts = iter(puts)
        self._left: list[Put] = []
        self._ready: list[Put] | None = None
        self._error: Exception | None = None

    def prepare(self) -> None:
        """Make the next slice ready; what goes wrong is kept for `next`."""
        if self._ready is None and self._error is None:
            try:
                self._ready = self._gather()
            except Exception as error:  # noqa: BLE001 - it is raised by `next`
                self._error = error

    def next(self) -> list[Put]:
        """Return the next slice: jobs, or one alone that takes several calls; empty at the end."""
        self.prepare()
        if self._error is not None:
            raise self._error
        ready, self._ready = self._ready, None
        return ready or []

    def _gather(self) -> list[Put]:
        gathered, self._left = self._left, []
        size = sum(put.size for put in gathered)
        limits = {name for put in gathered for name in put.limits}
        if gathered and not gathered[0].whole:
            return gathered
        for put in self._puts:
            full = len(gathered) == SLICE_JOBS or size + put.size > SLICE_BYTES
            if put.limits:
                limits.update(put.limits)
                full = full or len(limits) > SLICE_LIMITS
            if gathered and (full or not put.whole):
                self._left.append(put)
                break
            gathered.append(put)
            size += put.size
            if not put.whole:
                break
        return gathered


def put_many(puts: Iterable[Put], atomic: bool) -> Plan[Jids]:
    """Put jobs in order, in slices that are each put as a whole; returns the jids.

    While the server puts one slice, the next one is encoded.
    """
    if atomic:
        puts = list(puts)
        _refuse_large(puts)
    jids = Jids()
    slices = Slices(puts)
    while gathered := slices.next():
        try:
            if gathered[0].whole:
                call = calls.step([put.call for put in gathered])
                call.meanwhile = slices.prepare
                answers = yield call
            else:
                answers = [(yield from gathered[0].plan())]
        except PyjobsError as error:
            if jids:
                error.args = (f"{error}. The {len(jids)} jobs before this slice were put",)
            raise
        jids.extend(
            Jid.answered(put.jid, answer) for put, answer in zip(gathered, answers, strict=True)
        )
    return jids


def _refuse_large(puts: Sequence[Put]) -> None:
    size = sum(put.size for put in puts)
    if len(puts) > SLICE_JOBS or (size > SLICE_BYTES and len(puts) > 1):
        raise InvalidArgument(
            f"atomic: {len(puts)} jobs of {size} bytes do not fit into one slice of "
            f"{SLICE_JOBS} jobs and {SLICE_BYTES} bytes"
        )
    for put in puts:
        if not put.whole:
            raise InvalidArgument(
                f"atomic: job {put.jid} has more than {SLICE_JOBS} dependencies, "
                "which do not fit into one slice"
            )
