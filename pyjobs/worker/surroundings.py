"""What a worker tells the process that it lives in, and asks of it."""

from __future__ import annotations


class Surroundings:
    """Called by a worker in its keeper's thread; all of it has to return at once.

    These do nothing: whoever runs a worker overrides what it wants to know.
    """

    def pulse(self) -> None:
        """Hear that the worker lives: at least every second."""

    def up(self) -> None:
        """Hear that the server has answered for the first time, and jobs are taken."""

    def leaving(self) -> None:
        """Hear that nothing is taken any more, for whatever reason."""

    def stuck(self, status: int) -> None:
        """Hear that the worker is done but its thread does not come back from a job.

        The process should end with this exit status.
        """

    def about(self) -> bytes:
        """Return what the worker tells about itself, up to 4,096 bytes; empty: nothing."""
        return b""

    def stale(self) -> bool:
        """Whether something should be done while no job runs; asked once a second."""
        return False

    def renew(self) -> None:
        """Do that. No job runs, and none is taken until it has returned."""
