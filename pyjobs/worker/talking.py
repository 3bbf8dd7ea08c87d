"""What is said to the server, turn by turn: ends, renewals, a report, and a wish for jobs."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from math import inf
from typing import Any

from pyjobs import calls, plans
from pyjobs.calls import Call, Lease
from pyjobs.client import Client
from pyjobs.errors import HasDependents, InvalidArgument, LeaseLost
from pyjobs.worker.failing import group_of
from pyjobs.worker.held import Held, Holding
from pyjobs.worker.options import WorkerOptions
from pyjobs.worker.refilling import Refilling
from pyjobs.worker.sending import Sending
from pyjobs.worker.serving import Serving
from pyjobs.worker.turns import LEASES, MOST, OWN_ENDINGS, Pace, Told, Turn, came_to, jobs_of

log = logging.getLogger("pyjobs.worker")

LINGER = 0.001
"""Seconds that the first end of several waits for the others."""

ENOUGH = 32
"""Ends that do not wait for others."""

BEAT = 5.0
"""Seconds after which a lease is renewed, if not sooner by its own length: so long a job may run on
that was cancelled."""

PART = 0.4
"""Of a lease, after which it is renewed."""

BUSY = 32
"""Jobs in one answer that show that there are more."""

REPORT = 5.0
"""Seconds from one report to the next, if anything else is said."""


class Talking:
    """Decides what the next call carries, sends it, and puts away what it brings.

    `budget`: how many jobs are taken at most. `about` returns the worker's report of itself. `hear`
    is called with what the server has said.
    """

    def __init__(
        self,
        client: Client,
        settings: WorkerOptions,
        holding: Holding,
        sending: Sending,
        counts: Counter[str],
        about: Callable[[], bytes] | None,
        budget: float,
        hear: Callable[[Told], object],
    ) -> None:
        self._client = client
        self._settings = settings
        self._holding = holding
        self._sending = sending
        self._about = about
        self._forever = about is not None
        self._reported = -inf
        self._first_end = 0.0
        self._further: list[tuple[Held, Call[Any]]] = []
        self._renewal = inf
        self._hear = hear
        self._refilling = Refilling(self._forever)
        self._unread: tuple[Turn, Call[Any], list[Any]] | None = None
        self._coming = 0
        self.pace = Pace(settings.slots, settings.prefetch)
        self.serving = Serving(client, settings, self._forever)
        self.budget = budget
        self.counts = counts
        self.ran = 0

    @property
    def is_silent(self) -> bool:
        """Whether all has been said, and no job is here of which more is to be said."""
        return not (self._holding.all or self._further or self._unread or self._refilling.urgent)

    @property
    def enough(self) -> int:
        """How many ends are worth a turn now."""
        return ENOUGH if self._first_end else 1

    def rest(self, now: float, taking: bool) -> float:
        """Return the moment at which there is something to say though nothing happens."""
        moments = [self._renewal]
        if self._first_end:
            moments.append(self._first_end + LINGER)
        if self._holding.ready:
            moments.append(now + Pace.STALE)
        if taking and self.serving.next > now:
            moments.append(self.serving.next)
        return min(moments)

    def tell(self, held: Held, call: Call[Any]) -> None:
        """Say this of a job, beside what it says itself."""
        self._further.append((held, call))

    def give_back(self, before: float = inf) -> int:
        """Give the jobs back that arrived before that and have not begun; returns how many."""
        back = self._holding.take_back(before)
        for held in back:
            held.call, held.word = calls.release(held.lease), "released"
            self._holding.ended.append(held)
        self.budget += len(back)
        return len(back)

    def renewals(self) -> list[Call[Any]]:
        """Return what renews all leases that are due, and changes nothing else."""
        now = time.monotonic()
        due = [each.lease for each in self._kept() if each.renew_at <= now]
        return [self._heartbeat(part) for part in plans.sliced(due)]

    def last_words(self) -> list[Call[Any]]:
        """Return what there is to say of all jobs when nothing is waited for any more.

        Those that do not end are given back.
        """
        self.catch_up()
        said = [call for _, call in self._further]
        for held in self._holding.all:
            if held.overrun:
                continue
            if held.word:
                said += [held.call] if held.call is not None else []
            elif held.stop is None or held.stop.reason == "stopping":
                said.append(calls.release(held.lease))
        return said

    # Deciding

    def next_turn(self, now: float, taking: bool) -> Turn | None:
        """Return what there is to say now, if there is anything; `taking`: jobs are welcome."""
        self._return_stale(now)
        ready = len(self._holding.ready) + self._coming
        ended = len(self._holding.ended)
        if ended and not self._first_end:
            self._first_end = now
        waited = ended >= self.enough or not ready or now - self._first_end >= LINGER
        renewing = now >= self._renewal
        wanted = self._wanted(now) if taking else 0
        popping = wanted and now >= self.serving.next and ready <= self.pace.ready // 2
        urgent = self._further or self._refilling.urgent
        if not (urgent or (ended and waited) or renewing or popping):
            return None
        turn = Turn(self._ends())
        if renewing:
            self._add_heartbeat(turn, now)
        if self._about is not None and now - self._reported >= REPORT:
            self._add_report(turn, self._about(), now)
        if wanted:
            turn.asked = min(wanted, MOST)
            turn.pop = self.serving.pop(turn.asked)
        self._refilling.add(turn, now)
        return turn

    def _return_stale(self, now: float) -> None:
        """Give jobs back that lie ready behind slow ones."""
        holding = self._holding
        if not holding.ready or holding.active - len(holding.ready) < self._settings.slots:
            return
        if self.give_back(now - Pace.STALE):
            self.pace.slow()

    def _wanted(self, now: float) -> int:
        """How many jobs there is room for."""
        serving = self.serving
        if not self._forever and serving.is_empty and serving.names and not self._holding.ended:
            return 0
        if serving.must_look(now):
            serving.look(now, self._sending.send)
        if not serving.names:
            return 0
        room = self._settings.slots + self.pace.ready - self._holding.active
        return int(max(min(room, self.budget) - self._coming, 0))

    def _ends(self) -> list[tuple[Held, Call[Any]]]:
        """Return what is to be told of jobs that have ended, which are no longer held."""
        said, self._further = self._further[:MOST], self._further[MOST:]
        self._first_end = 0.0
        for held in self._holding.take_ended(MOST - len(said)):
            if held.ended:
                self.ran += 1
                self.pace.ran(held.ended - held.began)
            if held.overrun:
                continue
            if held.call is not None:
                said.append((held, held.call))
            else:
                self.counts[held.word] += 1
        return said

    def _kept(self) -> list[Held]:
        """Return the jobs whose leases are to be kept: also of one that has hooks left to run."""
        return [each for each in self._holding.all if not each.ended and not each.overrun]

    def _add_heartbeat(self, turn: Turn, now: float) -> None:
        held = self._kept()
        turn.beats = [each for each in held if each.renew_at <= now][:LEASES]
        for each in turn.beats:
            each.renew_at = now + each.period
        self._renewal = min((each.renew_at for each in held), default=inf)
        if turn.beats:
            turn.heartbeat = self._heartbeat([each.lease for each in turn.beats])

    def _heartbeat(self, leases: Sequence[Lease]) -> Call[Any]:
        return calls.heartbeat(self._client.worker_name, leases, self.serving.lease)

    def _add_report(self, turn: Turn, about: bytes, now: float) -> None:
        self._reported = now
        if about:
            queues = self.serving.names[: plans.SLICE_JOBS]
            turn.report = calls.report(self._client.worker_name, about, queues)

    # Saying

    def take(self, turn: Turn) -> None:
        """Say it, and act on the answer.

        When more jobs seem to be waiting, that is put off until the next turn is on its way: the
        server does not wait for this process then.
        """
        call = turn.call()
        if call is None:
            return
        call.meanwhile = self.catch_up
        answers = self._sending.send(call)
        self.catch_up()
        if answers is None:
            log.error("the ends of %d jobs could not be told", len(turn.ends))
            if turn.pop is not None:
                self.serving.lose()
            return
        self._unread = turn, call, answers
        self._coming = turn.brings(answers)
        if self._coming < max(turn.asked, BUSY):
            self.catch_up()

    def catch_up(self) -> bool:
        """Act on an answer that has been put off; tells whether there was one."""
        if self._unread is None:
            return False
        (turn, call, answers), self._unread, self._coming = self._unread, None, 0
        told = turn.read(answers)
        for held, said, answer in told.ends:
            self._note(held, said, answer)
        if self._refilling.hear(told):
            self.serving.look_again()
        if told.popped is not None:
            again = call.repeat_at is not None and call.args[call.repeat_at] == 1
            told.jobs = self._take_in(turn.asked, told.popped, time.monotonic(), again)
        self._hear(told)
        return True

    def _take_in(self, asked: int, popped: list[Any], now: float, again: bool) -> list[Held]:
        jobs = jobs_of(popped, now)
        for held in jobs:
            length = held.length
            held.period = BEAT if length is None else min(length * PART, BEAT)
            # What was handed out when the answer got lost may have been ours for long.
            held.renew_at = now if again else now + held.period
            self._renewal = min(self._renewal, held.renew_at)
        self.budget -= len(jobs)
        self._holding.all.update(jobs)
        self._holding.ready.extend(jobs)
        self.serving.learn(asked, len(jobs), popped, now)
        return jobs

    def _note(self, held: Held, said: Call[Any], answer: Any) -> None:
        """Take note of how the server took an end."""
        if not isinstance(answer, Exception):
            self.counts[came_to(said, answer)] += 1
            return
        if isinstance(answer, LeaseLost) and answer.reason in OWN_ENDINGS:
            log.info("job %s had ended before: %s", held.jid, answer)
            self.counts["moved"] += 1
            return
        log.warning("job %s: %s", held.jid, answer)
        if isinstance(answer, (InvalidArgument, HasDependents)) and said is held.call:
            # What it came to cannot be done, and nobody else can end it.
            self.tell(held, calls.fail(held.lease, group_of(held.queue, answer), str(answer)))
        else:
            self.counts["lost"] += 1
