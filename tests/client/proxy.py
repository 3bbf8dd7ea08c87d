"""A proxy between a client and a real server that cuts connections at chosen bytes, and counts.

It knows where one command ends and the next begins, so that a cut is counted from the start of one
call of the engine (FCALL or EVALSHA); what sets a connection up passes unharmed.
"""

from __future__ import annotations

import selectors
import socket
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from typing_extensions import Self

CALLS = {b"FCALL", b"FCALL_RO", b"EVALSHA", b"EVALSHA_RO"}

Side = Literal["request", "answer"]


def command_end(data: bytes) -> int:
    """Return where the first command of these bytes ends, 0 when that is still to come."""
    line = data.find(b"\r\n")
    if line < 0:
        return 0
    at = line + 2
    for _ in range(int(data[1:line])):
        line = data.find(b"\r\n", at)
        if line < 0:
            return 0
        at = line + 2 + int(data[at + 1 : line]) + 2
    return at if at <= len(data) else 0


def command_name(command: bytes) -> bytes:
    """Return the first word of a command, in capitals."""
    return command.split(b"\r\n", 3)[2].upper()


@dataclass(eq=False)
class Link:
    """One connection of a client, and the one to the server that goes with it."""

    client: socket.socket
    server: socket.socket
    request: bytes = b""
    room: int | None = None
    """Bytes of the answer that may pass before the connection is cut; None: no cut."""


@dataclass
class Counts:
    """What has passed: calls that reached the server whole, other commands, connections, cuts."""

    calls: int = 0
    commands: Counter[bytes] = field(default_factory=Counter)
    connections: int = 0
    cuts: int = 0
    request: int = 0
    """Bytes of the latest call."""
    answer: int = 0
    """Bytes of the answer to the latest call that have passed so far."""


class Proxy:
    """Listens on a unix socket and passes on to the server's; a context manager."""

    def __init__(self, server: Path) -> None:
        self._server = str(server)
        self._folder = tempfile.TemporaryDirectory(prefix="pyjobs-proxy-", dir="/tmp")
        self.socket = Path(self._folder.name) / "proxy.sock"
        self.url = f"unix://{self.socket}"
        self.counts = Counts()
        self.watched = CALLS
        """The commands that are counted as calls, and cut."""
        self._cuts: list[tuple[Side, int]] = []
        self._swallows = 0
        self._refuses = False
        self._links: set[Link] = set()
        self._selector = selectors.DefaultSelector()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.socket))
        self._listener.listen(64)
        self._selector.register(self._listener, selectors.EVENT_READ, None)
        self._bell, self._ringer = socket.socketpair()
        self._selector.register(self._bell, selectors.EVENT_READ, self._bell)
        self._ending = False
        self._passed = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending = True
        self._ringer.send(b".")
        self._thread.join()
        for link in list(self._links):
            self._cut(link)
        self._listener.close()
        self._bell.close()
        self._ringer.close()
        self._selector.close()
        self._folder.cleanup()

    # What is going to happen to the next calls

    def cut(self, side: Side, after: int, times: int = 1) -> None:
        """Cut the connection of the next call after so many bytes of its request or its answer.

        `times`: so many calls in a row, each repeat of a call being one.
        """
        self._cuts = [(side, after)] * times

    def swallow(self, times: int = 1) -> None:
        """Pass nothing of the next call on, and never answer it."""
        self._swallows = times

    def refuse(self) -> None:
        """Close every connection, and each new one before anything has passed."""
        self._refuses = True
        self.cut_all()

    def clear(self) -> None:
        """Let everything pass again, and count from zero."""
        self._cuts, self._swallows, self._refuses = [], 0, False
        for link in list(self._links):
            link.room = None
        self.counts = Counts()

    @property
    def pending(self) -> int:
        """How many of the cuts that were asked for have not happened."""
        return len(self._cuts)

    def cut_all(self) -> None:
        """Cut all connections now."""
        for link in list(self._links):
            link.client.shutdown(socket.SHUT_RDWR)

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until what has passed fulfils a condition."""
        with self._passed:
            assert self._passed.wait_for(condition, timeout=20)

    # The thread

    def _run(self) -> None:
        while not self._ending:
            for key, _ in self._selector.select():
                with self._passed:
                    if key.fileobj is self._listener:
                        self._accept()
                    elif isinstance(key.data, Link) and key.data in self._links:
                        self._pass_on(key.data, key.fileobj is key.data.client)
                    self._passed.notify_all()

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        if self._refuses:
            client.close()
            return
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._server)
        self.counts.connections += 1
        link = Link(client, server)
        self._links.add(link)
        self._selector.register(client, selectors.EVENT_READ, link)
        self._selector.register(server, selectors.EVENT_READ, link)

    def _pass_on(self, link: Link, from_client: bool) -> None:
        try:
            data = (link.client if from_client else link.server).recv(1 << 20)
            if not data:
                self._cut(link)
            elif from_client:
                self._take(link, data)
            else:
                self._give(link, data)
        except OSError:
            self._cut(link)

    def _take(self, link: Link, data: bytes) -> None:
        link.request += data
        while link in self._links and (end := command_end(link.request)):
            command, link.request = link.request[:end], link.request[end:]
            name = command_name(command)
            if name in self.watched:
                self._call(link, command)
            else:
                self.counts.commands[name] += 1
                link.server.sendall(command)

    def _call(self, link: Link, command: bytes) -> None:
        self.counts.request, self.counts.answer = len(command), 0
        if self._swallows:
            self._swallows -= 1
            return
        side, after = self._cuts[0] if self._cuts else ("", 0)
        if side == "request" and after <= len(command):
            self._cuts.pop(0)
            self.counts.cuts += 1
            self.counts.calls += after == len(command)
            link.server.sendall(command[:after])
            self._cut(link)
            return
        link.room = after if side == "answer" else None
        self.counts.calls += 1
        link.server.sendall(command)

    def _give(self, link: Link, data: bytes) -> None:
        self.counts.answer += len(data)
        if link.room is None or len(data) < link.room:
            link.client.sendall(data)
            link.room = None if link.room is None else link.room - len(data)
            return
        self._cuts.pop(0)
        # Before the last byte has passed: with the whole answer the client may look at the counts.
        self.counts.cuts += 1
        link.client.sendall(data[: link.room])
        self._cut(link)

    def _cut(self, link: Link) -> None:
        self._links.discard(link)
        for end in (link.client, link.server):
            self._selector.unregister(end)
            end.close()
