"""Commands that a test starts, listens to and sends signals to."""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

PATIENCE = 30.0


class Running:
    """A Python command whose output is read while it runs; a context manager that ends it.

    It has ended when all processes have that it has started, which hold its output open.
    It leads a session of its own, as it would in a terminal of its own.
    """

    def __init__(
        self,
        *args: object,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        here = {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", *map(str, args)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **here, **(env or {})},
            cwd=cwd,
            start_new_session=True,
        )
        assert self._process.stdout
        self._pipe = self._process.stdout.fileno()
        os.set_blocking(self._pipe, False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._pipe, selectors.EVENT_READ)
        self._read = 0
        self.output = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._process.poll() is None:
                for number in (signal.SIGTERM, signal.SIGINT):  # drain, and stop now
                    self.signal(number)
            self.end()
        finally:
            sys.stdout.write(self.output)  # pytest shows it when a test fails
            self._process.kill()
            self._process.wait(PATIENCE)
            self._selector.close()
            if self._process.stdout:
                self._process.stdout.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def until(self, pattern: str, patience: float = PATIENCE) -> re.Match[str]:
        """Read until a line matches that has not been matched before; returns the match."""
        ends = time.monotonic() + patience
        while True:
            found = re.compile(pattern, re.MULTILINE).search(self.output, self._read)
            if found:
                self._read = found.end()
                return found
            if not self._more(ends):
                raise AssertionError(f"no {pattern!r} in:\n{self.output}")

    def pids(self, pattern: str, count: int) -> list[int]:
        """Read so many lines that match; returns the numbers in their first groups."""
        return [int(self.until(pattern)[1]) for _ in range(count)]

    def end(self, patience: float = PATIENCE) -> int:
        """Read until the command and all that it has started have ended; returns its status."""
        ends = time.monotonic() + patience
        while self._more(ends):
            pass
        return self._process.wait(max(ends - time.monotonic(), 0.1))

    def _more(self, ends: float) -> bool:
        """Wait for more output; false at its end. Raises when the time is up."""
        left = ends - time.monotonic()
        if left <= 0 or not self._selector.select(left):
            raise AssertionError(f"it took too long:\n{self.output}")
        data = os.read(self._pipe, 1 << 16)
        self.output += data.decode(errors="replace")
        return bool(data)


def lives(pid: int) -> bool:
    """Whether there is a process of this id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
