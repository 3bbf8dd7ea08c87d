"""A supervisor: so many processes that do the same, kept alive, and stopped politely.

    TERM, INT   drain: nothing more is taken, what runs may finish; the second time: stop now
    QUIT        every process prints its stacks
    HUP         the processes are replaced one by one, each new one up before its predecessor drains
    USR1        nothing is taken until the next USR1

A supervisor does no work of its own, so it has an eye for its processes at any time. It knows
nothing of jobs and servers: what a process does is a function that it is given.
"""

from __future__ import annotations

import logging
import os
import selectors
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable
from math import inf

from pyjobs.worker.link import News, Order
from pyjobs.worker.places import STEADY, Place
from pyjobs.worker.process import (
    INSISTING,
    REFUSED,
    REPLACE,
    Body,
    Process,
    ending,
    fork,
    reap_strangers,
)
from pyjobs.worker.signals import hearing

log = logging.getLogger(__name__)

TURN = 1.0
"""Seconds after which a supervisor looks at its processes although nothing has happened."""


class Supervisor:
    """Keeps `count` processes alive, each of which runs `body`.

    All in seconds: `grace` is what a process has to finish its work when it drains (it keeps to
    that itself), `hurry` within what it has to be gone when it is told to stop now, `silence` after
    what one that gives no sign of life is killed and replaced, `backoff` before what one that died
    is replaced, for the first time in a row.
    """

    def __init__(
        self,
        body: Body,
        count: int,
        *,
        grace: float = 30.0,
        hurry: float = 5.0,
        silence: float = 60.0,
        backoff: float = 0.1,
    ) -> None:
        self._body = body
        self._grace = grace
        self._hurry = hurry
        self._silence = silence
        self._backoff = backoff
        self._places = [Place(number) for number in range(1, count + 1)]
        self._processes: dict[int, Process] = {}
        self._rolling: deque[Process] = deque()
        self._draining = self._stopping = self._paused = False
        self._killed = 0
        self._refused = self._has_worked = False
        self._looked = time.monotonic()

    def run(self) -> int:
        """Work until a signal says otherwise; returns the exit status.

        0: all processes have left as they were told. 1: one had to be killed. 2: they cannot start.
        """
        react: dict[int, Callable[[], None]] = {
            signal.SIGTERM: self._drain,
            signal.SIGINT: self._drain,
            signal.SIGQUIT: self._print_stacks,
            signal.SIGHUP: self._renew,
            signal.SIGUSR1: self._pause,
            signal.SIGCHLD: lambda: None,
        }
        with (
            selectors.DefaultSelector() as self._selector,
            hearing(self._selector, react) as self._hear_no_more,
        ):
            while not self._draining or self._processes:
                self._turn()
        return 2 if self._refused else min(self._killed, 1)

    def _turn(self) -> None:
        self._fill()
        for key, _ in self._selector.select(self._rest()):
            key.data()
        self._bury()
        self._roll()
        self._look_after()

    # Starting

    def _fill(self) -> None:
        """Start what is missing and due."""
        if self._draining:
            return
        now = time.monotonic()
        for place in self._places:
            if place.due > now:
                continue
            if place.holder is None:
                place.holder = self._start(place)
            elif self._rolling and place.holder is self._rolling[0] and place.successor is None:
                place.successor = self._start(place)

    def _start(self, place: Place) -> Process | None:
        try:
            process = fork(place.number, self._body, time.monotonic(), self._forget)
        except OSError as error:
            wait = place.put_off(self._backoff)
            log.warning(
                "worker %d cannot be started: %s; again in %.1f s", place.number, error, wait
            )
            return None
        self._processes[process.pid] = process
        self._selector.register(process.end, selectors.EVENT_READ, lambda: self._hear(process))
        self._selector.register(process.stacks, selectors.EVENT_READ, lambda: self._repeat(process))
        if self._paused:
            process.order(Order.PAUSE)
        log.debug("%s starts", process)
        return process

    def _forget(self) -> None:
        """Close, in a new process, what belongs to its supervisor."""
        self._selector.close()
        self._hear_no_more()
        for process in self._processes.values():
            process.close()

    # What processes say

    def _hear(self, process: Process) -> None:
        process.heard = time.monotonic()
        news = process.news()
        if News.UP in news:
            process.up = self._has_worked = True
            log.info("%s is up", process)
        if News.LEAVING in news:
            log.info("%s takes no more jobs", process)
            if not process.leaving:
                process.leaving = True
                self._place_of(process).vacate(process)

    def _repeat(self, process: Process) -> None:
        process.insist = inf
        for line in process.lines():
            log.warning("%s | %s", process, line)

    def _place_of(self, process: Process) -> Place:
        return self._places[process.number - 1]

    # Deaths

    def _bury(self) -> None:
        for process in list(self._processes.values()):
            try:
                pid, status = os.waitpid(process.pid, os.WNOHANG)
            except ChildProcessError:  # somebody else was told how it ended
                pid, status = process.pid, 0
            if pid:
                self._mourn(process, os.waitstatus_to_exitcode(status))
        if os.getpid() == 1:
            reap_strangers()

    def _mourn(self, process: Process, status: int) -> None:
        self._hear(process)
        self._repeat(process)
        self._selector.unregister(process.end)
        self._selector.unregister(process.stacks)
        process.close()
        del self._processes[process.pid]
        expected = self._draining or process.leaving
        in_place = self._place_of(process).vacate(process)
        if status == REFUSED and not self._has_worked:
            self._refused = self._draining = True
            self._send_away(self._processes.values(), Order.STOP, self._hurry)
        elif expected:
            level = logging.INFO if status == 0 else logging.ERROR
            log.log(level, "%s %s", process, ending(status))
        elif in_place:
            self._replace(process, status)

    def _replace(self, process: Process, status: int) -> None:
        place = self._place_of(process)
        if status == REPLACE:
            log.warning("%s %s; another takes its place", process, ending(status))
            return
        if time.monotonic() - process.started >= STEADY:
            place.deaths = 0
        wait = place.put_off(self._backoff)
        log.error("%s %s; another starts in %.1f s", process, ending(status), wait)

    def _look_after(self) -> None:
        """Kill what did not leave in time or has been silent for too long; insist on stacks."""
        now = time.monotonic()
        if now - self._looked > self._silence / 2:
            # The supervisor was stopped, and perhaps they with it.
            for process in self._processes.values():
                process.heard = now
        self._looked = now
        for process in self._processes.values():
            if now > process.insist:
                process.insist = inf
                process.signal(INSISTING)
            if now > process.overdue:
                log.error("%s does not leave: it is killed", process)
            elif now - process.heard > self._silence:
                log.error("%s has been silent for %g s: it is killed", process, self._silence)
            else:
                continue
            process.signal(signal.SIGKILL)
            process.overdue, process.heard = inf, inf
            self._killed += self._draining

    def _rest(self) -> float:
        """Seconds until there may be something to do although nothing has happened."""
        now = time.monotonic()
        moments: list[float] = [now + min(TURN, self._silence / 4)]
        moments += [place.due for place in self._places if place.due > now]
        moments += [process.overdue for process in self._processes.values()]
        return max(min(moments) - now, 0)

    # Signals

    def _drain(self) -> None:
        if not self._draining:
            self._draining = True
            log.info(
                "draining: no more jobs are taken, those that run have %g s; again to stop now",
                self._grace,
            )
            self._send_away(self._processes.values(), Order.DRAIN, self._polite)
        elif not self._stopping:
            self._stopping = True
            log.warning("stopping now: running jobs are given back")
            self._send_away(self._processes.values(), Order.STOP, self._hurry)

    @property
    def _polite(self) -> float:
        """Seconds for a process that drains: its grace, and some to give its jobs back."""
        return self._grace + 2 * self._hurry

    def _send_away(self, processes: Iterable[Process], order: Order, patience: float) -> None:
        for process in processes:
            process.leaving = True
            process.overdue = time.monotonic() + patience
            process.order(order)

    def _print_stacks(self) -> None:
        for process in self._processes.values():
            process.signal(signal.SIGQUIT)
            process.insist = time.monotonic() + TURN

    def _pause(self) -> None:
        self._paused = not self._paused
        log.info("paused: no jobs are taken until USR1" if self._paused else "jobs are taken again")
        for process in self._processes.values():
            process.order(Order.PAUSE if self._paused else Order.RESUME)

    def _renew(self) -> None:
        if self._draining:
            return
        log.info("the processes are replaced one by one")
        self._rolling = deque(place.holder for place in self._places if place.holder)

    def _roll(self) -> None:
        """Go on with replacing: the next one comes when its predecessor's predecessor has gone."""
        while self._rolling and self._is_done_with(self._rolling[0]):
            self._rolling.popleft()
        if not self._rolling or self._draining:
            return
        old = self._rolling[0]
        place = self._place_of(old)
        successor = place.successor
        if not old.leaving and successor is not None and successor.up:
            place.vacate(old)
            self._send_away([old], Order.DRAIN, self._polite)

    def _is_done_with(self, old: Process) -> bool:
        by_itself = old.leaving and old.overdue == inf
        return by_itself or old.pid not in self._processes
