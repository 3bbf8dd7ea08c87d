"""The keeper: one thread that does all talking to the server, and is the heart of all held jobs.

When there is nothing to say it sleeps until a job ends or, on a second connection, the server has
jobs; so an end is told at once although the server has none.
"""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from math import inf
from typing import Any

from pyjobs import calls, plans
from pyjobs.aio.client import AsyncClient
from pyjobs.calls import Call
from pyjobs.client import Client
from pyjobs.errors import JobStopped, RunTimeout
from pyjobs.hooks import Called
from pyjobs.tasks import tasks
from pyjobs.worker.bounds import PULSE, Bounds
from pyjobs.worker.execution import Execution
from pyjobs.worker.expiring import Expiring
from pyjobs.worker.failing import group_of, message_of
from pyjobs.worker.held import Deadlines, Held, Holding
from pyjobs.worker.idling import Idling
from pyjobs.worker.options import WorkerOptions
from pyjobs.worker.periodic import Periodic
from pyjobs.worker.pools.base import Pool
from pyjobs.worker.sending import Sending
from pyjobs.worker.surroundings import Surroundings
from pyjobs.worker.talking import Talking
from pyjobs.worker.turns import Told, loss
from pyjobs.worker.waiting import Waiting

log = logging.getLogger("pyjobs.worker")

LAST_CALL = 2.0
"""Seconds in which jobs have to end that are stopped because the worker leaves."""


class Keeper:
    """Takes jobs, keeps their leases, and tells how they end; `run` is its thread.

    `forever`: goes on when there are no jobs. `budget`: how many jobs it takes at most.
    """

    def __init__(
        self,
        client: Client,
        settings: WorkerOptions,
        surroundings: Surroundings,
        forever: bool,
        budget: int | None,
        counts: Counter[str],
        aio: AsyncClient | None = None,
    ) -> None:
        self._client = client
        self._settings = settings
        self._surroundings = surroundings
        self._forever = forever
        self.holding = Holding()
        self.execution = Execution(client, settings, self.limit, aio)
        connections = client.reserve()
        self._waiting = Waiting(connections.line())
        self._sending = Sending(connections, self._bear, self._renewals, surroundings.up)
        about = surroundings.about if forever else None
        self.talking = Talking(
            client,
            settings,
            self.holding,
            self._sending,
            counts,
            about,
            inf if budget is None else budget,
            self._hear,
        )
        self._periodic = Periodic(client)
        called = Called.of((*settings.hooks, *tasks.hooks_of(client)))
        self.bounds = Bounds(called)
        self._idling = Idling(called.on_idle)
        self._expiring = Expiring(client, called.on_expire)
        self._pool: Pool
        self._deadlines = Deadlines()
        self._limits: deque[tuple[Held, float | None, float | None]] = deque()
        self._pulsed = -inf
        self._must_renew = False
        self._paused = False
        self._stops: deque[float] = deque()
        self._leaving = False
        self._cut_at = self._leave_at = inf
        self._enough = 1
        self.replace = False
        """Whether there is a job here that cannot be stopped."""
        self.error: BaseException | None = None
        """What the keeper has died of."""

    # Called from elsewhere

    def finish(self, held: Held) -> None:
        """Note that a job has ended; called where it ran."""
        ended = self.holding.ended
        ended.append(held)
        if self._waiting.asleep and (len(ended) >= self._enough or not self.holding.ready):
            self._waiting.wake()

    def limit(self, held: Held, soft: float | None, hard: float | None) -> None:
        """Have the time of an attempt watched that has begun; called where it runs."""
        self._limits.append((held, soft, hard))
        self._waiting.wake()

    def stop(self, grace: float | None = None) -> None:
        """Leave: take nothing more; what runs has so many seconds. Safe in signal handlers."""
        self._stops.append(self._settings.grace if grace is None else grace)
        self._waiting.ring()

    def abort(self) -> None:
        """Leave at once: what runs the jobs was broken off from outside."""
        self.stop(0)
        self.bounds.break_off()

    def pause(self, paused: bool) -> None:
        """Take nothing, or take jobs again. Safe in signal handlers."""
        self._paused = paused
        self._waiting.ring()

    # The thread

    def run(self, pool: Pool) -> None:
        """Work until all is done; what goes wrong is kept in `error`."""
        self._pool = pool
        self.bounds.wait_for_start(self._surroundings.pulse)
        if self._forever:
            self._periodic.start()
            self._expiring.start()
        try:
            while self._goes_on():
                turn = self.talking.next_turn(time.monotonic(), self._is_taking)
                if turn is not None:
                    self.talking.take(turn)
                elif not self.talking.catch_up():
                    self._sleep(time.monotonic())
            self._sign_off()
        except BaseException as error:  # nothing must run on without a heart
            self.error = error
            log.critical("the worker's heart has stopped", exc_info=error)
            self._stop_all()
        finally:
            self._periodic.stop()
            self._expiring.stop()
            self._waiting.close()
            self._sending.close()
            pool.close()

    def _goes_on(self) -> bool:
        """Do what is due; tells whether there is more to come."""
        now = time.monotonic()
        self._do_chores(now)
        if now >= self._leave_at:
            return False
        if not self.talking.is_silent:
            return True
        if self._leaving:
            return False
        return self._forever or not (self._paused or self.talking.serving.is_empty)

    @property
    def _is_taking(self) -> bool:
        return not (self._leaving or self._paused or self._must_renew or self._waiting.blocked)

    def _hear(self, told: Told) -> None:
        """Act on what the server said, as far as it concerns the pool and the sleep."""
        if told.jobs:
            self._idling.busy()
            if self._cut_at < inf:  # it was to leave before they came
                self.talking.give_back()
            self._pool.rouse()
        for held, answer in told.renewed:
            reason = loss(answer)
            if held.job is not None and not isinstance(answer, Exception):
                held.job.renewed(answer)
            # A job that has moved itself may still have something to do.
            if reason and (held.job is None or held.job.state == "running"):
                self._stop(held, JobStopped(reason))
        rings, rest = self.talking.serving.rings()
        if rings:
            self._waiting.block(rings, rest)
            if not self.holding.all:
                self._idling.idle()

    def _sleep(self, now: float) -> None:
        until = min(
            now + PULSE,
            self.talking.rest(now, self._is_taking),
            self._deadlines.next,
            self._cut_at,
            self._leave_at,
        )
        self._enough = self.talking.enough
        self._waiting.asleep = True
        # Who came before that did not wake it.
        holding = self.holding
        ended = len(holding.ended)
        if self._limits or ended >= self._enough or (ended and not holding.ready):
            until = now
        self._waiting.sleep(until - now)
        self._waiting.asleep = False

    def _renewals(self) -> list[Call[Any]]:
        """Return what comes first when the server is back: a pop could take from us what lapsed."""
        return self.talking.renewals()

    def _bear(self, seconds: float) -> bool:
        """Wait while the server is away; tells whether to go on."""
        until = time.monotonic() + seconds
        while (now := time.monotonic()) < min(until, self._leave_at):
            self._do_chores(now)
            self._waiting.sleep(min(until - now, PULSE))
        return time.monotonic() < self._leave_at

    # What is due by the clock

    def _do_chores(self, now: float) -> None:
        if now - self._pulsed >= PULSE:
            self._pulsed = now
            self._surroundings.pulse()
            self._must_renew = self._must_renew or self._surroundings.stale()
        if self._must_renew and not self.holding.all:
            self._must_renew = False
            self._surroundings.renew()
            self.execution.forget()
        if self._paused:
            self._waiting.unblock()
        while self._limits:
            held, soft, hard = self._limits.popleft()
            self._deadlines.add(held, "soft", held.began + soft if soft else inf)
            self._deadlines.add(held, "hard", held.began + hard if hard else inf)
        for held, what in self._deadlines.due(now):
            self._do_due(held, what, RunTimeout(f"it had run for {now - held.began:.3g} s"))
        if self._stops or self._leaving or self.talking.budget <= 0:
            self._leave(now)

    def _do_due(self, held: Held, what: str, timeout: RunTimeout) -> None:
        if what == "soft":
            self._pool.interrupt(held, timeout)
        elif what == "hard":
            self._overrun(held, timeout)
        elif what == "patience":
            log.error("job %s does not end though it was stopped", held.jid)
            self._give_up()

    def _overrun(self, held: Held, timeout: RunTimeout) -> None:
        """Tell the end of an attempt that has run for too long, whatever its code still does."""
        log.error("job %s: %s", held.jid, timeout)
        held.overrun = True
        group, message = group_of(held.queue, timeout), message_of(timeout)
        self.talking.tell(held, calls.retry(held.lease, None, group, message))
        self._stop(held, JobStopped("overrun"))
        self._give_up()

    def _give_up(self) -> None:
        """Leave, since there is a job here that cannot be stopped: another process is to follow."""
        self.replace = True
        self.stop()

    def _stop(self, held: Held, stop: JobStopped) -> None:
        """Stop a job, whether it runs or lies ready."""
        if held.word or held.stop is not None:
            return
        held.stop = stop
        self._pool.interrupt(held, stop)
        if stop.reason == "stopping":
            return
        log.warning("job %s is stopped: %s", held.jid, stop.reason)
        if held.began:
            self._deadlines.add(held, "patience", time.monotonic() + self._settings.patience)

    def _stop_all(self) -> None:
        for held in list(self.holding.all):
            self._stop(held, JobStopped("stopping"))

    # Leaving

    def _leave(self, now: float) -> None:
        """Take nothing more, and see to it that what runs ends in time."""
        if not self._leaving:
            self._leaving = True
            self._waiting.unblock()
            self._surroundings.leaving()
        while self._stops:
            self._cut_at = min(self._cut_at, now + self._stops.popleft())
            self.talking.give_back()
        if now >= self._cut_at and self._leave_at == inf:
            self._stop_all()
            self._leave_at = now + min(LAST_CALL, self._settings.patience)

    def _sign_off(self) -> None:
        """Give back what does not end, and leave the registry."""
        running = sum(not held.word for held in self.holding.all)
        if running:
            log.error("%d jobs do not end, and are left", running)
        for part in plans.sliced(self.talking.last_words()):
            self._say_last(calls.drain(part, atomic=False))
        if self._forever:
            self._say_last(calls.deregister([self._client.worker_name]))

    def _say_last(self, call: Call[Any]) -> None:
        # Leases end by themselves: a server that is away is not waited for.
        if not self._sending.away:
            self._sending.send(call)
