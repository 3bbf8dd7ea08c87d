"""Checking the data of a namespace against the engine's invariants, slice by slice: plans.

`lua/README.md` has the invariants. Nothing is decided here: the engine says what is wrong, what is
to be looked at next, and whether something can be mended.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyjobs import calls
from pyjobs.plans import Plan
from pyjobs.record import text

SLICE = 50
"""Keys, or members of one key, that a call looks at: `CHECKED` in `lua/rules/limits.lua`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in the stored data that should not be so.

    `name` is that of the invariant that does not hold, `key` the key's name after the root
    `{namespace/0}`, `jid` the job that is concerned (empty: none), `text` what is wrong.
    `mendable`: a repair can set it right without a guess. `outcome` is what a repair made of it:
    `mended`, `gone` (it was not so any more), `left` (it cannot be mended); empty: there was none.
    """

    name: str
    key: str
    jid: str
    text: str
    mendable: bool
    outcome: str = ""

    def __str__(self) -> str:
        about = f"job {self.jid}" if self.jid else self.key or "the root"
        return f"{self.name}: {about} {self.text}"


class Inspection:
    """A walk over all that a namespace holds."""

    def __init__(self, repair: bool = False) -> None:
        self.open: list[bytes] = [b""]
        """Cursors of what is to be looked at yet."""
        self._repair = repair
        self._seen: set[tuple[str, bytes, bytes]] = set()

    def next(self) -> Plan[list[Finding]]:
        """Look at a slice; returns what is wrong in it, and has not been met before."""
        cursors, found = yield calls.check(self.open.pop(), SLICE)
        self.open += cursors  # those of members come last and are next: few are kept at a time
        findings = []
        for each in found:
            mark = (each.name, each.key, each.member)
            if mark not in self._seen:
                self._seen.add(mark)
                outcome = (yield calls.repair(*mark)) if self._repair else ""
                findings.append(
                    Finding(each.name, text(each.key), each.jid, each.text, each.mendable, outcome)
                )
        return findings
