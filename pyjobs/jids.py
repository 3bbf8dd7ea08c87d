"""Ids for jobs: short, sorted by time, and made so that no two are the same.

A jid has 20 characters of `0-9A-Za-z`: two for the partition, seven for the milliseconds since
2020, eleven (65 bits) drawn from the system's entropy.
"""

from __future__ import annotations

import os
import time

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_START = 1_577_836_800_000  # 2020-01-01, in milliseconds; seven digits last until 2131
_PARTITION = "00"


# Two digits at a time: a jid is made with every put.
_PAIRS = [first + second for first in _DIGITS for second in _DIGITS]


def _digits(number: int, count: int) -> str:
    digits = ""
    while len(digits) < count:
        number, pair = divmod(number, 3844)
        digits = _PAIRS[pair] + digits
    return digits[-count:]


def new() -> str:
    """Make a jid."""
    moment = time.time_ns() // 1_000_000 - _START
    noise = int.from_bytes(os.urandom(9), "big")
    return f"{_PARTITION}{_digits(moment, 7)}{_digits(noise, 11)}"
