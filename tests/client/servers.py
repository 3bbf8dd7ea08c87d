"""Servers of a test's own, which may be filled, killed, restarted and misconfigured."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import redis

if TYPE_CHECKING:
    from typing_extensions import Self

READY = b"eady to accept connections"
LOADING = b"Server initialized"


class OwnServer:
    """A server process with a folder and a unix socket of its own; a context manager."""

    def __init__(self, executable: str, *options: str, until: bytes = READY) -> None:
        self._executable = executable
        self._options = options
        # Right below /tmp: the name of a unix socket has room for some 100 characters only.
        self._folder = tempfile.TemporaryDirectory(prefix="pyjobs-own-", dir="/tmp")
        self.folder = Path(self._folder.name)
        self.socket = self.folder / "server.sock"
        self.url = f"unix://{self.socket}"
        self.admin = redis.Redis(unix_socket_path=str(self.socket))
        try:
            self.start(until=until)
        except RuntimeError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End it, and leave nothing behind."""
        self.kill()
        self.admin.close()
        self._folder.cleanup()

    def start(self, *options: str, until: bytes = READY) -> None:
        """Start it, and wait until its log has this text."""
        self.process = subprocess.Popen(
            [
                self._executable,
                *("--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.folder)),
                *("--save", "", "--daemonize", "no", *self._options, *options),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert self.process.stdout
        log = b""
        for line in self.process.stdout:
            log += line
            if until in line:
                return
        self.process.wait()
        raise RuntimeError(f"the server does not start: {log.decode(errors='replace')}")

    def kill(self) -> None:
        """End it at once, whatever it is doing."""
        self.process.kill()
        self.process.wait(20)
        if self.process.stdout:
            self.process.stdout.close()

    def synchronize(self) -> None:
        """Wait until a replica has all that was written up to now."""
        self.admin.set("written", "now")  # the server waits for what this connection has written
        assert self.admin.wait(1, 20_000) == 1

    def dump(self) -> dict[bytes, bytes]:
        """Return all that it holds."""
        keys: list[bytes] = sorted(self.admin.scan_iter(count=1000))
        return {key: value for key in keys if isinstance(value := self.admin.dump(key), bytes)}


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def old_server(version: str) -> Iterator[str]:
    """Give the address of something that answers as a server of an old version does."""
    answers = {b"INFO": f"redis_version:{version}\r\n", b"HELLO": "", b"CLIENT": ""}

    def answer(connection: socket.socket) -> None:
        with connection:
            while data := connection.recv(1 << 20):
                word = data.split(b"\r\n")[2].upper()
                text = answers.get(word)
                if word == b"HELLO":
                    connection.sendall(b"%1\r\n$5\r\nproto\r\n:3\r\n")
                elif text is None:
                    connection.sendall(b"-ERR unknown command `%s`, with args\r\n" % word)
                else:
                    connection.sendall(b"$%d\r\n%s\r\n" % (len(text), text.encode()))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=answer, args=(connection,)))
            threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threads = [threading.Thread(target=serve)]
        threads[0].start()
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join(20)
