"""A lease as a word, which a shell script takes from `pyjobs pop` to `pyjobs complete`."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import click
import msgpack

from pyjobs.calls import Lease
from pyjobs.job import Job


@dataclass(frozen=True)
class Handle:
    """A lease, and who holds it."""

    lease: Lease
    worker: str

    def __str__(self) -> str:
        fields = (self.lease.queue, self.lease.jid, self.lease.token, self.worker)
        return base64.urlsafe_b64encode(msgpack.packb(fields)).decode().rstrip("=")


def handle_of(job: Job) -> str:
    """Return the handle of a job that was popped."""
    return str(Handle(job.lease, job.worker_name))


def lease(value: str) -> Handle:
    """Read a handle: what `pyjobs pop` prints as "lease"."""
    try:
        padded = value.encode() + b"=" * (-len(value) % 4)
        packed = base64.b64decode(padded, altchars=b"-_", validate=True)
        queue, jid, token, worker = msgpack.unpackb(packed)
    except (ValueError, TypeError, msgpack.UnpackException):
        raise click.BadParameter(_WHAT.format(value)) from None
    if not isinstance(token, bytes) or not all(
        isinstance(each, str) for each in (queue, jid, worker)
    ):
        raise click.BadParameter(_WHAT.format(value))
    return Handle(Lease(queue, jid, token), worker)


_WHAT = '{!r} is no lease: it takes what "pyjobs pop" prints as "lease"'

handle_argument = click.argument("handle", metavar="LEASE", type=lease)
