"""A command on a terminal of the test's own."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

PATIENCE = 30.0
"""Seconds until what is waited for counts as never coming."""


class Terminal:
    """A command whose input and output are a terminal; a context manager."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        columns: int = 80,
        rows: int = 24,
    ) -> None:
        self._screen, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.shown = ""
        self.process = subprocess.Popen(
            command,
            env={**environment, "TERM": "xterm-256color"},
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
        )
        os.close(terminal)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        os.close(self._screen)

    def until(self, text: str) -> str:
        """Wait until the text is shown; returns all that was shown since the last such text."""
        ends = time.monotonic() + PATIENCE
        while text not in self.shown:
            assert self._read(ends - time.monotonic()), f"no {text!r} in {self.shown!r}"
        before, _, self.shown = self.shown.partition(text)
        return before + text

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._screen, keys.encode())

    def interrupt(self) -> None:
        """Press Ctrl-C, as it comes to a command in the foreground."""
        self.process.send_signal(signal.SIGINT)

    def end(self) -> int:
        """Wait until the command has ended; returns its exit status."""
        while self._read(PATIENCE):
            pass
        return self.process.wait(PATIENCE)

    def _read(self, wait: float) -> bool:
        ready, _, _ = select.select([self._screen], [], [], max(wait, 0))
        if not ready:
            return False
        try:
            part = os.read(self._screen, 65536)
        except OSError:  # how a terminal ends whose last user has gone
            return False
        self.shown += part.decode(errors="replace")
        return bool(part)
