"""What runs the jobs of a process, so many at a time."""

from __future__ import annotations

from pyjobs.errors import InvalidArgument
from pyjobs.worker.options import PoolName
from pyjobs.worker.pools.asynchronous import Tasks
from pyjobs.worker.pools.base import Pool
from pyjobs.worker.pools.threads import CallingThread, Threads


def kind_of(name: PoolName) -> type[Pool]:
    """Return the class of this pool; refuses one whose extra is missing."""
    if name == "greenlets":
        try:
            from pyjobs.worker.pools.greenlets import Greenlets  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise InvalidArgument(f"pool: greenlets need pyjobs[gevent] ({error})") from error
        return Greenlets
    kinds: dict[PoolName, type[Pool]] = {
        "threads": Threads,
        "sync": CallingThread,
        "asyncio": Tasks,
    }
    return kinds[name]
