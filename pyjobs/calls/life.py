"""A job's life: from its put to its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgpack

from pyjobs.calls.answers import same, word
from pyjobs.calls.call import Argument, Call, Lease
from pyjobs.record import text
from pyjobs.snapshot import Popped, read_popped


def put(
    queue: str, jid: str, klass: str, payload: bytes, options: bytes, marked: bool = False
) -> Call[str]:
    """Put a job; answers created, replaced, kept, or merged and the jid of another (see jids.Jid).

    `marked`: it has a unique key, so that it may leave nothing by which a repeat is known.
    """
    args: list[Argument] = [queue, jid, klass, payload, options]
    return Call("put", args, text, "puts", (jid,), marked=marked)


def pop(
    worker: str,
    request: str,
    queues: Sequence[str],
    count: int,
    lease: int | None = None,
    wait: bool = False,
    policy: str = "ordered",
    turn: int = 0,
    weights: Sequence[int] = (),
) -> Call[Popped]:
    """Pop jobs; `wait` says that the caller is going to block when there are none.

    `policy` is the order in which the queues are served: ordered, rotating or weighted. The last
    two go by `turn`, which the caller counts up from pop to pop; `weights` are the queues' weights.
    """
    args: list[Argument] = [worker, request, 0, count, "" if lease is None else lease, int(wait)]
    served: Sequence[Argument] = queues
    if policy == "weighted":
        served = [part for pair in zip(queues, weights, strict=True) for part in pair]
    return Call("pop", [*args, policy, turn, *served], read_popped, repeat_at=2)


def take(
    worker: str, request: str, queue: str, count: int, wait: bool = False, received: str = ""
) -> Call[Popped]:
    """Pop jobs of a queue for good: they are done with the answer, which is kept for repeats.

    `received` is an earlier request whose answer has arrived, so that it is kept no longer.
    """
    args: list[Argument] = [worker, request, received, count, int(wait), queue]
    return Call("take", args, read_popped)


def heartbeat(
    worker: str, leases: Sequence[Lease], lease: int | None = None
) -> Call[list[int | Exception]]:
    """Prolong leases; answers each one's end (0: none), or the error of one that is lost."""
    args: list[Argument] = [worker, "" if lease is None else lease]
    for held in leases:
        args += [held.queue, held.jid, held.token]
    return Call("heartbeat", args, list, jids=tuple(held.jid for held in leases))


def complete(
    lease: Lease,
    payload: bytes = b"",
    next_queue: str = "",
    options: bytes = b"",
    result: bytes | None = None,
) -> Call[str]:
    """Complete a job; answers its state, as a repeat does: that to which it came by the call.

    A result is kept if the job was put so (keep_result).
    """
    args: list[Argument] = [lease.queue, lease.jid, lease.token, payload, next_queue, options]
    if result is not None:
        args.append(result)
    return Call("complete", args, word, jids=(lease.jid,))


def fail(lease: Lease, group: str, message: str, payload: bytes = b"") -> Call[str]:
    """Fail a job; answers failed."""
    args: list[Argument] = [lease.queue, lease.jid, lease.token, group, message, payload]
    return Call("fail", args, word, jids=(lease.jid,))


def retry(
    lease: Lease,
    delay: int | None = None,
    group: str = "",
    message: str = "",
    policy: bytes = b"",
    dice: int = 0,
    error: Sequence[str] = (),
    otherwise: Literal["retry", "fail"] = "retry",
) -> Call[str]:
    """Ask for another attempt; answers waiting, throttled, scheduled or failed.

    Without a delay the job's own backoff counts, then the `policy` (BackoffOptions, packed);
    `dice`, 0 to below DICE, is the chance in it. `error` names the classes of what went wrong, for
    the job's retry_on and give_up_on; `otherwise` is what counts when it has none that fits.
    """
    args: list[Argument] = [lease.queue, lease.jid, lease.token]
    args += ["" if delay is None else delay, group, message, policy, dice]
    if error:
        args += [msgpack.packb(error, use_bin_type=False, unicode_errors="replace"), otherwise]
    return Call("retry", args, word, jids=(lease.jid,))


def release(lease: Lease, delay: int = 0) -> Call[str]:
    """Give a job back; answers waiting, throttled or scheduled."""
    args: list[Argument] = [lease.queue, lease.jid, lease.token, delay]
    return Call("release", args, word, jids=(lease.jid,))


def timeout(jid: str) -> Call[str]:
    """Take a running job from its holder; answers waiting, throttled or failed."""
    return Call("timeout", [jid], word, jids=(jid,), marked=True)


def cancel(jids: Sequence[str]) -> Call[int]:
    """Cancel jobs, all or none; answers how many."""
    return Call("cancel", list(jids), same, jids=tuple(jids))


def move(jid: str, queue: str, delay: int = 0) -> Call[str]:
    """Move a job to a queue; answers its state."""
    return Call("move", [jid, queue, delay], word, jids=(jid,), marked=True)


def priority(jid: str, value: int) -> Call[int]:
    """Change a job's priority; answers it."""
    return Call("priority", [jid, value], int, jids=(jid,))


def depend(jid: str, options: bytes, hold: str = "") -> Call[str]:
    """Make a job wait for others; answers its state."""
    return Call("depend", [jid, hold, options], word, "puts", (jid,))


def undepend(jid: str, parents: Sequence[str]) -> Call[str]:
    """Make a job not wait for these others, or, when there are none, for no other at all."""
    return Call("undepend", [jid, int(not parents), *parents], word, jids=(jid,))


def unfail(jid: str, queue: str = "") -> Call[str]:
    """Put a failed job back; answers its state."""
    return Call("unfail", [jid, queue], word, jids=(jid,), marked=True)


def revoke(kind: str, name: str, until: int | None = None, once: bool = False) -> Call[str]:
    """Let a job, or those of a klass until then, not run; `once`: the first that a pop comes to."""
    further = ["" if until is None else until, int(once)] if kind == "klass" else []
    return Call("revoke", [kind, name, *further], word, "puts", marked=True)


def restore(kind: str, name: str) -> Call[int]:
    """Let what was revoked run again; answers 0 when there was nothing to restore."""
    return Call("restore", [kind, name], int, marked=True)


@dataclass(frozen=True, slots=True)
class Revocation:
    """Of which class no jobs run, until when (milliseconds, 0: restore), and whether only once."""

    klass: str
    until: int
    once: bool


def revoked() -> Call[list[Revocation]]:
    """Read which classes are revoked."""

    def read(answer: Sequence[Any]) -> list[Revocation]:
        rows = zip(answer[::3], answer[1::3], answer[2::3], strict=True)
        return [Revocation(text(name), until, bool(once)) for name, until, once in rows]

    return Call("revoked", [], read, "reads")
