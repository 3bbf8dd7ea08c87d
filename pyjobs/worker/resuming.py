"""Jobs of this host's dead worker processes, given back without waiting for their leases to end.

A worker process is called `host-pid-mark`, or `name@host-pid-mark`. When no process of that id is
left on the host, its leases are made to end now. What then becomes of the jobs is what becomes of
every job whose lease ran out: the engine counts the attempt and decides.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import socket

from pyjobs import calls, plans
from pyjobs.client import Client

log = logging.getLogger(__name__)

SOON = 1
"""Milliseconds that a lease is given which is to end now; 0 would be one without end."""

HOST_CHARACTERS = 150
"""Of a host's name in that of a client."""


def worker_name(name: str = "") -> str:
    """Return a name for this process that no other has; `name` is put before it."""
    mark = f"{_host()}-{os.getpid()}-{secrets.token_hex(4)}"
    return f"{name}@{mark}" if name else mark


def resume(client: Client) -> int:
    """Give back what this host's dead processes hold; returns the number of jobs."""
    count = 0
    for worker in client.workers.counts:
        if _is_dead(worker.name):
            if worker.held:
                count += _give_back(client, worker.name)
            client.workers.deregister(worker.name)
    return count


def _give_back(client: Client, worker: str) -> int:
    """End a worker's leases; returns how many."""
    held = [job.jid for job in client.workers[worker].jobs]
    leases = [
        calls.Lease(job.queue, job.jid, job.record.token)
        for job in client.run(plans.get(held))
        if job.record.popped and job.record.worker == worker
    ]
    answers = client.run(plans.heartbeat(client.worker_name, leases, SOON))
    count = sum(isinstance(answer, int) for answer in answers)
    log.warning("%s has died: %d jobs that it held are put back", worker, count)
    return count


def _host() -> str:
    return socket.gethostname()[:HOST_CHARACTERS]


def _is_dead(worker: str) -> bool:
    found = re.fullmatch(rf"(?:[^@]*@)?{re.escape(_host())}-(\d+)-[0-9a-f]{{8}}", worker)
    if found is None:
        return False
    try:
        os.kill(int(found[1]), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False
