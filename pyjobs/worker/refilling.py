"""Reading calendars on for the engine: beside its jobs, every worker does that."""

from __future__ import annotations

import logging
from math import inf
from typing import Any

from pyjobs import calls, schedules
from pyjobs.calendars import Wanted
from pyjobs.calls import Call
from pyjobs.errors import InvalidArgument
from pyjobs.worker.turns import Told, Turn

log = logging.getLogger("pyjobs.worker")

PERIOD = 5.0
"""Seconds from one question to the next, if anything else is said."""

MOST = 4
"""Calendars that are read in one turn: some ten milliseconds."""

KNOWN = 1000
"""Calendars that cannot be read here and are remembered, so that each is logged once."""


class Refilling:
    """Asks with a turn of which calendars the engine wants to know more; the next turn answers.

    A worker that does not run `forever` asks with every turn, and once more when no jobs are left.
    """

    def __init__(self, forever: bool) -> None:
        self._forever = forever
        self._settled = forever
        self._asked = -inf
        self._answers: list[Call[Any]] = []
        self._unreadable: set[str] = set()

    @property
    def urgent(self) -> bool:
        """Whether there are answers to be told, or a last question."""
        return bool(self._answers) or not self._settled

    def add(self, turn: Turn, now: float) -> None:
        """Let a turn carry the answers, and from time to time the question."""
        turn.refills, self._answers = self._answers, []
        if now - self._asked >= PERIOD or not self._forever:
            self._asked = now
            turn.refills.append(calls.refills(MOST))
            if turn.pop is None:
                turn.tick = calls.tick()

    def hear(self, told: Told) -> bool:
        """Act on what the engine said to that; tells whether there may be jobs now."""
        for call, answer in told.refills:
            if isinstance(answer, Exception):
                log.warning("%s: %s", call.name, answer)
            elif call.name == "refills":
                self._answers = [found for wanted in answer if (found := self._read(wanted))]
                if len(answer) == MOST:
                    self._asked = -inf
        refilled = any(answer == "refilled" for _, answer in told.refills)
        self._settled = self._forever or (told.popped is None and not refilled)
        return refilled

    def _read(self, wanted: Wanted) -> Call[str] | None:
        try:
            return schedules.answer_to(wanted)
        except InvalidArgument as error:
            if wanted.calendar not in self._unreadable and len(self._unreadable) < KNOWN:
                self._unreadable.add(wanted.calendar)
                log.warning(
                    "recurring job %s: its calendar is left to others: %s", wanted.jid, error
                )
            return None
