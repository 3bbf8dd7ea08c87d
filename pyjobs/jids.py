"""Ids for jobs: short, sorted by time, and made so that no two are the same; what a put answers.

A jid has 20 characters of `0-9A-Za-z`: two for the partition, seven for the milliseconds since
2020, eleven (65 bits) drawn from the system's entropy.
"""

from __future__ import annotations

import os
import time
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_START = 1_577_836_800_000  # 2020-01-01, in milliseconds; seven digits last until 2131
_PARTITION = "00"

# 256 is no multiple of 62: eight of the digits come a quarter more often than the others. That
# costs a jid 0.05 bits; exact digits would take twice as long, with every put.
_NOISE = bytes(ord(_DIGITS[byte % 62]) for byte in range(256))


@lru_cache(maxsize=8)
def _beginning(moment: int) -> str:
    """Return the partition and a moment's digits; in a hurry many jids are made in one moment."""
    digits = []
    for _ in range(7):
        moment, digit = divmod(moment, 62)
        digits.append(_DIGITS[digit])
    return _PARTITION + "".join(reversed(digits))


class Jid(str):
    """The id of the job that does the work, as a put answers it.

    `outcome` says what the put did: `created` the job, `replaced` an old one of this jid, `kept`
    that (`if_exists`), or `merged` into the job that holds the unique key: no other was made.
    """

    __slots__ = ("outcome",)

    outcome: str

    def __new__(cls, jid: str, outcome: str = "created") -> Self:
        """Make a jid of a text."""
        made = super().__new__(cls, jid)
        made.outcome = outcome
        return made

    @classmethod
    def answered(cls, jid: str, answer: str) -> Jid:
        """Read the engine's answer to a put of this jid."""
        outcome, _, holder = answer.partition(" ")
        return cls(holder or jid, outcome)


class Jids(list[str]):
    """The jids of jobs that were put together, in their order."""

    @property
    def outcomes(self) -> list[str]:
        """What each put did, see Jid."""
        return [jid.outcome if isinstance(jid, Jid) else "created" for jid in self]


def new() -> str:
    """Make a jid."""
    moment = time.time_ns() // 1_000_000 - _START
    return _beginning(moment) + os.urandom(11).translate(_NOISE).decode()
