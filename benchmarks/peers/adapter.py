"""What the harness asks of a peer."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any

URL = os.environ.get("PEERS_URL", "redis://127.0.0.1:6379/0")
CONFIGURATION = os.environ.get("PEERS_CONFIGURATION", "one")

Maybe = Awaitable[None] | None


class Adapter(ABC):
    """One peer, by its public interface. A method may be `async def`.

    `adapters/<name>.py` has a class `Peer` of this kind, and what its workers run: a task that does
    nothing but `trace.note(payload)`. It is loaded by the Python of the peer's own environment.
    """

    distributions: Sequence[str] = ()
    """Packages whose versions are told."""
    bulk = ""
    """The call that puts many jobs, in words; empty: there is none."""
    gathers = False
    """`bulk` is many calls under way at once, rather than one call for many jobs."""
    configurations: Mapping[str, str] = {}
    """Ways to run workers, by name, in words; `one` is one process."""
    jobs: Mapping[str, int] = {}
    """How many jobs are drained in each configuration: some seconds of work."""
    idle: Sequence[str] = ("one",)
    """Configurations in which pick-up latency is measured."""
    host: Sequence[str] = ()
    """Another program that puts the jobs, as `adapters/bullmq_node.js`; `{here}` is its folder."""
    promise = ""
    """What happens to a job whose worker dies, and what is kept of one that is done."""

    def versions(self) -> Mapping[str, str]:
        """Versions of what is no Python package."""
        return {}

    def setup(self) -> Maybe:
        """Connect."""
        return None

    def teardown(self) -> Maybe:
        """Disconnect."""
        return None

    @abstractmethod
    def workers(self, configuration: str) -> list[list[str]]:
        """Return a command line for each process; `{bin}` is the folder of the environment's."""


class PythonAdapter(Adapter):
    """A peer whose jobs are put by Python, rather than by a `host` of its own."""

    @abstractmethod
    def put(self, payloads: Sequence[str]) -> Maybe:
        """Put jobs by one call, and one await, for each."""

    def put_many(self, payloads: Sequence[str]) -> Maybe:
        """Put jobs by the bulk call, if there is one."""
        return self.put(payloads)


def twice(argv: list[str], configuration: str) -> list[list[str]]:
    """Return the command line of two processes for `best`, of one for all others."""
    return [argv] * (2 if configuration == "best" else 1)


def batches(payloads: Sequence[Any], size: int = 100) -> list[Sequence[Any]]:
    """Cut a list, for peers that put many by many calls at once."""
    return [payloads[at : at + size] for at in range(0, len(payloads), size)]
