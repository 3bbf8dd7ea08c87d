"""A worker process as its supervisor sees it, and how it comes into being."""

from __future__ import annotations

import atexit
import faulthandler
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from typing import NoReturn

from pyjobs.worker.link import Link, News, Order
from pyjobs.worker.stacks import print_stacks

log = logging.getLogger(__name__)

Body = Callable[[Link], int]
"""What a process does; returns its exit status."""

REPLACE = 75
"""Exit status of a process that wants another in its place at once."""

REFUSED = 78
"""Exit status of a process that could not start; if it is the first, no other could."""

FORWARDED = (signal.SIGHUP, signal.SIGUSR1)
"""Signals that are for the supervisor; whoever sends them to all processes means no harm."""

INSISTING = signal.SIGUSR2
"""Makes a process print its stacks that is not able to when it gets QUIT, as it does not let its
threads do anything. Only then it is safe: threads that run would change them meanwhile."""

READ = 65536


@dataclass(eq=False)
class Process:
    """A child. Times are seconds of the monotonic clock; `number` is its place among the others."""

    number: int
    pid: int
    end: socket.socket
    stacks: int
    """A file descriptor from which the stacks can be read that it prints when it gets QUIT."""
    started: float
    heard: float
    up: bool = False
    leaving: bool = False
    """It takes nothing more, by itself or because it was told."""
    overdue: float = inf
    """When it is killed if it is still there."""
    insist: float = inf
    """When it is asked for its stacks once more."""
    _text: bytes = field(default=b"", repr=False)

    def __str__(self) -> str:
        return f"worker {self.number} (pid {self.pid})"

    def order(self, order: Order) -> None:
        """Tell it what to do; lost when it is gone."""
        with suppress(OSError):
            self.end.send(order.value)

    def news(self) -> set[News]:
        """Read what it has said."""
        try:
            return {News(bytes([byte])) for byte in self.end.recv(READ)}
        except OSError:
            return set()

    def lines(self) -> list[str]:
        """Read what it has printed of its stacks, whole lines only."""
        try:
            *whole, self._text = (self._text + os.read(self.stacks, READ)).split(b"\n")
        except OSError:
            return []
        return [line.decode(errors="replace") for line in whole]

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def close(self) -> None:
        """Let go of what it was heard by."""
        self.end.close()
        os.close(self.stacks)


def ending(status: int) -> str:
    """Say how a process has ended."""
    if status < 0:
        names = {number.value: number.name for number in signal.Signals}
        return f"was killed by {names.get(-status, f'signal {-status}')}"
    if status == REPLACE:
        return "has left, with a job that could not be stopped"
    return "has left" if status == 0 else f"has ended with exit status {status}"


def reap_strangers() -> None:
    """Be what process 1 of a container has to be: the parent of orphans."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def fork(number: int, body: Body, now: float, forget: Callable[[], None]) -> Process:
    """Start a process; `forget` closes in it what belongs to its supervisor.

    Raises OSError when the system has no room for one more.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    end, its_end = socket.socketpair()
    stacks, its_stacks = os.pipe()
    # A signal that comes in between must find the handlers of the process that it was meant for.
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = os.fork()
        if pid == 0:
            end.close()
            os.close(stacks)
            _live(body, Link(number, its_end), its_stacks, blocked, forget)
    except OSError:
        end.close()
        os.close(stacks)
        raise
    finally:
        its_end.close()
        os.close(its_stacks)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    end.setblocking(False)
    os.set_blocking(stacks, False)
    return Process(number, pid, end, stacks, started=now, heard=now)


def _live(
    body: Body, link: Link, stacks: int, blocked: Collection[int], forget: Callable[[], None]
) -> NoReturn:
    """Be the child: no frame of the parent's, above this one, is ever returned to."""
    status = 1
    try:
        forget()
        atexit._clear()  # noqa: SLF001 - as multiprocessing does: they are the parent's
        _detach(stacks)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        status = body(link)
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1
    except BaseException:
        log.exception("worker %d has failed", link.number)
    finally:
        try:
            atexit._run_exitfuncs()  # noqa: SLF001
        finally:
            leave(status)


def leave(status: int) -> NoReturn:
    """End this process here and now, with what it has printed."""
    try:
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def _detach(stacks: int) -> None:
    """Take the signals for the process' own, and nothing from the terminal.

    In a group of its own, what is typed on the terminal reaches the supervisor alone.
    """
    os.setpgid(0, 0)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    for number in FORWARDED:
        signal.signal(number, lambda *_: None)
    signal.signal(signal.SIGQUIT, lambda _, frame: print_stacks(stacks, frame))
    faulthandler.register(INSISTING, stacks)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
