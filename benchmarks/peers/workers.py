"""A peer's worker processes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

_POLITE = 5.0
_TICKS = os.sysconf("SC_CLK_TCK")


class Workers:
    """Processes that have been started, each the leader of a session of its own."""

    def __init__(self, commands: Sequence[Sequence[str]], log: IO[bytes], **where: object) -> None:
        self._processes = [
            subprocess.Popen(  # type: ignore[call-overload]
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **where,
            )
            for command in commands
        ]

    @property
    def alive(self) -> bool:
        """Whether all of them are."""
        return all(process.poll() is None for process in self._processes)

    def cpu(self) -> float:
        """CPU seconds of their sessions, as far as their processes live."""
        sessions = {process.pid for process in self._processes}
        ticks = 0
        for process in Path("/proc").iterdir():
            if process.name.isdigit():
                try:
                    fields = (process / "stat").read_text().rsplit(")", 1)[1].split()
                except OSError:
                    continue
                if int(fields[3]) in sessions:
                    ticks += sum(map(int, fields[11:15]))
        return ticks / _TICKS

    def stop(self) -> None:
        """Ask them to leave, then make them; returns when they have."""
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + _POLITE
        while any(each.poll() is None for each in self._processes) and time.monotonic() < deadline:
            time.sleep(0.02)
        self._signal(signal.SIGKILL)
        for process in self._processes:
            process.wait(_POLITE)

    def _signal(self, number: int) -> None:
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a process that is measured."""
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", **extra}
